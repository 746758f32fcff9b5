#include "mesh/inject/inject.h"

#include <fmt/format.h>

#include "config/write_yaml.h"
#include "mesh/inject/pod_probes.h"
#include "mesh/inject/pod_template.h"
#include "mesh/inject/sidecar_containers.h"
#include "mesh/inject/text_edits.h"

namespace proa::mesh {

namespace {

using config::Node;

constexpr const char* kStatus = "sidecar.istio.io/status";

void indent(Lines& lines) {
  for (std::string& line : lines) line.insert(0, "  ");
}

class Injection {
 public:
  Injection(const InjectOptions& options, TextEdits& edits, Injected& out)
      : options_(options), edits_(edits), out_(out) {}

  Status object(Node object) {
    if (!object.is_mapping()) return {};
    const auto kind = object.find("kind");
    if (kind && kind->text() == "List") return list(object);
    const auto pods = pod_template_of(object);
    if (!pods || stays(*pods)) return {};
    note_annotations(*pods);
    std::string probes;
    if (pods->annotation("sidecar.istio.io/rewriteAppHTTPProbers") != "false") {
      auto led = lead_probes(*pods, edits_, out_.notes);
      if (!led) return std::unexpected(led.error());
      probes = std::move(*led);
    }
    auto containers = sidecar_containers(*pods, options_, probes);
    if (!containers) return std::unexpected(containers.error());
    if (Status added = add_list(pods->spec, "initContainers", std::move(*containers)); !added) return added;
    if (Status added = add_list(pods->spec, "volumes", sidecar_volumes(options_)); !added) return added;
    ++out_.pods;
    return add_metadata(*pods);
  }

 private:
  Status list(Node object) {
    const auto items = object.find("items");
    for (std::size_t i = 0; items && items->is_sequence() && i < items->size(); ++i) {
      if (Status each = this->object(items->item(i)); !each) return each;
    }
    return {};
  }

  bool stays(const PodTemplate& pods) {
    if (pods.has_container(kProxyName) || pods.annotation(kStatus)) return true;  // it has one
    const char* inject = "sidecar.istio.io/inject";
    if (pods.annotation(inject) == "false" || pods.label(inject) == "false") return true;
    const auto network = pods.spec.find("hostNetwork");
    if (!network || !network->boolean().value_or(false)) return false;
    out_.notes.push_back(pods.object + " stays as it is: it has the host's network");
    return true;
  }

  void note_annotations(const PodTemplate& pods) {
    const auto all = pods.metadata ? pods.metadata->find("annotations") : std::nullopt;
    for (std::size_t i = 0; all && all->is_mapping() && i < all->size(); ++i) {
      const std::string_view name = all->key(i).text();
      const bool of_injection = name.starts_with("sidecar.istio.io/") ||
                                name.starts_with("traffic.sidecar.istio.io/") || name.starts_with("proxy.istio.io/") ||
                                name.starts_with("inject.istio.io/");
      if (of_injection && !is_known_annotation(name)) {
        out_.notes.push_back(fmt::format("{}: the annotation {} has no effect", pods.object, name));
      }
    }
  }

  Status add_list(Node spec, const char* key, Lines items) {
    const auto there = spec.find(key);
    if (there && there->is_sequence() && there->size() > 0) return edits_.add_items(*there, items);
    if (there) {
      return fail(fmt::format("{}:{}:{}: {} is empty: leave it out", there->mark().file, there->mark().line,
                              there->mark().column, key));
    }
    indent(items);
    items.insert(items.begin(), fmt::format("{}:", key));
    return edits_.add_entries(spec, items);
  }

  Status add_metadata(const PodTemplate& pods) {
    const auto labels = added_labels(pods);
    const bool led = pods.annotation(kInterception) != "NONE";
    const std::string status =
        fmt::format(R"({{"initContainers":[{}"{}"],"volumes":["istio-token","istiod-ca-cert","proa-run"]}})",
                    led ? fmt::format("\"{}\",", kInitName) : "", kProxyName);
    if (!pods.metadata || !pods.metadata->is_mapping() || pods.metadata->size() == 0) {
      return add_whole_metadata(pods, labels, status);
    }
    if (Status added = add_texts(*pods.metadata, "labels", labels); !added) return added;
    return add_texts(*pods.metadata, "annotations", {{kStatus, status}});
  }

  Status add_texts(Node metadata, const char* map, const std::vector<std::pair<std::string, std::string>>& texts) {
    const auto there = metadata.find(map);
    if (there && there->is_mapping() && there->size() > 0) {
      for (const auto& [key, value] : texts) {
        if (Status added = edits_.add_text(*there, key, value); !added) return added;
      }
      return {};
    }
    if (there) {
      return fail(fmt::format("{}:{}:{}: {} is empty: leave it out", there->mark().file, there->mark().line,
                              there->mark().column, map));
    }
    std::string flow;
    for (const auto& [key, value] : texts) {
      flow += fmt::format("{}{}: {}", flow.empty() ? "" : ", ", key, config::yaml_quoted(value));
    }
    return texts.empty() ? Status() : edits_.add_raw(metadata, fmt::format("{}: {{{}}}", map, flow));
  }

  Status add_whole_metadata(const PodTemplate& pods, const std::vector<std::pair<std::string, std::string>>& labels,
                            const std::string& status) {
    if (pods.metadata) {
      return fail(fmt::format("{}:{}:{}: metadata is empty: leave it out", pods.metadata->mark().file,
                              pods.metadata->mark().line, pods.metadata->mark().column));
    }
    Lines lines = {"metadata:", "  labels:"};
    for (const auto& [key, value] : labels) lines.push_back(fmt::format("    {}: {}", key, config::yaml_quoted(value)));
    lines.push_back("  annotations:");
    lines.push_back(fmt::format("    {}: {}", kStatus, config::yaml_quoted(status)));
    return edits_.add_entries(pods.holder, lines);
  }

  const InjectOptions& options_;
  TextEdits& edits_;
  Injected& out_;
};

}  // namespace

Result<Injected> inject(std::string_view text, std::string_view file, const InjectOptions& options) {
  config::Problems problems;
  const auto documents = config::read_yaml_documents(text, file, problems);
  if (!documents) return fail(problems.str());
  Injected out;
  TextEdits edits(text);
  Injection injection(options, edits, out);
  for (const config::YamlTree& document : *documents) {
    if (Status done = injection.object(document.root()); !done) return std::unexpected(done.error());
  }
  out.text = edits.take();
  return out;
}

}  // namespace proa::mesh
