// Socket addresses, CIDR ranges and the longest-prefix lookup over them.
#pragma once

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace proa::net {

/// An IPv4, IPv6 or Unix address: an immutable value of 40 bytes, safe to copy between threads.
class Address {
 public:
  enum class Family : uint8_t { kNone, kIpv4, kIpv6, kUnix };

  Address() = default;
  /// "1.2.3.4:80" or "[::1]:80"; the port is needed. Names are not resolved.
  static Result<Address> parse(std::string_view text);
  /// "1.2.3.4", "::1" or "[::1]"; a "%scope" (number or interface) may follow an IPv6 address.
  static Result<Address> parse_ip(std::string_view ip, uint16_t port);
  /// A path; a leading '@' means the abstract namespace. Fails when empty or longer than the kernel takes.
  static Result<Address> unix_path(std::string_view path);
  /// 4 or 16 bytes in network order.
  static Address from_bytes(std::span<const uint8_t> ip, uint16_t port);
  static Address any(Family family, uint16_t port);
  static Address loopback(Family family, uint16_t port);
  /// From the kernel. An IPv4-mapped IPv6 address becomes the IPv4 address that it means. An unnamed Unix socket
  /// gives an address of kind kUnix with an empty path; an unknown family gives kNone.
  static Address from_sockaddr(const sockaddr* address, socklen_t size);

  /// For the kernel; returns the size, 0 for kNone.
  socklen_t to_sockaddr(sockaddr_storage& out) const;

  Family family() const { return family_; }
  bool is_ip() const { return family_ == Family::kIpv4 || family_ == Family::kIpv6; }
  bool is_unix() const { return family_ == Family::kUnix; }
  explicit operator bool() const { return family_ != Family::kNone; }
  uint16_t port() const { return port_; }
  Address with_port(uint16_t port) const;
  /// "1.2.3.4" or "::1"; empty for Unix.
  std::string ip() const;
  /// As Envoy prints it: "1.2.3.4:80", "[::1]:80", "/path", "@abstract". Empty for kNone.
  std::string to_string() const;
  /// The path with '@' for an abstract one; empty for IP.
  std::string_view path() const { return path_ ? std::string_view(*path_) : std::string_view(); }
  /// 4 or 16 bytes in network order; empty for Unix.
  std::span<const uint8_t> bytes() const;
  bool is_any() const;
  bool is_loopback() const;
  bool is_multicast() const;
  /// An IPv4-mapped IPv6 address as IPv4, all others as they are.
  Address unmapped() const;

  bool operator==(const Address& other) const;
  bool same_ip(const Address& other) const { return family_ == other.family_ && ip_ == other.ip_; }
  size_t hash() const;

 private:
  std::array<uint8_t, 16> ip_{};  // an IPv4 address takes the first four
  uint16_t port_ = 0;
  Family family_ = Family::kNone;
  uint32_t scope_ = 0;
  std::shared_ptr<const std::string> path_;
};

/// An address prefix. IPv4 and IPv6 never match each other.
class CidrRange {
 public:
  /// "10.0.0.0/8"; a plain address is a range of one. Bits below the prefix are cleared.
  static Result<CidrRange> parse(std::string_view text);
  /// Fails when `ip` is no address or `length` is too long for it.
  static Result<CidrRange> make(std::string_view ip, uint32_t length);
  static Result<CidrRange> make(const Address& ip, uint32_t length);

  bool contains(const Address& address) const;
  Address::Family family() const { return base_.family(); }
  const Address& base() const { return base_; }
  uint32_t length() const { return length_; }
  std::string to_string() const;
  bool operator==(const CidrRange&) const = default;

 private:
  Address base_;
  uint32_t length_ = 0;
};

/// Longest-prefix lookup of a value. Build once, then share between threads: find() is const and allocates nothing.
/// Both families live in one path-compressed binary trie each, so a lookup visits no more nodes than there are
/// distinct prefixes on the way.
template <class T>
class CidrTrie {
 public:
  /// Replaces the value of an equal range.
  void insert(const CidrRange& range, T value);
  /// The value of the longest range that contains `address`, or null. Valid until the next insert.
  const T* find(const Address& address) const {
    const T* best = nullptr;
    visit(address, [&](const T& value) { best = &value; });
    return best;
  }
  /// Calls f(const T&) for every range that contains `address`, shortest prefix first.
  template <class F>
  void visit(const Address& address, F f) const;
  bool empty() const { return nodes_.empty(); }

 private:
  struct Node {
    std::array<uint8_t, 16> key{};
    uint32_t length = 0;
    std::optional<T> value{};
    std::array<int32_t, 2> child{-1, -1};
  };
  int32_t add(const std::array<uint8_t, 16>& key, uint32_t length);

  std::array<int32_t, 2> roots_{-1, -1};
  std::vector<Node> nodes_;
};

namespace cidr {
/// How many leading bits are equal, at most `limit`.
uint32_t common_bits(const uint8_t* a, const uint8_t* b, uint32_t limit);
inline uint32_t bit(const uint8_t* key, uint32_t at) { return (key[at / 8] >> (7 - at % 8)) & 1U; }
}  // namespace cidr

template <class T>
int32_t CidrTrie<T>::add(const std::array<uint8_t, 16>& key, uint32_t length) {
  nodes_.push_back(Node{.key = key, .length = length});
  return static_cast<int32_t>(nodes_.size() - 1);
}

template <class T>
void CidrTrie<T>::insert(const CidrRange& range, T value) {
  std::array<uint8_t, 16> key{};
  auto bytes = range.base().bytes();
  std::copy(bytes.begin(), bytes.end(), key.begin());
  // Links are found again after each push_back: it may move the nodes.
  int32_t parent = -1;
  uint32_t side = range.family() == Address::Family::kIpv6;
  auto link = [&]() -> int32_t& { return parent < 0 ? roots_[side] : nodes_[parent].child[side]; };
  for (;;) {
    int32_t at = link();
    if (at < 0) {
      int32_t leaf = add(key, range.length());
      nodes_[leaf].value = std::move(value);
      link() = leaf;
      return;
    }
    uint32_t limit = std::min(nodes_[at].length, range.length());
    uint32_t shared = cidr::common_bits(key.data(), nodes_[at].key.data(), limit);
    if (shared == nodes_[at].length) {
      if (shared == range.length()) {
        nodes_[at].value = std::move(value);
        return;
      }
      parent = at;
      side = cidr::bit(key.data(), shared);
      continue;
    }
    // The node's prefix is longer than what is shared: a new one goes between it and its parent.
    int32_t fork = add(key, shared);
    nodes_[fork].child[cidr::bit(nodes_[at].key.data(), shared)] = at;
    link() = fork;
  }
}

template <class T>
template <class F>
void CidrTrie<T>::visit(const Address& address, F f) const {
  auto bytes = address.bytes();
  if (bytes.empty()) return;
  const auto bits = static_cast<uint32_t>(bytes.size() * 8);
  int32_t at = roots_[bytes.size() == 16];
  while (at >= 0) {
    const Node& node = nodes_[at];
    if (cidr::common_bits(bytes.data(), node.key.data(), node.length) < node.length) return;
    if (node.value) f(*node.value);
    if (node.length == bits) return;
    at = node.child[cidr::bit(bytes.data(), node.length)];
  }
}

}  // namespace proa::net

template <>
struct std::hash<proa::net::Address> {
  size_t operator()(const proa::net::Address& address) const { return address.hash(); }
};
