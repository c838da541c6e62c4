#include "access/tokens.hpp"

#include "base/clock.hpp"
#include "store/rocks_store.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <string>

namespace millrace {
namespace {

using testing::HasSubstr;
using testing::Not;

/// Tokens in an embedded store of their own.
class TokensTest : public testing::Test {
 protected:
  TokensTest() { open(); }
  ~TokensTest() override {
    store_.reset();
    std::filesystem::remove_all(folder_);
  }
  /// As after a restart.
  void open() {
    tokens_.reset();
    store_.reset();
    store_ = RocksStore::open(folder_, {}).value();
    tokens_ = std::make_unique<Tokens>(*store_, clock_);
    ASSERT_TRUE(tokens_->load());
  }

  std::string folder_ = testing::TempDir() + "tokens_" + std::to_string(::getpid());
  ManualClock clock_{Millis{1'700'000'000'000}};
  std::unique_ptr<RocksStore> store_;
  std::unique_ptr<Tokens> tokens_;
};

TEST_F(TokensTest, MakesATokenThatChecksAlsoAfterARestart) {
  EXPECT_TRUE(tokens_->empty());
  const std::string secret = tokens_->create(Scope::write, "sender").value();
  EXPECT_THAT(secret, testing::MatchesRegex("mr_[0-9a-f]{16}_[0-9a-f]{64}"));
  EXPECT_EQ(tokens_->check(secret), Scope::write);
  open();
  EXPECT_FALSE(tokens_->empty());
  EXPECT_EQ(tokens_->check(secret), Scope::write);
  const auto listed = tokens_->list();
  ASSERT_EQ(listed.size(), 1U);
  EXPECT_EQ(listed[0].scope, Scope::write);
  EXPECT_EQ(listed[0].label, "sender");
  EXPECT_EQ(listed[0].created, clock_.now());
  EXPECT_THAT(secret, HasSubstr(listed[0].id));
}

TEST_F(TokensTest, KeepsTheHashAndNeverTheSecret) {
  const std::string secret = tokens_->create(Scope::read, "x").value();
  const auto documents = store_->list("token").value();
  ASSERT_EQ(documents.size(), 1U);
  EXPECT_THAT(documents[0].json, Not(HasSubstr(secret.substr(secret.rfind('_') + 1))));
}

TEST_F(TokensTest, KnowsNoOtherSecret) {
  const std::string secret = tokens_->create(Scope::admin, "").value();
  for (std::size_t i = 0; i < secret.size(); ++i) {
    std::string other = secret;
    other[i] = other[i] == 'a' ? 'b' : 'a';
    EXPECT_EQ(tokens_->check(other), std::nullopt) << i;
  }
  EXPECT_EQ(tokens_->check(""), std::nullopt);
  EXPECT_EQ(tokens_->check(secret + "a"), std::nullopt);
  EXPECT_EQ(tokens_->check(secret.substr(0, secret.size() - 1)), std::nullopt);
}

TEST_F(TokensTest, RevokesForGood) {
  const std::string kept = tokens_->create(Scope::read, "kept").value();
  clock_.advance(Duration{1});
  const std::string gone = tokens_->create(Scope::read, "gone").value();
  ASSERT_TRUE(tokens_->revoke(tokens_->list().at(1).id));
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(tokens_->check(gone), std::nullopt);
    EXPECT_EQ(tokens_->check(kept), Scope::read);
    open();
  }
  EXPECT_EQ(tokens_->revoke("nonsense").error().code, ErrorCode::not_found);
}

TEST_F(TokensTest, RefusesWhatCanNotBeStored) {
  EXPECT_EQ(tokens_->create(Scope::none, "x").error().code, ErrorCode::invalid_argument);
  for (const std::string& label : {std::string("a\"b"), std::string("a\nb"), std::string(101, 'a')}) {
    EXPECT_EQ(tokens_->create(Scope::read, label).error().code, ErrorCode::invalid_argument);
  }
  EXPECT_TRUE(tokens_->empty());
}

TEST_F(TokensTest, SaysWhichStoredTokenCanNotBeRead) {
  for (const char* json : {"", "{}", R"({"scope":"root","label":"","created":1,"hash":""})",
                           R"({"scope":"read","label":"","created":1,"hash":"abcd"})"}) {
    ASSERT_TRUE(store_->put("token", "broken", json, std::nullopt));
    const auto loaded = tokens_->load();
    ASSERT_FALSE(loaded) << json;
    EXPECT_EQ(loaded.error().code, ErrorCode::corrupt);
    EXPECT_THAT(loaded.error().message, HasSubstr("'broken'"));
  }
  ASSERT_TRUE(store_->remove("token", "broken", std::nullopt));
}

TEST(ParseScope, NamesWhatIsValid) {
  for (const Scope scope : {Scope::read, Scope::write, Scope::admin})
    EXPECT_EQ(parse_scope(name(scope)).value(), scope);
  EXPECT_THAT(parse_scope("root").error().message, HasSubstr("read, write, admin"));
  EXPECT_FALSE(parse_scope("none"));
}

}  // namespace
}  // namespace millrace
