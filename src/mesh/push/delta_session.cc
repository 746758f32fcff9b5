// Delta: requests and responses are changes; each resource has a version of its own.
#include "envoy/service/discovery/v3/discovery.pb.h"
#include "mesh/push/session.h"
#include "observe/proto_writer.h"

namespace proa::mesh {
namespace {

using envoy::service::discovery::v3::DeltaDiscoveryRequest;

class DeltaSession final : public Session {
 public:
  using Session::Session;
  bool delta() const override { return true; }

  Status receive(std::string_view bytes, MonoTime, WallTime wall) override {
    DeltaDiscoveryRequest request;
    bool first = false;
    Result<Entry*> entry = begin_request(bytes, request, first, wall);
    if (!entry) return std::unexpected(entry.error());
    if (first) {
      begin(**entry, request);
    } else {
      change(**entry, request);
    }
    return check_names();
  }

 private:
  static void begin(Entry& entry, const DeltaDiscoveryRequest& request) {
    Subscription& subscription = entry.subscription;
    for (const auto& [name, version] : request.initial_resource_versions()) subscription.holds(name, version);
    bool all = request.resource_names_subscribe().empty() && wildcard_by_default(entry.type_url);
    for (const std::string& name : request.resource_names_subscribe()) {
      if (name == kWildcard) {
        all = true;
      } else {
        subscription.resume(name);
      }
    }
    if (all) subscription.subscribe_all(/*answer=*/request.initial_resource_versions().empty());
  }

  static void change(Entry& entry, const DeltaDiscoveryRequest& request) {
    Subscription& subscription = entry.subscription;
    for (const std::string& name : request.resource_names_subscribe()) {
      if (name == kWildcard) {
        subscription.subscribe_all();
      } else {
        subscription.subscribe(name);
      }
    }
    for (const std::string& name : request.resource_names_unsubscribe()) {
      if (name == kWildcard) {
        subscription.unsubscribe_all();
      } else {
        subscription.unsubscribe(name);
      }
    }
  }

  std::optional<std::string> respond(Entry& entry, const ResourceSet::Named&, const Due& due, MonoTime now,
                                     WallTime wall) override {
    const std::string nonce = next_nonce();
    entry.subscription.sent(due, nonce, now, wall);
    std::string out;
    observe::ProtoWriter response(out);
    response.bytes(1, version_of(entry.subscription));
    for (const auto& resource : due.resources) {
      response.message(2, [&](observe::ProtoWriter& envelope) {
        envelope.bytes(1, version_text(resource->hash));
        envelope.message(2, [&](observe::ProtoWriter& any) {
          any.bytes(1, entry.type_url);
          if (!resource->body.empty()) any.bytes(2, resource->body);
        });
        envelope.bytes(3, resource->name);
      });
    }
    response.bytes(4, entry.type_url);
    response.bytes(5, nonce);
    for (const std::string& name : due.removed) response.bytes(6, name);
    response.message(7, [&](observe::ProtoWriter& server) { server.bytes(1, options().identifier); });
    return out;
  }
};

}  // namespace

std::unique_ptr<Session> make_delta_session(std::string type_url, const SessionOptions& options) {
  return std::make_unique<DeltaSession>(std::move(type_url), options);
}

}  // namespace proa::mesh
