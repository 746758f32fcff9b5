#include "observe/stats_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <vector>

#include "observe/formatter.h"

namespace proa::observe {
namespace {

constexpr double kQuantiles[] = {0, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.995, 0.999, 1};

std::string full_name(const StatGroup& group, std::string_view stat) {
  std::string name(group.schema().prefix);
  for (std::string_view part : {std::string_view(group.name().name), stat}) {
    if (!name.empty() && !part.empty()) name += '.';
    name += part;
  }
  return name;
}

/// One value of any kind, in the order of /stats.
struct Values {
  std::vector<std::pair<std::string, int64_t>> numbers;
  std::vector<std::pair<std::string, HistogramSnapshot>> histograms;
};

bool wanted(const StatsQuery& query, std::string_view name) { return !query.filter || query.filter(name); }

void collect_statuses(const Registry& registry, const StatGroup& group, const StatsQuery& query, Values& values) {
  for (size_t which = 0; which < group.schema().status_prefixes.size(); ++which) {
    uint64_t classes[5] = {};
    for (const auto& [code, count] : registry.statuses(group, which)) {
      classes[code / 100 - 1] += count;
      std::string name = full_name(group, fmt::format("{}_{}", group.schema().status_prefixes[which], code));
      if (wanted(query, name)) values.numbers.emplace_back(std::move(name), static_cast<int64_t>(count));
    }
    for (size_t i = 0; i < 5; ++i) {
      if (classes[i] == 0 && query.used_only) continue;
      std::string name = full_name(group, fmt::format("{}_{}xx", group.schema().status_prefixes[which], i + 1));
      if (wanted(query, name)) values.numbers.emplace_back(std::move(name), static_cast<int64_t>(classes[i]));
    }
  }
}

Values collect(const Registry& registry, const StatsQuery& query) {
  Values values;
  registry.for_each([&](const StatGroup& group) {
    if (query.used_only && !registry.used(group)) return;
    std::span<const StatDef> stats = group.schema().stats;
    for (size_t i = 0; i < stats.size(); ++i) {
      std::string name = full_name(group, stats[i].name);
      if (!wanted(query, name)) continue;
      if (stats[i].kind == StatKind::kHistogram) {
        if (!query.histograms) continue;
        HistogramSnapshot snapshot = registry.histogram(group, i);
        if (snapshot.count || !query.used_only) values.histograms.emplace_back(std::move(name), std::move(snapshot));
        continue;
      }
      if (stats[i].kind == StatKind::kCounter ? !query.counters : !query.gauges) continue;
      if (query.used_only && !registry.used(group, i)) continue;
      values.numbers.emplace_back(std::move(name), registry.sum(group, i));
    }
    if (query.counters) collect_statuses(registry, group, query, values);
  });
  std::ranges::sort(values.numbers);
  std::ranges::sort(values.histograms, {}, &std::pair<std::string, HistogramSnapshot>::first);
  return values;
}

// ---- Prometheus ----

std::string prometheus_name(std::string_view text) {
  std::string name(text);
  for (char& c : name) {
    if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_')) c = '_';
  }
  return name;
}

/// Istio's metrics are not Envoy's: dashboards know istio_requests_total.
constexpr std::string_view kOwnNamespace = "istiocustom";

/// A schema may have no prefix of its own: network filters stand under what the configuration calls them.
std::string prometheus_full_name(const StatGroup& group, std::string_view stat) {
  const StatSchema& schema = group.schema();
  std::string_view prefix = schema.family.empty() ? schema.prefix : schema.family;
  if (schema.prefix == kOwnNamespace) return prometheus_name(fmt::format("{}_{}", prefix, stat));
  return prometheus_name(fmt::format("envoy_{}{}{}", prefix, prefix.empty() ? "" : "_", stat));
}

void append_label_value(std::string& out, std::string_view value) {
  for (char c : value) {
    if (c == '\\' || c == '"') out += '\\';
    if (c == '\n') {
      out += "\\n";
    } else {
      out += c;
    }
  }
}

std::string labels_of(const StatGroup& group) {
  std::string labels;
  for (const auto& [name, value] : group.name().tags) {
    if (!labels.empty()) labels += ',';
    labels.append(name).append("=\"");
    append_label_value(labels, value);
    labels += '"';
  }
  return labels;
}

/// All lines of one metric family: the format wants them together.
struct Family {
  std::string_view type;
  std::string lines;
};
using Families = std::map<std::string, Family>;

void add_line(Family& family, std::string_view name, std::string_view labels, std::string_view more, auto value) {
  auto out = std::back_inserter(family.lines);
  const bool comma = !labels.empty() && !more.empty();
  fmt::format_to(out, "{}{{{}{}{}}} {}\n", name, labels, comma ? "," : "", more, value);
}

void add_histogram(Families& families, const std::string& name, const std::string& labels,
                   const HistogramSnapshot& snapshot) {
  Family& family = families[name];
  family.type = "histogram";
  for (double bound : kHistogramBounds) {
    add_line(family, name + "_bucket", labels, fmt::format("le=\"{}\"", bound), snapshot.count_at_most(bound));
  }
  add_line(family, name + "_bucket", labels, "le=\"+Inf\"", snapshot.count);
  add_line(family, name + "_sum", labels, "", snapshot.sum);
  add_line(family, name + "_count", labels, "", snapshot.count);
}

void add_statuses(Families& families, const Registry& registry, const StatGroup& group, const std::string& labels,
                  bool used_only) {
  for (size_t which = 0; which < group.schema().status_prefixes.size(); ++which) {
    uint64_t classes[5] = {};
    std::string base =
        prometheus_name(fmt::format("envoy_{}_{}", group.schema().prefix, group.schema().status_prefixes[which]));
    for (const auto& [code, count] : registry.statuses(group, which)) {
      classes[code / 100 - 1] += count;
      Family& family = families[base];
      family.type = "counter";
      add_line(family, base, fmt::format("envoy_response_code=\"{}\"", code), labels, count);
    }
    for (size_t i = 0; i < 5; ++i) {
      if (classes[i] == 0 && used_only) continue;
      Family& family = families[base + "_xx"];
      family.type = "counter";
      add_line(family, base + "_xx", fmt::format("envoy_response_code_class=\"{}\"", i + 1), labels, classes[i]);
    }
  }
}

}  // namespace

void write_stats_text(const Registry& registry, const StatsQuery& query, std::string& out) {
  Values values = collect(registry, query);
  auto to = std::back_inserter(out);
  for (const auto& [name, value] : values.numbers) fmt::format_to(to, "{}: {}\n", name, value);
  for (const auto& [name, histogram] : values.histograms) {
    if (histogram.count == 0) {
      fmt::format_to(to, "{}: No recorded values\n", name);
      continue;
    }
    fmt::format_to(to, "{}:", name);
    for (double q : kQuantiles) fmt::format_to(to, " P{:g}(nan,{:g})", q * 100, histogram.quantile(q));
    out += '\n';
  }
}

void write_stats_json(const Registry& registry, const StatsQuery& query, std::string& out) {
  Values values = collect(registry, query);
  out += "{\"stats\":[";
  bool first = true;
  auto comma = [&] {
    if (!std::exchange(first, false)) out += ',';
  };
  auto to = std::back_inserter(out);
  for (const auto& [name, value] : values.numbers) {
    comma();
    out += "{\"name\":";
    append_json_string(name, out);
    fmt::format_to(to, ",\"value\":{}}}", value);
  }
  comma();
  out += "{\"histograms\":{\"supported_quantiles\":[";
  for (size_t i = 0; i < std::size(kQuantiles); ++i) fmt::format_to(to, "{}{:g}", i ? "," : "", kQuantiles[i] * 100);
  out += "],\"computed_quantiles\":[";
  bool first_histogram = true;
  for (const auto& [name, histogram] : values.histograms) {
    if (!std::exchange(first_histogram, false)) out += ',';
    out += "{\"name\":";
    append_json_string(name, out);
    out += ",\"values\":[";
    for (size_t i = 0; i < std::size(kQuantiles); ++i) {
      fmt::format_to(to, "{}{{\"interval\":null,\"cumulative\":{}}}", i ? "," : "",
                     histogram.count ? fmt::format("{:g}", histogram.quantile(kQuantiles[i])) : "null");
    }
    out += "]}";
  }
  out += "]}}]}";
}

void write_stats_prometheus(const Registry& registry, const StatsQuery& query, std::string& out) {
  Families families;
  registry.for_each([&](const StatGroup& group) {
    if (query.used_only && !registry.used(group)) return;
    const std::string labels = labels_of(group);
    std::span<const StatDef> stats = group.schema().stats;
    for (size_t i = 0; i < stats.size(); ++i) {
      if (!wanted(query, full_name(group, stats[i].name))) continue;
      std::string name = prometheus_full_name(group, stats[i].name);
      if (stats[i].kind == StatKind::kHistogram) {
        HistogramSnapshot snapshot = registry.histogram(group, i);
        if (query.histograms && (snapshot.count || !query.used_only)) add_histogram(families, name, labels, snapshot);
        continue;
      }
      const bool counter = stats[i].kind == StatKind::kCounter;
      if ((counter ? !query.counters : !query.gauges) || (query.used_only && !registry.used(group, i))) continue;
      Family& family = families[name];
      family.type = counter ? "counter" : "gauge";
      add_line(family, name, labels, "", registry.sum(group, i));
    }
    if (query.counters) add_statuses(families, registry, group, labels, query.used_only);
  });
  for (const auto& [name, family] : families) {
    fmt::format_to(std::back_inserter(out), "# TYPE {} {}\n", name, family.type);
    out += family.lines;
  }
}

}  // namespace proa::observe
