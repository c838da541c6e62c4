#include "model/series.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <map>

namespace millrace {
namespace {

bool corrupt(std::string_view bytes) {
  const auto decoded = decode_series_key(bytes);
  return !decoded && decoded.error().code == ErrorCode::corrupt;
}

TEST(SeriesKey, ComesBackFromItsBytes) {
  EXPECT_TRUE(rc::check(
      [](const std::string& metric, const std::string& source, const std::map<std::string, std::string>& all) {
        SeriesKey key{metric, source, {}};
        for (const auto& [tag, value] : all) {
          if (!tag.empty() && !value.empty()) key.tags.emplace_back(tag, value);
        }
        const auto decoded = decode_series_key(encode(key));
        RC_ASSERT(decoded.has_value());
        RC_ASSERT(*decoded == key);
      }));
}

TEST(SeriesKey, HasTheBytesOfItsFormat) {
  EXPECT_EQ(encode({"cpu", "a", {{"zone", "eu"}}}), std::string("\x03"
                                                                "cpu"
                                                                "\x01"
                                                                "a"
                                                                "\x01"
                                                                "\x04"
                                                                "zone"
                                                                "\x02"
                                                                "eu"));
  EXPECT_EQ(encode({"cpu", "", {}}), std::string("\x03"
                                                 "cpu"
                                                 "\0"
                                                 "\0",
                                                 6));
}

TEST(SeriesKey, RefusesBytesCutAnywhere) {
  const std::string whole = encode({"cpu", "host-1", {{"app", "x"}, {"zone", "eu"}}});
  for (std::size_t size = 0; size < whole.size(); ++size) EXPECT_TRUE(corrupt(whole.substr(0, size))) << size;
  EXPECT_TRUE(corrupt(whole + '\0'));
}

TEST(SeriesKey, RefusesTagsThatAreNotCanonical) {
  EXPECT_TRUE(corrupt(encode({"cpu", "a", {{"zone", "eu"}, {"app", "x"}}})));
  EXPECT_TRUE(corrupt(encode({"cpu", "a", {{"app", "x"}, {"app", "y"}}})));
  EXPECT_TRUE(corrupt(encode({"cpu", "a", {{"app", ""}}})));
  EXPECT_TRUE(corrupt(encode({"cpu", "a", {{"", "x"}}})));
}

TEST(SeriesKey, RefusesALengthSpelledLongerThanDue) {
  EXPECT_FALSE(
      corrupt(std::string("\x01"
                          "m"
                          "\x01"
                          "s"
                          "\0",
                          5)));
  EXPECT_TRUE(
      corrupt(std::string("\x81\0"
                          "m"
                          "\x01"
                          "s"
                          "\0",
                          6)));
}

TEST(SeriesKey, RefusesATagCountBeyondTheBytes) {
  EXPECT_TRUE(
      corrupt(std::string("\x01"
                          "m"
                          "\x01"
                          "s"
                          "\xff\xff\xff\xff\x0f",
                          9)));
}

}  // namespace
}  // namespace millrace
