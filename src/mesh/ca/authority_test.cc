#include "mesh/ca/authority.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdio>
#include <filesystem>

#include "mesh/ca/certificate_service.h"
#include "mesh/ca/join_tokens.h"
#include "net/private_file.h"
#include "net/tls/certificate.h"
#include "net/tls/certificate_request.h"
#include "observe/proto_writer.h"

namespace proa::mesh {
namespace {

namespace fs = std::filesystem;
using std::chrono::hours;
using std::chrono::seconds;

const SpiffeId kShop{"cluster.local", "default", "shop"};

class AuthorityTest : public testing::Test {
 protected:
  AuthorityTest() {
    char name[] = "/tmp/proa-ca-XXXXXX";
    directory = std::string(::mkdtemp(name)) + "/ca";
  }
  ~AuthorityTest() override { fs::remove_all(fs::path(directory).parent_path()); }

  Authority open() {
    auto opened = Authority::open({.directory = directory}, now);
    EXPECT_TRUE(opened) << opened.error().message;
    return std::move(*opened);
  }
  std::string refusal() {
    auto opened = Authority::open({.directory = directory}, now);
    return opened ? "" : opened.error().message;
  }
  static std::vector<net::CertificateInfo> describe(const std::vector<std::string>& chain) {
    std::vector<net::CertificateInfo> out;
    for (const std::string& each : chain) out.push_back(net::tls::describe_pem(each)->front());
    return out;
  }
  std::vector<std::string> certify(Authority& authority, seconds ttl = seconds(0)) {
    auto chain = authority.certify(net::tls::make_certificate_request()->request_pem, kShop, ttl, now);
    EXPECT_TRUE(chain) << chain.error().message;
    return chain.value_or(std::vector<std::string>());
  }
  static size_t roots(const Authority& authority) { return net::tls::describe_pem(authority.roots_pem())->size(); }
  unsigned mode(const std::string& name) {
    struct stat info;
    return ::stat((directory + name).c_str(), &info) == 0 ? info.st_mode & 07777 : 0;
  }
  std::string text(const std::string& name) { return net::read_file(directory + "/" + name)->value_or(""); }

  std::string directory;
  WallTime now = std::chrono::system_clock::now();
};

TEST_F(AuthorityTest, is_made_at_the_first_start_and_read_at_the_next) {
  const std::string roots_pem = open().roots_pem();
  EXPECT_EQ(mode(""), 0700u);
  EXPECT_EQ(mode("/ca-key.pem"), 0600u);
  EXPECT_EQ(open().roots_pem(), roots_pem);
}

TEST_F(AuthorityTest, certifies_who_asks_and_not_what_the_request_says) {
  Authority authority = open();
  auto chain = describe(certify(authority));
  ASSERT_EQ(chain.size(), 2u);
  EXPECT_EQ(chain[0].uri_sans, std::vector<std::string>{kShop.text()});
  EXPECT_EQ(chain[0].issuer, chain[1].subject);
  EXPECT_EQ(chain[1].pem(), authority.roots_pem());
  EXPECT_NEAR(static_cast<double>((chain[0].valid_until - now) / seconds(1)), 86400, 2);
}

TEST_F(AuthorityTest, certificates_are_short) {
  Authority authority = open();
  auto lives = [&](seconds ttl) {
    return (describe(certify(authority, ttl))[0].valid_until - now + seconds(1)) / hours(1);
  };
  EXPECT_EQ(lives(hours(1)), 1);
  EXPECT_EQ(lives(hours(1000)), 24) << "more is not given";
  now += hours(24 * 3650) - hours(2);
  EXPECT_LE(lives(hours(24)), 2) << "nor more than the root has";
  now += hours(3);
  EXPECT_FALSE(authority.certify(net::tls::make_certificate_request()->request_pem, kShop, seconds(0), now));
}

TEST_F(AuthorityTest, a_folder_of_istio_can_be_given) {
  auto root = *net::tls::Issuer::make_root("their root");
  auto below = *root.make_intermediate("their ca");
  ASSERT_TRUE(net::make_private_folder(directory));
  const std::string alone = net::tls::describe_pem(below.certificate_pem())->front().pem();
  ASSERT_TRUE(net::write_file(directory + "/ca-key.pem", below.authority().key_pem, 0600));
  ASSERT_TRUE(net::write_file(directory + "/ca-cert.pem", alone, 0644));
  ASSERT_TRUE(net::write_file(directory + "/cert-chain.pem", alone, 0644));
  ASSERT_TRUE(net::write_file(directory + "/root-cert.pem", root.certificate_pem(), 0644));
  Authority authority = open();
  auto chain = describe(certify(authority));
  ASSERT_EQ(chain.size(), 3u);
  EXPECT_EQ(chain[1].subject, "CN=their ca");
  EXPECT_EQ(chain[2].subject, "CN=their root");
  EXPECT_FALSE(authority.rotate(now)) << "it is not ours to change";
  EXPECT_FALSE(*authority.advance(now));
}

TEST_F(AuthorityTest, what_does_not_fit_together_is_refused) {
  open();
  auto other = *net::tls::Issuer::make_root("other");
  ASSERT_TRUE(net::write_file(directory + "/ca-key.pem", other.authority().key_pem, 0600));
  EXPECT_NE(refusal().find("the key is not that"), std::string::npos) << refusal();
  ASSERT_TRUE(net::write_file(directory + "/ca-cert.pem", other.certificate_pem(), 0644));
  EXPECT_NE(refusal().find("does not have"), std::string::npos) << refusal();
  std::remove((directory + "/ca-key.pem").c_str());
  EXPECT_NE(refusal().find("is not"), std::string::npos) << "a certificate of somebody else's without its key";
}

TEST_F(AuthorityTest, a_first_start_that_was_cut_off_starts_again) {
  open();
  std::remove((directory + "/ca-key.pem").c_str());
  Authority authority = open();
  EXPECT_EQ(certify(authority).size(), 2u);
}

TEST_F(AuthorityTest, roots_rotate_with_overlap) {
  Authority authority = open();
  const std::string first = authority.roots_pem();
  auto signer = [&] { return certify(authority).back(); };
  EXPECT_FALSE(*authority.advance(now));
  ASSERT_TRUE(authority.rotate(now));
  EXPECT_FALSE(authority.rotate(now)) << "one at a time";
  EXPECT_EQ(roots(authority), 2u);
  EXPECT_EQ(signer(), first) << "nobody trusts the new one yet";
  EXPECT_EQ(certify(authority).size(), 3u) << "but everybody hears of it";
  EXPECT_EQ(mode("/next-key.pem"), 0600u);
  now += hours(23);
  EXPECT_FALSE(*authority.advance(now));
  now += hours(2);
  EXPECT_TRUE(*authority.advance(now));
  EXPECT_NE(signer(), first);
  EXPECT_EQ(roots(authority), 2u) << "certificates of the old one live on";
  EXPECT_EQ(mode("/ca-key.pem"), 0600u);
  now += hours(22);
  EXPECT_FALSE(*authority.advance(now));
  now += hours(3);
  EXPECT_TRUE(*authority.advance(now));
  EXPECT_EQ(authority.roots_pem(), signer());
  EXPECT_FALSE(*authority.advance(now));
}

TEST_F(AuthorityTest, a_rotation_survives_restarts_and_crashes) {
  Authority authority = open();
  ASSERT_TRUE(authority.rotate(now));
  EXPECT_TRUE(open().rotating());
  const std::string next = text("next-cert.pem");
  ASSERT_EQ(std::rename((directory + "/next-key.pem").c_str(), (directory + "/ca-key.pem").c_str()), 0);
  Authority again = open();  // between the two steps of the promotion
  EXPECT_EQ(certify(again).back(), next);
  EXPECT_EQ(roots(again), 2u);
}

TEST_F(AuthorityTest, roots_of_others_stay_trusted) {
  open();
  auto other = *net::tls::Issuer::make_root("federated");
  ASSERT_TRUE(net::write_file(directory + "/root-cert.pem", text("root-cert.pem") + other.certificate_pem(), 0644));
  now += hours(1000);
  Authority authority = open();
  EXPECT_FALSE(*authority.advance(now));
  EXPECT_EQ(roots(authority), 2u);
}

TEST_F(AuthorityTest, an_old_root_rotates_by_itself) {
  Authority authority = open();
  now += hours(24 * 3300);
  EXPECT_TRUE(*authority.advance(now));
  EXPECT_TRUE(authority.rotating());
}

TEST_F(AuthorityTest, join_tokens_are_good_once_and_for_a_time) {
  JoinTokens tokens(directory + "/tokens");
  auto token = tokens.create(kShop, hours(1), now);
  ASSERT_TRUE(token);
  EXPECT_EQ(token->size(), 64u);
  EXPECT_EQ(mode("/tokens"), 0700u);
  for (const auto& entry : fs::directory_iterator(directory + "/tokens")) {
    EXPECT_EQ(entry.path().string().find(*token), std::string::npos) << "only its hash is stored";
  }
  EXPECT_FALSE(tokens.redeem("nonsense", now));
  EXPECT_FALSE(tokens.redeem("", now));
  EXPECT_FALSE(tokens.redeem("../../etc/passwd", now));
  EXPECT_FALSE(tokens.redeem(token->substr(1), now));
  auto redeemed = tokens.redeem(*token, now);
  ASSERT_TRUE(redeemed);
  EXPECT_EQ(*redeemed, kShop);
  EXPECT_FALSE(tokens.redeem(*token, now)) << "a second time";
  auto late = tokens.create(kShop, hours(1), now);
  EXPECT_FALSE(tokens.redeem(*late, now + hours(1)));
  EXPECT_FALSE(tokens.redeem(*late, now)) << "it was used up by the try";
}

TEST(CertificateQuestion, is_read) {
  std::string bytes;
  observe::ProtoWriter writer(bytes);
  writer.bytes(1, "request");
  writer.varint(3, 3600);
  writer.bytes(9, "unknown");
  auto question = read_certificate_question(bytes);
  ASSERT_TRUE(question);
  EXPECT_EQ(question->request_pem, "request");
  EXPECT_EQ(question->ttl, hours(1));
  EXPECT_FALSE(question->impersonates);
  writer.message(4, [](observe::ProtoWriter& metadata) {
    metadata.message(1, [](observe::ProtoWriter& entry) { entry.bytes(1, "ImpersonatedIdentity"); });
  });
  EXPECT_TRUE(read_certificate_question(bytes)->impersonates);
}

TEST(CertificateQuestion, nonsense_is_none) {
  EXPECT_FALSE(read_certificate_question("\xff\xff\xff"));
  EXPECT_FALSE(read_certificate_question("\x0a\x05x"));
  EXPECT_FALSE(read_certificate_question(std::string("\x18\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11)))
      << "-1 seconds";
}

}  // namespace
}  // namespace proa::mesh
