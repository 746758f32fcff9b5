// Small types that occur everywhere in the API, as runtime values.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <google/protobuf/duration.pb.h>
#include <google/protobuf/struct.pb.h>

#include "base/clock.h"
#include "config/compiler.h"
#include "config/site.h"
#include "envoy/config/core/v3/address.pb.h"
#include "envoy/config/core/v3/base.pb.h"
#include "envoy/config/core/v3/socket_option.pb.h"
#include "envoy/type/v3/percent.pb.h"
#include "net/address.h"
#include "net/socket_options.h"
#include "observe/metadata.h"
#include "route/fraction.h"

namespace proa::config {

class SupportedTable;

/// Rounded up to a millisecond, so that 1 us is not "off".
Milliseconds milliseconds(const google::protobuf::Duration& duration);
/// Envoy's "0 turns it off".
Milliseconds or_never(const google::protobuf::Duration& duration);

/// IP and port, or a pipe. A name is an error: listeners and static endpoints want addresses.
std::optional<net::Address> address(const envoy::config::core::v3::Address& from, const Site& at);
std::optional<net::CidrRange> cidr(const envoy::config::core::v3::CidrRange& from, const Site& at);
std::vector<net::CidrRange> cidrs(const google::protobuf::RepeatedPtrField<envoy::config::core::v3::CidrRange>& from,
                                  const Site& at);
std::optional<net::SocketOption> socket_option(const envoy::config::core::v3::SocketOption& from, const Site& at);
net::KeepAlive keep_alive(const envoy::config::core::v3::TcpKeepalive& from);

/// The bytes of a file, inline text or bytes, or an environment variable; errors name which.
std::optional<std::string> data(const envoy::config::core::v3::DataSource& from, const Site& at);

route::Share share(const envoy::type::v3::FractionalPercent& from);
route::Fraction fraction(const envoy::config::core::v3::RuntimeFractionalPercent& from);

nlohmann::json to_json_value(const google::protobuf::Value& from);
nlohmann::json to_json_value(const google::protobuf::Struct& from);
/// filter_metadata; null when there is none.
std::shared_ptr<const observe::Metadata> metadata(const envoy::config::core::v3::Metadata& from);

void add_value_fields(SupportedTable& table);

}  // namespace proa::config
