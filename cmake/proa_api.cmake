# proa_api: the control plane's own API (src/mesh/api/objects.proto) as generated protobufs.
set(PROA_API_GEN ${CMAKE_BINARY_DIR}/proa_api)
set(proa_api_sources ${PROA_API_GEN}/mesh/api/objects.pb.cc ${PROA_API_GEN}/mesh/api/objects.pb.h)
file(MAKE_DIRECTORY ${PROA_API_GEN})
add_custom_command(
  OUTPUT ${proa_api_sources}
  COMMAND ${Protobuf_PROTOC_EXECUTABLE} --proto_path=${CMAKE_SOURCE_DIR}/src --cpp_out=${PROA_API_GEN}
          mesh/api/objects.proto
  DEPENDS ${CMAKE_SOURCE_DIR}/src/mesh/api/objects.proto
  COMMENT "Generating the control plane's API"
  VERBATIM)
add_library(proa_api STATIC ${proa_api_sources})
target_include_directories(proa_api SYSTEM PUBLIC ${PROA_API_GEN})
target_link_libraries(proa_api PUBLIC protobuf::libprotobuf)
target_compile_options(proa_api PRIVATE -O1 -g0 -w -ffunction-sections -fdata-sections)
set_target_properties(proa_api PROPERTIES INTERPROCEDURAL_OPTIMIZATION OFF EXPORT_COMPILE_COMMANDS OFF)
