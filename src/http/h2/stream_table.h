// Stream id -> stream, and the memory of streams that ended a moment ago.
#pragma once

#include <array>
#include <cstdint>
#include <memory>

namespace proa::http::h2 {

struct StreamState;

/// Open addressing with linear probing. Ids that follow each other fall into neighbouring slots, so a look-up
/// is one probe as a rule. Holds no memory before the first stream.
class StreamTable {
 public:
  StreamState* find(uint32_t id) const {
    if (!size_) return nullptr;
    for (uint32_t slot = home(id);; slot = (slot + 1) & mask_) {
      if (slots_[slot].id == id) return slots_[slot].stream;
      if (!slots_[slot].id) return nullptr;
    }
  }
  /// Precondition: no stream of that id is in the table; id > 0.
  void insert(uint32_t id, StreamState& stream);
  void erase(uint32_t id);
  uint32_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  /// Any stream; nullptr when empty.
  StreamState* any() const;
  /// Calls f(StreamState&); f may change the stream, not the table.
  template <class F>
  void for_each(F f) const {
    if (!size_) return;
    for (uint32_t slot = 0; slot <= mask_; ++slot) {
      if (slots_[slot].id) f(*slots_[slot].stream);
    }
  }

 private:
  struct Slot {
    uint32_t id = 0;
    StreamState* stream = nullptr;
  };
  uint32_t home(uint32_t id) const { return (id >> 1) & mask_; }
  void grow();

  std::unique_ptr<Slot[]> slots_;
  uint32_t mask_ = 0;
  uint32_t size_ = 0;
};

/// How a stream ended. What the peer may still send on it depends on that (RFC 9113 section 5.1).
enum class Ending : uint8_t {
  kUnknown,   ///< never seen, or too long ago
  kComplete,  ///< END_STREAM both ways
  kResetByPeer,
  kResetByUs,  ///< frames may be under way: ignored
};

/// The last kRemembered streams that ended.
class RecentStreams {
 public:
  void add(uint32_t id, Ending ending) {
    // Both sides' ids of one connection that we look up have the same parity: 30 bits of id, 2 of ending.
    ring_[next_++ % kRemembered] = (id >> 1) << 2 | static_cast<uint32_t>(ending);
  }
  Ending find(uint32_t id) const {
    for (uint32_t age = 1; age <= kRemembered; ++age) {  // the newest knows best
      uint32_t entry = ring_[(next_ - age) % kRemembered];
      if (entry >> 2 == id >> 1 && (entry & 3)) return static_cast<Ending>(entry & 3);
    }
    return Ending::kUnknown;
  }

 private:
  static constexpr uint32_t kRemembered = 64;
  std::array<uint32_t, kRemembered> ring_{};
  uint32_t next_ = 0;
};

}  // namespace proa::http::h2
