#include "net/server.hpp"

#include "net/raw_peer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

namespace millrace::net {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

std::string get(const std::string& target, const std::string& headers = "") {
  return "GET " + target + " HTTP/1.1\r\nHost: localhost\r\n" + headers + "\r\n";
}
std::string post(const std::string& target, const std::string& body, const std::string& headers = "") {
  return "POST " + target + " HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
         headers + "\r\n" + body;
}

Response text(std::string body) {
  Response response;
  response.content_type = "text/plain";
  response.body = std::move(body);
  return response;
}

/// Answers with the request's body.
std::map<std::string, TestServer::Route> echo() {
  return {{"/echo", [](Request request, ResponderPtr responder) { responder->send(text(std::move(request.body))); }}};
}

TEST(Server, RefusesFramingInDoubtAndCloses) {
  const std::string head = "POST /echo HTTP/1.1\r\nHost: a\r\n";
  const std::vector<std::tuple<std::string, std::string, int>> cases = {
      {"bare LF", "GET / HTTP/1.1\nHost: a\n\n", 400},
      {"obs-fold", "GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n z\r\n\r\n", 400},
      {"NUL", std::string("GET / HTTP/1.1\r\nHost: a\r\nX: \0\r\n\r\n", 33), 400},
      {"blank before the colon", head + "Content-Length : 5\r\n\r\nhello", 400},
      {"Transfer-Encoding with Content-Length", head + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
      {"two lengths", head + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!", 400},
      {"chunked, identity", head + "Transfer-Encoding: chunked, identity\r\n\r\n", 400},
      {"xchunked", head + "Transfer-Encoding: xchunked\r\n\r\n", 501},
      {"chunked in 1.0", "POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400},
      {"bad chunk size", head + "Transfer-Encoding: chunked\r\n\r\nzz\r\n", 400},
      {"chunk without its end", head + "Transfer-Encoding: chunked\r\n\r\n2\r\nabcd\r\n", 400},
      {"0 Hosts", "GET / HTTP/1.1\r\n\r\n", 400},
      {"2 Hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400},
      {"unknown method", "BREW / HTTP/1.1\r\nHost: a\r\n\r\n", 501},
      {"method known elsewhere", "PATCH / HTTP/1.1\r\nHost: a\r\n\r\n", 405},
      {"long request line", "GET /" + std::string(9000, 'a') + " HTTP/1.1\r\nHost: a\r\n\r\n", 414},
      {"16 KB header", head + "X: " + std::string(17000, 'a') + "\r\n\r\n", 431},
      {"HTTP/2.0", "GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505},
      {"the HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
      {"%00", "GET /a%00b HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"..%2f", "GET /..%2fetc HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"..", "GET /a/../b HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"another expectation", head + "Content-Length: 5\r\nExpect: magic\r\n\r\nhello", 417},
      {"length over the limit", head + "Content-Length: 33554433\r\n\r\n", 413},
      {"a TLS hello", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", 400},
  };
  TestServer server(echo());
  for (const auto& [what, bytes, status] : cases) {
    RawPeer peer(server.port());
    const auto answer = peer.send(bytes).answer();
    EXPECT_EQ(answer.status, status) << what;
    EXPECT_THAT(answer.body, StartsWith("{\"error\":{\"code\":\"")) << what;
    EXPECT_EQ(answer.header("Connection"), "close") << what;
    EXPECT_NE(answer.header("X-Request-Id"), "") << what;
    EXPECT_TRUE(peer.is_ended()) << what;
  }
  EXPECT_EQ(server.handled(), 0);
}

TEST(Server, RefusesTheHundredAndFirstHeader) {
  TestServer server(echo());
  std::string headers;
  for (int i = 0; i < 99; ++i) headers += "X: y\r\n";
  RawPeer peer(server.port());
  EXPECT_EQ(peer.send(get("/echo", headers)).answer().status, 200);
  EXPECT_EQ(peer.send(get("/echo", headers + "X: y\r\n")).answer().status, 431);
}

TEST(Server, RefusesAChunkedBodyAsSoonAsItPassesTheLimit) {
  ServerOptions options;
  options.body_limit = 10;
  TestServer server(echo(), options);
  RawPeer peer(server.port());
  peer.send("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n8\r\neightby.\r\n3\r\n");
  EXPECT_EQ(peer.answer().status, 413);
  EXPECT_TRUE(peer.is_ended());
  EXPECT_EQ(server.handled(), 0);
}

TEST(Server, AnswersABodyThatIsTooLargeAlsoWhenItHasBeenSent) {
  ServerOptions options;
  options.body_limit = 1000;
  TestServer server(echo(), options);
  RawPeer peer(server.port());
  EXPECT_EQ(peer.send(post("/echo", std::string(200'000, 'x'))).answer().status, 413);
}

TEST(Server, ReadsABodyHoweverItIsFramedAndCut) {
  TestServer server(echo());
  RawPeer peer(server.port());
  std::string large;
  for (int i = 0; large.size() < 3'000'000; ++i) large += std::to_string(i);
  EXPECT_EQ(peer.send(post("/echo", "hello")).answer().body, "hello");
  EXPECT_EQ(peer.send(post("/echo", "")).answer().body, "");
  EXPECT_EQ(peer.send(post("/echo", large)).answer().body, large);
  peer.send("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
  peer.send("2dc6c0\r\n").send(large.substr(0, 3'000'000)).send("\r\n1\r\n!\r\n0\r\n\r\n");
  EXPECT_EQ(peer.answer().body, large.substr(0, 3'000'000) + "!");
  EXPECT_EQ(server.handled(), 4);
}

TEST(Server, ReadsABodyLargerThanItReservesAtOnce) {
  TestServer server(echo());
  RawPeer peer(server.port());
  const std::string large(9'000'000, 'x');
  std::thread sender([&] { peer.send(post("/echo", large)); });
  sender.join();
  EXPECT_EQ(peer.answer().body, large);
}

TEST(Server, AnswersPipelinedRequestsInOrder) {
  TestServer server(echo());
  RawPeer peer(server.port());
  std::string bytes;
  for (int i = 0; i < 300; ++i) bytes += post("/echo", "body " + std::to_string(i));
  peer.send(bytes);
  for (int i = 0; i < 300; ++i) EXPECT_EQ(peer.answer().body, "body " + std::to_string(i));
}

TEST(Server, ForgivesAnEmptyLineBeforeARequest) {
  TestServer server(echo());
  RawPeer peer(server.port());
  EXPECT_EQ(peer.send(post("/echo", "a") + "\r\n" + post("/echo", "b")).answer().body, "a");
  EXPECT_EQ(peer.answer().body, "b");
}

TEST(Server, HandsOverTheRequestDecoded) {
  std::string seen;
  TestServer server({{"/a b", [&seen](Request request, ResponderPtr responder) {
                        seen = std::string(request.header("x-thing")) + "|" + std::string(request.header("host")) +
                               "|" + std::string(request.parameter("name").value_or("?")) + "|" + request.remote + "|" +
                               request.id + "|" + (request.parameter("none") ? "?" : "absent");
                        responder->send({});
                      }}});
  RawPeer peer(server.port());
  peer.send(
      "GET http://other.example/a%20b?name=x%26y&name=z HTTP/1.1\r\nHost: localhost\r\nX-Thing: 1\r\n"
      "X-Request-Id: my-id\r\n\r\n");
  EXPECT_EQ(peer.answer().header("X-Request-Id"), "my-id");
  EXPECT_EQ(seen, "1|other.example|x&y|127.0.0.1|my-id|absent");
}

TEST(Server, ReplacesARequestIdThatIsNotSane) {
  TestServer server(echo());
  for (const std::string& id : {std::string("a<b>"), std::string(65, 'a'), std::string()}) {
    RawPeer peer(server.port());
    const std::string given = peer.send(get("/echo", "X-Request-Id: " + id + "\r\n")).answer().header("X-Request-Id");
    EXPECT_EQ(given.size(), 16U);
    EXPECT_NE(given, id);
  }
}

TEST(Server, SendsSecurityHeadersWithEveryResponse) {
  TestServer server(echo());
  for (const std::string& target : {"/echo", "/none", "/.."}) {
    RawPeer peer(server.port());
    const auto answer = peer.send(get(target)).answer();
    EXPECT_THAT(answer.header("Content-Security-Policy"), HasSubstr("frame-ancestors 'none'"));
    EXPECT_THAT(answer.header("Content-Security-Policy"), Not(HasSubstr("unsafe-inline")));
    EXPECT_EQ(answer.header("X-Content-Type-Options"), "nosniff");
    EXPECT_EQ(answer.header("Referrer-Policy"), "no-referrer");
  }
}

TEST(Server, LetsAHandlerReplaceASecurityHeaderButNotSplitAResponse) {
  TestServer server({{"/own", [](Request, ResponderPtr responder) {
                        Response response = text("x");
                        response.headers = {{"content-security-policy", "frame-ancestors https://a.example"},
                                            {"X-Evil", "a\r\nInjected: b"}};
                        responder->send(response);
                      }}});
  RawPeer peer(server.port());
  const auto answer = peer.send(get("/own")).answer();
  EXPECT_EQ(answer.header("content-security-policy"), "frame-ancestors https://a.example");
  EXPECT_EQ(answer.header("Content-Security-Policy"), "");
  EXPECT_EQ(answer.header("X-Evil"), "a  Injected: b");
}

TEST(Server, AnswersHeadWithTheHeadersOfGet) {
  TestServer server(echo());
  RawPeer peer(server.port());
  peer.send("HEAD /none HTTP/1.1\r\nHost: a\r\n\r\n" + get("/none"));
  const auto head = peer.answer(true);
  const auto whole = peer.answer();
  EXPECT_EQ(head.status, 404);
  EXPECT_EQ(head.header("Content-Length"), std::to_string(whole.body.size()));
  EXPECT_EQ(head.header("Content-Type"), whole.header("Content-Type"));
}

TEST(Server, KeepsOrClosesTheConnectionAsAsked) {
  TestServer server(echo());
  RawPeer closing(server.port());
  EXPECT_EQ(closing.send(get("/echo", "Connection: close\r\n")).answer().header("Connection"), "close");
  EXPECT_TRUE(closing.is_ended());
  RawPeer old(server.port());
  EXPECT_EQ(old.send("GET /echo HTTP/1.0\r\n\r\n").answer().status, 200);
  EXPECT_TRUE(old.is_ended());
  RawPeer old_kept(server.port());
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(old_kept.send("GET /echo HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").answer().header("Connection"),
              "keep-alive");
  }
}

TEST(Server, AsksForABodyThatWaitsToBeAskedFor) {
  TestServer server(echo());
  RawPeer peer(server.port());
  peer.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(peer.until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  EXPECT_EQ(peer.send("hello").answer().body, "hello");
  peer.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(peer.answer().status, 413);
}

TEST(Server, SurvivesClientsThatLeaveEarly) {
  TestServer server(echo());
  for (const std::string& bytes :
       {std::string(), std::string("GET"), post("/echo", "hello").substr(0, 60), get("/echo"),
        std::string("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhe")}) {
    RawPeer(server.port()).send(bytes);
    RawPeer(server.port()).send(bytes).reset();
  }
  RawPeer half(server.port());
  half.send(get("/echo")).half_close();
  EXPECT_EQ(half.answer().status, 200);
  EXPECT_TRUE(half.is_ended());
}

TEST(Server, AnswersOptionsOfTheServerItself) {
  TestServer server(echo());
  RawPeer peer(server.port());
  const auto answer = peer.send("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n").answer();
  EXPECT_EQ(answer.status, 204);
  EXPECT_THAT(answer.header("Allow"), HasSubstr("GET"));
  EXPECT_EQ(answer.header("Content-Length"), "");
}

TEST(Server, AnswersFromAnotherThread) {
  std::thread worker;
  TestServer server({{"/later", [&worker](Request, ResponderPtr responder) {
                        if (worker.joinable()) worker.join();
                        worker = std::thread([responder = std::move(responder)] { responder->send(text("late")); });
                      }}});
  RawPeer peer(server.port());
  EXPECT_EQ(peer.send(get("/later") + get("/later")).answer().body, "late");
  EXPECT_EQ(peer.answer().body, "late");
  worker.join();
}

TEST(Server, AnswersForAHandlerThatForgetsTo) {
  TestServer server({{"/drop", [](Request, ResponderPtr) {}}});
  RawPeer peer(server.port());
  for (int i = 0; i < 2; ++i) EXPECT_EQ(peer.send(get("/drop")).answer().status, 500);
}

TEST(Server, SendsASharedBody) {
  const auto shared = std::make_shared<const std::string>(5'000'000, 'x');
  TestServer server({{"/shared", [shared](Request, ResponderPtr responder) {
                        Response response = text("");
                        response.shared_body = shared;
                        responder->send(response);
                      }}});
  RawPeer peer(server.port());
  EXPECT_EQ(peer.send(get("/shared")).answer().body, *shared);
}

/// A body of `count` pieces: "piece 0;piece 1;…".
std::function<std::string()> pieces(int count) {
  return [i = 0, count]() mutable { return i < count ? "piece " + std::to_string(i++) + ";" : std::string(); };
}

TEST(Server, SendsPiecesFromANetThreadAndFromACallersThread) {
  std::vector<std::thread> workers;
  TestServer server({{"/here", [](Request, ResponderPtr responder) { responder->send_pieces(text(""), pieces(3)); }},
                     {"/there", [&workers](Request, ResponderPtr responder) {
                        workers.emplace_back([responder = std::move(responder)] {
                          const auto me = std::this_thread::get_id();
                          responder->send_pieces(text(""), [next = pieces(3), me]() mutable {
                            EXPECT_EQ(std::this_thread::get_id(), me);
                            return next();
                          });
                        });
                      }}});
  RawPeer peer(server.port());
  for (const char* target : {"/here", "/there", "/here"}) {
    peer.send(get(target));
    EXPECT_THAT(peer.until("\r\n\r\n"), HasSubstr("Transfer-Encoding: chunked"));
    EXPECT_EQ(peer.until("0\r\n\r\n"), "8\r\npiece 0;\r\n8\r\npiece 1;\r\n8\r\npiece 2;\r\n0\r\n\r\n");
  }
  RawPeer old(server.port());
  EXPECT_THAT(old.send("GET /here HTTP/1.0\r\n\r\n").rest(), testing::EndsWith("\r\n\r\npiece 0;piece 1;piece 2;"));
  RawPeer head(server.port());
  head.send("HEAD /there HTTP/1.1\r\nHost: a\r\n\r\n" + get("/none"));
  EXPECT_EQ(head.answer(true).status, 200);
  EXPECT_EQ(head.answer().status, 404);
  for (auto& worker : workers) worker.join();
}

TEST(Server, StopsAskingForPiecesWhenTheClientIsGone) {
  std::thread worker;
  TestServer server({{"/endless", [&worker](Request, ResponderPtr responder) {
                        worker = std::thread([responder = std::move(responder)] {
                          responder->send_pieces(text(""), [] { return std::string(100'000, 'x'); });
                        });
                      }}});
  {
    RawPeer peer(server.port());
    peer.send(get("/endless")).exactly(1'000'000);
  }
  worker.join();  // it would not end if nobody told it
}

TEST(Server, DoesNotAskForAPieceBeforeTheLastIsGone) {
  std::mutex mutex;
  std::size_t asked = 0;
  std::thread worker;
  TestServer server({{"/slow", [&](Request, ResponderPtr responder) {
                        worker = std::thread([&, responder = std::move(responder)] {
                          responder->send_pieces(text(""), [&] {
                            const std::lock_guard lock(mutex);
                            return std::string(++asked <= 200 ? 100'000 : 0, 'x');
                          });
                        });
                      }}});
  RawPeer peer(server.port(), 4096);
  peer.send(get("/slow")).exactly(1000);
  {
    // 20 MB can't have gone into the kernel's buffers.
    const std::lock_guard lock(mutex);
    EXPECT_LT(asked, 200U);
  }
  peer.until("\r\n0\r\n\r\n");
  worker.join();
  EXPECT_EQ(asked, 201U);
}

TEST(Server, StreamsEvents) {
  std::shared_ptr<Stream> stream;
  std::atomic<bool> ended = false;
  TestServer server({{"/events", [&](Request, ResponderPtr responder) {
                        responder->stream_events([&](std::shared_ptr<Stream> opened) {
                          stream = opened;
                          stream->on_end([&] { ended = true; });
                          stream->send(std::make_shared<const std::string>("{\"a\":1}"), "e-1");
                          stream->send(std::make_shared<const std::string>("two\nlines"), "");
                        });
                      }}});
  RawPeer peer(server.port());
  peer.send(get("/events"));
  const std::string head = peer.until("\r\n\r\n");
  EXPECT_THAT(head, HasSubstr("Content-Type: text/event-stream"));
  EXPECT_THAT(head, Not(HasSubstr("Content-Length")));
  EXPECT_EQ(peer.until("lines\n\n"), "id: e-1\ndata: {\"a\":1}\n\ndata: two\ndata: lines\n\n");
  stream->post([&] {
    EXPECT_TRUE(stream->idle());
    stream->send(std::make_shared<const std::string>("third"), "x\ny");
    EXPECT_FALSE(stream->idle());
    stream->on_idle([&] { stream->close(1000, ""); });
  });
  EXPECT_EQ(peer.rest(), "data: third\n\n");
  server.server().stop(Duration{5'000});
  EXPECT_TRUE(ended);
}

TEST(Server, TellsAStreamThatItsClientIsGone) {
  std::mutex mutex;
  std::condition_variable changed;
  bool ended = false;
  TestServer server({{"/events", [&](Request, ResponderPtr responder) {
                        responder->stream_events([&](std::shared_ptr<Stream> opened) {
                          opened->on_end([&] {
                            const std::lock_guard lock(mutex);
                            ended = true;
                            changed.notify_one();
                          });
                        });
                      }}});
  RawPeer(server.port()).send(get("/events")).until("\r\n\r\n");
  std::unique_lock lock(mutex);
  EXPECT_TRUE(changed.wait_for(lock, std::chrono::seconds(10), [&] { return ended; }));
}

/// A server on whose clock time passes when the test says so.
struct Timed {
  explicit Timed(std::map<std::string, TestServer::Route> routes) : server(std::move(routes), options(clock)) {}
  static ServerOptions options(const Clock& clock) {
    ServerOptions options;
    options.clock = &clock;
    return options;
  }
  ManualClock clock{Millis{0}};
  TestServer server;
};

TEST(Server, GivesUpAHeaderThatDoesNotComeInTime) {
  Timed timed(echo());
  RawPeer silent(timed.server.port());
  RawPeer slow(timed.server.port());
  slow.send("GET / HTTP/1.1\r\nHos");
  slow.pass_time(timed.clock);
  EXPECT_EQ(slow.answer().status, 408);
  silent.pass_time(timed.clock);
  EXPECT_TRUE(silent.is_ended());
  RawPeer honest(timed.server.port());
  EXPECT_EQ(honest.send(get("/echo")).answer().status, 200);
}

TEST(Server, GivesUpABodyThatComesTooSlowly) {
  Timed timed(echo());
  RawPeer slow(timed.server.port());
  slow.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\nExpect: 100-continue\r\n\r\n");
  slow.until("\r\n\r\n");
  slow.send(std::string(100, 'x'));
  timed.clock.advance(Duration{10'200});
  EXPECT_EQ(slow.answer().status, 408);
}

TEST(Server, LetsAnIdleConnectionGo) {
  Timed timed(echo());
  RawPeer idle(timed.server.port());
  EXPECT_EQ(idle.send(get("/echo")).answer().status, 200);
  idle.pass_time(timed.clock);
  EXPECT_TRUE(idle.is_ended());
}

TEST(Server, SendsAHeartbeatOnAQuietEventStream) {
  Timed timed({{"/events", [](Request, ResponderPtr responder) { responder->stream_events(nullptr); }}});
  RawPeer peer(timed.server.port());
  peer.send(get("/events")).until("\r\n\r\n");
  for (int i = 0; i < 2; ++i) {
    timed.clock.advance(Duration{15'001});
    EXPECT_EQ(peer.until("\n\n"), ": \n\n");
  }
}

TEST(Server, RefusesConnectionsAndRequestsOverItsLimits) {
  ServerOptions options;
  options.connections = 2;
  options.in_flight = 1;
  options.threads = 1;
  std::vector<ResponderPtr> held;
  TestServer server({{"/hold", [&](Request, ResponderPtr responder) { held.push_back(std::move(responder)); }},
                     {"/free", [&](Request, ResponderPtr responder) { responder->send(text("free")); }}},
                    options);
  RawPeer first(server.port());
  RawPeer second(server.port());
  EXPECT_EQ(first.send(get("/free")).answer().status, 200);
  EXPECT_EQ(second.send(get("/free")).answer().status, 200);
  RawPeer third(server.port());
  const auto full = third.answer();
  EXPECT_EQ(full.status, 503);
  EXPECT_EQ(full.body.size(), 74U);
  EXPECT_TRUE(third.is_ended());

  first.send(get("/hold"));
  auto refused = second.send(get("/free")).answer();
  for (; refused.status == 200; refused = second.send(get("/free")).answer()) {  // until the first one is held
  }
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(refused.header("Retry-After"), "1");
  held.front()->send(text("held"));
  EXPECT_EQ(first.answer().body, "held");
  EXPECT_EQ(second.send(get("/free")).answer().status, 200);
}

TEST(Server, AnswersWhatIsUnderWayBeforeItStops) {
  std::mutex mutex;
  std::condition_variable changed;
  ResponderPtr held;
  TestServer server({{"/hold", [&](Request, ResponderPtr responder) {
                        const std::lock_guard lock(mutex);
                        held = std::move(responder);
                        changed.notify_one();
                      }}});
  RawPeer idle(server.port());
  RawPeer busy(server.port());
  busy.send(get("/hold"));
  {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return held != nullptr; });
  }
  std::thread stopping([&] { server.server().stop(Duration{10'000}); });
  EXPECT_TRUE(idle.is_ended());
  held->send(text("last"));
  const auto answer = busy.answer();
  EXPECT_EQ(answer.body, "last");
  EXPECT_EQ(answer.header("Connection"), "close");
  EXPECT_TRUE(busy.is_ended());
  stopping.join();
}

TEST(Server, StopsWithinItsGraceAndAResponderMayComeTooLate) {
  ResponderPtr held;
  TestServer server({{"/hold", [&](Request, ResponderPtr responder) { held = std::move(responder); }}});
  RawPeer busy(server.port());
  busy.send(get("/hold"));
  while (server.handled() == 0) std::this_thread::yield();
  server.server().stop(Duration{50});
  EXPECT_TRUE(busy.is_ended());
  held->send(text("too late"));
}

TEST(Server, NamesAPortThatIsInUse) {
  TestServer server(echo());
  ServerOptions options;
  options.port = server.port();
  Metrics metrics;
  Server second(options, [](Request, ResponderPtr, std::size_t) {}, metrics);
  const auto started = second.start();
  ASSERT_FALSE(started);
  EXPECT_THAT(started.error().message, HasSubstr("127.0.0.1:" + std::to_string(server.port()) + " is in use"));
}

TEST(Server, NamesACertificateThatCanNotBeRead) {
  ServerOptions options;
  options.port = 0;
  options.tls_certificate = "/nowhere/certificate.pem";
  Metrics metrics;
  Server server(options, [](Request, ResponderPtr, std::size_t) {}, metrics);
  const auto started = server.start();
  ASSERT_FALSE(started);
  EXPECT_THAT(started.error().message, HasSubstr("certificate.pem"));
}

TEST(ErrorResponse, EscapesWhatItQuotes) {
  const auto response = error_response(400, "bad", "a \"b\" \\ \n <c> \x01 \xC3\xA4 \xFF");
  EXPECT_EQ(response.body,
            "{\"error\":{\"code\":\"bad\",\"message\":\"a \\\"b\\\" \\\\ \\n \\u003cc\\u003e \\u0001 \xC3\xA4 "
            "\xEF\xBF\xBD\"}}");
}

}  // namespace
}  // namespace millrace::net
