#include "net/tls/certificate_request.h"

#include <gtest/gtest.h>

#include "net/tls/certificate.h"
#include "net/tls/issuer.h"

namespace proa::net::tls {
namespace {

// Of an RSA key of 1024 bits, made with openssl(1).
constexpr std::string_view kWeak =
    "-----BEGIN CERTIFICATE REQUEST-----\n"
    "MIIBPzCBqQIBADAAMIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQCwlFjLsEaD\n"
    "S43DhlgLXE2eK+hFSKfufnDyHQaewu9x/MjCSMIG26SZA/8WQwMYgH5cFSQZMbFf\n"
    "MzBwp7qPLlcwM5c7TPIlGECNacIgeTirN7iEjMU/NWqnz/FL9cm+qxEZfQpj5Dvx\n"
    "4/TTNIo/SkCtKYFOZgck7HaZ3I2iHt8X6wIDAQABoAAwDQYJKoZIhvcNAQELBQAD\n"
    "gYEAFSeAa5YyZMBNUmUxtFkoGACxmVd9eO4uKwetRHfa6UXD79cSJeTQ9+zcD5YB\n"
    "Pb4woAjm8Zaw5dzRhGX58Ix1cBeq7fQbYvfN2ODPfRnWObeln3laSSxPc+gE8saV\n"
    "O9pGHiEuNCYBYbM6qtNrclUfT7IoIekfefIbRzXXcNfF4XQ=\n"
    "-----END CERTIFICATE REQUEST-----\n";
// A good one, one byte of whose signature was changed.
constexpr std::string_view kForged =
    "-----BEGIN CERTIFICATE REQUEST-----\n"
    "MIG5MGICAQAwADBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABDz0oyuqiU4T0E3c\n"
    "O90YvC5InxgHeRktPNz/oPhRr4V6aJOlBy85XQQ5Biez9jG11+Gs+YZtt9qR9rIS\n"
    "GXB8r86gADAKBggqhkjOPQQDAgNHADBEAiBzxQauQuuDCG+wA9YxYoEJcDT/JX8m\n"
    "c/e1pVr4W7QHZwIgQJLeW4wzY3Ry1tK+5GD0X+xnL3rx20mRon1l14ZHn2w=\n"
    "-----END CERTIFICATE REQUEST-----\n";

TEST(CertificateRequest, an_authority_signs_it_for_whom_it_likes) {
  Issuer root = *Issuer::make_root("root");
  auto request = make_certificate_request();
  ASSERT_TRUE(request);
  IssueRequest wanted;
  wanted.sans = {{SanMatcher::Type::kUri, "spiffe://cluster.local/ns/a/sa/b", {}}};
  auto chain = root.sign(request->request_pem, wanted);
  ASSERT_TRUE(chain) << chain.error().message;
  auto described = describe_pem(*chain);
  ASSERT_TRUE(described);
  ASSERT_EQ(described->size(), 1u);
  EXPECT_EQ((*described)[0].uri_sans, std::vector<std::string>{"spiffe://cluster.local/ns/a/sa/b"});
  EXPECT_EQ((*described)[0].issuer, "CN=root");
}

TEST(CertificateRequest, the_chain_of_an_intermediate_comes_with_it) {
  Issuer root = *Issuer::make_root("root");
  Issuer below = *root.make_intermediate("below");
  auto chain = below.sign(make_certificate_request()->request_pem, {});
  ASSERT_TRUE(chain);
  EXPECT_EQ(describe_pem(*chain)->size(), 2u);
}

TEST(CertificateRequest, what_is_no_good_request_is_refused) {
  Issuer root = *Issuer::make_root("root");
  EXPECT_FALSE(root.sign("", {}));
  EXPECT_FALSE(root.sign("nonsense", {}));
  EXPECT_FALSE(root.sign(root.certificate_pem(), {}));
  auto weak = root.sign(kWeak, {});
  ASSERT_FALSE(weak);
  EXPECT_NE(weak.error().message.find("1024"), std::string::npos) << weak.error().message;
  auto forged = root.sign(kForged, {});
  ASSERT_FALSE(forged);
  EXPECT_EQ(forged.error().message, "the certificate request is not signed with its own key");
}

}  // namespace
}  // namespace proa::net::tls
