#include "observe/otlp_encoding.h"

#include <chrono>

#include "observe/proto_writer.h"

namespace proa::observe {

namespace {

// Field numbers of opentelemetry/proto/{common,resource,trace}/v1.
void write_attribute(ProtoWriter& to, unsigned field, std::string_view key, std::string_view value) {
  to.message(field, [&](ProtoWriter& pair) {
    pair.bytes(1, key);
    pair.message(2, [&](ProtoWriter& any) { any.bytes(1, value); });
  });
}

uint64_t nanoseconds(WallTime when) {
  return static_cast<uint64_t>(std::chrono::nanoseconds(when.time_since_epoch()).count());
}

/// Identifiers are bytes, the most significant first.
std::string big_endian(uint64_t value) {
  std::string out;
  for (int shift = 56; shift >= 0; shift -= 8) out.push_back(static_cast<char>(value >> shift));
  return out;
}

}  // namespace

std::string encode_otlp_span(const Span& span) {
  constexpr uint64_t kServer = 2, kClient = 3, kStatusError = 2;
  std::string out;
  ProtoWriter to(out);
  to.bytes(1, big_endian(span.trace_high) + big_endian(span.trace_low));
  to.bytes(2, big_endian(span.id));
  if (!span.state.empty()) to.bytes(3, span.state);
  if (span.parent) to.bytes(4, big_endian(span.parent));
  to.bytes(5, span.name);
  to.varint(6, span.kind == SpanKind::kServer ? kServer : kClient);
  to.fixed64(7, nanoseconds(span.start));
  to.fixed64(8, nanoseconds(span.end));
  for (const auto& [key, value] : span.tags) write_attribute(to, 9, key, value);
  for (const SpanEvent& event : span.events) {
    to.message(11, [&](ProtoWriter& one) {
      one.fixed64(1, nanoseconds(event.when));
      one.bytes(2, event.name);
    });
  }
  if (span.error) to.message(15, [](ProtoWriter& status) { status.varint(3, kStatusError); });
  // The W3C flags, sampled or it would not be here, and OTLP's own: whether the parent is remote is known, and is so.
  constexpr uint32_t kSampled = 1, kRemoteKnown = 0x100, kRemote = 0x200;
  to.fixed32(16, kSampled | kRemoteKnown | (span.remote_parent ? kRemote : 0));
  return out;
}

std::string encode_otlp_request(const ResourceAttributes& resource, std::string_view scope, std::string_view version,
                                std::span<const std::string> spans) {
  std::string out;
  ProtoWriter(out).message(1, [&](ProtoWriter& of_resource) {
    of_resource.message(1, [&](ProtoWriter& to) {
      for (const auto& [key, value] : resource) write_attribute(to, 1, key, value);
    });
    of_resource.message(2, [&](ProtoWriter& of_scope) {
      if (!scope.empty()) {
        of_scope.message(1, [&](ProtoWriter& to) {
          to.bytes(1, scope);
          to.bytes(2, version);
        });
      }
      for (const std::string& span : spans) of_scope.bytes(2, span);
    });
  });
  return out;
}

}  // namespace proa::observe
