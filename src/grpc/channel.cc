#include "grpc/channel.h"

#include <algorithm>
#include <utility>

#include "http/codec_pump.h"
#include "http/h2/client_connection.h"

namespace proa::grpc {

class Channel::Connection final : public http::CodecPump, public net::Deferred {
 public:
  Connection(Channel& owner, std::unique_ptr<net::Transport> transport, const http::Http2Options& options)
      : CodecPump(std::move(transport), Role::kClient), owner_(&owner), options_(options) {}

  void leave() {
    owner_ = nullptr;
    abort();
  }
  http::ClientCodec* client() { return client_; }

 private:
  void on_connected() override {
    auto codec = std::make_unique<http::h2::ClientConnection>(*this, options_, loop().now());
    client_ = codec.get();
    start(std::move(codec), true);
    if (owner_) owner_->give();
  }
  void on_connect_failed(std::string reason) override {
    reason_ = std::move(reason);
    abort();
  }
  void count(http::CodecCounter) override {}
  void on_progress() override {
    if (owner_) owner_->give();
  }
  void on_closed() override {
    loop().defer_delete(std::unique_ptr<net::Deferred>(this));
    if (Channel* owner = std::exchange(owner_, nullptr)) owner->ended(reason_.empty() ? "connection closed" : reason_);
  }

  Channel* owner_;
  const http::Http2Options options_;
  http::ClientCodec* client_ = nullptr;
  std::string reason_;
};

Channel::Channel(std::unique_ptr<net::Transport> transport, const http::Http2Options& options)
    : connection_(new Connection(*this, std::move(transport), options)) {}

Channel::~Channel() {
  if (connection_) connection_->leave();
}

void Channel::open(http::ResponseReceiver& receiver, Arena& arena, Waiter& waiter) {
  if (!connection_) return waiter.on_no_stream(failure_);
  waiting_.push_back({&receiver, &arena, &waiter});
  give();
}

void Channel::cancel(Waiter& waiter) {
  std::erase_if(waiting_, [&](const Waiting& waiting) { return waiting.waiter == &waiter; });
}

void Channel::give() {
  http::ClientCodec* client = connection_->client();
  while (client && !waiting_.empty() && client->can_open() > 0) {
    const Waiting next = waiting_.front();
    waiting_.erase(waiting_.begin());
    next.waiter->on_stream(client->open(*next.receiver, *next.arena));
  }
}

void Channel::ended(std::string reason) {
  connection_ = nullptr;
  failure_ = std::move(reason);
  for (const Waiting& waiting : std::exchange(waiting_, {})) waiting.waiter->on_no_stream(failure_);
}

}  // namespace proa::grpc
