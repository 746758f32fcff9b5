// One thread's cells: a two-level table from group id to a block that is made on the first write.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>

#include "observe/histogram.h"
#include "observe/stats.h"

namespace proa::observe {

/// The cells of one group on one thread. A cell is 2 * value + kWritten, or 0. Cell `i` of a histogram is unused; its samples are in histograms[i].
struct CellBlock {
  explicit CellBlock(const StatSchema& schema);
  ~CellBlock();
  using StatusPage = std::array<std::atomic<uint64_t>, 100>;  // the codes of one class

  std::unique_ptr<std::atomic<int64_t>[]> cells;
  std::unique_ptr<std::atomic<HistogramCells*>[]> histograms;
  std::unique_ptr<std::atomic<StatusPage*>[]> statuses;  // 5 classes for each status prefix
  size_t stat_count;
  size_t page_count;
};

/// Written by its thread alone, read by scrapes. Pointers are published with release and never change until
/// drop(), which the owner of the group calls when no thread counts into it any more.
class ThreadCells {
 public:
  ~ThreadCells();
  /// `id` is below kMaxGroups: Registry::add() gives no other.
  CellBlock* find(uint32_t id) const {
    Chunk* chunk = chunks_[id / kChunk].load(std::memory_order_acquire);
    return chunk ? (*chunk)[id % kChunk].load(std::memory_order_acquire) : nullptr;
  }
  CellBlock& make(uint32_t id, const StatSchema& schema);
  void drop(uint32_t id);

  static constexpr size_t kMaxGroups = 1 << 20;

 private:
  static constexpr size_t kChunk = 256;
  using Chunk = std::array<std::atomic<CellBlock*>, kChunk>;
  std::unique_ptr<std::atomic<Chunk*>[]> chunks_ = std::make_unique<std::atomic<Chunk*>[]>(kMaxGroups / kChunk);
};

}  // namespace proa::observe
