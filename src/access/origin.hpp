#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace millrace {

/// Where this server may be addressed.
struct Site {
  std::string listen_host = "127.0.0.1";  ///< As configured, for example "0.0.0.0".
  std::uint16_t port = 8080;              ///< In use.
  std::string public_url;                 ///< `server.public_url`: scheme://host[:port], or empty.
};

/// What a request says about where it comes from and goes to. A browser can't be made to lie about either.
struct Addressed {
  std::string_view host;       ///< Host header; empty: absent (HTTP/1.0).
  std::string_view origin;     ///< Origin header; empty: absent.
  bool changes_state = false;  ///< Anything but GET, HEAD, OPTIONS; and every upgrade to WebSocket.
};

enum class OriginVerdict {
  allowed,
  misdirected,  ///< 421: the Host is not one of ours (DNS rebinding).
  foreign,      ///< 403: a page of another origin wants to change something.
};

/// Host must be loopback, the listen address or public_url's host; Origin, if there is one, must be that same Host or
/// public_url when state is to be changed. An absent Host is allowed: no browser leaves it out.
[[nodiscard]] OriginVerdict judge_origin(const Site& site, const Addressed& request);

/// Whether a host (without port) is 127.0.0.0/8, [::1] or localhost (and *.localhost).
[[nodiscard]] bool is_loopback(std::string_view host);

}  // namespace millrace
