#include "observe/stats.h"

#include <algorithm>
#include <stdexcept>

#include "observe/registry.h"
#include "observe/thread_cells.h"

namespace proa::observe {
namespace {

std::atomic<uint64_t> next_serial{1};

// The cells that this thread used last; a process has one registry, so this nearly always hits.
struct Cache {
  uint64_t serial = 0;
  ThreadCells* cells = nullptr;
};
thread_local Cache cache;
// Every registry that this thread has counted into, by serial: only tests have more than one.
thread_local std::vector<Cache> known;

}  // namespace

Registry::Registry() : serial_(next_serial.fetch_add(1)) {}

Registry::~Registry() {
  for (size_t i = 0; i < thread_count_; ++i) delete threads_[i].load();
}

ThreadCells& Registry::cells_of_this_thread() {
  for (const Cache& entry : known) {
    if (entry.serial == serial_) {
      cache = entry;
      return *entry.cells;
    }
  }
  auto cells = std::make_unique<ThreadCells>();
  cache = {serial_, cells.get()};
  known.push_back(cache);
  std::lock_guard lock(mutex_);
  size_t count = thread_count_.load();
  if (count == kMaxThreads) throw std::length_error("too many threads count statistics");
  threads_[count].store(cells.release());
  thread_count_.store(count + 1, std::memory_order_release);
  return *cache.cells;
}

uint32_t Registry::add(StatGroup& group) {
  std::lock_guard lock(mutex_);
  if (!free_ids_.empty()) {
    uint32_t id = free_ids_.back();
    free_ids_.pop_back();
    groups_[id] = &group;
    return id;
  }
  if (groups_.size() >= ThreadCells::kMaxGroups) throw std::length_error("too many statistics groups");
  groups_.push_back(&group);
  return static_cast<uint32_t>(groups_.size() - 1);
}

void Registry::remove(StatGroup& group) {
  std::lock_guard lock(mutex_);
  for_each_thread([&](ThreadCells& thread) { thread.drop(group.id()); });
  groups_[group.id()] = nullptr;
  free_ids_.push_back(group.id());
}

void Registry::for_each(const std::function<void(const StatGroup&)>& visit) const {
  std::vector<const StatGroup*> sorted;
  std::lock_guard lock(mutex_);
  for (const StatGroup* group : groups_) {
    if (group) sorted.push_back(group);
  }
  std::ranges::sort(sorted, [](const StatGroup* a, const StatGroup* b) {
    return std::tie(a->schema().prefix, a->name().name) < std::tie(b->schema().prefix, b->name().name);
  });
  for (const StatGroup* group : sorted) visit(*group);
}

int64_t Registry::sum(const StatGroup& group, size_t index) const {
  int64_t total = 0;
  for_each_thread([&](const ThreadCells& thread) {
    if (const CellBlock* block = thread.find(group.id())) {
      total += block->cells[index].load(std::memory_order_relaxed) >> 1;
    }
  });
  return total;
}

HistogramSnapshot Registry::histogram(const StatGroup& group, size_t index) const {
  HistogramSnapshot snapshot;
  for_each_thread([&](const ThreadCells& thread) {
    const CellBlock* block = thread.find(group.id());
    const HistogramCells* cells =
        block && block->histograms ? block->histograms[index].load(std::memory_order_acquire) : nullptr;
    if (cells) snapshot.add(*cells);
  });
  return snapshot;
}

std::map<unsigned, uint64_t> Registry::statuses(const StatGroup& group, size_t which) const {
  std::map<unsigned, uint64_t> counts;
  for_each_thread([&](const ThreadCells& thread) {
    const CellBlock* block = thread.find(group.id());
    if (!block) return;
    for (unsigned page = 0; page < 5; ++page) {
      const auto* codes = block->statuses[which * 5 + page].load(std::memory_order_acquire);
      if (!codes) continue;
      for (unsigned i = 0; i < 100; ++i) {
        if (uint64_t n = (*codes)[i].load(std::memory_order_relaxed)) counts[(page + 1) * 100 + i] += n;
      }
    }
  });
  return counts;
}

bool Registry::used(const StatGroup& group) const {
  bool used = false;
  for_each_thread([&](const ThreadCells& thread) { used |= thread.find(group.id()) != nullptr; });
  return used;
}

bool Registry::used(const StatGroup& group, size_t index) const {
  int64_t cells = 0;
  for_each_thread([&](const ThreadCells& thread) {
    if (const CellBlock* block = thread.find(group.id())) cells |= block->cells[index].load(std::memory_order_relaxed);
  });
  return cells & kWritten;
}

void Registry::reset_counters() {
  std::lock_guard lock(mutex_);
  for (const StatGroup* group : groups_) {
    if (!group) continue;
    for_each_thread([&](const ThreadCells& thread) {
      CellBlock* block = thread.find(group->id());
      if (!block) return;
      for (size_t i = 0; i < block->stat_count; ++i) {
        if (group->schema().stats[i].kind == StatKind::kCounter) block->cells[i].store(block->cells[i] & kWritten);
        if (block->histograms) {
          if (HistogramCells* cells = block->histograms[i].load()) cells->reset();
        }
      }
      for (size_t p = 0; p < block->page_count; ++p) {
        if (auto* page = block->statuses[p].load()) {
          for (auto& code : *page) code.store(0);
        }
      }
    });
  }
}

StatGroup::StatGroup(Registry& registry, const StatSchema& schema, StatName name)
    : registry_(registry), schema_(schema), name_(std::move(name)), id_(registry.add(*this)) {}

StatGroup::~StatGroup() { registry_.remove(*this); }

CellBlock& StatGroup::block() {
  ThreadCells& cells = cache.serial == registry_.serial_ ? *cache.cells : registry_.cells_of_this_thread();
  if (CellBlock* block = cells.find(id_)) [[likely]]
    return *block;
  return cells.make(id_, schema_);
}

std::atomic<int64_t>* StatGroup::cells() { return block().cells.get(); }

void StatGroup::record_at(size_t index, uint64_t value) {
  std::atomic<HistogramCells*>& slot = block().histograms[index];
  HistogramCells* cells = slot.load(std::memory_order_relaxed);
  if (!cells) {
    cells = new HistogramCells;
    slot.store(cells, std::memory_order_release);
  }
  cells->record(value);
}

void StatGroup::count_status(size_t which, unsigned status) {
  if (status < 100 || status >= 600) return;
  std::atomic<CellBlock::StatusPage*>& slot = block().statuses[which * 5 + status / 100 - 1];
  CellBlock::StatusPage* page = slot.load(std::memory_order_relaxed);
  if (!page) {
    page = new CellBlock::StatusPage{};
    slot.store(page, std::memory_order_release);
  }
  std::atomic<uint64_t>& cell = (*page)[status % 100];
  cell.store(cell.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
}

int64_t StatGroup::sum(size_t index) const { return registry_.sum(*this, index); }

}  // namespace proa::observe
