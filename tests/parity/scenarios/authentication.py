"""Who a client is, by a token or by what a service outside says."""
import base64
import json

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.parity.feature import Feature, get, post, request
from tests.support.reply import Received, Reply

R = Reply
KEY, STRANGER = (Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32) for n in (1, 2))     # the same in every run
FOREVER = 4102444800


def url64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def signed(header: str, payload: str, key: Ed25519PrivateKey = KEY) -> str:
    text = f"{url64(header.encode())}.{url64(payload.encode())}"
    return f"{text}.{url64(key.sign(text.encode()))}"


def token(key: Ed25519PrivateKey = KEY, head: dict | None = None, **claims: object) -> str:
    claims = {"iss": "i", "aud": "a", "sub": "jane", "exp": FOREVER, **claims}
    return signed(json.dumps({"alg": "EdDSA", "kid": "k", **(head or {})}),
                  json.dumps({name: value for name, value in claims.items() if value is not None}), key)


JWKS = json.dumps({"keys": [{"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "kid": "k",
                             "x": url64(KEY.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))}]})

JWT = Feature("jwt_authn", """
listeners:
  jwt:
    filters:
    - jwt_authn:
        providers:
          p: {issuer: i, audiences: [a, "https://b/"], forward: true, payload_in_metadata: payload, forward_payload_header: x-payload,
              claim_to_headers: [{header_name: x-sub, claim_name: sub}, {header_name: x-deep, claim_name: deep.one}], local_jwks: {inline_string: '@JWKS@'}}
          taken: {issuer: i, local_jwks: {inline_string: '@JWKS@'}}
          elsewhere: {issuer: i, forward: true, from_headers: [{name: x-jwt, value_prefix: "Jwt "}], from_params: [jwt], from_cookies: [token], local_jwks: {inline_string: '@JWKS@'}}
          ending: {issuer: i, require_expiration: true, local_jwks: {inline_string: '@JWKS@'}}
        rules:
        - {match: {prefix: /open}}
        - {match: {prefix: /any}, requires: {requires_any: {requirements: [{provider_name: p}, {allow_missing: {}}]}}}
        - {match: {prefix: /missing}, requires: {allow_missing: {}}}
        - {match: {prefix: /all}, requires: {requires_all: {requirements: [{provider_name: p}, {provider_name: elsewhere}]}}}
        - {match: {prefix: /failed}, requires: {allow_missing_or_failed: {}}}
        - {match: {prefix: /taken}, requires: {provider_name: taken}}
        - {match: {prefix: /elsewhere}, requires: {provider_name: elsewhere}}
        - {match: {prefix: /ending}, requires: {provider_name: ending}}
        - {match: {prefix: /other_audience}, requires: {provider_and_audiences: {provider_name: p, audiences: [c]}}}
        - {match: {prefix: /}, requires: {provider_name: p}}
        bypass_cors_preflight: true
""".replace("@JWKS@", JWKS))


def bearer(text: str) -> tuple[str, str]:
    return "authorization", f"Bearer {text}"


def judged(name: str, text: str) -> None:
    JWT.case(name, get("/", bearer(text)), listener="jwt")


JWT.case("missing", get("/"), listener="jwt")
JWT.case("not_bearer", get("/", ("authorization", "Basic dTpw")), listener="jwt")
judged("good", token())
JWT.case("claims_are_not_forged", get("/", bearer(token()), ("x-sub", "forged"), ("x-deep", "forged")), listener="jwt")
judged("deep_claim", token(deep={"one": 1}))
judged("claim_of_other_types", token(sub="", deep={"one": True}))
judged("by_another_key", token(STRANGER))
judged("another_kid", token(head={"kid": "other"}))
judged("no_kid", signed('{"alg":"EdDSA"}', '{"iss":"i","aud":"a"}'))
judged("changed", token()[:-8] + "AAAAAAAA")
judged("expired", token(exp=1))
judged("not_yet", token(nbf=FOREVER - 1))
judged("no_expiration", token(exp=None))
judged("another_issuer", token(iss="j"))
judged("no_issuer", token(iss=None))
judged("another_audience", token(aud="c"))
judged("no_audience", token(aud=None))
judged("audience_in_a_list", token(aud=["c", "a"]))
judged("audience_without_scheme", token(aud="b"))
judged("audience_with_scheme", token(aud="http://a/"))
# What has not its form: the words are what clients see.
judged("two_parts", "a.b")
judged("four_parts", token() + ".c")
judged("empty_signature", token().rsplit(".", 1)[0] + ".")
judged("header_no_base64", "a." + token().split(".", 1)[1])
judged("header_no_json", url64(b"x") + "." + token().split(".", 1)[1])
judged("header_a_list", signed("[]", "{}"))
judged("payload_no_base64", token().split(".")[0] + ".a." + token().split(".")[2])
judged("payload_no_json", signed('{"alg":"EdDSA"}', "x"))
judged("signature_no_base64", token() + "AAA")
judged("signature_of_another_length", token() + "AA")
judged("alg_none", signed('{"alg":"none"}', '{"iss":"i","aud":"a"}'))
judged("alg_missing", signed("{}", '{"iss":"i","aud":"a"}'))
judged("alg_a_number", signed('{"alg":1}', '{"iss":"i","aud":"a"}'))
judged("alg_of_another_key", signed('{"alg":"RS256","kid":"k"}', '{"iss":"i","aud":"a"}'))
judged("kid_a_number", signed('{"alg":"EdDSA","kid":1}', '{"iss":"i","aud":"a"}'))
for claim, value in (("iss", 1), ("sub", 1), ("iat", "1"), ("iat", -1), ("nbf", "1"), ("nbf", -1), ("exp", "1"), ("exp", -1),
                     ("jti", 1), ("aud", 1), ("aud", {"a": 1}), ("aud", ["a", 1])):
    judged(f"claim_{claim}_{type(value).__name__}{'' if value != -1 else '_below_zero'}", token(**{claim: value}))
JWT.case("in_the_query", get(f"/?access_token={token()}&b=c"), listener="jwt")
JWT.case("open", get("/open", bearer("a.b")), listener="jwt")
JWT.case("any_without", get("/any"), listener="jwt")
JWT.case("any_with_a_bad_one", get("/any", bearer(token(exp=1))), listener="jwt")
JWT.case("any_of_another_issuer", get("/any", bearer(token(iss="j"))), listener="jwt")
JWT.case("missing_allowed", get("/missing"), listener="jwt")
JWT.case("missing_allowed_and_another_issuer", get("/missing", bearer(token(iss="j"))), listener="jwt")
JWT.case("missing_allowed_and_expired", get("/missing", bearer(token(exp=1))), listener="jwt")
JWT.case("any_with_a_good_one", get("/any", bearer(token())), listener="jwt")
JWT.case("all_with_one", get("/all", bearer(token())), listener="jwt")
JWT.case("all_with_both", get("/all", bearer(token()), ("x-jwt", f"Jwt {token()}")), listener="jwt")
JWT.case("failed_allowed", get("/failed", bearer("a.b")), listener="jwt")
JWT.case("taken_away", get("/taken", bearer(token())), listener="jwt")
JWT.case("taken_out_of_the_query", get(f"/taken?a=b&access_token={token()}&c=d"), listener="jwt")
JWT.case("elsewhere_authorization", get("/elsewhere", bearer(token())), listener="jwt")
JWT.case("elsewhere_header", get("/elsewhere", ("x-jwt", f"Jwt {token()}")), listener="jwt")
JWT.case("elsewhere_header_no_prefix", get("/elsewhere", ("x-jwt", token())), listener="jwt")
JWT.case("elsewhere_query", get(f"/elsewhere?jwt={token()}"), listener="jwt")
JWT.case("elsewhere_cookie", get("/elsewhere", ("cookie", f"a=b; token={token()}")), listener="jwt")
JWT.case("ending_without_end", get("/ending", bearer(token(exp=None))), listener="jwt")
JWT.case("other_audience", get("/other_audience", bearer(token(aud="c"))), listener="jwt")
JWT.case("preflight", request("OPTIONS", "/", ("origin", "http://x"), ("access-control-request-method", "GET")), listener="jwt")
JWT.case("options", request("OPTIONS", "/", ("origin", "http://x")), listener="jwt")

EXT_AUTHZ = Feature("ext_authz", """
clusters: {authz: {endpoints: [b]}, authz_h2: {endpoints: [b], protocol: h2}, nobody: {endpoints: [refused]}}
listeners:
  http: &http
    filters:
    - ext_authz: &service
        transport_api_version: V3
        http_service:
          server_uri: {uri: "http://authz", cluster: authz, timeout: 1s}
          path_prefix: /ask
          authorization_request: {headers_to_add: [{key: x-more, value: "1"}]}
          authorization_response:
            allowed_upstream_headers: {patterns: [{exact: x-user}]}
            allowed_upstream_headers_to_append: {patterns: [{exact: x-group}]}
            allowed_client_headers: {patterns: [{exact: x-why}]}
            allowed_client_headers_on_success: {patterns: [{exact: x-told}]}
        allowed_headers: {patterns: [{exact: x-asked}]}
    routes:
    - {match: {prefix: /off}, route: {cluster: a}, typed_per_filter_config: {envoy.filters.http.ext_authz: {"@type": http.ext_authz.v3.ExtAuthzPerRoute, disabled: true}}}
    - {match: {prefix: /}, route: {cluster: a}}
  unreachable: {filters: [{ext_authz: {transport_api_version: V3, http_service: {server_uri: {uri: "http://n", cluster: nobody, timeout: 1s}}}}]}
  open: {filters: [{ext_authz: {transport_api_version: V3, failure_mode_allow: true, failure_mode_allow_header_add: true, http_service: {server_uri: {uri: "http://n", cluster: nobody, timeout: 1s}}}}]}
  status: {filters: [{ext_authz: {transport_api_version: V3, status_on_error: {code: 503}, http_service: {server_uri: {uri: "http://n", cluster: nobody, timeout: 1s}}}}]}
  late: {filters: [{ext_authz: {transport_api_version: V3, http_service: {server_uri: {uri: "http://authz", cluster: authz, timeout: 0.1s}}}}]}
  grpc_late: {filters: [{ext_authz: {transport_api_version: V3, grpc_service: {envoy_grpc: {cluster_name: authz_h2}, timeout: 0.1s}}}]}
  grpc: {filters: [{ext_authz: {transport_api_version: V3, grpc_service: {envoy_grpc: {cluster_name: authz_h2}, timeout: 1s}}}]}
""")


def asked(answer: Reply):
    """The service answers so, the origin behind the proxy as ever."""
    return lambda: lambda received: answer if received.where == "b" else Reply()


def http_case(name: str, answer: Reply, target: str = "/a?b=c", *headers: tuple[str, str], listener: str = "http") -> None:
    EXT_AUTHZ.case(name, get(target, *headers), listener=listener, origin=asked(answer))


http_case("allowed", R(200))
http_case("allowed_with_headers", R(200, [("x-user", "jane"), ("x-group", "g"), ("x-told", "1"), ("x-secret", "s")]), "/", ("x-user", "forged"),
          ("x-group", "mine"), ("x-asked", "1"), ("x-other", "1"), ("authorization", "Basic dTpw"))
http_case("headers_to_remove", R(200, [("x-envoy-auth-headers-to-remove", "x-gone, x-too")]), "/", ("x-gone", "1"), ("x-too", "1"), ("x-kept", "1"))
http_case("denied", R(403, [("x-why", "no"), ("x-secret", "s")], body=b"no"))
http_case("denied_401", R(401, [("www-authenticate", "Basic"), ("x-why", "no")]))
http_case("redirected", R(302, [("location", "/login")]))
http_case("created_is_no_permission", R(201))
http_case("error_of_the_service", R(503))
http_case("off_on_the_route", R(403), "/off")
http_case("reset", R(reset_before=True))
http_case("late", R(hang=True), listener="late")
http_case("unreachable", R(), listener="unreachable")
http_case("unreachable_and_open", R(), listener="open")
http_case("unreachable_with_a_status", R(), listener="status")
EXT_AUTHZ.case("with_a_body", post("/a", b"body", ("x-asked", "1")), listener="http", origin=asked(R(200)))


def field(number: int, value: bytes) -> bytes:
    return bytes([number << 3 | 2, len(value)]) + value


def option(name: str, value: str) -> bytes:
    return field(1, field(1, name.encode()) + field(2, value.encode()))


def check(response: bytes, status: str = "0") -> Reply:
    return R(200, [("content-type", "application/grpc")], body=b"\0" + len(response).to_bytes(4, "big") + response,
             trailers=[("grpc-status", status)])


OK = field(3, field(2, option("x-user", "jane")) + field(5, b"x-gone") + field(6, option("x-told", "1")))
DENIED = field(1, b"\x08\x07") + field(2, field(1, b"\x08\x91\x03") + field(2, option("x-why", "no")) + field(3, b"go away"))
for name, answer in (("empty", check(b"")), ("ok", check(OK)), ("denied", check(DENIED)), ("denied_without_a_word", check(field(1, b"\x08\x07"))),
                     ("error", check(b"", "13")), ("unreadable", check(b"\x0a\x7f"))):
    # What a request to the service looks like has its own test: ids and times of the request are in it.
    EXT_AUTHZ.case(f"grpc_{name}", get("/", ("x-gone", "1"), ("x-user", "forged")), listener="grpc", origin=asked(answer),
                   ignore=("origin[*].body",))
EXT_AUTHZ.case("grpc_late", get("/"), listener="grpc_late", origin=asked(R(hang=True)), ignore=("origin[*].body",))
