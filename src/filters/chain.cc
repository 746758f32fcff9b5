#include "filters/chain.h"

namespace proa::filters {

void Chain::add(std::string name, std::unique_ptr<Filter> filter, bool disabled) {
  filter->name_ = std::move(name);
  filter->index_ = static_cast<uint32_t>(filters_.size());
  filter->disabled_ = disabled;
  const Wants& wants = filter->wants();
  wants_.request_data |= wants.request_data;
  wants_.request_trailers |= wants.request_trailers;
  wants_.response |= wants.response;
  wants_.response_data |= wants.response_data;
  wants_.response_trailers |= wants.response_trailers;
  wants_.complete |= wants.complete;
  filters_.push_back(std::move(filter));
}

}  // namespace proa::filters
