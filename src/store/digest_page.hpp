#pragma once

#include "base/result.hpp"
#include "store/packed_ints.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace millrace {

/// Bytes of the twin of a page of rows: the digest bytes of the same rows in the same order, apart from them so that
/// queries without quantiles never touch it. `starts` as in Page. Format: docs/formats/page.md.
[[nodiscard]] std::string encode_digest_page(std::span<const std::uint32_t> starts,
                                             std::span<const std::string_view> digests);

/// A twin page, opened to be read one series at a time. Borrows the bytes. Hostile bytes give `corrupt`.
class DigestPage {
 public:
  [[nodiscard]] static Result<DigestPage> open(std::string_view bytes);

  [[nodiscard]] std::size_t rows() const { return rows_; }
  [[nodiscard]] std::size_t series() const { return series_; }

  /// The digests of series number `index`, whose rows begin at row `start` and are `size`. They borrow the page's
  /// bytes; the span itself is good until the next call.
  [[nodiscard]] Result<std::span<const std::string_view>> read(std::size_t index, std::size_t start, std::size_t size);

 private:
  DigestPage() = default;
  bool parse(std::string_view bytes);

  std::size_t rows_ = 0;
  std::size_t series_ = 0;
  PackedInts offsets_;  ///< Where a series' digests begin.
  PackedInts sizes_;
  std::string_view digests_;
  std::vector<std::int64_t> numbers_;
  std::vector<std::string_view> out_;
};

}  // namespace millrace
