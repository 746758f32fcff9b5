// What the tests of this folder share: an observer that writes down what it is told, and messages as one line of text.
#pragma once

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <google/protobuf/wire_format_lite.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "envoy/service/discovery/v3/discovery.pb.h"
#include "xds/protocol.h"
#include "xds/type_url.h"

namespace proa::xds {

namespace dv3 = envoy::service::discovery::v3;

/// "Cluster"
inline std::string short_type(std::string_view type_url) {
  return std::string(type_url.substr(type_url.rfind('.') + 1));
}

/// A resource of any type: its name in field 1, something that differs in another.
inline google::protobuf::Any resource(std::string_view type_url, std::string_view name, std::string_view data = "") {
  using google::protobuf::internal::WireFormatLite;
  google::protobuf::Any out;
  out.set_type_url(std::string(type_url));
  google::protobuf::io::StringOutputStream bytes(out.mutable_value());
  google::protobuf::io::CodedOutputStream stream(&bytes);
  WireFormatLite::WriteString(1, std::string(name), &stream);
  if (!data.empty()) WireFormatLite::WriteString(1000, std::string(data), &stream);
  return out;
}

/// Writes events as "Cluster v1: a@v1 b@v1= -c", "Cluster absent a", "Cluster timeout *". Refuses what is in `bad`.
class TestObserver : public Observer {
 public:
  std::vector<Rejection> on_update(const Update& update) override {
    std::string line = fmt::format("{} {}:", short_type(update.type_url), update.version);
    std::vector<Rejection> refused;
    for (const Resource& resource : update.resources) {
      line += fmt::format(" {}@{}{}", resource.name, resource.version, resource.unchanged ? "=" : "");
      if (auto why = bad.find(resource.name); why != bad.end()) refused.push_back({why->first, why->second});
    }
    for (const std::string& name : update.removed) line += " -" + name;
    events.push_back(line);
    if (during_update) during_update(update);
    return refused;
  }
  void on_absent(std::string_view type_url, std::string_view name) override {
    events.push_back(fmt::format("{} absent {}", short_type(type_url), name));
  }
  void on_fetch_timeout(std::string_view type_url, std::string_view name) override {
    events.push_back(fmt::format("{} timeout {}", short_type(type_url), name));
  }

  /// The events since the last call.
  std::vector<std::string> take() { return std::exchange(events, {}); }

  std::vector<std::string> events;
  std::map<std::string, std::string, std::less<>> bad;
  std::function<void(const Update&)> during_update;
};

using Lines = std::vector<std::string>;

/// A protocol object and its clock. Requests are written as
///   "Cluster v1 n1 [a,b] refused: a: reason"             state of the world; "-" for an empty version or nonce
///   "Cluster n1 +[a] -[b] have[c=1] refused: a: reason"  delta
/// with "node " before those that have one.
class TestClient {
 public:
  explicit TestClient(bool delta, ProtocolOptions options = {.node_on_first_message_only = true}) : delta_(delta) {
    options.node.set_id("sidecar~10.1.1.1~app.ns~ns.svc.cluster.local");
    protocol = delta ? make_delta(std::move(options), observer) : make_sotw(std::move(options), observer);
  }

  void subscribe(std::string_view type_url, std::string_view name, const SubscribeOptions& options = {}) {
    protocol->subscribe(type_url, name, options, now);
  }
  void unsubscribe(std::string_view type_url, std::string_view name) { protocol->unsubscribe(type_url, name); }
  void reconnect() {
    protocol->stream_closed();
    protocol->stream_opened();
  }
  /// The clock goes on, with the calls that next_deadline() asks for.
  void pass(Milliseconds time) {
    const MonoTime end = now + time;
    while (protocol->next_deadline() <= end) {
      now = std::max(now, protocol->next_deadline());
      protocol->on_time(now);
      for (std::string& line : requests()) unread_.push_back(std::move(line));
    }
    now = end;
  }
  /// What is sent now.
  Lines requests() {
    Lines out = std::exchange(unread_, {});
    while (auto bytes = protocol->next_request(now)) out.push_back(delta_ ? delta_line(*bytes) : sotw_line(*bytes));
    return out;
  }

  template <class Response>
  void receive(const Response& response) {
    ASSERT_TRUE(protocol->receive(response.SerializeAsString(), now, WallTime(Milliseconds(1'700'000'000'000))));
  }

  TestObserver observer;
  std::unique_ptr<Protocol> protocol;
  MonoTime now{std::chrono::hours(1)};

 private:
  static std::string or_dash(const std::string& text) { return text.empty() ? "-" : text; }
  template <class Request>
  static std::string framed(const Request& request, const std::string& inside) {
    std::string out = request.has_node() ? "node " : "";
    out += short_type(request.type_url()) + " " + inside;
    if (request.has_error_detail()) out += " refused: " + request.error_detail().message();
    return out;
  }
  static std::string sotw_line(const std::string& bytes) {
    dv3::DiscoveryRequest request;
    EXPECT_TRUE(request.ParseFromString(bytes));
    return framed(request, fmt::format("{} {} [{}]", or_dash(request.version_info()), or_dash(request.response_nonce()),
                                       fmt::join(request.resource_names(), ",")));
  }
  static std::string delta_line(const std::string& bytes) {
    dv3::DeltaDiscoveryRequest request;
    EXPECT_TRUE(request.ParseFromString(bytes));
    std::string out = or_dash(request.response_nonce());
    if (request.resource_names_subscribe_size() > 0) {
      out += fmt::format(" +[{}]", fmt::join(request.resource_names_subscribe(), ","));
    }
    if (request.resource_names_unsubscribe_size() > 0) {
      out += fmt::format(" -[{}]", fmt::join(request.resource_names_unsubscribe(), ","));
    }
    Lines have;
    for (const auto& [name, version] : request.initial_resource_versions()) have.push_back(name + "=" + version);
    std::ranges::sort(have);
    if (!have.empty()) out += fmt::format(" have[{}]", fmt::join(have, ","));
    return framed(request, out);
  }

  bool delta_;
  Lines unread_;
};

}  // namespace proa::xds
