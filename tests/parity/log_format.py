"""The access log that every parity listener writes: what Envoy says about a
request beyond what its two peers see."""

FIELDS = {
    "CODE": "%RESPONSE_CODE%", "FLAGS": "%RESPONSE_FLAGS%", "DETAILS": "%RESPONSE_CODE_DETAILS%",
    "ROUTE": "%ROUTE_NAME%", "CLUSTER": "%UPSTREAM_CLUSTER%", "UPSTREAM": "%UPSTREAM_HOST%",
    "ATTEMPTS": "%UPSTREAM_REQUEST_ATTEMPT_COUNT%", "RECEIVED": "%BYTES_RECEIVED%", "SENT": "%BYTES_SENT%",
    "PROTOCOL": "%PROTOCOL%", "METHOD": "%REQ(:METHOD)%", "PATH": "%REQ(X-ENVOY-ORIGINAL-PATH?:PATH)%",
    "AUTHORITY": "%REQ(:AUTHORITY)%", "GRPC": "%GRPC_STATUS%", "REMOTE": "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%",
    "DIRECT": "%DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT%", "SNI": "%REQUESTED_SERVER_NAME%",
    "TERMINATION": "%CONNECTION_TERMINATION_DETAILS%", "CHAIN": "%FILTER_CHAIN_NAME%",
    "LONG_FLAGS": "%RESPONSE_FLAGS_LONG%",
}

LOG = [{"name": "envoy.access_loggers.file", "typed_config": {
    "@type": "type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog",
    "path": "${log.path}", "log_format": {"json_format": FIELDS}}}]
