#include "access/origin.hpp"
#include "access/scopes.hpp"

#include <gtest/gtest.h>

#include <string>
#include <tuple>
#include <vector>

namespace millrace {
namespace {

constexpr Presented kNothing{};
constexpr Presented kWrong{true, std::nullopt};
constexpr Presented kRead{true, Scope::read};
constexpr Presented kWrite{true, Scope::write};
constexpr Presented kAdmin{true, Scope::admin};

TEST(Authorize, DecidesByScopeTokenAndMode) {
  constexpr AccessState open{Anonymous::automatic, true, false};
  constexpr AccessState loopback_with_tokens{Anonymous::automatic, true, true};
  constexpr AccessState elsewhere{Anonymous::automatic, false, true};
  constexpr AccessState elsewhere_bare{Anonymous::automatic, false, false};
  constexpr AccessState closed{Anonymous::none, true, false};
  constexpr AccessState readable{Anonymous::read, false, true};
  const std::vector<std::tuple<std::string, Scope, Presented, AccessState, Access>> cases = {
      {"health needs nothing", Scope::none, kNothing, closed, Access::allowed},
      {"health takes even a wrong token", Scope::none, kWrong, closed, Access::allowed},
      {"open: read", Scope::read, kNothing, open, Access::allowed},
      {"open: admin", Scope::admin, kNothing, open, Access::allowed},
      {"open, but a wrong token", Scope::read, kWrong, open, Access::unauthenticated},
      {"a token exists: no longer open", Scope::read, kNothing, loopback_with_tokens, Access::unauthenticated},
      {"not loopback: not open", Scope::read, kNothing, elsewhere, Access::unauthenticated},
      {"not loopback, no token: not open", Scope::read, kNothing, elsewhere_bare, Access::unauthenticated},
      {"none: not even on loopback", Scope::read, kNothing, closed, Access::unauthenticated},
      {"read: reads", Scope::read, kNothing, readable, Access::allowed},
      {"read: does not write", Scope::write, kNothing, readable, Access::unauthenticated},
      {"read: does not administrate", Scope::admin, kNothing, readable, Access::unauthenticated},
      {"read, but a wrong token", Scope::read, kWrong, readable, Access::unauthenticated},
      {"wrong token", Scope::read, kWrong, elsewhere, Access::unauthenticated},
      {"read token reads", Scope::read, kRead, elsewhere, Access::allowed},
      {"read token does not write", Scope::write, kRead, elsewhere, Access::forbidden},
      {"read token does not write, open or not", Scope::write, kRead, loopback_with_tokens, Access::forbidden},
      {"write token reads", Scope::read, kWrite, elsewhere, Access::allowed},
      {"write token writes", Scope::write, kWrite, elsewhere, Access::allowed},
      {"write token does not administrate", Scope::admin, kWrite, elsewhere, Access::forbidden},
      {"admin token does all", Scope::admin, kAdmin, elsewhere, Access::allowed},
      {"admin token reads", Scope::read, kAdmin, closed, Access::allowed},
  };
  for (const auto& [what, needed, presented, state, access] : cases) {
    EXPECT_EQ(authorize(needed, presented, state), access) << what;
  }
}

TEST(MayListen, WantsATokenOrAWordOnAPublicAddress) {
  EXPECT_TRUE(may_listen({Anonymous::automatic, true, false}));
  EXPECT_TRUE(may_listen({Anonymous::none, true, false}));
  EXPECT_TRUE(may_listen({Anonymous::automatic, false, true}));
  EXPECT_TRUE(may_listen({Anonymous::read, false, false}));
  EXPECT_FALSE(may_listen({Anonymous::automatic, false, false}));
  EXPECT_FALSE(may_listen({Anonymous::none, false, false}));
}

TEST(ParseAnonymous, NamesWhatIsValid) {
  EXPECT_EQ(parse_anonymous("auto").value(), Anonymous::automatic);
  EXPECT_EQ(parse_anonymous("none").value(), Anonymous::none);
  EXPECT_EQ(parse_anonymous("read").value(), Anonymous::read);
  EXPECT_EQ(parse_anonymous("yes").error().code, ErrorCode::invalid_argument);
}

TEST(JudgeOrigin, HoldsHostAndOriginAgainstTheSite) {
  const Site local{"127.0.0.1", 8080, ""};
  const Site every{"0.0.0.0", 8080, ""};
  const Site one{"10.1.2.3", 8080, ""};
  const Site proxied{"127.0.0.1", 8080, "https://metrics.example.org"};
  constexpr auto ok = OriginVerdict::allowed;
  constexpr auto misdirected = OriginVerdict::misdirected;
  constexpr auto foreign = OriginVerdict::foreign;
  const std::vector<std::tuple<Site, std::string, std::string, bool, OriginVerdict>> cases = {
      // Host
      {local, "127.0.0.1:8080", "", true, ok},
      {local, "localhost:8080", "", true, ok},
      {local, "LOCALHOST:9999", "", true, ok},
      {local, "[::1]:8080", "", true, ok},
      {local, "127.9.9.9", "", true, ok},
      {local, "", "", true, ok},
      {local, "evil.example", "", false, misdirected},
      {local, "evil.example:8080", "http://evil.example:8080", true, misdirected},
      {local, "127.0.0.1.evil.example", "", false, misdirected},
      {local, "localhost.evil.example", "", false, misdirected},
      {local, "10.1.2.3:8080", "", false, misdirected},
      {local, "127.0.0.1:port", "", false, misdirected},
      {local, "127.0.0.1:99999", "", false, misdirected},
      {local, "[::1", "", false, misdirected},
      {one, "10.1.2.3:8080", "", true, ok},
      {one, "10.1.2.4:8080", "", true, misdirected},
      {every, "10.1.2.4:8080", "", true, ok},
      {every, "[fe80::1]:8080", "", true, ok},
      {every, "evil.example:8080", "", true, misdirected},
      {proxied, "metrics.example.org", "", true, ok},
      {proxied, "Metrics.Example.Org.", "", true, ok},
      {proxied, "other.example.org", "", true, misdirected},
      // Origin
      {local, "127.0.0.1:8080", "http://127.0.0.1:8080", true, ok},
      {local, "localhost:8080", "HTTP://LocalHost:8080", true, ok},
      {local, "[::1]:8080", "http://[::1]:8080", true, ok},
      {local, "localhost", "http://localhost", true, ok},
      {local, "localhost", "http://localhost:80", true, ok},
      {local, "127.0.0.1:8080", "http://localhost:8080", true, foreign},
      {local, "127.0.0.1:8080", "http://127.0.0.1:3000", true, foreign},
      {local, "127.0.0.1:8080", "http://evil.example", true, foreign},
      {local, "127.0.0.1:8080", "null", true, foreign},
      {local, "127.0.0.1:8080", "file://", true, foreign},
      {local, "127.0.0.1:8080", "http://127.0.0.1:8080@evil.example", true, foreign},
      {local, "", "http://127.0.0.1:8080", true, foreign},
      {local, "127.0.0.1:8080", "http://evil.example", false, ok},
      {proxied, "127.0.0.1:8080", "https://metrics.example.org", true, ok},
      {proxied, "metrics.example.org", "https://metrics.example.org", true, ok},
      {proxied, "metrics.example.org", "https://metrics.example.org:443", true, ok},
      {proxied, "127.0.0.1:8080", "http://metrics.example.org", true, foreign},
      {proxied, "127.0.0.1:8080", "https://metrics.example.org.evil.example", true, foreign},
  };
  for (const auto& [site, host, origin, changes, verdict] : cases) {
    EXPECT_EQ(judge_origin(site, {host, origin, changes}), verdict) << host << " " << origin;
  }
}

TEST(IsLoopback, KnowsOnlyThisMachine) {
  for (const char* host : {"127.0.0.1", "127.1.2.3", "localhost", "::1", "[::1]", "a.localhost"}) {
    EXPECT_TRUE(is_loopback(host)) << host;
  }
  for (const char* host : {"", "0.0.0.0", "10.0.0.1", "127.0.0.1.x", "127.x", "1127.0.0.1", "::", "xlocalhost"}) {
    EXPECT_FALSE(is_loopback(host)) << host;
  }
}

}  // namespace
}  // namespace millrace
