#include "mesh/agent/file_secrets.h"

#include <gtest/gtest.h>

#include "envoy/extensions/transport_sockets/tls/v3/secret.pb.h"
#include "mesh/agent/test_authority.h"
#include "net/tls/issuer.h"

namespace proa::mesh {
namespace {

using envoy::extensions::transport_sockets::tls::v3::Secret;
using net::tls::Issuer;

class Files : public testing::Test {
 protected:
  Files() : directory(TestAuthority::make_directory()) {}
  ~Files() override { std::filesystem::remove_all(directory); }

  std::string write(const std::string& file, const std::string& text) {
    EXPECT_TRUE(net::write_file(directory + "/" + file, text, 0600));
    return directory + "/" + file;
  }
  std::string issue(const std::string& common_name) {
    auto issued = issuer.issue({.common_name = common_name});
    write("cert.pem", issued->certificate_pem);
    write("key.pem", issued->key_pem);
    return issued->certificate_pem;
  }
  std::string pair() const { return "file-cert:" + directory + "/cert.pem~" + directory + "/key.pem"; }
  static std::string refusal(const std::string& name) {
    auto read = read_file_secret(name);
    return read ? "" : read.error().message;
  }
  static Secret secret(const FileSecrets& files, const std::string& name) {
    Secret out;
    EXPECT_TRUE(out.ParseFromString(files.all().at(name)->body));
    return out;
  }

  const std::string directory;
  Issuer issuer = *Issuer::make_root("root");
  net::Loop loop;
};

TEST_F(Files, are_certificates_with_their_key_or_roots) {
  const std::string certificate = issue("first");
  const std::string roots = "file-root:" + write("root.pem", issuer.certificate_pem());
  FileSecrets files(loop, [] {});
  EXPECT_TRUE(files.ask(pair()));
  EXPECT_FALSE(files.ask(pair())) << "nothing new";
  EXPECT_TRUE(files.ask(roots));
  EXPECT_EQ(secret(files, pair()).tls_certificate().certificate_chain().inline_bytes(), certificate);
  EXPECT_EQ(secret(files, roots).validation_context().trusted_ca().inline_bytes(), issuer.certificate_pem());
}

TEST_F(Files, anything_else_is_never_handed_out) {
  const std::string certificate = issue("first");
  const std::string text = write("text", "root:x:0:0\n");
  EXPECT_NE(refusal("file-root:" + text), "");
  EXPECT_EQ(refusal("file-root:" + text).find("root:x"), std::string::npos);
  EXPECT_NE(refusal("file-root:" + directory + "/key.pem"), "") << "a key is no root";
  EXPECT_NE(refusal("file-root:" + directory + "/missing"), "");
  EXPECT_NE(refusal("file-cert:" + directory + "/cert.pem"), "");
  const std::string other = write("other.pem", issuer.issue({.common_name = "other"})->key_pem);
  EXPECT_NE(refusal("file-cert:" + directory + "/cert.pem~" + other), "") << "not its key";
}

TEST_F(Files, are_followed_and_stay_as_they_were_when_they_break) {
  const std::string first = issue("first");
  int changes = 0;
  FileSecrets files(loop, [&] { ++changes; });
  ASSERT_TRUE(files.ask(pair()));
  write("cert.pem", "broken");
  for (int i = 0; i < 20; ++i) loop.run_once(Milliseconds(1));
  EXPECT_EQ(changes, 0);
  EXPECT_EQ(secret(files, pair()).tls_certificate().certificate_chain().inline_bytes(), first);
  const std::string second = issue("second");
  const MonoTime end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (changes == 0 && std::chrono::steady_clock::now() < end) loop.run_once(Milliseconds(10));
  EXPECT_EQ(secret(files, pair()).tls_certificate().certificate_chain().inline_bytes(), second);
}

TEST_F(Files, that_come_later_are_found_then) {
  const std::string name = "file-root:" + directory + "/late.pem";
  int changes = 0;
  FileSecrets files(loop, [&] { ++changes; });
  EXPECT_FALSE(files.ask(name));
  write("late.pem", issuer.certificate_pem());
  const MonoTime end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (changes == 0 && std::chrono::steady_clock::now() < end) loop.run_once(Milliseconds(10));
  EXPECT_EQ(files.all().size(), 1u);
}

}  // namespace
}  // namespace proa::mesh
