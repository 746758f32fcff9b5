#include "config/values.h"

#include <fmt/format.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "config/supported.h"

namespace proa::config {

namespace core = envoy::config::core::v3;

Milliseconds milliseconds(const google::protobuf::Duration& duration) {
  const auto exact = std::chrono::seconds(duration.seconds()) + std::chrono::nanoseconds(duration.nanos());
  return std::chrono::ceil<Milliseconds>(exact);
}

Milliseconds or_never(const google::protobuf::Duration& duration) {
  Milliseconds value = milliseconds(duration);
  return value.count() == 0 ? kNever : value;
}

std::optional<net::Address> address(const core::Address& from, const Site& at) {
  if (from.has_pipe()) {
    Result<net::Address> path = net::Address::unix_path(from.pipe().path());
    if (!path) {
      (at / "pipe.path").error(path.error().message);
      return std::nullopt;
    }
    return *path;
  }
  if (!from.has_socket_address()) {
    at.error("neither socket_address nor pipe is set", "set socket_address with address and port_value");
    return std::nullopt;
  }
  const core::SocketAddress& socket = from.socket_address();
  Result<net::Address> ip = net::Address::parse_ip(socket.address(), static_cast<uint16_t>(socket.port_value()));
  if (!ip) {
    (at / "socket_address.address").error(ip.error().message, "write an IPv4 or IPv6 address, e.g. 127.0.0.1");
    return std::nullopt;
  }
  return *ip;
}

std::optional<net::CidrRange> cidr(const core::CidrRange& from, const Site& at) {
  Result<net::CidrRange> range = net::CidrRange::make(from.address_prefix(), from.prefix_len().value());
  if (range) return *range;
  at.error(range.error().message);
  return std::nullopt;
}

std::vector<net::CidrRange> cidrs(const google::protobuf::RepeatedPtrField<core::CidrRange>& from, const Site& at) {
  std::vector<net::CidrRange> ranges;
  for (int i = 0; i < from.size(); ++i) {
    const Site item = at[static_cast<size_t>(i)];
    if (auto range = cidr(from[i], item)) ranges.push_back(*range);
  }
  return ranges;
}

std::optional<net::SocketOption> socket_option(const core::SocketOption& from, const Site&) {
  const auto level = static_cast<int>(from.level());
  const auto name = static_cast<int>(from.name());
  if (from.has_buf_value()) return net::SocketOption{level, name, from.buf_value()};
  return net::SocketOption::of_int(level, name, static_cast<int>(from.int_value()));
}

net::KeepAlive keep_alive(const core::TcpKeepalive& from) {
  net::KeepAlive options;
  if (from.has_keepalive_probes()) options.probes = from.keepalive_probes().value();
  if (from.has_keepalive_time()) options.idle = std::chrono::seconds(from.keepalive_time().value());
  if (from.has_keepalive_interval()) options.interval = std::chrono::seconds(from.keepalive_interval().value());
  return options;
}

std::optional<std::string> data(const core::DataSource& from, const Site& at) {
  switch (from.specifier_case()) {
    case core::DataSource::kInlineString: return from.inline_string();
    case core::DataSource::kInlineBytes: return from.inline_bytes();
    case core::DataSource::kEnvironmentVariable: {
      const char* value = std::getenv(from.environment_variable().c_str());
      if (value) return value;
      (at / "environment_variable").error(fmt::format("{} is not set", shown(from.environment_variable())));
      return std::nullopt;
    }
    case core::DataSource::kFilename: {
      std::ifstream file(from.filename(), std::ios::binary);
      std::ostringstream text;
      if (file && text << file.rdbuf()) return text.str();
      (at / "filename").error(fmt::format("cannot read {}", shown(from.filename())));
      return std::nullopt;
    }
    case core::DataSource::SPECIFIER_NOT_SET: break;
  }
  at.error("nothing is set", "set filename, inline_string, inline_bytes or environment_variable");
  return std::nullopt;
}

route::Share share(const envoy::type::v3::FractionalPercent& from) {
  uint32_t denominator = 100;
  if (from.denominator() == envoy::type::v3::FractionalPercent::TEN_THOUSAND) denominator = 10'000;
  if (from.denominator() == envoy::type::v3::FractionalPercent::MILLION) denominator = 1'000'000;
  return {from.numerator(), denominator};
}

route::Fraction fraction(const core::RuntimeFractionalPercent& from) {
  return {share(from.default_value()), from.runtime_key()};
}

nlohmann::json to_json_value(const google::protobuf::Value& from) {
  switch (from.kind_case()) {
    case google::protobuf::Value::kBoolValue: return from.bool_value();
    case google::protobuf::Value::kNumberValue: return from.number_value();
    case google::protobuf::Value::kStringValue: return from.string_value();
    case google::protobuf::Value::kStructValue: return to_json_value(from.struct_value());
    case google::protobuf::Value::kListValue: {
      auto list = nlohmann::json::array();
      for (const auto& item : from.list_value().values()) list.push_back(to_json_value(item));
      return list;
    }
    default: return nullptr;
  }
}

nlohmann::json to_json_value(const google::protobuf::Struct& from) {
  auto object = nlohmann::json::object();
  for (const auto& [key, value] : from.fields()) object[key] = to_json_value(value);
  return object;
}

std::shared_ptr<const observe::Metadata> metadata(const core::Metadata& from) {
  if (from.filter_metadata().empty()) return nullptr;
  auto result = std::make_shared<observe::Metadata>();
  for (const auto& [space, object] : from.filter_metadata()) result->root[space] = to_json_value(object);
  return result;
}

void add_value_fields(SupportedTable& table) {
  table.add(supported<core::Address>({"socket_address", "pipe"}));
  table.add(supported<core::SocketAddress>({"address", "port_value", "ipv4_compat"}).only("protocol", {"TCP"}));
  table.add(supported<core::Pipe>({"path", "mode"}));
  table.add(supported<core::CidrRange>({"address_prefix", "prefix_len"}));
  table.add(supported<core::SocketOption>({"level", "name", "int_value", "buf_value", "state"})
                .only("state", {"STATE_PREBIND"})
                .harmless({"description"}, "a comment"));
  table.add(supported<core::TcpKeepalive>({"keepalive_probes", "keepalive_time", "keepalive_interval"}));
  table.add(supported<core::DataSource>({"filename", "inline_bytes", "inline_string", "environment_variable"}));
  table.add(supported<envoy::type::v3::FractionalPercent>({"numerator", "denominator"}));
  table.add(supported<envoy::type::v3::Percent>({"value"}));
  table.add(supported<core::RuntimeFractionalPercent>({"default_value", "runtime_key"}));
  table.add(supported<core::Metadata>({"filter_metadata"}));
}

}  // namespace proa::config
