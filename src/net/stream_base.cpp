#include "net/stream_base.hpp"

namespace millrace::net {

StreamBase::StreamBase(std::shared_ptr<Connection> connection)
    : connection_(std::move(connection)),
      thread_(connection_->thread().weak_from_this()),
      shared_(connection_->thread().kept) {
  shared_->figures.streams.set(static_cast<double>(shared_->streams.fetch_add(1) + 1));
}

void StreamBase::on_idle(std::function<void()> callback) {
  if (!over_) idle_ = std::move(callback);
}

void StreamBase::on_end(std::function<void()> callback) {
  if (over_) {
    if (callback) callback();
    return;
  }
  end_ = std::move(callback);
}

void StreamBase::on_message(std::function<void(std::string_view)> callback) {
  if (!over_) message_ = std::move(callback);
}

void StreamBase::post(std::function<void()> work) {
  const auto thread = thread_.lock();
  if (!thread) return;
  asio::post(thread->io, [stream = self(), work = std::move(work)] {
    if (!stream->over_) work();
  });
}

void StreamBase::drained() {
  if (over_ || !idle_) return;
  const auto callback = idle_;  // it may set another
  callback();
}

void StreamBase::finish() {
  if (over_) return;
  over_ = true;
  shared_->figures.streams.set(static_cast<double>(shared_->streams.fetch_sub(1) - 1));
  const auto end = std::exchange(end_, nullptr);
  const auto idle = std::exchange(idle_, nullptr);
  const auto message = std::exchange(message_, nullptr);
  if (end) end();
}

void StreamBase::closed() {
  finish();
  connection_.reset();
}

}  // namespace millrace::net
