# Envoy's v3 API as one static library; see tools/envoy_api.
add_library(envoy_api INTERFACE)
target_link_libraries(envoy_api INTERFACE protobuf::libprotobuf)
