// The parameters of an admin request, decoded.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace proa::admin {

/// In the order of the request; a name may come several times. "+" stays "+": filters are regular expressions.
class Query {
 public:
  Query() = default;
  /// Of a request target; whatever follows the first "?". A "%" that encodes nothing is kept as it is.
  static Query parse(std::string_view target);

  bool has(std::string_view name) const { return find(name) != nullptr; }
  /// The first value, or null when there is none of that name.
  const std::string* find(std::string_view name) const;
  /// The first value, or nothing.
  std::string_view value(std::string_view name) const;
  std::vector<std::string_view> values(std::string_view name) const;
  const std::vector<std::pair<std::string, std::string>>& all() const { return parameters_; }
  bool empty() const { return parameters_.empty(); }

 private:
  std::vector<std::pair<std::string, std::string>> parameters_;
};

}  // namespace proa::admin
