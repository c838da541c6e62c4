#include "ingest/decompress.hpp"

#include <cstdint>
#include <cstdlib>

/// First byte: which encoding. No crash, and never more than the limit.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  constexpr std::string_view encodings[] = {"gzip", "zstd", "lz4"};
  constexpr std::size_t limit = 300'000;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto text = millrace::decompress(encodings[data[0] % 3], bytes, limit);
  if (text && text->size() > limit) std::abort();
  return 0;
}
