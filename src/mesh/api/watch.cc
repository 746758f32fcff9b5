#include "mesh/api/watch.h"

#include "mesh/api/names.h"

namespace proa::mesh {

using grpc::CallStatus;
using grpc::Code;

class Watchers::Watch final : public grpc::CallHandler, public ListLink<> {
 public:
  Watch(Watchers& watchers, grpc::ServerCall& call) : watchers_(watchers), call_(call) {}

  void tell(const WorldChange& change) {
    for (const auto* keys : {&change.changed, &change.moved}) {
      for (const ObjectKey& key : *keys) {
        if (selection_.has(key)) due_.insert(key);
      }
    }
    flush();
  }

 private:
  void on_message(std::string_view bytes) override {
    api::ListRequest request;
    if (linked() || !request.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
      return end({Code::kInvalidArgument, "is not one ListRequest"});
    }
    auto selection = Selection::of(request);
    if (!selection) return end(selection.error());
    selection_ = std::move(*selection);
    for (const auto& [key, document] : watchers_.view_.all()) {
      if (selection_.has(key)) due_.insert(key);
    }
    watchers_.watches_.push_back(*this);
    flush();
  }
  void on_half_close() override {
    if (!linked()) end({Code::kInvalidArgument, "there is no ListRequest"});
  }
  void on_writable() override { flush(); }
  void on_cancelled(const CallStatus&) override { unlink(); }

  void end(const CallStatus& status) {
    unlink();
    call_.finish(status);
  }

  void flush() {
    while (!due_.empty() && call_.writable()) {
      const ObjectKey key = due_.extract(due_.begin()).value();
      api::Event event;
      if (const auto document = watchers_.view_.find(key)) {
        watchers_.view_.write(*document, selection_.texts, *event.mutable_put());
      } else {
        write_name(key, *event.mutable_deleted());
      }
      call_.send(event.SerializeAsString());
    }
    if (!due_.empty() || std::exchange(complete_, true)) return;
    api::Event event;
    event.set_complete(true);
    call_.send(event.SerializeAsString());
  }

  Watchers& watchers_;
  grpc::ServerCall& call_;
  Selection selection_;
  std::set<ObjectKey> due_;
  bool complete_ = false;  // all that was there at the beginning has been told
};

std::unique_ptr<grpc::CallHandler> Watchers::open(grpc::ServerCall& call) {
  return std::make_unique<Watch>(*this, call);
}

void Watchers::tell(const WorldChange& change) {
  watches_.for_each([&](Watch& watch) { watch.tell(change); });
}

}  // namespace proa::mesh
