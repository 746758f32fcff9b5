#include "mesh/agent/app_probes.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <optional>

#include "grpc/channel.h"
#include "grpc/health.h"
#include "grpc/unary.h"
#include "mesh/agent/http_fetch.h"
#include "net/socket_transport.h"

namespace proa::mesh {

namespace {

using Json = nlohmann::json;

Result<AppProbe> read_probe(const Json& from) {
  AppProbe out;
  const Json* port = nullptr;
  auto number = [&](const Json& of) { port = of.contains("port") ? &of["port"] : nullptr; };
  if (from.contains("httpGet")) {
    const Json& http = from["httpGet"];
    out.kind = AppProbe::Kind::kHttp;
    number(http);
    if (http.value("scheme", "HTTP") != "HTTP") return fail("a probe over https is not supported");
    out.path = http.value("path", "/");
    if (!out.path.starts_with('/')) out.path.insert(0, "/");
    const Json headers = http.value("httpHeaders", Json::array());
    for (const Json& header : headers) {
      std::string name = header.at("name").get<std::string>();
      for (char& c : name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
      if (name == "host") {
        out.host = header.value("value", "");
      } else {
        out.headers.emplace_back(std::move(name), header.value("value", ""));
      }
    }
  } else if (from.contains("tcpSocket")) {
    number(from["tcpSocket"]);
  } else if (from.contains("grpc")) {
    out.kind = AppProbe::Kind::kGrpc;
    number(from["grpc"]);
    if (from["grpc"].contains("service") && from["grpc"]["service"].is_string()) out.service = from["grpc"]["service"];
  } else {
    return fail("a probe is httpGet, tcpSocket or grpc");
  }
  if (!port || !port->is_number_unsigned() || *port < 1u || *port > 65535u)
    return fail("a probe needs a port by number");
  out.port = port->get<uint16_t>();
  out.timeout = std::chrono::seconds(std::max(1, from.value("timeoutSeconds", 1)));
  return out;
}

net::Address source_for(const net::Address& to) {
  return *net::Address::parse_ip(to.family() == net::Address::Family::kIpv6 ? "::6" : "127.0.0.6", 0);
}

}  // namespace

Result<AppProbes> read_app_probes(std::string_view json) {
  AppProbes out;
  try {
    const Json parsed = Json::parse(json);
    for (const auto& [path, from] : parsed.items()) {
      auto probe = read_probe(from);
      if (!probe) return fail(fmt::format("{}: {}", path, probe.error().message));
      out.emplace(path, std::move(*probe));
    }
  } catch (const Json::exception& wrong) {
    return fail(fmt::format("no probes: {}", wrong.what()));
  }
  return out;
}

class AppProber::Run {
 public:
  Run(AppProber& prober, const AppProbe& probe, HttpService::Reply reply)
      : prober_(prober), reply_(std::move(reply)), timer_(net::Timer::of<&Run::on_timer>(this)) {
    timer_.start(prober.loop_, probe.timeout);
    connect_.timeout = probe.timeout;
    to_ = prober.application_.with_port(probe.port);
    connect_.source = source_for(to_);
  }
  virtual ~Run() = default;

 protected:
  /// In a turn of its own: what has answered is on the stack.
  void settle(HttpAnswer answer) {
    outcome_ = std::move(answer);
    timer_.start(prober_.loop_, Milliseconds(0));
  }
  void settle(bool healthy, std::string_view why) {
    settle({.status = static_cast<uint16_t>(healthy ? 200 : 500), .body = fmt::format("{}\n", why)});
  }
  net::Loop& loop() { return prober_.loop_; }

  net::Address to_;
  net::ConnectOptions connect_;

 private:
  void on_timer() {
    reply_(outcome_.value_or(HttpAnswer{.status = 500, .body = "no answer in time\n"}));
    prober_.finish(*this);
  }

  AppProber& prober_;
  HttpService::Reply reply_;
  std::optional<HttpAnswer> outcome_;
  net::Timer timer_;
};

class AppProber::HttpRun final : public Run {
 public:
  HttpRun(AppProber& prober, const AppProbe& probe, HttpService::Reply reply)
      : Run(prober, probe, std::move(reply)), fetch_(prober.loop_) {
    const std::string authority = probe.host.empty() ? to_.to_string() : probe.host;
    fetch_.start({.to = to_,
                  .source = connect_.source,
                  .authority = authority,
                  .path = probe.path,
                  .headers = probe.headers,
                  .timeout = probe.timeout},
                 [this](Fetched fetched) {
                   if (fetched.status == 0) return settle(false, fetched.body);
                   settle({.status = static_cast<uint16_t>(fetched.status), .body = std::move(fetched.body)});
                 });
  }

 private:
  HttpFetch fetch_;
};

class AppProber::TcpRun final : public Run, private net::TransportObserver {
 public:
  TcpRun(AppProber& prober, const AppProbe& probe, HttpService::Reply reply) : Run(prober, probe, std::move(reply)) {
    auto socket = net::SocketTransport::connect(loop(), to_, connect_);
    if (!socket) {
      settle(false, socket.error().message);
      return;
    }
    socket_ = std::move(*socket);
    socket_->observe(this);
  }

 private:
  void on_connected() override { settle(true, "connected"); }
  void on_connect_failed(std::string reason) override { settle(false, reason); }
  void on_readable() override {}
  void on_writable() override {}

  std::unique_ptr<net::SocketTransport> socket_;
};

class AppProber::GrpcRun final : public Run {
 public:
  GrpcRun(AppProber& prober, const AppProbe& probe, HttpService::Reply reply) : Run(prober, probe, std::move(reply)) {
    auto socket = net::SocketTransport::connect(loop(), to_, connect_);
    if (!socket) {
      settle(false, socket.error().message);
      return;
    }
    channel_ = std::make_unique<grpc::Channel>(std::move(*socket));
    call_ = std::make_unique<grpc::UnaryCall>(*channel_);
    const std::string authority = to_.to_string();
    grpc::CallOptions options;
    options.authority = authority;
    options.path = grpc::kHealthCheckPath;
    options.timeout = probe.timeout;
    call_->start(options, grpc::encode_health_request(probe.service),
                 [this](const grpc::CallStatus& status, std::string_view bytes) {
                   if (!status.ok()) return settle(false, status.message);
                   const bool serves = grpc::decode_health_response(bytes) == grpc::ServingStatus::kServing;
                   settle(serves, serves ? "serving" : "not serving");
                 });
  }
  ~GrpcRun() override {
    if (call_) call_->cancel();
  }

 private:
  std::unique_ptr<grpc::Channel> channel_;
  std::unique_ptr<grpc::UnaryCall> call_;
};

AppProber::AppProber(net::Loop& loop, AppProbes probes, net::Address application)
    : loop_(loop), probes_(std::move(probes)), application_(std::move(application)) {}

AppProber::~AppProber() = default;

void AppProber::answer(std::string_view path, HttpService::Reply reply) {
  const auto found = probes_.find(path);
  if (found == probes_.end()) return reply({.status = 404, .body = "there is no such probe\n"});
  const AppProbe& probe = found->second;
  switch (probe.kind) {
    case AppProbe::Kind::kHttp: runs_.push_back(std::make_unique<HttpRun>(*this, probe, std::move(reply))); return;
    case AppProbe::Kind::kTcp: runs_.push_back(std::make_unique<TcpRun>(*this, probe, std::move(reply))); return;
    case AppProbe::Kind::kGrpc: runs_.push_back(std::make_unique<GrpcRun>(*this, probe, std::move(reply))); return;
  }
}

void AppProber::finish(Run& run) {
  std::erase_if(runs_, [&](const auto& each) { return each.get() == &run; });
}

}  // namespace proa::mesh
