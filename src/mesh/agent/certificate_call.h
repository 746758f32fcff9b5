// One question for a certificate: a new key and Istio's CreateCertificate, over one connection to the control plane.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "grpc/channel.h"
#include "grpc/unary.h"
#include "mesh/agent/child_process.h"
#include "net/address.h"
#include "net/loop.h"
#include "net/timer.h"
#include "net/tls/client_context.h"

namespace proa::mesh {

/// IstioCertificateRequest. `ttl` 0: the authority's usual.
std::string write_certificate_question(std::string_view request_pem, std::chrono::seconds ttl);
/// IstioCertificateResponse: every certificate, one after the other. Fails when the bytes are none, or without one.
Result<std::string> read_certificate_answer(std::string_view bytes);

struct CertificateCallOptions {
  net::Address control{};
  std::shared_ptr<const net::tls::ClientContext>
      tls{};                  ///< knows the control plane; shows our certificate if we have one
  std::string server_name{};  ///< SNI and :authority
  std::string token{};        ///< empty: the certificate says who we are
  std::chrono::seconds ttl{0};
  std::optional<ProcessUser> socket_owner{};  ///< see SocketOwner
  Milliseconds timeout{15'000};
};

struct GivenCertificate {
  std::string certificates_pem{};
  std::string key_pem{};
};

/// On its loop's thread. Destroying it gives up.
class CertificateCall {
 public:
  struct Failure {
    std::string why;
    bool refused = false;  ///< by the authority: asking the same again is of no use
  };
  using Done = std::function<void(std::expected<GivenCertificate, Failure>)>;

  /// `done` is called once, within a later turn of the loop; this may be destroyed in it.
  CertificateCall(net::Loop& loop, const CertificateCallOptions& options, Done done);
  ~CertificateCall();
  CertificateCall(const CertificateCall&) = delete;
  CertificateCall& operator=(const CertificateCall&) = delete;

 private:
  void begin(const CertificateCallOptions& options);
  void answered(const grpc::CallStatus& status, std::string_view bytes);
  void settle(std::expected<GivenCertificate, Failure> outcome);
  void on_timer();

  net::Loop& loop_;
  Done done_;
  std::string key_pem_;
  std::optional<std::expected<GivenCertificate, Failure>> outcome_;
  net::Timer timer_;  ///< the time-out, then the turn in which `done` is called
  std::unique_ptr<grpc::Channel> channel_;
  std::unique_ptr<grpc::UnaryCall> call_;
};

}  // namespace proa::mesh
