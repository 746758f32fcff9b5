#include <map>

#include "envoy/service/discovery/v3/discovery.pb.h"
#include "xds/ads.h"

namespace proa::xds {

namespace dv3 = envoy::service::discovery::v3;

namespace {

/// Delta for one type.
///
/// The first request of a stream says all that is wanted and which versions are held. Later ones are either an
/// acknowledgement, which has a nonce and no changes, or a change, which has no nonce: a server may drop a request
/// with an old nonce whole (istiod does), and a change must not get lost with it.
class DeltaType {
 public:
  using Request = dv3::DeltaDiscoveryRequest;
  using Response = dv3::DeltaDiscoveryResponse;

  DeltaType(std::string type_url, Observer& observer) : holdings_(std::move(type_url), observer) {}
  Holdings& holdings() { return holdings_; }
  const Holdings& holdings() const { return holdings_; }

  void subscribe(std::string_view name, const SubscribeOptions& options, MonoTime now) {
    const bool known = holdings_.wants(name);
    if (!holdings_.want(name, options, now) || !began_) return;
    auto unsaid = leave_.find(name);
    const bool server_knows = known || unsaid != leave_.end();
    if (unsaid != leave_.end()) leave_.erase(unsaid);
    // To ask again for what the server thinks we have makes it send that again.
    if (!server_knows || !holdings_.holds(name)) join_.try_emplace(std::string(name), server_knows);
  }
  void unsubscribe(std::string_view name) {
    if (!holdings_.unwant(name) || !began_) return;
    bool server_knows = true;
    if (auto unsaid = join_.find(name); unsaid != join_.end()) {
      server_knows = unsaid->second;
      join_.erase(unsaid);
    }
    if (server_knows) leave_.emplace(name);
  }
  void stream_opened() {
    began_ = false;
    join_.clear();
    leave_.clear();
    holdings_.forget_unwanted();
  }
  bool request_due() const { return began_ ? !join_.empty() || !leave_.empty() : !holdings_.wants_nothing(); }

  Request request(const Ack* ack, MonoTime now) {
    Request out;
    out.set_type_url(holdings_.type_url());
    if (ack) {
      out.set_response_nonce(ack->nonce);
      if (!ack->error.empty()) set_error(ack->error, out);
      return out;
    }
    began_ ? say_changes(out) : say_all(out);
    holdings_.forget_unwanted();
    holdings_.asked(now);
    return out;
  }

  std::optional<Ack> take(const Response& response, MonoTime now, WallTime wall) {
    Incoming incoming;
    read_response(response, incoming);
    std::string error = holdings_.apply(incoming, now, wall);
    if (!began_) return std::nullopt;  // nobody asked; the first request must not be an acknowledgement
    return Ack{response.nonce(), std::move(error)};
  }

 private:
  void say_all(Request& out) {
    began_ = true;
    if (!holdings_.wants_only_all()) {  // the wildcard alone is an empty list, as every server knows it
      holdings_.for_each_wanted([&](const std::string& name) { out.add_resource_names_subscribe(name); });
    }
    holdings_.for_each_version([&](const std::string& name, const std::string& version) {
      (*out.mutable_initial_resource_versions())[name] = version;
    });
  }
  void say_changes(Request& out) {
    for (const auto& [name, known] : join_) out.add_resource_names_subscribe(name);
    for (const std::string& name : leave_) out.add_resource_names_unsubscribe(name);
    join_.clear();
    leave_.clear();
  }

  Holdings holdings_;
  std::map<std::string, bool, std::less<>> join_;  // name -> the server knows of an earlier subscription to it
  std::set<std::string, std::less<>> leave_;
  bool began_ = false;  // the first request of this stream is sent
};

}  // namespace

std::unique_ptr<Protocol> make_delta(ProtocolOptions options, Observer& observer) {
  return std::make_unique<Ads<DeltaType>>(std::move(options), observer);
}

}  // namespace proa::xds
