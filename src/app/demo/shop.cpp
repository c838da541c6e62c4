#include "app/demo/shop.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace millrace {
namespace {

constexpr std::array<std::string_view, 4> regions{"eu-west", "us-east", "ap-south", "sa-east"};
constexpr std::array<double, 4> region_share{0.40, 0.33, 0.17, 0.10};
constexpr std::array<std::string_view, 4> services{"checkout", "search", "payments", "stock"};

constexpr double requests_a_second = 25;
constexpr double median_seconds = 0.038;
constexpr double spread = 0.55;      // of the lognormal body
constexpr double slow_share = 0.02;  // requests that wait for something: a Pareto tail
constexpr double error_share = 0.004;
constexpr double order_share = 0.06;
constexpr double incident_chance = 1.0 / 420;  // a second: about one in seven minutes
constexpr std::int64_t incident_ms = 45'000;
constexpr double incident_factor = 3.5;

}  // namespace

Shop::Shop(std::uint64_t seed) : random_(seed) {
  std::uniform_real_distribution<double> speed(0.8, 1.35);
  for (std::size_t i = 0; i < 20; ++i) {
    Source source;
    source.name = fmt::format("{}-{:02}", i < 10 ? "web" : "api", i + 1);
    source.tags = {{"region", regions[i % regions.size()]},
                   {"service", services[(i / regions.size()) % services.size()]}};
    source.speed = speed(random_);
    sources_.push_back(std::move(source));
  }
}

std::vector<ShopEvent> Shop::second(Millis from) {
  std::uniform_real_distribution<double> unit(0, 1);
  std::lognormal_distribution<double> body(std::log(median_seconds), spread);
  // Busy and quiet in a wave of eight minutes, so that a window of 15 minutes shows it.
  const double wave = 1 + 0.25 * std::sin(static_cast<double>(from.value) / 480'000.0 * 6.283185307179586);
  std::poisson_distribution<int> arrivals(requests_a_second * wave);
  if (from > incident_until_ && unit(random_) < incident_chance) {
    incident_source_ = static_cast<std::size_t>(unit(random_) * static_cast<double>(sources_.size()));
    incident_until_ = from + Duration{incident_ms};
  }
  const bool incident = from <= incident_until_;

  std::vector<ShopEvent> events;
  for (int i = arrivals(random_); i > 0; --i) {
    double pick = unit(random_);
    std::size_t region = 0;
    while (region + 1 < regions.size() && pick >= region_share[region]) pick -= region_share[region++];
    const auto column = static_cast<std::size_t>(unit(random_) * 5);
    Source& source = sources_[column * regions.size() + region];
    const bool troubled = incident && &source == &sources_[incident_source_];
    double seconds = body(random_) * source.speed;
    if (unit(random_) < slow_share) seconds = 0.12 / std::pow(1 - unit(random_), 1 / 1.8);
    if (troubled) seconds *= incident_factor;
    seconds = std::min(seconds, 30.0);
    const bool error = unit(random_) < (troubled ? error_share * 20 : error_share);
    const Millis at = from + Duration{static_cast<std::int64_t>(unit(random_) * 1000)};
    source.requests += 1;
    events.push_back({"shop_request_duration_seconds", source.name, seconds, at, source.tags});
    events.push_back({"shop_errors", source.name, error ? 1.0 : 0.0, at, source.tags});
    if (!error && unit(random_) < order_share) {
      const double value = std::round(std::exp(3.6 + 0.7 * body(random_) / median_seconds) * 100) / 100;
      events.push_back({"shop_orders_value", source.name, std::min(value, 2'000.0), at, source.tags});
    }
  }
  for (const Source& source : sources_) {
    events.push_back({"shop_requests_total", source.name, source.requests, from + Duration{999}, source.tags});
  }
  std::stable_sort(events.begin(), events.end(), [](const ShopEvent& a, const ShopEvent& b) { return a.at < b.at; });
  return events;
}

}  // namespace millrace
