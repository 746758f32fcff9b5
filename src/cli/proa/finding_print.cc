#include "cli/proa/finding_print.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <set>

#include "cli/version.h"

namespace proa::cli {

namespace {

namespace api = proa::api::v1;
using api::Finding;
using Json = nlohmann::ordered_json;

const char* word(Finding::Level level) {
  return level == Finding::ERROR ? "Error" : level == Finding::WARNING ? "Warning" : "Info";
}

/// What is wrong and what to do, without its place.
std::string sentence(const Finding& finding) {
  std::string out;
  if (!finding.object().empty()) out += finding.object() + ": ";
  if (!finding.path().empty()) out += finding.path() + ": ";
  out += finding.message();
  if (!finding.fix().empty()) out += "; " + finding.fix();
  return out;
}

std::string line_of(const Finding& finding) {
  std::string out = finding.file();
  if (finding.line() != 0) out += fmt::format(":{}", finding.line());
  if (finding.column() != 0) out += fmt::format(":{}", finding.column());
  return fmt::format("{}: {} [{}] {}", out, word(finding.level()), finding.code(), sentence(finding));
}

/// RFC 3986: SARIF's places are URIs. Relative paths stay relative to where the command ran.
std::string uri_of(const std::string& file) {
  std::string out = file.starts_with('/') ? "file://" : "";
  for (const char c : file) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view("/-._~").find(c) != std::string_view::npos;
    out += plain ? std::string(1, c) : fmt::format("%{:02X}", byte);
  }
  return out;
}

Json sarif_place(const Finding& finding) {
  Json place{{"physicalLocation", {{"artifactLocation", {{"uri", uri_of(finding.file())}}}}}};
  if (finding.line() != 0) {
    place["physicalLocation"]["region"] = {{"startLine", finding.line()}};
    if (finding.column() != 0) place["physicalLocation"]["region"]["startColumn"] = finding.column();
  }
  if (!finding.object().empty()) {
    place["logicalLocations"] = Json::array({{{"fullyQualifiedName", finding.object()}, {"kind", "object"}}});
  }
  return place;
}

}  // namespace

void print_findings(const api::AnalyzeResponse& found) {
  for (const Finding& finding : found.findings()) std::puts(line_of(finding).c_str());
  const auto count = [&](Finding::Level level) { return std::ranges::count(found.findings(), level, &Finding::level); };
  std::puts(fmt::format("{} objects: {} errors, {} warnings, {} notes", found.objects(), count(Finding::ERROR),
                        count(Finding::WARNING), count(Finding::INFO))
                .c_str());
}

Json findings_json(const api::AnalyzeResponse& found) {
  Json out = Json::array();
  for (const Finding& finding : found.findings()) {
    out.push_back({{"code", finding.code()},
                   {"name", finding.name()},
                   {"level", word(finding.level())},
                   {"object", finding.object()},
                   {"file", finding.file()},
                   {"line", finding.line()},
                   {"column", finding.column()},
                   {"path", finding.path()},
                   {"message", finding.message()},
                   {"fix", finding.fix()}});
  }
  return out;
}

Json findings_sarif(const api::AnalyzeResponse& found) {
  Json rules = Json::array(), results = Json::array();
  std::set<std::string> known;
  for (const Finding& finding : found.findings()) {
    if (known.insert(finding.code()).second) rules.push_back({{"id", finding.code()}, {"name", finding.name()}});
    Json result{{"ruleId", finding.code()},
                {"level", finding.level() == Finding::ERROR     ? "error"
                          : finding.level() == Finding::WARNING ? "warning"
                                                                : "note"},
                {"message", {{"text", sentence(finding)}}}};
    if (!finding.file().empty()) result["locations"] = Json::array({sarif_place(finding)});
    results.push_back(std::move(result));
  }
  Json driver{{"name", "proa"}, {"semanticVersion", kVersion}, {"rules", std::move(rules)}};
  Json run{
      {"tool", {{"driver", std::move(driver)}}}, {"columnKind", "unicodeCodePoints"}, {"results", std::move(results)}};
  return {{"version", "2.1.0"},
          {"$schema", "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"},
          {"runs", Json::array({std::move(run)})}};
}

}  // namespace proa::cli
