#include "base/bytes.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace millrace {
namespace {

TEST(Bytes, ReadsBackWhatWasWritten) {
  EXPECT_TRUE(rc::check([](std::uint64_t a, std::int64_t b, double c, const std::string& d) {
    std::string out;
    ByteWriter writer(out);
    writer.varint(a);
    writer.signed_varint(b);
    writer.fixed(c);
    writer.string(d);
    ByteReader reader(out);
    RC_ASSERT(reader.varint() == a);
    RC_ASSERT(reader.signed_varint() == b);
    RC_ASSERT(reader.fixed<double>() == c);
    RC_ASSERT(reader.string() == d);
    RC_ASSERT(reader.ok() && reader.left() == 0);
  }));
}

TEST(Bytes, StaysBadOncePastTheEnd) {
  ByteReader reader(std::string_view("\x05xy", 3));
  EXPECT_EQ(reader.string(), "");
  EXPECT_FALSE(reader.ok());
  EXPECT_EQ(reader.varint(), 0U);
  EXPECT_FALSE(reader.ok());
}

TEST(Bytes, RefusesAVarintOverSixtyFourBits) {
  const std::string eleven(10, '\xff');
  ByteReader reader(eleven);
  EXPECT_EQ(reader.varint(), 0U);
  EXPECT_FALSE(reader.ok());
}

}  // namespace
}  // namespace millrace
