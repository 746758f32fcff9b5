#include "mesh/api/findings.h"

#include <algorithm>
#include <tuple>

#include "mesh/model/analyze.h"

namespace proa::mesh {

namespace api = proa::api::v1;

proa::api::v1::AnalyzeResponse findings_of(const WorldFeed& feed) {
  std::vector<Finding> findings = analyze(*feed.world());
  for (const config::Problem& problem : feed.problems()) findings.push_back(finding_of(problem));
  std::ranges::stable_sort(findings, [](const Finding& a, const Finding& b) {
    return std::tie(a.origin.file, a.origin.line) < std::tie(b.origin.file, b.origin.line);
  });
  api::AnalyzeResponse out;
  out.set_objects(static_cast<std::uint32_t>(feed.world()->object_count()));
  for (Finding& finding : findings) {
    api::Finding& each = *out.add_findings();
    each.set_code(std::string(finding.code));
    each.set_name(std::string(finding.name));
    each.set_level(finding.level == Level::error     ? api::Finding::ERROR
                   : finding.level == Level::warning ? api::Finding::WARNING
                                                     : api::Finding::INFO);
    each.set_object(std::move(finding.origin.object));
    each.set_file(std::move(finding.origin.file));
    each.set_line(finding.origin.line);
    each.set_column(finding.origin.column);
    each.set_path(std::move(finding.path));
    each.set_message(std::move(finding.what));
    each.set_fix(std::move(finding.fix));
  }
  return out;
}

}  // namespace proa::mesh
