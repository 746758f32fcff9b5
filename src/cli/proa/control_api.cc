#include "cli/proa/control_api.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "base/log.h"
#include "cli/proa/api_client.h"
#include "mesh/api/object_service.h"
#include "net/private_file.h"

namespace proa::cli {

namespace {

/// Of one request: the objects of a whole mesh.
constexpr size_t kMaxRequest = size_t{64} << 20;

}  // namespace

Result<std::unique_ptr<ControlApi>> ControlApi::open(net::Loop& loop, std::string directory) {
  auto store = mesh::Store::open({.directory = std::move(directory)});
  if (!store) return std::unexpected(store.error());
  return std::unique_ptr<ControlApi>(new ControlApi(loop, std::move(*store)));
}

ControlApi::ControlApi(net::Loop& loop, std::unique_ptr<mesh::Store> store)
    : store_(std::move(store)),
      source_(std::make_unique<mesh::StoreSource>(*store_)),
      given_(source_.get()),
      server_(loop, services_, rules()) {}

grpc::ConnectionRules ControlApi::rules() {
  grpc::ConnectionRules out;
  out.max_message = kMaxRequest;
  return out;
}

Status ControlApi::serve(const std::string& socket, const mesh::WorldFeed& feed, mesh::PushServer& push) {
  tell_ = mesh::add_object_service(services_, feed, *given_, push,
                                   [this](const net::ConnectionInfo& peer) { return may_call(peer); });
  if (!socket.starts_with('/')) return fail(fmt::format("--api {}: is no absolute path of a Unix socket", socket));
  if (socket == default_api_socket()) {
    const std::string folder = std::filesystem::path(socket).parent_path().string();
    if (Status made = net::make_private_folder(folder); !made) return made;
  }
  auto address = net::Address::unix_path(socket);
  if (!address) return fail(socket + ": " + address.error().message);
  auto bound = server_.listen({.address = *address});
  if (!bound) return std::unexpected(bound.error());
  log::get("main").info("the API on {}, {} objects in {}", socket, store_->entries().size(), store_->directory());
  return {};
}

Status ControlApi::serve_over_tls(const std::string& text, std::shared_ptr<const net::tls::ServerSlot> tls,
                                  std::vector<mesh::SpiffeId> identities) {
  identities_ = std::move(identities);
  auto address = net::Address::parse(text);
  if (!address) return fail(fmt::format("{}: {}", text, address.error().message));
  auto bound = server_.listen({.address = *address, .tls = std::move(tls)});
  if (!bound) return std::unexpected(bound.error());
  log::get("main").info("the API over TLS on {}, for {} identities", bound->to_string(), identities_.size());
  return {};
}

std::expected<std::string, grpc::CallStatus> ControlApi::may_call(const net::ConnectionInfo& peer) const {
  if (peer.direct_remote.is_unix()) return "the socket's owner";
  std::vector<std::string> domains;
  for (const mesh::SpiffeId& each : identities_) domains.push_back(each.trust_domain);
  auto id = mesh::peer_identity(peer, domains);
  if (!id) {
    log::get("api").warn("{}: {}", peer.remote.to_string(), id.error().message);
    return std::unexpected(grpc::CallStatus{grpc::Code::kUnauthenticated, id.error().message});
  }
  if (std::ranges::find(identities_, *id) != identities_.end()) return id->text();
  log::get("api").warn("{}: {} may not call", peer.remote.to_string(), id->text());
  return std::unexpected(grpc::CallStatus{grpc::Code::kPermissionDenied,
                                          fmt::format("{} may not call: it is no --api-identity", id->text())});
}

}  // namespace proa::cli
