#include "admin/admin_connection.h"

#include "admin/guard.h"
#include "admin/pages.h"
#include "base/number.h"
#include "http/date.h"
#include "http/h1/server_connection.h"
#include "observe/access_log.h"

namespace proa::admin {
namespace {

constexpr uint64_t kMaxIgnoredBody = 64 * 1024;

using http::HeaderId;

constexpr Milliseconds kLinger{1'000};

/// Bodies of requests mean nothing here.
struct IgnoreBody final : http::RequestReceiver {
  void on_data(std::string_view, bool) override {}
  void on_trailers(http::HeaderList&) override {}
  void on_reset(http::ResetReason, std::string_view) override {}
  void on_writable() override {}
};

const http::Http1Options& options() {
  static const http::Http1Options kOptions;
  return kOptions;
}

void add_security_headers(const Response& response, http::HeaderList& headers) {
  headers.add(HeaderId::kCacheControl, "no-cache, max-age=0");
  headers.add("x-content-type-options", "nosniff");
  if (response.content_type != kHtml) return;
  headers.add("content-security-policy",
              "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'");
  headers.add("x-frame-options", "DENY");
}

}  // namespace

void AdminConnection::start(Admin& admin, List& list, std::unique_ptr<net::Transport> transport) {
  auto* connection = new AdminConnection(admin, std::move(transport));
  list.push_back(*connection);
  connection->CodecPump::start(std::make_unique<http::h1::ServerConnection>(options(), *connection, *connection),
                               /*try_read=*/true);
}

AdminConnection::AdminConnection(Admin& admin, std::unique_ptr<net::Transport> transport)
    : CodecPump(std::move(transport), Role::kServer, kLinger),
      admin_(admin),
      idle_timer_(net::Timer::of<&AdminConnection::on_idle>(this)) {
  idle_timer_.start(loop(), kIdleTimeout);
}

AdminConnection::~AdminConnection() = default;

http::RequestReceiver& AdminConnection::on_request(http::ServerStream& stream, http::RequestHead& head,
                                                   std::unique_ptr<Arena> arena, bool end) {
  static IgnoreBody ignore_body;
  const MonoTime started = loop().now();
  const Response response = respond_to(head);
  // A body that is not read to its end costs the connection: say so. None of the pages needs one.
  if (!end && !parse_decimal<uint64_t>(head.headers.value(HeaderId::kContentLength), kMaxIgnoredBody)) {
    stream.close_after_response();
  }
  send(stream, response, *arena);
  log(head, response, started);
  if (!end) stream.reset(http::ResetReason::kNone);  // a bounded rest of the body is read and dropped
  return ignore_body;
}

Response AdminConnection::respond_to(const http::RequestHead& head) {
  if (auto why = refusal(head, transport().info())) return refuse(403, *std::move(why));
  return answer(admin_, head.method_id, head.path);
}

void AdminConnection::send(http::ServerStream& stream, const Response& response, Arena& arena) {
  http::ResponseHead head(arena);
  head.status = response.status;
  head.headers.add(HeaderId::kContentType, response.content_type);
  head.headers.add(HeaderId::kContentLength, arena.copy(std::to_string(response.body.size())));
  if (!response.allow.empty()) head.headers.add("allow", response.allow);
  add_security_headers(response, head.headers);
  head.headers.add(HeaderId::kDate, arena.copy(http::http_date(loop().wall_now())));
  head.headers.add(HeaderId::kServer, "envoy");
  stream.send_response(head, response.body.empty());
  if (!response.body.empty()) stream.send_data(response.body, true);
}

void AdminConnection::log(const http::RequestHead& head, const Response& response, MonoTime started) {
  observe::StreamInfo record;
  record.downstream = &transport().info();
  record.remote_address = &transport().info().remote;
  record.request = &head;
  record.protocol = head.version;
  record.start = record.request_end = started;
  record.response_start = record.end = loop().now();
  record.start_wall = loop().wall_now();
  record.response_code = response.status;
  record.response_code_details = "admin_filter_response";
  record.bytes_sent = response.body.size();
  for (const auto& log : admin_.context.config.access_logs) log->log(record);
}

void AdminConnection::on_closed() {
  idle_timer_.stop();
  ListLink<AdminConnection>::unlink();
  loop().defer_delete(std::unique_ptr<net::Deferred>(this));
}

}  // namespace proa::admin
