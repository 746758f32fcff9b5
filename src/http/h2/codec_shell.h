// Joins the connection core with the interface of a role: every Codec function is the core's.
#pragma once

#include "http/codec.h"
#include "http/h2/connection.h"

namespace proa::http::h2 {

/// Base is ServerCodec or ClientCodec.
template <class Base>
class CodecShell : public Base, public Connection {
 public:
  void receive(std::string_view bytes, MonoTime now) override { Connection::receive(bytes, now); }
  void resume(MonoTime now) override { Connection::resume(now); }
  bool has_stored_input() const override { return Connection::has_stored_input(); }
  void receive_end(bool failed, MonoTime now) override { Connection::receive_end(failed, now); }
  bool wants_input() const override { return !Connection::finished(); }
  Buffer& output() override { return Connection::output(); }
  void output_drained(MonoTime now) override { Connection::output_drained(now); }
  bool finished() const override { return Connection::finished(); }
  std::string_view error() const override { return Connection::error(); }
  size_t active_streams() const override { return Connection::active_streams(); }
  MonoTime next_deadline() const override { return Connection::next_deadline(); }
  void on_time(MonoTime now) override { Connection::on_time(now); }
  Version version() const override { return Version::kHttp2; }

 protected:
  using Connection::Connection;
};

/// Joins a stream's state with the interface of a role.
template <class Base, class Owner>
class StreamFace : public Base, public StreamState {
 public:
  explicit StreamFace(Owner& connection) : connection_(connection) {}
  void send_data(std::string_view data, bool end) override { connection_.send_data(*this, data, end); }
  void send_trailers(const HeaderList& trailers) override { connection_.send_trailers(*this, trailers); }
  void reset(ResetReason reason) override { connection_.reset(*this, reason); }
  void pause_reading(bool paused) override { connection_.pause_reading(*this, paused); }
  size_t buffered() const override { return connection_.buffered(*this); }
  bool writable() const override { return !above_watermark; }
  void count_bytes(StreamBytes& bytes) override {
    meter.start(bytes);
    meter.head_received(head_size);
  }

 protected:
  Owner& connection_;
};

}  // namespace proa::http::h2
