#include "app/bench/work_a.hpp"

#include <fmt/format.h>

#include <cmath>
#include <cstdlib>
#include <iterator>

namespace millrace {

WorkA::WorkA(std::uint64_t seed, std::size_t part, std::size_t parts, Millis start)
    : random_(seed + part), now_(start) {
  std::normal_distribution<double> first(50, 10);
  for (std::size_t source = part; source < sources; source += parts) {
    for (std::size_t metric = 0; metric < metrics; ++metric) {
      series_.push_back({fmt::format(R"({{"metric_name":"work_a_{}","source_id":"host-{:04}","tags":{{"region":"r{}",)"
                                     R"("service":"s{}"}},"timestamp":)",
                                     metric, source, source % 4, source % 16),
                         std::llround(first(random_) * 100)});
    }
  }
}

std::string WorkA::batch(std::size_t lines) {
  std::uniform_int_distribution<int> step(-50, 50);
  std::string body;
  body.reserve(lines * 140);
  for (std::size_t i = 0; i < lines; ++i) {
    Series& series = series_[next_];
    series.cents += step(random_);
    body += series.before;
    const std::int64_t size = std::abs(series.cents);
    fmt::format_to(std::back_inserter(body), "{},\"value\":{}{}.{:02}}}\n", now_.value, series.cents < 0 ? "-" : "",
                   size / 100, size % 100);
    if (++next_ == series_.size()) {
      next_ = 0;
      now_ = now_ + Duration{1'000};
    }
  }
  return body;
}

}  // namespace millrace
