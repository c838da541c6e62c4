#include "net/chunked.hpp"
#include "net/header_guard.hpp"
#include "net/target.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

/// Any bytes: nothing crashes, a head is found in the same place however the bytes arrive, and what is accepted keeps
/// the promises that the server relies on.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace millrace::net;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const HeadLimits limits;

  const auto whole = find_head(bytes, limits);
  const std::size_t cut = size / 2;
  const auto first = find_head(bytes.substr(0, cut), limits);
  if (first && *first == 0 && whole) {
    const auto second = find_head(bytes, limits, cut);
    if (!second || *second != *whole) std::abort();
  }
  if (!whole || *whole == 0) return 0;
  const auto head = read_head(bytes.substr(0, *whole), limits);
  if (!head) return 0;
  if (head->framing == Framing::chunked && !head->header("content-length").empty()) std::abort();
  for (const auto& [name, value] : head->headers) {
    if (name.empty() || name.find_first_of(" \t\r\n:") != std::string_view::npos) std::abort();
    if (value.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos) std::abort();
  }
  const auto target = read_target(head->target);
  if (target) {
    if (target->path != "*" && !target->path.starts_with('/')) std::abort();
    if (target->path.find("/../") != std::string::npos || target->path.find('\0') != std::string::npos) std::abort();
  }
  if (head->framing == Framing::chunked) {
    std::string body;
    ChunkedDecoder decoder(4096);
    const auto taken = decoder.feed(bytes.substr(*whole), body);
    if (taken && body.size() > 4096) std::abort();
  }
  return 0;
}
