#pragma once

#include "net/connection.hpp"
#include "net/server.hpp"

#include <functional>
#include <memory>
#include <utility>

namespace millrace::net {

/// What a WebSocket and an event stream have in common: callbacks, post, and the end.
class StreamBase : public Session, public Stream {
 public:
  explicit StreamBase(std::shared_ptr<Connection> connection);

  [[nodiscard]] bool idle() const override { return over_ || connection_->waiting() == 0; }
  void on_idle(std::function<void()> callback) override;
  void on_end(std::function<void()> callback) override;
  void on_message(std::function<void(std::string_view)> callback) override;
  void post(std::function<void()> work) override;

  void drained() override;
  void closed() override;

 protected:
  /// Nothing can be sent any more: tells on_end, once, and lets the callbacks go.
  void finish();
  [[nodiscard]] virtual std::shared_ptr<StreamBase> self() = 0;

  std::shared_ptr<Connection> connection_;  // null once it is gone
  bool over_ = false;                       // finish() has run
  std::function<void(std::string_view)> message_;

 private:
  std::weak_ptr<NetThread> thread_;
  std::shared_ptr<NetShared> shared_;
  std::function<void()> idle_;
  std::function<void()> end_;
};

}  // namespace millrace::net
