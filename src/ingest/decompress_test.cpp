#include "ingest/decompress.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <lz4frame.h>
#include <rapidcheck.h>
#include <zlib.h>
#include <zstd.h>

#include <string>

namespace millrace {
namespace {

using testing::HasSubstr;

constexpr std::size_t limit = 1U << 20;

std::string gzip(std::string_view text) {
  z_stream stream{};
  deflateInit2(&stream, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

std::string zstd(std::string_view text) {
  std::string out(ZSTD_compressBound(text.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), text.data(), text.size(), 3));
  return out;
}

/// As a streaming producer writes it: the frame does not say how large its content is.
std::string zstd_streamed(std::string_view text) {
  ZSTD_CCtx* context = ZSTD_createCCtx();
  std::string out(ZSTD_compressBound(text.size()) + 1000, '\0');
  ZSTD_CCtx_setParameter(context, ZSTD_c_contentSizeFlag, 0);
  ZSTD_inBuffer input{text.data(), text.size(), 0};
  ZSTD_outBuffer output{out.data(), out.size(), 0};
  EXPECT_EQ(ZSTD_compressStream2(context, &output, &input, ZSTD_e_end), 0U);
  out.resize(output.pos);
  ZSTD_freeCCtx(context);
  return out;
}

std::string lz4(std::string_view text) {
  std::string out(LZ4F_compressFrameBound(text.size(), nullptr), '\0');
  out.resize(LZ4F_compressFrame(out.data(), out.size(), text.data(), text.size(), nullptr));
  return out;
}

struct Codec {
  std::string name;
  std::string (*compress)(std::string_view);
};

class Decompress : public testing::TestWithParam<Codec> {
 protected:
  [[nodiscard]] Result<std::string> unpack(std::string_view bytes, std::size_t most = limit) const {
    return decompress(GetParam().name, bytes, most);
  }
  [[nodiscard]] std::string pack(std::string_view text) const { return GetParam().compress(text); }
};

INSTANTIATE_TEST_SUITE_P(Codecs, Decompress,
                         testing::Values(Codec{"gzip", gzip}, Codec{"zstd", zstd}, Codec{"zstd", zstd_streamed},
                                         Codec{"lz4", lz4}),
                         [](const auto& info) { return info.param.name + std::to_string(info.index); });

std::string some_text(std::size_t size) {
  std::string text;
  for (std::uint32_t i = 0; text.size() < size; ++i) text += "event " + std::to_string(i * 2'654'435'761U) + '\n';
  text.resize(size);
  return text;
}

TEST_P(Decompress, GivesBackTheText) {
  for (const std::size_t size : {0UL, 1UL, 1000UL, 65'535UL, 65'536UL, 65'537UL, 300'000UL}) {
    const std::string text = some_text(size);
    const auto read = unpack(pack(text));
    ASSERT_TRUE(read.has_value()) << size << ": " << read.error().message;
    EXPECT_EQ(*read, text) << size;
  }
}

TEST_P(Decompress, TakesExactlyTheLimit) {
  const std::string packed = pack(some_text(100'000));
  EXPECT_TRUE(unpack(packed, 100'000).has_value());
  const auto over = unpack(packed, 99'999);
  ASSERT_FALSE(over.has_value());
  EXPECT_EQ(over.error().code, ErrorCode::too_large);
}

TEST_P(Decompress, StopsABombAtTheLimit) {
  const auto read = unpack(pack(std::string(64U << 20, '\0')), limit);
  ASSERT_FALSE(read.has_value());
  EXPECT_EQ(read.error().code, ErrorCode::too_large);
  EXPECT_THAT(read.error().message, HasSubstr(std::to_string(limit)));
}

TEST_P(Decompress, JoinsSeveralMembers) {
  const auto read = unpack(pack("one,") + pack("") + pack("two"));
  ASSERT_TRUE(read.has_value()) << read.error().message;
  EXPECT_EQ(*read, "one,two");
}

TEST_P(Decompress, CountsAllMembersAgainstTheLimit) {
  const std::string half = pack(some_text(60'000));
  const auto read = unpack(half + half, 100'000);
  ASSERT_FALSE(read.has_value());
  EXPECT_EQ(read.error().code, ErrorCode::too_large);
}

TEST_P(Decompress, RefusesEveryTruncation) {
  const std::string packed = pack(some_text(2000));
  for (std::size_t size = 0; size < packed.size(); ++size) {
    const auto read = unpack(packed.substr(0, size));
    ASSERT_FALSE(read.has_value()) << size;
    EXPECT_EQ(read.error().code, ErrorCode::invalid_argument);
    EXPECT_THAT(read.error().message, HasSubstr("truncated")) << size << " of " << packed.size();
  }
}

TEST_P(Decompress, RefusesBytesBehindTheEnd) {
  const auto read = unpack(pack("text") + std::string(30, 'g'));
  ASSERT_FALSE(read.has_value());
  EXPECT_EQ(read.error().code, ErrorCode::invalid_argument);
}

TEST_P(Decompress, RefusesWhatIsNotItsFormat) {
  const auto read = unpack("{\"metric_name\":\"cpu\",\"value\":1}");
  ASSERT_FALSE(read.has_value());
  EXPECT_EQ(read.error().code, ErrorCode::invalid_argument);
  EXPECT_THAT(read.error().message, HasSubstr(GetParam().name));
}

TEST_P(Decompress, NeverTakesFlippedBitsForMoreThanTheLimit) {
  std::string packed = pack(some_text(5000));
  for (std::size_t i = 0; i < packed.size(); ++i) {
    packed[i] = static_cast<char>(packed[i] ^ 0x40);
    const auto read = unpack(packed, 6000);
    if (read) EXPECT_LE(read->size(), 6000U);
    packed[i] = static_cast<char>(packed[i] ^ 0x40);
  }
}

TEST(DecompressNames, TakesIdentityUpToTheLimit) {
  EXPECT_EQ(decompress("", "text", 4).value(), "text");
  EXPECT_EQ(decompress("Identity", "text", 4).value(), "text");
  EXPECT_EQ(decompress("", "text", 3).error().code, ErrorCode::too_large);
}

TEST(DecompressNames, KnowsNamesInAnyCase) {
  EXPECT_EQ(decompress("GZip", gzip("text"), limit).value(), "text");
  EXPECT_EQ(decompress("x-gzip", gzip("text"), limit).value(), "text");
}

TEST(DecompressNames, RefusesOthersAndASecondOne) {
  for (const char* name : {"br", "deflate", "gzip2", "gzip, zstd", "gzip,identity", "snappy"}) {
    const auto read = decompress(name, "x", limit);
    ASSERT_FALSE(read.has_value()) << name;
    EXPECT_EQ(read.error().code, ErrorCode::unsupported_version) << name;
    EXPECT_THAT(read.error().message, HasSubstr("gzip, zstd, lz4")) << name;
  }
}

}  // namespace
}  // namespace millrace
