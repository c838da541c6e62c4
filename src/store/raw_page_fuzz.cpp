#include "store/raw_page.hpp"
#include "store/store.hpp"

#include <cstdint>
#include <cstdlib>

/// Any bytes are a page of raw points or an error; what opens is read whole.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto page = millrace::RawPage::open({reinterpret_cast<const char*>(data), size});
  if (!page) return 0;
  std::size_t points = 0;
  for (std::size_t s = 0; s < page->series().size(); ++s) {
    const auto read = page->read(s);
    if (read) points += read->size();
  }
  if (points != page->points()) std::abort();
  return 0;
}
