#include "stream/memory_store.hpp"

#include "store/store_suite.hpp"

#include <memory>

namespace millrace::store_suite {

GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(DocumentsContract);  // it keeps no documents

namespace {

/// A store in memory "reopened" is the same one.
struct MemoryTraits {
  struct Opened {
    std::unique_ptr<MemoryStore> memory = std::make_unique<MemoryStore>();
    Store& store() { return *memory; }
  };
  std::unique_ptr<Opened> fresh() { return std::make_unique<Opened>(); }
  void reopen(std::unique_ptr<Opened>& opened) { ASSERT_NE(opened, nullptr); }
};

INSTANTIATE_TYPED_TEST_SUITE_P(Memory, StoreContract, MemoryTraits);

}  // namespace
}  // namespace millrace::store_suite
