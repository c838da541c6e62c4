#include "catalog/catalog.hpp"

#include "catalog/chunks.hpp"
#include "catalog/hash_index.hpp"
#include "catalog/metric_index.hpp"
#include "catalog/strings.hpp"

#include <algorithm>
#include <functional>
#include <limits>
#include <map>
#include <mutex>
#include <shared_mutex>

namespace millrace {
namespace {

constexpr std::uint32_t no_series = std::numeric_limits<std::uint32_t>::max();
constexpr Duration active_for{24LL * 3'600'000};
/// Ids given but never committed leave gaps in what is restored; a larger one is no gap but a broken row.
constexpr std::uint32_t widest_gap = 1U << 24;

std::uint64_t hash_of(const SeriesKey& key) {
  const std::hash<std::string_view> hash;
  const auto mix = [](std::uint64_t a, std::uint64_t b) { return (std::rotl(a, 23) ^ b) * 0x9E3779B97F4A7C15ULL; };
  std::uint64_t mixed = mix(hash(key.metric), hash(key.source));
  for (const auto& [tag, value] : key.tags) mixed = mix(mix(mixed, hash(tag)), hash(value));
  return mixed;
}

/// A metric: name and total never change once it can be found; the index is under the catalog's lock.
struct Metric {
  Metric(MetricId metric, std::string metric_name) : id(metric), name(std::move(metric_name)) {}

  const MetricId id;
  const std::string name;
  std::atomic<std::uint32_t> total{no_series};
  std::atomic<std::uint32_t> active{0};
  MetricIndex index;
};

/// A reader-writer lock that lets a waiting writer go before readers who come later: queries that overlap without
/// end must not keep new series out.
class FairLock {
 public:
  void lock() {
    turn_.lock();
    mutex_.lock();
    turn_.unlock();
  }
  void unlock() { mutex_.unlock(); }
  void lock_shared() {
    turn_.lock();
    mutex_.lock_shared();
    turn_.unlock();
  }
  void unlock_shared() { mutex_.unlock_shared(); }

 private:
  std::mutex turn_;
  std::shared_mutex mutex_;
};

std::vector<std::string> sorted_strings(std::vector<std::string_view> views) {
  std::sort(views.begin(), views.end());
  views.erase(std::unique(views.begin(), views.end()), views.end());
  return {views.begin(), views.end()};
}

}  // namespace

/// Who writes holds `writing`; what readers without a lock may see (definitions, metrics, hash indexes, strings) is
/// only ever appended to. `indexing` guards the inverted indexes alone.
struct Catalog::Impl {
  explicit Impl(SeriesLimits series_limits) : limits(series_limits) {}

  [[nodiscard]] std::optional<std::uint32_t> find(const SeriesKey& key, std::uint64_t hash) const {
    return by_key.find(hash, [&](std::uint32_t id) { return definitions[id].key == key; });
  }
  [[nodiscard]] const Metric* find_metric(std::string_view name) const {
    const auto found =
        by_metric.find(std::hash<std::string_view>{}(name), [&](std::uint32_t id) { return metrics[id].name == name; });
    return found ? &metrics[*found] : nullptr;
  }

  void mark(std::uint32_t id, std::int64_t at);

  // For the writer.
  Metric& metric(std::string_view name);
  Metric& append_metric(std::string_view name);
  std::uint32_t append(MetricId metric, SeriesKey key, std::int64_t at, bool findable);
  void give_total(Metric& metric);
  void give_missing_totals();
  SeriesId add(const SeriesKey& key, std::uint64_t hash, Millis at);

  const SeriesLimits limits;
  std::atomic<std::uint32_t> size{0};
  std::atomic<std::uint32_t> active{0};
  std::atomic<std::int64_t> active_since{Millis::never().value + 1};  ///< Seen before it: not active.
  Chunks<SeriesDefinition> definitions;
  Chunks<std::atomic<std::int64_t>> seen;
  Chunks<Metric> metrics;
  HashIndex by_key;
  HashIndex by_metric;

  std::mutex writing;
  bool totals_missing = false;
  mutable FairLock indexing;
  Strings strings;

  mutable std::shared_mutex describing;
  std::map<std::string, MetricInfo, std::less<>> infos;
};

void Catalog::Impl::mark(std::uint32_t id, std::int64_t at) {
  std::atomic<std::int64_t>& last = seen[id];
  std::int64_t before = last.load(std::memory_order_relaxed);
  if (at <= before) return;
  const std::int64_t since = active_since.load(std::memory_order_relaxed);
  if (before >= since || at < since) return last.store(at, std::memory_order_relaxed);
  // It comes back to life: exactly one of those who see it counts it.
  if (!last.compare_exchange_strong(before, at, std::memory_order_relaxed)) return;
  if (definitions[id].key.is_total()) return;
  metrics[definitions[id].metric.value].active.fetch_add(1, std::memory_order_relaxed);
  active.fetch_add(1, std::memory_order_relaxed);
}

Metric& Catalog::Impl::append_metric(std::string_view name) {
  return metrics.append(MetricId{metrics.size()}, std::string(name));
}

Metric& Catalog::Impl::metric(std::string_view name) {
  if (const Metric* known = find_metric(name)) return metrics[known->id.value];
  Metric& made = append_metric(name);
  give_total(made);
  by_metric.insert(std::hash<std::string_view>{}(name), made.id.value);
  return made;
}

std::uint32_t Catalog::Impl::append(MetricId metric, SeriesKey key, std::int64_t at, bool findable) {
  const std::uint32_t id = definitions.size();
  const std::uint64_t hash = findable ? hash_of(key) : 0;
  definitions.append(SeriesDefinition{SeriesId{id}, metric, std::move(key)});
  seen.append(at);
  size.store(id + 1, std::memory_order_release);
  if (findable) by_key.insert(hash, id);
  return id;
}

void Catalog::Impl::give_total(Metric& metric) {
  const std::uint32_t id = append(metric.id, SeriesKey{metric.name, {}, {}}, Millis::never().value, true);
  metric.total.store(id, std::memory_order_release);
}

void Catalog::Impl::give_missing_totals() {
  if (!totals_missing) return;
  totals_missing = false;
  for (std::uint32_t i = 0; i < metrics.size(); ++i) {
    Metric& metric = metrics[i];
    if (!metric.name.empty() && metric.total.load(std::memory_order_relaxed) == no_series) give_total(metric);
  }
}

SeriesId Catalog::Impl::add(const SeriesKey& key, std::uint64_t hash, Millis at) {
  give_missing_totals();
  Metric& metric = this->metric(key.metric);
  if (key.is_total()) return SeriesId{metric.total.load(std::memory_order_relaxed)};
  const std::uint32_t id = definitions.size();
  const SeriesDefinition& made = definitions.append(SeriesDefinition{SeriesId{id}, metric.id, key});
  seen.append(at.value);
  if (at.value >= active_since.load(std::memory_order_relaxed)) {
    metric.active.fetch_add(1, std::memory_order_relaxed);
    active.fetch_add(1, std::memory_order_relaxed);
  }
  {
    const std::scoped_lock lock(indexing);
    metric.index.append(made, strings);
  }
  size.store(id + 1, std::memory_order_release);
  by_key.insert(hash, id);
  return SeriesId{id};
}

Catalog::Catalog(SeriesLimits limits) : impl_(std::make_unique<Impl>(limits)) {}
Catalog::~Catalog() = default;

Catalog::Interned Catalog::intern(const SeriesKey& key, Millis seen) {
  const std::uint64_t hash = hash_of(key);
  if (const auto known = impl_->find(key, hash)) {
    impl_->mark(*known, seen.value);
    return {.id = SeriesId{*known}};
  }
  const std::scoped_lock lock(impl_->writing);
  if (const auto known = impl_->find(key, hash)) {
    impl_->mark(*known, seen.value);
    return {.id = SeriesId{*known}};
  }
  if (!key.is_total()) {
    if (impl_->active.load(std::memory_order_relaxed) >= impl_->limits.all) {
      return {.id = {}, .refusal = SeriesRefusal::total_limit};
    }
    const Metric* metric = impl_->find_metric(key.metric);
    const std::uint32_t active = metric == nullptr ? 0 : metric->active.load(std::memory_order_relaxed);
    if (active >= impl_->limits.per_metric) return {.id = {}, .refusal = SeriesRefusal::metric_limit};
  }
  return {.id = impl_->add(key, hash, seen)};
}

SeriesId Catalog::adopt(const SeriesKey& key, Millis seen) {
  const std::uint64_t hash = hash_of(key);
  auto known = impl_->find(key, hash);
  if (!known) {
    const std::scoped_lock lock(impl_->writing);
    known = impl_->find(key, hash);
    if (!known) return impl_->add(key, hash, seen);
  }
  impl_->mark(*known, seen.value);
  return SeriesId{*known};
}

Result<void> Catalog::restore(const SeriesDefinition& definition) {
  const auto broken = [&](const char* what) {
    return fail(ErrorCode::corrupt, "series " + std::to_string(definition.id.value) + " (metric '" +
                                        definition.key.metric + "') can't be restored: " + what);
  };
  const std::scoped_lock lock(impl_->writing);
  Impl& impl = *impl_;
  const std::uint32_t id = definition.id.value;
  const std::uint32_t metric_id = definition.metric.value;
  if (id < impl.definitions.size()) return broken("its id is not above those before it");
  if (id - impl.definitions.size() > widest_gap) return broken("its id is far above those before it");
  if (metric_id >= impl.metrics.size() && metric_id - impl.metrics.size() > widest_gap) {
    return broken("its metric's id is far above those before it");
  }
  if (definition.key.metric.empty()) return broken("its metric has no name");
  const std::uint64_t hash = hash_of(definition.key);
  if (impl.find(definition.key, hash)) return broken("another id has the same key");
  const Metric* same_name = impl.find_metric(definition.key.metric);
  if (same_name != nullptr && same_name->id != definition.metric) return broken("its metric has another id already");
  if (same_name == nullptr && metric_id < impl.metrics.size())
    return broken("its metric's id has another name already");

  while (impl.metrics.size() < metric_id) impl.append_metric({});
  if (same_name == nullptr) {
    impl.append_metric(definition.key.metric);
    impl.by_metric.insert(std::hash<std::string_view>{}(definition.key.metric), metric_id);
    impl.totals_missing = true;
  }
  while (impl.definitions.size() < id) impl.append(MetricId{no_series}, {}, Millis::never().value, false);
  Metric& metric = impl.metrics[metric_id];
  const SeriesDefinition& made = impl.definitions.append(definition);
  impl.seen.append(Millis::never().value);
  if (definition.key.is_total()) {
    metric.total.store(id, std::memory_order_release);
  } else {
    const std::scoped_lock index_lock(impl.indexing);
    metric.index.append(made, impl.strings);
  }
  impl.size.store(id + 1, std::memory_order_release);
  impl.by_key.insert(hash, id);
  return {};
}

void Catalog::touch(SeriesId id, Millis seen) { impl_->mark(id.value, seen.value); }

Millis Catalog::last_seen(SeriesId id) const { return Millis{impl_->seen[id.value].load(std::memory_order_relaxed)}; }

std::uint32_t Catalog::size() const { return impl_->size.load(std::memory_order_acquire); }

const SeriesDefinition& Catalog::at(SeriesId id) const { return impl_->definitions[id.value]; }

std::optional<SeriesId> Catalog::find(const SeriesKey& key) const {
  const auto found = impl_->find(key, hash_of(key));
  return found ? std::optional<SeriesId>(SeriesId{*found}) : std::nullopt;
}

std::optional<MetricId> Catalog::find_metric(std::string_view name) const {
  const Metric* metric = impl_->find_metric(name);
  return metric == nullptr ? std::nullopt : std::optional<MetricId>(metric->id);
}

SeriesId Catalog::total(MetricId metric) const {
  const std::atomic<std::uint32_t>& total = impl_->metrics[metric.value].total;
  if (total.load(std::memory_order_acquire) == no_series) {
    // Restored from a store that never had it.
    const std::scoped_lock lock(impl_->writing);
    impl_->give_missing_totals();
  }
  return SeriesId{total.load(std::memory_order_acquire)};
}

std::vector<SeriesId> Catalog::select(const Selector& selector) const {
  const Metric* metric = impl_->find_metric(selector.metric);
  if (metric == nullptr) return {};
  const std::shared_lock lock(impl_->indexing);
  return metric->index.select(selector, impl_->strings);
}

std::vector<std::string> Catalog::metric_names(std::string_view prefix) const {
  std::vector<std::string_view> names;
  {
    // Metrics are appended under `writing`, but each one's first series comes under this lock.
    const std::scoped_lock lock(impl_->writing);
    for (std::uint32_t i = 0; i < impl_->metrics.size(); ++i) {
      const std::string& name = impl_->metrics[i].name;
      if (!name.empty() && name.starts_with(prefix)) names.push_back(name);
    }
  }
  return sorted_strings(std::move(names));
}

std::vector<std::string> Catalog::sources(std::string_view metric, std::string_view prefix) const {
  const Metric* known = impl_->find_metric(metric);
  if (known == nullptr) return {};
  std::vector<std::string_view> found;
  {
    const std::shared_lock lock(impl_->indexing);
    found = known->index.values({}, prefix, impl_->strings);
  }
  return sorted_strings(std::move(found));
}

std::vector<std::string> Catalog::tag_keys(std::string_view metric) const {
  const Metric* known = impl_->find_metric(metric);
  if (known == nullptr) return {};
  std::vector<std::string_view> found;
  {
    const std::shared_lock lock(impl_->indexing);
    found = known->index.tag_keys(impl_->strings);
  }
  return sorted_strings(std::move(found));
}

std::vector<std::string> Catalog::tag_values(std::string_view metric, std::string_view key) const {
  const Metric* known = impl_->find_metric(metric);
  if (known == nullptr || key.empty()) return {};
  std::vector<std::string_view> found;
  {
    const std::shared_lock lock(impl_->indexing);
    found = known->index.values(key, {}, impl_->strings);
  }
  return sorted_strings(std::move(found));
}

MetricInfo Catalog::info(std::string_view metric) const {
  const std::shared_lock lock(impl_->describing);
  const auto known = impl_->infos.find(metric);
  return known == impl_->infos.end() ? guess_metric_info(metric) : known->second;
}

void Catalog::set_info(std::string_view metric, MetricInfo info) {
  const std::scoped_lock lock(impl_->describing);
  impl_->infos.insert_or_assign(std::string(metric), std::move(info));
}

void Catalog::recount(Millis now) {
  const std::int64_t since = (now - active_for).value;
  impl_->active_since.store(since, std::memory_order_relaxed);
  std::uint32_t metrics = 0;
  {
    const std::scoped_lock lock(impl_->writing);
    metrics = impl_->metrics.size();
  }
  for (std::uint32_t i = 0; i < metrics; ++i) {
    // A metric at a time, so that new series wait for one metric's count at most.
    const std::scoped_lock lock(impl_->writing);
    Metric& metric = impl_->metrics[i];
    std::uint32_t count = 0;
    for (const SeriesId id : metric.index.ids()) {
      if (impl_->seen[id.value].load(std::memory_order_relaxed) >= since) ++count;
    }
    const std::uint32_t before = metric.active.exchange(count, std::memory_order_relaxed);
    impl_->active.fetch_add(count - before, std::memory_order_relaxed);
  }
}

std::uint32_t Catalog::active() const { return impl_->active.load(std::memory_order_relaxed); }

const SeriesLimits& Catalog::limits() const { return impl_->limits; }

}  // namespace millrace
