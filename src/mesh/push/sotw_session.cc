// State of the world: a request lists all names; a response of clusters or listeners has all of them.
#include "envoy/service/discovery/v3/discovery.pb.h"
#include "mesh/push/session.h"
#include "observe/proto_writer.h"

namespace proa::mesh {
namespace {

using envoy::service::discovery::v3::DiscoveryRequest;

class SotwSession final : public Session {
 public:
  using Session::Session;
  bool delta() const override { return false; }

  Status receive(std::string_view bytes, MonoTime, WallTime wall) override {
    DiscoveryRequest request;
    bool first = false;
    Result<Entry*> entry = begin_request(bytes, request, first, wall);
    if (!entry) return std::unexpected(entry.error());
    const std::string& nonce = request.response_nonce();
    // An answer to a response before the newest one: its names are old as well. The proxy says them again.
    const bool stale = !first && !nonce.empty() && nonce != (*entry)->subscription.last_nonce();
    if (!stale) take_names(**entry, request);
    return check_names();
  }

 private:
  static void take_names(Entry& entry, const DiscoveryRequest& request) {
    Subscription& subscription = entry.subscription;
    std::set<std::string, std::less<>> names(request.resource_names().begin(), request.resource_names().end());
    entry.said_names = entry.said_names || !names.empty();
    const bool all =
        names.erase(std::string(kWildcard)) > 0 || (!entry.said_names && wildcard_by_default(entry.type_url));
    const auto before = subscription.names();
    if (!all) subscription.unsubscribe_all();
    for (const std::string& name : before) {
      if (!names.contains(name)) subscription.unsubscribe(name);
    }
    if (all) subscription.subscribe_all();
    for (const std::string& name : names) {
      if (!before.contains(name)) subscription.subscribe(name);
    }
  }

  std::optional<std::string> respond(Entry& entry, const ResourceSet::Named& all, const Due& due, MonoTime now,
                                     WallTime wall) override {
    const bool complete = full_state(entry.type_url);
    if (!complete && due.resources.empty() && !due.empty_answer) return std::nullopt;  // it has no word for "gone"
    Subscription& subscription = entry.subscription;
    // What is gone from a state that may not lack it yet.
    std::vector<std::shared_ptr<const Resource>> kept;
    if (due.removals_held_back) {
      for (const auto& [name, held] : subscription.held()) {
        if (!all.contains(name) && held.resource) kept.push_back(held.resource);
      }
    }
    const std::string nonce = next_nonce();
    Due said = due;
    if (!complete) said.removed.clear();
    subscription.sent(said, nonce, now, wall);

    std::string out;
    observe::ProtoWriter response(out);
    response.bytes(1, version_of(subscription));
    auto add = [&](const Resource& resource) {
      response.message(2, [&](observe::ProtoWriter& any) {
        any.bytes(1, entry.type_url);
        if (!resource.body.empty()) any.bytes(2, resource.body);
      });
    };
    if (complete) {
      for (const auto& [name, resource] : all) {
        if (subscription.wants(name)) add(*resource);
      }
      for (const auto& resource : kept) add(*resource);
    } else {
      for (const auto& resource : due.resources) add(*resource);
    }
    response.bytes(4, entry.type_url);
    response.bytes(5, nonce);
    response.message(6, [&](observe::ProtoWriter& server) { server.bytes(1, options().identifier); });
    return out;
  }
};

}  // namespace

std::unique_ptr<Session> make_sotw_session(std::string type_url, const SessionOptions& options) {
  return std::make_unique<SotwSession>(std::move(type_url), options);
}

}  // namespace proa::mesh
