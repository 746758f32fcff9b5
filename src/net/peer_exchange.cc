#include "net/peer_exchange.h"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/proto_reader.h"
#include "net/byte_reader.h"
#include "net/mesh_peer.h"

namespace proa::net {
namespace {

constexpr uint32_t kMagic = 0x3D230467;
constexpr size_t kHeaderSize = 8;
constexpr size_t kMostBody = 64 * 1024;  // a node's labels; who sends more means no good

void append_u32(std::string& out, uint32_t number) {
  for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<char>(number >> shift));
}

/// Any { 2: Struct { "x-envoy-peer-metadata": Struct, "x-envoy-peer-metadata-id": text } }
std::shared_ptr<const MeshPeer> read_message(std::string_view any, const std::vector<std::string>& labels) {
  std::optional<MeshPeer> peer;
  std::string id;
  ProtoReader outer(any);
  while (outer.next()) {
    if (!outer.is_bytes(2)) continue;
    ProtoReader entries(outer.bytes());
    while (entries.next()) {
      if (!entries.is_bytes(1)) continue;
      std::string_view name, value;
      ProtoReader entry(entries.bytes());
      while (entry.next()) {
        if (entry.is_bytes(1)) name = entry.bytes();
        if (entry.is_bytes(2)) value = entry.bytes();
      }
      ProtoReader of_value(value);
      while (of_value.next()) {
        if (name == "x-envoy-peer-metadata" && of_value.is_bytes(5)) peer = read_mesh_peer(of_value.bytes(), labels);
        if (name == "x-envoy-peer-metadata-id" && of_value.is_bytes(3)) id = of_value.bytes();
      }
    }
  }
  if (!peer) return nullptr;
  peer->id = id;
  return std::make_shared<const MeshPeer>(std::move(*peer));
}

}  // namespace

std::string frame_peer_message(std::string_view any) {
  std::string out;
  append_u32(out, kMagic);
  append_u32(out, static_cast<uint32_t>(any.size()));
  return out.append(any);
}

PeerExchange::PeerExchange(std::unique_ptr<Transport> inner, std::shared_ptr<const PeerExchangeSpec> spec,
                           bool connected)
    : Transport(inner->shared_info()), inner_(std::move(inner)), spec_(std::move(spec)) {
  inner_->observe(this);
  if (connected) begin();
}

PeerExchange::~PeerExchange() {
  inner_->observe(nullptr);
  inner_->close();
}

void PeerExchange::begin() {
  if (!info_->tls || info_->tls->alpn != spec_->protocol) return;
  info_->mesh_exchange_pending = true;
  state_ = State::kHeader;
  wanted_ = kHeaderSize;
  unsent_ = spec_->message.size();
  send();
}

bool PeerExchange::send() {
  while (unsent_ > 0) {
    const std::string& message = spec_->message;
    iovec piece{const_cast<char*>(message.data()) + (message.size() - unsent_), unsent_};
    const IoResult result = inner_->writev({&piece, 1});
    if (!result.ok()) return false;
    unsent_ -= result.bytes;
  }
  if (std::exchange(ends_, false)) inner_->shutdown_write();
  return true;
}

IoResult PeerExchange::writev(std::span<const iovec> pieces) {
  if (!send()) return {.state = IoResult::State::kBlocked};
  return inner_->writev(pieces);
}

void PeerExchange::shutdown_write() {
  if (unsent_ > 0) {
    ends_ = true;
  } else {
    inner_->shutdown_write();
  }
}

IoResult PeerExchange::read(char* to, size_t size) {
  if (state_ != State::kDone) {
    if (IoResult result = receive(); !result.ok()) return result;
  }
  if (held_.empty()) return inner_->read(to, size);
  const size_t taken = std::min(size, held_.size());
  std::memcpy(to, held_.data(), taken);
  held_.erase(0, taken);
  return {.bytes = taken, .drained = false};
}

IoResult PeerExchange::receive() {
  while (state_ != State::kDone) {
    if (held_.size() == wanted_) {
      finish();
      continue;
    }
    const size_t have = held_.size();
    held_.resize(wanted_);
    const IoResult result = inner_->read(held_.data() + have, wanted_ - have);
    held_.resize(have + (result.ok() ? result.bytes : 0));
    if (result.state == IoResult::State::kBlocked) return result;
    if (result.ok()) continue;
    // The peer has ended inside its message: what it sent so far is not the application's.
    info_->mesh_exchange_pending = false;
    return result;
  }
  return {};
}

bool PeerExchange::header_is_magic() const { return ByteReader(held_).u32() == kMagic; }

void PeerExchange::finish() {
  if (state_ == State::kHeader && header_is_magic()) {
    ByteReader header(held_);
    header.u32();
    wanted_ = header.u32();
    held_.clear();
    if (wanted_ <= kMostBody) {
      state_ = State::kBody;
      return;
    }
    inner_->close(true);
  } else if (state_ == State::kBody) {
    info_->mesh_peer = read_message(held_, spec_->labels);
    held_.clear();
  }
  // Otherwise it speaks of something else, as Istio takes it: the bytes are the application's.
  held_.shrink_to_fit();
  state_ = State::kDone;
  info_->mesh_exchange_pending = false;
}

void PeerExchange::on_connected() {
  begin();
  if (observer_) observer_->on_connected();
}

void PeerExchange::on_connect_failed(std::string reason) {
  if (observer_) observer_->on_connect_failed(std::move(reason));
}

void PeerExchange::on_readable() {
  if (observer_) observer_->on_readable();
}

void PeerExchange::on_writable() {
  if (send() && observer_) observer_->on_writable();
}

void PeerExchange::on_hangup() {
  if (observer_) observer_->on_hangup();
}

}  // namespace proa::net
