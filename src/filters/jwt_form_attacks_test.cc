// Tokens whose header or form would have them believed.
#include "filters/jwt_attacks.h"

namespace proa::filters {
namespace {

using namespace std::string_view_literals;
using F = Refusal;

const JwtAttack kAttacks[] = {
    // What proves that the others fail for their own reason.
    {"good EdDSA", kEd, kGood, "NLTS8qdLjmBkoa6aswMKgtTMUwyk3EyE3q_h0t0J69BN5e0YXVGCxKX2dCvEAP4MYueF5AQGweh-Wp3cTjfmDw",
     F::kNone},
    {"good RS256", kRs, kGood,
     "zP2YZlWGb_fuz_A3pGjoPtIPEeOrHYo01a6cMUbz0OM0pA5TCkrBBH5AGkFVbQD0fNeyeIUtJilI1tPhaElYSo6HAcmDXhr53egpEdcUnBTdn5_"
     "cbWxW6dx88ZLNYRhkdKgjQUo8NgEvNZxBwaB8G-iJBglF9w-5BtS6x4p7e9EG1R57KeSlfcdwP3PWZnFCItJQ0J-"
     "MTzD2UOSxdz8taZLDcpH6Z0ddyPXQaWBSnPUmN8uxBwTag9yitRiQUw2gnJ98SWx73J1c4zwkBC0xkxqPGGOSCt6lXyjstrQEewB7YGBbH8iptu04"
     "4wTv-UsN9l9CTi-t7XalEp4yI4kWTQ",
     F::kNone},
    {"good ES256", kEs, kGood, "62PCo3QYwY48xWLejFsdEqGJDJ9Q6nPMgssGZO8KF8wRupT3cuHsTeg6Zl1VoJ__8YTabSmKntRChW8F9zmXrA",
     F::kNone},
    {"good PS256", "{\"alg\":\"PS256\",\"kid\":\"rs\"}", kGood,
     "MIKmiKMazZO4sR5jZrasPYuruusSKujMg-LxLm7pTGG_G_m37-"
     "JfeVGl3Ceda5ykFGXihxdEVk7JG04Qelw6gWxeKon6itIG4HhTbxqDoenUxsUSFA8wDErHw8fUgvIlDWlKHeS4uLt-"
     "0c1e5A0YhYYrtINf7jA4iRgAafNAWFbcYWwO1EXXid0s1fTNLg3YSEYuq_M9kyrg9c5ZNQqM1Tke3sdhcM-"
     "KGGRqstdBiuALqhJVMWKvbGQysKd8uK3SvMM7q5AFQKXD3NNsDfhZIV8lGze9l6b7sqS0qdd74oDCCW8p8IOB5-"
     "v6K4FDLvIg8FdmPOKaVfsg27a9YvS26A",
     F::kNone},
    {"good without kid", "{\"alg\":\"EdDSA\"}", kGood,
     "Aw9gHx063HU5l7vG7LXH12etPSGo7NCOFIIiqahYlnkT2SDFARuG7N5l_rnr2lZcq8cLavQUudp2JMq7LxREBw", F::kNone},
    // The header does not choose how it is believed.
    {"alg none without signature", "{\"alg\":\"none\"}", kGood, "", F::kBadForm},
    {"alg None without signature", "{\"alg\":\"None\"}", kGood, "", F::kBadForm},
    {"alg NONE without signature", "{\"alg\":\"NONE\"}", kGood, "", F::kBadForm},
    {"alg nOnE without signature", "{\"alg\":\"nOnE\"}", kGood, "", F::kBadForm},
    {"alg none with a signature", "{\"alg\":\"none\"}", kGood,
     "eDXbeHyeUKpCiZMZ8-aT26pjma5lb2CpSTtoNfuxh53fozSlMbI6wqwgmCWkcngjhsrPKoEyOhbi4S53XLwZAA", F::kBadAlgorithm},
    {"HS256 with the public key as secret: modulus", "{\"alg\":\"HS256\",\"kid\":\"rs\"}", kGood,
     "2J_Nt54YKunKftp7lk96ezgoSc9TTaLZmUaxN4uSirQ", F::kBadAlgorithm},
    {"HS256 with the public key as secret: PEM", "{\"alg\":\"HS256\",\"kid\":\"rs\"}", kGood,
     "9CQJfLftYgmZUtcCsDA6PuzFJr3m75Z1QCGjMxAYsIo", F::kBadAlgorithm},
    {"HS256 with the public key as secret: DER", "{\"alg\":\"HS256\",\"kid\":\"rs\"}", kGood,
     "eVxqXnkiClE1kASfjIWJn9aVUsW4aGj9cimPmdL6JAY", F::kBadAlgorithm},
    {"HS256 with the public key as secret: empty key", "{\"alg\":\"HS256\",\"kid\":\"rs\"}", kGood,
     "6jDjPY5O6EkET8bkomaW515epXhFRAc31kVUBs976dU", F::kBadAlgorithm},
    {"HS384 with the public point", "{\"alg\":\"HS384\",\"kid\":\"es\"}", kGood,
     "S-ivJTSJkxEBStHbWgzadxrymiGBfZWAHGRRAeg0FOpiVly9sVmEmmb_NxwdNnfu", F::kBadAlgorithm},
    {"HS512 with the public Ed25519 key", "{\"alg\":\"HS512\",\"kid\":\"ed\"}", kGood,
     "T4Gi_S6s8DEiJBHvpqZaYsupa-az7kypHX58SMddhumsHRFawKGFFZpY0ENhb42O_SwYNsUFLefZNaSWzNIusQ", F::kBadAlgorithm},
    {"RS256 with the key of another kind, es", "{\"alg\":\"RS256\",\"kid\":\"es\"}", kGood,
     "YGxczgEagA90krqkD6mVcTMji8xWdYHD7ItaXfH4mSgsnsd6xxwBCfOuQBOkRY3Gy1CJt3e7rrE_LyMnpo74Zw", F::kNoKey},
    {"RS256 with the key of another kind, ed", "{\"alg\":\"RS256\",\"kid\":\"ed\"}", kGood,
     "4rhxbi9-M-eimtTulUcAl37bXaCuQvbxolfd-gZ4ZAu2eKZRcreB4TJXUNHyw5RcLyRooixMUuHqUdLfl4f2Dg", F::kNoKey},
    {"ES256 with the key of another kind, rs", "{\"alg\":\"ES256\",\"kid\":\"rs\"}", kGood,
     "chAjo82W_n4rG85DucxJ8yy9qcXNWopVN1FOIiUTeZOQne7UMyHclJHDYI3sghJsL40Ff-382qWxmsu43MeFpXSCdW9jNEHr1HuYv2QOQeCkeP_"
     "2grJPzglfZC497zJFUaufUS1EIZx-nkN8t-vAxBmtiCOkXUsHTP7MEuJ3eQuvJ1MefASrr_"
     "rtD5bVM7Gr8Bj2mM1tCP1oZ0iTfyeT655WLzk1zrG22QgiOtY4i7X-JpU2hR1bbw2m4DJ4x_"
     "TOFLaG4tFVEKNzjpQRayAm2lN45k0b6VTC6vMAuGcQUjeqsVnZ0OFIoxu5lNmxg5EATcW6vGzcefN1Js3090oGRw",
     F::kNoKey},
    {"ES256 with the key of another kind, ed", "{\"alg\":\"ES256\",\"kid\":\"ed\"}", kGood,
     "6JWD_apy0BAec8sBcypPndh4DioayhJfIFMZv6M8pZzJ3anw-Q8FZBTJwy3f33gurzrWu_U6Gk6i9sG_W5PdAA", F::kNoKey},
    {"EdDSA with the key of another kind, rs", "{\"alg\":\"EdDSA\",\"kid\":\"rs\"}", kGood,
     "xU8loDJfGofchqtq28mcjkeMg2iCYPPq2wLC22crWx-"
     "FD3JiAtjzWGmWqhL9iGjcux1g6f1uJJStaHYd0NiWEQamtapAvy7dqPkKe9ZLkK21VCf4d9Krt5692RkOdF4M4EzcdyNcvl2gc1T4hF1pCEZu-"
     "vX4e9G2eAv_IOEnmghf_B92WaW0W5ccr3FftsyBBJbSdq-"
     "cmSulxxbeNsxDI14kIoJx3BAwIyHB3QvkPcueD31mXrb3zkbkgammOLGcDvvhZbOvlrd9NXyqqeQa6VgwIT8mOy1aGNeBqSrnB1bz3ExAn7qiWCDT"
     "giny3he1ugxzVcmpmG07wbwRPFvUFw",
     F::kNoKey},
    {"EdDSA with the key of another kind, es", "{\"alg\":\"EdDSA\",\"kid\":\"es\"}", kGood,
     "lPueJgqOlNKtQSdfbz-U1SrxNktRmKSX47l1TT3GGBiiY0RNW4DsWZ_XcJbOjFVbq93vWMM5PWnfsC_pKSjTUA", F::kNoKey},
    {"PS256 with the key of another kind, es", "{\"alg\":\"PS256\",\"kid\":\"es\"}", kGood,
     "ZIdXXrdmB-cmLVwiONLiucehzULwM4_sQfWgsw6c1zG-F7eDFl1gVey4MgeWIt560l3xG0efj0RZPRYhS0sGtA", F::kNoKey},
    {"ES384 with a P-256 key", "{\"alg\":\"ES384\",\"kid\":\"es\"}", kGood,
     "BlIrVO6hY4kbTpgKz1W_0jqOc4-Yi_e13EgciC5VVZbgXO_2yojLTv2OVo-QaoiiN_bPbQSJ8VacAuq0rE6hng", F::kNoKey},
    {"PS256, signed as RS256", "{\"alg\":\"PS256\",\"kid\":\"rs\"}", kGood,
     "MNkicbmcTmX8hja7wCCmokWjKpr_buvi5P3WINf1u3pmMfuSXU-PanjL_KnLTzPMBe-5WEfkgtVHF_"
     "NA2B3u8XAQJ7PPDvKaHiEvBD0dB5fQjYViV6jjydAX5ZNfkVZZWWA0sXc0TsMsTC7GrreKYxcT9zHUiQAA-GuwDg2S9rZ0KnpvosRWTh8g0J6C_"
     "js51DHf5MFTnV087xf7TkWO76tHYf_VsttvLsI7xk49paHUWwnbQwuGc7z-_"
     "nij660qdRxQWkKLLeqr5NBQmuwYPP9HNTDf5cnnhYGe8rTcyMudB20N8CxEieSKd9bmkKP-0lbMnUw2Rcc8CkRuDrrW5w",
     F::kBadSignature},
    {"RS256, signed as PS256", kRs, kGood,
     "IUfT-pjX_YK07Am6XfYXKpVo_MPXbPGx3Y1xeI1bqKusN1H9SDYf3rkxoBqXtAkpbP5rNfaUIukT6Qijv4PYtcraItZWMMxGX1EMkE_"
     "ZI12CEaETuR2Ernwkh2vV4IngMMM9gQqYWIE752iyUkpkEwmQcX9h2Ryhy-"
     "jWDNg1oVm2MNtxJPBJDgXs964JwDhDyt1DCMGHV7E05Jj9afRU9phznL8fucSAYpKL--"
     "OteZqz25BBVbz4tVM8fSB9YyDYyshgnE9YhyntpNPw3AblPp7BEjwY3Z6cSE7HRQ6vuMJcVLcj5T0tlC4AVPyRNIEDeIl-qgOJz0SgHcoqP802pQ",
     F::kBadSignature},
    {"RS384, signed with SHA-256", "{\"alg\":\"RS384\",\"kid\":\"rs\"}", kGood,
     "HaxvMF3EyoMW5o09ki99uoWhpxhuMqVdVOE3xWqoqaXXZw3wgW4PHRwxvvaLCP1GR3wqdzu_"
     "DmefWahUk7mj4DFDQvY0O40CVK18noBu4wZnUn28NwHTUi-541MJ8pttK_KAIox-zRomaTLUYM99navrYiGA6vkZstsF4zVp9iY2qNGK1j-"
     "VAxy1zPaEP0AzZsPKwvUlaDkvQJgj2BViSXzHWc18SRsyM5I6I_"
     "T74tzRQuuvRhwh21qMzTKHklskAnb9ZmbAno7XViBPWdPI7Lh2QtdTdKnYTKqXuxJDk7JZkpUtJ8_F1DT1OFz4XP4_BBCuzBUlnTMTNta5rhphlA",
     F::kBadSignature},
    {"PS256 with a salt of no bytes", "{\"alg\":\"PS256\",\"kid\":\"rs\"}", kGood,
     "u2t2so6gGLYsuhQE2cEykWKnVO4D2M1pWRP_7WRSkIMyucJZgoiX0UsoLlKdzyvEBi9qoTJfKB5kGI-"
     "D7uGhqLoUN4jDvIpctpiY9XnNxA2Bxvtj0Ad8pwKexOCHR4gIUP32TWDzUXwlwavPm5TimSB9VVsc3eicVpIYMnmkmI7J3fl37JEk4u5ZC5kbHWuY"
     "Kvx0WJTFKbealLGZOs9qnDLZ-xmwrFubeWLIUJHrn9cQb4Y7hlrMt4Sr3yhAsLROY1R6HwZAn_c_G5mgndpWE2yFrr6rkxtv-"
     "0ND3KaDKpgZEAbkb9B5pGTEzJFlOJIwSNlVZaRIqvDJDxxZyl9mow",
     F::kBadSignature},
    {"alg \"ES256K\"", "{\"alg\":\"ES256K\",\"kid\":\"ed\"}", kGood,
     "jy0YMYZABBU1YBpiFXidLbwVXMgK3H8UPpLFfJWW-6PmZfIC3iSLSYz6J6fazXk6BAUQmKdYLFq9xlrwfeVJCg", F::kBadAlgorithm},
    {"alg \"Ed25519\"", "{\"alg\":\"Ed25519\",\"kid\":\"ed\"}", kGood,
     "3yPAljMVYPIp6INW5_1GpKVaecbbgwkhlOC5n317PVL21R0yZqhghxdE_uOW_oZ11lrjpHKHZEaAKmCSRMBYCQ", F::kBadAlgorithm},
    {"alg \"RSA1_5\"", "{\"alg\":\"RSA1_5\",\"kid\":\"ed\"}", kGood,
     "5OuuFB7Jj-dZAyfl5lgoCHmn3Jazruc7PD-9cLlX1mJbUDiJf0xajRJA68I0P1bgeYLO4ZqWWXX3gIsT7bdfBA", F::kBadAlgorithm},
    {"alg \"RS1\"", "{\"alg\":\"RS1\",\"kid\":\"ed\"}", kGood,
     "0hQGmTHcDOfwoHm5BeXEUt7AMwBxiczm4j6ck6aNqBVOrQTcxkVh7F-rsrdnbeP_n44CDsIOU1ObNEDtrKAVCA", F::kBadAlgorithm},
    {"alg \"RS256 \"", "{\"alg\":\"RS256 \",\"kid\":\"ed\"}", kGood,
     "IfmTgUWoZ-5Ws3XsIDTuOUirnspEdRoeSbeWK4PwWbm8sem2kMt8IMroR9qKS76Dszc26iovs1plY9qdGyu8Cw", F::kBadAlgorithm},
    {"alg \" EdDSA\"", "{\"alg\":\" EdDSA\",\"kid\":\"ed\"}", kGood,
     "i9N7H-819vEekAMq6qbMtha5MsD22Wh2BLavbmaizBME1jSHwAGFwtQRG-SC1PLu3RiRpDKbQxm-VIXYkD6JDw", F::kBadAlgorithm},
    {"alg \"eddsa\"", "{\"alg\":\"eddsa\",\"kid\":\"ed\"}", kGood,
     "6Y4aUPr2kW1HpouR2-QlK98-cbyDfyKhuigq3kp_8pQGCw1nVES9tdSsY-s2b-oFxcXL24sVzmEjpWff_aTjDw", F::kBadAlgorithm},
    {"alg \"EdDSA\\u0000\"", "{\"alg\":\"EdDSA\\u0000\",\"kid\":\"ed\"}", kGood,
     "B00Wkd1hfWte7c5oFzk0lfmRCg7xSzI8zIcMA2WQkX7o3ZYxpVU_PBYB5JpXsN6852zmBQk82tH9uKxkEpuOCQ", F::kBadAlgorithm},
    {"alg \"\320\225dDSA\"", "{\"alg\":\"\320\225dDSA\",\"kid\":\"ed\"}", kGood,
     "ZWQSu_7ZCvK_2fO9BtcQ5_9RzH3tniJI0B6Yw4zr7XmHv7si81o_bn4fuJ_Xkcl29sAlO6eCfoCOrWwoERj6Ag", F::kBadAlgorithm},
    {"alg \"\357\274\245dDSA\"", "{\"alg\":\"\357\274\245dDSA\",\"kid\":\"ed\"}", kGood,
     "5T1hmmEY3H-me_Y-pCZeeKqWEyIx--A9CkTNzoYVFCbDH52UBbRP_KVy53u9pOTmcYMnF-UYbFOQYtT3QSgZDA", F::kBadAlgorithm},
    {"alg \"EdDSA,none\"", "{\"alg\":\"EdDSA,none\",\"kid\":\"ed\"}", kGood,
     "rEnO0K9PvQgrg8B9iY8oHpxzqsbQpJwFCXrsEU9-uTbWhPeybKU8hRL7A6itTYUfkiSPf-9Fj70FwcqvY89QAw", F::kBadAlgorithm},
    {"alg \"\"", "{\"alg\":\"\",\"kid\":\"ed\"}", kGood,
     "dO9T4a85WvIltSqriA3zf55ONd1lN8gmPVMrqE3b11ms3XE06f45hOntA7tCSMwk8COaNSTUYIkPGECIACQsBA", F::kBadAlgorithm},
    {"alg that is no text: 1", "{\"alg\":1,\"kid\":\"ed\"}", kGood,
     "jl7wzNDaBjjBAxEKpcsWCCCLMl4prPTN-h_IF3gbWniuSEwwj9HLihGg0ymLiCfcNCqP4f6SagrwE2_oND9yBg", F::kNoAlgorithm},
    {"alg that is no text: null", "{\"alg\":null,\"kid\":\"ed\"}", kGood,
     "KaGVXQq07UGryf6AYD94XxuMXvVwAkyuA1C4iJkw1YYQI8KwAhXT6ot0XOFTlKzwfRzgyjjxWXm7fTj7OIhRCA", F::kNoAlgorithm},
    {"alg that is no text: true", "{\"alg\":true,\"kid\":\"ed\"}", kGood,
     "4XveX39PaOvuZosuY4eDJDdMCTjGWkhWsJPwvB7YlwtbznaQXl0w81SkL9CN0TSJv0yMjZuyNPEI-SkiLm18Bw", F::kNoAlgorithm},
    {"alg that is no text: [\"EdDSA\"]", "{\"alg\":[\"EdDSA\"],\"kid\":\"ed\"}", kGood,
     "uD6a-8DZ-T3xWxd4rSzaZzTd9bmFcq0nYxH9YHpbqIUHNGIk4Az4muavI6MKj6XwYp1IwZvTQQV2BVNMqlLzCA", F::kNoAlgorithm},
    {"alg that is no text: {\"a\":\"EdDSA\"}", "{\"alg\":{\"a\":\"EdDSA\"},\"kid\":\"ed\"}", kGood,
     "n3HMgjULsXtCkXBvz69Bw9cDLNXyRA0siwSRHCsXxSEHpYp_n5JREcYDdXbV39trtyZjMvf1OtjUALJUuJZcBQ", F::kNoAlgorithm},
    {"no alg", "{\"kid\":\"ed\"}", kGood,
     "Kbd0euHX3NSQn8zL2mP1jIWLDG2cvhVmCWoaFwuSvqRUZPOsDqp0uUzeFEelg9KR83PZ_VlBYzDCSd8lVFxVCg", F::kNoAlgorithm},
    {"Alg", "{\"Alg\":\"EdDSA\"}", kGood,
     "Abcg2nWUE83QxwqMT6t3yW9l8sglwN_QNNYyyqu7tLJ-HlkqEHQQ4SvGYYNrS27CNCWdRem8nIa1inHmHW9XCA", F::kNoAlgorithm},
    // Nor with which key.
    {"kid \"../../../../dev/null\"", "{\"alg\":\"EdDSA\",\"kid\":\"../../../../dev/null\"}", kGood,
     "C8nzO1xHCyA-p4w1qd2L0hIBUml0DzmoivHbLnuRPHyZHmwf_axuI3qJcKggdn7RAPRWvIDD31mNRK2K1ScRBQ", F::kNoKey},
    {"kid \"x' UNION SELECT 'key\"", "{\"alg\":\"EdDSA\",\"kid\":\"x' UNION SELECT 'key\"}", kGood,
     "avJa8mU-9NtFXp0YlsCu712sm-ReNnjYS9f9mF5wkbtYCdZZ3G6BUPcyDVlFZbkGEp-TQNcbIfXs8otVnpUBDQ", F::kNoKey},
    {"kid \"ED\"", "{\"alg\":\"EdDSA\",\"kid\":\"ED\"}", kGood,
     "b7l8CXJacnBUXNXJXSOeMzQXBGqU3u7qJEjIKmvQrl4UnFxLXMRQBgCcJWP_giS6Nyz2Oao7i1Jqk1EWxTpcCQ", F::kNoKey},
    {"kid \"ed\\u0000\"", "{\"alg\":\"EdDSA\",\"kid\":\"ed\\u0000\"}", kGood,
     "yFC_gdewS6BtnA58Tq8zPOdf6OpDWqYxLTY0XdH4fYAZIEblyOa3S2ezq4jfzGbMFMcFdYQXR9WR_zd51djPCA", F::kNoKey},
    {"kid \"ed \"", "{\"alg\":\"EdDSA\",\"kid\":\"ed \"}", kGood,
     "e9YoBbAQAVesQHniKZyuHaOXN3WsaIRUApNb0ECe_uL6BUkedLC9cC4uY_YSu-QI2loEkwt5Krzf32LMcZr6Bw", F::kNoKey},
    {"kid \"|ls\"", "{\"alg\":\"EdDSA\",\"kid\":\"|ls\"}", kGood,
     "agnVROTTVCktHdgdltCZ1oe-HPeIpsJLEYk-TQItD6yvih7i3DCVE8yEvDoxEbM9m2-2tDkEHeZ_U2UmYo1dAg", F::kNoKey},
    {"kid \"\320\265d\"", "{\"alg\":\"EdDSA\",\"kid\":\"\320\265d\"}", kGood,
     "Eqp-pzH3urUvfaAuEtcEd4AluCxdsREnNLMkMHC4yOt_ltNttPzfNWj0dbKjgJWPg57sitcjrtXrD19jyDCNDQ", F::kNoKey},
    {"kid \"0\"", "{\"alg\":\"EdDSA\",\"kid\":\"0\"}", kGood,
     "Tx56LQuMWz3_xSlFAtpbZ_m3qMyoCvRP2eb3vuuo7wpQYkIq0mxkk1asFY984KYB2wELl93HC5dA7usZLMXzDg", F::kNoKey},
    {"kid that is no text: 1", "{\"alg\":\"EdDSA\",\"kid\":1}", kGood,
     "jICH2na9mc-LB1jJm4MoinmsYzRlhKR5-hQ4uanqF9eea6w8ELWBJbHdYVj4XLo95-redacQfb8aWZpwGktqCw", F::kBadKeyId},
    {"kid that is no text: null", "{\"alg\":\"EdDSA\",\"kid\":null}", kGood,
     "_dBjj0MgLNmgsvvB6vjFxQ_CC2qaYS-nmNCgS20VUgj9xh41QEpLEMxSTIzAv3AAenW9gD8zawvkOwGmJR8ZBQ", F::kBadKeyId},
    {"kid that is no text: true", "{\"alg\":\"EdDSA\",\"kid\":true}", kGood,
     "mtpXkE3uMhKGqTayXfS1pRiEuBAnvY6W_WaMOkbI5CCnIcWfb7ykMDuyHsNGqwsP9gWDFrVdS8fQpfBWm2LcDg", F::kBadKeyId},
    {"kid that is no text: [\"ed\"]", "{\"alg\":\"EdDSA\",\"kid\":[\"ed\"]}", kGood,
     "1fdyqIn5COoynftLP5-VjhEUnqC8rhDRYLlXs32BMSdElnRa72M4abipZDZfZjc7H5uaFRapKeJJTm82Ci4WBA", F::kBadKeyId},
    {"kid that is no text: {\"kid\":\"ed\"}", "{\"alg\":\"EdDSA\",\"kid\":{\"kid\":\"ed\"}}", kGood,
     "cQoQa0P-POpBT6NUI_HKdlgprKaHXJlGFirVai1XBCSc696-82H_XvTDtJh6fziqriWYZrgChESW_fBqMbD5Ag", F::kBadKeyId},
    {"empty kid, a stranger's key", "{\"alg\":\"EdDSA\",\"kid\":\"\"}", kGood,
     "pqqh7BDSwVqzq-C5AivBdQ47MgLyyeMxwKZDC32qyVaPvhGIagKEauLL3Krbd-A2tnABKKYTFbN2oTw0FZkBBA", F::kBadSignature},
    {"no kid, a stranger's key", "{\"alg\":\"EdDSA\"}", kGood,
     "ZLknGW1TUVnd9qznqBKPxV0rs3c6w54Xbd-Jpl1XH9MXQ2uVqGTXpOdvUJWTObeCR2-TSe02hXJQXCugm82sDg", F::kBadSignature},
    {"a stranger's RSA key", kRs, kGood,
     "IZ7iNza1yiqNhehH3hDNjhXLOHZTovK2MoIdAdYHKAtCO-dVUSPTT7dvXJ-LuQwKVVW3R_NCE7l7dBHJmgGvMKz3Zw99rCIMPg6uZm5hJc3a_"
     "KdsJo_MLWdYA_mbtskpcaUV_O2rU1WfL-JDJGHaZ-Xq6G1HRc4ikMKPLq1NyaTUjSjYwiPBGz2TRDRpnuhx_"
     "6PsrwHVW2XUGQkgmWTPRHAHUSjBS3z3AEwKPAu-t0ipI8M2h4y_9lxTWriilWeiFd5hjgogpRAdAUm4ppL7r9nXkmVxexr_"
     "1cstCIyJb6MuMpvqgHauyxX3xAMY7Tvv9CGl1yPL9J4t3I4Mp9nylA",
     F::kBadSignature},
    {"brings its own key (jwk)",
     "{\"alg\":\"EdDSA\",\"kid\":\"ed\",\"jwk\":{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"kid\":\"ed\",\"x\":"
     "\"dhKUZIF9NTt8OQ0LX9ern7zP1Gbqw7xQ8n1OikcxNZo\"}}",
     kGood, "UkQFgEIqGFwjBDQd6IFnv7Lr0kylAWkz9xCrvIyxDp3mvkTMqxt7HDvOcNCqAAlJJ_DMN6xS5mzKtnykAz87Bg", F::kBadSignature},
    {"says where its key is (jku)", "{\"alg\":\"EdDSA\",\"jku\":\"https://evil.test/keys\"}", kGood,
     "g9GWFdtYCGLDqgChkd8EsOfIsXrO2CPAZLNyUEwmTSMvelwhnzv4gB6XIXFYTsFSFpJ5nzOcCWFOgQgK4sOsBQ", F::kBadSignature},
    {"says where its certificate is (x5u)", "{\"alg\":\"EdDSA\",\"x5u\":\"https://evil.test/cert\"}", kGood,
     "rx3zyE9ivt3QW8A8cy3jm4bRUXlxhjxWAZdehvnbtdj91aDQgZcuI7sCZb_X0OdgPB2F4q9Om9b43ek-H_-RBg", F::kBadSignature},
    {"brings its own certificate (x5c)",
     "{\"alg\":\"EdDSA\",\"x5c\":[\"dhKUZIF9NTt8OQ0LX9ern7zP1Gbqw7xQ8n1OikcxNZo\"]}", kGood,
     "ZwhTs_zhWzN4ZS0Pd0Snxrs3pf2HhWfnRM34hAIxI4fZoGkeuBySldnVU7s40IMZqqbp6GMMdbGStWY2WYnuAg", F::kBadSignature},
    // What must be understood (crit) is not.
    {"\"crit\":[\"exp\"]", "{\"alg\":\"EdDSA\",\"kid\":\"ed\",\"crit\":[\"exp\"]}", kGood,
     "jOCPmm4Mx-x-IKq9kxP0mEWkji8RzgzZ337pZa_CKFwtZnXmghdb6-jFRHDMMq-WddoURjAPjscCp6NjSy5_Bw", F::kBadAlgorithm},
    {"\"crit\":[]", "{\"alg\":\"EdDSA\",\"kid\":\"ed\",\"crit\":[]}", kGood,
     "qUq3PEq6v2Q1wIjLMT4y-pRTLXJqSoqWpt2Wp1CBJ3D1yerhJLL3LX8vbmUH2OFchFOU06qy7E5hfPpNTay6Cw", F::kBadAlgorithm},
    {"\"b64\":false,\"crit\":[\"b64\"]", "{\"alg\":\"EdDSA\",\"kid\":\"ed\",\"b64\":false,\"crit\":[\"b64\"]}", kGood,
     "9W3QFPVrx92fglXehNv03rdjxaYkE-6VPCPQmirblIz8bduLpEKXgyB-lTPcAXzJEcC7w_YAAp0MMJ217S3mDQ", F::kBadAlgorithm},
    {"\"crit\":null", "{\"alg\":\"EdDSA\",\"kid\":\"ed\",\"crit\":null}", kGood,
     "D-nHdD8MW_dVLaaeM2QpDVCfYoZr9TXs13i9TUXkHWlOFVsiyP_Jqu-PWauUC65zc0IRrOXGnASlSyfLG2H4Cg", F::kBadAlgorithm},
    // A member that stands twice: two readers could take another one each.
    {"header \"alg\":\"none\",\"alg\":\"EdDSA\"", "{\"alg\":\"none\",\"alg\":\"EdDSA\"}", kGood,
     "Gv_DSDr0VXmwBlIpQ9KZrEGZ8A1zfFt5Hvq5KSn0rwsz2Vv2vBG_enPk83dfpUEzqPwVGj4GeMG8c9Zb8c63BQ", F::kBadHeaderJson},
    {"header \"alg\":\"EdDSA\",\"alg\":\"none\"", "{\"alg\":\"EdDSA\",\"alg\":\"none\"}", kGood,
     "zFRbImo5q2RmckaRHPMoVhz_dmCODY-jmlwTo83F_7QMSyuDfMe4sWzobMkXU2syh-Qiuo2PqV9DjrTA0YqMAQ", F::kBadHeaderJson},
    {"header \"alg\":\"EdDSA\",\"kid\":\"x\",\"kid\":\"ed\"", "{\"alg\":\"EdDSA\",\"kid\":\"x\",\"kid\":\"ed\"}", kGood,
     "Ah-DPVspExiJMT5XPt1sYHEFu9_X3w32SpxB0tvP3enKTe7-SVrSPnpJnxN3n7OQSSew5yOEUv79nov-1E2uAA", F::kBadHeaderJson},
    {"header \"alg\":\"EdDSA\",\"\\u0061lg\":\"EdDSA\"", "{\"alg\":\"EdDSA\",\"\\u0061lg\":\"EdDSA\"}", kGood,
     "pQpqwXgtFCGg8oPKD8XE-ebk3qRamkfc-EFwlW943bHrCShUvLggRT3Nh7f6UzXV0tjlSqJApRliiQg1fMk-Cg", F::kBadHeaderJson},
    {"payload ...hop\",\"exp\":4102444800,\"exp\":1}", kEd,
     "{\"iss\":\"https://issuer.test\",\"aud\":\"shop\",\"exp\":4102444800,\"exp\":1}",
     "ckiK63M1SVSd8bfyoPhhupbeWphzOfbxLxMea-qOSCWnY9ox02Op2iJ048lGZG9o_QsesrAOgrPmzcJfRaP0Cg", F::kBadPayloadJson},
    {"payload ...0,\"iss\":\"https://issuer.test\"}", kEd,
     "{\"iss\":\"https://issuer.test\",\"aud\":\"shop\",\"exp\":4102444800,\"iss\":\"https://issuer.test\"}",
     "2PFl4sK7W4F8SI0d5hCdQV5tYXw6v0HaqLxKpcKAMxGANOMP6cPXDbI8XzBjDjaYUICWWsV8-Cp1SVeLB_9jCA", F::kBadPayloadJson},
    {"payload ...p\",\"exp\":4102444800,\"sub\":\"b\"}", kEd,
     "{\"sub\":\"a\",\"iss\":\"https://issuer.test\",\"aud\":\"shop\",\"exp\":4102444800,\"sub\":\"b\"}",
     "msHXzwDUE5rmbsOlfSon8gqKc9Mvh0-640uNdupez_g6Bkrq4hDw44AsTYuX7m4mZquvXlYlik0UJp_rlLuNBw", F::kBadPayloadJson},
    {"payload ...:4102444800,\"\\u0061ud\":\"shop\"}", kEd,
     "{\"iss\":\"https://issuer.test\",\"aud\":\"shop\",\"exp\":4102444800,\"\\u0061ud\":\"shop\"}",
     "qyvsbl5TAsrguXgHzfnnF3W3U-HhmaToHcwaeKjHzv_rjYl2p443yxmwvcTIe96aHsmXOHj9gFpM96SQafxdAg", F::kBadPayloadJson},
    {"payload ...:4102444800,\"x\":{\"a\":1,\"a\":2}}", kEd,
     "{\"iss\":\"https://issuer.test\",\"aud\":\"shop\",\"exp\":4102444800,\"x\":{\"a\":1,\"a\":2}}",
     "51CwkVTSw3uoK_icnASkasK2fD3FedSLSKOtA7M4PyGt86j0R1hInfBZtmH4zhSURdyflaDlkYD9aCHkDdPaAg", F::kBadPayloadJson},
    {"payload ...102444800,\"x\":[{\"a\":1,\"a\":2}]}", kEd,
     "{\"iss\":\"https://issuer.test\",\"aud\":\"shop\",\"exp\":4102444800,\"x\":[{\"a\":1,\"a\":2}]}",
     "158DnUk89I5Z1ZGFmxuoIvpSjWoBZiHrzhiWhkml-bFx0jtny3C_2GnSIiItgT3zbj8nAS7SB5HdavQjcHaAAg", F::kBadPayloadJson},
    // Not a JWS with claims.
    {"the head of a JWE", "{\"alg\":\"RSA-OAEP\",\"enc\":\"A256GCM\"}", kGood,
     "QAp-wHMrOLG8xHek-DW-cNw-izN6Pqi-N8q-U-FnnLj-izrN1jUzHSiWEFmfnkfRGbf6uMY81fOs7aOc26TKAQ", F::kBadAlgorithm},
    {"a JWE with a shared key", "{\"alg\":\"dir\",\"enc\":\"A128CBC-HS256\"}", kGood,
     "ftRlywuXQYWs7lthq28VzcYi_yOSIzlyekRRA7ygz_LLy2Lyb5Sn-jiE5nOGu3R1goFqlOZrdbhKA2CvRsf0Dw", F::kBadAlgorithm},
    {"a token in a token", "{\"alg\":\"EdDSA\",\"kid\":\"ed\",\"cty\":\"JWT\"}",
     "eyJhbGciOiJFZERTQSIsImtpZCI6ImVkIn0."
     "eyJpc3MiOiJodHRwczovL2lzc3Vlci50ZXN0IiwiYXVkIjoic2hvcCIsImV4cCI6NDEwMjQ0NDgwMH0."
     "NLTS8qdLjmBkoa6aswMKgtTMUwyk3EyE3q_h0t0J69BN5e0YXVGCxKX2dCvEAP4MYueF5AQGweh-Wp3cTjfmDw",
     "pXnB1iAwN6SOLoBHLzy_Fed-76jc-3aswMwHvApzCQlSlXOdEDg7a11wRydokkucS0MlOjkVW7Uy4t3uwGdoCA", F::kBadPayloadJson},
    {"a token in a token, as a text", "{\"alg\":\"EdDSA\",\"kid\":\"ed\",\"cty\":\"JWT\"}",
     "\"eyJhbGciOiJFZERTQSIsImtpZCI6ImVkIn0."
     "eyJpc3MiOiJodHRwczovL2lzc3Vlci50ZXN0IiwiYXVkIjoic2hvcCIsImV4cCI6NDEwMjQ0NDgwMH0."
     "NLTS8qdLjmBkoa6aswMKgtTMUwyk3EyE3q_h0t0J69BN5e0YXVGCxKX2dCvEAP4MYueF5AQGweh-Wp3cTjfmDw\"",
     "GyZD4mEka-rVxpa_QjfM2XQPjTkFv4t6RbFFddIcLlCScvaDnQLa5HO3JwHPiJjBzQRc9uMr8p22QK3uG07WBA", F::kBadPayloadJson},
    {"payload that is empty", kEd, "",
     "GtsBHVDbm4nUzozzAlSCJzUvZDgjBcXpiZKW97UqhGdkVtLnSMlL1jmMvpZZBCFjNOozbDdTFHCsa0hwBFUKDA", F::kBadForm},
    {"payload []", kEd, "[]", "YSAQkn-3OYRujFCz4iiY1VPamw6iax5I2zd8GR4JqFGIXdsYi_lr68onUPxb2pP-UeVx6W0TXFiS09FfOTCVBw",
     F::kBadPayloadJson},
    {"payload null", kEd, "null",
     "yw9FdH2KEkl0N2AQH5G6_WWeqSaQF0fWXswT04fa2MBRd-pmrzJonCena-Qf62z1Ec4l_RTUD_1d2w1eGB6bCw", F::kBadPayloadJson},
    {"payload 1", kEd, "1", "V8Qubh4LL0JWhfUXFVDEYClYVkBu0bhNj4gw_KHw49x3Lc7fm0ElK1QYE8LzRO5_R_ThMwLvlbXdPWl7QFbRAQ",
     F::kBadPayloadJson},
    {"payload \"a\"", kEd, "\"a\"",
     "CirrejAat45wbUKKDqAw9Hb0n1-QC_FL22LFeCkgYi54FyPgU9jE8OfQM8y00d9Ml2dp47rXb6sFvEEt-0tLDQ", F::kBadPayloadJson},
    {"payload [{\"iss\":..4102444800}]", kEd, "[{\"iss\":\"https://issuer.test\",\"aud\":\"shop\",\"exp\":4102444800}]",
     "UwT_Tl5z0Erl4-UQzlEHRhBypxFOPaQb9eRNSgIZnWHDEKfOsi-6lSIhEe9nkBJGExVGLvwiERkrkfEUDtJpDg", F::kBadPayloadJson},
    {"payload {\"iss\":\"..4102444800}x", kEd, "{\"iss\":\"https://issuer.test\",\"aud\":\"shop\",\"exp\":4102444800}x",
     "a0xxYDDV-UPu8lu8NAvHUtrwPbncpa1sjURv897WGUe-ValU1_Wbs1lbfyLjmZdhjLo1hEXWOzcQLSxbCu8BBw", F::kBadPayloadJson},
    {"payload {\"iss\":\"..:4102444800}", kEd,
     "{\"iss\":\"https://issuer.test\",\"aud\":\"shop\",\"exp\":4102444800}{\"iss\":\"https://"
     "issuer.test\",\"aud\":\"shop\",\"exp\":4102444800}",
     "YRFt9aIwvNmeHMudIITazrw-bbi-63uShXOhV-EulTaQp1T9Et5GNGmya9xpAyATYonHiMlq4QQDXX-10jKmAA", F::kBadPayloadJson},
    {"payload {\"iss\":\"..2444800}/**/", kEd,
     "{\"iss\":\"https://issuer.test\",\"aud\":\"shop\",\"exp\":4102444800}/**/",
     "uzSFeO83sB5UIuXrJm3JEQa1yC6fqtzsRUShem_irJr0iAqbntOXyv2Db-upPLV7OKWRYSdHJ-g-sbhT80SYDw", F::kBadPayloadJson},
    {"payload {'iss':'..ssuer.test'}", kEd, "{'iss':'https://issuer.test'}",
     "XGk0pjL5SU6PMULByaVlwLhGH39m8dTMcWDUmW1Io81i7qkZ7Zpu6vVFne4E_P4JZS9Jz4DNfOhYylKjBxBMAQ", F::kBadPayloadJson},
    {"payload {\"iss\":\"..4102444800,}", kEd, "{\"iss\":\"https://issuer.test\",\"aud\":\"shop\",\"exp\":4102444800,}",
     "Bfc8F0-9XKmYu6X5kDTCly_OTcKY2FTTEpeP4YEg8RhT1NFjIAS8KLdbjJWZQASzSR_3OmHJARd2TaC8B0SvCw", F::kBadPayloadJson},
    {"payload {\"iss\":\"..800,\"x\":NaN}", kEd,
     "{\"iss\":\"https://issuer.test\",\"aud\":\"shop\",\"exp\":4102444800,\"x\":NaN}",
     "KwFyKfNvRGm2EskBER7kVojqcQH0MeDpD2d8HHz8Z-1CquXGkWcisshdJeO3Bb6wM1Qqc7q6MELe7cAE6UdxDQ", F::kBadPayloadJson},
    {"payload {\"iss\":\"..0,\"x\":1e400}", kEd,
     "{\"iss\":\"https://issuer.test\",\"aud\":\"shop\",\"exp\":4102444800,\"x\":1e400}",
     "hZfwmSCzaBno8DbhVPVfNGFOc32c1HTa2NSVfYswNMoXSL6VkjGZSoRQWcxMoKHXqopnLGiX9ipYoeF8DSOyCg", F::kBadPayloadJson},
    {"payload {\"iss\":\"..\":4102444800", kEd, "{\"iss\":\"https://issuer.test\",\"aud\":\"shop\",\"exp\":4102444800",
     "9ALsjYgxHoSTe00iEAYrz5Lv5XqMFvJRZWA3szh9220LG2YoGlSLnNlPBpspmd4SP3twta_cAWq_41uBonfABw", F::kBadPayloadJson},
    {"payload that is no UTF-8", kEd,
     "{\"iss\":\"https://issuer.test\",\"aud\":\"shop\",\"exp\":4102444800,\"x\":\"\377\"}",
     "x_6y1mp_fvmZp3wCMnvxa9VhcOpvM__WPynP15sbU0SKfrZEArPGcsRB7SAlbSfvs7KAk90o0YSa9_NK4JNfDA", F::kBadPayloadJson},
    {"payload with a lone surrogate", kEd,
     "{\"iss\":\"https://issuer.test\",\"aud\":\"shop\",\"exp\":4102444800,\"x\":\"\355\240\200\"}",
     "pLv-PV7lDoQ_7WsiXRG_Tuhfm_xP9GChhgDEDaZNpEwpSJcL_Ygkdp11cidlh57cJoUWUTyxDMzkoPGhp6cQDw", F::kBadPayloadJson},
    {"payload in UTF-16", kEd,
     "\377\376{\000\"\000i\000s\000s\000\"\000:\000\"\000h\000t\000t\000p\000s\000:\000/\000/\000i\000s\000s\000u\000e\000r\000.\000t\000e\000s\000t\000\"\000,\000\"\000a\000u\000d\000\"\000:\000\"\000s\000h\000o\000p\000\"\000,\000\"\000e\000x\000p\000\"\000:\0004\0001\0000\0002\0004\0004\0004\0008\0000\0000\000}\000"sv,
     "faLvfvcOCM18xJwOcu7ICJV21LSp1QyF-NHv3i7mYuD0xskKqTCdGe8e0F9qIw2ejxwGzLm6rqo7x9bckXzoBA", F::kBadPayloadJson},
    {"header that is empty", "", kGood,
     "3GrRp_4H6kpl-InWVQfDy150vtVKMPDUC2cjI3TE1w63L9UsIlv_yRYSzkJOZ4axTPTD-nRDeDhfKs7j4ofQAA", F::kBadForm},
    {"header []", "[]", kGood, "qD6svuPDRGYKwiarZ8BuDNgKFU2HexCF7Kk3tTVvoKJNw-oca5R138hiTnGlSdce3R58mADzHIzGB86VOaLjBA",
     F::kBadHeaderJson},
    {"header null", "null", kGood,
     "WEXn33kEkAKLLTw5VNihtV6VGZMY4NKMc2F5pwd07QKml1VuOaW_DFglIU063ZDYHDZRBxDPv0sDYdOP2E5xCQ", F::kBadHeaderJson},
    {"header [\"EdDSA\"]", "[\"EdDSA\"]", kGood,
     "3qRA_NWu7zsdSyBHATHSRFCSvwO9nJ0jfSAZeAngvMR8zJB1MxTBR_a_Gftb5Yqgexwp0Gdn9-4qY6Aw-OEUBQ", F::kBadHeaderJson},
    {"header {\"alg\":\"EdDSA\",\"kid\":\"ed\"}{\"alg\":\"EdDSA\",\"kid\":\"ed\"}",
     "{\"alg\":\"EdDSA\",\"kid\":\"ed\"}{\"alg\":\"EdDSA\",\"kid\":\"ed\"}", kGood,
     "D_QcMNCf2ewFauwiI5uvftn9RQYj-Xvap_kiiTWCIys_3337Qa-KT2ofHO9IrGNduo62wh0L7xVnJ-wCX-pkBg", F::kBadHeaderJson},
    {"header {\"alg\":\"EdDSA\",\"kid\":\"ed\"", "{\"alg\":\"EdDSA\",\"kid\":\"ed\"", kGood,
     "DCoGuSIaqGi8Wt7O-4ZrIs3yJ-IENrvT_PxnNdSXAIw17IB2uf7yfFOg7nIWNXEzcokNoZlcXNZNZmzpIdX3Ag", F::kBadHeaderJson},
};

TEST(JwtAttacks, forms_and_headers) { expect_refusals(kAttacks); }

TEST(JwtAttacks, what_is_nested_too_deep_is_not_read) {
  const std::string deep = std::string(60, '[') + std::string(60, ']'),
                    too_deep = std::string(120, '[') + std::string(120, ']');
  const auto payload = [](const std::string& inside) {
    return base64url_encode(kEd) + "." + base64url_encode(R"({"iss":"https://issuer.test","x":)" + inside + "}") +
           ".AAAA";
  };
  EXPECT_EQ(JwtGate().judge(payload(deep)), F::kAudience);
  EXPECT_EQ(JwtGate().judge(payload(too_deep)), F::kBadPayloadJson);
  EXPECT_EQ(JwtGate().judge(payload(std::string(30'000, '['))), F::kBadPayloadJson);
}

// By Ed25519, of the issuer, until 2100.
constexpr std::string_view kToken =
    "eyJhbGciOiJFZERTQSIsImtpZCI6ImVkIn0."
    "eyJpc3MiOiJodHRwczovL2lzc3Vlci50ZXN0IiwiYXVkIjoic2hvcCIsImV4cCI6NDEwMjQ0NDgwMH0."
    "NLTS8qdLjmBkoa6aswMKgtTMUwyk3EyE3q_h0t0J69BN5e0YXVGCxKX2dCvEAP4MYueF5AQGweh-Wp3cTjfmDw";

TEST(JwtAttacks, base64url_has_one_form) {
  const Jwks keys = *Jwks::parse(kIssuerKeys);
  const auto judge = [&](const std::string& token) {
    Jwt jwt;
    const JwtFault fault = jwt.read(token);
    return std::string(text_of(fault == JwtFault::kNone ? jwt.check_signature(keys) : fault));
  };
  const std::string token(kToken);
  ASSERT_EQ(judge(token), "OK");
  for (const char* behind : {"=", "==", " ", "\n", "\r\n", "+", "/", "%3D", "\t", "!"}) {
    EXPECT_EQ(judge(token + behind), F::kBadSignatureText) << behind;
    EXPECT_EQ(judge(behind + token), F::kBadHeader) << behind;
  }
  EXPECT_EQ(judge(token + std::string(1, '\0')), F::kBadSignatureText);
  // The last character of 64 bytes carries two bits that mean nothing: they are zero.
  std::string other = token;
  for (char c : std::string_view("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")) {
    other.back() = c;
    if (other == token) continue;
    EXPECT_NE(judge(other), "OK") << c;
  }
  for (const std::string& form :
       {"." + token, token + ".", ".." + token, token + "..", token + "." + token, token.substr(0, token.find('.')),
        token.substr(0, token.rfind('.')), std::string("..."), std::string("."), std::string()}) {
    EXPECT_EQ(judge(form), F::kBadForm) << form;
  }
  EXPECT_EQ(judge(".."), F::kBadForm);
}

TEST(JwtAttacks, no_byte_of_a_token_can_be_changed) {
  const Jwks keys = *Jwks::parse(kIssuerKeys);
  for (size_t i = 0; i < kToken.size(); ++i) {
    for (char c : {'A', 'b', '0', '_', '.'}) {
      std::string token(kToken);
      if (token[i] == c) continue;
      token[i] = c;
      Jwt jwt;
      if (jwt.read(token) != JwtFault::kNone) continue;
      EXPECT_NE(jwt.check_signature(keys), JwtFault::kNone) << i;
    }
  }
}

}  // namespace
}  // namespace proa::filters
