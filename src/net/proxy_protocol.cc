#include "net/proxy_protocol.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "net/byte_reader.h"

namespace proa::net {
namespace {

constexpr std::string_view kV1 = "PROXY ";
constexpr std::string_view kV2("\r\n\r\n\0\r\nQUIT\n", 12);
constexpr size_t kMaxV1 = 107;
constexpr size_t kV2Fixed = 16;
constexpr uint8_t kTlvCrc32c = 0x03;
constexpr uint8_t kTlvNoop = 0x04;

ProxyParse error(std::string_view sentence) {
  return {.state = ProxyParse::State::kError, .header = {}, .error = sentence};
}

// Decimal, no sign, no leading zero.
std::optional<uint16_t> parse_port(std::string_view text) {
  uint16_t port = 0;
  if (text.empty() || text.size() > 5 || (text.size() > 1 && text[0] == '0')) return std::nullopt;
  auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (failure != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return port;
}

std::string_view take_word(std::string_view& line) {
  size_t space = line.find(' ');
  std::string_view word = line.substr(0, space);
  line.remove_prefix(space == std::string_view::npos ? line.size() : space + 1);
  return word;
}

std::optional<Address> parse_address(std::string_view ip, std::string_view port, Address::Family family) {
  auto number = parse_port(port);
  // No brackets and no scope on the wire.
  if (!number || ip.find_first_of("[]%") != std::string_view::npos) return std::nullopt;
  auto address = Address::parse_ip(ip, *number);
  if (!address || address->family() != family) return std::nullopt;
  return *address;
}

ProxyParse parse_v1(std::string_view bytes) {
  size_t end = bytes.substr(0, kMaxV1).find('\n');
  if (end == std::string_view::npos) {
    return bytes.size() >= kMaxV1 ? error("PROXY v1 header is longer than 107 bytes") : ProxyParse{};
  }
  if (bytes[end - 1] != '\r') return error("PROXY v1 header does not end with CRLF");
  ProxyParse out{.state = ProxyParse::State::kDone, .header = {.version = 1}, .error = {}};
  out.header.size = end + 1;
  std::string_view line = bytes.substr(kV1.size(), end - 1 - kV1.size());
  std::string_view protocol = take_word(line);
  if (protocol == "UNKNOWN") {
    out.header.local = true;  // whatever follows on the line is to be ignored
    return out;
  }
  if (protocol != "TCP4" && protocol != "TCP6") return error("PROXY v1 header names an unknown protocol");
  auto family = protocol == "TCP4" ? Address::Family::kIpv4 : Address::Family::kIpv6;
  bool four_words = std::count(line.begin(), line.end(), ' ') == 3;
  std::string_view from = take_word(line), to = take_word(line), from_port = take_word(line), to_port = take_word(line);
  auto source = parse_address(from, from_port, family);
  auto destination = parse_address(to, to_port, family);
  if (!four_words || !source || !destination) return error("PROXY v1 header has a bad address or port");
  out.header.source = *source;
  out.header.destination = *destination;
  return out;
}

uint32_t crc32c(uint32_t crc, std::string_view bytes) {
  for (char c : bytes) {
    crc ^= static_cast<uint8_t>(c);
    for (int k = 0; k < 8; ++k) crc = crc >> 1 ^ (0x82f63b78U & (0U - (crc & 1U)));
  }
  return crc;
}

// The checksum is taken over the whole header with zeros in its own place.
bool checksum_fits(std::string_view header, std::string_view field) {
  if (field.size() != 4) return false;
  auto at = static_cast<size_t>(field.data() - header.data());
  uint32_t crc = crc32c(~0U, header.substr(0, at));
  crc = crc32c(crc, std::string_view("\0\0\0\0", 4));
  crc = crc32c(crc, header.substr(at + 4));
  return ~crc == ByteReader(field).u32();
}

// Fills the TLVs from the rest of the header; a sentence on failure.
std::string_view parse_tlvs(std::string_view header, std::string_view rest, std::vector<ProxyTlv>& out) {
  ByteReader reader(rest);
  while (!reader.empty()) {
    uint8_t type = reader.u8();
    std::string_view value = reader.vector16();
    if (reader.failed()) return "PROXY v2 header has a TLV that passes its end";
    if (type == kTlvNoop) continue;
    if (type != kTlvCrc32c) {
      out.push_back({type, std::string(value)});
    } else if (!checksum_fits(header, value)) {
      return "PROXY v2 header has a wrong checksum";
    }
  }
  return {};
}

Address read_address(std::string_view ip, uint16_t port) {
  return Address::from_bytes({reinterpret_cast<const uint8_t*>(ip.data()), ip.size()}, port);
}

ProxyParse parse_v2(std::string_view bytes) {
  if (bytes.size() > 12 && static_cast<uint8_t>(bytes[12]) >> 4 != 2) return error("PROXY header version is not 2");
  if (bytes.size() > 12 && (bytes[12] & 0x0f) > 1) return error("PROXY v2 header has an unknown command");
  if (bytes.size() < kV2Fixed) return {};
  const auto family = static_cast<uint8_t>(bytes[13]) >> 4;
  const auto protocol = bytes[13] & 0x0f;
  const size_t length = ByteReader(bytes.substr(14, 2)).u16();
  const bool local = (bytes[12] & 0x0f) == 0;
  if (kV2Fixed + length > kMaxProxyHeader) return error("PROXY v2 header is longer than 16 KiB");
  static constexpr std::array<size_t, 3> kAddresses{0, 12, 36};
  if (!local) {
    if (family == 3) return error("PROXY v2 header has Unix addresses, which tell nothing of a client");
    if (family > 3) return error("PROXY v2 header has an unknown address family");
    if (protocol > 2) return error("PROXY v2 header has an unknown protocol");
    if (family && !protocol) return error("PROXY v2 header has addresses without a protocol");
    if (length < kAddresses[family]) return error("PROXY v2 header is too short for its addresses");
  }
  if (bytes.size() < kV2Fixed + length) return {};
  ProxyParse out{.state = ProxyParse::State::kDone, .header = {.version = 2}, .error = {}};
  out.header.size = kV2Fixed + length;
  out.header.local = local || family == 0;
  // Skipped, whatever it holds: without a family, nothing says where TLVs would begin.
  if (out.header.local) return out;
  std::string_view header = bytes.substr(0, out.header.size);
  std::string_view tlvs = header.substr(kV2Fixed + kAddresses[family]);
  ByteReader reader(header.substr(kV2Fixed));
  const size_t size = family == 1 ? 4 : 16;
  std::string_view source = reader.bytes(size), destination = reader.bytes(size);
  out.header.source = read_address(source, reader.u16());
  out.header.destination = read_address(destination, reader.u16());
  if (auto sentence = parse_tlvs(header, tlvs, out.header.tlvs); !sentence.empty()) return error(sentence);
  return out;
}

bool may_become(std::string_view bytes, std::string_view signature) {
  size_t known = std::min(bytes.size(), signature.size());
  return bytes.substr(0, known) == signature.substr(0, known);
}

void append_u16(std::string& out, size_t value) {
  out += static_cast<char>(value >> 8);
  out += static_cast<char>(value);
}

// An address of a pair that is written as IPv6.
Address widened(const Address& address) {
  if (address.family() == Address::Family::kIpv6) return address;
  std::array<uint8_t, 16> mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  std::copy(address.bytes().begin(), address.bytes().end(), mapped.begin() + 12);
  return Address::from_bytes(mapped, address.port());
}

void append_bytes(std::string& out, std::span<const uint8_t> bytes) {
  out.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

// Addresses in one family; both kNone when the pair cannot be written.
std::pair<Address, Address> same_family(const Address& source, const Address& destination) {
  if (!source.is_ip() || !destination.is_ip()) return {};
  if (source.family() == destination.family()) return {source, destination};
  return {widened(source), widened(destination)};
}

}  // namespace

ProxyParse parse_proxy_header(std::string_view bytes) {
  ProxyParse parsed{.state = ProxyParse::State::kAbsent, .header = {}, .error = {}};
  if (may_become(bytes, kV2)) {
    parsed = bytes.size() < kV2.size() ? ProxyParse{} : parse_v2(bytes);
    parsed.version = 2;
  } else if (may_become(bytes, kV1)) {
    parsed = bytes.size() < kV1.size() ? ProxyParse{} : parse_v1(bytes);
    parsed.version = 1;
  }
  return parsed;
}

std::vector<ProxyTlv> selected(std::span<const ProxyTlv> tlvs, const TlvSelection& wanted) {
  std::vector<ProxyTlv> out;
  for (const ProxyTlv& tlv : tlvs) {
    if (wanted.all || std::ranges::find(wanted.types, tlv.type) != wanted.types.end()) out.push_back(tlv);
  }
  return out;
}

std::string write_proxy_v1(const Address& source, const Address& destination) {
  auto [from, to] = same_family(source, destination);
  if (!from) return "PROXY UNKNOWN\r\n";
  std::string out = from.family() == Address::Family::kIpv4 ? "PROXY TCP4 " : "PROXY TCP6 ";
  auto plain = [](const Address& a) { return Address::from_bytes(a.bytes(), 0).ip(); };  // without a scope
  out += plain(from) + " " + plain(to) + " ";
  return out += std::to_string(from.port()) + " " + std::to_string(to.port()) + "\r\n";
}

std::string write_proxy_v2(const Address& source, const Address& destination, std::span<const ProxyTlv> tlvs) {
  auto [from, to] = same_family(source, destination);
  std::string body;
  if (from) {
    append_bytes(body, from.bytes());
    append_bytes(body, to.bytes());
    append_u16(body, from.port());
    append_u16(body, to.port());
  }
  // Without addresses there is no place for TLVs that every receiver would find.
  for (const ProxyTlv& tlv : from ? tlvs : std::span<const ProxyTlv>()) {
    if (body.size() + 3 + tlv.value.size() > 0xffff) break;
    body += static_cast<char>(tlv.type);
    append_u16(body, tlv.value.size());
    body += tlv.value;
  }
  std::string out(kV2);
  out += source ? '\x21' : '\x20';
  out += !from ? '\0' : from.family() == Address::Family::kIpv4 ? '\x11' : '\x21';
  append_u16(out, body.size());
  return out += body;
}

}  // namespace proa::net
