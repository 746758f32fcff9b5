#include "mesh/agent/identity_keeper.h"

#include <fmt/format.h>

#include <algorithm>
#include <random>
#include <utility>

#include "base/log.h"
#include "mesh/agent/socket_owner.h"
#include "net/private_file.h"

namespace proa::mesh {

namespace {

/// Of the life that is left: Istio's SECRET_GRACE_PERIOD_RATIO, spread further, as all hosts may have started together.
constexpr double kRenewAt = 0.5, kSpread = 0.1;
constexpr Milliseconds kLeast{100};

uint64_t seed() { return (static_cast<uint64_t>(std::random_device{}()) << 32) | std::random_device{}(); }

std::string trimmed(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' ')) text.pop_back();
  return text;
}

}  // namespace

IdentityKeeper::IdentityKeeper(net::Loop& loop, IdentityOptions options, Events events)
    : loop_(loop),
      options_(std::move(options)),
      events_(std::move(events)),
      random_(seed()),
      back_off_(options_.back_off),
      timer_(net::Timer::of<&IdentityKeeper::on_timer>(this)),
      resolver_(loop) {}

IdentityKeeper::~IdentityKeeper() = default;

void IdentityKeeper::start() {
  if (!options_.identity_file.empty()) {
    auto read = read_identity(options_.identity_file, loop_.wall_now());
    if (!read) {
      log::get("identity").warn("{}", read.error().message);
    } else if (*read) {
      identity_ = std::move(**read);
      untold_ = true;
    }
  }
  timer_.start(loop_, Milliseconds(0));
}

void IdentityKeeper::on_timer() {
  if (std::exchange(untold_, false)) return take(std::move(*identity_));
  ask();
}

bool IdentityKeeper::proves_itself() const { return identity_ && identity_->valid_until > loop_.wall_now(); }

void IdentityKeeper::ask() {
  if (auto literal = net::Address::parse_ip(options_.control_host, options_.control_port)) return ask_at(*literal);
  query_ =
      resolver_.resolve(options_.control_host, net::DnsFamily::kV4Preferred, [this](Result<net::DnsAnswer> answer) {
        if (!answer) return failed(answer.error().message, false);
        if (answer->addresses.empty()) return failed(fmt::format("{} has no address", options_.control_host), false);
        const size_t any = random_.below(answer->addresses.size());
        ask_at(answer->addresses[any].with_port(options_.control_port));
      });
}

void IdentityKeeper::ask_at(const net::Address& control) {
  auto asked = question(control);
  if (!asked) return failed(asked.error().message, !identity_);
  call_ = std::make_unique<CertificateCall>(loop_, *asked, [this](auto outcome) { given(std::move(outcome)); });
}

Result<CertificateCallOptions> IdentityKeeper::question(const net::Address& control) const {
  net::tls::ClientTlsOptions tls;
  tls.alpn = {"h2"};
  tls.sni = options_.server_name;
  tls.max_session_keys = 0;
  auto roots = net::read_file(options_.roots_file);
  if (!roots) return std::unexpected(roots.error());
  if (!*roots && !identity_) return fail(fmt::format("there is no {}", options_.roots_file));
  tls.validation.ca_pem = std::move(*roots).value_or("");
  tls.validation.ca_path = options_.roots_file;
  if (identity_) tls.validation.ca_pem += "\n" + identity_->roots_pem;  // the root may have rotated since
  tls.validation.sans.push_back({.type = net::tls::SanMatcher::Type::kDns, .value = options_.server_name});
  CertificateCallOptions out{.control = control, .server_name = options_.server_name, .ttl = options_.ttl};
  out.socket_owner = options_.socket_owner;
  if (proves_itself()) {
    net::tls::CertificateOptions certificate;
    certificate.chain_pem = identity_->chain_pem;
    certificate.key_pem = identity_->key_pem;
    tls.certificates.push_back(std::move(certificate));
  } else {
    if (options_.token_file.empty()) return fail("there is neither a certificate nor a token to prove who asks");
    auto token = net::read_file(options_.token_file);
    if (!token) return std::unexpected(token.error());
    if (!*token) return fail(fmt::format("there is no {}", options_.token_file));
    out.token = trimmed(std::move(**token));
  }
  auto context = net::tls::ClientContext::make(tls);
  if (!context) return std::unexpected(context.error());
  out.tls = std::move(*context);
  return out;
}

void IdentityKeeper::given(std::expected<GivenCertificate, CertificateCall::Failure> outcome) {
  call_.reset();
  if (!outcome) return failed(outcome.error().why, outcome.error().refused);
  auto made = make_identity(outcome->certificates_pem, std::move(outcome->key_pem), loop_.wall_now());
  if (!made) return failed(made.error().message, false);
  if (identity_ && made->id != identity_->id) {
    return failed(fmt::format("a certificate of {} came, this is {}", made->id.text(), identity_->id.text()), false);
  }
  ++renewals_;
  if (!options_.identity_file.empty()) {
    if (Status wrote = write_identity(options_.identity_file, *made); !wrote) {
      log::get("identity").error("a restart will not find the certificate: {}", wrote.error().message);
    }
  }
  take(std::move(*made));
}

void IdentityKeeper::take(Identity identity) {
  identity_ = std::move(identity);
  back_off_.reset();
  const WallTime now = loop_.wall_now();
  const auto life = std::chrono::duration_cast<Milliseconds>(identity_->valid_until - now);
  const double at = kRenewAt + kSpread * (2 * random_.unit() - 1);
  timer_.start(loop_, std::max(kLeast, Milliseconds(static_cast<int64_t>(static_cast<double>(life.count()) * at))));
  log::get("identity")
      .info("{}: certificate {} for {} s", identity_->id.text(), identity_->serial, life.count() / 1000);
  events_.renewed(*identity_);
}

void IdentityKeeper::failed(const std::string& why, bool for_good) {
  ++failures_;
  if (!identity_ && for_good) return events_.refused(why);
  const Milliseconds wait = std::max(kLeast, back_off_.next(random_));
  const std::string said = fmt::format("no certificate from {}:{}: {}; again in {} ms", options_.control_host,
                                       options_.control_port, why, wait.count());
  if (identity_ && !proves_itself()) {
    log::get("identity").error("the certificate has expired, and {}", said);
  } else {
    log::get("identity").warn("{}", said);
  }
  timer_.start(loop_, wait);
}

}  // namespace proa::mesh
