#include "mesh/model/object.h"

namespace proa::mesh {

namespace {

template <class... T>
constexpr bool in_order(const std::variant<T...>*) {
  std::size_t i = 0;
  return ((static_cast<std::size_t>(T::element_type::kKind) == i++) && ...);
}
static_assert(in_order(static_cast<const AnyObject*>(nullptr)), "OfKinds is in the order of Kind");

}  // namespace

ObjectKey key_of(const AnyObject& object) {
  return std::visit([](const auto& pointer) { return pointer->key(); }, object);
}

const Meta& meta_of(const AnyObject& object) {
  return std::visit([](const auto& pointer) -> const Meta& { return pointer->meta; }, object);
}

std::uint64_t contents_of(const AnyObject& object) {
  return std::visit([](const auto& pointer) { return pointer->contents; }, object);
}

}  // namespace proa::mesh
