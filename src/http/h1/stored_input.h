// Input that could not be used when it came: half a head, a pipelined request, the body of a paused stream.
#pragma once

#include <string>
#include <string_view>

namespace proa::http::h1 {

/// Holds no memory while empty. `consume(std::string_view) -> size_t` tells how much it used of what it was given;
/// the rest is presented again at the front of the next input. It must not call back into this object.
class StoredInput {
 public:
  bool empty() const { return bytes_.empty(); }
  size_t size() const { return bytes_.size(); }
  void clear() { std::string().swap(bytes_); }

  template <class Consume>
  void receive(std::string_view bytes, Consume consume) {
    if (bytes_.empty()) {
      size_t used = consume(bytes);
      if (used < bytes.size()) bytes_.assign(bytes.substr(used));
      return;
    }
    bytes_.append(bytes);
    resume(consume);
  }

  template <class Consume>
  void resume(Consume consume) {
    size_t used = consume(std::string_view(bytes_));
    used == bytes_.size() ? clear() : void(bytes_.erase(0, used));
  }

 private:
  std::string bytes_;
};

}  // namespace proa::http::h1
