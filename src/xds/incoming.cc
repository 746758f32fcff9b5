#include "xds/incoming.h"

#include <fmt/format.h>

#include "base/log.h"
#include "config/problems.h"
#include "xds/type_url.h"

namespace proa::xds {

namespace dv3 = envoy::service::discovery::v3;

namespace {

constexpr int64_t kLongestTtl = 10LL * 365 * 24 * 3600;  // seconds; more is for ever

std::optional<Milliseconds> ttl_of(const dv3::Resource& resource) {
  if (!resource.has_ttl() || resource.ttl().seconds() > kLongestTtl) return std::nullopt;
  const int64_t seconds = std::max<int64_t>(resource.ttl().seconds(), 0);
  return Milliseconds(seconds * 1000 + std::max(resource.ttl().nanos(), 0) / 1'000'000);
}

class Reader {
 public:
  Reader(const std::string& type_url, Incoming& out) : type_url_(type_url), out_(out) {}

  /// A resource in its envelope, whose version may be left out.
  void add(const dv3::Resource& envelope, const std::string& version) {
    ++index_;
    std::string name = envelope.name();
    const google::protobuf::Any* body = envelope.has_resource() ? &envelope.resource() : nullptr;
    if (name.empty() && body) name = resource_name(*body).value_or("");
    if (!body && !name.empty() && envelope.aliases_size() > 0) return out_.errors.push_back(std::move(name));
    add(std::move(name), envelope.version().empty() ? version : envelope.version(), body, ttl_of(envelope));
  }
  void add(const google::protobuf::Any& any, const std::string& version) {
    if (any.type_url() == kEnvelope) {
      dv3::Resource& envelope = out_.envelopes.emplace_back();
      if (envelope.ParseFromString(any.value())) return add(envelope, version);
    }
    ++index_;
    Result<std::string> name = resource_name(any);
    if (!name) return fault({}, name.error().message);
    add(std::move(*name), version, &any, std::nullopt);
  }

 private:
  void add(std::string name, const std::string& version, const google::protobuf::Any* body,
           std::optional<Milliseconds> ttl) {
    if (body && body->type_url() != type_url_) {
      return fault(std::move(name), fmt::format("is of type {}, the response of {}", config::shown(body->type_url()),
                                                config::shown(type_url_)));
    }
    if (name.empty()) return fault({}, "has no name");
    out_.resources.push_back({std::move(name), version, body, ttl});
  }
  void fault(std::string name, std::string what) {
    out_.nameless_fault = out_.nameless_fault || name.empty();
    if (name.empty()) name = fmt::format("resources[{}]", index_ - 1);
    out_.faults.push_back({std::move(name), std::move(what)});
  }

  const std::string& type_url_;
  Incoming& out_;
  size_t index_ = 0;
};

/// Descriptors of an older API lack the field.
template <class Response>
void add_errors(const Response& response, Incoming& out) {
  if constexpr (requires { response.resource_errors(); }) {
    for (const auto& error : response.resource_errors()) {
      const std::string& name = error.resource_name().name();
      log::get("xds").warn("{} {}: the control plane has an error in its place: {} (code {})", response.type_url(),
                           config::shown(name), error.error_detail().message(), error.error_detail().code());
      out.errors.push_back(name);
    }
  }
}

}  // namespace

void read_response(const dv3::DiscoveryResponse& response, Incoming& out) {
  out.version = response.version_info();
  out.complete = full_state(response.type_url());
  Reader reader(response.type_url(), out);
  for (const google::protobuf::Any& any : response.resources()) reader.add(any, out.version);
  add_errors(response, out);
}

void read_response(const dv3::DeltaDiscoveryResponse& response, Incoming& out) {
  out.version = response.system_version_info();
  Reader reader(response.type_url(), out);
  for (const dv3::Resource& resource : response.resources()) reader.add(resource, {});
  out.removed.assign(response.removed_resources().begin(), response.removed_resources().end());
  add_errors(response, out);
}

}  // namespace proa::xds
