#include "store/scratch_store.hpp"
#include "store/store_suite.hpp"

namespace millrace::store_suite {

INSTANTIATE_TYPED_TEST_SUITE_P(Rocks, StoreContract, RocksTraits);
INSTANTIATE_TYPED_TEST_SUITE_P(Rocks, DocumentsContract, RocksTraits);

}  // namespace millrace::store_suite
