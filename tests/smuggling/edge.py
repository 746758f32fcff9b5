"""The configuration that the corpus is sent through: an edge, with safe options on."""
from tests.parity.feature import Feature

EDGE = Feature("smuggling", """
listeners:
  main: &edge
    hcm: &hcm
      normalize_path: true
      merge_slashes: true
      path_with_escaped_slashes_action: REJECT_REQUEST
      common_http_protocol_options: {headers_with_underscores_action: REJECT_REQUEST}
      http2_protocol_options: {allow_connect: false}
      use_remote_address: true
    routes: [{match: {prefix: /}, route: {cluster: a, timeout: 2s}}]
  over_tls:
    hcm: *hcm
    tls: {common_tls_context: {tls_certificates: [{certificate_chain: {filename: "${server.crt}"}, private_key: {filename: "${server.key}"}}], alpn_protocols: [h2]}}
    routes: [{match: {prefix: /}, route: {cluster: a, timeout: 2s}}]
""")
