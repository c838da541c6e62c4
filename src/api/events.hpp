#pragma once

#include "api/api.hpp"

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace millrace {

/// What the event door keeps between requests: a parser for each net thread, and its figures.
struct Api::Ingest {
  Ingest(const ApiParts& parts, const ApiOptions& options);

  std::vector<std::unique_ptr<EventParser>> parsers;
  Counter& received;
  Counter& accepted;
  Counter& duplicates;
  Counter& failed;
  Counter& unknown_source;
  Counter& bytes;
  Histogram& append_seconds;
  std::array<Counter*, static_cast<std::size_t>(Rejection::count_)> rejected{};
};

/// {"accepted","duplicates","rejected","errors"} and, with a code, "error".
[[nodiscard]] std::string ingest_answer(std::uint64_t accepted, std::uint64_t duplicates, const Parsed& parsed,
                                        std::string_view error_code, std::string_view error_message);

}  // namespace millrace
