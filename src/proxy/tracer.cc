#include "proxy/tracer.h"

#include "observe/metadata.h"

namespace proa::proxy {

namespace {

// In the order of TracingStat.
constexpr observe::StatDef kStats[] = {{"random_sampling"}, {"service_forced"}, {"client_enabled"}, {"not_traceable"}};

std::optional<std::string> or_fallback(const std::string& fallback) {
  return fallback.empty() ? std::nullopt : std::optional(fallback);
}

std::optional<std::string> metadata_text(const CustomTag& tag, const observe::StreamInfo& info) {
  const observe::Metadata* metadata = observe::metadata_of(info, tag.source);
  const nlohmann::json* found = metadata ? metadata->find(tag.space, tag.path) : nullptr;
  if (!found || found->is_null()) return or_fallback(tag.fallback);
  return found->is_string() ? found->get<std::string>() : found->dump();
}

}  // namespace

const observe::StatSchema kTracingSchema{.prefix = "http", .stats = kStats};

std::optional<std::string> CustomTag::value(const observe::StreamInfo& info) const {
  switch (kind) {
    case Kind::kText: return text.empty() ? or_fallback(fallback) : std::optional(text);
    case Kind::kHeader: {
      const http::Header* header = info.request ? info.request->headers.find(text) : nullptr;
      return header ? std::optional<std::string>(header->value) : or_fallback(fallback);
    }
    case Kind::kMetadata: return metadata_text(*this, info);
    case Kind::kFormat: break;
  }
  std::string out;
  format.format(info, out);
  return out.empty() || out == "-" ? or_fallback(fallback) : std::optional(std::move(out));
}

}  // namespace proa::proxy
