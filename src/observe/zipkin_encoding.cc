#include "observe/zipkin_encoding.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "observe/formatter.h"
#include "observe/trace_context.h"

namespace proa::observe {

namespace {

int64_t microseconds(WallTime when) {
  return std::chrono::duration_cast<std::chrono::microseconds>(when.time_since_epoch()).count();
}

/// Open from its construction to its destruction.
struct JsonObject {
  explicit JsonObject(std::string& text) : out(text) { out += '{'; }
  ~JsonObject() { out += '}'; }
  void key(std::string_view name) {
    if (std::exchange(more, true)) out += ',';
    append_json_string(name, out);
    out += ':';
  }
  void text(std::string_view name, std::string_view value) {
    key(name);
    append_json_string(value, out);
  }
  void number(std::string_view name, int64_t value) {
    key(name);
    out += std::to_string(value);
  }
  std::string& out;
  bool more = false;
};

std::string hex(uint64_t value) {
  std::string out(16, '0');
  write_hex16(value, out.data());
  return out;
}

void write_endpoint(JsonObject& parent, const ZipkinEndpoint& local) {
  parent.key("localEndpoint");
  JsonObject endpoint(parent.out);
  endpoint.text("serviceName", local.service);
  if (!local.ip.empty()) endpoint.text(local.ip.find(':') == std::string::npos ? "ipv4" : "ipv6", local.ip);
  if (local.port) endpoint.number("port", local.port);
}

void write_events(JsonObject& parent, const Span& span) {
  parent.key("annotations");
  parent.out += '[';
  for (const SpanEvent& event : span.events) {
    if (&event != &span.events.front()) parent.out += ',';
    JsonObject one(parent.out);
    one.number("timestamp", microseconds(event.when));
    one.text("value", event.name);
  }
  parent.out += ']';
}

void write_span(std::string& out, const Span& span, const ZipkinEndpoint& local) {
  JsonObject json(out);
  json.text("traceId", (span.trace_high ? hex(span.trace_high) : "") + hex(span.trace_low));
  json.text("id", hex(span.id));
  if (span.parent) json.text("parentId", hex(span.parent));
  json.text("name", span.name);
  json.text("kind", span.kind == SpanKind::kServer ? "SERVER" : "CLIENT");
  json.number("timestamp", microseconds(span.start));
  // Zipkin takes 0 for "unknown": what took less than a microsecond took one.
  json.number("duration", std::max<int64_t>(1, microseconds(span.end) - microseconds(span.start)));
  write_endpoint(json, local);
  if (span.shared) {
    json.key("shared");
    out += "true";
  }
  if (!span.events.empty()) write_events(json, span);
  json.key("tags");
  JsonObject tags(out);
  for (const auto& [key, value] : span.tags) tags.text(key, value);
}

}  // namespace

std::string encode_zipkin_span(const Span& span, const ZipkinEndpoint& local) {
  std::string out;
  write_span(out, span, local);
  return out;
}

std::string encode_zipkin_request(std::span<const std::string> spans) {
  std::string out = "[";
  for (const std::string& span : spans) {
    if (out.size() > 1) out += ',';
    out += span;
  }
  return out += ']';
}

}  // namespace proa::observe
