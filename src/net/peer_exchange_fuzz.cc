// A peer of the mesh sends any bytes: however they are cut, the application gets the same of them, and we learn the same.
//
// Input: a byte that says how long the pieces are, then what the peer sends.
#include <cstdint>
#include <cstdlib>

#include "net/memory_transport.h"
#include "net/mesh_peer.h"
#include "net/peer_exchange.h"
#include "net/test_loop.h"

namespace {

using namespace proa::net;

struct Outcome {
  std::string received;
  std::shared_ptr<const MeshPeer> peer;
  bool pending = false, open = false;
};

class Application final : public TransportObserver {
 public:
  explicit Application(PeerExchange& transport, std::string& received) : transport_(transport), received_(received) {
    transport_.observe(this);
  }
  void on_connected() override {}
  void on_readable() override {
    char buffer[64];
    for (;;) {
      const IoResult result = transport_.read(buffer, sizeof buffer);
      if (!result.ok()) return;
      received_.append(buffer, result.bytes);
    }
  }
  void on_writable() override {}

 private:
  PeerExchange& transport_;
  std::string& received_;
};

Outcome run(std::string_view bytes, size_t piece) {
  TestLoop loop;
  Outcome outcome;
  auto pair = MemoryTransport::make_pair(*loop);
  auto peer = std::move(pair.second);
  auto tls = std::make_shared<TlsInfo>();
  tls->alpn = "istio-peer-exchange";
  pair.first->info().tls = tls;
  auto spec = std::make_shared<PeerExchangeSpec>();
  spec->message = frame_peer_message("we");
  spec->labels = {"role"};
  {
    PeerExchange transport(std::move(pair.first), spec, /*connected=*/true);
    Application application(transport, outcome.received);
    while (!bytes.empty()) {
      const std::string_view part = bytes.substr(0, piece);
      bytes.remove_prefix(part.size());
      peer->send(part);
      loop.settle();
    }
    outcome.peer = transport.info().mesh_peer;
    outcome.pending = transport.info().mesh_exchange_pending;
    outcome.open = transport.open();
    transport.observe(nullptr);
  }
  peer.reset();
  loop.settle();
  return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const Outcome whole = run(bytes, bytes.size()), cut = run(bytes, data[0] % 16 + 1U);
  const bool same_peer = !whole.peer == !cut.peer && (!whole.peer || *whole.peer == *cut.peer);
  if (whole.received != cut.received || whole.pending != cut.pending || whole.open != cut.open || !same_peer)
    std::abort();
  if (!bytes.ends_with(whole.received)) std::abort();
  return 0;
}
