// Holds a request until it is complete, so that the upstream sees a whole one with its length; 413 above a limit.
#include <string>

#include "filters/all.h"

namespace proa::filters {
namespace {

class BufferRequest final : public Filter {
 public:
  explicit BufferRequest(std::shared_ptr<const BufferConfig> config)
      : Filter({.request_data = true, .request_trailers = true}), config_(std::move(config)) {}

  Verdict on_request(Exchange& x, bool end) const override {
    if (end) return Verdict::kContinue;
    const auto* own = route_config<BufferConfig>(x, *this);
    x.limit_request_buffer(own ? own->max_bytes : config_->max_bytes);
    x.slot(*this) = &x;  // marks that this exchange waits here
    return Verdict::kWait;
  }

  void on_request_data(Exchange& x, Buffer& data, bool end) const override {
    if (!end || !std::exchange(x.slot(*this), nullptr)) return;
    const size_t size = x.buffered_request_bytes() + data.size();
    x.request().headers.set(http::HeaderId::kContentLength, x.arena().copy(std::to_string(size)));
    x.resume();
  }

 private:
  std::shared_ptr<const BufferConfig> config_;
};

}  // namespace

std::unique_ptr<Filter> make_buffer(std::shared_ptr<const BufferConfig> config) {
  return std::make_unique<BufferRequest>(std::move(config));
}

}  // namespace proa::filters
