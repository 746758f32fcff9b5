# envoy_api: Envoy's v3 API (and OTLP, gRPC health and reflection) as one static library of generated protobufs.
#
# tools/envoy_api/generate.py makes the sources at build time into build/gen, which all presets share: the same
# paths, hence the same ccache entries. Only src/config and src/xds include the headers.
set(PROA_ENVOY_API auto CACHE STRING
    "source of the API's descriptors: auto (go, else wheel), go, wheel, or the path of a FileDescriptorSet")
find_program(PROA_GO go HINTS ${CMAKE_SOURCE_DIR}/.venv/bin)
find_path(PROA_GRPC_PROTO grpc/health/v1/health.proto HINTS /usr/share/grpc-proto REQUIRED)
find_program(PROA_PYTHON python3 HINTS ${CMAKE_SOURCE_DIR}/.venv/bin REQUIRED)

set(PROA_GEN ${CMAKE_SOURCE_DIR}/build/gen)
set(PROA_ENVOY_DESCRIPTORS ${PROA_GEN}/envoy.ds)  # read by the documentation generator
set(generator ${CMAKE_SOURCE_DIR}/tools/envoy_api)
file(GLOB generator_inputs CONFIGURE_DEPENDS ${generator}/*.py ${generator}/*.txt ${generator}/istio/*.proto)
if(EXISTS ${PROA_ENVOY_API})
  list(APPEND generator_inputs ${PROA_ENVOY_API})
endif()
if(NOT PROA_GO)
  set(PROA_GO "")
endif()

set(units 20)  # about 20 files each; generate.py decides which
math(EXPR last "${units} - 1")
foreach(i RANGE ${last})
  if(i LESS 10)
    set(i 0${i})
  endif()
  list(APPEND unit_sources ${PROA_GEN}/unit_${i}.cc)
endforeach()
add_custom_command(
  OUTPUT ${unit_sources} ${PROA_ENVOY_DESCRIPTORS}
  COMMAND ${PROA_PYTHON} ${generator}/generate.py --source ${PROA_ENVOY_API} --go "${PROA_GO}"
          --protoc ${Protobuf_PROTOC_EXECUTABLE} --grpc-proto ${PROA_GRPC_PROTO} --units ${units} --out ${PROA_GEN}
  DEPENDS ${generator_inputs}
  COMMENT "Generating Envoy's v3 API"
  VERBATIM)

add_custom_target(envoy_api_sources DEPENDS ${unit_sources})  # enough for clang-tidy and the documentation generator

add_library(envoy_api_units STATIC ${unit_sources})
add_dependencies(envoy_api_units envoy_api_sources)
target_include_directories(envoy_api_units SYSTEM PUBLIC ${PROA_GEN}/include)
target_link_libraries(envoy_api_units PUBLIC protobuf::libprotobuf)
target_compile_options(envoy_api_units PRIVATE -O1 -g0 -w -ffunction-sections -fdata-sections)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # GCC at -O1 would strew the static initialisers over the text: side by side, 1.1 MB less is resident after start.
  target_compile_options(envoy_api_units PRIVATE -freorder-functions)
endif()
set_target_properties(envoy_api_units PROPERTIES INTERPROCEDURAL_OPTIMIZATION OFF EXPORT_COMPILE_COMMANDS OFF)

# Linked whole: a type that is reached only through Any (Router, say) registers itself when its object is linked.
add_library(envoy_api INTERFACE)
target_link_libraries(envoy_api INTERFACE $<LINK_LIBRARY:WHOLE_ARCHIVE,envoy_api_units> protobuf::libprotobuf)

if(PROA_TESTS)
  add_executable(envoy_api_smoke ${generator}/smoke_test.cc)
  target_link_libraries(envoy_api_smoke PRIVATE envoy_api GTest::gtest_main)
  add_test(NAME envoy_api_smoke COMMAND envoy_api_smoke)
endif()
