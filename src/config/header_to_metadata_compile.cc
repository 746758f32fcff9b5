#include "config/header_to_metadata_compile.h"

#include "config/matcher_compile.h"
#include "config/supported.h"
#include "http/string_matcher.h"

namespace proa::config {

using envoy::extensions::filters::http::header_to_metadata::v3::Config;
using filters::HeaderToMetadataConfig;

namespace {

HeaderToMetadataConfig::Entry compile_entry(const Config::KeyValuePair& from, const Site& at) {
  HeaderToMetadataConfig::Entry to;
  to.space = from.metadata_namespace().empty() ? "envoy.filters.http.header_to_metadata" : from.metadata_namespace();
  to.key = from.key();
  to.value = from.value();
  to.number = from.type() == Config::NUMBER;
  to.base64 = from.encode() == Config::BASE64;
  if (from.has_regex_value_rewrite()) {
    if (!from.value().empty()) at.error("has both value and regex_value_rewrite", "remove one of them");
    const Site rewrite = at / "regex_value_rewrite";
    to.rewrite = regex_rewrite(from.regex_value_rewrite(), rewrite);
  }
  return to;
}

HeaderToMetadataConfig::Rule compile_rule(const Config::Rule& from, bool of_requests, const Site& at) {
  HeaderToMetadataConfig::Rule to;
  to.header = http::to_lower(from.header());
  to.cookie = from.cookie();
  to.remove = from.remove();
  if (to.header.empty() == to.cookie.empty()) at.error("must have either header or cookie");
  if (!of_requests && !to.cookie.empty()) at.error("a response has no Cookie field", "use header");
  if (to.header.starts_with(':') && (!of_requests || to.remove)) {
    at.error("pseudo-headers can only be read, and only of requests");
  }
  if (!to.cookie.empty() && to.remove) at.error("a cookie cannot be removed", "set remove only beside header");
  if (!from.has_on_header_present() && !from.has_on_header_missing()) {
    at.error("has neither on_header_present nor on_header_missing", "say what to write");
  }
  if (from.has_on_header_present()) to.present = compile_entry(from.on_header_present(), at / "on_header_present");
  if (from.has_on_header_missing()) {
    const Site missing = at / "on_header_missing";
    to.missing = compile_entry(from.on_header_missing(), missing);
    if (to.missing->value.empty()) missing.error("has no value", "say what stands for the missing one");
  }
  return to;
}

}  // namespace

std::shared_ptr<HeaderToMetadataConfig> compile_header_to_metadata(const Config& from, const Site& at) {
  auto to = std::make_shared<HeaderToMetadataConfig>();
  const Site requests = at / "request_rules";
  for (int i = 0; i < from.request_rules_size(); ++i) {
    const Site item = requests[static_cast<size_t>(i)];
    to->request.push_back(compile_rule(from.request_rules(i), /*of_requests=*/true, item));
  }
  const Site responses = at / "response_rules";
  for (int i = 0; i < from.response_rules_size(); ++i) {
    const Site item = responses[static_cast<size_t>(i)];
    to->response.push_back(compile_rule(from.response_rules(i), /*of_requests=*/false, item));
  }
  return to;
}

void add_header_to_metadata_fields(SupportedTable& table) {
  table.add(supported<Config>({"request_rules", "response_rules"}));
  table.add(supported<Config::Rule>({"header", "cookie", "on_header_present", "on_header_missing", "remove"}));
  table.add(
      supported<Config::KeyValuePair>({"metadata_namespace", "key", "value", "regex_value_rewrite", "type", "encode"})
          .only("type", {"STRING", "NUMBER"}));
}

}  // namespace proa::config
