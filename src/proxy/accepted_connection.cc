#include "proxy/accepted_connection.h"

#include "base/log.h"
#include "filters/asking_filter.h"
#include "http/codec_pump.h"
#include "net/http_inspector.h"
#include "net/proxy_protocol.h"
#include "net/tls/transport.h"
#include "net/tls_inspector.h"
#include "proxy/http_inspector_stats.h"
#include "proxy/listener.h"
#include "proxy/listener_stats.h"
#include "proxy/proxy_protocol_stats.h"
#include "proxy/tls_inspector_stats.h"

namespace proa::proxy {

using net::IoResult;
using net::Timer;

struct AcceptedConnection::Admission {
  Arena arena;
  observe::StreamInfo record;
  size_t next = 0;  ///< filter
  std::unique_ptr<filters::PendingAdmission> pending;
};

void AcceptedConnection::start(Listener& listener, std::unique_ptr<net::SocketTransport> socket,
                               ConnectionTickets tickets) {
  auto* connection = new AcceptedConnection(listener, std::move(socket), std::move(tickets));
  connection->inspect();
}

AcceptedConnection::AcceptedConnection(Listener& listener, std::unique_ptr<net::SocketTransport> socket,
                                       ConnectionTickets tickets)
    : listener_(listener),
      config_(listener.config()),
      socket_(std::move(socket)),
      tickets_(std::move(tickets)),
      timer_(Timer::of<&AcceptedConnection::on_timeout>(this)) {
  socket_->observe(this);
  listener_.accepted().push_back(*this);
  config_->stats->add(ListenerStat::kPreCxActive);
  net::ConnectionInfo& info = socket_->info();
  if (config_->original_destination && !config_->no_original_destination_at.contains(info.local.port())) {
    listener_.restore_destination(*socket_);
  }
  const uint16_t port = info.local.port();
  proxy_header_read_ = !config_->proxy_protocol || config_->no_proxy_protocol_at.contains(port);
  tls_decided_ = !config_->inspect_tls || config_->no_tls_at.contains(port);
  http_decided_ = !config_->inspect_http || config_->no_http_at.contains(port);
  timer_.start(listener_.worker().loop(), config_->inspection_timeout);
}

AcceptedConnection::~AcceptedConnection() = default;

void AcceptedConnection::on_readable() {
  if (!chain_) inspect();
}

void AcceptedConnection::on_hangup() { close(); }

// ---- listener filters ----

void AcceptedConnection::inspect() {
  if (finished_) return;
  Progress progress = proxy_header_read_ ? Progress::kDone : read_proxy_header();
  if (progress == Progress::kDone) progress = look_at_first_bytes();
  if (progress == Progress::kMore) return;
  if (progress == Progress::kFailed) {
    config_->stats->add(ListenerStat::kListenerFilterError);
    return close();
  }
  choose_chain();
}

/// The header is taken out of the stream; everything after it stays in the kernel.
AcceptedConnection::Progress AcceptedConnection::read_proxy_header() {
  std::span<char> scratch = http::read_scratch();
  IoResult seen = socket_->peek(scratch.data(), net::kMaxProxyHeader);
  if (seen.state == IoResult::State::kBlocked) return Progress::kMore;
  if (!seen.ok()) return Progress::kFailed;
  net::ProxyParse parsed = net::parse_proxy_header({scratch.data(), seen.bytes});
  const ProxyProtocolRules& rules = *config_->proxy_protocol;
  switch (parsed.state) {
    case net::ProxyParse::State::kNeedMore: return Progress::kMore;
    case net::ProxyParse::State::kAbsent:
      rules.stats->add(rules.allow_without ? ProxyProtocolStat::kNotFoundAllowed
                                           : ProxyProtocolStat::kNotFoundDisallowed);
      proxy_header_read_ = rules.allow_without;
      return rules.allow_without ? Progress::kDone : Progress::kFailed;
    case net::ProxyParse::State::kError:
      rules.stats->add(parsed.version == 1 ? ProxyProtocolStat::kV1Error : ProxyProtocolStat::kV2Error);
      return Progress::kFailed;
    case net::ProxyParse::State::kDone: {
      const net::ProxyHeader& header = parsed.header;
      const bool v1 = header.version == 1;
      rules.stats->add(v1 ? ProxyProtocolStat::kV1Found : ProxyProtocolStat::kV2Found);
      if (!(v1 ? rules.allow_v1 : rules.allow_v2)) {
        rules.stats->add(v1 ? ProxyProtocolStat::kV1Disallowed : ProxyProtocolStat::kV2Disallowed);
        return Progress::kFailed;
      }
      IoResult taken = socket_->read(scratch.data(), header.size);
      if (!taken.ok() || taken.bytes != header.size) return Progress::kFailed;
      net::ConnectionInfo& info = socket_->info();
      if (!header.local) {
        info.remote = header.source;
        info.local = header.destination;
        info.local_restored = true;
      }
      if (!rules.tlv_rules.empty()) metadata_ = tlv_metadata(rules.tlv_rules, header.tlvs);
      info.proxy_tlvs = net::selected(header.tlvs, rules.keep_tlvs);
      proxy_header_read_ = true;
      return Progress::kDone;
    }
  }
  std::unreachable();
}

AcceptedConnection::Progress AcceptedConnection::look_at_first_bytes() {
  if (tls_decided_ && http_decided_) return Progress::kDone;
  std::span<char> scratch = http::read_scratch();
  IoResult seen = socket_->peek(scratch.data(), scratch.size());
  if (seen.state == IoResult::State::kBlocked) return Progress::kMore;
  if (seen.state == IoResult::State::kError) return Progress::kFailed;
  const bool ended = seen.state == IoResult::State::kEof;
  std::string_view bytes(scratch.data(), ended ? 0 : seen.bytes);
  Progress progress = look_at_tls(bytes, ended);
  if (progress == Progress::kDone) progress = look_at_http(bytes, ended);
  return ended && progress == Progress::kMore ? Progress::kFailed : progress;
}

AcceptedConnection::Progress AcceptedConnection::look_at_tls(std::string_view bytes, bool ended) {
  if (tls_decided_) return Progress::kDone;
  if (ended) return Progress::kFailed;
  net::ClientHello hello;
  net::ConnectionInfo& info = socket_->info();
  switch (net::inspect_client_hello(bytes, hello)) {
    case net::TlsInspection::kNeedMore: return Progress::kMore;
    case net::TlsInspection::kTooLarge:
      config_->inspection_stats->add(TlsInspectorStat::kClientHelloTooLarge);
      return Progress::kFailed;
    case net::TlsInspection::kMalformed:
      config_->inspection_stats->add(TlsInspectorStat::kTlsNotFound);
      return Progress::kFailed;
    case net::TlsInspection::kNotTls:
      config_->inspection_stats->add(TlsInspectorStat::kTlsNotFound);
      info.transport_protocol = "raw_buffer";
      break;
    case net::TlsInspection::kTls:
      count_hello(hello);
      info.transport_protocol = "tls";
      info.sni = std::move(hello.sni);
      info.alpn = std::move(hello.alpn);
      break;
  }
  tls_decided_ = true;
  return Progress::kDone;
}

void AcceptedConnection::count_hello(const net::ClientHello& hello) {
  observe::StatGroup& stats = *config_->inspection_stats;
  stats.add(TlsInspectorStat::kTlsFound);
  stats.add(hello.sni.empty() ? TlsInspectorStat::kSniNotFound : TlsInspectorStat::kSniFound);
  stats.add(hello.alpn.empty() ? TlsInspectorStat::kAlpnNotFound : TlsInspectorStat::kAlpnFound);
}

AcceptedConnection::Progress AcceptedConnection::look_at_http(std::string_view bytes, bool ended) {
  net::ConnectionInfo& info = socket_->info();
  if (http_decided_ || info.transport_protocol == "tls") return Progress::kDone;
  if (ended) return Progress::kFailed;
  net::HttpInspection inspection = net::inspect_http(bytes);
  if (inspection == net::HttpInspection::kNeedMore) return Progress::kMore;
  config_->http_inspection_stats->add(inspector_stat(inspection));
  if (inspection != net::HttpInspection::kNot) {
    info.application_protocols = {std::string(net::protocol_name(inspection))};
  }
  http_decided_ = true;
  return Progress::kDone;
}

// ---- filter chain ----

void AcceptedConnection::choose_chain() {
  timer_.stop();
  const auto* found = config_->find_chain(socket_->info());
  if (!found) {
    config_->stats->add(ListenerStat::kNoFilterChainMatch);
    Arena arena;
    observe::StreamInfo record;
    if (metadata_) observe::mutable_metadata(record, arena) = *metadata_;
    record.downstream = &socket_->info();
    record.remote_address = &socket_->info().remote;
    record.start = record.end = listener_.worker().loop().now();
    record.start_wall = listener_.worker().loop().wall_now();
    record.set(observe::ResponseFlag::kNoRouteFound);
    record.response_code_details = "filter_chain_not_found";
    for (const auto& log : config_->access_logs) log->log(record);
    return close();
  }
  chain_ = *found;
  if (!chain_->tls) {
    secured_ = std::move(socket_);
    return hand_over();
  }
  auto context = chain_->tls->current();
  if (!context) {
    config_->stats->add(ListenerStat::kSslSecretsNotReady);
    return close();
  }
  timer_.start(listener_.worker().loop(), chain_->transport_timeout);
  auto tls = net::tls::accept(std::move(socket_), std::move(context));
  tls_ = tls.get();
  secured_ = std::move(tls);
  secured_->observe(this);
}

void AcceptedConnection::count_handshake() {
  tls_->counters().for_each([this](net::tls::Counter counter) {
    // The listener's TLS counters stand in the order of net::tls::Counter.
    config_->stats->add(static_cast<size_t>(ListenerStat::kSslHandshake) + static_cast<size_t>(counter));
  });
}

void AcceptedConnection::on_connected() {
  count_handshake();
  const net::PeerExchangeSpec* exchange = chain_->peer_exchange.get();
  if (exchange && secured_->info().tls->alpn == exchange->protocol) {
    secured_ = std::make_unique<net::PeerExchange>(std::move(secured_), chain_->peer_exchange, /*connected=*/true);
  }
  hand_over();
}

void AcceptedConnection::on_connect_failed(std::string reason) {
  log::get("connection").debug("TLS handshake with {} failed: {}", secured_->info().remote.to_string(), reason);
  count_handshake();
  close();
}

void AcceptedConnection::hand_over() {
  timer_.stop();
  if (chain_->filters.empty()) return serve();
  admission_ = std::make_unique<Admission>();
  observe::StreamInfo& record = admission_->record;
  if (metadata_) observe::mutable_metadata(record, admission_->arena) = *metadata_;
  record.downstream = &secured_->info();
  record.remote_address = &secured_->info().remote;
  record.start = record.end = listener_.worker().loop().now();
  record.start_wall = listener_.worker().loop().wall_now();
  record.filter_chain_name = chain_->name;
  admit();
}

void AcceptedConnection::admit() {
  Admission& admission = *admission_;
  WorkerContext& worker = listener_.worker();
  while (admission.next < chain_->filters.size()) {
    const filters::NetworkFilter& filter = *chain_->filters[admission.next];
    if (!filter.admit(admission.record, admission.arena)) return refuse();
    ++admission.next;
    const auto* asking = dynamic_cast<const filters::AskingFilter*>(&filter);
    if (!asking) continue;
    admission.pending =
        asking->ask(admission.record, worker.clusters(), worker.loop(), [this](bool allowed) { answered(allowed); });
    if (!admission.pending) continue;
    const std::optional<bool> answer = admission.pending->answer();
    if (!answer) return secured_->observe(this);  // for the client that goes meanwhile
    if (!*answer) return refuse();
  }
  serve();
}

void AcceptedConnection::answered(bool allowed) {
  if (finished_) return;
  listener_.worker().loop().defer_delete(std::move(admission_->pending));  // it calls us
  allowed ? admit() : refuse();
}

void AcceptedConnection::refuse() { deny(admission_->record); }

/// Tells the filters that had admitted it.
void AcceptedConnection::leave_filters() {
  if (!admission_) return;
  admission_->pending.reset();
  while (admission_->next > 0) chain_->filters[--admission_->next]->on_close();
}

void AcceptedConnection::serve() {
  secured_->observe(nullptr);
  std::unique_ptr<net::Transport> transport = std::move(secured_);
  if (chain_->http) {
    const bool late = listener_.draining() || listener_.config() != config_;
    DownstreamConnection::start(listener_, std::move(transport), chain_, std::move(tickets_), std::move(metadata_),
                                late);
  } else if (chain_->self_served) {
    SelfServedConnection::start(listener_, std::move(transport), chain_, std::move(tickets_));
  } else {
    TcpConnection::start(listener_, std::move(transport), chain_, std::move(tickets_), metadata_.get());
  }
  done(/*handed_over=*/true);
}

/// The log of a TCP proxy has a line of it, as if it had been relayed and cut at once.
void AcceptedConnection::deny(observe::StreamInfo& record) {
  config_->stats->add(ListenerStat::kNetworkFilterDenied);
  if (const TcpProxy* tcp = chain_->tcp.get()) {
    tcp->stats->add(TcpStat::kCxTotal);
    for (const auto& log : tcp->access_logs) log->log(record);
  }
  close();
}

void AcceptedConnection::on_timeout() {
  if (chain_) {
    config_->stats->add(ListenerStat::kCxTransportSocketTimeout);
    return close();
  }
  config_->stats->add(ListenerStat::kPreCxTimeout);
  if (config_->continue_on_inspection_timeout) return choose_chain();
  close();
}

void AcceptedConnection::close() {
  if (finished_) return;
  leave_filters();
  if (socket_) socket_->close();
  if (secured_) secured_->close();
  done(/*handed_over=*/false);
}

void AcceptedConnection::done(bool handed_over) {
  finished_ = true;
  timer_.stop();
  unlink();
  observe::StatGroup& stats = *config_->stats;
  stats.sub(ListenerStat::kPreCxActive);
  if (!handed_over) {
    stats.sub(ListenerStat::kCxActive);
    stats.add(ListenerStat::kCxDestroy);
    listener_.connection_closed();
  }
  listener_.worker().loop().defer_delete(std::unique_ptr<net::Deferred>(this));
}

}  // namespace proa::proxy
