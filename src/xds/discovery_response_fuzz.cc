// What comes from a control plane's stream: any bytes as responses, of either kind, between connects, disconnects,
// changes of mind and time. The observer opens what it gets, as the program does.
//
// Input: a byte whose lowest bit chooses delta, then steps: a byte that says what happens, for a response with two
// bytes of length and the message. Whatever comes, each readable response is answered once, and what was accepted is
// held byte for byte.
#include <cstdint>
#include <cstdlib>
#include <map>
#include <set>

#include "base/log.h"
#include "config/typed_payload.h"
#include "envoy/service/discovery/v3/discovery.pb.h"
#include "xds/protocol.h"
#include "xds/type_url.h"

namespace {

using namespace proa;
using namespace proa::xds;

void require(bool condition) {
  if (!condition) std::abort();
}

class Program final : public Observer {
 public:
  explicit Program(bool delta)
      : protocol(delta ? make_delta({}, *this) : make_sotw({.rate_limit = RateLimit{.max_tokens = 10}}, *this)) {
    protocol->subscribe(kCluster, kWildcard, {}, now);
    protocol->subscribe(kRoutes, "a", {}, now);
  }

  std::vector<Rejection> on_update(const Update& update) override {
    std::vector<Rejection> refused;
    auto& told_of_type = told[std::string(update.type_url)];
    std::set<std::string_view> names;
    for (const Resource& resource : update.resources) {
      require(names.insert(resource.name).second && resource.body->type_url() == update.type_url);
      const bool good = config::open_any(*resource.body).has_value();
      if (!good) refused.push_back({std::string(resource.name), "cannot be read"});
      if (good) told_of_type[std::string(resource.name)] = resource.body->value();
      if (good && update.type_url == kCluster && wanted.size() < 8) {
        if (wanted.emplace(resource.name).second) protocol->subscribe(kEndpoints, resource.name, {}, now);
      }
    }
    for (const std::string& name : update.removed) {
      require(told_of_type.erase(name) == 1 && !names.contains(name));
    }
    return refused;
  }
  void on_absent(std::string_view type_url, std::string_view name) override {
    require(!protocol->held(type_url, name));
  }
  void on_fetch_timeout(std::string_view, std::string_view) override {}

  void leave_endpoints() {
    if (wanted.empty()) return;
    protocol->unsubscribe(kEndpoints, *wanted.begin());
    told[std::string(kEndpoints)].erase(*wanted.begin());
    wanted.erase(wanted.begin());
  }
  void check_held() {
    for (const auto& [type, resources] : told) {
      for (const auto& [name, bytes] : resources) {
        const auto held = protocol->held(type, name);
        require(held && held->body.value() == bytes);
      }
    }
  }

  MonoTime now{std::chrono::hours(1)};
  std::unique_ptr<Protocol> protocol;
  std::set<std::string> wanted;  // endpoints
  std::map<std::string, std::map<std::string, std::string>> told;
};

template <class Request>
void read_requests(Program& program) {
  while (auto bytes = program.protocol->next_request(program.now)) {
    Request request;
    require(request.ParseFromString(*bytes) && !request.type_url().empty());
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  log::get("xds").set_level(spdlog::level::off);
  std::string_view input(reinterpret_cast<const char*>(data), size);
  if (input.empty()) return 0;
  const bool delta = input[0] & 1;
  input.remove_prefix(1);
  Program program(delta);
  program.protocol->stream_opened();
  while (!input.empty()) {
    const auto step = static_cast<uint8_t>(input[0]);
    input.remove_prefix(1);
    if (step % 8 == 1) {
      program.protocol->stream_closed();
      program.protocol->stream_opened();
    } else if (step % 8 == 2) {
      program.leave_endpoints();
    } else if (step % 8 == 3) {
      program.now += Milliseconds(step * 100);
      program.protocol->on_time(program.now);
    } else if (step % 8 != 4) {
      if (input.size() < 2) break;
      const size_t length = static_cast<uint8_t>(input[0]) * 256U + static_cast<uint8_t>(input[1]);
      input.remove_prefix(2);
      const std::string_view message = input.substr(0, length);
      input.remove_prefix(message.size());
      if (!program.protocol->receive(message, program.now, WallTime())) break;  // the stream would end here
    }
    // Not after each step: answers queue up.
    const bool time = step % 8 == 3;
    if (time || step < 128) {
      using namespace envoy::service::discovery::v3;
      delta ? read_requests<DeltaDiscoveryRequest>(program) : read_requests<DiscoveryRequest>(program);
    }
    require(!time || program.protocol->next_deadline() > program.now);
    program.check_held();
  }
  return 0;
}
