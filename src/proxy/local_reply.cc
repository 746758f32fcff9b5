#include "proxy/local_reply.h"

#include <charconv>
#include <string>

#include "http/grpc_status.h"

namespace proa::proxy {
namespace {

using http::HeaderId;

std::string_view decimal(Arena& arena, uint64_t value) {
  char text[20];
  auto [end, error] = std::to_chars(text, text + sizeof text, value);
  return arena.copy({text, static_cast<size_t>(end - text)});
}

/// Trailers-only: the status travels in the head (gRPC over HTTP/2, "Responses").
void shape_grpc(http::ResponseHead& head, const filters::LocalReply& reply, uint16_t status, std::string_view message,
                Arena& arena) {
  const auto grpc =
      reply.grpc_status >= 0 ? static_cast<http::GrpcStatus>(reply.grpc_status) : http::grpc_status_of_http(status);
  head.status = 200;
  head.headers.add(HeaderId::kContentType, "application/grpc");
  head.headers.add(HeaderId::kGrpcStatus, http::grpc_status_text(grpc));
  if (!message.empty()) {
    head.headers.add(HeaderId::kGrpcMessage, http::grpc_message_encode(message, arena));
  }
}

}  // namespace

ShapedReply shape_local_reply(const LocalReplyConfig& config, const filters::LocalReply& reply,
                              observe::StreamInfo& info, Arena& arena) {
  uint16_t status = reply.status;
  std::string_view text = reply.body;
  info.response_code = status;
  info.response_code_details = reply.details;
  auto* head = arena.make<http::ResponseHead>(arena);
  head->version = info.protocol;
  if (reply.headers) {
    for (const http::Header& header : reply.headers->all()) head->headers.add(header);
  }
  const BodyFormat* format = config.format ? &*config.format : nullptr;
  const LocalReplyMapper* mapper = nullptr;
  for (const LocalReplyMapper& candidate : config.mappers) {
    if (candidate.filter && !candidate.filter->matches(info)) continue;
    mapper = &candidate;
    if (candidate.status) status = candidate.status;
    if (candidate.body) text = *candidate.body;
    if (candidate.format) format = &*candidate.format;
    break;
  }
  info.response_code = status;
  info.local_reply_body = text;
  if (mapper && mapper->headers) mapper->headers->apply(head->headers, info, arena);

  std::string_view content_type = "text/plain";
  if (format) {
    std::string formatted;
    format->format(info, formatted);
    if (format->json) formatted += '\n';  // as in Envoy, whose clients may compare
    text = arena.copy(formatted);
    content_type = format->content_type;
  }
  info.local_reply_body = {};  // for this format alone: logs show none, as Envoy's
  if (info.request && http::is_grpc(info.request->headers)) {
    shape_grpc(*head, reply, status, text, arena);
    return {head, {}};
  }
  head->status = status;
  if (!text.empty()) {
    head->headers.set(HeaderId::kContentLength, decimal(arena, text.size()));
    // A reply that brought its own type (a filter's JSON, say) keeps it.
    if (!head->headers.has(HeaderId::kContentType)) head->headers.add(HeaderId::kContentType, content_type);
  }
  if (info.request && info.request->method_id == http::Method::kHead) text = {};
  return {head, text};
}

}  // namespace proa::proxy
