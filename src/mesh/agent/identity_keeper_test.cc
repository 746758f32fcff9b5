// A workload gets a certificate, keeps it, renews it, and tells what stands in the way.
#include "mesh/agent/identity_keeper.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include "mesh/agent/test_authority.h"
#include "net/tls/certificate.h"

namespace proa::mesh {
namespace {

using std::chrono::seconds;

class Keeper : public testing::Test {
 protected:
  IdentityOptions options(const std::string& token) {
    IdentityOptions out{.control_host = "127.0.0.1", .control_port = authority.address.port()};
    out.server_name = authority.name;
    out.roots_file = authority.write("root.pem", authority.authority->roots_pem());
    if (!token.empty()) out.token_file = authority.write("token", token + "\n");
    return out;
  }
  void start(IdentityOptions from) {
    keeper = std::make_unique<IdentityKeeper>(
        loop, std::move(from),
        IdentityKeeper::Events{.renewed = [this](const Identity& identity) { serials.push_back(identity.serial); },
                               .refused = [this](const std::string& why) { refused = why; }});
    keeper->start();
  }
  /// Certificates are checked by the system's clock, so the loop's is that one.
  bool wait(const std::function<bool()>& done) {
    const MonoTime end = std::chrono::steady_clock::now() + seconds(20);
    while (!done() && std::chrono::steady_clock::now() < end) loop.run_once(Milliseconds(20));
    return done();
  }
  bool wait_serials(size_t count) {
    return wait([&] { return serials.size() >= count; });
  }
  ~Keeper() override {
    keeper.reset();
    authority.stop();
    for (int i = 0; i < 8; ++i) loop.run_once(Milliseconds(0));
  }

  net::Loop loop;
  TestAuthority authority{loop};
  std::unique_ptr<IdentityKeeper> keeper;
  std::vector<std::string> serials;
  std::string refused;
};

TEST_F(Keeper, a_token_gives_the_identity_that_it_is_for) {
  start(options(authority.token("cart")));
  ASSERT_TRUE(wait_serials(1)) << refused;
  const Identity& identity = *keeper->identity();
  EXPECT_EQ(identity.id.text(), "spiffe://cluster.local/ns/shop/sa/cart");
  EXPECT_EQ(identity.roots_pem, authority.authority->roots_pem());
  EXPECT_EQ(net::tls::describe_pem(identity.chain_pem)->size(), 1u);
}

TEST_F(Keeper, a_token_that_nobody_knows_is_refused) {
  start(options(std::string(64, '0')));
  ASSERT_TRUE(wait([&] { return !refused.empty(); }));
  EXPECT_NE(refused.find("the token is not known"), std::string::npos) << refused;
  EXPECT_FALSE(keeper->identity());
}

TEST_F(Keeper, a_control_plane_of_another_name_or_root_gets_no_token) {
  const std::string token = authority.token("cart");
  IdentityOptions other = options(token);
  other.server_name = "other.example.com";
  start(other);
  ASSERT_TRUE(wait([&] { return keeper->failures() > 0; }));
  EXPECT_TRUE(serials.empty());
  start(options(token));
  EXPECT_TRUE(wait_serials(1)) << "it was not used up";
}

TEST_F(Keeper, renews_by_its_certificate_before_that_ends) {
  IdentityOptions with = options(authority.token("cart"));
  with.ttl = seconds(2);
  start(with);
  ASSERT_TRUE(wait_serials(3)) << refused;
  EXPECT_NE(serials[0], serials[2]);
  EXPECT_EQ(keeper->renewals(), 3u);
  EXPECT_GT(keeper->identity()->valid_until, loop.wall_now());
}

TEST_F(Keeper, keeps_the_last_good_one_while_nobody_answers) {
  IdentityOptions with = options(authority.token("cart"));
  with.ttl = seconds(6);  // long after the two failures, or it could not prove itself any more
  with.back_off = {Milliseconds(20), Milliseconds(100)};
  start(with);
  ASSERT_TRUE(wait_serials(1));
  authority.stop();
  ASSERT_TRUE(wait([&] { return keeper->failures() > 1; }));
  EXPECT_EQ(keeper->identity()->serial, serials[0]);
  authority.start();
  EXPECT_TRUE(wait_serials(2));
}

TEST_F(Keeper, a_kept_certificate_needs_no_token_after_a_restart) {
  IdentityOptions with = options(authority.token("cart"));
  with.identity_file = authority.directory + "/kept.pem";
  start(with);
  ASSERT_TRUE(wait_serials(1));
  struct stat info;
  ASSERT_EQ(::stat(with.identity_file.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777u, 0600u);
  authority.stop();
  with.token_file.clear();
  start(with);
  ASSERT_TRUE(wait_serials(2));
  EXPECT_EQ(serials[1], serials[0]);
}

TEST_F(Keeper, a_kept_certificate_that_others_may_read_is_not_used) {
  IdentityOptions with = options(authority.token("cart"));
  with.identity_file = authority.directory + "/kept.pem";
  start(with);
  ASSERT_TRUE(wait_serials(1));
  ASSERT_EQ(::chmod(with.identity_file.c_str(), 0644), 0);
  authority.write("token", authority.token("cart"));
  start(with);
  ASSERT_TRUE(wait_serials(2));
  EXPECT_NE(serials[1], serials[0]);
}

TEST_F(Keeper, somebody_elses_certificate_is_not_taken) {
  IdentityOptions with = options(authority.token("cart"));
  with.identity_file = authority.directory + "/kept.pem";
  start(with);
  ASSERT_TRUE(wait_serials(1));
  // The one that is kept proves "cart", and so does what it is renewed by; another token changes nothing of that.
  authority.write("token", authority.token("admin"));
  with.ttl = seconds(2);
  start(with);
  ASSERT_TRUE(wait_serials(2));
  EXPECT_EQ(keeper->identity()->id.account, "cart");
}

TEST_F(Keeper, learns_the_next_root_while_the_former_one_signs) {
  IdentityOptions with = options(authority.token("cart"));
  ASSERT_TRUE(authority.authority->rotate(loop.wall_now()));
  start(with);
  ASSERT_TRUE(wait_serials(1)) << refused;
  EXPECT_EQ(net::tls::describe_pem(keeper->identity()->roots_pem)->size(), 2u);
  EXPECT_EQ(net::tls::describe_pem(keeper->identity()->chain_pem)->size(), 1u);
}

TEST_F(Keeper, without_any_proof_it_does_not_begin) {
  start(options(""));
  ASSERT_TRUE(wait([&] { return !refused.empty(); }));
  EXPECT_NE(refused.find("neither a certificate nor a token"), std::string::npos);
}

}  // namespace
}  // namespace proa::mesh
