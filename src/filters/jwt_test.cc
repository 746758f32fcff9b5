#include "filters/jwt.h"

#include <gtest/gtest.h>

namespace proa::filters {
namespace {

// Made by OpenSSL for this test: a key of each kind, and a token {"iss":"i","exp":4102444800} signed with it.
constexpr std::string_view kKeys =
    "{\"keys\": [{\"kty\": \"RSA\", \"kid\": \"rs\", \"n\": \"4WlvwbA2A70u1OvHd0zR3qJoxPI138RpYe7OXaYoEvMk5K4i830JCtgg"
    "JD9S_y6i9-JgPYqj9ulr6pZqFPUAAml70poDBZIX2vw3trl3wnD-oTab15bbY9m3saEgNYXVTW9tUAjjp8_y-34FrzdCPIqLZblV"
    "EEr8Dy-mfb2Oi-pyHiZcfs_2e15q9WyuHB4JBorQ5WvgIlE2dlB0bEIvun3IrLnlQhx2d64ELKPhEBTuMgKWN4bcT85vJ8ppSfYM"
    "GTHEfnFwkpbKbZE4TFmfr4r3H39nPn0dZuF34pSqMOdSYVmQx7FaqvyIZLFCXifNc67zbhBA-OlFcl9KpFBzmw\", \"e\": \"AQAB\""
    "}, {\"kty\": \"EC\", \"kid\": \"es\", \"crv\": \"P-256\", \"x\": \"JOcPFdudavweVMAZbeR0EKO3O1kShn8CPQEHl4WUE68\", "
    "\"y"
    "\": \"S-gcJcf1ApJnIx9i2ROiHHDvWODPi6gUvWaEgxkW-mg\"}, {\"kty\": \"EC\", \"kid\": \"es384\", \"crv\": \"P-384\", "
    "\"x\""
    ": \"Z1L56hefUXNS8E6hQmDfvNmL5ZV78rEOeGg3zLNwtKfPpi2sVBrtwyJCQnCGRk_R\", \"y\": \"ItedHBAIpkCr_LjJJ947HmMB"
    "emq0mTre-dNgbpREYqIkU1D8JGpABjqtUnodXnNq\"}, {\"kty\": \"EC\", \"kid\": \"es512\", \"crv\": \"P-521\", \"x\": "
    "\"AMO3"
    "9E5uVfOES0Ft8W0ZZFdF7W-v9gASTLsTi5B50YcIGNyvL6-UuKX1rvIUWfOdctYicb9xuL9ZRqi3vzFKaTD5\", \"y\": \"ASN08Wr"
    "5XDMYR8BayRi3O2GxS5poNiuHapvKYjiMm8uR4Xs_7NLI1sgwCiBfehPD01vbFeMgxgkCuOB3N7GgaFYB\"}, {\"kty\": \"OKP\", "
    "\"kid\": \"ed\", \"crv\": \"Ed25519\", \"x\": \"-s4geQsVjlt8VVA5UnQUJVmBoqKdw8d9_1wyY3dP5To\"}]}";
const std::pair<std::string_view, std::string_view> kTokens[] = {
    {"RS256",
     "eyJhbGciOiAiUlMyNTYiLCAia2lkIjogInJzIn0.eyJpc3MiOiJpIiwiZXhwIjo0MTAyNDQ0ODAwfQ.k3puBoEDnIJd_muyXaATo"
     "_POJ6KFjmJ85FpIa1UzCMdqlWHmCuTuShnm36eujXRAGPnh_j81twH6filvTgymtMZUbbeKcNZFMB-AonQc6k8ykwWZyeju_BYW5"
     "MemC7LJey9bJ5WZoTqAYEbXsOBQmz0OzaAeFnYl9N-g9V9ZI_bpLwjJXgeV_zB-AVbC4c_TyhuPb3ETu4UpxoHPJiQi4i4WzbIWn"
     "G7c0ZSQFVZT57zsZf8SgIvno3nZxJ-vwqS_thfKTumK0OwKP_38UeYv3dRHX8uQAhwXVgaJjykFxKMDboVSW2bJ7pOyw-8imhkHy"
     "tKx3sBHBLmbdXrJbja5Wg"},
    {"PS256",
     "eyJhbGciOiAiUFMyNTYiLCAia2lkIjogInJzIn0.eyJpc3MiOiJpIiwiZXhwIjo0MTAyNDQ0ODAwfQ.zGlZqpoD2c0JDODBwkU0-"
     "EnkkiyLZkIa74m-dJHfIiNegxtEoh9vUFZNWRE8c8Fkndqo4LaMaOs1ScCGE-zTV-ZRHutqLzk1_hkymDQuC8NC6BqaX4sjOv4-q"
     "h3k3s49JlD6L3aKy7tXrxfFwPn1rXl50e-AAAiOXQlJhcbYafH2bFfSjRVXeGLvHcGT8tG7qce0xcUVppr9gWnAlmvW1p9bCeptR"
     "xMlCiOut0-CBUzWWmQ2wPoATCIqRgvKKcI_K5jg4oAzZUHkdf0CKi9xk0a-7-adcQcqEFBM0sa1Be04ICIvnyk-hZVy0Hj7K0kkJ"
     "IqxWDPRBPaB5hcDzctS_w"},
    {"RS384",
     "eyJhbGciOiAiUlMzODQiLCAia2lkIjogInJzIn0.eyJpc3MiOiJpIiwiZXhwIjo0MTAyNDQ0ODAwfQ.xkSLSPjIwAndpga94pTtp"
     "iMZkR8KMPwmT5qhoArL2UyGXUUcYEqaDdhrLSsgLF2oqFHWh-cBBgubVSQoY_Usp0NzfkqUBlc9ROwX7g-qusalBAr1zcKPnVhO-"
     "zNluOTTlXeD8tJFAEIGBRIZdbfYvnJF1OavLlyA5JI6YXuUJg1Qgy3WVK89YAvCAugnU-kQ42XqyCbZSZs29rKpMIZlFWf0hIiB0"
     "RRhPkmJaGNyXrdFaYIrytURAzwHoi-tw0iBKMx8GMqs2rtFdrMJIBGTgkwrf4Fgc4-fPlSwG0jKifrDx6RwxnBP4yfnUp8E-XmLN"
     "ptBJBzMduIqe9XpambzCA"},
    {"PS384",
     "eyJhbGciOiAiUFMzODQiLCAia2lkIjogInJzIn0.eyJpc3MiOiJpIiwiZXhwIjo0MTAyNDQ0ODAwfQ.NMjiuQOf2PPYPJZPzeODv"
     "Zrqd9YjE-ZRZw2yzOZ4f6WQs-Ws-Y4MBngF7dRREjLhHlm255AA3Xx2e8whoTaF85xF8MzEPlALfBz27ZlEpJdgnMKtopcfkoapH"
     "6nbI25CbDrsCm9e3mFE_aTR3iZ4wjIVrsOT143ZJ0OLjmpyM802ry6Ri2orvT5wIUudBFWOLOUpr16X05Fwn-7tGN6AWRpD81UzI"
     "WBOAxUGE2AlT_2zREVW0f3UDzZL964BEVb73G3AYquWoapXPHxxhhvFsc7VNN94Jfj5Qt0M53CwlLlHNT1T9Aw1WxtM9KKIuJD84"
     "mZCdNU6GN9Qtw5NC5zYvg"},
    {"RS512",
     "eyJhbGciOiAiUlM1MTIiLCAia2lkIjogInJzIn0.eyJpc3MiOiJpIiwiZXhwIjo0MTAyNDQ0ODAwfQ.du_RpjzASoQxD_V_G0j2E"
     "aBdSDUCE6g7ROMo-XufYMllaz6loEFHPt1CdYhoK0TUMx3DB0HIPi6AQTdINgnccco2GWTF9xqDz9vSFXXaC3lM0wASzCdvPYEwM"
     "jh8D5WZ-2PiS1uFgjdLJDdgsEjJ_F5owTsRz0zg4xXh6Qj09aUex3bTOk7ZSbCLKq6ld9XX1-Xh24zgrfAXa1IbIUNzlpH6iaW4N"
     "lc02o6vVzxR-ssjzPJS_uFIBv4eXsd2KEKEEegd2A99k7QOcCaS4denZnQ9eVS5YgPwvUpCdZY1NX3tkzJ1IyKnsbdwKovmQTjkv"
     "uRUhFuF63QXUgdXOpeGcg"},
    {"PS512",
     "eyJhbGciOiAiUFM1MTIiLCAia2lkIjogInJzIn0.eyJpc3MiOiJpIiwiZXhwIjo0MTAyNDQ0ODAwfQ.D6PrgocKoNlGc6I7rwSEC"
     "QY5ExIgQB2h05zQpXx_5jcN29uov-v-HVhzvUGisckRb5hs7RX8nsmeqK3wIsit6q5OqGK4OIWOgC2zP0iBnRfYuvG58Mb0to2jw"
     "maHPsUHDK946zd8kkee-bfJttHGroUjG9nnihyBNZPMaPSwg0libIwlhb-QbnLt33m4w-KP_g767DFSIy1wheAH3gac5w-wx5qfs"
     "Bk8D4-7iYpqAtdWcFIe6U4vriW21YkGBCFFuONW0m5xj8s8tnO7YZfGTOl7eV4Nb1E5oedduzk9rrKhhUfebTWaA6LcLB4VIdfqQ"
     "LviRLVt0pqnN0wncAoEpw"},
    {"ES256",
     "eyJhbGciOiAiRVMyNTYiLCAia2lkIjogImVzIn0.eyJpc3MiOiJpIiwiZXhwIjo0MTAyNDQ0ODAwfQ.4bZs0koZW6gb51SiOU1R1"
     "kAMmGyuXQjlvod464_cdL-VC6S1L7FmufofQV3dyAXVDv4iaCKFq-ZT3nPy_WoAng"},
    {"ES384",
     "eyJhbGciOiAiRVMzODQiLCAia2lkIjogImVzMzg0In0.eyJpc3MiOiJpIiwiZXhwIjo0MTAyNDQ0ODAwfQ.QqRajUeoYGs9i3uvY"
     "AVM0lwIaVVMZqaxkuklCQ80NqFlN7gGGpJ9b4Vy4rJUFWVHeTpr6GXSqeWJwMdpzGtvUbb8Uxa8pFNue-nQcljq9GbMsLorqqH_N"
     "umEEJNLTcFW"},
    {"ES512",
     "eyJhbGciOiAiRVM1MTIiLCAia2lkIjogImVzNTEyIn0.eyJpc3MiOiJpIiwiZXhwIjo0MTAyNDQ0ODAwfQ.AIJsykGkFis3EmeNS"
     "BlSPaByL2pLq1ysQZ80i9IctK_6kd8TI8lmC-WzFJ8t4mSw0MYyCqCOdFuyjRWnBXSinlOUAez4sJwFBJ_6kDv7H8rsKkOqiXZA2"
     "E4_23HQhlXIEKEiRRIooXL-MIx-naGfV4Cvh04SMBOdLT4U0ClIdBihauqC"},
    {"EdDSA",
     "eyJhbGciOiAiRWREU0EiLCAia2lkIjogImVkIn0.eyJpc3MiOiJpIiwiZXhwIjo0MTAyNDQ0ODAwfQ.Af5RSy55H01Iw_KfIlkYR"
     "VX7Iwm3ZPZj2P5wUPM1KjsP5b-WEMW9otACvgslHtg2OHv5e_qPJHobUQxc6sXRCw"}};

JwtFault judge(std::string_view token, const Jwks& jwks) {
  Jwt jwt;
  if (JwtFault fault = jwt.read(token); fault != JwtFault::kNone) return fault;
  return jwt.check_signature(jwks);
}

Jwks keys() {
  auto jwks = Jwks::parse(kKeys);
  EXPECT_TRUE(jwks) << jwks.error().message;
  return std::move(*jwks);
}

TEST(Jwt, every_algorithm_verifies_what_it_signed) {
  const Jwks jwks = keys();
  for (const auto& [algorithm, token] : kTokens) EXPECT_EQ(judge(token, jwks), JwtFault::kNone) << algorithm;
}

TEST(Jwt, a_changed_token_does_not_verify) {
  const Jwks jwks = keys();
  for (const auto& [algorithm, token] : kTokens) {
    const std::string text(token);
    const size_t payload = text.find('.') + 1, signature = text.rfind('.') + 1;
    std::string other = text;
    other.replace(payload, signature - 1 - payload, "eyJpc3MiOiJqIn0");  // {"iss":"j"}
    EXPECT_EQ(judge(other, jwks), JwtFault::kBadSignature) << algorithm;
    other = text;
    other[signature + 5] = other[signature + 5] == 'A' ? 'B' : 'A';
    EXPECT_EQ(judge(other, jwks), JwtFault::kBadSignature) << algorithm;
    EXPECT_EQ(judge(text.substr(0, signature), jwks), JwtFault::kBadForm) << algorithm;
  }
}

TEST(Jwt, the_header_does_not_choose_how_it_is_believed) {
  const Jwks jwks = keys();
  auto with_header = [](std::string_view header) { return std::string(header) + ".eyJpc3MiOiJpIn0.AAAA"; };
  EXPECT_EQ(judge(with_header("eyJhbGciOiJub25lIn0"), jwks), JwtFault::kBadAlgorithm);           // none
  EXPECT_EQ(judge(with_header("eyJhbGciOiJIUzI1NiJ9"), jwks), JwtFault::kBadAlgorithm);          // HS256
  EXPECT_EQ(judge(with_header("eyJhbGciOiJSUzI1NiIsImtpZCI6ImVzIn0"), jwks), JwtFault::kNoKey);  // RS256, kid "es"
  EXPECT_EQ(judge(with_header("eyJhbGciOiJSUzI1NiIsImNyaXQiOlsiYiJdfQ"), jwks), JwtFault::kBadAlgorithm);  // crit
}

TEST(Jwt, what_is_no_token_is_told_apart) {
  const Jwks jwks = keys();
  EXPECT_EQ(judge("", jwks), JwtFault::kBadForm);
  EXPECT_EQ(judge("a.b", jwks), JwtFault::kBadForm);
  EXPECT_EQ(judge("a.b.c.d", jwks), JwtFault::kBadForm);
  EXPECT_EQ(judge("!.b.c", jwks), JwtFault::kBadHeader);
  EXPECT_EQ(judge("YQ.b.c", jwks), JwtFault::kBadHeaderJson);
  EXPECT_EQ(judge("eyJhbGciOiJSUzI1NiJ9.!.c", jwks), JwtFault::kBadPayload);
  EXPECT_EQ(judge("eyJhbGciOiJSUzI1NiJ9.YQ.c", jwks), JwtFault::kBadPayloadJson);
  EXPECT_EQ(judge("eyJhbGciOiJSUzI1NiJ9.e30.!", jwks), JwtFault::kBadSignatureText);
}

TEST(Jwt, has_its_time) {
  Jwt jwt;
  auto at = [](int64_t seconds) { return WallTime(std::chrono::seconds(seconds)); };
  const std::chrono::seconds skew(60);
  jwt.payload = {{"nbf", 1000}, {"exp", 2000}};
  EXPECT_EQ(jwt.check_times(at(939), skew), JwtFault::kNotYetValid);
  EXPECT_EQ(jwt.check_times(at(940), skew), JwtFault::kNone);
  EXPECT_EQ(jwt.check_times(at(2060), skew), JwtFault::kNone);
  EXPECT_EQ(jwt.check_times(at(2061), skew), JwtFault::kExpired);
  jwt.payload = nlohmann::json::object();
  EXPECT_EQ(jwt.check_times(at(1000), skew), JwtFault::kNone);
}

TEST(Jwks, keys_that_are_of_no_use_are_left_out) {
  EXPECT_FALSE(Jwks::parse("no json"));
  EXPECT_FALSE(Jwks::parse("{}"));
  EXPECT_FALSE(Jwks::parse(R"({"keys": []})"));
  EXPECT_FALSE(Jwks::parse(R"({"keys": [{"kty": "oct", "k": "c2VjcmV0"}]})"));
  EXPECT_FALSE(Jwks::parse(R"({"keys": [{"kty": "RSA", "n": "AQAB", "e": "AQAB"}]})")) << "17 bits";
  EXPECT_FALSE(Jwks::parse(R"({"keys": [{"kty": "EC", "crv": "P-256", "x": "AQ", "y": "AQ"}]})"));
  EXPECT_FALSE(Jwks::parse(R"({"keys": [{"kty": "OKP", "crv": "Ed25519", "x": "AQ"}]})"));
  std::string mixed(kKeys);
  mixed.insert(mixed.find('[') + 1, R"({"kty": "oct", "k": "c2VjcmV0"}, )");
  auto jwks = Jwks::parse(mixed);
  ASSERT_TRUE(jwks);
  EXPECT_EQ(jwks->keys.size(), keys().keys.size());
}

}  // namespace
}  // namespace proa::filters
