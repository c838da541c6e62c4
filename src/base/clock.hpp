#pragma once

#include "base/types.hpp"

#include <atomic>
#include <chrono>

namespace millrace {

/// The only source of time. Handed in, so that a test or a simulation decides what time it is.
class Clock {
 public:
  virtual ~Clock() = default;

  /// Wall time: for arrival stamps and retention. May jump.
  [[nodiscard]] virtual Millis now() const = 0;
  /// Monotonic time since an arbitrary start: for timers, backoff and deadlines. Never jumps back.
  [[nodiscard]] virtual Duration steady() const = 0;
};

/// The machine's clock.
class SystemClock final : public Clock {
 public:
  [[nodiscard]] Millis now() const override {
    using namespace std::chrono;
    return Millis{duration_cast<milliseconds>(system_clock::now().time_since_epoch()).count()};
  }
  [[nodiscard]] Duration steady() const override {
    using namespace std::chrono;
    return duration_cast<milliseconds>(steady_clock::now().time_since_epoch());
  }
};

/// A clock that stands until it is moved: for tests and simulation. Safe to read while another thread moves it.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(Millis start) : now_(start.value) {}

  [[nodiscard]] Millis now() const override { return Millis{now_.load()}; }
  [[nodiscard]] Duration steady() const override { return Duration{steady_.load()}; }

  /// Time passes: both wall and monotonic.
  void advance(Duration by) {
    now_ += by.count();
    steady_ += by.count();
  }
  /// The wall clock is set to another time, as by an administrator; monotonic time goes on.
  void jump(Duration by) { now_ += by.count(); }

 private:
  std::atomic<std::int64_t> now_;
  std::atomic<std::int64_t> steady_{0};
};

}  // namespace millrace
