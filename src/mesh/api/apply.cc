#include "mesh/api/apply.h"

#include <fmt/format.h>

#include <map>
#include <set>

#include "mesh/api/object_text.h"
#include "mesh/model/analyze.h"
#include "mesh/model/decode.h"
#include "mesh/source/names.h"
#include "mesh/source/yaml_documents.h"

namespace proa::mesh {

namespace {

using grpc::CallStatus;
using grpc::Code;

struct Sent {
  Document document;
  AnyObject object;
};

class Reading {
 public:
  explicit Reading(const std::string& ns) : ns_(ns) {}

  void read(const ApplyText& text) {
    auto documents = read_documents(text.text, text.file, problems_);
    if (!documents) return;
    if (documents->good.empty() && documents->broken.empty() && problems_.ok()) {
      problems_.error({config::interned_file(text.file), 0, 0}, {}, "has no object");
    }
    for (Document& document : documents->good) take(std::move(document));
  }
  config::Problems& problems() { return problems_; }
  std::vector<Sent>& sent() { return sent_; }

 private:
  void take(Document document) {
    const config::Mark mark = document.root.mark();
    place(document);
    const auto [first, is_first] = places_.emplace(document.key, document.meta.origin);
    if (!is_first) {
      problems_.error(mark, shown(document.key), fmt::format("is there twice, also in line {}", first->second.line),
                      "keep one of the two");
      return;
    }
    if (auto object = decode(document, problems_)) sent_.push_back({std::move(document), std::move(*object)});
  }

  /// Into the namespace of the request, unless it says one.
  void place(Document& document) {
    if (ns_.empty() || !info(document.key.kind).namespaced) return;
    const auto metadata = document.root.find("metadata");
    const auto written = metadata ? metadata->find("namespace") : std::nullopt;
    if (written && !written->is_null()) {
      if (document.key.ns == ns_) return;
      problems_.error(written->mark(), fmt::format("{}: metadata.namespace", shown(document.key)),
                      fmt::format("is {}, but the request is for {}", document.key.ns, ns_));
    }
    document.key.ns = document.meta.ns = ns_;
    document.meta.origin.object = shown(document.key);
  }

  const std::string& ns_;
  config::Problems problems_;
  std::vector<Sent> sent_;
  std::map<ObjectKey, Origin> places_;
};

std::string at(const Document& document) {
  const Origin& origin = document.meta.origin;
  return fmt::format("{}:{}:{}: {}: ", origin.file, origin.line, origin.column, origin.object);
}

/// Empty, or why the object may not be put.
CallStatus refusal_of(const Document& document, const ApplyTarget& target) {
  if (const std::string file = target.file_of(document.key); !file.empty()) {
    return {
        Code::kFailedPrecondition,
        fmt::format("{}is in {}, which has the say; change it there, or remove it there first", at(document), file)};
  }
  const std::string_view version = resource_version_of(document);
  if (version.empty()) return {};
  const std::uint64_t now = target.store.revision_of(document.key);
  if (now == 0) {
    return {Code::kAborted, fmt::format("{}has resourceVersion {}, but there is no such object; remove the "
                                        "resourceVersion to make a new one",
                                        at(document), config::shown(version))};
  }
  if (version == std::to_string(now)) return {};
  return {Code::kAborted, fmt::format("{}has resourceVersion {}, but the object has changed meanwhile: it is {} now",
                                      at(document), config::shown(version), config::shown(std::to_string(now)))};
}

/// What analysis says of the objects that were sent, among all others.
void add_findings(const std::vector<Sent>& sent, const World& world, std::vector<std::string>& warnings) {
  std::set<std::string> names;
  std::vector<AnyObject> objects;
  for (const Sent& each : sent) {
    names.insert(each.document.meta.origin.object);
    objects.push_back(each.object);
  }
  for (const Finding& finding : analyze(*world.with(std::move(objects)))) {
    if (!names.contains(finding.origin.object)) continue;
    warnings.push_back(fmt::format("{}:{}:{}: {} [{}] {}: {}{}{}{}", finding.origin.file, finding.origin.line,
                                   finding.origin.column, name_of(finding.level), finding.code, finding.origin.object,
                                   finding.path.empty() ? "" : finding.path + ": ", finding.what,
                                   finding.fix.empty() ? "" : "; ", finding.fix));
  }
}

}  // namespace

std::string status_message(std::string text) {
  constexpr std::size_t kMost = 16'384;
  while (text.ends_with('\n')) text.pop_back();
  if (text.size() <= kMost) return text;
  text.resize(text.rfind('\n', kMost) == std::string::npos ? kMost : text.rfind('\n', kMost));
  return text + "\n(and more)";
}

std::vector<StoreSource::Change> ApplyPlan::changes() const {
  std::vector<StoreSource::Change> out;
  for (const ApplyStep& step : steps) {
    if (step.changes()) out.push_back({step.key, step.after});
  }
  return out;
}

std::string ApplyTarget::file_of(const ObjectKey& key) const {
  const auto document = feed.document(key);
  if (!document || document->meta.origin.file == store.directory()) return {};
  return fmt::format("{}:{}", document->meta.origin.file, document->meta.origin.line);
}

std::expected<ApplyPlan, CallStatus> plan_apply(const std::vector<ApplyText>& texts, const std::string& ns,
                                                const ApplyTarget& target, std::int64_t now) {
  if (const std::string wrong = ns.empty() ? "" : not_a_dns_label(ns); !wrong.empty()) {
    return std::unexpected(CallStatus{Code::kInvalidArgument, "the namespace " + wrong});
  }
  Reading reading(ns);
  for (const ApplyText& text : texts) reading.read(text);
  if (!reading.problems().ok()) {
    return std::unexpected(CallStatus{Code::kInvalidArgument, status_message(reading.problems().str())});
  }
  ApplyPlan plan;
  for (const config::Problem& problem : reading.problems().all()) plan.warnings.push_back(problem.str());
  for (const Sent& sent : reading.sent()) {
    const ObjectKey& key = sent.document.key;
    if (CallStatus refused = refusal_of(sent.document, target); !refused.ok()) return std::unexpected(refused);
    const auto stored = target.store.documents().find(key);
    const bool is_new = stored == target.store.documents().end();
    // Who was first counts among objects that claim the same, so a replacement is as old as what it replaces.
    const std::int64_t written = sent.document.meta.created != 0 ? sent.document.meta.created : now;
    const std::int64_t created = is_new ? written : stored->second->meta.created;
    plan.steps.push_back({.key = key,
                          .before = is_new ? "" : object_text(*stored->second, {.created = created}),
                          .after = object_text(sent.document, {.created = created})});
  }
  add_findings(reading.sent(), *target.feed.world(), plan.warnings);
  return plan;
}

}  // namespace proa::mesh
