#include "model/series.hpp"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto key = millrace::decode_series_key(bytes);
  if (key && millrace::encode(*key) != bytes) std::abort();  // equal keys must have equal bytes
  return 0;
}
