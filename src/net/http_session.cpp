#include "net/http_session.hpp"

#include "net/event_stream.hpp"
#include "net/response.hpp"
#include "net/target.hpp"
#include "net/websocket_session.hpp"

#include <algorithm>
#include <utility>

namespace millrace::net {
namespace {

constexpr std::size_t kSmallBuffer = 2048;
constexpr std::size_t kDirectRead = 16U << 10;    // from here on a chunk is read straight into the body's string
constexpr std::size_t kReserveAtOnce = 4U << 20;  // of an announced body; beyond, the string grows as bytes come

std::optional<Method> method_of(std::string_view text) {
  if (text == "GET") return Method::get;
  if (text == "POST") return Method::post;
  if (text == "HEAD") return Method::head;
  if (text == "PUT") return Method::put;
  if (text == "DELETE") return Method::del;
  if (text == "OPTIONS") return Method::options;
  return std::nullopt;
}

/// Methods that everybody knows and nothing here has: 405. Others: 501.
bool is_known_elsewhere(std::string_view text) { return text == "PATCH" || text == "TRACE" || text == "CONNECT"; }

bool is_sane_id(std::string_view id) {
  return !id.empty() && id.size() <= 64 && std::ranges::all_of(id, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_' ||
           c == '.';
  });
}

void resize_raw(std::string& text, std::size_t size) {
  text.resize_and_overwrite(size, [](char*, std::size_t n) { return n; });
}

HeadLimits head_limits(const ServerOptions& options) {
  return {options.header_limit, std::min<std::size_t>(8U << 10, options.header_limit), options.header_count};
}

}  // namespace

HttpSession::HttpSession(std::shared_ptr<Connection> connection)
    : connection_(std::move(connection)), thread_(connection_->thread().weak_from_this()), in_(kSmallBuffer, '\0') {
  connection_->set_deadline(connection_->thread().now() + connection_->thread().shared.options.header_timeout);
}

std::span<char> HttpSession::space() {
  direct_ = 0;
  if (state_ == State::body && begin_ == end_) {
    const std::size_t open = framing_ == Framing::length ? body_length_ - body_size_ : chunks_->open();
    if (framing_ == Framing::length || open >= kDirectRead) {
      // Announced but not yet come: room is made in steps, so that a header alone can't claim 32 MB.
      std::size_t room = request_.body.size() - body_size_;
      if (room == 0) {
        room = std::min(open, std::max(kReserveAtOnce, body_size_));
        resize_raw(request_.body, body_size_ + room);
      }
      direct_ = std::min(room, open);
      return {request_.body.data() + body_size_, direct_};
    }
  }
  if (begin_ == end_) begin_ = end_ = scanned_ = 0;
  if (end_ == in_.size() && begin_ > 0) {
    std::copy(in_.begin() + static_cast<std::ptrdiff_t>(begin_), in_.begin() + static_cast<std::ptrdiff_t>(end_),
              in_.begin());
    end_ -= begin_;
    begin_ = 0;
  }
  const std::size_t wish = state_ == State::body ? 4 * kDirectRead : in_.size() * 2;
  if (end_ == in_.size() || (state_ == State::body && in_.size() < wish)) in_.resize(wish);
  return {in_.data() + end_, in_.size() - end_};
}

void HttpSession::received(std::size_t bytes) {
  if (state_ == State::body) connection_->thread().shared.figures.body_bytes.add(static_cast<double>(bytes));
  if (direct_ > 0) {
    body_size_ += bytes;
    if (framing_ == Framing::chunked) chunks_->took(bytes);
  } else {
    end_ += bytes;
  }
  advance();
}

void HttpSession::ended() {
  // In the middle of a request or between two: either way there is nobody to answer to.
  peer_ended_ = true;
  if (state_ == State::head || state_ == State::body) connection_->drop();
}

void HttpSession::drained() {
  switch (state_) {
    case State::head: return advance();
    case State::pieces: return next_piece();
    case State::body:
    case State::handling: return;
  }
}

void HttpSession::advance() {
  if (!connection_) return;
  if (state_ == State::head && !read_next_head()) return;
  if (state_ == State::body && !read_body()) return;
}

bool HttpSession::read_next_head() {
  auto& thread = connection_->thread();
  // RFC 9112, 2.2: an empty line or two before a request are forgiven.
  for (int i = 0; i < 2 && unread().starts_with("\r\n"); ++i) begin_ += 2;
  const auto limits = head_limits(thread.shared.options);
  const auto size = find_head(unread(), limits, scanned_);
  if (!size) {
    refuse(size.error());
    return false;
  }
  if (*size == 0) {
    if (thread.shared.stopping && unread().empty()) {
      connection_->close();
      return false;
    }
    if (unread().empty() && !first_request_) {
      if (in_.size() > kSmallBuffer) {
        in_.resize(kSmallBuffer);
        in_.shrink_to_fit();
        begin_ = end_ = 0;
      }
      connection_->set_deadline(thread.now() + thread.shared.options.idle_timeout);
    } else if (scanned_ == 0 && !first_request_) {
      connection_->set_deadline(thread.now() + thread.shared.options.header_timeout);
    }
    scanned_ = unread().size();
    connection_->read();
    return false;
  }
  const std::string_view block = unread().substr(0, *size);
  const auto head = read_head(block, limits);
  scanned_ = 0;
  first_request_ = false;
  begin_ += *size;
  if (!head) {
    refuse(head.error());
    return false;
  }
  return begin(*head);
}

bool HttpSession::begin(const Head& head) {
  auto& thread = connection_->thread();
  const auto& options = thread.shared.options;
  request_ = Request{};
  minor_version_ = head.minor_version;
  keep_alive_ = head.keep_alive;
  head_only_ = head.method == "HEAD";
  const std::string_view asked_id = head.header("x-request-id");
  id_ = is_sane_id(asked_id) ? std::string(asked_id) : thread.new_request_id();

  const auto method = method_of(head.method);
  if (!method) {
    if (is_known_elsewhere(head.method)) {
      refuse({405, "method_not_allowed", "The methods here are GET, HEAD, POST, PUT, DELETE and OPTIONS."});
    } else {
      refuse({501, "unknown_method", "The method is not known; GET, HEAD, POST, PUT, DELETE and OPTIONS are."});
    }
    return false;
  }
  auto target = read_target(head.target);
  if (!target) {
    refuse(target.error());
    return false;
  }
  if (target->path == "*" && *method != Method::options) {
    refuse({400, "bad_target", "The target * is for OPTIONS only."});
    return false;
  }
  const auto too_large = [&] {
    refuse({413, "body_too_large", "The body is larger than " + std::to_string(options.body_limit) + " bytes."});
    return false;
  };
  if (head.framing == Framing::length && head.length > options.body_limit) return too_large();

  request_.method = *method;
  request_.path = std::move(target->path);
  request_.query = std::move(target->query);
  request_.remote = connection_->remote();
  request_.id = id_;
  request_.headers.reserve(head.headers.size());
  for (const auto& [name, value] : head.headers) {
    std::string lower(name);
    for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    // RFC 9112, 3.2.2: the host of an absolute-form target stands in for the header's.
    const bool replaced = !target->authority.empty() && lower == "host";
    request_.headers.emplace_back(std::move(lower), replaced ? target->authority : std::string(value));
  }
  if (head.upgrades_to_websocket) {
    websocket_key_ = std::string(head.header("sec-websocket-key"));
    if (head.header("sec-websocket-version") != "13") {
      Response response = error_response(426, "websocket_version", "The only WebSocket version spoken here is 13.");
      response.headers.emplace_back("Sec-WebSocket-Version", "13");
      keep_alive_ = false;
      state_ = State::handling;
      respond(std::move(response));
      return false;
    }
    if (!is_websocket_key(websocket_key_)) {
      refuse({400, "websocket_key", "Sec-WebSocket-Key must be 16 bytes in base64."});
      return false;
    }
    request_.websocket = true;
  }

  framing_ = head.framing;
  body_length_ = static_cast<std::size_t>(head.length);
  body_size_ = 0;
  chunks_.reset();
  if (framing_ == Framing::chunked) chunks_.emplace(options.body_limit);
  if (framing_ == Framing::length && body_length_ == 0) framing_ = Framing::none;
  state_ = State::body;
  if (framing_ != Framing::none) {
    body_start_ = thread.now();
    set_body_deadline();
    if (head.expects_continue && unread().empty()) {
      connection_->write("HTTP/1.1 100 Continue\r\n\r\n");
      connection_->flush();
      if (!connection_) return false;
    }
  }
  return true;
}

void HttpSession::set_body_deadline() {
  const auto& options = connection_->thread().shared.options;
  const auto earned = body_size_ * 1000 / std::max<std::size_t>(options.body_rate, 1);
  connection_->set_deadline(body_start_ + options.body_grace + Duration{static_cast<Duration::rep>(earned)});
}

bool HttpSession::read_body() {
  bool done = true;
  if (framing_ == Framing::length) {
    const std::size_t size = std::min(unread().size(), body_length_ - body_size_);
    if (size > 0) {
      const std::string_view bytes = unread().substr(0, size);
      if (request_.body.size() < body_size_ + size) {
        resize_raw(request_.body, std::max(body_size_ + size, std::min(body_length_, kReserveAtOnce)));
      }
      std::ranges::copy(bytes, request_.body.begin() + static_cast<std::ptrdiff_t>(body_size_));
      body_size_ += size;
      begin_ += size;
    }
    done = body_size_ == body_length_;
  } else if (framing_ == Framing::chunked) {
    request_.body.resize(body_size_);
    const auto taken = chunks_->feed(unread(), request_.body);
    if (!taken) {
      refuse(taken.error());
      return false;
    }
    begin_ += *taken;
    body_size_ = request_.body.size();
    done = chunks_->done();
  }
  if (!done) {
    set_body_deadline();
    connection_->read();
    return false;
  }
  request_.body.resize(body_size_);
  hand_over();
  return true;
}

void HttpSession::hand_over() {
  auto& thread = connection_->thread();
  connection_->set_deadline(Connection::kNever);
  state_ = State::handling;
  if (request_.path == "*") {
    Response response;
    response.status = 204;
    response.headers.emplace_back("Allow", "GET, HEAD, POST, PUT, DELETE, OPTIONS");
    return respond(std::move(response));
  }
  if (thread.in_flight >= thread.shared.options.in_flight) {
    Response response = error_response(503, "overloaded", "Too many requests are being answered; try again.");
    response.headers.emplace_back("Retry-After", "1");
    return respond(std::move(response));
  }
  ++thread.in_flight;
  in_flight_ = true;
  thread.shared.handler(std::move(request_), make_responder(shared_from_this()), thread.index);
}

void HttpSession::refuse(const Refusal& refusal) {
  if (id_.empty()) id_ = connection_->thread().new_request_id();
  keep_alive_ = false;
  state_ = State::handling;
  Response response = error_response(refusal.status, refusal.code, refusal.message);
  if (refusal.status == 405) response.headers.emplace_back("Allow", "GET, HEAD, POST, PUT, DELETE, OPTIONS");
  respond(std::move(response));
}

void HttpSession::write_head(const Response& response, std::optional<std::uint64_t> length, bool chunked) {
  auto& thread = connection_->thread();
  const auto family = static_cast<std::size_t>(response.status / 100);
  thread.shared.figures.responses[family < 6 ? family : 0]->add();
  if (thread.shared.stopping) keep_alive_ = false;
  HeadFacts facts;
  facts.request_id = id_;
  facts.date = thread.date();
  facts.keep_alive = keep_alive_;
  facts.say_keep_alive = minor_version_ == 0;
  facts.chunked = chunked;
  facts.length = length;
  connection_->write(render_head(response, facts));
}

void HttpSession::answered() {
  if (!in_flight_) return;
  in_flight_ = false;
  --connection_->thread().in_flight;
}

void HttpSession::respond(Response response) {
  if (!connection_ || state_ != State::handling) return;
  answered();
  const bool bodiless = response.status < 200 || response.status == 204 || response.status == 304;
  const std::size_t length = response.shared_body ? response.shared_body->size() : response.body.size();
  write_head(response, bodiless ? std::nullopt : std::optional<std::uint64_t>(length), false);
  if (!bodiless && !head_only_) {
    if (response.shared_body) {
      connection_->write(std::move(response.shared_body));
    } else {
      connection_->write(std::move(response.body));
    }
  }
  finish_request();
}

void HttpSession::finish_request() {
  head_only_ = false;
  id_.clear();
  if (!keep_alive_) {
    connection_->close();
    return;
  }
  state_ = State::head;  // drained() goes on from here
  connection_->flush();
}

void HttpSession::respond_in_pieces(Response head, std::function<std::string()> next, std::function<void(bool)> ready) {
  if (!connection_ || state_ != State::handling) {
    if (ready) ready(false);
    return;
  }
  answered();
  pieces_chunked_ = minor_version_ == 1;
  if (!pieces_chunked_) keep_alive_ = false;  // HTTP/1.0: the end of the connection is the end of the body
  write_head(head, std::nullopt, pieces_chunked_);
  if (head_only_) {
    finish_request();
    if (ready) ready(false);
    return;
  }
  next_piece_ = std::move(next);
  piece_ready_ = std::move(ready);
  state_ = State::pieces;
  connection_->flush();
}

void HttpSession::next_piece() {
  if (piece_ready_) return piece_ready_(true);
  if (!next_piece_) return;
  const auto next = std::exchange(next_piece_, nullptr);
  std::string bytes = next();
  next_piece_ = next;
  piece(std::move(bytes));
}

void HttpSession::piece(std::string bytes) {
  if (!connection_ || state_ != State::pieces) return;
  if (bytes.empty()) {
    if (pieces_chunked_) connection_->write("0\r\n\r\n");
    next_piece_ = nullptr;
    piece_ready_ = nullptr;
    return finish_request();
  }
  if (pieces_chunked_) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string line = "\r\n";
    for (std::size_t size = bytes.size(); size > 0; size >>= 4) line.insert(line.begin(), digits[size & 15]);
    connection_->write(std::move(line));
    connection_->write(std::move(bytes));
    connection_->write("\r\n");
  } else {
    connection_->write(std::move(bytes));
  }
  connection_->flush_soon();  // not at once: a fast reader must not keep the thread for itself
}

std::string HttpSession::take_unread() {
  std::string rest(unread());
  in_ = {};
  begin_ = end_ = 0;
  return rest;
}

void HttpSession::open_events(std::function<void(std::shared_ptr<Stream>)> opened) {
  if (!connection_ || state_ != State::handling) return;
  answered();
  Response head;
  head.content_type = "text/event-stream";
  head.headers.emplace_back("Cache-Control", "no-store");
  head.headers.emplace_back("X-Accel-Buffering", "no");
  keep_alive_ = false;  // its end is the connection's end
  write_head(head, std::nullopt, false);
  if (head_only_) return connection_->close();
  const auto connection = std::exchange(connection_, nullptr);
  (void)take_unread();
  open_event_stream(connection, opened);
}

void HttpSession::open_websocket(const std::string& protocol, std::function<void(std::shared_ptr<Stream>)> opened) {
  if (!connection_ || state_ != State::handling) return;
  if (websocket_key_.empty()) {
    return respond(error_response(400, "not_an_upgrade", "This address speaks WebSocket; the request is no upgrade."));
  }
  answered();
  auto& thread = connection_->thread();
  thread.shared.figures.responses[1]->add();
  std::string head = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n";
  head += "Sec-WebSocket-Accept: " + websocket_accept(websocket_key_) + "\r\n";
  if (!protocol.empty()) head += "Sec-WebSocket-Protocol: " + protocol + "\r\n";
  head += "X-Request-Id: " + id_ + "\r\n\r\n";
  connection_->write(std::move(head));
  const auto connection = std::exchange(connection_, nullptr);
  open_websocket_session(connection, take_unread(), opened);
}

void HttpSession::on_deadline(Duration /*now*/) {
  if (state_ == State::head && unread().empty()) return connection_->drop();
  if (state_ == State::head) return refuse({408, "header_timeout", "The header block did not come in time."});
  if (state_ == State::body) return refuse({408, "body_timeout", "The body came too slowly."});
}

void HttpSession::stalled() { connection_->drop(); }

void HttpSession::shut_down() {
  // A request that has begun is still answered; an idle connection goes.
  if (state_ == State::head && unread().empty()) connection_->drop();
}

void HttpSession::closed() {
  answered();
  connection_.reset();
  next_piece_ = nullptr;
  if (const auto ready = std::exchange(piece_ready_, nullptr)) ready(false);
}

}  // namespace millrace::net
