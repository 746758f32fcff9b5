#include "upstream/check_connection.h"

#include "net/loop.h"
#include "upstream/connection_factory.h"

namespace proa::upstream {

namespace {

// A base, so that it is released after the codec, which refers to the cluster's options.
struct ClusterHold {
  std::shared_ptr<Cluster> cluster;
};

}  // namespace

class CheckConnection::Pump final : private ClusterHold, public http::CodecPump, public net::Deferred {
 public:
  Pump(CheckConnection& owner, std::unique_ptr<net::Transport> transport)
      : ClusterHold{owner.check_.cluster().shared_from_this()},
        CodecPump(std::move(transport), Role::kClient),
        owner_(&owner) {}

  http::ClientCodec* client() { return client_; }
  void forget_owner() { owner_ = nullptr; }

 private:
  void on_connected() override {
    if (!owner_) return;
    HostCheck& check = owner_->check_;
    auto codec =
        check.cluster().context().connections->make_codec(owner_->http2_, *this, check.cluster().http(), loop().now());
    client_ = codec.get();
    start(std::move(codec), false);
    owner_->connected();
  }
  void on_connect_failed(std::string reason) override {
    reason_ = std::move(reason);
    abort();
  }
  void count(http::CodecCounter) override {}
  void on_closed() override {
    loop().defer_delete(std::unique_ptr<net::Deferred>(this));
    if (CheckConnection* owner = std::exchange(owner_, nullptr)) {
      owner->pump_ = nullptr;
      owner->failed(reason_.empty() ? "connection closed" : reason_);
    }
  }

  CheckConnection* owner_;
  http::ClientCodec* client_ = nullptr;
  std::string reason_;
};

void CheckConnection::open(http::ResponseReceiver& receiver, Arena& arena, Waiter& waiter) {
  receiver_ = &receiver;
  arena_ = &arena;
  waiter_ = &waiter;
  if (pump_ && pump_->client() && pump_->client()->can_open() > 0 && pump_->client()->reusable()) return give();
  drop();
  Cluster& cluster = check_.cluster();
  auto made = cluster.context().connections->connect(check_.loop(), check_.address(), cluster,
                                                     cluster.socket_for(check_.host()), nullptr,
                                                     http2_ ? UpstreamProtocol::kHttp2 : UpstreamProtocol::kHttp1);
  if (!made) {
    failure_ = made.error().message;
    return soon_.start(check_.loop(), Milliseconds(0));  // told later, never within open()
  }
  pump_ = new Pump(*this, std::move(*made));
}

void CheckConnection::cancel(Waiter& waiter) {
  if (waiter_ != &waiter) return;
  waiter_ = nullptr;
  soon_.stop();
}

void CheckConnection::drop() {
  soon_.stop();
  if (Pump* pump = std::exchange(pump_, nullptr)) {
    pump->forget_owner();
    pump->abort();
  }
}

void CheckConnection::connected() {
  if (waiter_) give();
}

void CheckConnection::give() {
  http::ClientStream& stream = pump_->client()->open(*receiver_, *arena_);
  std::exchange(waiter_, nullptr)->on_stream(stream);
}

void CheckConnection::failed(std::string reason) {
  if (Waiter* waiter = std::exchange(waiter_, nullptr)) waiter->on_no_stream(reason);
}

void CheckConnection::on_soon() { failed(std::move(failure_)); }

}  // namespace proa::upstream
