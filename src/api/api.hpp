#pragma once

#include "access/origin.hpp"
#include "access/scopes.hpp"
#include "access/tokens.hpp"
#include "base/clock.hpp"
#include "base/metrics.hpp"
#include "catalog/catalog.hpp"
#include "ingest/ingest.hpp"
#include "log/log.hpp"
#include "net/server.hpp"
#include "push/hub.hpp"
#include "query/query.hpp"
#include "store/documents.hpp"
#include "store/store.hpp"
#include "stream/engine.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace millrace {

/// A file of the page, embedded at build.
struct Asset {
  std::string_view path;  ///< "/assets/index-abc.js".
  std::string_view content_type;
  std::string_view bytes;
  std::string_view gzip;  ///< The same compressed; empty where that saves nothing.
};

/// What the API answers from. All of it outlives the Api.
struct ApiParts {
  Catalog& catalog;
  Log& log;
  Engine& engine;
  Store& store;
  Documents& documents;
  QueryEngine& queries;
  QueryEngine& export_queries;  ///< The same with the limits of an export's slices.
  Hub& hub;
  Tokens& tokens;
  Metrics& metrics;
  const Clock& clock;
};

/// How the API behaves; from the configuration.
struct ApiOptions {
  std::uint16_t partitions = 4;
  IngestLimits ingest;
  std::size_t body_limit = 32'000'000;
  std::size_t points = 11'000;
  std::size_t topics = 50;
  std::size_t queries = 64;  ///< Waiting or running.
  std::size_t query_threads = 2;
  std::size_t net_threads = 2;
  Duration tick{100};
  Anonymous anonymous = Anonymous::automatic;
  Site site;
  std::string version;
  std::span<const Asset> assets;
};

/// One request on its way to an answer.
struct Call {
  net::Request request;
  net::ResponderPtr responder;
  std::size_t thread = 0;  ///< Net thread, for per-thread caches.
  std::string rest;        ///< What a trailing `*` of the route stood for.
};

/// A door: what a method and path mean and what scope it asks for. A path may end in `/*`: exactly one more segment, or
/// `/**`: any number.
struct Route {
  net::Method method;
  std::string path;
  Scope scope;
  std::function<void(Call)> run;  ///< On a net thread; must not block.
};

/// What a URL means: REST, streams and the page. One file a family: events, queries, stream, metric info, status, page.
///
/// Access is decided here, before a route runs, on its declared scope.
class Api {
 public:
  Api(ApiParts parts, ApiOptions options);
  ~Api();
  Api(const Api&) = delete;
  Api& operator=(const Api&) = delete;

  /// For net::Server.
  void handle(net::Request request, net::ResponderPtr responder, std::size_t thread);
  [[nodiscard]] const std::vector<Route>& routes() const { return routes_; }

  /// The port in use, once it is known (port 0 takes any free one).
  void set_port(std::uint16_t port) { options_.site.port = port; }
  /// Requests are served from here on; before it everything but /healthz, /readyz and the page is 503.
  void set_ready(bool ready) { ready_ = ready; }
  [[nodiscard]] bool ready() const { return ready_; }

 private:
  class QueryPool;
  struct Ingest;

  void add_event_routes();
  void add_query_routes();
  void add_export_routes();
  void add_metric_info_routes();
  void add_stream_routes();
  void add_status_routes();
  void add_page_routes();

  /// The answer that refuses the caller, or nullopt: its Host, Origin and token are in order.
  [[nodiscard]] std::optional<net::Response> refuse_site(const net::Request& request) const;
  [[nodiscard]] std::optional<net::Response> refuse_caller(const net::Request& request, Scope needed) const;
  [[nodiscard]] std::string status_json() const;
  void add(net::Method method, std::string path, Scope scope, std::function<void(Call)> run);
  /// Runs `work` on the query pool, or answers 429 when it is full.
  void on_pool(Call call, std::function<net::Response(const net::Request&, const std::string& rest)> work);

  ApiParts parts_;
  ApiOptions options_;
  std::vector<Route> routes_;
  std::unique_ptr<Ingest> ingest_;
  std::unique_ptr<QueryPool> pool_;
  std::atomic<bool> ready_{false};
};

/// The HTTP answer to a failure of ours: status by its code, body {"error":{…}}, Retry-After where waiting helps.
[[nodiscard]] net::Response to_response(const Error& error);

}  // namespace millrace
