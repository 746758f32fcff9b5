#include "config/csrf_compile.h"

#include "config/matcher_compile.h"
#include "config/supported.h"
#include "config/values.h"

namespace proa::config {

using envoy::extensions::filters::http::csrf::v3::CsrfPolicy;

std::shared_ptr<filters::CsrfConfig> compile_csrf(const CsrfPolicy& from, const Site& at) {
  auto to = std::make_shared<filters::CsrfConfig>();
  to->enabled = fraction(from.filter_enabled());
  if (from.has_shadow_enabled()) to->shadow = fraction(from.shadow_enabled());
  const Site origins = at / "additional_origins";
  for (int i = 0; i < from.additional_origins_size(); ++i) {
    const Site item = origins[static_cast<size_t>(i)];
    if (auto matcher = string_matcher(from.additional_origins(i), item)) {
      to->additional_origins.push_back(std::move(*matcher));
    }
  }
  return to;
}

void add_csrf_fields(SupportedTable& table) {
  table.add(supported<CsrfPolicy>({"filter_enabled", "shadow_enabled", "additional_origins"}));
}

}  // namespace proa::config
