#include "net/frames.hpp"
#include "net/raw_peer.hpp"
#include "net/server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

namespace millrace::net {
namespace {

using testing::HasSubstr;

/// A client's frame, masked. `first`: FIN, reserved bits and opcode.
std::string frame(unsigned first, std::string_view payload) {
  std::string bytes(1, static_cast<char>(first));
  if (payload.size() < 126) {
    bytes += static_cast<char>(0x80U | payload.size());
  } else if (payload.size() < 65536) {
    bytes += '\xFE';
    bytes += static_cast<char>(payload.size() >> 8);
    bytes += static_cast<char>(payload.size() & 0xFF);
  } else {
    bytes += '\xFF';
    for (int i = 7; i >= 0; --i) bytes += static_cast<char>((payload.size() >> (8 * i)) & 0xFF);
  }
  constexpr std::string_view mask = "\x12\x34\x56\x78";
  bytes += mask;
  for (std::size_t i = 0; i < payload.size(); ++i) bytes += static_cast<char>(payload[i] ^ mask[i & 3]);
  return bytes;
}
std::string text(std::string_view payload) { return frame(0x81, payload); }

std::string close_payload(unsigned code, std::string_view reason = "") {
  return std::string{static_cast<char>(code >> 8), static_cast<char>(code & 0xFF)} + std::string(reason);
}

/// The next frame of the server: opcode, payload.
std::pair<unsigned, std::string> read_frame(RawPeer& peer) {
  const std::string head = peer.exactly(2);
  if (head.size() < 2) return {0, "the connection has ended"};
  std::size_t size = static_cast<unsigned char>(head[1]);
  if (size == 126) {
    const std::string length = peer.exactly(2);
    size = static_cast<unsigned char>(length[0]) * 256U + static_cast<unsigned char>(length[1]);
  } else if (size == 127) {
    size = 0;
    for (const char c : peer.exactly(8)) size = size * 256 + static_cast<unsigned char>(c);
  }
  return {static_cast<unsigned char>(head[0]), peer.exactly(size)};
}

/// Reads up to the close frame and answers its code; 0 without one.
unsigned close_code(RawPeer& peer) {
  for (;;) {
    const auto [first, payload] = read_frame(peer);
    if (first == 0) return 0;
    if (first != 0x88) continue;
    if (payload.empty()) return 1005;
    return static_cast<unsigned char>(payload[0]) * 256U + static_cast<unsigned char>(payload[1]);
  }
}

constexpr std::string_view kUpgrade =
    "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

std::map<std::string, TestServer::Route> echo() {
  return {{"/ws", [](Request, ResponderPtr responder) {
             responder->accept_websocket("chat", [](std::shared_ptr<Stream> stream) {
               stream->on_message([stream](std::string_view message) {
                 stream->send(std::make_shared<const std::string>(message), "");
               });
             });
           }}};
}

TEST(WebSocket, OpensWithTheAcceptOfTheRfc) {
  TestServer server(echo());
  RawPeer peer(server.port());
  const std::string head = peer.send(kUpgrade).until("\r\n\r\n");
  EXPECT_THAT(head, testing::StartsWith("HTTP/1.1 101 "));
  EXPECT_THAT(head, HasSubstr("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"));
  EXPECT_THAT(head, HasSubstr("Sec-WebSocket-Protocol: chat\r\n"));
}

TEST(WebSocket, RefusesAnUpgradeThatIsNotOne) {
  TestServer server(echo());
  const auto changed = [](std::string_view from, std::string_view to) {
    std::string request(kUpgrade);
    return request.replace(request.find(from), from.size(), to);
  };
  RawPeer version(server.port());
  const auto answer = version.send(changed("Version: 13", "Version: 8")).answer();
  EXPECT_EQ(answer.status, 426);
  EXPECT_EQ(answer.header("Sec-WebSocket-Version"), "13");
  RawPeer key(server.port());
  EXPECT_EQ(key.send(changed("dGhlIHNhbXBsZSBub25jZQ==", "short")).answer().status, 400);
  RawPeer plain(server.port());
  EXPECT_EQ(plain.send(changed("Upgrade: websocket", "Upgrade: h2c")).answer().status, 400);
}

TEST(WebSocket, EchoesMessagesHoweverTheyAreCut) {
  TestServer server(echo());
  RawPeer peer(server.port());
  // The first frame comes together with the upgrade request.
  peer.send(std::string(kUpgrade) + text("early")).until("\r\n\r\n");
  EXPECT_EQ(read_frame(peer), std::pair(0x81U, std::string("early")));
  for (const char c : text("byte by byte")) peer.send(std::string(1, c));
  EXPECT_EQ(read_frame(peer).second, "byte by byte");
  for (const std::size_t size : {0U, 1U, 125U, 126U, 65535U, 65536U}) {
    peer.send(text(std::string(size, 'x')));
    EXPECT_EQ(read_frame(peer).second, std::string(size, 'x'));
  }
  peer.send(frame(0x01, "one ") + frame(0x89, "ping") + frame(0x00, "") + frame(0x80, "message"));
  EXPECT_EQ(read_frame(peer), std::pair(0x8AU, std::string("ping")));
  EXPECT_EQ(read_frame(peer), std::pair(0x81U, std::string("one message")));
}

TEST(WebSocket, ClosesAsTheRfcSays) {
  const std::string masked_zero_key("\x81\x80\x00\x00\x00\x00", 6);
  const std::vector<std::tuple<std::string, std::string, unsigned>> cases = {
      {"unmasked frame", std::string("\x81\x02hi"), 1002},
      {"unmasked, header only", std::string("\x81\x02"), 1002},
      {"reserved bit 1", frame(0xC1, "hi"), 1002},
      {"reserved bit 2", frame(0xA1, "hi"), 1002},
      {"reserved bit 3", frame(0x91, "hi"), 1002},
      {"reserved opcode 3", frame(0x83, "hi"), 1002},
      {"reserved opcode 11", frame(0x8B, "hi"), 1002},
      {"control frame of 126 bytes", frame(0x89, std::string(126, 'x')), 1002},
      {"fragmented control frame", frame(0x09, "hi"), 1002},
      {"fragmented close", frame(0x08, close_payload(1000)), 1002},
      {"continuation of nothing", frame(0x80, "hi"), 1002},
      {"message inside a message", frame(0x01, "a") + text("b"), 1002},
      {"length not in its shortest form", std::string("\x81\xFE\x00\x05\x01\x02\x03\x04hello", 13), 1002},
      {"length of 64 bits", std::string("\x81\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01\x02\x03\x04", 14), 1002},
      {"binary message", frame(0x82, "hi"), 1003},
      {"text not UTF-8", text("\xFF"), 1007},
      {"surrogate halves", text("\xED\xA0\x80"), 1007},
      {"text cut inside a character", text("\xE2\x82"), 1007},
      {"1 MB message", text(std::string(1'000'000, 'x')), 1009},
      {"message of 64 KB and a byte", text(std::string(65'537, 'x')), 1009},
      {"fragments beyond 64 KB", frame(0x01, std::string(60'000, 'x')) + frame(0x80, std::string(6'000, 'x')), 1009},
      {"close", frame(0x88, close_payload(1000, "bye")), 1000},
      {"close without a code", frame(0x88, ""), 1005},
      {"close with an application's code", frame(0x88, close_payload(4999)), 4999},
      {"half a close code", frame(0x88, "x"), 1002},
      {"close reason not UTF-8", frame(0x88, close_payload(1000, "\xFF")), 1007},
      {"close code 0", frame(0x88, close_payload(0)), 1002},
      {"close code 999", frame(0x88, close_payload(999)), 1002},
      {"close code 1004", frame(0x88, close_payload(1004)), 1002},
      {"close code 1005", frame(0x88, close_payload(1005)), 1002},
      {"close code 1006", frame(0x88, close_payload(1006)), 1002},
      {"close code 1015", frame(0x88, close_payload(1015)), 1002},
      {"close code 2999", frame(0x88, close_payload(2999)), 1002},
      {"close code 5000", frame(0x88, close_payload(5000)), 1002},
      {"close code 65535", frame(0x88, close_payload(65535)), 1002},
  };
  TestServer server(echo());
  for (const auto& [what, bytes, code] : cases) {
    RawPeer peer(server.port());
    peer.send(kUpgrade).until("\r\n\r\n");
    peer.send(bytes);
    EXPECT_EQ(close_code(peer), code) << what;
    EXPECT_TRUE(peer.is_ended()) << what;
  }
}

TEST(WebSocket, ClosesOnAFloodOfPings) {
  TestServer server(echo());
  RawPeer peer(server.port());
  peer.send(kUpgrade).until("\r\n\r\n");
  std::string pings;
  for (int i = 0; i < 61; ++i) pings += frame(0x89, "x");
  peer.send(pings);
  EXPECT_EQ(close_code(peer), 1008U);
}

struct Held {
  std::mutex mutex;
  std::condition_variable changed;
  std::shared_ptr<Stream> stream;
  int ends = 0;

  std::map<std::string, TestServer::Route> routes() {
    return {{"/ws", [this](Request, ResponderPtr responder) {
               responder->accept_websocket("", [this](std::shared_ptr<Stream> opened) {
                 const std::lock_guard lock(mutex);
                 stream = opened;
                 stream->on_end([this] {
                   const std::lock_guard again(mutex);
                   ++ends;
                   changed.notify_one();
                 });
                 changed.notify_one();
               });
             }}};
  }
  std::shared_ptr<Stream> wait_open() {
    std::unique_lock lock(mutex);
    changed.wait(lock, [this] { return stream != nullptr; });
    return stream;
  }
  int wait_end() {
    std::unique_lock lock(mutex);
    changed.wait_for(lock, std::chrono::seconds(10), [this] { return ends > 0; });
    return ends;
  }
};

TEST(WebSocket, ClosesFromTheServersSideAndTellsTheEndOnce) {
  Held held;
  TestServer server(held.routes());
  RawPeer peer(server.port());
  peer.send(kUpgrade).until("\r\n\r\n");
  const auto stream = held.wait_open();
  stream->post([&] {
    stream->close(4400, "bad");
    stream->close(4401, "again");
    stream->send(std::make_shared<const std::string>("too late"), "");
  });
  EXPECT_EQ(read_frame(peer), std::pair(0x88U, close_payload(4400, "bad")));
  peer.send(text("ignored") + frame(0x88, close_payload(4400)));
  EXPECT_TRUE(peer.is_ended());
  server.server().stop(Duration{5'000});
  EXPECT_EQ(held.wait_end(), 1);
}

TEST(WebSocket, TellsTheEndWhenTheClientVanishes) {
  Held held;
  TestServer server(held.routes());
  RawPeer peer(server.port());
  peer.send(kUpgrade).until("\r\n\r\n");
  const auto stream = held.wait_open();
  peer.reset();
  EXPECT_EQ(held.wait_end(), 1);
  stream->post([] { FAIL() << "a stream that has ended runs nothing"; });
}

TEST(WebSocket, SaysThatTheServerRestarts) {
  Held held;
  TestServer server(held.routes());
  RawPeer peer(server.port());
  peer.send(kUpgrade).until("\r\n\r\n");
  held.wait_open();
  std::thread stopping([&] { server.server().stop(Duration{10'000}); });
  EXPECT_EQ(close_code(peer), 1012U);
  peer.send(frame(0x88, close_payload(1012)));
  EXPECT_TRUE(peer.is_ended());
  stopping.join();
  EXPECT_EQ(held.wait_end(), 1);
}

struct TimedHeld : Held {
  explicit TimedHeld(std::size_t threads = 1) : server(routes(), options(threads)) {}
  ServerOptions options(std::size_t threads) const {
    ServerOptions options;
    options.clock = &clock;
    options.threads = threads;
    return options;
  }
  ManualClock clock{Millis{0}};
  TestServer server;
};

TEST(WebSocket, PingsASilentPeerAndGivesUpWithoutAPong) {
  TimedHeld held;
  RawPeer peer(held.server.port());
  peer.send(kUpgrade).until("\r\n\r\n");
  held.wait_open();
  held.clock.advance(Duration{20'001});
  EXPECT_EQ(read_frame(peer), std::pair(0x89U, std::string()));
  peer.send(frame(0x8A, "") + frame(0x89, "sync"));
  EXPECT_EQ(read_frame(peer), std::pair(0x8AU, std::string("sync")));
  held.clock.advance(Duration{20'001});
  EXPECT_EQ(read_frame(peer), std::pair(0x89U, std::string()));
  held.clock.advance(Duration{20'001});
  EXPECT_EQ(close_code(peer), 1001U);
  EXPECT_TRUE(peer.is_ended());
}

TEST(WebSocket, ClosesAReaderThatTakesNothing) {
  TimedHeld held;
  RawPeer peer(held.server.port(), 4096);
  peer.send(kUpgrade).until("\r\n\r\n");
  const auto stream = held.wait_open();
  std::mutex mutex;
  std::condition_variable changed;
  bool queued = false;
  stream->post([&] {
    const auto message = std::make_shared<const std::string>(8'000'000, 'x');
    stream->send(message, "");
    stream->post([&] {
      EXPECT_FALSE(stream->idle());
      const std::lock_guard lock(mutex);
      queued = true;
      changed.notify_one();
    });
  });
  {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return queued; });
  }
  held.clock.advance(Duration{30'001});
  EXPECT_EQ(held.wait_end(), 1);
  // If it reads on after all, it learns why.
  EXPECT_EQ(close_code(peer), 1013U);
}

TEST(WebSocket, DropsAReaderThatDoesNotEvenTakeTheClose) {
  TimedHeld held;
  RawPeer peer(held.server.port(), 4096);
  peer.send(kUpgrade).until("\r\n\r\n");
  const auto stream = held.wait_open();
  stream->post([&] { stream->send(std::make_shared<const std::string>(20'000'000, 'x'), ""); });
  // 30 s without a byte taken, and 5 s that are given to the close frame.
  while (held.server.metrics().text().find("millrace_http_connections 0") == std::string::npos) {
    held.clock.advance(Duration{1'000});
    std::this_thread::yield();
  }
  EXPECT_EQ(held.wait_end(), 1);
  EXPECT_EQ(close_code(peer), 0U);
}

TEST(WebSocket, CallsOnIdleAfterABurst) {
  Held held;
  TestServer server(held.routes());
  RawPeer peer(server.port());
  peer.send(kUpgrade).until("\r\n\r\n");
  const auto stream = held.wait_open();
  stream->post([&] {
    for (int i = 0; i < 200; ++i) stream->send(std::make_shared<const std::string>(std::to_string(i)), "");
    stream->on_idle([&, done = false]() mutable {
      EXPECT_TRUE(stream->idle());
      if (!std::exchange(done, true)) stream->send(std::make_shared<const std::string>("idle"), "");
    });
  });
  for (int i = 0; i < 200; ++i) EXPECT_EQ(read_frame(peer).second, std::to_string(i));
  EXPECT_EQ(read_frame(peer).second, "idle");
  server.server().stop(Duration{0});
}

}  // namespace
}  // namespace millrace::net
