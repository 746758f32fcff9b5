// grpc.health.v1: the messages of a health check, without generated code.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace proa::grpc {

inline constexpr std::string_view kHealthCheckPath = "/grpc.health.v1.Health/Check";
inline constexpr std::string_view kHealthWatchPath = "/grpc.health.v1.Health/Watch";

enum class ServingStatus : uint8_t { kUnknown, kServing, kNotServing, kServiceUnknown };

/// HealthCheckRequest{service}.
std::string encode_health_request(std::string_view service);
/// HealthCheckResponse{status}; nullopt when the bytes are no protobuf message. Unknown fields are skipped.
std::optional<ServingStatus> decode_health_response(std::string_view bytes);

/// The service of a HealthCheckRequest; nullopt when the bytes are no protobuf message.
std::optional<std::string> decode_health_request(std::string_view bytes);
std::string encode_health_response(ServingStatus status);

}  // namespace proa::grpc
