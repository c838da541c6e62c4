#include "base/result.hpp"

#include <gtest/gtest.h>

namespace millrace {
namespace {

TEST(Result, CarriesAValueOrTheErrorThatSaysWhyThereIsNone) {
  const Result<int> good = 7;
  const Result<int> bad = fail(ErrorCode::not_found, "no such thing");
  EXPECT_EQ(*good, 7);
  EXPECT_EQ(bad.error(), (Error{ErrorCode::not_found, "no such thing"}));
  EXPECT_EQ(name(bad.error().code), "not_found");
}

}  // namespace
}  // namespace millrace
