// A response of either kind, taken apart: what both have in common and is judged alike.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "envoy/service/discovery/v3/discovery.pb.h"
#include "xds/observer.h"

namespace proa::xds {

/// One resource of a response.
struct IncomingResource {
  std::string name;
  std::string version;
  const google::protobuf::Any* body = nullptr;  ///< null: a heartbeat
  std::optional<Milliseconds> ttl;
};

/// Refers into the response, which outlives it.
struct Incoming {
  std::string version;
  bool complete = false;  ///< what is held and not in it is deleted
  std::vector<IncomingResource> resources;
  std::vector<std::string> removed;
  std::vector<std::string> errors;  ///< names for which the server has an error or nothing (gRFC A88, aliases)
  std::vector<Rejection> faults;    ///< what is wrong before anybody has looked into a resource
  bool nameless_fault = false;      ///< of a resource that could be any

  Incoming() = default;
  Incoming(const Incoming&) = delete;  // `resources` points into `envelopes`
  Incoming& operator=(const Incoming&) = delete;
  std::deque<envoy::service::discovery::v3::Resource> envelopes;  ///< of a state-of-the-world response
};

void read_response(const envoy::service::discovery::v3::DiscoveryResponse& response, Incoming& out);
void read_response(const envoy::service::discovery::v3::DeltaDiscoveryResponse& response, Incoming& out);

}  // namespace proa::xds
