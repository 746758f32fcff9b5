// Which methods a server has: a path, and what answers calls to it.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "grpc/server_call.h"

namespace proa::grpc {

/// Filled before the server starts, then only read.
class Services {
 public:
  /// Makes the handler of a new call. It may finish the call instead, and return null.
  using Open = std::function<std::unique_ptr<CallHandler>(ServerCall& call)>;
  /// Answers a whole request at once: fills `response` when the status is OK.
  using Unary = std::function<CallStatus(ServerCall& call, std::string_view request, std::string& response)>;

  /// `path`: "/package.Service/Method". Replaces what was there.
  void add(std::string path, Open open) { methods_.insert_or_assign(std::move(path), std::move(open)); }
  void add_unary(std::string path, Unary answer);

  const Open* find(std::string_view path) const {
    auto found = methods_.find(path);
    return found == methods_.end() ? nullptr : &found->second;
  }
  /// "package.Service" of each path, once, sorted.
  std::vector<std::string> names() const;

 private:
  std::map<std::string, Open, std::less<>> methods_;
};

}  // namespace proa::grpc
