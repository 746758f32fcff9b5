#include "http/h2/stream_table.h"

namespace proa::http::h2 {

void StreamTable::grow() {
  uint32_t old_capacity = slots_ ? mask_ + 1 : 0;
  auto old = std::move(slots_);
  uint32_t capacity = old_capacity ? old_capacity * 2 : 16;
  slots_ = std::make_unique<Slot[]>(capacity);
  mask_ = capacity - 1;
  for (uint32_t i = 0; i < old_capacity; ++i) {
    if (!old[i].id) continue;
    uint32_t slot = home(old[i].id);
    while (slots_[slot].id) slot = (slot + 1) & mask_;
    slots_[slot] = old[i];
  }
}

void StreamTable::insert(uint32_t id, StreamState& stream) {
  if (!slots_ || (size_ + 1) * 2 > mask_ + 1) grow();
  uint32_t slot = home(id);
  while (slots_[slot].id) slot = (slot + 1) & mask_;
  slots_[slot] = {id, &stream};
  ++size_;
}

void StreamTable::erase(uint32_t id) {
  if (!size_) return;
  uint32_t hole = home(id);
  while (slots_[hole].id != id) {
    if (!slots_[hole].id) return;
    hole = (hole + 1) & mask_;
  }
  --size_;
  // Move back what probing would no longer find behind the hole.
  for (uint32_t slot = (hole + 1) & mask_; slots_[slot].id; slot = (slot + 1) & mask_) {
    uint32_t distance_home = (slot - home(slots_[slot].id)) & mask_;
    uint32_t distance_hole = (slot - hole) & mask_;
    if (distance_home < distance_hole) continue;
    slots_[hole] = slots_[slot];
    hole = slot;
  }
  slots_[hole] = {};
}

StreamState* StreamTable::any() const {
  if (!size_) return nullptr;
  for (uint32_t slot = 0;; ++slot) {
    if (slots_[slot].id) return slots_[slot].stream;
  }
}

}  // namespace proa::http::h2
