#include "observe/thread_cells.h"

namespace proa::observe {

CellBlock::CellBlock(const StatSchema& schema)
    : cells(std::make_unique<std::atomic<int64_t>[]>(schema.stats.size())),
      stat_count(schema.stats.size()),
      page_count(schema.status_prefixes.size() * 5) {
  bool any = false;
  for (const StatDef& stat : schema.stats) any |= stat.kind == StatKind::kHistogram;
  if (any) histograms = std::make_unique<std::atomic<HistogramCells*>[]>(stat_count);
  if (page_count) statuses = std::make_unique<std::atomic<StatusPage*>[]>(page_count);
}

CellBlock::~CellBlock() {
  if (histograms) {
    for (size_t i = 0; i < stat_count; ++i) delete histograms[i].load();
  }
  for (size_t i = 0; i < page_count; ++i) delete statuses[i].load();
}

ThreadCells::~ThreadCells() {
  for (size_t c = 0; c < kMaxGroups / kChunk; ++c) {
    Chunk* chunk = chunks_[c].load();
    if (!chunk) continue;
    for (auto& block : *chunk) delete block.load();
    delete chunk;
  }
}

CellBlock& ThreadCells::make(uint32_t id, const StatSchema& schema) {
  std::atomic<Chunk*>& slot = chunks_[id / kChunk];
  Chunk* chunk = slot.load(std::memory_order_relaxed);
  if (!chunk) {
    chunk = new Chunk{};
    slot.store(chunk, std::memory_order_release);
  }
  auto* block = new CellBlock(schema);
  (*chunk)[id % kChunk].store(block, std::memory_order_release);
  return *block;
}

void ThreadCells::drop(uint32_t id) {
  Chunk* chunk = chunks_[id / kChunk].load();
  if (chunk) delete (*chunk)[id % kChunk].exchange(nullptr);
}

}  // namespace proa::observe
