#include "net/event_stream.hpp"

#include "net/stream_base.hpp"

#include <utility>

namespace millrace::net {
namespace {

class EventStream final : public StreamBase, public std::enable_shared_from_this<EventStream> {
 public:
  explicit EventStream(const std::shared_ptr<Connection>& connection) : StreamBase(connection) {}

  void begin() {
    if (!connection_) return;
    sent();
    connection_->read();
    connection_->flush_soon();
  }

  void send(std::shared_ptr<const std::string> message, const std::string& id) override {
    if (over_ || !message) return;
    std::string head;
    if (!id.empty() && id.find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos) {
      head = "id: " + id + "\n";
    }
    if (message->find_first_of("\r\n") == std::string::npos) {
      connection_->write(head + "data: ");
      connection_->write(std::move(message));
      connection_->write("\n\n");
    } else {
      connection_->write(head + event_of_lines(*message));
    }
    sent();
    connection_->flush_soon();
  }

  void close(std::uint16_t /*code*/, std::string_view /*reason*/) override {
    if (over_) return;
    const auto connection = connection_;
    finish();
    connection->close();
  }

  std::span<char> space() override { return connection_->thread().waste; }
  void received(std::size_t /*bytes*/) override { connection_->read(); }
  void ended() override { connection_->drop(); }

  void on_deadline(Duration /*now*/) override {
    connection_->write(": \n\n");
    sent();
    connection_->flush();
  }

  void stalled() override { connection_->drop(); }
  void shut_down() override { close(1012, {}); }

 private:
  std::shared_ptr<StreamBase> self() override { return shared_from_this(); }
  void sent() {
    connection_->set_deadline(connection_->thread().now() + connection_->thread().shared.options.heartbeat);
  }
};

}  // namespace

std::string event_of_lines(std::string_view message) {
  std::string event;
  for (;;) {
    const std::size_t end = message.find_first_of("\r\n");
    event += "data: ";
    event += message.substr(0, end);
    event += '\n';
    if (end == std::string_view::npos) break;
    message.remove_prefix(message.substr(end).starts_with("\r\n") ? end + 2 : end + 1);
  }
  event += '\n';
  return event;
}

void open_event_stream(const std::shared_ptr<Connection>& connection,
                       const std::function<void(std::shared_ptr<Stream>)>& opened) {
  const auto session = std::make_shared<EventStream>(connection);
  connection->become(session);
  if (opened) opened(session);
  session->begin();
}

}  // namespace millrace::net
