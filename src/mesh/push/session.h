// One discovery stream as a state machine: requests in, responses out. It owns no socket and no clock; push_stream.h
// gives it both.
//
//   request --> subscriptions --+
//   ResourceSet ----------------+--> next_response(): what is due, in the order of a push
//
// A type's next response waits for the answer to the one before; what comes after it in the order of a push waits with
// it, unless the proxy asks. Make before break: listeners and routes wait for the answers to clusters and endpoints
// (Envoy gives them when the clusters are warm, proa-proxy has asked for the endpoints by then); and clusters and
// endpoints that are gone go when listeners and routes that used them have been answered.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "mesh/push/node.h"
#include "mesh/push/resource.h"
#include "mesh/push/resource_type.h"
#include "mesh/push/subscription.h"

namespace proa::mesh {

struct SessionOptions {
  std::string identifier = "proa";  ///< of the control plane, in each response
  /// How long a push waits for the answer to the one before.
  Milliseconds patience{5'000};
};

struct SessionCounts {
  uint64_t requests = 0, responses = 0, accepted = 0, refused = 0, bytes = 0;
};

class Session {
 public:
  /// `type_url`: the only type of the stream, or empty: all of them (ADS).
  Session(std::string type_url, const SessionOptions& options);
  virtual ~Session() = default;
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// Fails when the request breaks the protocol: the stream ends with INVALID_ARGUMENT and the message.
  virtual Status receive(std::string_view request, MonoTime now, WallTime wall) = 0;
  /// The node of the first request; null before it.
  const std::shared_ptr<const Node>& node() const { return node_; }
  void set_identity(std::string spiffe_id);

  /// The newest state of the world. Null: not known; nothing is sent then.
  void update(std::shared_ptr<const ResourceSet> resources);
  const std::shared_ptr<const ResourceSet>& resources() const { return resources_; }
  /// A serialised response that is due now. Ask until there is none.
  std::optional<std::string> next_response(MonoTime now, WallTime wall);
  /// When to ask again though nothing has happened; MonoTime::max(): never.
  MonoTime next_deadline() const;

  /// Nothing is due, and every response has been answered.
  bool settled() const;

  const SessionCounts& counts() const { return counts_; }
  void for_each_type(
      const std::function<void(std::string_view type_url, const Subscription& subscription)>& visit) const;
  virtual bool delta() const = 0;

 protected:
  struct Entry {
    std::string type_url;
    PushRank rank;
    Subscription subscription;
    bool said_names = false;  ///< state of the world: an empty list means "nothing" from then on
  };

  /// Puts what is due into a response, and notes it as sent. Nothing: it is not worth one in this protocol.
  virtual std::optional<std::string> respond(Entry& entry, const ResourceSet::Named& all, const Due& due, MonoTime now,
                                             WallTime wall) = 0;

  /// What a request begins with in both protocols: the node, the type, the answer to a response. `first`: nothing was
  /// asked of the type before.
  template <class Request>
  Result<Entry*> begin_request(std::string_view bytes, Request& request, bool& first, WallTime wall) {
    if (!request.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
      return fail("no " + Request::descriptor()->name());
    }
    take_node(request.node(), request.has_node());
    if (!node_) return fail("the first request has no node");
    Result<Entry*> entry = entry_of(request.type_url(), first);
    if (entry && !request.response_nonce().empty()) {
      note_answer(**entry, request.response_nonce(), request.has_error_detail(), request.error_detail().message(),
                  wall);
    }
    return entry;
  }
  Status check_names() const;
  std::string next_nonce();
  std::string version_of(const Subscription& subscription) const;
  const SessionOptions& options() const { return options_; }

 private:
  static constexpr size_t kMaxTypes = 64;
  static constexpr size_t kMaxNames = 500'000;

  Result<Entry*> entry_of(const std::string& type_url, bool& first);
  void take_node(const envoy::config::core::v3::Node& node, bool given);
  void note_answer(Entry& entry, const std::string& nonce, bool refused, const std::string& reason, WallTime wall);
  const ResourceSet::Named& all_of(const std::string& type_url) const;
  bool users_settled() const;
  void after_clusters(const Due& due, const std::vector<std::string>& changed);

  const std::string type_url_;
  const SessionOptions& options_;
  std::shared_ptr<const Node> node_;
  std::shared_ptr<const ResourceSet> resources_;
  std::vector<std::unique_ptr<Entry>> entries_;  // in the order of a push
  SessionCounts counts_;
  uint64_t nonces_ = 0;
};

std::unique_ptr<Session> make_sotw_session(std::string type_url, const SessionOptions& options);
std::unique_ptr<Session> make_delta_session(std::string type_url, const SessionOptions& options);

}  // namespace proa::mesh
