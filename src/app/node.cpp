#include "app/node.hpp"

#include "access/tokens.hpp"
#include "api/api.hpp"
#include "api/export.hpp"
#include "api/metric_info.hpp"
#include "app/control.hpp"
#include "app/data_folder.hpp"
#include "app/maintenance_thread.hpp"
#include "app/open_store.hpp"
#include "app/token_commands.hpp"
#include "app/version.hpp"
#include "base/clock.hpp"
#include "base/files.hpp"
#include "base/metrics.hpp"
#include "bus/in_process_bus.hpp"
#include "catalog/catalog.hpp"
#include "ingest/ingest.hpp"
#include "log/journal.hpp"
#include "net/server.hpp"
#include "push/hub.hpp"
#include "query/query.hpp"
#include "stream/engine.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <future>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

namespace millrace {
namespace {

/// The journal's view of the catalog.
class CatalogNames final : public SeriesNames {
 public:
  explicit CatalogNames(Catalog& catalog) : catalog_(catalog) {}
  [[nodiscard]] const SeriesKey& key(SeriesId id) override { return catalog_.at(id).key; }
  SeriesId adopt(const SeriesKey& key, Millis seen) override { return catalog_.adopt(key, seen); }

 private:
  Catalog& catalog_;
};

SeriesLimits series_limits(const Config& config) {
  return {static_cast<std::uint32_t>(config.limits.series_per_metric),
          static_cast<std::uint32_t>(config.limits.series)};
}

EngineOptions engine_options(const Config& config) {
  EngineOptions options;
  options.out_of_orderness = config.stream.out_of_orderness;
  options.idle_after = config.stream.idle_after;
  options.commit_interval = config.stream.commit_interval;
  options.queue_bytes = config.limits.queue;
  options.compression = config.stream.compression;
  return options;
}

IngestLimits ingest_limits(const Config& config) {
  IngestLimits limits;
  limits.line = config.limits.line;
  limits.events = static_cast<std::size_t>(config.limits.events);
  limits.allowed_lateness = config.lateness();
  return limits;
}

Retention retention(const Config& config) {
  return {config.store.raw_retention, config.store.retention_10s, config.store.retention_1m, config.store.retention_1h};
}

QueryLimits query_limits(const Config& config) {
  QueryLimits limits;
  limits.points = static_cast<std::size_t>(config.limits.points);
  limits.deadline = config.limits.query;
  limits.retention = retention(config);
  return limits;
}

QueryLimits export_limits(const Config& config) {
  QueryLimits limits = query_limits(config);
  limits.points = Export::limit();
  return limits;
}

}  // namespace

struct Node::Impl {
  Impl(Config settings, std::span<const Asset> files_of_page)
      : config(std::move(settings)),
        assets(files_of_page),
        partitions(static_cast<std::uint16_t>(config.log.partitions)),
        catalog(series_limits(config)),
        names(catalog) {}

  Config config;
  std::span<const Asset> assets;
  HostPort listen;
  Anonymous anonymous = Anonymous::automatic;
  std::uint16_t partitions;
  SystemClock clock;
  SystemFiles files;
  Metrics metrics;
  std::optional<DataFolder> folder;
  Catalog catalog;
  CatalogNames names;
  InProcessBus bus;
  std::unique_ptr<RocksStore> store;
  std::unique_ptr<Tokens> tokens;
  std::unique_ptr<Engine> engine;
  std::unique_ptr<Journal> journal;
  std::unique_ptr<QueryEngine> queries;
  std::unique_ptr<QueryEngine> export_queries;
  std::unique_ptr<Hub> hub;
  std::unique_ptr<Api> api;
  std::unique_ptr<net::Server> server;
  std::unique_ptr<MaintenanceThread> maintenance;
  ControlServer control;
  std::unique_ptr<EventParser> feed_parser;

  Result<void> open_data(const Start& options);
  Result<void> check_access();
  Result<void> open_stream(const Start& options);
  Result<void> serve();
  Result<std::string> control_words(const std::vector<std::string>& words);
};

Result<void> Node::Impl::open_data(const Start& options) {
  auto opened = DataFolder::open(config.server.data);
  if (!opened) return fail(opened.error());
  folder = *std::move(opened);
  auto rocks = open_store(config, *folder);
  if (!rocks) return fail(rocks.error());
  store = *std::move(rocks);
  if (options.confirm_retention) store->confirm_retention();
  std::optional<Error> broken;
  const auto read = store->definitions([&](const SeriesDefinition& definition) {
    if (const auto restored = catalog.restore(definition); !restored && !broken) broken = restored.error();
  });
  if (!read) return fail(read.error());
  if (broken) return fail(*broken);
  if (const auto restored = restore_metric_infos(*store, catalog); !restored) return fail(restored.error());
  tokens = std::make_unique<Tokens>(*store, clock);
  return tokens->load();
}

Result<void> Node::Impl::check_access() {
  const auto parsed = parse_anonymous(config.access.anonymous);
  if (!parsed) return fail(parsed.error());
  anonymous = *parsed;
  const AccessState state{anonymous, is_loopback(listen.host), !tokens->empty()};
  if (state.loopback_listener && !state.tokens_exist && anonymous == Anonymous::automatic) {
    spdlog::info("access is open on this machine: no token exists (millrace token create --scope write makes one)");
  }
  return may_listen(state);
}

Result<void> Node::Impl::open_stream(const Start& options) {
  engine = std::make_unique<Engine>(engine_options(config), partitions, catalog, *store, bus, clock, metrics);
  auto starts = engine->claim();
  if (!starts) return fail(starts.error());
  JournalOptions kept;
  kept.directory = folder->journal();
  kept.partitions = partitions;
  kept.retention = config.log.retention;
  kept.max_bytes = config.log.max_bytes;
  kept.repair = options.repair;
  auto opened = Journal::open(kept, files, clock, metrics, names, engine->producers());
  if (!opened) return fail(opened.error());
  journal = *std::move(opened);
  queries = std::make_unique<QueryEngine>(catalog, *store, *engine, clock, query_limits(config));
  export_queries = std::make_unique<QueryEngine>(catalog, *store, *engine, clock, export_limits(config));
  hub = std::make_unique<Hub>(bus, *queries, clock, metrics, Duration{100});
  if (const auto serving = serve(); !serving) return serving;

  engine->run(*journal);
  if (const auto replayed = journal->start(*starts, *engine); !replayed) return replayed;
  maintenance = std::make_unique<MaintenanceThread>(*store, *engine, catalog, clock, retention(config), partitions);
  maintenance->start();
  feed_parser = std::make_unique<EventParser>(catalog, partitions, ingest_limits(config));
  api->set_ready(true);
  return {};
}

Result<void> Node::Impl::serve() {
  const std::size_t threads = config.server.threads > 0 ? static_cast<std::size_t>(config.server.threads)
                                                        : std::max(1U, std::thread::hardware_concurrency());
  ApiOptions doors;
  doors.partitions = partitions;
  doors.ingest = ingest_limits(config);
  doors.body_limit = config.limits.body;
  doors.points = static_cast<std::size_t>(config.limits.points);
  doors.topics = static_cast<std::size_t>(config.limits.subscriptions);
  doors.queries = static_cast<std::size_t>(config.limits.queries);
  doors.net_threads = threads;
  doors.anonymous = anonymous;
  doors.site = {listen.host, listen.port, config.server.public_url};
  doors.version = std::string(version);
  doors.assets = assets;
  api = std::make_unique<Api>(
      ApiParts{catalog, *journal, *engine, *store, *store, *queries, *export_queries, *hub, *tokens, metrics, clock},
      std::move(doors));
  net::ServerOptions sockets;
  sockets.host = listen.host;
  sockets.port = listen.port;
  sockets.threads = threads;
  sockets.tls_certificate = config.server.tls_certificate;
  sockets.tls_key = config.server.tls_key;
  sockets.body_limit = config.limits.body;
  sockets.header_limit = config.limits.header;
  sockets.message_limit = config.limits.message;
  sockets.connections = static_cast<std::size_t>(config.limits.connections);
  server = std::make_unique<net::Server>(
      sockets,
      [this](net::Request request, net::ResponderPtr responder, std::size_t thread) {
        api->handle(std::move(request), std::move(responder), thread);
      },
      metrics);
  if (const auto listening = server->start(); !listening) return listening;
  api->set_port(server->port());
  return {};
}

Result<std::string> Node::Impl::control_words(const std::vector<std::string>& words) {
  if (!words.empty() && words[0] == "token") return run_token_words(*tokens, {words.begin() + 1, words.end()});
  return fail(ErrorCode::invalid_argument, "this node does not know that command; is it of the same version?");
}

Node::Node(Config config, std::span<const Asset> assets) : impl_(std::make_unique<Impl>(std::move(config), assets)) {}
Node::~Node() = default;

Result<void> Node::start(Start options) {
  const auto listen = parse_host_port(impl_->config.server.listen);
  if (!listen) return fail(listen.error());
  impl_->listen = *listen;
  if (const auto opened = impl_->open_data(options); !opened) return opened;
  if (const auto allowed = impl_->check_access(); !allowed) return allowed;
  if (const auto opened = impl_->open_stream(options); !opened) return opened;
  return impl_->control.start(impl_->folder->control(),
                              [this](const std::vector<std::string>& words) { return impl_->control_words(words); });
}

std::string Node::url() const {
  const std::string& host = impl_->listen.host;
  return fmt::format("{}://{}:{}", impl_->config.server.tls_certificate.empty() ? "http" : "https",
                     host.find(':') == std::string::npos ? host : "[" + host + "]", impl_->server->port());
}

Result<void> Node::feed(std::string_view ndjson) {
  auto parsed = impl_->feed_parser->parse_json(ndjson, impl_->clock.now());
  if (!parsed) return fail(parsed.error());
  if (!parsed->errors.empty()) return fail(ErrorCode::invalid_argument, parsed->errors.front().message);
  std::promise<Result<Appended>> done;
  auto outcome = done.get_future();
  impl_->journal->append(std::make_shared<const EventBatch>(std::move(parsed->batch)),
                         [&done](Result<Appended> appended) { done.set_value(std::move(appended)); });
  const auto appended = outcome.get();
  if (!appended) return fail(appended.error());
  return {};
}

Result<void> Node::stop(Duration grace) {
  Impl& impl = *impl_;
  impl.control.stop();
  if (impl.api) impl.api->set_ready(false);
  if (impl.hub) impl.hub->stop();
  if (impl.server) impl.server->stop(grace / 3);
  if (impl.journal) impl.journal->stop();
  if (impl.maintenance) impl.maintenance->stop();
  return impl.engine ? impl.engine->stop(grace * 2 / 3) : Result<void>{};
}

}  // namespace millrace
