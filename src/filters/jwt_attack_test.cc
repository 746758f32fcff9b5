// Tokens that somebody made to be let in without the right: none is. Each is signed as well as its maker could.
#include <gtest/gtest.h>

#include "base/base64.h"
#include "filters/fake_exchange.h"
#include "filters/jwt_authn.h"
#include "filters/test_jwt_rules.h"
#include "observe/registry.h"

namespace proa::filters {
namespace {

using namespace std::string_view_literals;

// Keys made for this test: "ed" and "ed2", "enc" and "ops" (which are not for signatures), "es", "es384", "rs" (for RS256
// only), "any" (the same without a word on its algorithm), and one that is shared by both sides.
constexpr std::string_view kKeys =
    R"({"keys":[{"kty":"OKP","kid":"ed","crv":"Ed25519","x":"p-heuHu9gKP1G_GQuuV3ubkbmEabwYAt61mrHXT5pi4"},{"kty":"OK)"
    R"(P","kid":"ed2","crv":"Ed25519","x":"r-BLQ8v_j2JAbnztYZbyVO6pvOxVCkfkxYMmTRwtuks"},{"kty":"OKP","kid":"enc","us)"
    R"(e":"enc","crv":"Ed25519","x":"ciNotWUIIAnFmvC-8lEES-CFGSIB2QTD8wUpWvfImr4"},{"kty":"OKP","kid":"ops","key_ops")"
    R"(:["encrypt"],"crv":"Ed25519","x":"rMOCKGv_puf5823QnIEI0QIM-AMbfyKRPETXcgTJWYI"},{"kty":"EC","kid":"es","crv":")"
    R"(P-256","x":"MdVW9mdzopQNn6VReGvW3n3mBEq_wb9rPf0hVO3la0E","y":"R_g__JUcOnA1DzFOKJEVy7xF1YIEjD1Ls4-aJzae2po"},{")"
    R"(kty":"EC","kid":"es384","crv":"P-384","x":"4O45jMPKGwkP3t7QP3b8eg5Ybwuvy-Lzqf2ScY2gcPgQJ4BB1gk6xuPN13UX488G",")"
    R"(y":"StFfzFKkAskv8Z1Lpdr--lURGquUVDDfRQ4qnTPlrYIK7d4FeZAjzNbBazakgNkO"},{"kty":"RSA","kid":"rs","alg":"RS256",")"
    R"(n":"uVzpXDfkiLrbyv-UqUPSmInhaF47V3VIBq85yT40CbaXsNvNW-lIZ9fpmGBgVZ6lAjLBAh60M9EFPlvzM5uJ_DuK1v6MUGaTELVJgfi_QG)"
    R"(VVfdQ55-a-x01RDaLyeq87jpp5K41vhBG2nhsjnAArvjzV4onNEBk0NrT8FH_WLWtIAxV-3FevOSVPYmN99ljMyBSppFTxNyyvVcY1Xz_ltx_o)"
    R"(o9TUwrbDdJbgf05Mk-8y4iY7NrWgqiVUVhVN7Yl2RmXu9marC39pzy5wzEgQjE3JpAC4n6OXZhHyDs9EDGl2h7wzMcHpkPLnfBwcgoS8GFqbZd)"
    R"(m9qAvrY-37cZS2QQ","e":"AQAB"},{"kty":"RSA","kid":"any","n":"uVzpXDfkiLrbyv-UqUPSmInhaF47V3VIBq85yT40CbaXsNvNW-)"
    R"(lIZ9fpmGBgVZ6lAjLBAh60M9EFPlvzM5uJ_DuK1v6MUGaTELVJgfi_QGVVfdQ55-a-x01RDaLyeq87jpp5K41vhBG2nhsjnAArvjzV4onNEBk0)"
    R"(NrT8FH_WLWtIAxV-3FevOSVPYmN99ljMyBSppFTxNyyvVcY1Xz_ltx_oo9TUwrbDdJbgf05Mk-8y4iY7NrWgqiVUVhVN7Yl2RmXu9marC39pzy)"
    R"(5wzEgQjE3JpAC4n6OXZhHyDs9EDGl2h7wzMcHpkPLnfBwcgoS8GFqbZdm9qAvrY-37cZS2QQ","e":"AQAB"},{"kty":"oct","kid":"hs",)"
    R"("alg":"HS256","k":"c2VjcmV0"}]})";
constexpr std::string_view kHeader = R"({"alg":"EdDSA","kid":"ed"})";
constexpr std::string_view kPayload = R"({"iss":"i","aud":"a","exp":4102444800})";

struct Token {
  std::string_view what, header, payload;
  std::string_view signature;  // in base64url
  JwtFault fault = JwtFault::kNone;
};

constexpr Token kGood[] = {
    {"EdDSA", kHeader, kPayload,
     "R3WGKvB_2L2ywl1OHxjCZ6SIPuKMRzvM2_4NAZEr5-ByASbAwXvW71a_p_J1_qQPTCzrux6X6lxMuIHZUxVhAw"},
    {"ES256", R"({"alg":"ES256","kid":"es"})", kPayload,
     "BBF0iMinBABoC7WuUCZhs9tO_xnZU2poem8HD8rrB-UNq-uUbvDwjPZDtLD_4ZyAXpmflCnzX4yhDxFCD_2DAw"},
    {"ES384", R"({"alg":"ES384","kid":"es384"})", kPayload,
     "2fY-PIIbKbRRnIO7OdlFscegP_DOPY0a0IXiVqpJfN-Sd5cibIUHPI7UWcXJKYoOjQt4Czj3wRk_sk5zr5kzSzm8HItEMlJGkpRLK4Yar72B"
     "vJNnUCSMRfcGm4WyIUWf"},
    {"RS256", R"({"alg":"RS256","kid":"rs"})", kPayload,
     "hE4T0luJLFJ3QCFRLfE8E26IENoUbwK9JJPsJHDsSbU-QRmXSB7cFVf9MP9U5fKFOO5Jasj-SQQkWx98TzTB6ihMFYSq0C-odVs4c3vDOcXb"
     "r-Ad9YztlFWXZ_klvkHDA_ugqF9z_0mF6dHQxnKSHlZU_RcNO7JjUa2ek9yWyOZ5cVm85Lf7w0sWbEACUWhlEh0DoImioNj3Vpr4tG6t9YsH"
     "8ncsoQPu9YYe8W5EyKEky5qmx0hXuAkFckVAgGIWFYM6O5Na_i_cAVqkR05ihY5c3mFXiqEMwE6EbkbDi3U8HAUjUThwd207TWQKQduBdnXw"
     "Z11dBhRrIGBtBscRWA"},
    {"PS256", R"({"alg":"PS256","kid":"any"})", kPayload,
     "aX_n02ui0NbmHkcZkfuvgahwfbqN0pMrkrY0k8LUQSwC066G6cbkLU4_vRFhghY22CFdXmOg6i_Z88ce3SXlnhddaTDPakSeowJiBUWNk9nD"
     "9YybgdBEs8QUXAMDSA925hb74b8kpTH5jYUGEytPOpTV8J_urzcw4bCN7lGcbVg53TjKh9KXNRajLNDFfcWay8Wh_d9SQCUVsqzjP-qaYHSx"
     "AIiz6ZmY_E-Yq9apG5VPkSSTHQa8PVennCkf3LqIvsBZnu7Ph981jeAI0qlsNSXFve4o8ZpAZjNt_y7EgnLkw4hAALgF_RwbnG9O9jkSJrFt"
     "WBa1RPFt5Hrel_psJw"},
    {"no kid: each key is tried", R"({"alg":"EdDSA"})", kPayload,
     "PgfUvPK3Dy4mQfY1-3Rux6szgIvio7Q51UAnCLYk_nU6phwBaYP_oB3BtRMn1JWzPHEsPxgjDEuP1rX8F3eIAQ"},
    {"members that mean nothing here", R"({"typ":"JWT","alg":"EdDSA","kid":"ed","x":[{"y":{}}]})",
     R"({"iss":"i","aud":["b","a"],"exp":4102444800.5,"nbf":1,"iat":1,"jti":"j","sub":"","x":{"iss":"j","aud":1}})",
     "a77CPG3LFS9MeFV7I1medfopiWyvrmyH2WTEDMH4QJRHzbg2S2OQyg2m-GtFwStvfFn2zt5NKjvlJnJ0m7PRBg"},
};

constexpr Token kBad[] = {
    {"alg 'none'", R"({"alg":"none","kid":"ed"})", kPayload,
     "ouzAlCl_RIltXktWb5xqySlEq09t1oS3H5ThZncoV5H7EY3n3Z41rn_Zgs073oUGrjMXz5vrZYN_xxAXIUBHDA", JwtFault::kBadAlgorithm},
    {"alg 'None'", R"({"alg":"None","kid":"ed"})", kPayload,
     "Fp7Xq6pWne_TfcMJCDAY2MZ65g_VQ-DXpTMBmhxKA9KP3-OF_wEnHHjdlWhOkw6UJdgvuVAVthIgIXGrE-VTAQ", JwtFault::kBadAlgorithm},
    {"alg 'NONE'", R"({"alg":"NONE","kid":"ed"})", kPayload,
     "SKs69EOcRT_HP5ogmHGYvkDyGPsYagj5aQIj2dH6qQtU5rcTE6bl5nsIdXFxrTcrnZpQb-4d5kes48y66T-BDw", JwtFault::kBadAlgorithm},
    {"alg 'nOnE'", R"({"alg":"nOnE","kid":"ed"})", kPayload,
     "BMTTzZVje_klMf0gBPZmoyiKCtxgb6lUcHsdxeEtMLfVCHriDCxaQpxGPuWfrY67i0hNlNkXn7vK8HgZ1IHQDg", JwtFault::kBadAlgorithm},
    {"alg ''", R"({"alg":"","kid":"ed"})", kPayload,
     "UCQYlvj1dRSTucwbkVAuQsf_31quDStDpOPWIGXT-uE9NAJrULpLy26VsCQTBeTQL26aaYqL78AJjoGaNdLlAw", JwtFault::kBadAlgorithm},
    {"alg 'EdDSA '", R"({"alg":"EdDSA ","kid":"ed"})", kPayload,
     "qT49MNV8ErgCl_wGvVLlhqEPRKFzCnjUJ_zY5CT1Rq-8L6M_F-eNIHEBK0wbWwoQkxtPnZT9GuIHlNAEVO0FBA", JwtFault::kBadAlgorithm},
    {"alg 'eddsa'", R"({"alg":"eddsa","kid":"ed"})", kPayload,
     "k_94ayyqK5i0cohuJdYzmaUDGc7NN0VHXtefUx3JVVRhfNWRV8VHUMH7hd9xWM88-ld3br5x0ol1BYuqjgHqDg", JwtFault::kBadAlgorithm},
    {"alg 'EDDSA'", R"({"alg":"EDDSA","kid":"ed"})", kPayload,
     "TXXDqc7Jj7fkxKM1BoGqzoHVet4CuZQXqmr_UMLwgnm62K3WfOimyMy7u0gdH9cnDqTMBTtJYTYkaW2JwjMICw", JwtFault::kBadAlgorithm},
    {"alg 'EdDSA\\x00'", R"({"alg":"EdDSA\u0000","kid":"ed"})", kPayload,
     "FWGycDuhS_mUlObgowdPJv1AC0ceWPUo8_YxECf0rxjcTKV5RByaKex8OK7S-ukgEstHlIf9i0HPR74lY-WGAw", JwtFault::kBadAlgorithm},
    {"alg 'RS1'", R"({"alg":"RS1","kid":"ed"})", kPayload,
     "D64AWw7s0EcC_8P1asWygvFcqlkTgfTTC_nzLhLFQ3tHfc49k8A3VIfFHp0ht4G65zE_A7ZO7g3Lcu6SW9XPBA", JwtFault::kBadAlgorithm},
    {"alg 'RS257'", R"({"alg":"RS257","kid":"ed"})", kPayload,
     "zJERr2qHUscm3O_AQbrxLvV3c5iIgk9aDZW36f-EmgP8F1i4kKQtX6bzP2SIhVTL5ffmZEPWqHzF8llCRZGXCw", JwtFault::kBadAlgorithm},
    {"alg 'ES256K'", R"({"alg":"ES256K","kid":"ed"})", kPayload,
     "mc5qEucbccFj2rxjwKSW_B891sTLyERFyeTXH9UfALfrGP-oLadDgg-RnKCbZre6ZosbwRrFpRlE2zBLD9syBA", JwtFault::kBadAlgorithm},
    {"alg 'dir'", R"({"alg":"dir","kid":"ed"})", kPayload,
     "DlW8zbruoR5kc86Yji3gN4NgGeq4cevALP64_Prr0wT11lJ1jFZe0pKEJVnrMCH-SytjCA3fEU8r5EftV3VbDQ", JwtFault::kBadAlgorithm},
    {"alg 'A256KW'", R"({"alg":"A256KW","kid":"ed"})", kPayload,
     "GM29cuBfWffwlMEzxYrUvPc3R_2ahrYaQaoCvZQGmHsXsHfR1zYDAvGXT6ne4JeQzVqU-AaAP8_0vv22uvK6Dw", JwtFault::kBadAlgorithm},
    {"alg in other letters", R"({"alg":"ＥｄＤＳＡ","kid":"ed"})", kPayload,
     "du_sBY1X_-jbrc0fZEdVb6EGT70ohre2uS5w7TZ8sOkOg3ImergGrlSwwKiAGHvEH0IXH07oiuZhy5KZsSMADQ", JwtFault::kBadAlgorithm},
    {"alg with a Cyrillic letter", R"({"alg":"RЅ256","kid":"rs"})", kPayload,
     "qL3taG7mO-WQ0JbVSQMxA4iV6VS0NzR96ZWkfR7Gh3dG3opJiirPXUgmJ0Qjr6zbppvQAERH_JqUGNbV3jouCA", JwtFault::kBadAlgorithm},
    {"HS256 keyed with the public RSA key", R"({"alg":"HS256","kid":"rs"})", kPayload,
     "4G5t1TqLL4gHKNDceZXr4SmR8zcUihxsammY0rGg1ro", JwtFault::kBadAlgorithm},
    {"HS384 keyed with the public RSA key", R"({"alg":"HS384","kid":"rs"})", kPayload,
     "hrBtJE81zWeh7wXLJ2ZpuGquIFnoI6JJD69dYeu29bj8vJ_0xOjmKLdYXBMb6_Vc", JwtFault::kBadAlgorithm},
    {"HS512 keyed with the public RSA key", R"({"alg":"HS512","kid":"rs"})", kPayload,
     "DtF5EgNTXNOY7vxeYHVRqpwGkNw6zYCE5WVLgZFrwVhBK_OTmB1EeG0tr1MwF4Fi9-2scwa_v37glNow2D4rng", JwtFault::kBadAlgorithm},
    {"HS256 with a key of the set that is shared", R"({"alg":"HS256","kid":"hs"})", kPayload,
     "ZZFO7iuGQp7CqnlOOgQ9kdcwB_jDqVnJVMIaJfsDRtY", JwtFault::kBadAlgorithm},
    {"HS256 keyed with the Ed25519 key", R"({"alg":"HS256","kid":"ed"})", kPayload,
     "TNrSxjfR0KuHKcXIZUtzAXeItQ57Vw8I181Ar2FS0CU", JwtFault::kBadAlgorithm},
    {"no alg", R"({"kid":"ed"})", kPayload,
     "vBiFAlAXYbaxZhGraLnXpW7uN1ld0k4-TzWlNpEslClwSVpmlMq3FadwliZC69eQxuHgsTJGnEXc8gsoGidlCg", JwtFault::kNoAlgorithm},
    {"empty header", R"({})", kPayload,
     "uacNUBUNgqesFUEPUTbe7Ty9aNuBuxIOHbZnOQzBAv7Cyo48AoI6zO1sp3QVlApobDApnP4KjT-n2ry_aLWJDA", JwtFault::kNoAlgorithm},
    {"alg null", R"({"alg":null,"kid":"ed"})", kPayload,
     "m-A77tYbtf2KFPAhJbL4yGNFghSIt-2WdhyhR7pDRfG-nDK2WM-lDdYoS9qs_F-ydWtYIO2qaV-8mffrT5XHAw", JwtFault::kNoAlgorithm},
    {"alg a number", R"({"alg":256})", kPayload,
     "pNnSUJCm8YMVzJ8lL3fB6yNN_qb8CAt_hKh1lPUlv5Rgo_uWX8m5HI2r8Nh9bQlCRbiq6g1JiRd1oxV2CxcpCg", JwtFault::kNoAlgorithm},
    {"alg a list", R"({"alg":["EdDSA"],"kid":"ed"})", kPayload,
     "yFOIZvP3DeawrVWeUZJw6Zwvx5LmsIRIhiIigiWGpA7baDOkpy1w-z23FPhvtLPeqsJBASnsFpuYQFh6CiC4DA", JwtFault::kNoAlgorithm},
    {"alg an object", R"({"alg":{"EdDSA":1}})", kPayload,
     "Y8xJZa6KHCEaGPqKhnfZszcT4a_LUPcDVMjvUZuGsX2mnP_NL5uRYEdJbduea7pnxS_zP4m_-eGYVd-uIMkPAw", JwtFault::kNoAlgorithm},
    {"Alg", R"({"Alg":"EdDSA","kid":"ed"})", kPayload,
     "U_srHrbVub1nofL_0bqsqoAdVMohtDMABkdROoV9zD7no2CrUl6mT494cZyfzSLfqWKgZp5tbLNBg3Vx_s6zBg", JwtFault::kNoAlgorithm},
    {"alg twice, the good one last", R"({"alg":"none","alg":"EdDSA","kid":"ed"})", kPayload,
     "fIslJ57ot_Og7h2IblUaEwwuBHE-Ge-kdtNsdOxrC7_lugFhUuK2VZxJMNvCMR5sBLL7Y5RZbl7q2T00jffZAw",
     JwtFault::kBadHeaderJson},
    {"alg twice, the good one first", R"({"alg":"EdDSA","alg":"none","kid":"ed"})", kPayload,
     "J8ggVXGizkqClADY8AtYVxZsKK88UajpgSgMC87DJGvRPR1UR0k5g2kIhd51hTqytIGkssLy2LR8ZtRsca3DAQ",
     JwtFault::kBadHeaderJson},
    {"alg twice, once escaped", R"({"alg":"EdDSA","\u0061lg":"none","kid":"ed"})", kPayload,
     "jCWQswjGXprU0wDMUM19pkNRO9f9JAEXmWISQrH52zTdgNgLNdTrXahd1OGtPaXltXcKuN4IoM-qFS-B4OMoAA",
     JwtFault::kBadHeaderJson},
    {"kid twice", R"({"alg":"EdDSA","kid":"es","kid":"ed"})", kPayload,
     "Mjve5F-bvScOM7ctDAeR0HVq8f6CuPsRDdgHVt_XTyYDEXoMpiRu5i9YH6qMA-gkWEf7bZMkzyUPTmKZvofQCw",
     JwtFault::kBadHeaderJson},
    {"a member inside twice", R"({"alg":"EdDSA","kid":"ed","x":{"y":1,"y":2}})", kPayload,
     "B0jAK-d0Xz-CgfRLPp2ndaSw4lGSdQIFd--ey_GkjAygtyA37dZVgKg9BDu-IAEmBAcTkgS9m32CvmYjC1ALDQ",
     JwtFault::kBadHeaderJson},
    {"ES256, the kid of an RSA key", R"({"alg":"ES256","kid":"rs"})", kPayload,
     "UR6xFtUeoNxRuD919U37FRW8t3oStdcvDF-Uxr8_sybOAiNK6YWhXAbUyCLCUrb2GdTb3XJS6_RiOFTH3nGxtQ", JwtFault::kNoKey},
    {"RS256, the kid of an Ed25519 key", R"({"alg":"RS256","kid":"ed"})", kPayload,
     "ObeboYVda_rWq5XxTeTjOa70TcPejBqdvXj84MKeqkdHFpWZTGLORQKno0ZSQjmqn7KShvX0vxOO9QVsOiMv9YG22wpPJiZa1SN9_5W4dWz3"
     "7kZV9WBUF-FlwozVEH6wyAs5nND-fB2cLt39IDG_cH7Gtap3XAjiKgc2ME8bkBMeoGT11Moo0aSySFoYHYRYGvF1OqzJCiCpq0voMpkkM0Ox"
     "S9q_unvvNaeJ0dfPb3CiCllmdWiYW7QjeKmw61lZV_nMD_RW4AaL4PHQcwwa2Q6aW3iUF5BS4HYO5KDVrPm5XNVE5yH0Marmwqd7MVLZeJyo"
     "UQipAo_fAq_wPQHb0g",
     JwtFault::kNoKey},
    {"EdDSA, the kid of an RSA key", R"({"alg":"EdDSA","kid":"rs"})", kPayload,
     "WfP-ngnLlisy45h7T1Jcr3sK6FPF5Se09EItFj581LyGkMNEOMiZ2Mdqt9PnEFn0qO7JNgVR15R1nLgvOWauBw", JwtFault::kNoKey},
    {"ES384 with a key of P-256", R"({"alg":"ES384","kid":"es"})", kPayload,
     "c4nc5nDcNpl6NWQ4AwZo7W-gEszJnmbJW7TR-vfdMJ9J2UzNCwioRZJoKD90gxrjm2bCyB6EywxGsoU3P07p9g", JwtFault::kNoKey},
    {"PS256 with a key for RS256", R"({"alg":"PS256","kid":"rs"})", kPayload,
     "RgeqIigAgD0SxPoaM6NLeKkAIbqCW5NQA3UmZ0NfERdfkhQrEelpdHQaEmQ9fIYys9vyZndjP1GpBIOYRCjvse2RETtaecwYEC3Hgyv6MzWq"
     "BEW908jVBcqPsEGB8WWKyj7-5gCc2Cmf8IhDB2awLGhOoGZZ1uoiUzsgs18sKEgU022C1wswLO_SQIL6ppyHNDvrBbEeCIWOHGzbjcBRmugn"
     "mEl76YQIIv5tq9NjkYwcl2ByJZmHl8biV2QMlyIUFQQmWCNQNvCGLbFKFrTfMHmDiV2XhmmOlWs6Wr5oJIzXWk9MaynN4BiwfQaPECrJV87M"
     "ci8sxG4Qs4VUr0emQA",
     JwtFault::kNoKey},
    {"a PSS signature as RS256", R"({"alg":"RS256","kid":"any"})", kPayload,
     "Rm-oFmakJJPFv4K-B4Cp6hfKBTpbSbUA5HDsB8ltPb1guG9gQ2av_9K4oT-rTXWuVnOJHDwI6soivBANrna7uZaFFko0sa62SV6YbigQZ_IE"
     "10_nPA50vInJ0aL3HkScBajayNHG1NdQSnOOMlBh5S83kZnffKDT9rfm_DFeoXTk4b9MbKVA4k1l_4vc8nBFpHrMab8u8q8mI50uRrXN67My"
     "MmSHSJE8NH08hO5X-6P5_qg0EYAelvblIzH-Ifz7zVSz2KX6sjkPlonclfzxQFkp4_7qj-q9A3YHGgw_OkKBwp3qdoG-6Nq7nH190uE6nfEJ"
     "JX7ChfMRNF75wGH1VA",
     JwtFault::kBadSignature},
    {"a PKCS1 signature as PS256", R"({"alg":"PS256","kid":"any"})", kPayload,
     "Z_Qejd-KiMnJZHPGwswJ34g26s6TROVpUg6noJoZQUXWWYZECaIcT18KRccgOAXA6xdrw-fadYtVBNrApJSxsASS58c-Kpy3JXKEKtYMxnTL"
     "JivVhQfrN5M_BsGMUMLDi1BaDgznnl4tCzcH3PNLoTDrRDPnt3AoM0W5mp1Za388n8U80rg9gG-OC_Lsgho6ra2oio6IEcnhTPRD_fN4s8wL"
     "BaNdSmuSzoAZvBQCw8s4IoofH0MyW8fdLpN93Ok1K1gfD24ppSNZXQ-_PDSkUfRXncwkHG__ySVJhfCicpb5IZ97uOMRqkJCl5--m9ARSGh_"
     "7lOFFH_hbWt4AyiLnQ",
     JwtFault::kBadSignature},
    {"a SHA-256 signature as RS512", R"({"alg":"RS512","kid":"any"})", kPayload,
     "P-H0JatC_BmLqBMs6rNgGgeAY7UkRsrqK_5OmAJH1uqTV-KiLRUHsQg0SRHhyUfT8QNwIPcz9XZuab7C7elEnOc6GOf1B1ByLXcin7GNcktP"
     "bedxd0E-hMx8JnuSExlZnkos9MHMmXgsEqMOQWexGWpN4Suu7xW-3hYLxdvb5-4J4oIbQNGrl0HUYQpVdeCD6pfjEEBhqPD98w4jBffvIqAo"
     "atnOtmT4-vleSpSnvBjR07kEhO63uP7FzZH1I1P5_F6NvJ5uKVTm4LK22Dsqh3czqEyLFbbrzsmducIZuifsnXiJb8oprrzvC6efp-UE3-Gf"
     "eLy6EmfiVCPUlqPMXA",
     JwtFault::kBadSignature},
    {"a SHA-1 signature as RS256", R"({"alg":"RS256","kid":"any"})", kPayload,
     "RQZwckmjICwZvpiQIJYg9U20rzpUVkJgzRvHVc3jmi0tyN0Qe5gZFHceZg2qG09w1ALuWRvuNruX8jn3Rp93ttsiUGcuUy878rLK6ndHYNNL"
     "yhtn0ULyu6ehCDBnGv6_yDuK_XC6tpmzaOra3zK-H_Egu2dXqh5yjk4xxBXZ7yWz1dDblJXF2Xinb6-_vd5g8BsUS9u1X8bzwGXNHXWP2_56"
     "uSw3yBCc9nFCmXUV3uaRCdIYrwHo-SL5lP71o7FBt7dUdWZb2E87mOXBeSGuc5QhBa6m_-at3XAl9wGW8l3f3EA8Dpe1fUu2sI-zh7cQLhBj"
     "lhEPZFPBC2SoNwMrtA",
     JwtFault::kBadSignature},
    {"kid a number", R"({"alg":"EdDSA","kid":1})", kPayload,
     "GrSpSDbuoP2kvf_ynwiTf_b4bMldoOCuvOYcoqATDsTkD9sBJxNMi27rtyXuvu_kxoj-cqMMz1gNzSwYIjJGBQ", JwtFault::kBadKeyId},
    {"kid null", R"({"alg":"EdDSA","kid":null})", kPayload,
     "lkK9SAYl75Snozf4hROR1B75ciOdoCw5XH4kfQ5cK7-Qq3VWUrTzXrYnaYCpOWB4GnBuNb0Bal-7QYPQ9M0nAw", JwtFault::kBadKeyId},
    {"kid a list", R"({"alg":"EdDSA","kid":["ed"]})", kPayload,
     "dUTl1XwCUqfVRe3Hp2asHHbLFXYE8DT2-GZnaxChFr9JHcZib_q6EP4x4cPV9ch99Lzv2zbRyk81oYWkdj_TDg", JwtFault::kBadKeyId},
    {"kid an object", R"({"alg":"EdDSA","kid":{"ed":1}})", kPayload,
     "beKinqrZp7p8L10Cn-FXCvGnX0Gkahe9V70CnGx15k-X46UerGO6td2TanDeL_ROidVbcC6Vo1322MzwRHqQBA", JwtFault::kBadKeyId},
    {"kid true", R"({"alg":"EdDSA","kid":true})", kPayload,
     "NkO1kvunf9bwqUIS_Sfn10Kqhy1qDPINu8doAZAJsAcP8aIncS2Ydkxp65BPh6ATaApmyWPGuvdwVYYKkHGtBw", JwtFault::kBadKeyId},
    {"kid '../../dev/null'", R"({"alg":"EdDSA","kid":"../../dev/null"})", kPayload,
     "LsIQaqKWnmDh1JBhfBU34AlKKt-5hEkRtmOMHIkQa5YO3izSC9mc0g6GDPkGSsN9SIEu4UceARflSs9mfldJAw", JwtFault::kNoKey},
    {"kid 'x' UNION SELECT 'k'", R"({"alg":"EdDSA","kid":"x' UNION SELECT 'k"})", kPayload,
     "yOZbaurGpR6e6hDgUgp9hrFnLt-1KWlAu7pzDNqTFUdYInuSffCpC4qTaUYsdG4KZ9KYx-3gNVzUfZT_fMPHBw", JwtFault::kNoKey},
    {"kid 'edNUL'", R"({"alg":"EdDSA","kid":"ed\u0000"})", kPayload,
     "s3Uoeo5I0O6plr9-3hJcWjO7uV9cVqYAxEeIH8CVQgW0EOccGvBqVEdH6miQQr2nt5p_xGpAOSvJqfUAgKMIBQ", JwtFault::kNoKey},
    {"kid 'ED'", R"({"alg":"EdDSA","kid":"ED"})", kPayload,
     "zM-8ZPbm7RexhklF6khB8YZ3m8S4jv3FRlC_OaNrwyPbJqryAaUD-hq1se-ZGLjWRfoYhPV6YJzc2m2F0ZadDA", JwtFault::kNoKey},
    {"kid 'ed '", R"({"alg":"EdDSA","kid":"ed "})", kPayload,
     "N7anRVoNRpOglepf-7VeVNP6RDnlkkVWXIlxPDlW7sb7qaC4ncziVAnXKb9n0U7OtKZ-IQ9viXiCThXo4mbBDg", JwtFault::kNoKey},
    {"kid 'еd'", R"({"alg":"EdDSA","kid":"\u0435d"})", kPayload,
     "xrfUq6YrOHI-zeSWYjoE8qkDt6uXWJ_E4VDr1TZPGVdl-VQnPL3NT73namsUGOrdWTzWzLbwTRmsqNPlcnLZAA", JwtFault::kNoKey},
    {"kid '|/bin/true'", R"({"alg":"EdDSA","kid":"|/bin/true"})", kPayload,
     "CmlMLaZSoqlku9U8DBHeeVHhJBQIYZvfvujQ13KspkRtlzhxqv9mCUus9igmUHMZWMByUwJLJ8KIERfUrWSBDw", JwtFault::kNoKey},
    {"kid 'https://evil.example/k'", R"({"alg":"EdDSA","kid":"https://evil.example/k"})", kPayload,
     "X2LQIyzPQGmztKH_dd9fgcDI6iAE38RFiM149RqkVg9h8kdgVrd5HLZ6LZxEuBI4WylSn1pbEJF6i77uIpk6Bg", JwtFault::kNoKey},
    {"another key's kid", kHeader, kPayload,
     "KuXKmJpFZMHrUVnwfLiJtHFpjH8qJMLLaJBZpbecYvTa_CVwBRy265fZ1Tf-gzGpOs8C_4so891qpCfXC7B1CQ", JwtFault::kBadSignature},
    {"an empty kid and a stranger's key", R"({"alg":"EdDSA","kid":""})", kPayload,
     "PKKPGFk9J7COCb55aUGGoO3ZFX5ZK6lL7aZPQ8t0ERpsxjNcEQpaoBbr288SJoiguiaCDuDAJ2V4ecEjlWQ2Ag", JwtFault::kBadSignature},
    {"no kid and a stranger's key", R"({"alg":"EdDSA"})", kPayload,
     "YnPnQZrbz0Aubp-81pL6kDN3xmT5We3e4NWeqgzthSeaOGphUzzQcHTlJPQXFiwgaZo70O66oEoytqaouY_kDg", JwtFault::kBadSignature},
    {"a key for encryption", R"({"alg":"EdDSA","kid":"enc"})", kPayload,
     "yRqPBECDVXjV-KdIvMqYIV3YxoyheJUHEakK5hRc_nioO3M8fmjJcTE_qmxNBSXx7TNwl8E19HxbB1snGbv9Aw", JwtFault::kNoKey},
    {"a key without verify in key_ops", R"({"alg":"EdDSA","kid":"ops"})", kPayload,
     "NNIjPwYvgwBeQRACTldejdjdkmKSjJNNq3P6_2OUGLu9F0MvJbAXzZf_msZZm7bEH01JBa44q-Jv-RAxLgs9AQ", JwtFault::kNoKey},
    {"no kid, a key for encryption", R"({"alg":"EdDSA"})", kPayload,
     "BPszAjRA8EaZ2NmSjllkX6g_qpSZ9Q0sKpMbGtoKfA-P4YAJlTz8FaeTPKAn8D2ZHpXfBw3AEHM_LTG7YltYCQ", JwtFault::kBadSignature},
    {"the token's own key: jwk",
     R"({"alg":"EdDSA","jwk":{"kty":"OKP","crv":"Ed25519","x":"Fc4yg-BMJ_F4DDU1qqYWZ6y2VVwDUwb3EXH7TVSl-uQ"}})",
     kPayload, "9miscjQixh1j4OgV5R-hQr_CI7c9V8Mw5q6Zs9mseggAXCe7gdBDMERURf065LF0B-8xwoYZSfIo9extjWPcDA",
     JwtFault::kBadSignature},
    {"the token's own key: jwk and kid",
     R"({"alg":"EdDSA","jwk":{"kty":"OKP","crv":"Ed25519","x":"Fc4yg-BMJ_F4DDU1qqYWZ6y2VVwDUwb3EXH7TVSl-uQ","kid":"ed"},"kid":"ed"})",
     kPayload, "E7NajN6K7U_zgrNBNgM_eytva_JvE0762Fo9ynuL3eSkd29xeuEu7m0EuZD8_ENtWph1_pUeE5xb4MxBdBCRAQ",
     JwtFault::kBadSignature},
    {"the token's own key: jku", R"({"alg":"EdDSA","jku":"https://evil.example/jwks"})", kPayload,
     "8gBcJcNYA0PMKB2TgTzemU3f7orDyYxlN_h-57gsvcub1swhUOF10PoF88UjfOo8zZ-wcqQ3jRYViLiBo3sCBw", JwtFault::kBadSignature},
    {"the token's own key: x5u", R"({"alg":"EdDSA","x5u":"https://evil.example/c"})", kPayload,
     "r_jI7EBkV1A1Tck1rTpJF5L1sVhNyo3je5II3Krd7OEsMzkXl_kEPYcJx2P85rw3ylLFvDOd5T1Q1aiD6oOdAA", JwtFault::kBadSignature},
    {"the token's own key: x5c", R"({"alg":"EdDSA","x5c":["MIIB"]})", kPayload,
     "0MK7vNolfe6poOUwhgNHKgj5aq4d7au0TqDg940Z2SMbtZgMjR4rO61QeQxvHPyR798Nn1fI4hhsspAm0xG3CA", JwtFault::kBadSignature},
    {"the token's own key: a whole set",
     R"({"alg":"EdDSA","keys":[{"kty":"OKP","crv":"Ed25519","x":"Fc4yg-BMJ_F4DDU1qqYWZ6y2VVwDUwb3EXH7TVSl-uQ"}]})",
     kPayload, "NjZeK_uz01Y8e7voDSoWh9U4Y2bUIJ4zbWrn1pR6G-yIB7QugV4NVDslr8rZWfaZhGR7yGQtBh8cds9WhiFZAA",
     JwtFault::kBadSignature},
    {"crit b64", R"({"alg":"EdDSA","kid":"ed","b64":false,"crit":["b64"]})", kPayload,
     "sZFAxaSCqQFiasHz8KWR3HSy0PMGyMhXL-guws6Lhsc94YVF3HbSA2SW0pfpzEWTV9JSrKPUCYVwQrz69g5UCQ", JwtFault::kBadAlgorithm},
    {"crit empty", R"({"alg":"EdDSA","kid":"ed","crit":[]})", kPayload,
     "0LwW0NF2pkic47UQRxYGkeNWsUw5LM2m9lppupmXRfKIlLgEUTGZIt681GI9gKkcD2To9wzpiUA0L3qkAoTJAA", JwtFault::kBadAlgorithm},
    {"crit null", R"({"alg":"EdDSA","kid":"ed","crit":null})", kPayload,
     "Cs5QvS7dxAoxuEd5L0n7uKeCHYtrtgPiG-km-D4p71ipNqDWHanzjrVZYCylHxDlOERGKyc9PnHlfecSGnd2AA", JwtFault::kBadAlgorithm},
    {"crit of its own", R"({"alg":"EdDSA","kid":"ed","crit":["exp"],"exp":4102444800})", kPayload,
     "MIFBN7qn_zQ7lnsAoPD7RVEpaHE5nJwC_zk-U_6Ej3gC4ygdI9phng7NbG68VjtbStngJ1nvPIR3onM_Hk7iAg", JwtFault::kBadAlgorithm},
    {"expired", kHeader, R"({"iss":"i","aud":"a","exp":1})",
     "vDT-h1wj7SwJs9eZTnAstKOD-esQJcdE8yCXCmWzWmtL-DLRutG23DKfz6X2iqYIYpWRUJ2iNQvFZ2aUHe9_BQ", JwtFault::kExpired},
    {"exp 0", kHeader, R"({"iss":"i","aud":"a","exp":0})",
     "LqNmnIgujnR1FA-ooGOVVQPWnjZdY5ljdMVWBt4BEwnx0nuyOuSB660TxaQtPMrQB9tOFhKNuRZezfITMqsiBA", JwtFault::kExpired},
    {"exp -1", kHeader, R"({"iss":"i","aud":"a","exp":-1})",
     "Ym0jCdfOQkKuVOBA3BH2vSBYx4RLnsrXMLbuuHyrHUOEWIeHCTSYlX4uYdcMIcPSV0uZ1w5F-2zHGtd5LTbfAA",
     JwtFault::kExpirationRange},
    {"exp a text", kHeader, R"({"iss":"i","aud":"a","exp":"4102444800"})",
     "toBfs2owxoor495mwwbltcsZS6WUYFNcNZSQaj1YlQnLn_r-8PAarksFKtrXtsTsVc0PyQ0P4_-n3BraODxvDg",
     JwtFault::kBadExpiration},
    {"exp null", kHeader, R"({"iss":"i","aud":"a","exp":null})",
     "jL6roLJuCbflVVAGxxy1y0D_EpsnCxNx606geSdamACaR9evkIb8EGYNovBeNXKU8c1NIEQysRiSfoI1hk4fCQ",
     JwtFault::kBadExpiration},
    {"exp true", kHeader, R"({"iss":"i","aud":"a","exp":true})",
     "aBerbqo4JFwY1ncmkAo3X2GUuqNrlgdkG5EHMGlLt6TJiC5CUyrwUIU0KTPRdj6fBNjSjYKI4Zk9RiffJuvZBg",
     JwtFault::kBadExpiration},
    {"exp a list", kHeader, R"({"iss":"i","aud":"a","exp":[4102444800]})",
     "ZHDguOgWljyGIOZP0IItQdYTNWfYtKgV5xdK4AvsS1ATJMKJHNG1j4lYlK_Adyav2K-iMSR4TStva8HwNGISBw",
     JwtFault::kBadExpiration},
    {"exp 1e400", kHeader, R"({"iss":"i","aud":"a","exp":1e400})",
     "vKvMX2yoTRpQGavWXIQQFqn8dLoKCINnrxxNXLCEDUC_o8KOguG1k6cqiycukYrH5m8C6zBF5mOAIrhk-iMTAQ",
     JwtFault::kBadPayloadJson},
    {"exp NaN", kHeader, R"({"iss":"i","aud":"a","exp":NaN})",
     "k5PSRS-Yd_Bgn-vTUpl8Yr6bMJARmnzIyCw13vL4xfDz7fEFJVNM7NbiQZkynL5hreui_MQ6o7n2uYLb08XVBw",
     JwtFault::kBadPayloadJson},
    {"exp Infinity", kHeader, R"({"iss":"i","aud":"a","exp":Infinity})",
     "1pffc8Plz5dXdUAszlx_VGcWu76RZJZoIxC7nN_89aDZ-8zj6AWNu0SP_enBaVzn2oGXQmzQy-OODm-BGrsBCQ",
     JwtFault::kBadPayloadJson},
    {"exp 2^64", kHeader, R"({"iss":"i","aud":"a","exp":18446744073709551616})",
     "4t136ioosPb-J9tQECK-kQgLsYymwvUdnqrqcImgIgnsdO5CXosz7p3LCIsfVyZnnKxueUzN5V1TjNAzdohvCg",
     JwtFault::kExpirationRange},
    {"exp 1e300", kHeader, R"({"iss":"i","aud":"a","exp":1e300})",
     "O-YpDVz9r2VuEg-Q2mVDckJ3thjuYdAgry5rq5_DJS45XP3CXTj6xZQJK1t_W_wIKM_HEpFphAPgUC4evj6QBQ",
     JwtFault::kExpirationRange},
    {"exp hexadecimal", kHeader, R"({"iss":"i","aud":"a","exp":0xffffffff})",
     "Waq-9VN8bd4pHik4YLuQk5HmfC6xJx7UnIZ8LYwapKmTEbEe39fTMrqcOWZ7XLfoXylmmfqCXRvkBJYbCfX_DA",
     JwtFault::kBadPayloadJson},
    {"exp with a leading zero", kHeader, R"({"iss":"i","aud":"a","exp":04102444800})",
     "uIyLngpDa7IyJkE-SnKqkQLtf-vaVC91_mPpyHc_j-l9FfAw3FEsk-60KaPb04TWC_VbdBn0McVl3uFCfu-cDw",
     JwtFault::kBadPayloadJson},
    {"exp twice, the good one last", kHeader, R"({"iss":"i","aud":"a","exp":1,"exp":4102444800})",
     "ELIyprJtPHC006o_QIRienfBjZilW6CM9zZOeEvsRkxgFxCos_G_xx4Nh9hKgsjLBJlkwBqcDHJtZODVP1xlDg",
     JwtFault::kBadPayloadJson},
    {"exp twice, the good one first", kHeader, R"({"iss":"i","aud":"a","exp":4102444800,"exp":1})",
     "Sar_yk_b1Pebm-VeDJIrrT60nK0f2at3w4IZcCDQz01ANIM08mYR-6m5YIiBfgkmoA3WaIAs0m4T0cwHruP6CA",
     JwtFault::kBadPayloadJson},
    {"no exp", kHeader, R"({"iss":"i","aud":"a","x":1})",
     "jgAyA9n37QpdJ0ny2HLdVqmhpvzVUzl2POghsOnP97haiviQlLEK4iwUGP1hLyyU5FxWfFhCD67snHT4pDsQCg", JwtFault::kNoExpiration},
    {"EXP", kHeader, R"({"iss":"i","aud":"a","EXP":4102444800})",
     "U-mxQkmzvMNmcNslxSg1OAODL40BEkYT8jNLHl8bKxa9exgCdk_jBXwFitt_2vtlR8hy6bEHYITlA2sNJwT0AA", JwtFault::kNoExpiration},
    {"exp inside another claim", kHeader, R"({"iss":"i","aud":"a","x":{"exp":4102444800}})",
     "W1-lFzyQz-cKWaTdnOJFEPF9MvY_hYG7VEy0WXSiSayGn1yWrkUGGQbuhoZHP_7nnTabfRjko7PRR2-4vAQIAw", JwtFault::kNoExpiration},
    {"nbf to come", kHeader, R"({"iss":"i","aud":"a","exp":4102444800,"nbf":4102444700})",
     "lfbE9Kw2017w_tSRzlyX51o_2ZpqGpxoPxkito3EXdFloL40l3kQp4WgHMtYXQ9Gi_XUpVVbwsD4TEm2vIXMCQ", JwtFault::kNotYetValid},
    {"nbf a text", kHeader, R"({"iss":"i","aud":"a","exp":4102444800,"nbf":"1"})",
     "tzwyY-lMFO-ag1IwVBJVPtAga8Z7WQ_lefRRrztu8K6MOgQ7RGE6cnCaHDvYgvtXbvkvf8NJGieCSRBgwNQHBQ", JwtFault::kBadNotBefore},
    {"nbf null", kHeader, R"({"iss":"i","aud":"a","exp":4102444800,"nbf":null})",
     "sx9b5NRe3GO6EFai2HUEUiA8lMUXXZJ6oYEVVKCDR4yof5CjZV0tf4xY7RdsBlvFCS35yCDIDrd5wbkvwkT-CQ", JwtFault::kBadNotBefore},
    {"nbf -1", kHeader, R"({"iss":"i","aud":"a","exp":4102444800,"nbf":-1})",
     "DKS1_IbxBTZm8WdkIp-TZIVw54vBvXdb0ce8rMTv5FNszjV0Di5dqGLOxl_diFomG8xLTIa9yp4rWQZvw3qtDg",
     JwtFault::kNotBeforeRange},
    {"nbf 2^64", kHeader, R"({"iss":"i","aud":"a","exp":4102444800,"nbf":18446744073709551616})",
     "SoD0hvWPw7ftVBcMenwlJbvPLfVA-bXjvXlu36lSsVKFz3IXb3iLVrBX1yTXm7PAHBlIHvzmPkI-DvkMiWsjDQ",
     JwtFault::kNotBeforeRange},
    {"nbf twice", kHeader, R"({"iss":"i","aud":"a","exp":4102444800,"nbf":4102444700,"nbf":1})",
     "2HD1lCP436Tvvt0479tPSBQf_YzNhhNvkMQLHCvimGgVFz4b0cRxuuBWp9qhbXpCidUdvlWC9nTgiVjv5_EKCQ",
     JwtFault::kBadPayloadJson},
    {"iat a text", kHeader, R"({"iss":"i","aud":"a","exp":4102444800,"iat":"1"})",
     "IMxWd6gyemLK3LjCLMbA6hjtXroAGw4ErM7ixUROtUSGQntKLqAZXwrzfi1V4LbISGmOE3DuiU3JJQeyY4E8CA", JwtFault::kBadIssuedAt},
    {"iat -1", kHeader, R"({"iss":"i","aud":"a","exp":4102444800,"iat":-1})",
     "FlqRVr5bENBT1q4bRAEp0NIUvllJ3XK9wqbGSh7TeCsmokyhLb31ZgAFZBSzk7oyl3OPWL5tCTyVB0o2nvrcBw",
     JwtFault::kIssuedAtRange},
    {"sub a number", kHeader, R"({"iss":"i","aud":"a","exp":4102444800,"sub":1})",
     "1k_UuNnVx2webo3O5_mrq_ZPKGiCQDJfr5npiRQbQ0EG_HMzlBp4YlB7ZBKj65NbOucWYs0aWsg68BgG8V4wDw", JwtFault::kBadSubject},
    {"sub a list", kHeader, R"({"iss":"i","aud":"a","exp":4102444800,"sub":["jane"]})",
     "RItjIXIsX8wsJ0w7xLNj0sJ7X8Jk5uywzJS-p8AO2v8xwYQP3pkY2AG5oCRXb6XzXhjRuMGcwlHfMjrXIlNgAg", JwtFault::kBadSubject},
    {"sub twice", kHeader, R"({"iss":"i","aud":"a","exp":4102444800,"sub":"eve","sub":"jane"})",
     "WHD-O9wlXGiI9UoTkuzSW1s23zhhYa2UVHeyyvpkJWoISOjpwFA71lAKp69jgvMq3e2Mo0nJ-uWHEl9X3FHVDg",
     JwtFault::kBadPayloadJson},
    {"jti a number", kHeader, R"({"iss":"i","aud":"a","exp":4102444800,"jti":1})",
     "TCH2ZSdAbVT9Tj3SRT6NZYuqn5wG6IIyntfeSRoMgP7hEZpLZ6A30UYf7Gy-RNNVBDuIcrnnJLD7Bc7mRvs5AA", JwtFault::kBadId},
    {"another issuer", kHeader, R"({"iss":"j","aud":"a","exp":4102444800})",
     "DptkZtJhNqpShlo8rrOVvRKMtRklkzvHV7NQzYvuPTlFaiXFHatEDGIIXSxpFk68rbmE3_D0zapZNEsNp-zFCw",
     JwtFault::kUnknownIssuer},
    {"no issuer", kHeader, R"({"aud":"a","exp":4102444800})",
     "nLGN6DrF2WiY4Gr1BwXBcip1fwdRrXEgBk6bmwoymMnGw3pMWqx6rLyMCiHFZxusnhPsEXJZg6sR6NP_wx3fAg",
     JwtFault::kUnknownIssuer},
    {"issuer with a blank", kHeader, R"({"iss":"i ","aud":"a","exp":4102444800})",
     "--LSnukWENlfmFPU4s_UYte1iNE4Pr8AjNmqxbGesORMkTj1xFzV6z7Qyr_r1BVh_VTjZSrTR-ux92Yd4nedAA",
     JwtFault::kUnknownIssuer},
    {"issuer in capitals", kHeader, R"({"iss":"I","aud":"a","exp":4102444800})",
     "32J01obOmJCkVDPoEfAy6RY5rZjSp6bwkrHTd_owEp7m_YQsHlPdtwShbTkH7h_yyzic7mGAsYpZFiBuG2bPCQ",
     JwtFault::kUnknownIssuer},
    {"issuer with a Cyrillic letter", kHeader, R"({"iss":"і","aud":"a","exp":4102444800})",
     "1mGqFSy5-UeNjxkb2j6MoxnxUNoCTpAa7nYkXdcym8nfFlN9SnZFKPmLox-FHjVbPLPmAq5H7hJzfkIP-hXgCA",
     JwtFault::kUnknownIssuer},
    {"issuer with NUL", kHeader, R"({"iss":"i\u0000","aud":"a","exp":4102444800})",
     "7-jGQGCbh0p4ZFcpyeNzy_xx6HldAKxyRK_eTtarW6HMNouS16BymHArBGQZ4AGDppHyt1ry381frm3y9DxMBw",
     JwtFault::kUnknownIssuer},
    {"issuer with a zero-width joiner", kHeader, R"({"iss":"i\u200d","aud":"a","exp":4102444800})",
     "7RNWpLJwX-5VuO4pxStbsFZHhce3aEqUTYhxRga-bgU6zuVcGOqn67YKbnQazffIDkY8GIM7-vGnigxbwz0nDA",
     JwtFault::kUnknownIssuer},
    {"empty issuer", kHeader, R"({"iss":"","aud":"a","exp":4102444800})",
     "jzVB00J2M_8-7Uf5YL6vwFT8ilj0FRL6UR1Aj2IRW0PXIjhgDgBwWi9b-5xEI7hQp-Dp3qZEAxvtNGSQMB0oCg",
     JwtFault::kUnknownIssuer},
    {"issuer a list", kHeader, R"({"iss":["i"],"aud":"a","exp":4102444800})",
     "khWiOYfl5p3pEotKzM2sXoYCMOeCEBu8DiguVWdrYkNsMbyF8u-eDBv-G77MsY52csSzOnd0SBpu3kwuVpAoBQ", JwtFault::kBadIssuer},
    {"issuer an object", kHeader, R"({"iss":{"i":1},"aud":"a","exp":4102444800})",
     "IMga-4gNMz_UCOO7PURIZ1vVgYDHucG1h6CZGXB528ORD5eAZPHryglcD0QkX54Og_R3EyXV92oyoqTPl8a_AA", JwtFault::kBadIssuer},
    {"issuer null", kHeader, R"({"iss":null,"aud":"a","exp":4102444800})",
     "aGTzYFCJNw3yCW9REJLNVLyms1lc0CNFLegNZ4i5jq8YaRBnIYDdPEbFTc3wIJwWuaOxCxqL5BKP49pcw-SDCA", JwtFault::kBadIssuer},
    {"issuer twice, the good one last", kHeader, R"({"iss":"j","iss":"i","aud":"a","exp":4102444800})",
     "wiLQ8EJn6269T64mSp_d7ryG03ft2QMdxvS0DZ6jVFMRL69m7L58Y1CJHfIzhcZe7hLSdBW4752pOgLjTUmjDg",
     JwtFault::kBadPayloadJson},
    {"issuer twice, once escaped", kHeader, R"({"iss":"i","\u0069ss":"j","aud":"a","exp":4102444800})",
     "38y9VLvp9tLIk0GtfcN5hiZdE4Ld74APgcG5wnXa1X85o74fRvzTGp63ATHGl-YpcLxRQiS6MoAy6d8gqCcCBQ",
     JwtFault::kBadPayloadJson},
    {"another audience", kHeader, R"({"iss":"i","aud":"b","exp":4102444800})",
     "43N_ujZhMkgSoBs6TZjSDKka6M3NTphX7opOrCIEAaAv_3Fz-40ejIFfH--mGrj8jjlca03U_VoFdVbj6CJoCw", JwtFault::kAudience},
    {"no audience", kHeader, R"({"iss":"i","exp":4102444800})",
     "YYFm6EvVLyhXySDlEYZUftN3sI52kFLptpPbFGTatqWVv94FaVH2IuPGYFbRkYs_npVRvCmbZQEx6u0S549KAw", JwtFault::kAudience},
    {"empty audience", kHeader, R"({"iss":"i","aud":"","exp":4102444800})",
     "R8g52ncIyb5-d_G4ibGloUYBU0G511LHEmglamY6VckbOrwo21rEd3ZOKuMgEd2VxA53P_6Poj0r2AkWxIAgBA", JwtFault::kAudience},
    {"no audience in the list", kHeader, R"({"iss":"i","aud":[],"exp":4102444800})",
     "Fhw4uIm_krV3ET5M13tHbTQn9G4t50jk2dQoQRFEi9OE7JIYazf-IvPOZOdUv6oaE7SdN6Ds-Un8cDFJ6H6nDw", JwtFault::kAudience},
    {"others in the list", kHeader, R"({"iss":"i","aud":["b","ab","A"," a"],"exp":4102444800})",
     "8tMVvH_LVs6DlQp9gim8W__9K9UtXQuOyshzLD2cResWyZ6-AWzaDwnZCaFs0y07XpYTk2g3b0u4K7FG2rKpBw", JwtFault::kAudience},
    {"audience with more", kHeader, R"({"iss":"i","aud":"a,b","exp":4102444800})",
     "w2nWu2fvJlTyeX2XkpoUd1u5PsxKiyVw1BfKNAjYx3FIlf9RFtvvfi9pf0TPI0eBCGfuSd7rkK5pDtaSY3GVCA", JwtFault::kAudience},
    {"audience with NUL", kHeader, R"({"iss":"i","aud":"a\u0000","exp":4102444800})",
     "k2sD7qMzxatSpxYIE05s6yHOY90IfvzmL_e4oEoIeRxwM09Ekv4bPf5HDxNcyynjykdHpJuF_H4Y8pgM5LzADw", JwtFault::kAudience},
    {"audience a path below", kHeader, R"({"iss":"i","aud":"https://a/b","exp":4102444800})",
     "LhnB0V20hThJ59tZzyfmXgWBuLtwgejvEg6ShSm2XILtECix6JXMa59cAKGrg3G5HnUNf0mxw9BvOqjgujJVAw", JwtFault::kAudience},
    {"audience null", kHeader, R"({"iss":"i","aud":null,"exp":4102444800})",
     "CZnKKe1mWMpFqwwZTGhgB3MuxrN2k-_tI46z-kWYsfpQNZdFTJhJ-V7k4YsztPVPeFP6zp5vRZnXMfvNirDaAQ", JwtFault::kBadAudience},
    {"audience an object", kHeader, R"({"iss":"i","aud":{"a":1},"exp":4102444800})",
     "YkD9jbMfPN97IBX9XwLVT0HHnCGNd_3NIEYiUfDqOtaD3Lg0ZerDGO0wrLntOsf88q-RXbxCsRDoKVE8LoE6Aw", JwtFault::kBadAudience},
    {"audience a list in a list", kHeader, R"({"iss":"i","aud":[["a"]],"exp":4102444800})",
     "Ih8FHkxuwXsHbiGErNmyfEcFrniD-3zU2MQLW5v9p4_0pSDaG9BjrWczXKsiABe0D70khdufz2YulwHwDSXdDA", JwtFault::kBadAudience},
    {"audience and a number", kHeader, R"({"iss":"i","aud":["a",1],"exp":4102444800})",
     "osKfTl9xV8x3J4QtYfkMfDOFpCIRF-CsM3vMSzBjYq33Ej_GcPIkQbNYUp19WBye9B3dPzl6MdmTTEjqV6dQDQ", JwtFault::kBadAudience},
    {"audience a number", kHeader, R"({"iss":"i","aud":1,"exp":4102444800})",
     "MeaiLEnFv_bI9Sz2Q-MxqJuhQA5asgYWeLpj1G68lOQZGhQs9DbEiAv4SlsoRWgWcbOsMtN52nRglo1vi3tcDA", JwtFault::kBadAudience},
    {"audience twice", kHeader, R"({"iss":"i","aud":"b","aud":"a","exp":4102444800})",
     "Pe2sgi_4ndEW44V6FpH7QFUHrB2qUbuvbAnhG-XK1x9-j1C8tXnSD9KaTVdDUJ2YR2X3IGrcd5aOU-rJHJz7DA",
     JwtFault::kBadPayloadJson},
    {"a token in a token", R"({"alg":"EdDSA","kid":"ed","cty":"JWT"})",
     R"(eyJhbGciOiJFZERTQSIsImtpZCI6ImVkIn0.eyJpc3MiOiJpIiwiYXVkIjoiYSIsImV4cCI6NDEwMjQ0NDgwMH0.R3WGKvB_2L2ywl1OHxjCZ6SIPuKMRzvM2_4NAZEr5-ByASbAwXvW71a_p_J1_qQPTCzrux6X6lxMuIHZUxVhAw)",
     "DoHDv6m5XAsjKmfANkNV2ZbtMBOkI1USiQfQHwOluxekKP4uH9b7U8iyNNLiCm2fPHrWb56zz0tF2ZigmtIvDg",
     JwtFault::kBadPayloadJson},
    {"a token in a token, as text", R"({"alg":"EdDSA","kid":"ed","cty":"JWT"})",
     R"("eyJhbGciOiJFZERTQSIsImtpZCI6ImVkIn0.eyJpc3MiOiJpIiwiYXVkIjoiYSIsImV4cCI6NDEwMjQ0NDgwMH0.R3WGKvB_2L2ywl1OHxjCZ6SIPuKMRzvM2_4NAZEr5-ByASbAwXvW71a_p_J1_qQPTCzrux6X6lxMuIHZUxVhAw")",
     "hlMtA2V-auvgMgqpsxCt-HiCrPJAMC4DdwfpIXx68SrNNpiGtDsyc0swDbnx66Do7Wbm_uJB5R39hBgiJ5d5Dg",
     JwtFault::kBadPayloadJson},
    {"payload a list", kHeader, R"([{"iss":"i","aud":"a","exp":4102444800}])",
     "1XlCjvh3sSBFmkqq1dUpnyhYkwFgSEs8EcofQ5fYV3kEUpHiV17LxgUISZmyuFexjeqPiWH217lUuH2b4S6xCQ",
     JwtFault::kBadPayloadJson},
    {"payload null", kHeader, R"(null)",
     "KIX-OxK6tV_cLzoEPrwq-UKlfYYgjwlew5QW4RYLbiE25-KUKG6D8R6l1djXg1jmhF06KNJOJoLB6Xm2_LUQAg",
     JwtFault::kBadPayloadJson},
    {"payload a text", kHeader, R"("i")",
     "kdMqUqWPGwk3NQpmw4f71xG6hMQUngAl8e5KO93S3IcFUxDygZa6bzNXkHkDpt-d7zOVYYN-mcWUaaz-UNI_BQ",
     JwtFault::kBadPayloadJson},
    {"two payloads", kHeader, R"({"iss":"i","aud":"a","exp":4102444800}{"iss":"i","aud":"a","exp":4102444800})",
     "Hn_WST7zbMBAiCcvHnmSiJrRM9eBhpXXoGDUtHlTPsly99KXOqGalmr9KM1xlemzYrD99CJHojUdJBQzPzbsBw",
     JwtFault::kBadPayloadJson},
    {"payload cut off", kHeader, R"({"iss":"i","aud":"a","exp":4102444800)",
     "nWv9tME9XLd_2I-3HFFRb7ll6XWekNljnqbtmh_SFxbv7IbGaAiQ8fG8Q31-OOmBANlyH5jJ9gkL6IdGZzPqBA",
     JwtFault::kBadPayloadJson},
    {"something after the payload", kHeader, "{\"iss\":\"i\",\"aud\":\"a\",\"exp\":4102444800}\000"sv,
     "lvgO58WFGv0XpkfFnSHmFwsrQWmytVSm0Yv4xaMUI9cFqBDzaTNgCX1w-kmJDXO2nGsjDTYmXuJSHcJxNyPwDQ",
     JwtFault::kBadPayloadJson},
    {"a comment", kHeader, R"({/**/"iss":"i","aud":"a","exp":4102444800})",
     "3rMN79uvfcV4MN-S7tkGlwQcZeMvEVuviVi5qC2qBYTuDLB0wJLYgj7wInzPcX_UlCrmOwr6L-HPJ05uql_IBw",
     JwtFault::kBadPayloadJson},
    {"a comma too much", kHeader, R"({"iss":"i","aud":"a","exp":4102444800,})",
     "gBG3J1WAq6PKL1EUt43vDQUNMw1GcxpRPslfgWoVbS6g0_4vcGG2-6xvWNca4UrnxXc0sbvIII6GHDfRczPEBA",
     JwtFault::kBadPayloadJson},
    {"single quotes", kHeader, R"({'iss':'i','aud':'a','exp':4102444800})",
     "tF8Jz3WW1B2f8gJg_Jzf-f6MHFEB8iHgRBxHrzw4MyQSftc4RWQkjrWdmw8czM1kTaTTFDmSHhynsYGnxx7KCg",
     JwtFault::kBadPayloadJson},
    {"a control character", kHeader, "{\"iss\":\"i\",\"aud\":\"a\",\"x\":\"\012\",\"exp\":4102444800}"sv,
     "HXgAtxOYDVYN6TjZf5QRy4OAW8lE4X9RJsBuMZZ0pM-UKVLtJ0tJjGbfDrgSi3_x5X2Ijz4uszOvFnzQoGHDAg",
     JwtFault::kBadPayloadJson},
    {"half a surrogate pair", kHeader, R"({"iss":"i","aud":"a","x":"\ud800","exp":4102444800})",
     "xqGBvc6gQWyD7qrr4THSoyC0sWO0DcyQVlkNaxtAW5w_JvoSNPQ1jakPqNmU-pt3MebfKedeamHHnKhU-uKSBQ",
     JwtFault::kBadPayloadJson},
    {"header a list", R"([{"alg":"EdDSA","kid":"ed"}])", kPayload,
     "Q7oGLwLBO_SCx-2svBh4tts8p2vfvxiwVW63Xsi5MtFttUbqCp1LZFWaocfl0LiqQXXWXqOta4V6-wioysKyDg",
     JwtFault::kBadHeaderJson},
    {"header null", R"(null)", kPayload,
     "pubhAW3YUpJA3d7Mvvmv7PbfOTIkKmfRVhPExPLQQPKyInlPLfmLQEN3od59c-0i4VCAZmd3q24aPK0RJnAADw",
     JwtFault::kBadHeaderJson},
    {"two headers", R"({"alg":"EdDSA","kid":"ed"}{})", kPayload,
     "cZ0-k0wgpzqVaPmuaJdm3xRICN-dk2R9MzntWj8t-el0fVcVaeq-irdw-_LXo9wte4Hm2UA5YtGsC5Yugl2eAg",
     JwtFault::kBadHeaderJson},
    {"UTF-16",
     "\377\376\173\000\042\000\141\000\154\000\147\000\042\000\072\000\042\000\105\000\144\000\104\000\123\000\101\000\042\000\054\000\042\000\153\000\151\000\144\000\042\000\072\000\042\000\145\000\144\000\042\000\175\000"sv,
     kPayload, "7hP_BzkGTUYLi5SbWopOa3JlhW4azeVNli--u-rTUfv3kV02cdJ87vBDe_M8rV3vltGATKITqz3JNeazhuTpCw",
     JwtFault::kBadHeaderJson},
    {"63 bytes", kHeader, kPayload,
     "R3WGKvB_2L2ywl1OHxjCZ6SIPuKMRzvM2_4NAZEr5-ByASbAwXvW71a_p_J1_qQPTCzrux6X6lxMuIHZUxVh",
     JwtFault::kSignatureLength},
    {"65 bytes", kHeader, kPayload,
     "R3WGKvB_2L2ywl1OHxjCZ6SIPuKMRzvM2_4NAZEr5-ByASbAwXvW71a_p_J1_qQPTCzrux6X6lxMuIHZUxVhAwA",
     JwtFault::kSignatureLength},
    {"65 bytes, a zero first", kHeader, kPayload,
     "AEd1hirwf9i9ssJdTh8YwmekiD7ijEc7zNv-DQGRK-fgcgEmwMF71u9Wv6fydf6kD0ws67sel-pcTLiB2VMVYQM",
     JwtFault::kSignatureLength},
    {"zeros", kHeader, kPayload,
     "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", JwtFault::kBadSignature},
    {"one byte", kHeader, kPayload, "AA", JwtFault::kSignatureLength},
    {"s beyond the order", kHeader, kPayload,
     "R3WGKvB_2L2ywl1OHxjCZ6SIPuKMRzvM2_4NAZEr5-Bf1Rsd3N7oRy1cn5VU-IMkTCzrux6X6lxMuIHZUxVhEw", JwtFault::kBadSignature},
    {"another payload's", kHeader, R"({"iss":"i","aud":"a","sub":"root","exp":4102444800})",
     "R3WGKvB_2L2ywl1OHxjCZ6SIPuKMRzvM2_4NAZEr5-ByASbAwXvW71a_p_J1_qQPTCzrux6X6lxMuIHZUxVhAw", JwtFault::kBadSignature},
    {"another header's", R"({"kid":"ed","alg":"EdDSA"})", kPayload,
     "R3WGKvB_2L2ywl1OHxjCZ6SIPuKMRzvM2_4NAZEr5-ByASbAwXvW71a_p_J1_qQPTCzrux6X6lxMuIHZUxVhAw", JwtFault::kBadSignature},
    {"ES256: r and s zero", R"({"alg":"ES256","kid":"es"})", kPayload,
     "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", JwtFault::kBadSignature},
    {"ES256: r zero", R"({"alg":"ES256","kid":"es"})", kPayload,
     "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAACo7UQnxCkPLe5fVacdj7mwuTYE-U2dBAyDL8RBl-J21A", JwtFault::kBadSignature},
    {"ES256: s zero", R"({"alg":"ES256","kid":"es"})", kPayload,
     "7lUKwiQB-bJxBMrzdWLAeiMTNIO0bmaC5eSsuRRaccQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", JwtFault::kBadSignature},
    {"ES256: r the order", R"({"alg":"ES256","kid":"es"})", kPayload,
     "_____wAAAAD__________7zm-q2nF56E87nKwvxjJVGo7UQnxCkPLe5fVacdj7mwuTYE-U2dBAyDL8RBl-J21A", JwtFault::kBadSignature},
    {"ES256: s the order", R"({"alg":"ES256","kid":"es"})", kPayload,
     "7lUKwiQB-bJxBMrzdWLAeiMTNIO0bmaC5eSsuRRaccT_____AAAAAP__________vOb6racXnoTzucrC_GMlUQ", JwtFault::kBadSignature},
    {"ES256: r and s the order", R"({"alg":"ES256","kid":"es"})", kPayload,
     "_____wAAAAD__________7zm-q2nF56E87nKwvxjJVH_____AAAAAP__________vOb6racXnoTzucrC_GMlUQ", JwtFault::kBadSignature},
    {"ES256: r 1, s 1", R"({"alg":"ES256","kid":"es"})", kPayload,
     "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAQ", JwtFault::kBadSignature},
    {"ES256: r and s exchanged", R"({"alg":"ES256","kid":"es"})", kPayload,
     "qO1EJ8QpDy3uX1WnHY-5sLk2BPlNnQQMgy_EQZfidtTuVQrCJAH5snEEyvN1YsB6IxM0g7RuZoLl5Ky5FFpxxA", JwtFault::kBadSignature},
    {"ES256: r plus the order", R"({"alg":"ES256","kid":"es"})", kPayload,
     "7lUKwSQB-bNxBMrzdWLAed_6LzFbhgUH2Z53fBC9lxWo7UQnxCkPLe5fVacdj7mwuTYE-U2dBAyDL8RBl-J21A", JwtFault::kBadSignature},
    {"ES256: 63 bytes", R"({"alg":"ES256","kid":"es"})", kPayload,
     "7lUKwiQB-bJxBMrzdWLAeiMTNIO0bmaC5eSsuRRaccSo7UQnxCkPLe5fVacdj7mwuTYE-U2dBAyDL8RBl-J2", JwtFault::kBadSignature},
    {"ES256: 65 bytes", R"({"alg":"ES256","kid":"es"})", kPayload,
     "7lUKwiQB-bJxBMrzdWLAeiMTNIO0bmaC5eSsuRRaccSo7UQnxCkPLe5fVacdj7mwuTYE-U2dBAyDL8RBl-J21AA",
     JwtFault::kBadSignature},
    {"ES256: as DER", R"({"alg":"ES256","kid":"es"})", kPayload,
     "MEYCIQDuVQrCJAH5snEEyvN1YsB6IxM0g7RuZoLl5Ky5FFpxxAIhAKjtRCfEKQ8t7l9Vpx2PubC5NgT5TZ0EDIMvxEGX4nbU",
     JwtFault::kBadSignature},
    {"ES256: 96 bytes", R"({"alg":"ES256","kid":"es"})", kPayload,
     "AAAAAAAAAAAAAAAAAAAAAO5VCsIkAfmycQTK83ViwHojEzSDtG5mguXkrLkUWnHEAAAAAAAAAAAAAAAAAAAAAKjtRCfEKQ8t7l9Vpx2PubC5"
     "NgT5TZ0EDIMvxEGX4nbU",
     JwtFault::kBadSignature},
    {"ES256: all ones", R"({"alg":"ES256","kid":"es"})", kPayload,
     "_____________________________________________________________________________________w", JwtFault::kBadSignature},
    {"ES384: zeros", R"({"alg":"ES384","kid":"es384"})", kPayload,
     "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
     "AAAAAAAAAAAAAAAAAAAA",
     JwtFault::kBadSignature},
    {"ES384: of 64 bytes", R"({"alg":"ES384","kid":"es384"})", kPayload,
     "eV1RzVhnN9s7pEs8kc7vmWaRWKsu68P7XYvJp1i17CMQ8r5eP20I07ig63JKE8Kb_4gJUEeqiC_H4M--REeHNQ", JwtFault::kBadSignature},
    {"RS256: zeros", R"({"alg":"RS256","kid":"rs"})", kPayload,
     "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
     "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
     "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
     "AAAAAAAAAAAAAAAAAA",
     JwtFault::kBadSignature},
    {"RS256: one", R"({"alg":"RS256","kid":"rs"})", kPayload,
     "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
     "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
     "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
     "AAAAAAAAAAAAAAAAAQ",
     JwtFault::kBadSignature},
    {"RS256: the modulus less one", R"({"alg":"RS256","kid":"rs"})", kPayload,
     "uVzpXDfkiLrbyv-UqUPSmInhaF47V3VIBq85yT40CbaXsNvNW-lIZ9fpmGBgVZ6lAjLBAh60M9EFPlvzM5uJ_DuK1v6MUGaTELVJgfi_QGVV"
     "fdQ55-a-x01RDaLyeq87jpp5K41vhBG2nhsjnAArvjzV4onNEBk0NrT8FH_WLWtIAxV-3FevOSVPYmN99ljMyBSppFTxNyyvVcY1Xz_ltx_o"
     "o9TUwrbDdJbgf05Mk-8y4iY7NrWgqiVUVhVN7Yl2RmXu9marC39pzy5wzEgQjE3JpAC4n6OXZhHyDs9EDGl2h7wzMcHpkPLnfBwcgoS8GFqb"
     "Zdm9qAvrY-37cZS2QA",
     JwtFault::kBadSignature},
    {"RS256: plus the modulus", R"({"alg":"RS256","kid":"rs"})", kPayload,
     "AT2q_S6TbbUNUwsg5dc1Dqv4aXk4T8Z4BStDJe2vIFNr1fH1ZKQIJH0v5slftTuRKjshCmznsnzVKZl7b4LQS-Zj1uyDNyCWO4YQgfV0gnor"
     "MS20V91zrFui6HWcGDjw_pKWGdPs44NbPIfs9GJyvdyTKt-g2kvLl4himqhcbPZRwXRvO8EPqvxwZc6jgEfBMdoxrUTek9gFpqxhLhOuk6yq"
     "8JZMAWO6smoc_3C8kVyQV63A4f39-GIuWchajm3rjFvpKTH6BgmvRdCJFROWcxHcJoJiECpEpCZgdn0WB5fesqPBVoL6WghgIsmAJsRgPY7Q"
     "i803Gq4gVoROaHhbx5k",
     JwtFault::kBadSignature},
    {"RS256: a zero first", R"({"alg":"RS256","kid":"rs"})", kPayload,
     "AIROE9JbiSxSd0AhUS3xPBNuiBDaFG8CvSST7CRw7Em1PkEZl0ge3BVX_TD_VOXyhTjuSWrI_kkEJFsffE80weooTBWEqtAvqHVbOHN7wznF"
     "26_gHfWM7ZRVl2f5Jb5BwwP7oKhfc_9JhenR0MZykh5WVP0XDTuyY1GtnpPclsjmeXFZvOS3-8NLFmxAAlFoZRIdA6CJoqDY91aa-LRurfWL"
     "B_J3LKED7vWGHvFuRMihJMuapsdIV7gJBXJFQIBiFhWDOjuTWv4v3AFapEdOYoWOXN5hV4qhDMBOhG5Gw4t1PBwFI1E4cHdtO01kCkHbgXZ1"
     "8GddXQYUayBgbQbHEVg",
     JwtFault::kBadSignature},
    {"RS256: 255 bytes", R"({"alg":"RS256","kid":"rs"})", kPayload,
     "ThPSW4ksUndAIVEt8TwTbogQ2hRvAr0kk-wkcOxJtT5BGZdIHtwVV_0w_1Tl8oU47klqyP5JBCRbH3xPNMHqKEwVhKrQL6h1Wzhze8M5xduv"
     "4B31jO2UVZdn-SW-QcMD-6CoX3P_SYXp0dDGcpIeVlT9Fw07smNRrZ6T3JbI5nlxWbzkt_vDSxZsQAJRaGUSHQOgiaKg2PdWmvi0bq31iwfy"
     "dyyhA-71hh7xbkTIoSTLmqbHSFe4CQVyRUCAYhYVgzo7k1r-L9wBWqRHTmKFjlzeYVeKoQzAToRuRsOLdTwcBSNROHB3bTtNZApB24F2dfBn"
     "XV0GFGsgYG0GxxFY",
     JwtFault::kBadSignature},
    {"RS256: of an Ed25519 key", R"({"alg":"RS256","kid":"rs"})", kPayload,
     "0HPNupMPidWFe-4XorkA-UNSvXHSFeapQVVxCFOcv_SqWjK-sMI8o-3iw-Wc1_xgHTi6gfzJExbYGSIps3JGAw", JwtFault::kBadSignature},
};

std::string text_of(const Token& token) {
  return base64url_encode(token.header) + "." + base64url_encode(token.payload) + "." + std::string(token.signature);
}

/// A filter that asks for a token of issuer "i" for "a" that ends some day.
struct JwtAttack : testing::Test {
  JwtAttack() {
    auto provider = std::make_shared<JwtProvider>();
    provider->issuer = "i";
    provider->audiences = {"a"};
    provider->keys = std::make_shared<const Jwks>(*Jwks::parse(kKeys));
    provider->require_expiration = true;
    JwtAuthnConfig config;
    config.rules = one_rule();
    config.requirements.emplace_back(JwtRequirement{.kind = JwtRequirement::Kind::kProvider, .provider = provider});
    config.providers = {provider};
    config.stats = std::make_shared<observe::StatGroup>(registry, kJwtAuthnSchema, observe::StatName{"h", {}});
    exchange = std::make_unique<FakeExchange>(make_jwt_authn(std::move(config)));
  }
  /// "OK", or why it is refused.
  std::string judge(std::string_view token) {
    exchange->reply.reset();
    exchange->head.headers.set("authorization", exchange->memory.concat("Bearer ", token));
    return exchange->request_head() == Verdict::kContinue ? "OK" : std::string(exchange->reply->body);
  }
  observe::Registry registry;
  std::unique_ptr<FakeExchange> exchange;
};

TEST_F(JwtAttack, what_is_right_is_let_in) {
  for (const Token& token : kGood) EXPECT_EQ(judge(text_of(token)), "OK") << token.what;
}

TEST_F(JwtAttack, nothing_else_is) {
  for (const Token& token : kBad) EXPECT_EQ(judge(text_of(token)), text_of(token.fault)) << token.what;
}

/// Changes of the text of a good token, below JSON.
TEST_F(JwtAttack, the_text_has_one_form) {
  const std::string good = text_of(kGood[0]);
  const size_t payload = good.find('.') + 1, signature = good.rfind('.') + 1;
  const std::string head = good.substr(0, payload), body = good.substr(payload, signature - payload),
                    tail = good.substr(signature);
  const std::string of_two = head + body;
  const std::pair<std::string, JwtFault> texts[] = {
      {"", JwtFault::kBadForm},
      {".", JwtFault::kBadForm},
      {"..", JwtFault::kBadForm},
      {of_two.substr(0, of_two.size() - 1), JwtFault::kBadForm},
      {of_two, JwtFault::kBadForm},
      {head + "." + tail, JwtFault::kBadForm},
      {"." + body + tail, JwtFault::kBadForm},
      {good + ".", JwtFault::kBadForm},
      {good + "." + tail, JwtFault::kBadForm},
      {head + body + "x.y." + tail, JwtFault::kBadForm},  // five parts, as an encrypted token has them
      {"." + good, JwtFault::kBadForm},
      {head.substr(0, head.size() - 1) + "=." + body + tail, JwtFault::kBadHeader},
      {head + body.substr(0, body.size() - 1) + "=." + tail, JwtFault::kBadPayload},
      {good + "=", JwtFault::kBadSignatureText},
      {good + "==", JwtFault::kBadSignatureText},
      {good + "A", JwtFault::kSignatureLength},
      {good + "AA", JwtFault::kSignatureLength},
      {good + "AAA", JwtFault::kBadSignatureText},
      {good.substr(0, good.size() - 1), JwtFault::kBadSignatureText},
      {good + " ", JwtFault::kBadSignatureText},
      {" " + good, JwtFault::kBadHeader},
      {good + "\n", JwtFault::kBadSignatureText},
      {good + '\0', JwtFault::kBadSignatureText},
      {head + "\n" + body + tail, JwtFault::kBadPayload},
      {head + "+" + body.substr(1) + tail, JwtFault::kBadPayload},
      {head + "/" + body.substr(1) + tail, JwtFault::kBadPayload},
      {head + "\xef\xbc\xa1" + body.substr(1) + tail, JwtFault::kBadPayload},  // a letter A of another kind
  };
  const Jwks jwks = *Jwks::parse(kKeys);
  for (const auto& [text, fault] : texts) {
    Jwt jwt;
    JwtFault found = jwt.read(text);
    if (found == JwtFault::kNone) found = jwt.check_signature(jwks);
    EXPECT_EQ(text_of(found), text_of(fault)) << text;
  }
}

/// Of each character, the bits that do not make a byte are zero: a token has one text.
TEST_F(JwtAttack, no_other_last_character_will_do) {
  const std::string good = text_of(kGood[0]);
  for (char c : "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"sv) {
    std::string other = good;
    other.back() = c;
    if (other == good) continue;
    EXPECT_NE(judge(other), "OK") << c;
  }
}

TEST_F(JwtAttack, no_byte_of_a_token_can_be_changed) {
  const std::string good = text_of(kGood[0]);
  for (size_t i = 0; i < good.size(); ++i) {
    std::string other = good;
    other[i] = other[i] == 'A' ? 'E' : 'A';
    EXPECT_NE(judge(other), "OK") << i;
  }
}

TEST_F(JwtAttack, depth_and_length_have_an_end) {
  auto payload = [](const std::string& claim) {
    const std::string text = R"({"iss":"i","aud":"a","exp":4102444800,"x":)" + claim + "}";
    return base64url_encode(kHeader) + "." + base64url_encode(text) + ".AAAA";
  };
  const size_t many = 200'000;
  EXPECT_EQ(judge(payload(std::string(90, '[') + std::string(90, ']'))), text_of(JwtFault::kSignatureLength));
  EXPECT_EQ(judge(payload(std::string(101, '[') + std::string(101, ']'))), text_of(JwtFault::kBadPayloadJson));
  EXPECT_EQ(judge(payload(std::string(many, '['))), text_of(JwtFault::kBadPayloadJson));
  EXPECT_EQ(judge(payload(std::string(many, '[') + std::string(many, ']'))), text_of(JwtFault::kBadPayloadJson));
  std::string objects;
  for (size_t i = 0; i < many; ++i) objects += R"({"x":)";
  EXPECT_EQ(judge(payload(objects + "1" + std::string(many, '}'))), text_of(JwtFault::kBadPayloadJson));
  EXPECT_EQ(judge(payload("\"" + std::string(many, 'x') + "\"")), text_of(JwtFault::kSignatureLength));
  EXPECT_EQ(judge(payload("\"\xff\xfe\"")), text_of(JwtFault::kBadPayloadJson)) << "no UTF-8";
  EXPECT_EQ(judge(std::string(many, 'A')), text_of(JwtFault::kBadForm));
}

}  // namespace
}  // namespace proa::filters
