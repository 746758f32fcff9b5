#include "http/h1/head_writer.h"

#include "base/short_copy.h"
#include "http/h1/field_parser.h"
#include "http/header_case.h"
#include "http/header_validity.h"

namespace proa::http::h1 {
namespace {

// Writes into one reserved block when the head fits there, else piece by piece.
class Writer {
 public:
  Writer(Buffer& out, size_t size) : out_(out), at_(size <= Buffer::kMaxReserve ? out.reserve(size) : nullptr) {
    begin_ = at_;
  }
  void put(std::string_view text) {
    if (!at_) return out_.append(text);
    at_ = copy_short(at_, text.data(), text.size());
  }
  void put_field(std::string_view name, std::string_view value) {
    if (!at_) {
      for (std::string_view piece : {name, std::string_view(": "), value, std::string_view("\r\n")}) out_.append(piece);
      return;
    }
    char* at = copy_short(at_, name.data(), name.size());
    *at++ = ':';
    *at++ = ' ';
    at = copy_short(at, value.data(), value.size());
    *at++ = '\r';
    *at++ = '\n';
    at_ = at;
  }
  void put_proper_case(std::string_view name) {
    char previous = '-';
    for (char c : name) {
      char upper = previous == '-' && c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
      put({&upper, 1});
      previous = c;
    }
  }
  void put_status(uint16_t status) {
    char digits[3] = {static_cast<char>('0' + status / 100 % 10), static_cast<char>('0' + status / 10 % 10),
                      static_cast<char>('0' + status % 10)};
    put({digits, 3});
  }
  void finish() {
    if (at_) out_.commit(static_cast<size_t>(at_ - begin_));
  }

 private:
  Buffer& out_;
  char* at_;
  char* begin_;
};

bool is_written(const Header& header, const WrittenFraming& framing) {
  return !is_hop_by_hop(header.id) && !(framing.omit_content_length && header.id == HeaderId::kContentLength);
}

// The bytes of all fields; 0 when one is invalid (an empty list has the 2 bytes of its end).
size_t measure(const HeaderList& headers) {
  size_t size = 2;
  for (const Header& header : headers.all()) {
    if (header.id == HeaderId::kOther && !is_token(header.name)) return 0;
    if (!is_field_value(header.value)) return 0;
    size += header.name.size() + header.value.size() + 4;
  }
  return size;
}

// How names are written: as they came, or "Content-Type", or lower-case.
struct Spelling {
  const HeaderCase* kept;
  bool proper_case;

  Spelling(const HeaderList& headers, bool proper)
      : kept(headers.spelling()), proper_case(kept ? kept->else_proper_case() : proper) {}
};

void put_field(Writer& writer, std::string_view name, std::string_view value, const Spelling& spelling) {
  if (spelling.kept) {
    std::string_view as_it_came = spelling.kept->find(name);
    if (!as_it_came.empty()) return writer.put_field(as_it_came, value);
  }
  if (!spelling.proper_case) return writer.put_field(name, value);
  writer.put_proper_case(name);
  writer.put(": ");
  writer.put(value);
  writer.put("\r\n");
}

constexpr size_t kMaxFramingSize = 160;  // without the upgrade token

void put_fields(Writer& writer, const HeaderList& headers, const WrittenFraming& framing) {
  const Spelling spelling(headers, framing.proper_case);
  for (const Header& header : headers.all()) {
    if (is_written(header, framing)) put_field(writer, header.name, header.value, spelling);
  }
  auto put = [&](std::string_view name, std::string_view value) { put_field(writer, name, value, spelling); };
  if (framing.chunked) put("transfer-encoding", "chunked");
  if (framing.zero_length) put("content-length", "0");
  if (framing.expect_continue) put("expect", "100-continue");
  switch (framing.connection) {
    case ConnectionField::kNone: break;
    case ConnectionField::kClose: put("connection", "close"); break;
    case ConnectionField::kKeepAlive: put("connection", "keep-alive"); break;
    case ConnectionField::kUpgrade:
    case ConnectionField::kCloseAndUpgrade:
      put("connection", framing.connection == ConnectionField::kUpgrade ? "upgrade" : "close, upgrade");
      put("upgrade", framing.upgrade);
      break;
  }
  writer.put("\r\n");
}

// No SP, control, DEL or '#': what a target or an authority must not hold on the wire.
bool is_target(std::string_view text) {
  for (char c : text) {
    auto byte = static_cast<unsigned char>(c);
    if (byte <= 0x20 || byte == 0x7f || c == '#') return false;
  }
  return !text.empty();
}

}  // namespace

bool write_request_head(Buffer& out, const RequestHead& head, const WrittenFraming& framing) {
  bool connect = head.method_id == Method::kConnect;
  bool upgrade = framing.connection == ConnectionField::kUpgrade;
  std::string_view method = connect && upgrade ? "GET" : head.method;
  std::string_view target = connect && !upgrade ? head.authority : head.path;
  bool valid = is_token(method) && is_target(target) && (head.authority.empty() || is_target(head.authority));
  size_t fields = measure(head.headers);
  if (!valid || fields == 0 || !is_field_value(framing.upgrade)) return false;

  Writer writer(
      out, method.size() + target.size() + head.authority.size() + framing.upgrade.size() + fields + kMaxFramingSize);
  writer.put(method);
  writer.put(" ");
  writer.put(target);
  writer.put(" HTTP/1.1\r\n");
  put_field(writer, "host", head.authority, Spelling(head.headers, framing.proper_case));
  put_fields(writer, head.headers, framing);
  writer.finish();
  return true;
}

bool write_response_head(Buffer& out, uint16_t status, const HeaderList& headers, const WrittenFraming& framing) {
  size_t fields = measure(headers);
  if (fields == 0 || !is_field_value(framing.upgrade) || status < 100 || status > 999) return false;
  std::string_view reason = reason_phrase(status);

  Writer writer(out, reason.size() + framing.upgrade.size() + fields + kMaxFramingSize);
  writer.put("HTTP/1.1 ");
  writer.put_status(status);
  writer.put(" ");
  writer.put(reason);
  writer.put("\r\n");
  put_fields(writer, headers, framing);
  writer.finish();
  return true;
}

bool write_last_chunk(Buffer& out, const HeaderList& trailers, bool proper_case) {
  size_t fields = measure(trailers);
  if (fields == 0) return false;
  WrittenFraming framing;
  framing.omit_content_length = true;
  framing.proper_case = proper_case;
  Writer writer(out, fields + 3 + kMaxFramingSize);
  writer.put("0\r\n");
  put_fields(writer, trailers, framing);
  writer.finish();
  return true;
}

}  // namespace proa::http::h1
