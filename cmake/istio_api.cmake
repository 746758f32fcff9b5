# istio_api: Istio's API as a static library of generated protobufs, for the control plane alone: nothing that
# proa-proxy links may name it.
#
# tools/istio_api/generate.py makes the sources at build time into build/gen/istio, which all presets share.
if(NOT PROA_GO)
  message(WARNING "no go command, which downloads Istio's API: the program proa is not built")
  return()
endif()
set(PROA_ISTIO_GEN ${PROA_GEN}/istio)
set(generator ${CMAKE_SOURCE_DIR}/tools/istio_api)
file(GLOB generator_inputs CONFIGURE_DEPENDS ${generator}/*.py ${generator}/*.txt)

set(units 4)
set(istio_sources)
math(EXPR last "${units} - 1")
foreach(i RANGE ${last})
  list(APPEND istio_sources ${PROA_ISTIO_GEN}/unit_0${i}.cc)
endforeach()
add_custom_command(
  OUTPUT ${istio_sources}
  COMMAND ${PROA_PYTHON} ${generator}/generate.py --go "${PROA_GO}" --protoc ${Protobuf_PROTOC_EXECUTABLE}
          --envoy ${PROA_ENVOY_DESCRIPTORS} --units ${units} --out ${PROA_ISTIO_GEN}
  DEPENDS ${generator_inputs} ${PROA_ENVOY_DESCRIPTORS}
  COMMENT "Generating Istio's API"
  VERBATIM)
add_custom_target(istio_api_sources DEPENDS ${istio_sources})
add_dependencies(istio_api_sources envoy_api_sources)

add_library(istio_api STATIC ${istio_sources})
add_dependencies(istio_api istio_api_sources)
target_include_directories(istio_api SYSTEM PUBLIC ${PROA_ISTIO_GEN}/include)
target_link_libraries(istio_api PUBLIC envoy_api)  # what both import has its C++ there
target_compile_options(istio_api PRIVATE -O1 -g0 -w -ffunction-sections -fdata-sections)
set_target_properties(istio_api PROPERTIES INTERPROCEDURAL_OPTIMIZATION OFF EXPORT_COMPILE_COMMANDS OFF)
