// HTTP/2 frames (RFC 9113 section 4 and 6): their header, types, flags and settings.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace proa::http::h2 {

enum class FrameType : uint8_t {
  kData = 0x0,
  kHeaders = 0x1,
  kPriority = 0x2,
  kRstStream = 0x3,
  kSettings = 0x4,
  kPushPromise = 0x5,
  kPing = 0x6,
  kGoaway = 0x7,
  kWindowUpdate = 0x8,
  kContinuation = 0x9,
};

inline constexpr uint8_t kFlagAck = 0x1;  // SETTINGS, PING
inline constexpr uint8_t kFlagEndStream = 0x1;
inline constexpr uint8_t kFlagEndHeaders = 0x4;
inline constexpr uint8_t kFlagPadded = 0x8;
inline constexpr uint8_t kFlagPriority = 0x20;

inline constexpr size_t kFrameHeaderSize = 9;
/// The largest payload that we take and send: the initial SETTINGS_MAX_FRAME_SIZE, which we never raise.
inline constexpr size_t kMaxFrameSize = 16384;
inline constexpr int64_t kMaxWindow = 0x7fffffff;
inline constexpr int64_t kDefaultWindow = 65535;
inline constexpr uint32_t kMaxStreamId = 0x7fffffff;

inline constexpr std::string_view kClientPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

enum class Setting : uint16_t {
  kHeaderTableSize = 0x1,
  kEnablePush = 0x2,
  kMaxConcurrentStreams = 0x3,
  kInitialWindowSize = 0x4,
  kMaxFrameSize = 0x5,
  kMaxHeaderListSize = 0x6,
  kEnableConnectProtocol = 0x8,
};

struct FrameHeader {
  uint32_t size = 0;  ///< of the payload
  FrameType type = FrameType::kData;
  uint8_t flags = 0;
  uint32_t stream = 0;
  bool has(uint8_t flag) const { return flags & flag; }
};

struct Frame : FrameHeader {
  std::string_view payload;
};

inline uint32_t read_u32(const char* at) {
  auto* p = reinterpret_cast<const uint8_t*>(at);
  return uint32_t{p[0]} << 24 | uint32_t{p[1]} << 16 | uint32_t{p[2]} << 8 | p[3];
}
inline uint16_t read_u16(const char* at) {
  auto* p = reinterpret_cast<const uint8_t*>(at);
  return static_cast<uint16_t>(p[0] << 8 | p[1]);
}
inline void write_u32(char* at, uint32_t value) {
  at[0] = static_cast<char>(value >> 24);
  at[1] = static_cast<char>(value >> 16);
  at[2] = static_cast<char>(value >> 8);
  at[3] = static_cast<char>(value);
}
inline void write_u16(char* at, uint16_t value) {
  at[0] = static_cast<char>(value >> 8);
  at[1] = static_cast<char>(value);
}

inline FrameHeader read_frame_header(const char* at) {
  auto* p = reinterpret_cast<const uint8_t*>(at);
  return {uint32_t{p[0]} << 16 | uint32_t{p[1]} << 8 | p[2], static_cast<FrameType>(p[3]), p[4],
          read_u32(at + 5) & kMaxStreamId};
}
/// Writes kFrameHeaderSize bytes.
inline void write_frame_header(char* at, size_t size, FrameType type, uint8_t flags, uint32_t stream) {
  at[0] = static_cast<char>(size >> 16);
  at[1] = static_cast<char>(size >> 8);
  at[2] = static_cast<char>(size);
  at[3] = static_cast<char>(type);
  at[4] = static_cast<char>(flags);
  write_u32(at + 5, stream);
}

}  // namespace proa::http::h2
