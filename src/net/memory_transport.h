// A connected pair of transports in memory: for tests of what stands on a transport, with the faults of a network.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "net/transport.h"

namespace proa::net {

/// One end of a pair. Bytes written on one end can be read on the other; observers are told through Loop::post, so
/// never inside a call. Either end may be destroyed at any time: the other sees a close.
class MemoryTransport final : public Transport {
 public:
  struct Pair;
  /// Both ends on `loop`, addresses 10.0.0.1:1000 (first) and 10.0.0.2:2000.
  static Pair make_pair(Loop& loop);
  ~MemoryTransport() override { close(); }

  IoResult read(char* to, size_t size) override;
  IoResult writev(std::span<const iovec> pieces) override;
  void shutdown_write() override;
  void close(bool reset = false) override;
  bool open() const override { return open_; }
  Loop& loop() override;

  // Faults, for this end.

  /// A read gives at most `bytes`.
  void limit_reads(size_t bytes) { read_limit_ = bytes; }
  /// At most `bytes` may wait for the peer to read; 0 blocks every write. Raising it tells of room.
  void limit_writes(size_t bytes);
  /// The next write and read fail with `error` (an errno), and the observer hears of a hang-up.
  void fail_with(int error);

  // For tests that play this end by hand.

  /// Writes all; false when it does not fit.
  bool send(std::string_view bytes);
  /// Everything that waits, whatever the limit.
  std::string receive();
  bool peer_finished() const;
  bool was_reset() const;
  /// Calls on_connected(), as a client's connect would, in a later turn.
  void announce_connected();

 private:
  struct Wire;  // what both ends share
  MemoryTransport(std::shared_ptr<Wire> wire, int side);
  void tell(int side, uint32_t what);
  static void deliver(MemoryTransport& end, uint32_t what);

  std::shared_ptr<Wire> wire_;
  int side_;
  bool open_ = true;
  bool want_write_ = false;
  size_t read_limit_ = SIZE_MAX;
};

struct MemoryTransport::Pair {
  std::unique_ptr<MemoryTransport> first, second;
};

}  // namespace proa::net
