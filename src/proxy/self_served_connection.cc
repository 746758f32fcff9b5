#include "proxy/self_served_connection.h"

#include <utility>

#include "http/codec_pump.h"
#include "proxy/listener.h"

namespace proa::proxy {

using net::IoResult;
using net::Timer;

namespace {

// After the answer the client may close first, so that unread bytes of it do not turn our close into a reset which
// takes the answer away. A second is Envoy's delayed_close_timeout.
constexpr Milliseconds kLinger{1'000};

}  // namespace

void SelfServedConnection::start(Listener& listener, std::unique_ptr<net::Transport> transport,
                                 std::shared_ptr<const FilterChain> chain, ConnectionTickets ticket) {
  auto* connection = new SelfServedConnection(listener, std::move(transport), std::move(chain), std::move(ticket));
  connection->pump();
}

SelfServedConnection::SelfServedConnection(Listener& listener, std::unique_ptr<net::Transport> transport,
                                           std::shared_ptr<const FilterChain> chain, ConnectionTickets ticket)
    : listener_(listener),
      loop_(transport->loop()),
      chain_(std::move(chain)),
      ticket_(std::move(ticket)),
      transport_(std::move(transport)),
      started_(loop_.now()),
      linger_(Timer::of<&SelfServedConnection::close>(this)) {
  transport_->observe(this);
  if (chain_->self_served->echo) {
    pipe_.emplace(*transport_, chain_->self_served->buffer_limit);
    pipe_->set_sink(*transport_);
  }
  listener_.self_served().push_back(*this);
}

void SelfServedConnection::pump() {
  if (closed_) return;
  pipe_ ? echo() : answer();
}

void SelfServedConnection::echo() {
  pipe_->pump();
  if (pipe_->state() != BytePipe::State::kOpen) return close();
  if (pipe_->unfinished()) loop_.end_of_turn(*this);
}

void SelfServedConnection::answer() {
  const std::string& answer = chain_->self_served->answer;
  while (sent_ < answer.size()) {
    iovec piece{const_cast<char*>(answer.data()) + sent_, answer.size() - sent_};
    IoResult result = transport_->writev({&piece, 1});
    if (result.state == IoResult::State::kBlocked) return;
    if (!result.ok()) return close();
    sent_ += result.bytes;
  }
  if (!std::exchange(told_end_, true)) {
    transport_->shutdown_write();
    linger_.start(loop_, kLinger);
  }
  await_end();
}

/// What the client still sends is thrown away.
void SelfServedConnection::await_end() {
  std::span<char> scratch = http::read_scratch();
  IoResult result = transport_->read(scratch.data(), scratch.size());
  if (result.state == IoResult::State::kBlocked) return;
  if (!result.ok()) return close();
  if (!result.drained) loop_.end_of_turn(*this);
}

void SelfServedConnection::close() {
  if (std::exchange(closed_, true)) return;
  linger_.stop();
  transport_->close();
  ListLink<>::unlink();
  for (const auto& filter : chain_->filters) filter->on_close();
  listener_.served_connection_closed(started_);
  loop_.defer_delete(std::unique_ptr<net::Deferred>(this));
}

}  // namespace proa::proxy
