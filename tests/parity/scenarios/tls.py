"""TLS on both sides: chains by SNI and ALPN, client certificates, forwarded certificate details."""
from tests.parity.feature import Feature, get

_CERT = 'tls_certificates: [{certificate_chain: {filename: "${%s.crt}"}, private_key: {filename: "${%s.key}"}}]'
SERVER, OTHER, CLIENT = (_CERT % (n, n) for n in ("server", "other", "client"))
CA = 'validation_context: {trusted_ca: {filename: "${ca.crt}"}}'

DOWN = Feature("tls_downstream", f"""
listeners:
  plain: {{tls: {{common_tls_context: {{{SERVER}, alpn_protocols: [h2, http/1.1]}}}}}}
  tls13: {{tls: {{common_tls_context: {{{SERVER}, tls_params: {{tls_minimum_protocol_version: TLSv1_3}}}}}}}}
  tls12: {{tls: {{common_tls_context: {{{SERVER}, tls_params: {{tls_maximum_protocol_version: TLSv1_2}}}}}}}}
  require_sni: {{tls: {{require_sni: true, common_tls_context: {{{SERVER}}}}}}}
  optional: {{tls: {{common_tls_context: {{{SERVER}, {CA}}}}}}}
  mtls: {{tls: {{require_client_certificate: true, common_tls_context: {{{SERVER}, {CA}}}}}}}
  san_uri: {{tls: {{require_client_certificate: true, common_tls_context: {{{SERVER}, validation_context: {{trusted_ca: {{filename: "${{ca.crt}}"}}, match_typed_subject_alt_names: [{{san_type: URI, matcher: {{prefix: "spiffe://cluster.local/"}}}}]}}}}}}}}
  san_wrong: {{tls: {{require_client_certificate: true, common_tls_context: {{{SERVER}, validation_context: {{trusted_ca: {{filename: "${{ca.crt}}"}}, match_typed_subject_alt_names: [{{san_type: URI, matcher: {{exact: "spiffe://other"}}}}]}}}}}}}}
  san_old: {{tls: {{require_client_certificate: true, common_tls_context: {{{SERVER}, validation_context: {{trusted_ca: {{filename: "${{ca.crt}}"}}, match_subject_alt_names: [{{exact: client.test}}]}}}}}}}}
  expired_ok: {{tls: {{require_client_certificate: true, common_tls_context: {{{SERVER}, validation_context: {{trusted_ca: {{filename: "${{ca.crt}}"}}, allow_expired_certificate: true}}}}}}}}
  untrusted_ok: {{tls: {{common_tls_context: {{{SERVER}, validation_context: {{trusted_ca: {{filename: "${{ca.crt}}"}}, trust_chain_verification: ACCEPT_UNTRUSTED}}}}}}}}
  chains:
    listener: {{listener_filters: [{{name: envoy.filters.listener.tls_inspector, typed_config: {{"@type": listener.tls_inspector.v3.TlsInspector}}}}]}}
    routes: [{{name: exact, match: {{prefix: /}}, direct_response: {{status: 200, body: {{inline_string: exact}}}}}}]
    chain: {{name: exact, filter_chain_match: {{server_names: [server.test]}}}}
    tls: {{common_tls_context: {{{SERVER}}}}}
    chains:
    - routes: [{{name: wild, match: {{prefix: /}}, direct_response: {{status: 200, body: {{inline_string: wild}}}}}}]
      chain: {{name: wild, filter_chain_match: {{server_names: ["*.wild.test"]}}}}
    - routes: [{{name: alpn, match: {{prefix: /}}, direct_response: {{status: 200, body: {{inline_string: alpn}}}}}}]
      chain: {{name: alpn, filter_chain_match: {{server_names: [alpn.test], application_protocols: [h2]}}}}
      tls: {{common_tls_context: {{{SERVER}, alpn_protocols: [h2]}}}}
    - routes: [{{name: other, match: {{prefix: /}}, direct_response: {{status: 200, body: {{inline_string: other}}}}}}]
      chain: {{name: other, filter_chain_match: {{server_names: [other.test], transport_protocol: tls}}}}
      tls: {{common_tls_context: {{{OTHER}}}}}
  default_chain:
    listener:
      listener_filters: [{{name: envoy.filters.listener.tls_inspector, typed_config: {{"@type": listener.tls_inspector.v3.TlsInspector}}}}]
      default_filter_chain: {{name: fallback, filters: [{{name: d, typed_config: {{"@type": network.direct_response.v3.Config, response: {{inline_string: "default chain"}}}}}}]}}
    chain: {{name: tls, filter_chain_match: {{server_names: [server.test]}}}}
    tls: {{common_tls_context: {{{SERVER}}}}}
""", ignore=("log[*].RECEIVED", "log[*].SENT"))
TLS = {"tls": {"alpn": ["h2", "http/1.1"]}, "sni": "server.test"}
DOWN.case("http1", get("/"), listener="plain", dial={"tls": {"alpn": ["http/1.1"]}, "sni": "server.test"})
DOWN.case("http2", get("/"), listener="plain", protocol="h2", dial={"tls": {"alpn": ["h2"]}, "sni": "server.test"})
DOWN.case("no_alpn_http1", get("/"), listener="plain", dial={"tls": {}})
DOWN.case("no_alpn_http2_by_preface", get("/"), listener="plain", protocol="h2", dial={"tls": {}})
DOWN.case("unknown_alpn", get("/"), listener="plain", dial={"tls": {"alpn": ["spdy/3"]}})
DOWN.case("plain_text_to_tls", get("/"), listener="plain", logs=0)
DOWN.case("tls13", get("/"), listener="tls13", dial=TLS)
DOWN.case("tls12", get("/"), listener="tls12", dial=TLS)
DOWN.case("no_sni_but_required", get("/"), listener="require_sni", dial={"tls": {}}, logs=0)
DOWN.case("sni_required_given", get("/"), listener="require_sni", dial=TLS)
for listener in ("optional", "mtls", "san_uri", "san_wrong", "san_old", "expired_ok", "untrusted_ok"):
    for cert in (None, "client", "stranger", "other", "expired"):
        DOWN.case(f"{listener}_{cert or 'nobody'}", get("/"), listener=listener, logs=0, dial={"tls": {"cert": cert}, "sni": "server.test"},
                  ignore=("log*",))
for name, sni, alpn in [("exact", "server.test", None), ("wild", "x.wild.test", None), ("wild_two_labels", "a.b.wild.test", None), ("other", "other.test", None),
                        ("no_match", "nobody.test", None), ("no_sni", None, None), ("alpn", "alpn.test", ["h2"]), ("alpn_no_match", "alpn.test", ["http/1.1"]),
                        ("case", "SERVER.test", None)]:
    DOWN.case(f"chain_{name}", get("/"), listener="chains", dial={"tls": {"alpn": alpn}, "sni": sni}, logs=0, protocol="h2" if alpn == ["h2"] else "h1")
DOWN.case("default_chain_tls", get("/"), listener="default_chain", dial=TLS)


def raw_text(world):
    """What a plain-text client reads from a listener that also takes TLS."""
    with world.dial("default_chain").connect() as connection:
        connection.sendall(b"plain text, not TLS\r\n")
        return {"read": connection.recv(100)}


DOWN.case("default_chain_plain", flow=raw_text, logs=0)

_MODES = ["SANITIZE", "FORWARD_ONLY", "APPEND_FORWARD", "SANITIZE_SET", "ALWAYS_FORWARD_ONLY"]
_SET = "set_current_client_cert_details: {subject: true, dns: true, uri: true}"
XFCC = Feature("xfcc", "listeners:\n" + "".join(
    f"  {mode.lower()}: {{hcm: {{forward_client_cert_details: {mode}, {_SET}}}, tls: {{common_tls_context: {{{SERVER}, {CA}}}}}}}\n"
    f"  {mode.lower()}_plain: {{hcm: {{forward_client_cert_details: {mode}, {_SET}}}}}\n" for mode in _MODES) + f"""
  no_details: {{hcm: {{forward_client_cert_details: SANITIZE_SET}}, tls: {{common_tls_context: {{{SERVER}, {CA}}}}}}}
  log:
    tls: {{common_tls_context: {{{SERVER}, {CA}}}}}
    routes:
    - match: {{prefix: /}}
      route: {{cluster: a}}
      request_headers_to_add:
      - {{header: {{key: t-subject, value: "%DOWNSTREAM_PEER_SUBJECT%"}}}}
      - {{header: {{key: t-issuer, value: "%DOWNSTREAM_PEER_ISSUER%"}}}}
      - {{header: {{key: t-uri, value: "%DOWNSTREAM_PEER_URI_SAN%"}}}}
      - {{header: {{key: t-dns, value: "%DOWNSTREAM_PEER_DNS_SAN%"}}}}
      - {{header: {{key: t-serial, value: "%DOWNSTREAM_PEER_SERIAL%"}}}}
      - {{header: {{key: t-fingerprint, value: "%DOWNSTREAM_PEER_FINGERPRINT_256%"}}}}
      - {{header: {{key: t-version, value: "%DOWNSTREAM_TLS_VERSION%"}}}}
      - {{header: {{key: t-local-dns, value: "%DOWNSTREAM_LOCAL_DNS_SAN%"}}}}
      - {{header: {{key: t-sni, value: "%REQUESTED_SERVER_NAME%"}}}}
""", ignore=("log[*].RECEIVED",))
GIVEN = ("x-forwarded-client-cert", "By=spiffe://a;Hash=00;Subject=\"CN=x\";URI=spiffe://spoofed")
for mode in _MODES:
    XFCC.case(f"{mode.lower()}_with_certificate", get("/", GIVEN), listener=mode.lower(), dial={"tls": {"cert": "client"}})
    XFCC.case(f"{mode.lower()}_without_certificate", get("/", GIVEN), listener=mode.lower(), dial={"tls": {}})
    XFCC.case(f"{mode.lower()}_plain_text", get("/", GIVEN), listener=f"{mode.lower()}_plain")
    XFCC.case(f"{mode.lower()}_nothing_given", get("/"), listener=mode.lower(), dial={"tls": {"cert": "client"}})
XFCC.case("no_details", get("/"), listener="no_details", dial={"tls": {"cert": "client"}})
XFCC.case("formatters", get("/"), listener="log", dial={"tls": {"cert": "client"}, "sni": "server.test"})
XFCC.case("formatters_without_certificate", get("/"), listener="log", dial={"tls": {}})

UP = Feature("tls_upstream", f"""
listeners:
  main:
    routes:
    - {{match: {{prefix: /sni}}, route: {{cluster: sni}}}}
    - {{match: {{prefix: /auto}}, route: {{cluster: auto}}}}
    - {{match: {{prefix: /autosan}}, route: {{cluster: autosan}}}}
    - {{match: {{prefix: /verified}}, route: {{cluster: verified}}}}
    - {{match: {{prefix: /wrong_ca}}, route: {{cluster: wrong_ca}}}}
    - {{match: {{prefix: /wrong_san}}, route: {{cluster: wrong_san}}}}
    - {{match: {{prefix: /mtls}}, route: {{cluster: mtls}}}}
    - {{match: {{prefix: /alpn}}, route: {{cluster: alpn}}}}
    - {{match: {{prefix: /h2}}, route: {{cluster: h2}}}}
    - {{match: {{prefix: /plain}}, route: {{cluster: to_plain}}}}
    - {{match: {{prefix: /tls_to_text}}, route: {{cluster: tls_to_text}}}}
    - {{match: {{prefix: /match_tls}}, route: {{cluster: match}}}}
clusters:
  sni: {{endpoints: [t], tls: {{sni: given.test}}}}
  auto: {{endpoints: [t], tls: {{}}, protocol: h1, http: {{upstream_http_protocol_options: {{auto_sni: true}}, explicit_http_config: {{http_protocol_options: {{}}}}}}}}
  autosan: {{endpoints: [t], tls: {{common_tls_context: {{{CA}}}}}, http: {{upstream_http_protocol_options: {{auto_sni: true, auto_san_validation: true}}, explicit_http_config: {{http_protocol_options: {{}}}}}}}}
  verified: {{endpoints: [t], tls: {{sni: server.test, common_tls_context: {{validation_context: {{trusted_ca: {{filename: "${{ca.crt}}"}}, match_typed_subject_alt_names: [{{san_type: DNS, matcher: {{exact: server.test}}}}]}}}}}}}}
  wrong_ca: {{endpoints: [t], tls: {{common_tls_context: {{validation_context: {{trusted_ca: {{filename: "${{stranger-ca.crt}}"}}}}}}}}}}
  wrong_san: {{endpoints: [t], tls: {{common_tls_context: {{validation_context: {{trusted_ca: {{filename: "${{ca.crt}}"}}, match_typed_subject_alt_names: [{{san_type: DNS, matcher: {{exact: nobody.test}}}}]}}}}}}}}
  mtls: {{endpoints: [m], tls: {{sni: server.test, common_tls_context: {{{CLIENT}, {CA}}}}}}}
  alpn: {{endpoints: [t], protocol: auto, tls: {{sni: x.test}}}}
  h2: {{endpoints: [t], protocol: h2, tls: {{sni: x.test, common_tls_context: {{alpn_protocols: [h2]}}}}}}
  to_plain: {{endpoints: [t]}}
  tls_to_text: {{endpoints: [a], tls: {{}}}}
  match:
    endpoints: [{{at: t, metadata: {{filter_metadata: {{envoy.transport_socket_match: {{kind: tls}}}}}}}}]
    transport_socket_matches:
    - {{name: tls, match: {{kind: tls}}, transport_socket: {{name: envoy.transport_sockets.tls, typed_config: {{"@type": transport_sockets.tls.v3.UpstreamTlsContext, sni: matched.test}}}}}}
    - {{name: raw, match: {{}}, transport_socket: {{name: envoy.transport_sockets.raw_buffer, typed_config: {{"@type": transport_sockets.raw_buffer.v3.RawBuffer}}}}}}
""", origins={"t": {"tls": {}}, "m": {"tls": {"client_ca": True}}})
# The TLS library's own words are not part of the contract.
WORDS = ("client[0].body", "log[0].DETAILS", "log[0].SENT", "client[0].header.content-length")
for path in ("sni", "auto", "autosan", "verified", "mtls", "alpn", "h2", "match_tls"):
    UP.case(path, get(f"/{path}", host="server.test"))
UP.case("auto_san_wrong", get("/autosan", host="nobody.test"), ignore=WORDS)
for path in ("wrong_ca", "wrong_san", "plain", "tls_to_text"):
    UP.case(path, get(f"/{path}"), ignore=WORDS)
