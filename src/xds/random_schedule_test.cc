// Random schedules: a server that changes its mind, a stream that breaks anywhere, resources that are refused, names
// that come and go. Whatever happened: once it is quiet, the client has what the server has.
#include <gtest/gtest.h>

#include "base/log.h"
#include "xds/test_server.h"

namespace proa::xds {
namespace {

constexpr int kBad = 7;  // data that is divisible by it is refused

/// A program that asks for all clusters, for the endpoints of each, and for some routes. It keeps what it is told.
class Program final : public Observer {
 public:
  explicit Program(bool delta) {
    protocol = delta ? make_delta({.node_on_first_message_only = true}, *this)
                     : make_sotw({.node_on_first_message_only = true}, *this);
    want(kCluster, kWildcard);
  }

  void want(std::string_view type, std::string_view name) {
    if (!wanted[std::string(type)].insert(std::string(name)).second) return;
    protocol->subscribe(type, name, {}, now);
    // Left and wanted again before the server heard of it: nobody sends it again.
    if (auto held = protocol->held(type, name)) told[std::string(type)][std::string(name)] = data_of(held->body);
  }
  void leave(std::string_view type, const std::string& name) {
    if (wanted[std::string(type)].erase(name) == 0) return;
    protocol->unsubscribe(type, name);
    told[std::string(type)].erase(name);
    answered[std::string(type)].erase(name);
  }

  std::vector<Rejection> on_update(const Update& update) override {
    const std::string type(update.type_url);
    std::vector<Rejection> refused;
    for (const Resource& resource : update.resources) {
      const std::string name(resource.name);
      const int data = data_of(*resource.body);
      EXPECT_EQ(resource.unchanged, told[type].contains(name) && told[type][name] == data) << name;
      if (data % kBad == 0) {
        refused.push_back({name, "is bad"});
        if (!told[type].contains(name)) answered[type].insert(name);
        continue;
      }
      told[type][name] = data;
      answered[type].erase(name);
      if (type == kCluster) want(kEndpoints, name);
    }
    for (const std::string& name : update.removed) {
      EXPECT_EQ(told[type].erase(name), 1u) << name;
      answered[type].insert(name);
      if (type == kCluster) leave(kEndpoints, name);
    }
    return refused;
  }
  void on_absent(std::string_view type_url, std::string_view name) override {
    EXPECT_FALSE(told[std::string(type_url)].contains(std::string(name))) << name;
    EXPECT_TRUE(wanted[std::string(type_url)].contains(std::string(name))) << name;
    answered[std::string(type_url)].insert(std::string(name));
  }
  void on_fetch_timeout(std::string_view, std::string_view) override {}

  /// resource() writes the data after the name, in field 1000.
  static int data_of(const google::protobuf::Any& body) {
    const std::string& bytes = body.value();
    const size_t at = 2 + static_cast<size_t>(bytes[1]) + 3;
    return at >= bytes.size() ? 1 : std::stoi(bytes.substr(at));
  }

  std::unique_ptr<Protocol> protocol;
  MonoTime now{std::chrono::hours(1)};
  std::map<std::string, std::set<std::string>> wanted;
  std::map<std::string, World::Resources> told;
  std::map<std::string, std::set<std::string>> answered;  // wanted and not held, but something was said of them
};

class Schedule {
 public:
  Schedule(bool delta, uint64_t seed) : delta_(delta), random_(seed), program_(delta) {}

  void run(int steps) {
    for (int i = 0; i < steps && !testing::Test::HasFailure(); ++i) {
      step();
      check_told_is_held();
    }
    settle();
    check();
  }

 private:
  void step() {
    switch (random_.below(12)) {
      case 0:
      case 1: return change_world();
      case 2: return server_ ? void(server_->push()) : connect();
      case 3:
      case 4: return serve_one();
      case 5:
      case 6: return receive_one();
      case 7: return program_.want(kRoutes, name());
      case 8: return program_.leave(kRoutes, name());
      case 9: return wait();
      case 10: return server_ && random_.below(4) == 0 ? server_->send_faulty() : void();
      default: return server_ ? (random_.below(5) == 0 ? disconnect() : void()) : connect();
    }
  }

  std::string name() { return std::string(1, static_cast<char>('a' + random_.below(6))); }
  void change_world() {
    const std::string_view types[] = {kCluster, kEndpoints, kRoutes};
    const std::string type(types[random_.below(3)]);
    const std::string changed = name();
    if (random_.below(3) == 0) return world_.erase(type, changed);
    world_.put(type, changed, ++data_);
  }

  void connect() {
    if (random_.below(4) == 0) return program_.protocol->stream_closed();  // it could not be had
    if (delta_) {
      server_ = std::make_unique<DeltaServer>(world_, random_);
    } else {
      server_ = std::make_unique<SotwServer>(world_, random_);
    }
    program_.protocol->stream_opened();
  }
  /// What is on its way in either direction is lost.
  void disconnect() {
    server_.reset();
    requests_.clear();
    program_.protocol->stream_closed();
  }
  void write_requests() {
    while (auto bytes = program_.protocol->next_request(program_.now)) requests_.push_back(*bytes);
  }
  void serve_one() {
    if (!server_) return;
    write_requests();
    if (requests_.empty()) return;
    server_->request(requests_.front());
    requests_.pop_front();
  }
  void receive_one() {
    if (!server_ || server_->responses.empty()) return;
    if (random_.below(2) == 0) write_requests();  // else they cross what has not been read
    EXPECT_TRUE(program_.protocol->receive(server_->responses.front(), program_.now, {}));
    server_->responses.pop_front();
  }
  /// Long only while nothing is on its way: no network keeps a message for a minute.
  void wait() {
    if (server_) write_requests();
    const bool quiet = requests_.empty() && (!server_ || server_->responses.empty());
    pass(Milliseconds(random_.below(quiet ? 20'000 : 100)));
  }
  void pass(Milliseconds time) {
    const MonoTime end = program_.now + time;
    while (program_.protocol->next_deadline() <= end) {
      program_.now = std::max(program_.now, program_.protocol->next_deadline());
      program_.protocol->on_time(program_.now);
    }
    program_.now = end;
  }

  void settle() {
    for (auto& [type, resources] : world_.types) {
      for (const auto& [name, data] : World::Resources(resources)) {
        if (data % kBad == 0) world_.put(type, name, data * 100 + 1);
      }
    }
    while (!server_) connect();
    for (int quiet = 0, turns = 0; quiet < 3 && !testing::Test::HasFailure(); ++turns) {
      ASSERT_LT(turns, 10'000) << "they talk for ever";
      const bool pushed = server_->push();
      write_requests();
      const bool idle = !pushed && requests_.empty() && server_->responses.empty();
      quiet = idle ? quiet + 1 : 0;
      serve_one();
      receive_one();
      if (quiet == 2) pass(Milliseconds(60'000));
    }
  }

  bool covers(const std::string& type, const std::string& name) {
    return program_.wanted[type].contains(name) || program_.wanted[type].contains("*");
  }
  void check_told_is_held() {
    for (const auto& [type, resources] : program_.told) {
      for (const auto& [name, data] : resources) {
        auto held = program_.protocol->held(type, name);
        ASSERT_TRUE(held) << type << " " << name;
        ASSERT_EQ(Program::data_of(held->body), data) << type << " " << name;
      }
      program_.protocol->for_each_held(type, [&](std::string_view name, const Held&) {
        const std::string held(name);
        EXPECT_TRUE(!covers(type, held) || resources.contains(held)) << type << " " << name;
      });
    }
  }
  void check() {
    check_told_is_held();
    for (const auto& [type, wanted] : program_.wanted) {
      for (const auto& [name, data] : world_.types[type]) {
        if (!covers(type, name)) continue;
        ASSERT_TRUE(program_.told[type].contains(name)) << type << " " << name;
        EXPECT_EQ(program_.told[type][name], data) << type << " " << name;
      }
      for (const auto& [name, data] : program_.told[type]) {
        // In a state of the world there is no word for a removal of these types.
        const bool told_of_removals = delta_ || full_state(type);
        EXPECT_TRUE(!told_of_removals || world_.types[type].contains(name)) << type << " " << name;
      }
      for (const std::string& name : wanted) {
        const bool known = program_.told[type].contains(name) || program_.answered[type].contains(name);
        EXPECT_TRUE(name == "*" || known) << "nobody said a word about " << type << " " << name;
      }
    }
  }

  bool delta_;
  Random random_;
  World world_;
  Program program_;
  std::unique_ptr<TestServer> server_;
  std::deque<std::string> requests_;
  int data_ = 0;
};

void run_seeds(bool delta, uint64_t from, uint64_t to) {
  log::get("xds").set_level(spdlog::level::off);  // thousands of refusals
  for (uint64_t seed = from; seed < to && !testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Schedule(delta, seed).run(static_cast<int>(20 + seed % 300));
  }
  log::get("xds").set_level(spdlog::level::info);
}

TEST(RandomSchedule, sotw_ends_with_what_the_server_has) { run_seeds(false, 1, 1000); }
TEST(RandomSchedule, delta_ends_with_what_the_server_has) { run_seeds(true, 1, 1000); }

}  // namespace
}  // namespace proa::xds
