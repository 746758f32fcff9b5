#include "http/codec.h"

namespace proa::http {

std::string_view to_string(CodecCounter counter) {
  switch (counter) {
    case CodecCounter::kBadRequest: return "bad_request";
    case CodecCounter::kHeadersTooLarge: return "header_overflow";
    case CodecCounter::kHeadersWithUnderscoresDropped: return "dropped_headers_with_underscores";
    case CodecCounter::kHeadersWithUnderscoresRejected: return "requests_rejected_with_underscores_in_headers";
    case CodecCounter::kHeaderTimeout: return "header_timeout";
    case CodecCounter::kTxReset: return "tx_reset";
    case CodecCounter::kRxReset: return "rx_reset";
    case CodecCounter::kGoawaySent: return "goaway_sent";
    case CodecCounter::kRxMessagingError: return "rx_messaging_error";
    case CodecCounter::kTrailers: return "trailers";
    case CodecCounter::kKeepaliveTimeout: return "keepalive_timeout";
    case CodecCounter::kStreamsOverLimit: return "streams_over_limit";
    case CodecCounter::kInboundEmptyFramesFlood: return "inbound_empty_frames_flood";
    case CodecCounter::kInboundPriorityFramesFlood: return "inbound_priority_frames_flood";
    case CodecCounter::kInboundWindowUpdateFramesFlood: return "inbound_window_update_frames_flood";
    case CodecCounter::kInboundPingFlood: return "inbound_ping_flood";
    case CodecCounter::kInboundSettingsFlood: return "inbound_settings_flood";
    case CodecCounter::kInboundUnknownFramesFlood: return "inbound_unknown_frames_flood";
    case CodecCounter::kOutboundFlood: return "outbound_flood";
    case CodecCounter::kOutboundControlFlood: return "outbound_control_flood";
    case CodecCounter::kContinuationFlood: return "continuation_flood";
    case CodecCounter::kRapidReset: return "rapid_reset";
    case CodecCounter::kMadeYouReset: return "made_you_reset";
    case CodecCounter::kHpackBomb: return "hpack_bomb";
    case CodecCounter::kTinyFramesFlood: return "tiny_frames_flood";
    case CodecCounter::kEarlyDataOnConnect: return "early_data_on_connect";
    case CodecCounter::kCount: break;
  }
  return "";
}

}  // namespace proa::http
