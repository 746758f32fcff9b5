// A reference count of one's own.
#pragma once

#include <memory>
#include <utility>

namespace proa {

/// The same object behind another count: requests copy the pointer, and workers must not share the cache line of the
/// count.
template <class T>
std::shared_ptr<const T> private_count(std::shared_ptr<const T> object) {
  auto holder = std::make_shared<std::shared_ptr<const T>>(std::move(object));
  const T* raw = holder->get();
  return {std::move(holder), raw};
}

}  // namespace proa
