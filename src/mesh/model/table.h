// Table: all objects of one kind, by namespace. A table is a value: a copy shares everything, and a change copies
// only the namespace it touches.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

namespace proa::mesh {

template <class T>
class Table {
 public:
  using Pointer = std::shared_ptr<const T>;
  /// Oldest first, of equal age by name: the order in which Istio lets one object win over another.
  using Rows = std::vector<Pointer>;
  using Namespaces = std::map<std::string, std::shared_ptr<const Rows>, std::less<>>;

  const Rows& in(std::string_view ns) const {
    static const Rows kNone;
    const auto found = namespaces_->find(ns);
    return found == namespaces_->end() ? kNone : *found->second;
  }
  const Namespaces& namespaces() const { return *namespaces_; }

  const T* find(std::string_view ns, std::string_view name) const {
    const Rows& rows = in(ns);
    const auto row = std::ranges::find_if(rows, [&](const Pointer& each) { return each->meta.name == name; });
    return row == rows.end() ? nullptr : row->get();
  }

  std::size_t size() const {
    std::size_t out = 0;
    for (const auto& [ns, rows] : *namespaces_) out += rows->size();
    return out;
  }

  /// Calls visit(const T&) by namespace, within one oldest first.
  template <class Visit>
  void each(Visit&& visit) const {
    for (const auto& [ns, rows] : *namespaces_) {
      for (const Pointer& row : *rows) visit(*row);
    }
  }

  /// Whether both hold the very same objects of that namespace.
  bool same_in(const Table& other, std::string_view ns) const {
    const auto a = namespaces_->find(ns);
    const auto b = other.namespaces_->find(ns);
    if (a == namespaces_->end() || b == other.namespaces_->end()) {
      return a == namespaces_->end() && b == other.namespaces_->end();
    }
    return a->second == b->second;
  }
  bool same(const Table& other) const { return namespaces_ == other.namespaces_; }

  /// Puts the rows, by key, and takes away those named. Many at once, since each call copies a namespace.
  struct Changes {
    std::vector<Pointer> put{};
    std::vector<std::string> removed{};
  };
  void change(const std::map<std::string, Changes, std::less<>>& by_namespace) {
    auto namespaces = std::make_shared<Namespaces>(*namespaces_);
    for (const auto& [ns, changes] : by_namespace) {
      std::map<std::string_view, Pointer> named;
      for (const Pointer& row : in(ns)) named[row->meta.name] = row;
      for (const std::string& name : changes.removed) named.erase(name);
      for (const Pointer& row : changes.put) {
        named.erase(row->meta.name);  // the key views the row's own text
        named[row->meta.name] = row;
      }
      auto rows = std::make_shared<Rows>();
      for (const auto& [name, row] : named) rows->push_back(row);
      std::ranges::stable_sort(*rows, {}, [](const Pointer& row) { return row->meta.created; });
      if (rows->empty()) {
        namespaces->erase(ns);
      } else {
        (*namespaces)[ns] = std::move(rows);
      }
    }
    namespaces_ = std::move(namespaces);
  }

 private:
  std::shared_ptr<const Namespaces> namespaces_ = std::make_shared<const Namespaces>();
};

}  // namespace proa::mesh
