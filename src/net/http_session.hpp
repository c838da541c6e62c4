#pragma once

#include "net/chunked.hpp"
#include "net/connection.hpp"
#include "net/header_guard.hpp"
#include "net/server.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace millrace::net {

/// HTTP/1.1 on one connection: one request at a time; what is pipelined behind it waits its turn.
class HttpSession final : public Session, public std::enable_shared_from_this<HttpSession> {
 public:
  explicit HttpSession(std::shared_ptr<Connection> connection);

  std::span<char> space() override;
  void received(std::size_t bytes) override;
  void ended() override;
  void drained() override;
  void on_deadline(Duration now) override;
  void stalled() override;
  void shut_down() override;
  void closed() override;

  // What a Responder asks for, on the connection's thread.
  void respond(Response response);
  /// `next`, or `ready` (told false when the client is gone) if the caller brings the pieces by piece().
  void respond_in_pieces(Response head, std::function<std::string()> next, std::function<void(bool)> ready);
  void piece(std::string bytes);
  void open_events(std::function<void(std::shared_ptr<Stream>)> opened);
  void open_websocket(const std::string& protocol, std::function<void(std::shared_ptr<Stream>)> opened);

  /// Lives on after the connection: for Responders that come too late.
  [[nodiscard]] const std::weak_ptr<NetThread>& thread() const { return thread_; }

 private:
  enum class State { head, body, handling, pieces };

  void advance();
  [[nodiscard]] bool read_next_head();
  [[nodiscard]] bool read_body();
  [[nodiscard]] bool begin(const Head& head);
  void hand_over();
  void refuse(const Refusal& refusal);
  void write_head(const Response& response, std::optional<std::uint64_t> length, bool chunked);
  [[nodiscard]] std::string_view unread() const { return {in_.data() + begin_, end_ - begin_}; }
  void answered();
  void finish_request();
  void set_body_deadline();
  void next_piece();
  [[nodiscard]] std::string take_unread();

  std::shared_ptr<Connection> connection_;
  std::weak_ptr<NetThread> thread_;
  State state_ = State::head;

  std::string in_;  // its size is its capacity for reading; [begin_, end_) is unread
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::size_t scanned_ = 0;
  bool first_request_ = true;
  bool peer_ended_ = false;

  // The request under way.
  Request request_;
  Framing framing_ = Framing::none;
  std::size_t body_length_ = 0;
  std::size_t body_size_ = 0;  // bytes of request_.body that have come; its size() is room to read into
  std::size_t direct_ = 0;     // room offered by space() inside request_.body, 0: in_
  std::optional<ChunkedDecoder> chunks_;
  Duration body_start_{0};
  std::string id_;
  std::string websocket_key_;
  bool head_only_ = false;
  bool keep_alive_ = true;
  int minor_version_ = 1;

  // The answer under way.
  bool in_flight_ = false;
  std::function<std::string()> next_piece_;
  std::function<void(bool)> piece_ready_;
  bool pieces_chunked_ = false;
};

/// The Responder of one request.
[[nodiscard]] ResponderPtr make_responder(std::shared_ptr<HttpSession> session);

}  // namespace millrace::net
