#include "access/origin.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

namespace millrace {
namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return out;
}

struct Authority {
  std::string host;  // lower case, without brackets or a final dot
  std::uint16_t port = 0;

  friend bool operator==(const Authority&, const Authority&) = default;
};

std::optional<Authority> read_authority(std::string_view text, std::uint16_t default_port) {
  Authority authority{"", default_port};
  std::string_view port;
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    authority.host = lower(text.substr(1, end - 1));
    text.remove_prefix(end + 1);
    if (!text.empty() && (text.front() != ':' || text.size() == 1)) return std::nullopt;
    if (!text.empty()) port = text.substr(1);
  } else {
    const std::size_t colon = text.find(':');
    authority.host = lower(text.substr(0, colon));
    if (authority.host.ends_with('.')) authority.host.pop_back();
    if (colon != std::string_view::npos) {
      port = text.substr(colon + 1);
      if (port.empty()) return std::nullopt;
    }
  }
  if (authority.host.empty()) return std::nullopt;
  if (!port.empty()) {
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), authority.port);
    if (error != std::errc{} || end != port.data() + port.size()) return std::nullopt;
  }
  return authority;
}

/// scheme://host[:port][/...]
std::optional<Authority> read_url(std::string_view url) {
  std::uint16_t port = 0;
  const std::string scheme = lower(url.substr(0, url.find("://")));
  if (scheme == "http") port = 80;
  if (scheme == "https") port = 443;
  if (port == 0) return std::nullopt;
  url.remove_prefix(scheme.size() + 3);
  return read_authority(url.substr(0, url.find('/')), port);
}

bool is_any_address(std::string_view host) { return host == "0.0.0.0" || host == "::" || host == "[::]"; }

bool is_address(std::string_view host) {
  const bool v4 = std::ranges::count(host, '.') == 3 && host.find_first_not_of("0123456789.") == std::string_view::npos;
  return v4 || (host.find(':') != std::string_view::npos &&
                host.find_first_not_of("0123456789abcdef:.") == std::string_view::npos);
}

}  // namespace

bool is_loopback(std::string_view text) {
  std::string host = lower(text);
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  if (host == "localhost" || host.ends_with(".localhost") || host == "::1") return true;
  return host.starts_with("127.") && is_address(host) && host.find(':') == std::string::npos;
}

OriginVerdict judge_origin(const Site& site, const Addressed& request) {
  const auto published = read_url(site.public_url);
  std::optional<Authority> host;
  if (!request.host.empty()) {
    host = read_authority(request.host, 0);
    if (!host) return OriginVerdict::misdirected;
    std::string listen = lower(site.listen_host);
    if (listen.starts_with('[') && listen.ends_with(']')) listen = listen.substr(1, listen.size() - 2);
    // Listening on every address, the listen address is any of them: a name can be rebound, an address can't.
    const bool ours = is_loopback(host->host) || host->host == listen || (published && host->host == published->host) ||
                      (is_any_address(listen) && is_address(host->host));
    if (!ours) return OriginVerdict::misdirected;
  }
  if (request.origin.empty() || !request.changes_state) return OriginVerdict::allowed;
  const auto origin = read_url(request.origin);
  if (!origin) return OriginVerdict::foreign;  // "null" among them
  if (published && *origin == *published &&
      lower(request.origin.substr(0, request.origin.find(':'))) ==
          lower(std::string_view(site.public_url).substr(0, site.public_url.find(':')))) {
    return OriginVerdict::allowed;
  }
  if (!host) return OriginVerdict::foreign;
  // A Host without a port means the port of the scheme, which only the origin tells here.
  if (host->port == 0) host->port = lower(request.origin).starts_with("https:") ? 443 : 80;
  return *origin == *host ? OriginVerdict::allowed : OriginVerdict::foreign;
}

}  // namespace millrace
