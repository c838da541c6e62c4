#include "model/producer_memory.hpp"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <map>
#include <set>
#include <vector>

namespace millrace {
namespace {

using Outcome = ProducerMemory::Outcome;
using Note = std::pair<std::string, std::uint64_t>;

TEST(ProducerMemory, KnowsABatchThatItHasSeen) {
  ProducerMemory memory;
  EXPECT_EQ(memory.note("p", 7), Outcome::fresh);
  EXPECT_EQ(memory.check("p", 7), Outcome::duplicate);
  EXPECT_EQ(memory.note("p", 7), Outcome::duplicate);
  EXPECT_EQ(memory.check("p", 6), Outcome::fresh);
  EXPECT_EQ(memory.check("q", 7), Outcome::fresh);
}

TEST(ProducerMemory, AcceptsBatchesOutOfOrderWithinItsWindow) {
  ProducerMemory memory;
  memory.note("p", 2000);
  EXPECT_EQ(memory.note("p", 2000 - 1024), Outcome::fresh);
  EXPECT_EQ(memory.check("p", 2000 - 1024), Outcome::duplicate);
  EXPECT_EQ(memory.check("p", 2000 - 1025), Outcome::too_old);
  EXPECT_EQ(memory.note("p", 2001), Outcome::fresh);
  EXPECT_EQ(memory.check("p", 2000), Outcome::duplicate);
  EXPECT_EQ(memory.check("p", 2000 - 1024), Outcome::too_old);
}

TEST(ProducerMemory, TakesSequencesAtBothEndsOfTheirRange) {
  ProducerMemory memory;
  EXPECT_EQ(memory.note("p", 0), Outcome::fresh);
  EXPECT_EQ(memory.note("p", 0), Outcome::duplicate);
  EXPECT_EQ(memory.note("p", ~0ULL), Outcome::fresh);
  EXPECT_EQ(memory.note("p", 0), Outcome::too_old);
  EXPECT_EQ(memory.note("p", ~0ULL), Outcome::duplicate);
}

TEST(ProducerMemory, ForgetsTheProducerLongestUnused) {
  ProducerMemory memory;
  for (std::size_t i = 0; i < ProducerMemory::max_producers; ++i) memory.note("p" + std::to_string(i), 1);
  memory.note("p0", 1);  // a duplicate is a use too
  memory.note("one more", 1);
  EXPECT_EQ(memory.size(), ProducerMemory::max_producers);
  EXPECT_EQ(memory.check("p0", 1), Outcome::duplicate);
  EXPECT_EQ(memory.check("p1", 1), Outcome::fresh);
  EXPECT_EQ(memory.check("p2", 1), Outcome::duplicate);
}

TEST(ProducerMemory, ACopyLivesOnItsOwn) {
  ProducerMemory memory;
  for (std::size_t i = 0; i < ProducerMemory::max_producers; ++i) memory.note("p" + std::to_string(i), 1);
  ProducerMemory copy = memory;
  memory = ProducerMemory{};
  copy.note("p0", 2);
  copy.note("one more", 1);
  EXPECT_EQ(copy.check("p0", 1), Outcome::duplicate);
  EXPECT_EQ(copy.check("p1", 1), Outcome::fresh);
  EXPECT_EQ(copy.size(), ProducerMemory::max_producers);
}

/// What the memory is: everything ever noted, judged by the highest.
class Naive {
 public:
  Outcome note(const std::string& producer, std::uint64_t sequence) {
    auto& seen = seen_[producer];
    if (!seen.empty() && sequence < *seen.rbegin() && *seen.rbegin() - sequence > ProducerMemory::window) {
      return Outcome::too_old;
    }
    return seen.insert(sequence).second ? Outcome::fresh : Outcome::duplicate;
  }

 private:
  std::map<std::string, std::set<std::uint64_t>> seen_;
};

rc::Gen<std::vector<Note>> notes() {
  const auto producer = rc::gen::element<std::string>("a", "b", "c");
  const auto sequence =
      rc::gen::oneOf(rc::gen::inRange<std::uint64_t>(0, 20), rc::gen::inRange<std::uint64_t>(1000, 1060),
                     rc::gen::inRange<std::uint64_t>(2040, 2090));
  return rc::gen::container<std::vector<Note>>(rc::gen::pair(producer, sequence));
}

TEST(ProducerMemory, AnswersLikeOneThatRemembersEverything) {
  EXPECT_TRUE(rc::check([] {
    ProducerMemory memory;
    Naive naive;
    for (const auto& [producer, sequence] : *notes()) {
      const Outcome expected = naive.note(producer, sequence);
      RC_ASSERT(memory.check(producer, sequence) == expected);
      RC_ASSERT(memory.note(producer, sequence) == expected);
    }
  }));
}

TEST(ProducerMemory, ComesBackFromItsBytes) {
  EXPECT_TRUE(rc::check([] {
    ProducerMemory memory;
    for (const auto& [producer, sequence] : *notes()) memory.note(producer, sequence);
    const std::string bytes = memory.encode();
    const auto decoded = ProducerMemory::decode(bytes);
    RC_ASSERT(decoded.has_value());
    RC_ASSERT(decoded->encode() == bytes);
    for (const std::string producer : {"a", "b", "c"}) {
      for (std::uint64_t sequence = 0; sequence < 2100; ++sequence) {
        RC_ASSERT(decoded->check(producer, sequence) == memory.check(producer, sequence));
      }
    }
  }));
}

TEST(ProducerMemory, MergedKnowsWhatEitherHasSeenWithinTheWindow) {
  EXPECT_TRUE(rc::check([] {
    const auto ours = *notes();
    const auto theirs = *notes();
    ProducerMemory merged;
    ProducerMemory other;
    std::map<std::string, std::set<std::uint64_t>> seen;
    const auto note = [&seen](ProducerMemory& memory, const Note& one) {
      if (memory.note(one.first, one.second) != Outcome::too_old) seen[one.first].insert(one.second);
    };
    for (const Note& one : ours) note(merged, one);
    for (const Note& one : theirs) note(other, one);
    merged.merge(other);
    merged.merge(merged);
    for (const auto& [producer, sequences] : seen) {
      const std::uint64_t highest = *sequences.rbegin();
      for (std::uint64_t sequence = 0; sequence < 2100; ++sequence) {
        const bool below = sequence < highest && highest - sequence > ProducerMemory::window;
        const Outcome expected =
            below ? Outcome::too_old : (sequences.contains(sequence) ? Outcome::duplicate : Outcome::fresh);
        RC_ASSERT(merged.check(producer, sequence) == expected);
      }
    }
  }));
}

TEST(ProducerMemory, TakesFewBytesForAProducerInOrder) {
  ProducerMemory memory;
  for (std::uint64_t i = 1; i <= 5000; ++i) memory.note("p", i);
  EXPECT_LE(memory.encode().size(), 10U);
}

TEST(ProducerMemory, RefusesBytesThatItDidNotWrite) {
  ProducerMemory memory;
  memory.note("p", 5);
  memory.note("p", 3);
  const std::string whole = memory.encode();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_EQ(ProducerMemory::decode(whole.substr(0, size)).error().code, ErrorCode::corrupt) << size;
  }
  EXPECT_EQ(ProducerMemory::decode(whole + "x").error().code, ErrorCode::corrupt);
  EXPECT_EQ(ProducerMemory::decode("\x02").error().code, ErrorCode::unsupported_version);
  const std::string long_run = std::string("\x01\x01\x01p\x05\x01\x81\x08", 8);  // one run of 1,025
  EXPECT_EQ(ProducerMemory::decode(long_run).error().code, ErrorCode::corrupt);
}

}  // namespace
}  // namespace millrace
