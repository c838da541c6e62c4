#include "net/frames.hpp"
#include "net/target.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

/// All events of `bytes`, given in pieces of `step`.
std::string events(std::string_view bytes, std::size_t step) {
  using namespace millrace::net;
  FrameReader reader(1024);
  std::string all;
  while (!bytes.empty()) {
    std::string_view piece = bytes.substr(0, step);
    bytes.remove_prefix(piece.size());
    while (const auto event = reader.next(piece)) {
      if (event->kind == FrameEvent::Kind::text && (event->payload.size() > 1024 || !is_utf8(event->payload))) {
        std::abort();
      }
      all += std::to_string(static_cast<int>(event->kind)) + ":" + std::to_string(event->code) + event->payload + "\n";
    }
  }
  return all;
}

}  // namespace

/// Any bytes: nothing crashes, and the events are the same however the bytes are cut.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (events(bytes, size + 1) != events(bytes, 1)) std::abort();
  return 0;
}
