#include "mesh/agent/certificate_call.h"

#include <fmt/format.h>

#include <utility>

#include "base/proto_reader.h"
#include "mesh/agent/socket_owner.h"
#include "net/socket_transport.h"
#include "net/tls/certificate_request.h"
#include "net/tls/transport.h"
#include "observe/proto_writer.h"

namespace proa::mesh {

namespace {

using grpc::Code;

bool refuses(Code code) {
  return code == Code::kUnauthenticated || code == Code::kPermissionDenied || code == Code::kInvalidArgument ||
         code == Code::kUnimplemented;
}

}  // namespace

std::string write_certificate_question(std::string_view request_pem, std::chrono::seconds ttl) {
  std::string out;
  observe::ProtoWriter writer(out);
  writer.bytes(1, request_pem);
  if (ttl.count() > 0) writer.varint(3, static_cast<uint64_t>(ttl.count()));
  return out;
}

Result<std::string> read_certificate_answer(std::string_view bytes) {
  std::string out;
  ProtoReader fields(bytes);
  while (fields.next()) {
    if (!fields.is_bytes(1)) continue;
    out += fields.bytes();
    if (!out.ends_with('\n')) out += '\n';
  }
  if (fields.failed()) return fail("no IstioCertificateResponse");
  if (out.empty()) return fail("the answer has no certificate");
  return out;
}

CertificateCall::CertificateCall(net::Loop& loop, const CertificateCallOptions& options, Done done)
    : loop_(loop), done_(std::move(done)), timer_(net::Timer::of<&CertificateCall::on_timer>(this)) {
  timer_.start(loop_, options.timeout);
  begin(options);
}

CertificateCall::~CertificateCall() {
  if (call_) call_->cancel();
}

void CertificateCall::begin(const CertificateCallOptions& options) {
  auto request = net::tls::make_certificate_request();
  if (!request) return settle(std::unexpected(Failure{request.error().message}));
  key_pem_ = std::move(request->key_pem);
  const SocketOwner owner(options.socket_owner);
  auto socket = net::SocketTransport::connect(loop_, options.control, {.timeout = options.timeout});
  if (!socket) return settle(std::unexpected(Failure{socket.error().message}));
  channel_ =
      std::make_unique<grpc::Channel>(net::tls::connect(std::move(*socket), options.tls, {.sni = options.server_name}));
  grpc::CallOptions call;
  call.authority = options.server_name;
  call.path = "/istio.v1.auth.IstioCertificateService/CreateCertificate";
  call.scheme = "https";
  call.timeout = options.timeout;
  if (!options.token.empty()) call.metadata.emplace_back("authorization", "Bearer " + options.token);
  call_ = std::make_unique<grpc::UnaryCall>(*channel_);
  call_->start(call, write_certificate_question(request->request_pem, options.ttl),
               [this](const grpc::CallStatus& status, std::string_view bytes) { answered(status, bytes); });
}

void CertificateCall::answered(const grpc::CallStatus& status, std::string_view bytes) {
  if (!status.ok()) return settle(std::unexpected(Failure{status.message, refuses(status.code)}));
  auto certificates = read_certificate_answer(bytes);
  if (!certificates) return settle(std::unexpected(Failure{certificates.error().message}));
  settle(GivenCertificate{std::move(*certificates), std::move(key_pem_)});
}

// Told in a turn of its own: the call is on the stack here.
void CertificateCall::settle(std::expected<GivenCertificate, Failure> outcome) {
  outcome_ = std::move(outcome);
  timer_.start(loop_, Milliseconds(0));
}

void CertificateCall::on_timer() {
  if (!outcome_) outcome_ = std::unexpected(Failure{"no answer in time"});
  auto outcome = std::move(*outcome_);
  auto done = std::exchange(done_, nullptr);
  done(std::move(outcome));  // which may destroy this
}

}  // namespace proa::mesh
