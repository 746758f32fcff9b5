// A client's connection to one gRPC server, for programs that need no cluster: commands, tests.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "grpc/call.h"
#include "http/codec.h"
#include "net/transport.h"

namespace proa::grpc {

/// On its loop's thread. Calls wait until the connection stands, and fail once it has ended: it is not made again.
class Channel final : public StreamOpener {
 public:
  /// `transport` connects, or a TLS transport shakes hands: on_connected() is still to come. It closes when this is
  /// destroyed, in the next turn of the loop, which must come. With calls under way cancel those first.
  explicit Channel(std::unique_ptr<net::Transport> transport, const http::Http2Options& options = {});
  ~Channel() override;

  void open(http::ResponseReceiver& receiver, Arena& arena, Waiter& waiter) override;
  void cancel(Waiter& waiter) override;

 private:
  class Connection;
  struct Waiting {
    http::ResponseReceiver* receiver;
    Arena* arena;
    Waiter* waiter;
  };
  void give();
  void ended(std::string reason);

  Connection* connection_;  // destroys itself when it has closed; null then
  std::vector<Waiting> waiting_;
  std::string failure_;
};

}  // namespace proa::grpc
