// Statistics: text, JSON, Prometheus, and a table for browsers.
#include <fmt/format.h>
#include <re2/re2.h>

#include <memory>
#include <optional>

#include "admin/html.h"
#include "admin/pages.h"
#include "observe/stats_text.h"

namespace proa::admin {
namespace {

using observe::StatsQuery;

constexpr std::string_view kPrometheus = "text/plain; version=0.0.4; charset=utf-8";

/// The selection that the request asks for, or why not.
Result<StatsQuery> selection(const Query& query) {
  StatsQuery wanted;
  wanted.used_only = query.has("usedonly");
  if (std::string_view filter = query.value("filter"); !filter.empty()) {
    RE2::Options options;
    options.set_log_errors(false);
    auto expression = std::make_shared<RE2>(filter, options);
    if (!expression->ok()) return fail(fmt::format("Invalid regex: \"{}\": {}", filter, expression->error()));
    wanted.filter = [expression](std::string_view name) { return RE2::PartialMatch(name, *expression); };
  }
  if (std::string_view type = query.value("type"); !type.empty() && type != "All") {
    wanted.counters = type == "Counters";
    wanted.gauges = type == "Gauges";
    wanted.histograms = type == "Histograms";
    if (!wanted.counters && !wanted.gauges && !wanted.histograms && type != "TextReadouts") {
      return fail("invalid &type= param: use All, Counters, Gauges, Histograms or TextReadouts");
    }
  }
  std::string_view buckets = query.value("histogram_buckets");
  if (!buckets.empty() && buckets != "none" && buckets != "summary") {
    return fail(
        fmt::format("histogram_buckets={} is not there: quantiles are, and buckets with format=prometheus", buckets));
  }
  return wanted;
}

Response html(const observe::Registry& registry, const StatsQuery& wanted, const Query& query) {
  std::string values;
  observe::write_stats_text(registry, wanted, values);
  std::string body = html_head("Statistics");
  body +=
      "<form action=\"stats\"><input type=\"hidden\" name=\"format\" value=\"html\">"
      "<label>filter <input name=\"filter\" size=\"40\" value=\"" +
      escape_html(query.value("filter")) + "\"></label> <label><input type=\"checkbox\" name=\"usedonly\"" +
      (wanted.used_only ? " checked" : "") + "> used only</label> <button>show</button></form>\n<pre>" +
      escape_html(values) + "</pre>\n" + std::string(kHtmlEnd);
  return {.body = std::move(body), .content_type = kHtml};
}

}  // namespace

Response stats_page(Admin& admin, const Request& request) {
  Result<StatsQuery> wanted = selection(request.query);
  if (!wanted) return refuse(400, wanted.error().message);
  const std::string_view format = request.query.value("format");
  if (format == "prometheus") return stats_prometheus_page(admin, request);
  admin.stats.update();
  const observe::Registry& registry = admin.server().registry();
  if (format == "html" || format == "active-html") return html(registry, *wanted, request.query);
  Response response;
  if (format == "json") {
    response.content_type = kJson;
    observe::write_stats_json(registry, *wanted, response.body);
  } else if (format.empty() || format == "text") {
    observe::write_stats_text(registry, *wanted, response.body);
  } else {
    return refuse(400, "usage: /stats?format=(html|json|prometheus|text)");
  }
  return response;
}

Response stats_prometheus_page(Admin& admin, const Request& request) {
  Result<StatsQuery> wanted = selection(request.query);
  if (!wanted) return refuse(400, wanted.error().message);
  admin.stats.update();
  Response response{.body = {}, .content_type = kPrometheus};
  observe::write_stats_prometheus(admin.server().registry(), *wanted, response.body);
  return response;
}

Response stats_recent_lookups_page(Admin&, const Request&) {
  return {.body = "No look-ups: statistics are found by name when the configuration is compiled, never later.\n"};
}

}  // namespace proa::admin
