#include "net/tls_inspector.h"

#include <algorithm>
#include <utility>

#include "net/byte_reader.h"

// RFC 8446 sections 4.1.2 and 5.1; RFC 6066 section 3 (SNI); RFC 7301 (ALPN).
namespace proa::net {
namespace {

constexpr uint8_t kHandshake = 22;
constexpr uint8_t kClientHello = 1;
constexpr size_t kRecordHeader = 5;
constexpr size_t kMessageHeader = 4;
constexpr size_t kMaxRecord = 1 << 14;

enum Extension : uint16_t { kServerName = 0, kGroups = 10, kPointFormats = 11, kAlpn = 16, kVersions = 43 };

bool is_grease(uint16_t value) { return (value & 0x0f0f) == 0x0a0a && value >> 8 == (value & 0xff); }

template <class Number>
void append_list(std::string& out, const std::vector<Number>& values) {
  bool first = true;
  for (Number value : values) {
    if (is_grease(value)) continue;
    if (!std::exchange(first, false)) out += '-';
    out += std::to_string(value);
  }
}

std::vector<uint16_t> read_u16_list(std::string_view bytes) {
  std::vector<uint16_t> out;
  ByteReader reader(bytes);
  while (!reader.empty()) out.push_back(reader.u16());
  return out;
}

// What a host name may hold; a name with other bytes would be matched as one thing here and another elsewhere.
bool valid_host(std::string_view name) {
  return !name.empty() && name.size() <= 255 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' ||
           c == '_' || c == ':';
  });
}

bool read_server_name(std::string_view bytes, ClientHello& out) {
  ByteReader extension(bytes);
  ByteReader list(extension.vector16());
  if (extension.failed() || !extension.empty() || list.empty()) return false;
  while (!list.empty()) {
    uint8_t type = list.u8();
    std::string_view name = list.vector16();
    if (list.failed()) return false;
    if (type != 0) continue;
    if (!out.sni.empty() || !valid_host(name)) return false;
    out.sni = name;
    for (char& c : out.sni) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  }
  return true;
}

bool read_alpn(std::string_view bytes, ClientHello& out) {
  ByteReader extension(bytes);
  ByteReader list(extension.vector16());
  if (extension.failed() || !extension.empty() || list.empty()) return false;
  while (!list.empty()) {
    std::string_view name = list.vector8();
    if (list.failed() || name.empty()) return false;
    out.alpn.emplace_back(name);
  }
  return true;
}

bool read_extension(uint16_t type, std::string_view bytes, ClientHello& out) {
  ByteReader reader(bytes);
  switch (type) {
    case kServerName: return read_server_name(bytes, out);
    case kAlpn: return read_alpn(bytes, out);
    case kVersions: out.versions = read_u16_list(reader.vector8()); return !reader.failed();
    case kGroups: out.groups = read_u16_list(reader.vector16()); return !reader.failed();
    case kPointFormats: {
      std::string_view formats = reader.vector8();
      out.point_formats.assign(formats.begin(), formats.end());
      return !reader.failed();
    }
    default: return true;
  }
}

bool read_extensions(std::string_view bytes, ClientHello& out) {
  ByteReader reader(bytes);
  while (!reader.empty()) {
    uint16_t type = reader.u16();
    std::string_view body = reader.vector16();
    if (reader.failed()) return false;
    // An extension twice is an error (RFC 8446 section 4.2), and could make two readers disagree.
    if (std::find(out.extensions.begin(), out.extensions.end(), type) != out.extensions.end()) return false;
    if (out.extensions.size() >= 128) return false;
    out.extensions.push_back(type);
    if (!read_extension(type, body, out)) return false;
  }
  return true;
}

bool read_hello(std::string_view body, ClientHello& out) {
  ByteReader reader(body);
  out.legacy_version = reader.u16();
  reader.bytes(32);  // random
  if (reader.vector8().size() > 32) return false;
  std::string_view ciphers = reader.vector16();
  std::string_view compressions = reader.vector8();
  if (reader.failed() || ciphers.empty() || ciphers.size() % 2 || compressions.empty()) return false;
  out.ciphers = read_u16_list(ciphers);
  if (reader.empty()) return true;  // no extensions: an old client
  std::string_view extensions = reader.vector16();
  return !reader.failed() && reader.empty() && read_extensions(extensions, out);
}

// The start of a record, as far as it is there.
TlsInspection check_record(std::string_view bytes, bool first) {
  TlsInspection bad = first ? TlsInspection::kNotTls : TlsInspection::kMalformed;
  if (!bytes.empty() && static_cast<uint8_t>(bytes[0]) != kHandshake) return bad;
  if (bytes.size() > 1 && bytes[1] != 3) return bad;
  if (bytes.size() > 2 && static_cast<uint8_t>(bytes[2]) > 4) return bad;
  if (bytes.size() < kRecordHeader) return TlsInspection::kNeedMore;
  size_t size = ByteReader(bytes.substr(3, 2)).u16();
  return size == 0 || size > kMaxRecord ? bad : TlsInspection::kTls;
}

}  // namespace

TlsInspection inspect_client_hello(std::string_view bytes, ClientHello& out, size_t limit) {
  std::string message;  // the handshake message, taken out of its records
  size_t wanted = 0;
  size_t claimed = 0;  // what the records say they hold
  for (size_t at = 0;;) {
    std::string_view rest = bytes.substr(at);
    TlsInspection record = check_record(rest, at == 0);
    if (record == TlsInspection::kNeedMore) return bytes.size() >= limit ? TlsInspection::kTooLarge : record;
    if (record != TlsInspection::kTls) return record;
    size_t size = ByteReader(rest.substr(3, 2)).u16();
    message += rest.substr(kRecordHeader, size);
    if (!message.empty() && static_cast<uint8_t>(message[0]) != kClientHello) return TlsInspection::kMalformed;
    if (message.size() >= kMessageHeader) wanted = kMessageHeader + ByteReader(message.substr(1, 3)).u24();
    claimed += size;
    // Nothing may follow in the last record: a client has nothing to add before it is answered.
    if (wanted > limit) return TlsInspection::kTooLarge;
    if (wanted && claimed > wanted) return TlsInspection::kMalformed;
    if (wanted && message.size() >= wanted) break;
    at += kRecordHeader + size;
    if (at > bytes.size()) return bytes.size() >= limit ? TlsInspection::kTooLarge : TlsInspection::kNeedMore;
  }
  out = {};
  bool good = read_hello(std::string_view(message).substr(kMessageHeader), out);
  return good ? TlsInspection::kTls : TlsInspection::kMalformed;
}

std::string ClientHello::ja3_text() const {
  std::string out = std::to_string(legacy_version) + ",";
  append_list(out, ciphers);
  out += ',';
  append_list(out, extensions);
  out += ',';
  append_list(out, groups);
  out += ',';
  append_list(out, point_formats);
  return out;
}

}  // namespace proa::net
