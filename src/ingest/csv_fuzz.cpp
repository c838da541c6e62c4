#include "ingest/csv.hpp"

#include <cstdlib>
#include <string>

namespace {

using namespace millrace;

/// What came out, as text; `piece`: how many bytes are fed at a time.
std::string read(std::string_view bytes, std::size_t piece) {
  std::string out;
  const auto sink = [&out](const CsvReader::Record& record, std::uint64_t line) {
    out += std::to_string(line) + ' ';
    if (record) {
      append_event_json(out, *record);
    } else {
      out += record.error().message + '\n';
    }
  };
  CsvReader reader;
  for (std::size_t at = 0; at < bytes.size(); at += piece) reader.feed(bytes.substr(at, piece), sink);
  reader.finish(sink);
  return out;
}

}  // namespace

/// First byte: size of the pieces. Whole or in pieces, the answer is the same.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (read(bytes, bytes.size() + 1) != read(bytes, 1 + data[0] % 17U)) std::abort();
  return 0;
}
