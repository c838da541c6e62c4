#include "net/header_guard.hpp"

#include "net/chunked.hpp"
#include "net/target.hpp"

#include <gtest/gtest.h>

#include <string>
#include <tuple>
#include <vector>

namespace millrace::net {
namespace {

constexpr HeadLimits kLimits{};

int status_of(std::string_view block) {
  const auto size = find_head(block, kLimits);
  if (!size) return size.error().status;
  if (*size == 0) return 0;
  const auto head = read_head(block.substr(0, *size), kLimits);
  return head ? 200 : head.error().status;
}

TEST(HeaderGuard, JudgesEachShapeOfHead) {
  const std::string get = "GET / HTTP/1.1\r\nHost: a\r\n";
  const std::string post = "POST / HTTP/1.1\r\nHost: a\r\n";
  const std::vector<std::tuple<std::string, std::string, int>> cases = {
      {"plain", get + "\r\n", 200},
      {"not whole", get, 0},
      {"bare LF at the end", "GET / HTTP/1.1\nHost: a\n\n", 400},
      {"bare LF inside", "GET / HTTP/1.1\r\nHost: a\nX: y\r\n\r\n", 400},
      {"bare LF, not yet whole", "GET / HTTP/1.1\n", 400},
      {"bare CR in a value", get + "X: a\rb\r\n\r\n", 400},
      {"CR before the blank line", get + "\r\r\n\r\n", 400},
      {"obs-fold with a blank", get + "X: a\r\n b\r\n\r\n", 400},
      {"obs-fold with a tab", get + "X: a\r\n\tb\r\n\r\n", 400},
      {"first header folded", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400},
      {"NUL in a value", get + std::string("X: a\0b\r\n\r\n", 10), 400},
      {"NUL in the target", std::string("GET /\0 HTTP/1.1\r\n", 17), 400},
      {"control character in a value", get + "X: a\x01\r\n\r\n", 400},
      {"DEL in a value", get + "X: a\x7F\r\n\r\n", 400},
      {"blank before the colon", get + "X : a\r\n\r\n", 400},
      {"tab before the colon", get + "Content-Length\t: 5\r\n\r\n", 400},
      {"no colon", get + "X\r\n\r\n", 400},
      {"no name", get + ": a\r\n\r\n", 400},
      {"name with a bracket", get + "X(: a\r\n\r\n", 400},
      {"empty value", get + "X:\r\n\r\n", 200},
      {"high bytes in a value", get + "X: \xC3\xA4\r\n\r\n", 200},
      {"TE and length", post + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n", 400},
      {"length and TE", post + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
      {"two lengths", post + "Content-Length: 5\r\nContent-Length: 6\r\n\r\n", 400},
      {"two equal lengths", post + "Content-Length: 5\r\nContent-Length: 5\r\n\r\n", 400},
      {"a list of lengths", post + "Content-Length: 5, 5\r\n\r\n", 400},
      {"a signed length", post + "Content-Length: +5\r\n\r\n", 400},
      {"a negative length", post + "Content-Length: -5\r\n\r\n", 400},
      {"a hexadecimal length", post + "Content-Length: 0x5\r\n\r\n", 400},
      {"no length in it", post + "Content-Length:\r\n\r\n", 400},
      {"a length beyond 64 bits", post + "Content-Length: 99999999999999999999\r\n\r\n", 400},
      {"a length", post + "Content-Length: 5\r\n\r\n", 200},
      {"chunked", post + "Transfer-Encoding: chunked\r\n\r\n", 200},
      {"Chunked", post + "transfer-encoding: \t Chunked \t\r\n\r\n", 200},
      {"chunked, identity", post + "Transfer-Encoding: chunked, identity\r\n\r\n", 400},
      {"chunked twice", post + "Transfer-Encoding: chunked, chunked\r\n\r\n", 400},
      {"chunked in two headers", post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
      {"gzip and chunked in two headers", post + "Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
      {"empty coding", post + "Transfer-Encoding: \r\n\r\n", 400},
      {"comma only", post + "Transfer-Encoding: ,chunked\r\n\r\n", 400},
      {"xchunked", post + "Transfer-Encoding: xchunked\r\n\r\n", 501},
      {"chunked with a parameter", post + "Transfer-Encoding: chunked;q=1\r\n\r\n", 501},
      {"identity", post + "Transfer-Encoding: identity\r\n\r\n", 501},
      {"gzip, chunked", post + "Transfer-Encoding: gzip, chunked\r\n\r\n", 501},
      {"vertical tab in the coding",
       post + "Transfer-Encoding: \x0B"
              "chunked\r\n\r\n",
       400},
      {"chunked in 1.0", "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
      {"no Host", "GET / HTTP/1.1\r\n\r\n", 400},
      {"no Host in 1.0", "GET / HTTP/1.0\r\n\r\n", 200},
      {"two Hosts", get + "Host: a\r\n\r\n", 400},
      {"two Hosts in 1.0", "GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", 400},
      {"empty Host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", 400},
      {"Host with a path", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400},
      {"Host with a user", "GET / HTTP/1.1\r\nHost: a@b\r\n\r\n", 400},
      {"IPv6 Host", "GET / HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n", 200},
      {"Expect", post + "Content-Length: 5\r\nExpect: 100-Continue\r\n\r\n", 200},
      {"another Expect", post + "Content-Length: 5\r\nExpect: 200-ok\r\n\r\n", 417},
      {"HTTP/2.0", "GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505},
      {"HTTP/1.2", "GET / HTTP/1.2\r\nHost: a\r\n\r\n", 505},
      {"HTTP/0.9", "GET /\r\nHost: a\r\n\r\n", 400},
      {"http in lower case", "GET / http/1.1\r\nHost: a\r\n\r\n", 400},
      {"HTTP/1.10", "GET / HTTP/1.10\r\nHost: a\r\n\r\n", 400},
      {"two blanks", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"blank in the target", "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"tab in the target", "GET /a\tb HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"fragment", "GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"raw UTF-8 in the target", "GET /\xC3\xA4 HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"no method", " / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"method with a colon", "GE:T / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"8 KB request line", "GET /" + std::string(8192, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n", 414},
      {"8 KB request line, not yet whole", "GET /" + std::string(8192, 'a'), 414},
      {"16 KB of headers", get + "X: " + std::string(16384, 'a') + "\r\n\r\n", 431},
      {"16 KB of headers, not yet whole", get + "X: " + std::string(16384, 'a'), 431},
  };
  for (const auto& [what, block, status] : cases) EXPECT_EQ(status_of(block), status) << what;
}

TEST(HeaderGuard, TakesAHundredHeadersAndRefusesOneMore) {
  std::string block = "GET / HTTP/1.1\r\nHost: a\r\n";
  for (int i = 0; i < 99; ++i) block += "X: y\r\n";
  EXPECT_EQ(status_of(block + "\r\n"), 200);
  EXPECT_EQ(status_of(block + "X: y\r\n\r\n"), 431);
}

TEST(HeaderGuard, FindsTheEndWhereverTheBytesAreCut) {
  const std::string block = "GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n";
  const std::string bytes = block + "GET /next";
  for (std::size_t cut = 1; cut < block.size(); ++cut) {
    EXPECT_EQ(find_head(bytes.substr(0, cut), kLimits).value(), 0U) << cut;
    EXPECT_EQ(find_head(bytes, kLimits, cut).value(), block.size()) << cut;
  }
}

TEST(HeaderGuard, ReadsFramingAndConnection) {
  const auto keep = read_head("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", kLimits).value();
  EXPECT_TRUE(keep.keep_alive);
  EXPECT_EQ(keep.minor_version, 0);
  const auto close = read_head("GET / HTTP/1.1\r\nHost: a\r\nConnection: x, Close\r\n\r\n", kLimits).value();
  EXPECT_FALSE(close.keep_alive);
  const auto old = read_head("GET / HTTP/1.0\r\n\r\n", kLimits).value();
  EXPECT_FALSE(old.keep_alive);
  const auto post = read_head("POST / HTTP/1.1\r\nHost: a\r\nContent-Length:  0012\r\n\r\n", kLimits).value();
  EXPECT_EQ(post.framing, Framing::length);
  EXPECT_EQ(post.length, 12U);
}

TEST(Target, DecodesOrRefuses) {
  const std::vector<std::pair<std::string, std::string>> good = {
      {"/", "/"},     {"/a/b", "/a/b"},         {"/a%20b", "/a b"},          {"/%C3%A4", "/\xC3\xA4"},
      {"/a/", "/a/"}, {"/..a/b..", "/..a/b.."}, {"http://example.org", "/"}, {"HTTP://example.org:80/x?y=z", "/x"},
      {"*", "*"},
  };
  for (const auto& [raw, path] : good) {
    const auto target = read_target(raw);
    ASSERT_TRUE(target) << raw;
    EXPECT_EQ(target->path, path);
  }
  for (const char* raw : {"/%00",     "/a%0d%0ab", "/%7f",      "/..",          "/../x",   "/a/../b",  "/a/..",
                          "/./a",     "/%2e%2e/x", "/.%2e",     "/..%2fx",      "/a%2Fb",  "/a%5cb",   "/a\\b",
                          "/%",       "/%2",       "/%zz",      "/%ff",         "/%c0%af", "x",        "",
                          "ftp://a/", "http://",   "http:///x", "http://u@h/x", "/a?b=%",  "/a?b=%00", "/a?%ff=1"}) {
    EXPECT_FALSE(read_target(raw)) << raw;
  }
}

TEST(Target, KeepsQueryParametersInOrder) {
  const auto target = read_target("/q?name=a+b&name=%26&&empty=&flag").value();
  const std::vector<std::pair<std::string, std::string>> expected = {
      {"name", "a b"}, {"name", "&"}, {"empty", ""}, {"flag", ""}};
  EXPECT_EQ(target.query, expected);
}

TEST(Target, KnowsUtf8) {
  for (const char* good : {"", "abc", "\xC3\xA4", "\xE2\x82\xAC", "\xF0\x9F\x98\x80", "abcdefgh\xC3\xA4"}) {
    EXPECT_TRUE(is_utf8(good)) << good;
  }
  for (const char* bad : {"\x80", "\xC3", "\xC0\x80", "\xE0\x80\x80", "\xED\xA0\x80", "\xF0\x80\x80\x80",
                          "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF", "abcdefgh\xE2\x82"}) {
    EXPECT_FALSE(is_utf8(bad)) << bad;
  }
}

TEST(Chunked, DecodesWhereverTheBytesAreCut) {
  const std::string bytes = "5;x=y\r\nhello\r\nA\r\n, world!!!\r\n0\r\nTrailer: z\r\n\r\n";
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    ChunkedDecoder decoder(100);
    std::string body;
    EXPECT_EQ(decoder.feed(bytes.substr(0, cut), body).value(), cut);
    EXPECT_EQ(decoder.feed(bytes.substr(cut) + "GET", body).value(), bytes.size() - cut);
    EXPECT_TRUE(decoder.done());
    EXPECT_EQ(body, "hello, world!!!");
  }
}

TEST(Chunked, LetsAnOpenChunkBeReadElsewhere) {
  ChunkedDecoder decoder(100);
  std::string body;
  EXPECT_EQ(decoder.feed("10\r\nabc", body).value(), 7U);
  EXPECT_EQ(decoder.open(), 13U);
  decoder.took(13);
  EXPECT_EQ(decoder.feed("\r\n0\r\n\r\n", body).value(), 7U);
  EXPECT_TRUE(decoder.done());
}

TEST(Chunked, RefusesWhatIsMalformed) {
  for (const char* bytes :
       {"x\r\n", "\r\n", " 5\r\n", "5 \r\nhello", "0x5\r\n", "-1\r\n", "5\nhello", "5\r\nhello0", "5\r\nhello\n",
        "1234567890abcdef\r\n", "0\r\n\n", "0\r\nA: b\n", "0\r\n folded\r\n", "5;\x01\r\n", "5\rx"}) {
    ChunkedDecoder decoder(100);
    std::string body;
    const auto taken = decoder.feed(bytes, body);
    ASSERT_FALSE(taken) << bytes;
    EXPECT_EQ(taken.error().status, 400);
  }
}

TEST(Chunked, RefusesTheChunkThatWouldPassTheLimitBeforeItComes) {
  ChunkedDecoder decoder(10);
  std::string body;
  EXPECT_EQ(decoder.feed("6\r\nsixsix\r\n", body).value(), 11U);
  const auto taken = decoder.feed("5\r\n", body);
  ASSERT_FALSE(taken);
  EXPECT_EQ(taken.error().status, 413);
}

TEST(Chunked, BoundsExtensionsAndTrailers) {
  for (const std::string& bytes : {"5;" + std::string(300, 'x'), "0\r\nA: " + std::string(5000, 'x')}) {
    ChunkedDecoder decoder(100);
    std::string body;
    EXPECT_FALSE(decoder.feed(bytes, body));
  }
}

}  // namespace
}  // namespace millrace::net
