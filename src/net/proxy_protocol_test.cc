#include "net/proxy_protocol.h"

#include <gtest/gtest.h>

namespace proa::net {
namespace {

using State = ProxyParse::State;

const Address kSource = *Address::parse("10.1.2.3:5000");
const Address kDestination = *Address::parse("10.9.8.7:443");
const Address kSource6 = *Address::parse("[2001:db8::1]:5000");
const std::string kSignature("\r\n\r\n\0\r\nQUIT\n", 12);

std::string v2(uint8_t command, uint8_t family, const std::string& body, int length = -1) {
  size_t size = length < 0 ? body.size() : static_cast<size_t>(length);
  return kSignature + static_cast<char>(command) + static_cast<char>(family) + static_cast<char>(size >> 8) +
         static_cast<char>(size) + body;
}
const std::string kAddresses("\x0a\x01\x02\x03\x0a\x09\x08\x07\x13\x88\x01\xbb", 12);

TEST(ProxyProtocol, reads_version_1) {
  std::string header = "PROXY TCP4 10.1.2.3 10.9.8.7 5000 443\r\n";
  ProxyParse parse = parse_proxy_header(header + "GET /");
  ASSERT_EQ(parse.state, State::kDone);
  EXPECT_EQ(parse.header.source, kSource);
  EXPECT_EQ(parse.header.destination, kDestination);
  EXPECT_EQ(parse.header.size, header.size());
  EXPECT_EQ(parse_proxy_header("PROXY TCP6 2001:db8::1 ::1 1 2\r\n").header.source.ip(), "2001:db8::1");
  ProxyParse unknown = parse_proxy_header("PROXY UNKNOWN whatever it is\r\n");
  EXPECT_EQ(unknown.state, State::kDone);
  EXPECT_TRUE(unknown.header.local);
}

TEST(ProxyProtocol, refuses_a_bad_version_1) {
  for (std::string text :
       {"PROXY TCP4 10.1.2.3 10.9.8.7 5000 443\n", "PROXY TCP4 10.1.2.3 10.9.8.7 5000\r\n",
        "PROXY TCP4 10.1.2.3  10.9.8.7 5000 443\r\n", "PROXY TCP4 10.1.2.3 10.9.8.7 5000 443 \r\n",
        "PROXY TCP4 10.1.2.3 10.9.8.7 05000 443\r\n", "PROXY TCP4 10.1.2.3 10.9.8.7 65536 443\r\n",
        "PROXY TCP4 10.1.2.3 10.9.8.7 +1 443\r\n", "PROXY TCP4 ::1 ::1 1 2\r\n", "PROXY TCP6 10.1.2.3 10.9.8.7 1 2\r\n",
        "PROXY TCP6 [::1] ::1 1 2\r\n", "PROXY TCP4 10.1.2 10.9.8.7 1 2\r\n", "PROXY UDP4 10.1.2.3 10.9.8.7 1 2\r\n",
        "PROXY  TCP4 10.1.2.3 10.9.8.7 1 2\r\n", "PROXY \r\n", "PROXY tcp4 10.1.2.3 10.9.8.7 1 2\r\n"}) {
    EXPECT_EQ(parse_proxy_header(text).state, State::kError) << text;
  }
  EXPECT_EQ(parse_proxy_header("PROXY UNKNOWN " + std::string(120, 'x')).state, State::kError);
}

TEST(ProxyProtocol, reads_version_2_with_tlvs) {
  std::string tlvs("\x01\x00\x02h2\x04\x00\x01\x00\xe0\x00\x03xyz", 15);
  std::string header = v2(0x21, 0x11, kAddresses + tlvs);
  ProxyParse parse = parse_proxy_header(header + "payload");
  ASSERT_EQ(parse.state, State::kDone) << parse.error;
  EXPECT_EQ(parse.header.source, kSource);
  EXPECT_EQ(parse.header.destination, kDestination);
  EXPECT_EQ(parse.header.size, header.size());
  EXPECT_EQ(parse.header.tlvs, (std::vector<ProxyTlv>{{1, "h2"}, {0xe0, "xyz"}}));
}

TEST(ProxyProtocol, the_sender_of_datagrams_is_told_like_that_of_a_stream) {
  ProxyParse parse = parse_proxy_header(v2(0x21, 0x12, kAddresses));
  ASSERT_EQ(parse.state, State::kDone) << parse.error;
  EXPECT_EQ(parse.header.source, kSource);
}

TEST(ProxyProtocol, cut_at_every_byte_needs_more) {
  for (const std::string& header : {v2(0x21, 0x11, kAddresses + std::string("\x01\x00\x02h2", 5)), v2(0x20, 0, ""),
                                    std::string("PROXY TCP4 10.1.2.3 10.9.8.7 5000 443\r\n")}) {
    for (size_t cut = 0; cut < header.size(); ++cut) {
      EXPECT_EQ(parse_proxy_header(header.substr(0, cut)).state, State::kNeedMore) << cut;
    }
    EXPECT_EQ(parse_proxy_header(header).state, State::kDone);
  }
}

TEST(ProxyProtocol, local_and_unspecified_tell_no_addresses) {
  for (const std::string& header : {v2(0x20, 0x11, kAddresses), v2(0x20, 0xff, "junk"), v2(0x21, 0x00, "junk")}) {
    ProxyParse parse = parse_proxy_header(header);
    ASSERT_EQ(parse.state, State::kDone) << parse.error;
    EXPECT_TRUE(parse.header.local);
    EXPECT_FALSE(parse.header.source);
    EXPECT_EQ(parse.header.size, header.size());
  }
}

TEST(ProxyProtocol, refuses_a_bad_version_2) {
  std::string overrun("\x01\x00\x09h2", 5);
  std::string cut("\x01\x00", 2);
  std::string checksum("\x03\x00\x04\x00\x00\x00\x00", 7);
  for (const std::string& header : {
           v2(0x11, 0x11, kAddresses),             // version 1 in a version 2 frame
           v2(0x22, 0x11, kAddresses),             // unknown command
           v2(0x21, 0x41, kAddresses),             // unknown family
           v2(0x21, 0x10, kAddresses),             // addresses of no protocol
           v2(0x21, 0x31, std::string(216, 'x')),  // Unix addresses
           v2(0x21, 0x11, kAddresses.substr(1)),   // too short
           v2(0x21, 0x21, kAddresses),             // IPv6 with the length of IPv4
           v2(0x21, 0x11, kAddresses + overrun),   // TLV into the payload
           v2(0x21, 0x11, kAddresses + cut),       // TLV without its length
           v2(0x21, 0x11, kAddresses + checksum),  // wrong checksum
           v2(0x21, 0x11, kAddresses, 20000),      // over the limit
       }) {
    EXPECT_EQ(parse_proxy_header(header + "payload payload").state, State::kError);
  }
}

TEST(ProxyProtocol, verifies_the_checksum) {
  // Computed by HAProxy's algorithm for this header.
  std::string tlv("\x03\x00\x04\x00\x00\x00\x00", 7);
  std::string header = v2(0x21, 0x11, kAddresses + tlv);
  uint32_t crc = ~0U;
  for (char c : header) {
    crc ^= static_cast<uint8_t>(c);
    for (int k = 0; k < 8; ++k) crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78U : 0);
  }
  crc = ~crc;
  for (int k = 0; k < 4; ++k)
    header[header.size() - 4 + static_cast<size_t>(k)] = static_cast<char>(crc >> (24 - 8 * k));
  EXPECT_EQ(parse_proxy_header(header).state, State::kDone);
  header[17] ^= 1;
  EXPECT_EQ(parse_proxy_header(header).state, State::kError);
}

TEST(ProxyProtocol, other_bytes_are_no_header) {
  for (std::string text : {"GET / HTTP/1.1\r\n", "PROXX", "\r\n\r\nGET", "\x16\x03\x01"}) {
    EXPECT_EQ(parse_proxy_header(text).state, State::kAbsent) << text;
  }
}

TEST(ProxyProtocol, what_is_written_is_read_back) {
  std::vector<ProxyTlv> tlvs{{1, "h2"}, {0xee, std::string(300, '\0')}};
  for (auto& source : {kSource, kSource6}) {
    for (const std::string& written :
         {write_proxy_v1(source, kDestination), write_proxy_v2(source, kDestination, tlvs)}) {
      ProxyParse parse = parse_proxy_header(written);
      ASSERT_EQ(parse.state, State::kDone) << parse.error;
      EXPECT_EQ(parse.header.source, source);
      EXPECT_EQ(parse.header.destination.unmapped(), kDestination);
      EXPECT_EQ(parse.header.size, written.size());
      if (parse.header.version == 2) {
        EXPECT_EQ(parse.header.tlvs, tlvs);
      }
    }
  }
  EXPECT_EQ(write_proxy_v1(*Address::unix_path("/x"), kSource), "PROXY UNKNOWN\r\n");
  EXPECT_TRUE(parse_proxy_header(write_proxy_v2(Address(), Address())).header.local);
  std::vector<ProxyTlv> huge{{1, std::string(60000, 'x')}, {2, std::string(60000, 'y')}};
  EXPECT_LT(write_proxy_v2(kSource, kDestination, huge).size(), 65552U);
}

TEST(ProxyProtocol, tlvs_are_selected_by_type) {
  const std::vector<ProxyTlv> tlvs{{1, "a"}, {2, "b"}, {1, "c"}};
  EXPECT_EQ(selected(tlvs, {.all = true}), tlvs);
  EXPECT_EQ(selected(tlvs, {.types = {1, 7}}), (std::vector<ProxyTlv>{{1, "a"}, {1, "c"}}));
  EXPECT_TRUE(selected(tlvs, {}).empty());
}

}  // namespace
}  // namespace proa::net
