// An intrusive doubly linked list: O(1) insert and remove, no allocation.
#pragma once

namespace proa {

/// A link; inherit from it. An object is in at most one list per tag. Unlinks itself when destroyed.
template <class Tag = void>
class ListLink {
 public:
  ListLink() = default;
  ~ListLink() { unlink(); }
  ListLink(const ListLink&) = delete;
  ListLink& operator=(const ListLink&) = delete;
  bool linked() const { return next_ != this; }
  void unlink() {
    previous_->next_ = next_;
    next_->previous_ = previous_;
    next_ = previous_ = this;
  }

 private:
  template <class T, class>
  friend class List;
  ListLink* next_ = this;
  ListLink* previous_ = this;
};

/// A list of T, which inherits ListLink<Tag>. Does not own its elements.
template <class T, class Tag = void>
class List {
 public:
  using Link = ListLink<Tag>;
  bool empty() const { return !root_.linked(); }
  T& front() { return static_cast<T&>(*root_.next_); }
  T& back() { return static_cast<T&>(*root_.previous_); }
  /// An item that is linked already moves.
  void push_back(T& item) {
    static_cast<Link&>(item).unlink();  // first: it may be the very neighbour it is put beside
    insert(item, *root_.previous_);
  }
  void push_front(T& item) {
    static_cast<Link&>(item).unlink();
    insert(item, root_);
  }
  T* pop_front() {
    if (empty()) return nullptr;
    T& item = front();
    static_cast<Link&>(item).unlink();
    return &item;
  }
  /// Moves every element of `other` to the end of this list.
  void splice(List& other) {
    while (T* item = other.pop_front()) push_back(*item);
  }
  /// Calls f(T&); f may unlink or destroy the element it is given, but no other one.
  template <class F>
  void for_each(F f) {
    for (Link* at = root_.next_; at != &root_;) {
      Link* next = at->next_;
      f(static_cast<T&>(*at));
      at = next;
    }
  }

 private:
  void insert(T& item, Link& after) {
    Link& link = item;
    link.previous_ = &after;
    link.next_ = after.next_;
    after.next_->previous_ = &link;
    after.next_ = &link;
  }
  Link root_;
};

}  // namespace proa
