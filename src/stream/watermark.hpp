#pragma once

#include "base/types.hpp"

#include <algorithm>
#include <cstdlib>
#include <optional>

namespace millrace {

/// How far a partition's events are expected to be complete: before this moment nothing more is expected.
///
/// min(highest event time, highest arrival) - out_of_orderness, so that one event from the future makes nothing late.
/// A partition without events for idle_after of monotonic time moves on to wall clock - out_of_orderness - idle_after.
/// A wall clock that has been set to another time counts for that only after it stood there for `jump_hold`. It never
/// falls. Pure: time is an argument.
class Watermark {
 public:
  static constexpr Duration jump_hold{60'000};

  Watermark(Duration out_of_orderness, Duration idle_after)
      : out_of_orderness_(out_of_orderness), idle_after_(idle_after) {}

  /// Goes on from what was committed; `steady` starts the idle time.
  void restore(Millis value, Millis newest_event, Millis newest_arrival, Duration steady) {
    value_ = value;
    newest_event_ = newest_event;
    newest_arrival_ = newest_arrival;
    last_event_ = steady;
  }

  /// Events up to `newest` came in a batch that arrived at `arrival`.
  void observe(Millis newest, Millis arrival, Duration steady) {
    newest_event_ = std::max(newest_event_, newest);
    newest_arrival_ = std::max(newest_arrival_, arrival);
    last_event_ = steady;
    raise(std::min(newest_event_, newest_arrival_) - out_of_orderness_);
  }

  /// Time passes while nothing waits to be folded. `wall` is the clock of arrival stamps.
  void pass(Millis wall, Duration steady) {
    const Millis trusted = trust(wall, steady);
    if (steady - last_event_ >= idle_after_) raise(trusted - out_of_orderness_ - idle_after_);
  }

  /// Something is being worked on that is not an event of this partition (a replay): not idle yet.
  void busy(Duration steady) { last_event_ = std::max(last_event_, steady); }

  [[nodiscard]] Millis value() const { return value_; }
  [[nodiscard]] Millis newest_event() const { return newest_event_; }
  [[nodiscard]] Millis newest_arrival() const { return newest_arrival_; }

 private:
  void raise(Millis to) { value_ = std::max(value_, to); }

  /// The wall clock, unless it jumped within jump_hold: then what it would show had it not.
  Millis trust(Millis wall, Duration steady) {
    constexpr Duration slew{1'000};
    if (!anchor_) anchor_ = Anchor{wall, steady};
    const Millis expected = anchor_->wall + (steady - anchor_->steady);
    if (std::abs((wall - expected).count()) <= slew.count()) {
      anchor_ = Anchor{wall, steady};
      jumped_.reset();
      return wall;
    }
    if (!jumped_) jumped_ = steady;
    if (steady - *jumped_ < jump_hold) return expected;
    anchor_ = Anchor{wall, steady};
    jumped_.reset();
    return wall;
  }

  struct Anchor {
    Millis wall;
    Duration steady;
  };

  Duration out_of_orderness_;
  Duration idle_after_;
  Millis value_ = Millis::never();
  Millis newest_event_ = Millis::never();
  Millis newest_arrival_ = Millis::never();
  Duration last_event_{0};
  std::optional<Anchor> anchor_;
  std::optional<Duration> jumped_;
};

}  // namespace millrace
