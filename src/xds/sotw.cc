#include <map>

#include "envoy/service/discovery/v3/discovery.pb.h"
#include "xds/ads.h"

namespace proa::xds {

namespace dv3 = envoy::service::discovery::v3;

namespace {

/// State of the world for one type (xds_protocol.rst, "Four variants", "How the client specifies what resources to
/// return").
///
/// Each request has all names and the newest nonce, so a change that crossed a response, and was ignored by the server
/// for its old nonce, is said again with the next acknowledgement.
///
/// The wildcard is an empty list, as every server knows it. It has that meaning only while no name was sent on the
/// stream; from then on it is spelled "*", and an empty list means nothing.
///
/// A name that is left and wanted again while a response is on its way may never be seen to have left: each list without
/// it was ignored for its old nonce. The server has then sent it already, and so had no reader. Therefore such a name
/// is in doubt for kDoubt: with each nonce one list without it goes before the one with it.
class SotwType {
 public:
  using Request = dv3::DiscoveryRequest;
  using Response = dv3::DiscoveryResponse;

  SotwType(std::string type_url, Observer& observer) : holdings_(std::move(type_url), observer) {}
  Holdings& holdings() { return holdings_; }
  const Holdings& holdings() const { return holdings_; }

  void subscribe(std::string_view name, const SubscribeOptions& options, MonoTime now) {
    if (!holdings_.want(name, options, now)) return;
    changed_ = true;
    auto left = left_.find(name);
    if (left == left_.end()) return;
    left_.erase(left);
    if (!holdings_.holds(name)) in_doubt_.emplace(name, now);
  }
  void unsubscribe(std::string_view name) {
    if (!holdings_.unwant(name)) return;
    changed_ = true;
    if (said_names_) left_.insert_or_assign(std::string(name), kNoDeadline);
  }
  void stream_opened() {
    nonce_.clear();
    left_.clear();
    in_doubt_.clear();
    changed_ = true;
    said_names_ = false;
    holdings_.forget_unwanted();
    spoke_ = false;
  }
  /// Wanting nothing cannot be said before a name was: then the empty list is the wildcard.
  bool request_due() const { return changed_ && (said_names_ || !holdings_.wants_nothing()); }

  Request request(const Ack* ack, MonoTime now) {
    mixed_ = holdings_.take_expired() || mixed_;
    // The first version on a stream says that it is held, all of it and nothing else: who believes it stays silent.
    if (!std::exchange(spoke_, true) && (mixed_ || holdings_.lacks_any())) version_.clear();
    Request out;
    out.set_type_url(holdings_.type_url());
    out.set_version_info(version_);
    out.set_response_nonce(ack ? ack->nonce : nonce_);
    if (ack && !ack->error.empty()) set_error(ack->error, out);
    settle_doubts(now);
    const bool omit = !in_doubt_.empty() && !std::exchange(omitted_, true);
    if (said_names_ || !holdings_.wants_only_all()) {
      holdings_.for_each_wanted([&](const std::string& name) {
        if (!omit || !in_doubt_.contains(name)) out.add_resource_names(name);
      });
      said_names_ = said_names_ || !holdings_.wants_nothing();
    }
    changed_ = omit;
    holdings_.forget_unwanted();
    holdings_.asked(now);
    return out;
  }

  std::optional<Ack> take(const Response& response, MonoTime now, WallTime wall) {
    nonce_ = response.nonce();
    omitted_ = false;
    // An acknowledgement without names would be a subscription to all.
    if (holdings_.wants_nothing() && !said_names_) return std::nullopt;
    Incoming incoming;
    read_response(response, incoming);
    std::string error = holdings_.apply(incoming, now, wall);
    mixed_ = !error.empty();
    if (!mixed_) version_ = response.version_info();
    const Milliseconds wait = mixed_ ? wait_before_refusing(response.version_info()) : Milliseconds(0);
    return Ack{response.nonce(), std::move(error), wait};
  }

 private:
  /// Some servers (go-control-plane) answer a refusal with the same again, at once: that would be all we did.
  Milliseconds wait_before_refusing(const std::string& version) {
    if (std::exchange(refused_, version) != version) refusals_ = 0;
    constexpr Milliseconds kFirst{100}, kMost{5'000};
    const Milliseconds wait = refusals_ == 0 ? Milliseconds(0) : kFirst * (1 << std::min(refusals_, 6));
    ++refusals_;
    return std::min(wait, kMost);
  }

  static constexpr std::chrono::seconds kDoubt{60};  // no response is on its way for longer

  void settle_doubts(MonoTime now) {
    for (auto& [name, said_at] : left_) {
      if (said_at == kNoDeadline) said_at = now;
    }
    std::erase_if(left_, [&](const auto& left) { return left.second + kDoubt < now; });
    std::erase_if(in_doubt_, [&](const auto& doubt) {
      return holdings_.holds(doubt.first) || !holdings_.wants(doubt.first) || doubt.second + kDoubt < now;
    });
  }

  Holdings holdings_;
  std::string version_;  // the last that was accepted whole; outlives the stream
  std::string nonce_;    // of the newest response on this stream
  bool mixed_ = false;   // what is held is not what it names: parts of a refused response, or less for its age
  std::string refused_;  // the last version that was refused
  int refusals_ = 0;     // of it, in a row
  bool changed_ = false;
  bool spoke_ = false;                                     // on this stream
  bool said_names_ = false;                                // on this stream
  std::map<std::string, MonoTime, std::less<>> left_;      // and when the list without it was sent
  std::map<std::string, MonoTime, std::less<>> in_doubt_;  // and since when
  bool omitted_ = false;  // a list without what is in doubt was sent with the newest nonce
};

}  // namespace

std::unique_ptr<Protocol> make_sotw(ProtocolOptions options, Observer& observer) {
  return std::make_unique<Ads<SotwType>>(std::move(options), observer);
}

}  // namespace proa::xds
