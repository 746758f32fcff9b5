// x-request-id: a random UUID whose 14th digit tells why a request is traced, as Envoy packs it.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/arena.h"

namespace proa::proxy {

enum class TraceReason : uint8_t { kNone = '4', kSampled = '9', kForced = 'a', kClient = 'b' };

/// A new version 4 UUID of 36 characters in `arena`, from two random words.
std::string_view make_request_id(Arena& arena, uint64_t high, uint64_t low);
/// The first 32 bits modulo `range`, for sampling that agrees over all hops; nullopt when `id` is no UUID.
std::optional<uint64_t> request_id_modulo(std::string_view id, uint64_t range);
TraceReason trace_reason(std::string_view id);
/// A copy of `id` with the reason packed; `id` unchanged when it is no UUID.
std::string_view with_trace_reason(Arena& arena, std::string_view id, TraceReason reason);

}  // namespace proa::proxy
