#include "base/bytes.hpp"
#include "model/digest.hpp"
#include "model/digest_samples.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

/// tests/vectors/digest: bytes (NAME.bin) and what they answer (NAME.txt), shared with the Java reader.
/// MILLRACE_WRITE_VECTORS=1 writes those of the version now written; see the README there.
namespace millrace {
namespace {

const std::filesystem::path folder = std::filesystem::path(MILLRACE_SOURCE_DIR) / "tests/vectors/digest";

std::string read(const std::filesystem::path& path) {
  const std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

void write(const std::filesystem::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

std::string answers(const Digest& digest) {
  std::string text = fmt::format("count {}\nexact {}\ncompression {}\nmin {}\nmax {}\n", digest.count(),
                                 digest.exact() ? 1 : 0, digest.compression(), digest.min(), digest.max());
  for (const double q : {0.0, 0.001, 0.01, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 1.0}) {
    text += fmt::format("quantile {} {}\n", q, digest.quantile(q));
  }
  for (const auto& [mean, weight] : digest.centroids()) text += fmt::format("centroid {} {}\n", mean, weight);
  return text;
}

Digest of(const std::vector<double>& values, double compression = 100) {
  Digest digest(compression);
  for (const double value : values) digest.add(value);
  return digest;
}

std::map<std::string, std::string> vectors() {
  const auto bytes = [](const Digest& digest) {
    std::string out;
    digest.encode(out);
    return out;
  };
  const auto version_one = [](const Digest& digest) {
    std::string out;
    ByteWriter writer(out);
    writer.fixed(std::uint8_t{1});
    writer.fixed(static_cast<std::uint8_t>(digest.exact() ? 1 : 0));
    writer.fixed(digest.compression());
    writer.fixed(digest.min());
    writer.fixed(digest.max());
    const auto centroids = digest.centroids();
    writer.varint(centroids.size());
    for (const auto& [mean, weight] : centroids) {
      writer.fixed(mean);
      if (!digest.exact()) writer.varint(weight);
    }
    return out;
  };
  using samples::draw;
  using samples::Shape;
  return {
      {"v2_empty", bytes(Digest())},
      {"v2_one", bytes(of({-12.5}))},
      {"v2_decimals", bytes(of({50.12, 50.31, 49.87, 50.02, 50.4, 50.77, 50.61, 50.23, 50.11, 49.95}))},
      {"v2_negative_zero", bytes(of({-0.0, 0.0, 1.0}))},
      {"v2_doubles", bytes(of(draw(Shape::lognormal, 32)))},
      {"v2_whole_numbers", bytes(of({-9007199254740991.0, 0, 9007199254740991.0}))},
      {"v2_forty", bytes(of(draw(Shape::uniform, 40)))},
      {"v2_pareto", bytes(of(draw(Shape::pareto, 100'000)))},
      {"v2_bimodal_compression_50", bytes(of(draw(Shape::bimodal, 10'000), 50))},
      {"v2_constant", bytes(of(draw(Shape::constant, 1'000)))},
      {"v1_exact", version_one(of({3, 1, 2.5}))},
      {"v1_folded", version_one(of(draw(Shape::lognormal, 5'000)))},
  };
}

TEST(DigestVectors, AnswerWhatTheirTextSays) {
  if (std::getenv("MILLRACE_WRITE_VECTORS") != nullptr) {
    for (const auto& [name, bytes] : vectors()) {
      write(folder / (name + ".bin"), bytes);
      write(folder / (name + ".txt"), answers(Digest::decode(bytes).value()));
    }
  }
  std::size_t met = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != ".bin") continue;
    const auto digest = Digest::decode(read(entry.path()));
    ASSERT_TRUE(digest.has_value()) << entry.path();
    EXPECT_EQ(answers(*digest), read(std::filesystem::path(entry.path()).replace_extension(".txt"))) << entry.path();
    ++met;
  }
  EXPECT_GE(met, vectors().size());
}

TEST(DigestVectors, AreWhatIsWritten) {
  for (const std::string name : {"v2_empty", "v2_one", "v2_decimals", "v2_negative_zero", "v2_whole_numbers"}) {
    EXPECT_EQ(vectors().at(name), read(folder / (name + ".bin"))) << name;
  }
  for (const std::string name : {"v2_forty", "v2_pareto", "v2_bimodal_compression_50", "v2_constant"}) {
    const std::string bytes = read(folder / (name + ".bin"));
    std::string again;
    Digest::decode(bytes)->encode(again);
    EXPECT_EQ(again, bytes) << name;
  }
}

}  // namespace
}  // namespace millrace
