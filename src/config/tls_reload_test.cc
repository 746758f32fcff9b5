#include "config/tls_reload.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "config/compiler.h"
#include "config/tls_compile.h"
#include "envoy/config/bootstrap/v3/bootstrap.pb.h"
#include "envoy/extensions/transport_sockets/tls/v3/tls.pb.h"
#include "net/test_loop.h"
#include "net/tls/issuer.h"

namespace proa::config {
namespace {

namespace fs = std::filesystem;
namespace tls3 = envoy::extensions::transport_sockets::tls::v3;
using testing::ElementsAre;

/// A folder with a.crt and a.key, and a context compiled from them.
struct Reload : testing::Test {
  Reload() {
    char name[] = "/tmp/proa-reload-XXXXXX";
    folder = ::mkdtemp(name);
  }
  ~Reload() override { fs::remove_all(folder); }

  void write(const std::string& name, const std::string& text) {
    std::ofstream(folder + "/" + name + ".new") << text;
    fs::rename(folder + "/" + name + ".new", folder + "/" + name);
  }
  net::tls::Issued issue(const std::string& name) { return *authority.issue({.common_name = name}); }
  void install(const std::string& name) {
    net::tls::Issued issued = issue(name);
    write("a.crt", issued.certificate_pem);
    write("a.key", issued.key_pem);
  }
  tls3::DownstreamTlsContext context() {
    tls3::DownstreamTlsContext out;
    auto& certificate = *out.mutable_common_tls_context()->add_tls_certificates();
    certificate.mutable_certificate_chain()->set_filename(folder + "/a.crt");
    certificate.mutable_private_key()->set_filename(folder + "/a.key");
    return out;
  }
  std::shared_ptr<const net::tls::ServerSlot> compile(const tls3::DownstreamTlsContext& from) {
    envoy::config::core::v3::TransportSocket socket;
    socket.mutable_typed_config()->PackFrom(from);
    auto slot = compile_downstream_socket(socket, Site(marks, problems, root), compiler);
    EXPECT_EQ(problems.str(), "");
    return slot;
  }
  void settle() {
    loop.settle();
    loop.run_for(TlsReload::kSettle * 2);
  }
  static std::string subject(const std::shared_ptr<const net::tls::ServerSlot>& slot) {
    return slot->current()->certificates().at(0).subject;
  }
  int64_t count(TlsReloadStat stat) { return shared.stats(kTlsReloadSchema, {})->value(stat); }

  std::string folder;
  net::tls::Issuer authority = *net::tls::Issuer::make_root("root");
  net::TestLoop loop;
  observe::Registry registry;
  SharedObjects shared{registry};
  envoy::config::bootstrap::v3::Bootstrap bootstrap;
  Compiler compiler{.shared = shared,
                    .bootstrap = bootstrap,
                    .service_cluster = {},
                    .service_node = {},
                    .service_zone = {},
                    .main_loop = &*loop};
  Marks marks;
  Problems problems;
  FieldPath root;
};

TEST_F(Reload, a_renewed_certificate_is_used_and_the_old_context_stays_with_who_has_it) {
  install("first");
  auto slot = compile(context());
  auto old = slot->current();
  install("second");
  settle();
  EXPECT_EQ(subject(slot), "CN=second");
  EXPECT_EQ(old->certificates().at(0).subject, "CN=first");
  EXPECT_EQ(count(TlsReloadStat::kReloaded), 1);
  EXPECT_EQ(count(TlsReloadStat::kFailed), 0);
}

TEST_F(Reload, a_bad_file_keeps_the_old_and_a_good_one_mends_it) {
  install("first");
  auto slot = compile(context());
  write("a.crt", "no certificate");
  settle();
  EXPECT_EQ(subject(slot), "CN=first");
  EXPECT_EQ(count(TlsReloadStat::kFailed), 1);
  fs::remove(folder + "/a.key");
  write("a.crt", issue("third").certificate_pem);
  settle();
  EXPECT_EQ(subject(slot), "CN=first");
  EXPECT_EQ(count(TlsReloadStat::kFailed), 2);
  install("second");
  settle();
  EXPECT_EQ(subject(slot), "CN=second");
}

TEST_F(Reload, a_certificate_without_its_key_waits_for_the_key) {
  install("first");
  auto slot = compile(context());
  net::tls::Issued next = issue("second");
  write("a.crt", next.certificate_pem);
  settle();
  EXPECT_EQ(subject(slot), "CN=first");
  write("a.key", next.key_pem);
  settle();
  EXPECT_EQ(subject(slot), "CN=second");
}

TEST_F(Reload, any_change_in_a_watched_directory_counts) {
  install("first");
  fs::create_directory(folder + "/trigger");
  auto from = context();
  from.mutable_common_tls_context()->mutable_tls_certificates(0)->mutable_watched_directory()->set_path(folder +
                                                                                                        "/trigger");
  auto slot = compile(from);
  write("trigger/now", "");
  settle();
  EXPECT_EQ(count(TlsReloadStat::kReloaded), 1);
}

TEST_F(Reload, a_context_that_nobody_uses_is_forgotten) {
  install("first");
  auto slot = compile(context());
  EXPECT_EQ(shared.tls_reload(loop).size(), 1U);
  slot.reset();
  EXPECT_EQ(shared.tls_reload(loop).size(), 0U);
  install("second");
  settle();
  EXPECT_EQ(count(TlsReloadStat::kReloaded), 0);
}

TEST_F(Reload, nothing_is_watched_for_inline_certificates_or_when_validating) {
  net::tls::Issued issued = issue("inline");
  tls3::DownstreamTlsContext from;
  auto& certificate = *from.mutable_common_tls_context()->add_tls_certificates();
  certificate.mutable_certificate_chain()->set_inline_string(issued.certificate_pem);
  certificate.mutable_private_key()->set_inline_string(issued.key_pem);
  auto slot = compile(from);
  EXPECT_TRUE(tls_files(from).empty());
  EXPECT_EQ(shared.tls_reload(loop).size(), 0U);
}

TEST_F(Reload, every_file_of_a_context_is_found) {
  auto from = context();
  from.mutable_common_tls_context()->mutable_validation_context()->mutable_trusted_ca()->set_filename("/ca");
  from.mutable_session_ticket_keys()->add_keys()->set_filename("/ticket");
  from.mutable_common_tls_context()->mutable_tls_certificates(0)->mutable_watched_directory()->set_path("/dir");
  TlsFiles files = tls_files(from);
  EXPECT_THAT(files.files, ElementsAre("/ca", "/ticket", folder + "/a.crt", folder + "/a.key"));
  EXPECT_THAT(files.directories, ElementsAre("/dir"));
}

}  // namespace
}  // namespace proa::config
