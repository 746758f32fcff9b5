// A gRPC unary call of ten request headers, in memory: what one side of a hop costs without the kernel.
#include <benchmark/benchmark.h>

#include <string>

#include "http/h2/huffman.h"
#include "http/h2/test_peer.h"

namespace proa::http::h2::test {
namespace {

const Fields kGrpcRequest = {{":method", "POST"},
                             {":scheme", "http"},
                             {":path", "/hipstershop.ProductCatalogService/GetProduct"},
                             {":authority", "productcatalogservice:3550"},
                             {"content-type", "application/grpc"},
                             {"te", "trailers"},
                             {"user-agent", "grpc-go/1.60.1"},
                             {"grpc-timeout", "4999m"},
                             {"x-request-id", "7b1c5a2e-1a2b-4c3d-8e4f-5a6b7c8d9e0f"},
                             {"traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}};

struct UnaryHandler : ServerHandler, RequestReceiver {
  void on_data(std::string_view, bool end) override {
    if (end) answer();
  }
  void on_trailers(HeaderList&) override {}
  void on_reset(ResetReason, std::string_view) override {}
  void on_writable() override {}
  RequestReceiver& on_request(ServerStream& opened, RequestHead&, std::unique_ptr<Arena> owned, bool) override {
    stream = &opened;
    arena = std::move(owned);
    return *this;
  }
  void answer() {
    ResponseHead head(*arena);
    head.status = 200;
    head.headers.add(HeaderId::kContentType, "application/grpc");
    head.headers.add(HeaderId::kServer, "proa");
    HeaderList trailers(*arena);
    trailers.add(HeaderId::kGrpcStatus, "0");
    trailers.add(HeaderId::kGrpcMessage, "");
    stream->send_response(head, false);
    stream->send_data(reply, false);
    stream->send_trailers(trailers);
  }
  ServerStream* stream = nullptr;
  std::unique_ptr<Arena> arena;
  std::string reply = std::string(100, 'r');
};

/// As a Go or C++ client writes it: repeated fields from the dynamic table, Huffman or not.
std::string request_block(HpackEncoder& encoder) {
  Arena arena;
  HeaderList list(arena);
  std::string bytes(1024, '\0');
  char* out = encoder.begin(bytes.data());
  out = encoder.method(out, "POST");
  out = encoder.scheme(out, "http");
  out = encoder.path(out, kGrpcRequest[2].second);
  out = encoder.authority(out, kGrpcRequest[3].second);
  for (size_t i = 4; i < kGrpcRequest.size(); ++i) list.add(kGrpcRequest[i].first, kGrpcRequest[i].second);
  out = encoder.fields(out, list);
  bytes.resize(static_cast<size_t>(out - bytes.data()));
  return bytes;
}

/// `batch` calls arrive in one read and leave in one write.
void serve(benchmark::State& state, uint32_t table, bool huffman) {
  const auto batch = static_cast<uint32_t>(state.range(0));
  Owner owner;
  UnaryHandler handler;
  Http2Options options;
  MonoTime now;
  auto server = std::make_unique<ServerConnection>(owner, handler, options, now);
  HpackEncoder encoder(table, huffman);
  uint32_t id = 1;
  auto start = [&] {
    server = std::make_unique<ServerConnection>(owner, handler, options, now);
    server->receive(std::string(kClientPreface) + settings() + settings_ack(), now);
    server->receive(window_update(0, 0x70000000), now);
    id = 1;
  };
  start();
  std::string first = request_block(encoder), block = request_block(encoder), bytes, message(30, 'm');
  server->receive(frame(FrameType::kHeaders, kFlagEndHeaders, id, first) + data(id, message, true), now);
  for (uint32_t i = 0; i < batch; ++i) {
    bytes += frame(FrameType::kHeaders, kFlagEndHeaders, 1, block) + data(1, message, true);
  }
  const size_t data_at = kFrameHeaderSize + block.size(), step = bytes.size() / batch;
  for (auto _ : state) {
    for (uint32_t i = 0; i < batch; ++i) {
      id += 2;
      write_u32(bytes.data() + i * step + 5, id);
      write_u32(bytes.data() + i * step + data_at + 5, id);
    }
    server->receive(bytes, now);
    benchmark::DoNotOptimize(server->output().size());
    server->output().clear();
    server->output_drained(now);
    if (id % (1 << 20) < 2 * batch) server->receive(window_update(0, 0x1000000), now);
  }
  if (server->finished()) state.SkipWithError(std::string(server->error()).c_str());
  state.SetItemsProcessed(state.iterations() * batch);
  state.counters["block_bytes"] = static_cast<double>(block.size());
}

void BM_ServeLiterals(benchmark::State& state) { serve(state, 0, false); }
void BM_ServeDynamicHuffman(benchmark::State& state) { serve(state, 4096, true); }
void BM_ServeLiteralsHuffman(benchmark::State& state) { serve(state, 0, true); }
BENCHMARK(BM_ServeLiterals)->Arg(1)->Arg(32);
BENCHMARK(BM_ServeDynamicHuffman)->Arg(1)->Arg(32);
BENCHMARK(BM_ServeLiteralsHuffman)->Arg(32);

struct Sink : ResponseReceiver {
  void on_data(std::string_view, bool) override {}
  void on_trailers(HeaderList&) override { done = true; }
  void on_reset(ResetReason, std::string_view) override {}
  void on_writable() override {}
  void on_informational(ResponseHead&) override {}
  void on_response(ResponseHead&, bool) override {}
  bool done = false;
};

/// Both sides of our own codec: a call from request head to trailers, encode and decode of each.
void BM_RoundTrip(benchmark::State& state) {
  Owner owner;
  UnaryHandler handler;
  Http2Options options;
  MonoTime now;
  ServerConnection server(owner, handler, options, now);
  ClientConnection client(owner, options, now);
  auto carry = [&](Codec& from, Codec& to) {
    to.receive(from.output().front(), now);
    from.output().clear();
    from.output_drained(now);
  };
  for (int i = 0; i < 3; ++i) carry(client, server), carry(server, client);
  std::string message(30, 'm');
  for (auto _ : state) {
    Arena arena;
    Sink sink;
    RequestHead head(arena);
    head.method = "POST";
    head.method_id = Method::kPost;
    head.scheme = "http";
    head.path = kGrpcRequest[2].second;
    head.authority = kGrpcRequest[3].second;
    head.wants_trailers = true;
    for (size_t i = 6; i < kGrpcRequest.size(); ++i) {
      head.headers.add(std::string_view(kGrpcRequest[i].first), kGrpcRequest[i].second);
    }
    auto& stream = client.open(sink, arena);
    stream.send_request(head, false);
    stream.send_data(message, true);
    carry(client, server);
    carry(server, client);
    if (!sink.done) return state.SkipWithError("no response");
  }
}
BENCHMARK(BM_RoundTrip);

void BM_HuffmanDecode(benchmark::State& state) {
  std::string text = "Mozilla/5.0 (X11; Linux x86_64; rv:120.0) Gecko/20100101 Firefox/120.0";
  std::string encoded(huffman_encoded_size(text), '\0');
  huffman_encode(text, encoded.data());
  std::string out(huffman_decoded_bound(encoded.size()), '\0');
  for (auto _ : state) benchmark::DoNotOptimize(huffman_decode(encoded, out.data()));
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(text.size()));
}
BENCHMARK(BM_HuffmanDecode);

/// 16 KB DATA frames in, windows out.
void BM_Upload(benchmark::State& state) {
  Server server;
  UnaryHandler sink;
  ServerConnection codec(server.owner, sink, server.options, server.now);
  codec.receive(std::string(kClientPreface) + settings() + settings_ack() + headers(1, post(), false), server.now);
  std::string bytes = data(1, std::string(16384, 'x'));
  for (auto _ : state) {
    codec.receive(bytes, server.now);
    codec.output().clear();
    codec.output_drained(server.now);
  }
  if (codec.finished()) state.SkipWithError(std::string(codec.error()).c_str());
  state.SetBytesProcessed(state.iterations() * 16384);
}
BENCHMARK(BM_Upload);

}  // namespace
}  // namespace proa::http::h2::test
