#include "filters/authorization.h"

#include <algorithm>
#include <chrono>

#include "base/proto_reader.h"
#include "grpc/unary.h"
#include "http/header_validity.h"
#include "net/transport.h"
#include "observe/proto_writer.h"
#include "upstream/cluster_streams.h"
#include "upstream/clusters.h"
#include "upstream/http_call.h"

namespace proa::filters {
namespace {

using observe::ProtoWriter;
using What = AuthorizationAnswer::What;

constexpr size_t kMostDenialBody = 64 * 1024;

// ---- the question ----

/// core.v3.Address
void write_address(ProtoWriter& to, unsigned field, const net::Address& address) {
  if (!address.is_ip()) return;
  to.message(field, [&](ProtoWriter& out) {
    out.message(1, [&](ProtoWriter& socket) {
      socket.bytes(2, address.ip());
      if (address.port()) socket.varint(3, address.port());
    });
  });
}

/// As Envoy names a peer: the first kind of name that its certificate has.
std::string_view principal_of(const net::CertificateInfo& certificate) {
  if (!certificate.uri_sans.empty()) return certificate.uri_sans.front();
  if (!certificate.dns_sans.empty()) return certificate.dns_sans.front();
  return certificate.subject;
}

/// AttributeContext.Peer
void write_peer(ProtoWriter& to, unsigned field, const net::Address& address, const net::CertificateInfo* certificate,
                bool whole) {
  to.message(field, [&](ProtoWriter& peer) {
    write_address(peer, 1, address);
    if (!certificate) return;
    const std::string_view principal = principal_of(*certificate);
    if (!principal.empty()) peer.bytes(4, principal);
    if (whole) {
      const std::string pem = certificate->url_encoded_pem();
      if (!pem.empty()) peer.bytes(5, pem);
    }
  });
}

bool is_told(const AuthorizationService& service, std::string_view name) {
  if (any_fits(service.disallowed, name)) return false;
  return service.allowed.empty() || any_fits(service.allowed, name);
}

/// map<string, string>: one entry.
void write_entry(ProtoWriter& to, unsigned field, std::string_view name, std::string_view value) {
  to.message(field, [&](ProtoWriter& entry) {
    entry.bytes(1, name);
    entry.bytes(2, value);
  });
}

void write_headers(ProtoWriter& to, const AuthorizationService& service, const http::RequestHead& request) {
  const auto pseudo = [&](std::string_view name, std::string_view value) {
    if (is_told(service, name)) write_entry(to, 3, name, value);
  };
  pseudo(":authority", request.authority);
  pseudo(":method", request.method);
  pseudo(":path", request.path);
  pseudo(":scheme", request.scheme);
  const auto all = request.headers.all();
  for (size_t i = 0; i < all.size(); ++i) {
    const std::string_view name = all[i].name;
    const auto same = [&](const http::Header& other) { return other.name == name; };
    if (!is_told(service, name) || std::any_of(all.begin(), all.begin() + static_cast<ptrdiff_t>(i), same)) continue;
    write_entry(to, 3, name, request.headers.joined(name));
  }
}

void write_request(ProtoWriter& to, const AuthorizationService& service, const observe::StreamInfo& info) {
  const http::RequestHead& request = *info.request;
  to.message(4, [&](ProtoWriter& outer) {
    const auto since = info.start_wall.time_since_epoch();
    const auto whole = std::chrono::duration_cast<std::chrono::seconds>(since);
    outer.message(1, [&](ProtoWriter& time) {
      time.varint(1, static_cast<uint64_t>(whole.count()));
      time.varint(2,
                  static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(since - whole).count()));
    });
    outer.message(2, [&](ProtoWriter& http) {
      http.bytes(1, std::to_string(info.stream_id));
      http.bytes(2, request.method);
      write_headers(http, service, request);
      http.bytes(4, request.path);
      http.bytes(5, request.authority);
      http.bytes(6, request.scheme);
      http.bytes(10, http::to_string(info.protocol));
    });
  });
}

// ---- the answer ----

/// Says where a message ends, or belongs to one connection: the codec's alone. A service that could set it could have
/// the next hop see another request than was asked about.
bool is_of_the_connection(std::string_view name) {
  using http::HeaderId;
  switch (http::header_id(name)) {
    case HeaderId::kContentLength:
    case HeaderId::kTransferEncoding:
    case HeaderId::kConnection:
    case HeaderId::kKeepAlive:
    case HeaderId::kUpgrade:
    case HeaderId::kTe:
    case HeaderId::kTrailer: return true;
    default: return name == "host" || name == "proxy-connection";
  }
}

/// Nothing that would break the message may come of it. `name` in lower case.
bool is_usable(std::string_view name, std::string_view value) {
  return !name.empty() && name[0] != ':' && http::is_token(name) && http::is_field_value(value) &&
         !is_of_the_connection(name);
}

std::string lower(std::string_view name) {
  std::string out(name);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
  }
  return out;
}

/// core.v3.HeaderValueOption, into one of two lists. False: it cannot be read.
bool read_header_option(std::string_view bytes, HeaderPairs& set, HeaderPairs& append) {
  std::string name, value;
  bool appends = false;
  ProtoReader option(bytes);
  while (option.next()) {
    if (option.is_bytes(1)) {
      ProtoReader header(option.bytes());
      while (header.next()) {
        if (header.is_bytes(1)) name = lower(header.bytes());
        if (header.is_bytes(2) || header.is_bytes(3)) value = header.bytes();
      }
      if (header.failed()) return false;
    } else if (option.is_bytes(2)) {
      ProtoReader flag(option.bytes());
      while (flag.next()) appends = flag.is_varint(1) && flag.number();
      if (flag.failed()) return false;
    }
  }
  if (is_usable(name, value)) (appends ? append : set).emplace_back(std::move(name), std::move(value));
  return !option.failed();
}

void add_removal(std::string_view name, AuthorizationAnswer& to) {
  std::string one = lower(name);
  if (!is_of_the_connection(one)) to.remove.push_back(std::move(one));
}

bool read_ok(std::string_view bytes, AuthorizationAnswer& to) {
  ProtoReader ok(bytes);
  bool good = true;
  while (ok.next()) {
    if (ok.is_bytes(2)) good &= read_header_option(ok.bytes(), to.set, to.append);
    if (ok.is_bytes(5)) add_removal(ok.bytes(), to);
    if (ok.is_bytes(6)) good &= read_header_option(ok.bytes(), to.response_set, to.response_append);
  }
  return good && !ok.failed();
}

bool read_denied(std::string_view bytes, AuthorizationAnswer& to) {
  ProtoReader denied(bytes);
  bool good = true;
  while (denied.next()) {
    if (denied.is_bytes(1)) {
      ProtoReader status(denied.bytes());
      while (status.next()) {
        if (status.is_varint(1) && status.number() >= 200 && status.number() < 600) {
          to.status = static_cast<uint16_t>(status.number());
        }
      }
      good &= !status.failed();
    } else if (denied.is_bytes(2)) {
      good &= read_header_option(denied.bytes(), to.response_set, to.response_append);
    } else if (denied.is_bytes(3)) {
      to.body = denied.bytes();
    }
  }
  return good && !denied.failed();
}

// ---- calls ----

class GrpcCall final : public AuthorizationCall {
 public:
  GrpcCall(const AuthorizationService& service, upstream::Clusters& clusters)
      : service_(service), streams_(clusters, service.cluster, /*http2=*/true), call_(streams_) {}

  void start(const observe::StreamInfo& info, const HeaderPairs& context, Done done) override {
    grpc::CallOptions options;
    options.authority = service_.authority.empty() ? service_.cluster : service_.authority;
    options.path = "/envoy.service.auth.v3.Authorization/Check";
    options.timeout = service_.timeout;
    options.metadata = service_.more_headers;
    call_.start(options, check_request(service_, info, context),
                [done = std::move(done)](const grpc::CallStatus& status, std::string_view response) {
                  done(status.ok() ? read_check_response(response) : AuthorizationAnswer{});
                });
  }

 private:
  const AuthorizationService& service_;
  upstream::ClusterStreams streams_;
  grpc::UnaryCall call_;
};

class HttpRequestCall final : public AuthorizationCall {
 public:
  HttpRequestCall(const AuthorizationService& service, upstream::Clusters& clusters)
      : service_(service), clusters_(clusters), streams_(clusters, service.cluster, /*http2=*/false), call_(streams_) {}

  void start(const observe::StreamInfo& info, const HeaderPairs&, Done done) override {
    const http::RequestHead& request = *info.request;
    const std::string path = service_.path_prefix + std::string(request.path);
    upstream::HttpCallOptions options;
    options.method = request.method;
    options.scheme = request.scheme;
    options.authority = request.authority;
    options.path = path;
    options.keep_body = kMostDenialBody;
    for (const http::Header& header : request.headers.all()) {
      if (is_sent(header)) options.headers.emplace_back(header.name, header.value);
    }
    for (const auto& [name, value] : service_.more_headers) {
      std::erase_if(options.headers, [&](const auto& one) { return one.first == name; });
      options.headers.emplace_back(name, value);
    }
    call_.start(options, {}, [this, done = std::move(done)](uint16_t status, std::string_view) {
      count(status == 0 ? 503 : status);
      const http::HeaderList* headers = call_.response_headers();
      done(headers ? read_http_answer(service_, status, *headers, call_.response_body()) : AuthorizationAnswer{});
    });
  }

 private:
  /// Authorization goes along always, and nothing that belongs to the client's own connection or body.
  bool is_sent(const http::Header& header) const {
    using http::HeaderId;
    switch (header.id) {
      case HeaderId::kContentLength:
      case HeaderId::kTransferEncoding:
      case HeaderId::kConnection:
      case HeaderId::kUpgrade:
      case HeaderId::kTe:
      case HeaderId::kTrailer:
      case HeaderId::kKeepAlive:
      case HeaderId::kExpect: return false;
      case HeaderId::kAuthorization: return !any_fits(service_.disallowed, header.name);
      default: break;
    }
    return any_fits(service_.allowed, header.name) && !any_fits(service_.disallowed, header.name);
  }

  void on_timeout() override {
    if (auto* cluster = count(504)) cluster->stats().add(upstream::ClusterStat::kRqTimeout);
  }

  upstream::WorkerCluster* count(uint16_t status) {
    upstream::WorkerCluster* cluster = clusters_.find(service_.cluster);
    if (cluster) cluster->stats().count_status(static_cast<size_t>(upstream::ClusterStatus::kRq), status);
    return cluster;
  }

  const AuthorizationService& service_;
  upstream::Clusters& clusters_;
  upstream::ClusterStreams streams_;
  upstream::HttpCall call_;
};

}  // namespace

bool any_fits(const std::vector<http::StringMatcher>& matchers, std::string_view name) {
  return std::ranges::any_of(matchers, [name](const http::StringMatcher& matcher) { return matcher.matches(name); });
}

std::string check_request(const AuthorizationService& service, const observe::StreamInfo& info,
                          const HeaderPairs& context) {
  std::string out;
  ProtoWriter(out).message(1, [&](ProtoWriter& attributes) {
    const net::ConnectionInfo& downstream = *info.downstream;
    const net::TlsInfo* tls = downstream.tls.get();
    write_peer(attributes, 1, *info.remote_address, tls ? tls->peer.get() : nullptr, service.include_certificate);
    write_peer(attributes, 2, downstream.local, tls ? tls->local.get() : nullptr, false);
    if (info.request) write_request(attributes, service, info);
    for (const auto& [name, value] : context) write_entry(attributes, 10, name, value);
  });
  return out;
}

AuthorizationAnswer read_check_response(std::string_view bytes) {
  AuthorizationAnswer to;
  std::string_view denied, ok;
  uint64_t code = 0;
  ProtoReader fields(bytes);
  while (fields.next()) {
    if (fields.is_bytes(1)) {
      ProtoReader status(fields.bytes());
      while (status.next()) {
        if (status.is_varint(1)) code = status.number();
      }
      if (status.failed()) return to;
    }
    if (fields.is_bytes(2)) denied = fields.bytes();
    if (fields.is_bytes(3)) ok = fields.bytes();
  }
  if (fields.failed()) return to;
  to.what = code == 0 ? What::kOk : What::kDenied;
  const bool good = code == 0 ? read_ok(ok, to) : read_denied(denied, to);
  return good ? to : AuthorizationAnswer{};
}

AuthorizationAnswer read_http_answer(const AuthorizationService& service, uint16_t status,
                                     const http::HeaderList& headers, std::string_view body) {
  AuthorizationAnswer to;
  if (status == 0 || status >= 500) return to;
  to.what = status == 200 ? What::kOk : What::kDenied;
  to.status = status;
  for (const http::Header& header : headers.all()) {
    if (!is_usable(header.name, header.value)) continue;
    std::pair<std::string, std::string> pair(header.name, header.value);
    if (to.what == What::kDenied) {
      if (service.client_headers.empty() || any_fits(service.client_headers, header.name) ||
          header.name == "www-authenticate" || header.id == http::HeaderId::kLocation) {
        to.response_append.push_back(std::move(pair));
      }
      continue;
    }
    if (header.name == "x-envoy-auth-headers-to-remove") {
      http::for_each_list_element(header.value, [&](std::string_view name) { return add_removal(name, to), true; });
      continue;
    }
    if (any_fits(service.client_headers_on_success, header.name)) to.response_append.push_back(pair);
    if (any_fits(service.upstream_headers, header.name)) to.set.push_back(pair);
    if (any_fits(service.upstream_headers_appended, header.name)) to.append.push_back(std::move(pair));
  }
  if (to.what == What::kDenied) to.body = body;
  return to;
}

std::unique_ptr<AuthorizationCall> make_authorization_call(const AuthorizationService& service,
                                                           upstream::Clusters& clusters) {
  if (service.grpc) return std::make_unique<GrpcCall>(service, clusters);
  return std::make_unique<HttpRequestCall>(service, clusters);
}

}  // namespace proa::filters
