// Coroutines: Detached (starts at once, nobody waits), Task<T> (a step that is awaited) and Event<T> (what a step
// waits for).
//
// All of it belongs to one thread. An exception that leaves a coroutine ends the program. Compiled by g++-12, so:
// no structured binding and no temporary with a destructor may live across a co_await; write
//   auto answer = ask(); auto value = co_await answer;
#pragma once

#include <cassert>
#include <concepts>
#include <coroutine>
#include <cstddef>
#include <exception>
#include <new>
#include <optional>
#include <utility>

#include "base/arena.h"

namespace proa::net {

/// Something that lends an arena: an exchange, a request.
template <class T>
concept LendsArena = requires(T& t) {
  { t.arena() } -> std::convertible_to<Arena&>;
};

/// Base of promises. The frame of a coroutine comes from an arena when the coroutine is a member function of, or its
/// first parameter is, an Arena or something that lends one; else from the heap. A frame in an arena costs nothing to
/// free; the arena must outlive the coroutine.
struct ArenaFrame {
  static void* operator new(size_t size) { return place(size, nullptr); }
  template <class... Rest>
  static void* operator new(size_t size, Arena& arena, Rest&&...) {
    return place(size, &arena);
  }
  template <LendsArena First, class... Rest>
  static void* operator new(size_t size, First& first, Rest&&...) {
    return place(size, &static_cast<Arena&>(first.arena()));
  }
  /// Member functions of something that lends none, given an arena.
  template <class This, class... Rest>
    requires(!LendsArena<This>)
  static void* operator new(size_t size, This&, Arena& arena, Rest&&...) {
    return place(size, &arena);
  }
  static void operator delete(void* frame) {
    auto* start = static_cast<char*>(frame) - kHeader;
    if (!*reinterpret_cast<Arena**>(start)) heap_free(start);
  }

 private:
  static constexpr size_t kHeader = alignof(std::max_align_t);
  static void* place(size_t size, Arena* arena) {
    void* start = arena ? arena->allocate(size + kHeader) : heap_allocate(size + kHeader);
    *static_cast<Arena**>(start) = arena;
    return static_cast<char*>(start) + kHeader;
  }
  // Out of line: g++ takes the pair for a mismatched new and delete when it sees through them.
  static void* heap_allocate(size_t size);
  static void heap_free(void* start);
};

/// The return type of a coroutine that runs by itself: it starts inside the call and frees itself at its end. What it
/// refers to must live until then.
struct Detached {
  struct promise_type : ArenaFrame {
    Detached get_return_object() { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() {}
    [[noreturn]] void unhandled_exception() { std::terminate(); }
  };
};

template <class T>
class Task;

namespace task_detail {

struct PromiseBase : ArenaFrame {
  std::coroutine_handle<> continuation = std::noop_coroutine();

  struct Final {
    bool await_ready() noexcept { return false; }
    template <class Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> done) noexcept {
      return done.promise().continuation;
    }
    void await_resume() noexcept {}
  };
  std::suspend_always initial_suspend() noexcept { return {}; }
  Final final_suspend() noexcept { return {}; }
  [[noreturn]] void unhandled_exception() { std::terminate(); }
};

template <class T>
struct Promise : PromiseBase {
  std::optional<T> value;
  Task<T> get_return_object();
  template <class U>
  void return_value(U&& result) {
    value.emplace(std::forward<U>(result));
  }
  T take() { return std::move(*value); }
};

template <>
struct Promise<void> : PromiseBase {
  Task<void> get_return_object();
  void return_void() {}
  void take() {}
};

}  // namespace task_detail

/// An awaitable step. It starts when awaited (or at start()) and gives its value to the one that awaits it; the switch
/// is symmetric, so a long chain of steps needs no stack. Awaited at most once. Destroying a task destroys a suspended
/// coroutine and, with it, every step it is waiting for: that is how a story is cancelled. Not from inside itself.
template <class T = void>
class [[nodiscard]] Task {
 public:
  using promise_type = task_detail::Promise<T>;

  Task() = default;
  explicit Task(std::coroutine_handle<promise_type> handle) : handle_(handle) {}
  Task(Task&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Task& operator=(Task&& other) noexcept {
    if (this != &other) {
      reset();
      handle_ = std::exchange(other.handle_, nullptr);
    }
    return *this;
  }
  ~Task() { reset(); }

  /// Runs up to the first wait, without anybody awaiting it.
  void start() { handle_.resume(); }
  bool done() const { return !handle_ || handle_.done(); }
  explicit operator bool() const { return static_cast<bool>(handle_); }
  /// Destroys the coroutine; it must be suspended, finished or not started.
  void reset() {
    if (handle_) std::exchange(handle_, nullptr).destroy();
  }

  bool await_ready() const noexcept { return false; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> waiting) noexcept {
    handle_.promise().continuation = waiting;
    return handle_;
  }
  T await_resume() { return handle_.promise().take(); }

 private:
  std::coroutine_handle<promise_type> handle_ = nullptr;
};

template <class T>
Task<T> task_detail::Promise<T>::get_return_object() {
  return Task<T>(std::coroutine_handle<Promise>::from_promise(*this));
}
inline Task<void> task_detail::Promise<void>::get_return_object() {
  return Task<void>(std::coroutine_handle<Promise>::from_promise(*this));
}

/// A value that one coroutine waits for: `co_await event` goes on when somebody calls set(), inside that call. Once
/// taken, the event is empty and may be used again. Must outlive the wait; if the waiting coroutine is destroyed and
/// the event is not, call forget().
template <class T>
class Event {
 public:
  Event() = default;
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;

  /// Replaces a value that nobody has taken yet.
  void set(T value) {
    value_.emplace(std::move(value));
    if (auto waiter = std::exchange(waiter_, nullptr)) waiter.resume();  // may destroy this
  }
  bool is_set() const { return value_.has_value(); }
  bool waiting() const { return static_cast<bool>(waiter_); }
  void forget() { waiter_ = nullptr; }
  void clear() { value_.reset(); }

  bool await_ready() const noexcept { return value_.has_value(); }
  void await_suspend(std::coroutine_handle<> waiter) noexcept {
    assert(!waiter_);
    waiter_ = waiter;
  }
  T await_resume() {
    T out = std::move(*value_);
    value_.reset();
    return out;
  }

 private:
  std::optional<T> value_;
  std::coroutine_handle<> waiter_ = nullptr;
};

}  // namespace proa::net
