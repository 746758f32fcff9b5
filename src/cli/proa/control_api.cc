#include "cli/proa/control_api.h"

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

Status ControlApi::serve(const std::string& socket, const mesh::WorldFeed& feed) {
  mesh::add_object_service(services_, feed, *given_);
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

}  // namespace proa::cli
