// The one form of a request path that routes, policies, logs and upstreams all see (RFC 3986 section 6.2.2).
#pragma once

#include <cstdint>
#include <string_view>

#include "base/arena.h"

namespace proa::http {

/// HttpConnectionManager.path_with_escaped_slashes_action: what to do about %2F and %5C.
enum class EscapedSlashes : uint8_t { kKeep, kReject, kUnescapeAndRedirect, kUnescapeAndForward };

struct PathRules {
  bool normalize = true;
  bool merge_slashes = false;
  EscapedSlashes escaped_slashes = EscapedSlashes::kReject;
};

enum class PathVerdict : uint8_t {
  kOk,
  kRedirect,  ///< answer 307 with the normalised path
  kReject,    ///< answer 400, or INTERNAL to gRPC
};

struct NormalPath {
  std::string_view path;  ///< with the query, which is never touched; the argument itself when nothing changed
  PathVerdict verdict = PathVerdict::kOk;
  std::string_view reason;  ///< static, of a rejection
};

/// `path` is in origin-form. In this order, each as the rules ask:
///   escaped slashes   %2F becomes "/", %5C becomes "\"
///   normalisation     "\" becomes "/"; %XX of unreserved characters is decoded, of others gets upper-case digits;
///                     "." and ".." segments are resolved; ".." above the root is dropped
///   merging           "//" becomes "/"
/// Nothing is decoded twice: "%252F" stays. %00 and a "%" without two digits are rejected by every rule set.
/// "*" and paths that do not start with "/" are returned as they are.
NormalPath normalize_path(std::string_view path, const PathRules& rules, Arena& arena);

/// The path without its query and fragment: what path matchers compare.
std::string_view without_query(std::string_view path);

}  // namespace proa::http
