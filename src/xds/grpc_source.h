// Discovery over a gRPC stream: the aggregated service for all types, or the service of one. It runs for ever: whenever
// the stream ends it is opened again, and what was received stays.
//
//   start --open--> requests and responses --ends | cannot be had | nonsense--> back off --> open
//
// With a state file, what the server said is saved now and then. A server that does not answer at the start, for
// kSavedStateAfter or because its stream ends, is stood in for by what it said last, until it answers.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/back_off.h"
#include "grpc/call.h"
#include "net/loop.h"
#include "net/timer.h"
#include "observe/stats.h"
#include "xds/protocol.h"
#include "xds/source.h"

namespace proa::xds {

enum class ControlPlaneStat : uint8_t { kConnectedState, kPendingRequests, kRateLimitEnforced, kUsingSavedState };
extern const observe::StatSchema kControlPlaneSchema;  ///< "control_plane"

/// The method that streams `type_url`, or all types for an empty one. Empty for a type that
/// has no service of its own.
std::string_view stream_path(std::string_view type_url, bool delta);

inline constexpr Milliseconds kSavedStateAfter{500};
/// From a response to the file, and between two writes of it.
inline constexpr Milliseconds kSaveAfter{1'000}, kSaveEvery{10'000};

struct GrpcSourceOptions {
  std::string path;  ///< see stream_path()
  std::string name;  ///< of the cluster, for the log
  std::string authority;
  std::string_view scheme = "http";                             ///< "https" over TLS
  std::vector<std::pair<std::string, std::string>> metadata{};  ///< GrpcService.initial_metadata; lower-case names
  BackOffOptions back_off{};
  std::shared_ptr<observe::StatGroup> stats{};  ///< of kControlPlaneSchema; may be null
  std::string state_file{};                     ///< state_file.h; empty: nothing is kept
};

/// On its loop's thread. `opener` outlives it.
class GrpcSource final : public Source, private grpc::CallObserver, private net::EndOfTurn {
 public:
  GrpcSource(net::Loop& loop, grpc::StreamOpener& opener, std::unique_ptr<Protocol> protocol,
             GrpcSourceOptions options);

  /// Opens the stream, once. What is subscribed before goes out in the order of subscription.
  void start();
  /// Closes the stream for good; what was received stays. May be called before start().
  void stop();

  void subscribe(std::string_view type_url, std::string_view name, const SubscribeOptions& options = {}) override;
  void unsubscribe(std::string_view type_url, std::string_view name) override;
  void pause(std::string_view type_url) override { protocol_->pause(type_url); }
  void resume(std::string_view type_url) override;
  std::optional<Held> held(std::string_view type_url, std::string_view name) const override {
    return protocol_->held(type_url, name);
  }
  void for_each_held(std::string_view type_url,
                     const std::function<void(std::string_view name, const Held&)>& visit) const override {
    protocol_->for_each_held(type_url, visit);
  }

 private:
  /// What the server says may be a whole mesh; the limit only keeps nonsense out.
  static constexpr size_t kMaxMessage = size_t{1} << 30;

  // grpc::CallObserver
  void on_open() override;
  void on_message(std::string_view message) override;
  void on_writable() override { loop_.end_of_turn(*this); }
  void on_finished(const grpc::CallStatus& status, const http::HeaderList* trailers) override;
  // net::EndOfTurn
  void run() override;

  void read_saved();
  void use_saved();
  void save_soon();
  void save();
  void open_stream();
  void ended(const grpc::CallStatus& status);
  void on_deadline();
  void count();

  net::Loop& loop_;
  grpc::StreamOpener& opener_;
  std::unique_ptr<Protocol> protocol_;
  GrpcSourceOptions options_;
  std::unique_ptr<grpc::Call> call_;
  BackOff back_off_;
  net::Timer retry_;
  net::Timer deadline_;
  net::Timer use_saved_timer_;
  net::Timer save_timer_;
  MonoTime saved_at_{};
  std::optional<WallTime> saved_;  // when what may still be used was saved
  uint64_t limited_counted_ = 0;
  bool answered_ = false;  // on this stream: then its end is in order (gRFC A57)
  bool failing_ = false;   // said once, until the next response
  bool using_saved_ = false;
};

}  // namespace proa::xds
