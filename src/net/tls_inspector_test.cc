#include "net/tls_inspector.h"

#include <gtest/gtest.h>

namespace proa::net {
namespace {

std::string u16(size_t n) { return {static_cast<char>(n >> 8), static_cast<char>(n)}; }
std::string u8(size_t n) { return {static_cast<char>(n)}; }
std::string extension(uint16_t type, const std::string& body) { return u16(type) + u16(body.size()) + body; }
std::string sni(const std::string& name) {
  std::string entry = u8(0) + u16(name.size()) + name;
  return extension(0, u16(entry.size()) + entry);
}
std::string alpn(const std::vector<std::string>& names) {
  std::string list;
  for (const auto& name : names) list += u8(name.size()) + name;
  return extension(16, u16(list.size()) + list);
}
std::string message(const std::string& extensions) {
  std::string body = "\x03\x03" + std::string(32, 'r') + u8(0);
  body += u16(4) + "\x13\x01" + "\x0a\x0a" + u8(1) + u8(0);
  if (!extensions.empty()) body += u16(extensions.size()) + extensions;
  return u8(1) + u8(0) + u16(body.size()) + body;
}
std::string record(const std::string& payload) { return "\x16\x03\x01" + u16(payload.size()) + payload; }

const std::string kGood = sni("Www.Example.COM") + alpn({"h2", "http/1.1"}) + extension(43, "\x04\x03\x04\x03\x03");

TEST(TlsInspector, reads_name_protocols_and_versions) {
  ClientHello hello;
  ASSERT_EQ(inspect_client_hello(record(message(kGood)), hello), TlsInspection::kTls);
  EXPECT_EQ(hello.sni, "www.example.com");
  EXPECT_EQ(hello.alpn, (std::vector<std::string>{"h2", "http/1.1"}));
  EXPECT_EQ(hello.versions, (std::vector<uint16_t>{0x0304, 0x0303}));
  EXPECT_EQ(hello.ja3_text(), "771,4865,0-16-43,,");
}

TEST(TlsInspector, cut_at_every_byte_needs_more) {
  std::string bytes = record(message(kGood));
  for (size_t cut = 0; cut < bytes.size(); ++cut) {
    ClientHello hello;
    EXPECT_EQ(inspect_client_hello(bytes.substr(0, cut), hello), TlsInspection::kNeedMore) << cut;
  }
}

TEST(TlsInspector, a_hello_in_many_records_is_put_together) {
  std::string whole = message(kGood), bytes;
  for (size_t at = 0; at < whole.size(); at += 7) bytes += record(whole.substr(at, 7));
  for (size_t cut = 0; cut < bytes.size(); ++cut) {
    ClientHello hello;
    ASSERT_EQ(inspect_client_hello(bytes.substr(0, cut), hello), TlsInspection::kNeedMore) << cut;
  }
  ClientHello hello;
  ASSERT_EQ(inspect_client_hello(bytes, hello), TlsInspection::kTls);
  EXPECT_EQ(hello.sni, "www.example.com");
}

TEST(TlsInspector, clear_text_is_not_tls) {
  for (std::string text : {"GET / HTTP/1.1\r\n", "\x16", "\x16\x02\x01", "\x15\x03\x01\x00\x02", "PRI * HTTP/2.0"}) {
    ClientHello hello;
    TlsInspection want = text == "\x16" ? TlsInspection::kNeedMore : TlsInspection::kNotTls;
    EXPECT_EQ(inspect_client_hello(text, hello), want) << text;
  }
}

TEST(TlsInspector, a_broken_hello_is_malformed_and_never_clear_text) {
  std::string name = sni("a.b");
  std::vector<std::string> bad{
      record(message(name + name)),                                // twice the same extension
      record(message(sni(""))),                                    // empty name
      record(message(sni(std::string("a\0b", 3)))),                // NUL
      record(message(sni("a\nb"))),                                // control
      record(message(alpn({""}))),                                 // empty protocol
      record(message(extension(0, u16(9) + "abc"))),               // list longer than its extension
      record(message(name + std::string("\x00\x10\x00", 3))),      // extension cut
      record(message(name) + "x"),                                 // bytes after the message
      record("\x02" + message(name).substr(1)),                    // a ServerHello
      record(message(name).substr(0, 20)) + "GET / HTTP/1.1\r\n",  // clear text inside
  };
  for (size_t i = 0; i < bad.size(); ++i) {
    ClientHello hello;
    EXPECT_EQ(inspect_client_hello(bad[i], hello), TlsInspection::kMalformed) << i;
  }
}

TEST(TlsInspector, a_hello_without_extensions_is_taken) {
  ClientHello hello;
  EXPECT_EQ(inspect_client_hello(record(message("")), hello), TlsInspection::kTls);
  EXPECT_TRUE(hello.sni.empty());
}

TEST(TlsInspector, a_hello_that_is_to_be_larger_than_the_limit_is_not_waited_for) {
  ClientHello hello;
  EXPECT_EQ(inspect_client_hello(record("\x01\x7f\xff\xff"), hello), TlsInspection::kTooLarge);
}

TEST(TlsInspector, waits_no_longer_than_the_limit) {
  std::string bytes;
  while (bytes.size() < 16 * 1024) bytes += record(message(extension(21, std::string(16000, '\0'))).substr(0, 1));
  ClientHello hello;
  EXPECT_EQ(inspect_client_hello(bytes, hello), TlsInspection::kTooLarge);
}

}  // namespace
}  // namespace proa::net
