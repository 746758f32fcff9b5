// Result<T>: a value or an Error. Used everywhere instead of exceptions; g++-12 lacks monadic expected.
#pragma once

#include <expected>
#include <string>
#include <utility>

namespace proa {

/// What went wrong, in one sentence that names the offending value and, where there is one, the fix.
struct Error {
  std::string message;
};

template <class T>
using Result = std::expected<T, Error>;
using Status = std::expected<void, Error>;

inline std::unexpected<Error> fail(std::string message) { return std::unexpected<Error>(Error{std::move(message)}); }

}  // namespace proa
