// What headers and cookies say, or that they are missing, as dynamic metadata.
#include <charconv>
#include <cmath>

#include "base/base64.h"
#include "base/utf8.h"
#include "filters/all.h"
#include "http/cookie.h"
#include "observe/metadata.h"

namespace proa::filters {
namespace {

using Config = HeaderToMetadataConfig;

constexpr size_t kMaxValue = 8 * 1024;  // as Envoy: longer ones are left out

std::optional<nlohmann::json> typed_value(const Config::Entry& entry, std::string_view text, Arena& arena) {
  if (text.empty() || text.size() >= kMaxValue) return std::nullopt;
  if (entry.base64) {
    auto decoded = base64_decode(text);
    if (!decoded || decoded->empty()) return std::nullopt;
    text = arena.copy(*decoded);
  }
  if (!entry.number) return well_formed_utf8(text);
  text = http::trim(text);
  double number = 0;
  auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure != std::errc() || end != text.data() + text.size() || !std::isfinite(number)) return std::nullopt;
  return number;
}

/// `found`: what the header has; it is not asked where the entry has a value of its own.
void write(const Config::Entry& entry, std::string_view found, Exchange& x) {
  std::string_view text = entry.value.empty() ? found : std::string_view(entry.value);
  if (entry.value.empty() && entry.rewrite) {
    text = entry.rewrite->pattern.replace_all(text, entry.rewrite->substitution, x.arena());
  }
  if (auto value = typed_value(entry, text, x.arena())) {
    observe::mutable_metadata(x.info(), x.arena()).root[entry.space][entry.key] = std::move(*value);
  }
}

std::optional<std::string_view> find(const Config::Rule& rule, const http::RequestHead& request) {
  if (rule.cookie.empty()) return http::request_value(request, rule.header);
  auto value = http::cookie(request.headers, rule.cookie);
  return value && value->empty() ? std::nullopt : value;
}

std::optional<std::string_view> find(const Config::Rule& rule, const http::HeaderList& headers) {
  bool found = false;
  std::string_view value = headers.joined(rule.header, &found);
  return found ? std::optional(value) : std::nullopt;
}

void apply(const Config::Rule& rule, std::optional<std::string_view> found, http::HeaderList& headers, Exchange& x) {
  if (found && rule.remove) headers.remove(rule.header);  // what was found lives in the arena
  const std::optional<Config::Entry>& entry = found ? rule.present : rule.missing;
  if (entry) write(*entry, found.value_or(""), x);
}

class HeaderToMetadata final : public Filter {
 public:
  explicit HeaderToMetadata(std::shared_ptr<const Config> config)
      : Filter({.response = true}), config_(std::move(config)) {}

  Verdict on_request(Exchange& x, bool) const override {
    http::RequestHead& request = x.request();
    for (const Config::Rule& rule : config_of(x).request) apply(rule, find(rule, request), request.headers, x);
    return Verdict::kContinue;
  }

  void on_response(Exchange& x, http::ResponseHead& head, bool) const override {
    for (const Config::Rule& rule : config_of(x).response) apply(rule, find(rule, head.headers), head.headers, x);
  }

 private:
  const Config& config_of(Exchange& x) const {
    const auto* own = static_cast<const Config*>(x.per_filter(*this));
    return own ? *own : *config_;
  }
  std::shared_ptr<const Config> config_;
};

}  // namespace

std::unique_ptr<Filter> make_header_to_metadata(std::shared_ptr<const HeaderToMetadataConfig> config) {
  return std::make_unique<HeaderToMetadata>(std::move(config));
}

}  // namespace proa::filters
