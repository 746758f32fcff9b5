// finding_print: findings of an analysis for people, scripts and code review tools.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "mesh/api/objects.pb.h"

namespace proa::cli {

/// A line each, and one that counts them.
void print_findings(const proa::api::v1::AnalyzeResponse& found);
nlohmann::ordered_json findings_json(const proa::api::v1::AnalyzeResponse& found);
/// SARIF 2.1.0 (OASIS): what GitHub and editors show beside the lines.
nlohmann::ordered_json findings_sarif(const proa::api::v1::AnalyzeResponse& found);

}  // namespace proa::cli
