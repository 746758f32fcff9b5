#include "net/address.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstddef>
#include <cstring>

namespace proa::net {
namespace {

constexpr size_t kMaxPath = sizeof(sockaddr_un::sun_path) - 1;
constexpr std::array<uint8_t, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

template <class Number>
bool parse_number(std::string_view text, Number& out) {
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size();
}

std::string quoted(std::string_view text) { return "'" + std::string(text) + "'"; }

bool parse_scope(std::string_view text, uint32_t& out) {
  if (parse_number(text, out)) return true;
  out = ::if_nametoindex(std::string(text).c_str());
  return out != 0;
}

}  // namespace

Result<Address> Address::parse(std::string_view text) {
  size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return fail("address " + quoted(text) + " has no port");
  std::string_view ip = text.substr(0, colon);
  uint16_t port = 0;
  if (!parse_number(text.substr(colon + 1), port)) return fail("address " + quoted(text) + " has a bad port");
  if (ip.find(':') != std::string_view::npos && (ip.front() != '[' || ip.back() != ']')) {
    return fail("IPv6 address " + quoted(text) + " needs brackets: [" + std::string(ip) + "]");
  }
  return parse_ip(ip, port);
}

Result<Address> Address::parse_ip(std::string_view ip, uint16_t port) {
  std::string_view host = ip;
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  Address out;
  out.port_ = port;
  size_t percent = host.find('%');
  bool scoped = percent != std::string_view::npos;
  if (scoped && !parse_scope(host.substr(percent + 1), out.scope_)) {
    return fail("address " + quoted(ip) + " has an unknown scope");
  }
  std::string text(host.substr(0, percent));  // inet_pton wants an end mark
  bool clean = text.find('\0') == std::string::npos && text.size() < INET6_ADDRSTRLEN;
  if (clean && !scoped && host.size() == ip.size() && ::inet_pton(AF_INET, text.c_str(), out.ip_.data()) == 1) {
    out.family_ = Family::kIpv4;
    return out;
  }
  if (clean && ::inet_pton(AF_INET6, text.c_str(), out.ip_.data()) == 1) {
    out.family_ = Family::kIpv6;
    return out;
  }
  return fail(quoted(ip) + " is not an IP address");
}

Result<Address> Address::unix_path(std::string_view path) {
  if (path.empty()) return fail("a Unix socket needs a path");
  if (path.size() > kMaxPath) {
    return fail("Unix socket path " + quoted(path) + " is longer than " + std::to_string(kMaxPath) + " bytes");
  }
  if (path.find('\0') != std::string_view::npos) return fail("a Unix socket path must not contain NUL");
  Address out;
  out.family_ = Family::kUnix;
  out.path_ = std::make_shared<const std::string>(path);
  return out;
}

Address Address::from_bytes(std::span<const uint8_t> ip, uint16_t port) {
  Address out;
  if (ip.size() != 4 && ip.size() != 16) return out;
  out.family_ = ip.size() == 4 ? Family::kIpv4 : Family::kIpv6;
  std::copy(ip.begin(), ip.end(), out.ip_.begin());
  out.port_ = port;
  return out;
}

Address Address::any(Family family, uint16_t port) {
  Address out;
  out.family_ = family;
  out.port_ = port;
  return out;
}

Address Address::loopback(Family family, uint16_t port) {
  Address out = any(family, port);
  if (family == Family::kIpv4) {
    out.ip_[0] = 127;
    out.ip_[3] = 1;
  } else {
    out.ip_[15] = 1;
  }
  return out;
}

Address Address::from_sockaddr(const sockaddr* address, socklen_t size) {
  Address out;
  if (size >= sizeof(sockaddr_in) && address->sa_family == AF_INET) {
    sockaddr_in in;
    std::memcpy(&in, address, sizeof in);
    std::memcpy(out.ip_.data(), &in.sin_addr, 4);
    out.port_ = ntohs(in.sin_port);
    out.family_ = Family::kIpv4;
  } else if (size >= sizeof(sockaddr_in6) && address->sa_family == AF_INET6) {
    sockaddr_in6 in;
    std::memcpy(&in, address, sizeof in);
    std::memcpy(out.ip_.data(), &in.sin6_addr, 16);
    out.port_ = ntohs(in.sin6_port);
    out.scope_ = in.sin6_scope_id;
    out.family_ = Family::kIpv6;
    return out.unmapped();
  } else if (size >= offsetof(sockaddr_un, sun_path) && address->sa_family == AF_UNIX) {
    size_t length = std::min<size_t>(size - offsetof(sockaddr_un, sun_path), sizeof(sockaddr_un::sun_path));
    std::string path(reinterpret_cast<const char*>(address) + offsetof(sockaddr_un, sun_path), length);
    if (!path.empty() && path[0] == '\0') {
      std::replace(path.begin(), path.end(), '\0', '@');
    } else {
      path.resize(std::strlen(path.c_str()));
    }
    out.family_ = Family::kUnix;
    if (!path.empty()) out.path_ = std::make_shared<const std::string>(std::move(path));
  }
  return out;
}

socklen_t Address::to_sockaddr(sockaddr_storage& out) const {
  if (family_ == Family::kIpv4) {
    sockaddr_in in{};
    in.sin_family = AF_INET;
    in.sin_port = htons(port_);
    std::memcpy(&in.sin_addr, ip_.data(), 4);
    std::memcpy(&out, &in, sizeof in);
    return sizeof in;
  }
  if (family_ == Family::kIpv6) {
    sockaddr_in6 in{};
    in.sin6_family = AF_INET6;
    in.sin6_port = htons(port_);
    in.sin6_scope_id = scope_;
    std::memcpy(&in.sin6_addr, ip_.data(), 16);
    std::memcpy(&out, &in, sizeof in);
    return sizeof in;
  }
  if (family_ == Family::kUnix) {
    sockaddr_un un{};
    un.sun_family = AF_UNIX;
    std::string_view path = this->path();
    std::memcpy(un.sun_path, path.data(), path.size());
    bool abstract = !path.empty() && path[0] == '@';
    if (abstract) un.sun_path[0] = '\0';
    std::memcpy(&out, &un, sizeof un);
    return static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + (abstract ? 0 : 1));
  }
  return 0;
}

Address Address::with_port(uint16_t port) const {
  Address out = *this;
  if (is_ip()) out.port_ = port;
  return out;
}

std::string Address::ip() const {
  if (!is_ip()) return {};
  char text[INET6_ADDRSTRLEN];
  ::inet_ntop(family_ == Family::kIpv4 ? AF_INET : AF_INET6, ip_.data(), text, sizeof text);
  std::string out = text;
  if (scope_) out += "%" + std::to_string(scope_);
  return out;
}

std::string Address::to_string() const {
  if (family_ == Family::kIpv4) return ip() + ":" + std::to_string(port_);
  if (family_ == Family::kIpv6) return "[" + ip() + "]:" + std::to_string(port_);
  return std::string(path());
}

std::span<const uint8_t> Address::bytes() const {
  return {ip_.data(), family_ == Family::kIpv4 ? 4U : family_ == Family::kIpv6 ? 16U : 0U};
}

bool Address::is_any() const {
  auto all = bytes();
  return is_ip() && std::all_of(all.begin(), all.end(), [](uint8_t b) { return b == 0; });
}

bool Address::is_loopback() const {
  Address plain = unmapped();
  if (plain.family_ == Family::kIpv4) return plain.ip_[0] == 127;
  return family_ == Family::kIpv6 && same_ip(loopback(Family::kIpv6, 0));
}

bool Address::is_multicast() const {
  if (family_ == Family::kIpv4) return (ip_[0] & 0xf0) == 0xe0;
  return family_ == Family::kIpv6 && ip_[0] == 0xff;
}

Address Address::unmapped() const {
  if (family_ != Family::kIpv6 || !std::equal(kMapped.begin(), kMapped.end(), ip_.begin())) return *this;
  return from_bytes(std::span(ip_).subspan(12), port_);
}

bool Address::operator==(const Address& other) const {
  return family_ == other.family_ && port_ == other.port_ && ip_ == other.ip_ && scope_ == other.scope_ &&
         path() == other.path();
}

size_t Address::hash() const {
  if (is_unix()) return std::hash<std::string_view>()(path());
  uint64_t high, low;
  std::memcpy(&high, ip_.data(), 8);
  std::memcpy(&low, ip_.data() + 8, 8);
  uint64_t x = high * 0x9e3779b97f4a7c15ULL ^ std::rotl(low, 31) ^ (uint64_t{port_} << 8 | uint64_t(family_));
  x = (x ^ (x >> 32)) * 0xd6e8feb86659fd93ULL;
  return x ^ (x >> 32);
}

Result<CidrRange> CidrRange::parse(std::string_view text) {
  size_t slash = text.find('/');
  auto ip = Address::parse_ip(text.substr(0, slash), 0);
  if (!ip) return fail("CIDR range " + quoted(text) + ": " + ip.error().message);
  auto length = static_cast<uint32_t>(ip->bytes().size() * 8);
  if (slash != std::string_view::npos && !parse_number(text.substr(slash + 1), length)) {
    return fail("CIDR range " + quoted(text) + " has a bad prefix length");
  }
  return make(*ip, length);
}

Result<CidrRange> CidrRange::make(std::string_view ip, uint32_t length) {
  auto address = Address::parse_ip(ip, 0);
  if (!address) return std::unexpected(address.error());
  return make(*address, length);
}

Result<CidrRange> CidrRange::make(const Address& ip, uint32_t length) {
  auto bytes = ip.bytes();
  if (bytes.empty()) return fail("a CIDR range needs an IP address");
  if (length > bytes.size() * 8) {
    return fail("prefix length " + std::to_string(length) + " is too long for " + quoted(ip.ip()));
  }
  std::array<uint8_t, 16> masked{};
  for (size_t i = 0; i < bytes.size(); ++i) {
    uint32_t keep = std::clamp<int>(static_cast<int>(length) - static_cast<int>(i) * 8, 0, 8);
    masked[i] = bytes[i] & static_cast<uint8_t>(0xff00 >> keep);
  }
  CidrRange out;
  out.base_ = Address::from_bytes(std::span<const uint8_t>(masked).first(bytes.size()), 0);
  out.length_ = length;
  return out;
}

bool CidrRange::contains(const Address& address) const {
  return address.family() == base_.family() && address.is_ip() &&
         cidr::common_bits(base_.bytes().data(), address.bytes().data(), length_) == length_;
}

std::string CidrRange::to_string() const { return base_.ip() + "/" + std::to_string(length_); }

uint32_t cidr::common_bits(const uint8_t* a, const uint8_t* b, uint32_t limit) {
  uint32_t at = 0;
  while (at + 8 <= limit && a[at / 8] == b[at / 8]) at += 8;
  if (at >= limit) return limit;
  // countl_zero of the first byte that differs; a byte that is cut by `limit` may not differ at all.
  auto difference = static_cast<uint8_t>(a[at / 8] ^ b[at / 8]);
  return std::min(limit, at + static_cast<uint32_t>(std::countl_zero(difference)));
}

}  // namespace proa::net
