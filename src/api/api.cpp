#include "api/api.hpp"

#include "api/events.hpp"
#include "api/query_pool.hpp"

#include <fmt/format.h>

#include <utility>

namespace millrace {
namespace {

/// The rest after the pattern's prefix, if the path fits.
std::optional<std::string> match(std::string_view pattern, std::string_view path) {
  if (pattern.ends_with("/**")) {
    const std::string_view prefix = pattern.substr(0, pattern.size() - 2);
    return path.starts_with(prefix) ? std::optional<std::string>(path.substr(prefix.size())) : std::nullopt;
  }
  if (pattern.ends_with("/*")) {
    const std::string_view prefix = pattern.substr(0, pattern.size() - 1);
    if (!path.starts_with(prefix) || path.size() == prefix.size()) return std::nullopt;
    return std::string(path.substr(prefix.size()));
  }
  return pattern == path ? std::optional<std::string>("") : std::nullopt;
}

std::string_view method_name(net::Method method) {
  switch (method) {
    case net::Method::get: return "GET";
    case net::Method::head: return "HEAD";
    case net::Method::post: return "POST";
    case net::Method::put: return "PUT";
    case net::Method::del: return "DELETE";
    case net::Method::options: return "OPTIONS";
  }
  return "";
}

}  // namespace

net::Response to_response(const Error& error) {
  int status = 500;
  bool waiting_helps = false;
  switch (error.code) {
    case ErrorCode::invalid_argument: status = 400; break;
    case ErrorCode::not_found: status = 404; break;
    case ErrorCode::conflict: status = 409; break;
    case ErrorCode::too_large: status = 400; break;
    case ErrorCode::unsupported_version: status = 400; break;
    case ErrorCode::exhausted:
      status = 429;
      waiting_helps = true;
      break;
    case ErrorCode::fenced:
    case ErrorCode::unavailable:
    case ErrorCode::no_space:
    case ErrorCode::io:
    case ErrorCode::deadline:
      status = 503;
      waiting_helps = true;
      break;
    case ErrorCode::corrupt: break;
  }
  net::Response response = net::error_response(status, name(error.code), error.message);
  if (waiting_helps) response.headers.emplace_back("Retry-After", "1");
  return response;
}

Api::Api(ApiParts parts, ApiOptions options)
    : parts_(parts),
      options_(std::move(options)),
      ingest_(std::make_unique<Ingest>(parts_, options_)),
      pool_(std::make_unique<QueryPool>(options_.query_threads, options_.queries)) {
  add_event_routes();
  add_query_routes();
  add_export_routes();
  add_metric_info_routes();
  add_stream_routes();
  add_status_routes();
  add_page_routes();  // last: it takes every path that is left
}

Api::~Api() = default;

void Api::add(net::Method method, std::string path, Scope scope, std::function<void(Call)> run) {
  routes_.push_back({method, std::move(path), scope, std::move(run)});
}

void Api::on_pool(Call call, std::function<net::Response(const net::Request&, const std::string& rest)> work) {
  auto responder = std::make_shared<net::ResponderPtr>(std::move(call.responder));
  std::move_only_function<void()> job = [responder, work = std::move(work), request = std::move(call.request),
                                         rest = std::move(call.rest)] { (*responder)->send(work(request, rest)); };
  if (pool_->submit(job)) return;
  (*responder)
      ->send(to_response({ErrorCode::exhausted,
                          fmt::format("{} queries are waiting or running; try again in a second", options_.queries)}));
}

std::optional<net::Response> Api::refuse_site(const net::Request& request) const {
  const bool reads = request.method == net::Method::get || request.method == net::Method::head ||
                     request.method == net::Method::options;
  const Addressed addressed{request.header("host"), request.header("origin"), !reads || request.websocket};
  switch (judge_origin(options_.site, addressed)) {
    case OriginVerdict::allowed: return std::nullopt;
    case OriginVerdict::misdirected:
      return net::error_response(
          421, "misdirected_request",
          "the Host header names another server: use the listen address, or set server.public_url");
    case OriginVerdict::foreign: break;
  }
  return net::error_response(
      403, "forbidden_origin",
      "a page of another origin may not do this: its Origin must equal Host or server.public_url");
}

std::optional<net::Response> Api::refuse_caller(const net::Request& request, Scope needed) const {
  static constexpr std::string_view bearer = "Bearer ";
  Presented presented;
  if (const std::string_view header = request.header("authorization"); !header.empty()) {
    presented.given = true;
    if (header.starts_with(bearer)) presented.scope = parts_.tokens.check(header.substr(bearer.size()));
  }
  const AccessState state{options_.anonymous, is_loopback(options_.site.listen_host), !parts_.tokens.empty()};
  switch (authorize(needed, presented, state)) {
    case Access::allowed: return std::nullopt;
    case Access::unauthenticated: {
      net::Response response = net::error_response(
          401, "unauthorized", "send a valid token: Authorization: Bearer TOKEN (millrace token create makes one)");
      response.headers.emplace_back("WWW-Authenticate", "Bearer");
      return response;
    }
    case Access::forbidden: break;
  }
  return net::error_response(403, "forbidden", fmt::format("this needs a token of scope {}", name(needed)));
}

void Api::handle(net::Request request, net::ResponderPtr responder, std::size_t thread) {
  if (auto refused = refuse_site(request)) return responder->send(*std::move(refused));
  // HEAD is answered as GET; the server leaves the body out.
  const net::Method wanted = request.method == net::Method::head ? net::Method::get : request.method;
  std::string allowed;
  for (const Route& route : routes_) {
    auto rest = match(route.path, request.path);
    if (!rest) continue;
    if (route.path.ends_with("/**") && !allowed.empty()) break;  // the path is known, by another method
    if (route.method != wanted) {
      allowed += allowed.empty() ? "" : ", ";
      allowed += method_name(route.method);
      continue;
    }
    if (auto refused = refuse_caller(request, route.scope)) return responder->send(*std::move(refused));
    if (!ready() && route.scope != Scope::none) {
      net::Response response =
          net::error_response(503, "not_ready", "the server is reading its journal; try again soon");
      response.headers.emplace_back("Retry-After", "1");
      return responder->send(std::move(response));
    }
    return route.run(Call{std::move(request), std::move(responder), thread, *std::move(rest)});
  }
  net::Response response = net::error_response(405, "method_not_allowed", fmt::format("this path takes {}", allowed));
  response.headers.emplace_back("Allow", allowed);
  responder->send(std::move(response));
}

}  // namespace millrace
