// Http1ProtocolOptions, Http2ProtocolOptions and HttpProtocolOptions -> codec options; the same for both sides.
#pragma once

#include "config/site.h"
#include "envoy/config/core/v3/protocol.pb.h"
#include "http/codec.h"

namespace proa::config {

class SupportedTable;

void compile_http1_options(const envoy::config::core::v3::Http1ProtocolOptions& from, http::Http1Options& to,
                           const Site& at);
void compile_http2_options(const envoy::config::core::v3::Http2ProtocolOptions& from, http::Http2Options& to,
                           const Site& at);
/// The parts of HttpProtocolOptions that the codecs keep: header count, underscores.
void compile_codec_limits(const envoy::config::core::v3::HttpProtocolOptions& from, http::CommonCodecOptions& to);

void add_http_protocol_fields(SupportedTable& table);

}  // namespace proa::config
