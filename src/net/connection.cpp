#include "net/connection.hpp"

#include <algorithm>
#include <utility>

namespace millrace::net {
namespace {

constexpr std::size_t kBuffersAtOnce = 64;  // what Asio hands to one writev
constexpr Duration kLinger{2'000};

}  // namespace

Connection::Connection(NetThread& thread, std::unique_ptr<Transport> transport, std::string remote)
    : thread_(thread), transport_(std::move(transport)), remote_(std::move(remote)) {}

void Connection::start(std::shared_ptr<Session> session) {
  session_ = std::move(session);
  own_deadline_ = thread_.now() + thread_.shared.options.header_timeout;
  transport_->handshake([self = shared_from_this(), transport = transport_](error_code error, std::size_t) {
    if (!self->open()) return;
    if (error) return self->drop();
    self->started_ = true;
    self->own_deadline_ = kNever;
    self->session_->drained();
  });
}

void Connection::become(std::shared_ptr<Session> session) {
  // The old session may be the caller: it goes when the caller has returned.
  asio::post(thread_.io, [old = std::move(session_)] {});
  session_ = std::move(session);
  session_deadline_ = kNever;
}

void Connection::read() {
  if (!open() || reading_ || closing_) return;
  reading_ = true;
  transport_->read(session_->space(), [self = shared_from_this(), session = session_, transport = transport_](
                                          error_code error, std::size_t size) {
    self->reading_ = false;
    if (!self->open()) return;
    if (self->goodbye_) return error ? self->drop() : self->discard();
    if (self->closing_) return;
    if (error == asio::error::eof) return session->ended();
    if (error) return self->drop();
    session->received(size);
  });
}

void Connection::write(std::string bytes) {
  if (!open() || bytes.empty()) return;
  if (waiting_ == 0) own_deadline_ = thread_.now() + thread_.shared.options.stall_timeout;
  waiting_ += bytes.size();
  queue_.push_back({std::move(bytes), nullptr});
}

void Connection::write(std::shared_ptr<const std::string> bytes) {
  if (!open() || !bytes || bytes->empty()) return;
  if (waiting_ == 0) own_deadline_ = thread_.now() + thread_.shared.options.stall_timeout;
  waiting_ += bytes->size();
  queue_.push_back({{}, std::move(bytes)});
}

std::vector<asio::const_buffer> Connection::gather() const {
  std::vector<asio::const_buffer> buffers;
  const std::size_t count = std::min(queue_.size() - front_, kBuffersAtOnce);
  buffers.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    std::string_view bytes = queue_[front_ + i].bytes();
    if (i == 0) bytes.remove_prefix(offset_);
    buffers.emplace_back(bytes.data(), bytes.size());
  }
  return buffers;
}

void Connection::advance(std::size_t bytes) {
  if (bytes == 0) return;
  own_deadline_ = thread_.now() + thread_.shared.options.stall_timeout;
  waiting_ -= bytes;
  while (bytes > 0) {
    const std::size_t left = queue_[front_].bytes().size() - offset_;
    if (bytes < left) {
      offset_ += bytes;
      return;
    }
    bytes -= left;
    offset_ = 0;
    queue_[front_] = {};
    ++front_;
  }
  if (front_ == queue_.size()) {
    queue_.clear();
    front_ = 0;
  }
}

void Connection::flush() {
  while (open() && !writing_ && waiting_ > 0) {
    error_code error;
    const auto buffers = gather();
    const std::size_t size = transport_->try_write(buffers, error);
    if (error) return drop();
    if (size == 0) return wait_to_write();
    advance(size);
  }
  if (open() && waiting_ == 0 && !writing_) on_empty();
}

void Connection::wait_to_write() {
  writing_ = true;
  const auto buffers = gather();
  in_write_ = buffers.size();
  transport_->write(buffers, [self = shared_from_this(), session = session_, transport = transport_](error_code error,
                                                                                                     std::size_t size) {
    self->writing_ = false;
    if (!self->open()) return;
    if (error) return self->drop();
    self->advance(size);
    self->flush();
  });
}

void Connection::flush_soon() {
  if (flush_posted_ || !open()) return;
  flush_posted_ = true;
  asio::post(thread_.io, [self = shared_from_this()] {
    self->flush_posted_ = false;
    if (self->open()) self->flush();
  });
}

void Connection::on_empty() {
  own_deadline_ = kNever;
  if (closing_) return say_goodbye();
  // A drained session may answer the next request at once and so drain again: a loop, not a recursion.
  if (in_drained_) {
    drained_again_ = true;
    return;
  }
  const auto self = shared_from_this();
  in_drained_ = true;
  do {
    drained_again_ = false;
    const auto session = session_;
    session->drained();
  } while (drained_again_ && open());
  in_drained_ = false;
}

void Connection::forget_queued() {
  const std::size_t keep = front_ + std::max<std::size_t>(offset_ > 0 ? 1 : 0, writing_ ? in_write_ : 0);
  while (queue_.size() > keep) {
    waiting_ -= queue_.back().bytes().size();
    queue_.pop_back();
  }
}

void Connection::close(Duration within) {
  if (closing_ || !open()) return;
  closing_ = true;
  session_deadline_ = kNever;
  own_deadline_ = thread_.now() + within;
  flush();
}

void Connection::say_goodbye() {
  if (goodbye_) return;
  goodbye_ = true;
  own_deadline_ = thread_.now() + kLinger;
  transport_->shut_down([self = shared_from_this(), transport = transport_](error_code error, std::size_t) {
    if (!self->open()) return;
    if (error) return self->drop();
    if (!self->reading_) self->discard();
  });
}

void Connection::discard() {
  reading_ = true;
  transport_->read(thread_.waste, [self = shared_from_this(), transport = transport_](error_code error, std::size_t) {
    self->reading_ = false;
    if (!self->open()) return;
    if (error) return self->drop();
    self->discard();
  });
}

void Connection::drop() {
  if (!open()) return;
  const auto self = shared_from_this();
  transport_->close();
  transport_.reset();
  queue_.clear();
  waiting_ = 0;
  front_ = 0;
  thread_.remove(self);
  if (const auto session = std::exchange(session_, nullptr)) session->closed();
}

void Connection::on_deadline(Duration now) {
  if (!open()) return;
  if (own_deadline_ <= now) {
    own_deadline_ = kNever;
    if (!started_ || closing_) return drop();
    session_->stalled();
    return;
  }
  if (session_deadline_ <= now) {
    session_deadline_ = kNever;
    session_->on_deadline(now);
  }
}

void Connection::shut_down() {
  if (!open() || closing_) return;
  if (!started_) return drop();
  session_->shut_down();
}

}  // namespace millrace::net
