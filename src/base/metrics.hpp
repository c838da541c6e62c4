#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace millrace {

/// A figure that only rises. Safe from any thread; cheap enough once a batch, not once an event.
class Counter {
 public:
  virtual ~Counter() = default;
  virtual void add(double by = 1.0) = 0;
  [[nodiscard]] virtual double value() const = 0;
};

/// A figure that rises and falls. Safe from any thread.
class Gauge {
 public:
  virtual ~Gauge() = default;
  virtual void set(double to) = 0;
  [[nodiscard]] virtual double value() const = 0;
};

/// Counts of observations in buckets. Safe from any thread.
class Histogram {
 public:
  virtual ~Histogram() = default;
  virtual void observe(double value) = 0;
};

/// Millrace's own metrics, as Prometheus text. Asking twice for the same name and labels gives the same object,
/// which lives as long as this Metrics.
class Metrics {
 public:
  using Labels = std::map<std::string, std::string>;

  Metrics();
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  /// `name` as Prometheus wants it (`millrace_..._total` for counters); `help` is one sentence and never empty.
  Counter& counter(const std::string& name, const std::string& help, const Labels& labels = {});
  Gauge& gauge(const std::string& name, const std::string& help, const Labels& labels = {});
  /// Buckets in seconds, 0.0001 s to 10 s.
  Histogram& seconds(const std::string& name, const std::string& help, const Labels& labels = {});

  /// Called before each scrape, to set gauges from what is known elsewhere.
  void before_scrape(std::function<void()> refresh);

  /// Prometheus text exposition format 0.0.4.
  [[nodiscard]] std::string text() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace millrace
