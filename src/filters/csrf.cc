// CSRF: a request that changes something must come from a page of the host it goes to, or of one that is named.
// Browsers tell the page's origin in Origin, or in Referer.
#include <algorithm>

#include "filters/all.h"
#include "http/header_validity.h"

namespace proa::filters {
namespace {

using http::HeaderId;
using http::Method;

enum class Stat { kMissingOrigin, kInvalid, kValid };
constexpr observe::StatDef kStats[] = {
    {"csrf.missing_source_origin"}, {"csrf.request_invalid"}, {"csrf.request_valid"}};

bool changes_something(Method method) {
  return method == Method::kPost || method == Method::kPut || method == Method::kDelete || method == Method::kPatch;
}

/// Host and port of a URL; what is none stands for itself.
std::string_view host_and_port(std::string_view url) {
  const size_t scheme = url.find("://");
  if (scheme == std::string_view::npos) return url;
  std::string_view authority = url.substr(scheme + 3);
  authority = authority.substr(0, authority.find_first_of("/?#\\"));
  return authority.substr(authority.rfind('@') + 1);  // npos + 1 is 0
}

std::string_view source_of(const http::HeaderList& headers) {
  std::string_view origin = host_and_port(headers.value(HeaderId::kOrigin));
  return origin.empty() ? host_and_port(headers.value(HeaderId::kReferer)) : origin;
}

class Csrf final : public Filter {
 public:
  Csrf(std::shared_ptr<const CsrfConfig> config, std::shared_ptr<observe::StatGroup> stats)
      : Filter({}), config_(std::move(config)), stats_(std::move(stats)) {}

  Verdict on_request(Exchange& x, bool) const override {
    if (!changes_something(x.request().method_id)) return Verdict::kContinue;
    const auto* own = static_cast<const CsrfConfig*>(x.per_filter(*this));
    const CsrfConfig& config = own ? *own : *config_;
    const bool enabled = config.enabled.includes(x.info().random, nullptr);
    const bool shadow = config.shadow && config.shadow->includes(x.info().random, nullptr);
    if (!enabled && !shadow) return Verdict::kContinue;
    const bool valid = judge(config, x.request());
    if (valid || !enabled) return Verdict::kContinue;
    x.respond({.status = 403, .body = "Invalid origin", .details = "csrf_origin_mismatch"});
    return Verdict::kDone;
  }

 private:
  bool judge(const CsrfConfig& config, const http::RequestHead& request) const {
    const std::string_view source = source_of(request.headers);
    if (source.empty()) {
      stats_->add(Stat::kMissingOrigin);
      return false;
    }
    const bool valid =
        http::equal_ignoring_case(source, host_and_port(request.authority)) ||
        std::ranges::any_of(config.additional_origins, [&](const auto& matcher) { return matcher.matches(source); });
    stats_->add(valid ? Stat::kValid : Stat::kInvalid);
    return valid;
  }

  std::shared_ptr<const CsrfConfig> config_;
  std::shared_ptr<observe::StatGroup> stats_;
};

}  // namespace

const observe::StatSchema kCsrfSchema{"http", kStats};

std::unique_ptr<Filter> make_csrf(std::shared_ptr<const CsrfConfig> config, std::shared_ptr<observe::StatGroup> stats) {
  return std::make_unique<Csrf>(std::move(config), std::move(stats));
}

}  // namespace proa::filters
