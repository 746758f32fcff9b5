#include "proxy/downstream_connection.h"

#include "http/h1/server_connection.h"
#include "http/h2/server_connection.h"
#include "proxy/auto_codec.h"
#include "proxy/filter_chain.h"
#include "proxy/listener.h"
#include "proxy/local_reply.h"
#include "proxy/response_headers.h"

namespace proa::proxy {

using http::Version;
using net::Timer;

void DownstreamConnection::start(Listener& listener, std::unique_ptr<net::Transport> transport,
                                 std::shared_ptr<const FilterChain> chain, ConnectionTickets ticket,
                                 std::shared_ptr<const observe::Metadata> metadata, bool late) {
  auto* connection = new DownstreamConnection(listener, std::move(transport), std::move(chain), std::move(ticket),
                                              std::move(metadata));
  if (late) listener.catch_up(*connection);
  connection->CodecPump::start(connection->make_codec(), /*try_read=*/true);
}

DownstreamConnection::DownstreamConnection(Listener& listener, std::unique_ptr<net::Transport> transport,
                                           std::shared_ptr<const FilterChain> chain, ConnectionTickets ticket,
                                           std::shared_ptr<const observe::Metadata> metadata)
    : CodecPump(std::move(transport), Role::kServer, chain->http->delayed_close_timeout),
      listener_(listener),
      worker_(listener.worker()),
      chain_(std::move(chain)),
      admitted_(chain_->filters),
      manager_(private_count(chain_->http)),
      first_manager_(manager_),
      metadata_(std::move(metadata)),
      ticket_(std::move(ticket)),
      started_(worker_.loop().now()),
      idle_timer_(Timer::of<&DownstreamConnection::on_idle>(this)),
      duration_timer_(Timer::of<&DownstreamConnection::on_max_duration>(this)),
      drain_timer_(Timer::of<&DownstreamConnection::on_drain_timeout>(this)) {
  observe::StatGroup& stats = *manager_->stats;
  stats.add(HttpStat::kCxTotal);
  stats.add(HttpStat::kCxActive);
  if (info().tls) {
    stats.add(HttpStat::kCxSslTotal);
    stats.add(HttpStat::kCxSslActive);
  }
  idle_timer_.start(loop(), manager_->idle_timeout);
  duration_timer_.start(loop(), manager_->max_connection_duration);
  listener_.http().push_back(*this);
}

DownstreamConnection::~DownstreamConnection() = default;

std::unique_ptr<http::ServerCodec> DownstreamConnection::make_codec() {
  auto make = [this](Version version) -> std::unique_ptr<http::ServerCodec> {
    if (version == Version::kHttp2) {
      return std::make_unique<http::h2::ServerConnection>(*this, *this, manager_->http2, loop().now());
    }
    return std::make_unique<http::h1::ServerConnection>(manager_->http1, *this, *this, this);
  };
  switch (manager_->codec_type) {
    case CodecType::kHttp1: return make(Version::kHttp11);
    case CodecType::kHttp2: return make(Version::kHttp2);
    case CodecType::kAuto: break;
  }
  const std::string alpn = info().tls ? info().tls->alpn : std::string();
  if (alpn == "h2") return make(Version::kHttp2);
  if (!alpn.empty()) return make(Version::kHttp11);
  return std::make_unique<AutoCodec>(*this, manager_->http1.head_timeout, make);
}

void DownstreamConnection::note_version() {
  if (version_ != Version::kHttp10) return;
  version_ = codec()->version() == Version::kHttp2 ? Version::kHttp2 : Version::kHttp11;
  observe::StatGroup& stats = *manager_->stats;
  const bool http2 = version_ == Version::kHttp2;
  stats.add(http2 ? HttpStat::kCxHttp2Total : HttpStat::kCxHttp1Total);
  stats.add(http2 ? HttpStat::kCxHttp2Active : HttpStat::kCxHttp1Active);
}

std::string_view DownstreamConnection::filter_chain_name() const { return chain_->name; }

std::shared_ptr<void>& DownstreamConnection::slot(uint64_t key) {
  for (auto& [of, object] : slots_) {
    if (of == key) return object;
  }
  return slots_.emplace_back(key, nullptr).second;
}

http::RequestReceiver& DownstreamConnection::on_request(http::ServerStream& stream, http::RequestHead& head,
                                                        std::unique_ptr<Arena> arena, bool end) {
  note_version();
  ++requests_;
  if (manager_->max_requests_per_connection && requests_ >= manager_->max_requests_per_connection && keep_alive_) {
    manager_->stats->add(HttpStat::kCxMaxRequestsReached);
    drain();
  }
  return Exchange::start(*this, stream, head, std::move(arena), end);
}

void DownstreamConnection::exchange_started(Exchange&) {
  if (active_++ == 0) idle_timer_.stop();
}

void DownstreamConnection::exchange_finished(Exchange&) {
  if (--active_ == 0) idle_timer_.start(loop(), manager_->idle_timeout);
}

void DownstreamConnection::on_malformed(uint16_t status, std::string_view reason) {
  observe::StreamInfo record = malformed_record(status, reason);
  note_malformed(record);
}

// Mapped and formatted like any other reply of the proxy's own.
http::h1::RefusalAnswer DownstreamConnection::answer_malformed(uint16_t status, std::string_view reason, Arena& arena) {
  observe::StreamInfo record = malformed_record(status, reason);
  const std::string_view text = status == 408 ? "request header timeout" : http::reason_phrase(status);
  ShapedReply reply =
      shape_local_reply(manager_->local_replies, {.status = status, .body = text, .details = reason}, record, arena);
  finish_response_headers(*manager_, record, *reply.head, loop());
  record.response = reply.head;
  record.response_code = reply.head->status;
  record.bytes_sent = reply.body.size();
  note_malformed(record);
  return {reply.head, reply.body};
}

// A message that never became an exchange is counted, and in the access log, all the same.
observe::StreamInfo DownstreamConnection::malformed_record(uint16_t status, std::string_view reason) {
  note_version();
  observe::StreamInfo record;
  record.downstream = &info();
  record.remote_address = &info().remote;
  record.protocol = version_;
  record.filter_chain_name = chain_->name;
  record.start = record.end = loop().now();
  record.start_wall = loop().wall_now();
  record.response_code = status;
  record.response_code_details = reason;
  return record;
}

void DownstreamConnection::note_malformed(observe::StreamInfo& record) {
  const uint16_t status = record.response_code;
  observe::StatGroup& stats = *manager_->stats;
  // What has come of a head that is late may be in good order.
  const bool late = record.response_code_details == "request_header_timeout";
  stats.add(late ? HttpStat::kRqHeaderTimeout : HttpStat::kCxProtocolError);
  stats.add(HttpStat::kRqTotal);
  stats.add(version_ == Version::kHttp2 ? HttpStat::kRqHttp2Total : HttpStat::kRqHttp1Total);
  if (status) {
    stats.add(HttpStat::kRqCompleted);
    stats.count_status(0, status);
  }
  if (!late) record.set(observe::ResponseFlag::kDownstreamProtocolError);
  for (const auto& log : manager_->access_logs) log->log(record);
}

void DownstreamConnection::count(http::CodecCounter counter) {
  (version_ == Version::kHttp2 ? manager_->http2_stats : manager_->http1_stats)->add(counter);
}

void DownstreamConnection::adopt(std::shared_ptr<const FilterChain> chain) {
  chain_ = std::move(chain);
  std::shared_ptr<const ConnectionManager> before = std::exchange(manager_, private_count(chain_->http));
  // The gauges move with the connection to the statistics that it will be counted out of.
  observe::StatGroup& from = *before->stats;
  observe::StatGroup& to = *manager_->stats;
  if (&from == &to) return;
  auto move = [&](HttpStat gauge) {
    from.sub(gauge);
    to.add(gauge);
  };
  move(HttpStat::kCxActive);
  if (info().tls) move(HttpStat::kCxSslActive);
  if (version_ != Version::kHttp10) {
    move(version_ == Version::kHttp2 ? HttpStat::kCxHttp2Active : HttpStat::kCxHttp1Active);
  }
}

// HTTP/2 is told by GOAWAY. An HTTP/1 client learns it from the next response ("connection: close"): closing an idle
// connection at once would race with the request that is on its way.
void DownstreamConnection::drain() {
  if (!std::exchange(keep_alive_, false)) return;
  manager_->stats->add(HttpStat::kCxDrainClose);
  if (version_ == Version::kHttp2) shut_down();
  drain_timer_.start(loop(), manager_->drain_timeout);
}

void DownstreamConnection::close_gracefully() {
  local_close_ = true;
  keep_alive_ = false;
  shut_down();
  drain_timer_.start(loop(), manager_->drain_timeout);
}

void DownstreamConnection::on_drain_timeout() {
  if (active_ == 0) close_gracefully();
}

bool DownstreamConnection::keep_alive() const { return keep_alive_ && !worker_.announce_close(); }

void DownstreamConnection::on_idle() {
  if (active_ != 0) return;
  manager_->stats->add(HttpStat::kCxIdleTimeout);
  close_gracefully();
}

void DownstreamConnection::on_max_duration() {
  manager_->stats->add(HttpStat::kCxMaxDurationReached);
  close_gracefully();
}

void DownstreamConnection::on_progress() {
  observe::StatGroup& stats = *manager_->stats;
  stats.add(HttpStat::kCxRxBytesTotal, static_cast<int64_t>(bytes_read() - bytes_read_counted_));
  stats.add(HttpStat::kCxTxBytesTotal, static_cast<int64_t>(bytes_written() - bytes_written_counted_));
  bytes_read_counted_ = bytes_read();
  bytes_written_counted_ = bytes_written();
}

void DownstreamConnection::on_closed() {
  idle_timer_.stop();
  duration_timer_.stop();
  drain_timer_.stop();
  observe::StatGroup& stats = *manager_->stats;
  const bool http2 = codec() && codec()->version() == Version::kHttp2;
  if (http2 && !codec()->error().empty() && !input_ended()) {  // HTTP/1 has said so in on_malformed()
    note_version();
    stats.add(HttpStat::kCxProtocolError);
  }
  const bool remote = input_ended() && !local_close_;
  stats.sub(HttpStat::kCxActive);
  stats.add(HttpStat::kCxDestroy);
  stats.add(remote ? HttpStat::kCxDestroyRemote : HttpStat::kCxDestroyLocal);
  if (active_) {
    stats.add(HttpStat::kCxDestroyActiveRq);
    stats.add(remote ? HttpStat::kCxDestroyRemoteActiveRq : HttpStat::kCxDestroyLocalActiveRq);
  }
  if (info().tls) stats.sub(HttpStat::kCxSslActive);
  if (version_ != Version::kHttp10) {
    stats.sub(version_ == Version::kHttp2 ? HttpStat::kCxHttp2Active : HttpStat::kCxHttp1Active);
  }
  stats.record(HttpStat::kCxLengthMs,
               static_cast<uint64_t>(std::chrono::duration_cast<Milliseconds>(loop().now() - started_).count()));
  ListLink<>::unlink();
  for (const auto& filter : admitted_) filter->on_close();
  listener_.served_connection_closed(started_);
  loop().defer_delete(std::unique_ptr<net::Deferred>(this));
}

}  // namespace proa::proxy
