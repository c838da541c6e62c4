#include "net/client.hpp"

#include "net/raw_peer.hpp"
#include "net/server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

namespace millrace::net {
namespace {

using testing::HasSubstr;

std::map<std::string, TestServer::Route> routes() {
  return {
      {"/echo",
       [](Request request, ResponderPtr responder) {
         Response response;
         response.body = std::move(request.body);
         response.headers = {{"X-Method", request.method == Method::post ? "POST" : "other"},
                             {"X-Query", std::string(request.parameter("q").value_or(""))},
                             {"X-Seen", std::string(request.header("x-sent"))}};
         responder->send(std::move(response));
       }},
      {"/pieces",
       [](Request, ResponderPtr responder) {
         responder->send_pieces({}, [i = 0]() mutable { return ++i <= 50 ? std::string(10'000, 'x') : std::string(); });
       }},
      {"/hang", [](Request, ResponderPtr responder) { responder->stream_events(nullptr); }},
      {"/ws",
       [](Request, ResponderPtr responder) {
         responder->accept_websocket("", [](std::shared_ptr<Stream> stream) {
           stream->send(std::make_shared<const std::string>("hello"), "");
           stream->on_message([stream](std::string_view message) {
             if (message == "close") return stream->close(4321, "as you wish");
             stream->send(std::make_shared<const std::string>(message), "");
           });
         });
       }},
  };
}

Url url_of(const TestServer& server) { return {false, "127.0.0.1", server.port(), "/"}; }

TEST(Url, IsReadOrRefused) {
  const auto plain = parse_url("http://host:81/path/x").value();
  EXPECT_EQ(std::tuple(plain.tls, plain.host, plain.port, plain.path), std::tuple(false, "host", 81, "/path/x"));
  const auto tls = parse_url("https://[::1]").value();
  EXPECT_EQ(std::tuple(tls.tls, tls.host, tls.port, tls.path), std::tuple(true, "::1", 443, "/"));
  for (const char* bad : {"", "host", "ftp://host", "http://", "http://:80", "http://host:", "http://host:0",
                          "http://host:65536", "http://host:8x", "http://u@host", "http://[::1", "http://host?x=y"}) {
    EXPECT_FALSE(parse_url(bad)) << bad;
  }
}

TEST(Client, KeepsItsConnectionAndBringsBackAnswers) {
  TestServer server(routes());
  Client client(url_of(server));
  for (int i = 0; i < 3; ++i) {
    const auto answer = client.request("POST", "/echo?q=a%20b", "body", {{"X-Sent", "yes"}}).value();
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, "body");
    EXPECT_THAT(answer.headers, testing::Contains(testing::Pair("x-seen", "yes")));
    EXPECT_THAT(answer.headers, testing::Contains(testing::Pair("x-query", "a b")));
  }
  EXPECT_THAT(server.metrics().text(), HasSubstr("millrace_http_connections 1"));
  EXPECT_EQ(client.request("GET", "/none", "").value().status, 404);
  EXPECT_EQ(client.request("HEAD", "/echo", "").value().body, "");
  const std::string large(2'000'000, 'x');
  EXPECT_EQ(client.request("POST", "/echo", large).value().body, large);
}

TEST(Client, OpensAgainWhenTheServerHasGone) {
  auto server = std::make_unique<TestServer>(routes());
  const auto url = url_of(*server);
  Client client(url);
  EXPECT_EQ(client.request("POST", "/echo", "a").value().status, 200);
  server.reset();
  const auto refused = client.request("POST", "/echo", "b");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::unavailable);
}

TEST(Client, GoesOnAfterTheServerGaveUpTheConnection) {
  TestServer server(routes());
  Client client(url_of(server));
  EXPECT_EQ(client.request("POST", "/echo", "", {{"Connection", "close"}}).value().status, 200);
  EXPECT_EQ(client.request("POST", "/echo", "again").value().body, "again");
}

TEST(Client, ReadsPiecesUntilToldToStop) {
  TestServer server(routes());
  Client client(url_of(server));
  std::size_t size = 0;
  const auto all = client.get_pieces("/pieces", {}, [&](std::string_view piece) {
    size += piece.size();
    return true;
  });
  EXPECT_EQ(all.value().status, 200);
  EXPECT_EQ(size, 500'000U);
  EXPECT_TRUE(client.get_pieces("/pieces", {}, [](std::string_view) { return false; }));
  EXPECT_EQ(client.request("POST", "/echo", "after").value().body, "after");
}

TEST(Client, GivesUpAfterItsTimeout) {
  TestServer server(routes());
  Client client(url_of(server), Duration{50});
  const auto late = client.request("GET", "/hang", "");
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, ErrorCode::deadline);
}

TEST(WebSocketClient, TalksAndSeesTheClose) {
  TestServer server(routes());
  WebSocketClient client;
  ASSERT_TRUE(client.connect(url_of(server), "/ws"));
  EXPECT_EQ(client.receive(Duration{10'000}).value(), "hello");
  EXPECT_EQ(client.receive(Duration{20}).error().code, ErrorCode::deadline);
  ASSERT_TRUE(client.send("one"));
  ASSERT_TRUE(client.send("two"));
  EXPECT_EQ(client.receive(Duration{10'000}).value(), "one");
  EXPECT_EQ(client.receive(Duration{10'000}).value(), "two");
  ASSERT_TRUE(client.send("close"));
  const auto closed = client.receive(Duration{10'000});
  ASSERT_FALSE(closed);
  EXPECT_THAT(closed.error().message, HasSubstr("4321 as you wish"));
}

TEST(WebSocketClient, SaysWhenTheServerDoesNotUpgrade) {
  TestServer server(routes());
  WebSocketClient client;
  EXPECT_EQ(client.connect(url_of(server), "/echo").error().code, ErrorCode::unavailable);
  EXPECT_FALSE(client.receive(Duration{10}));
}

/// A certificate for localhost, signed by itself, made for this test.
struct Certificate {
  Certificate() {
    std::filesystem::create_directories(folder);
    EVP_PKEY* key = EVP_EC_gen("P-256");
    X509* x509 = X509_new();
    X509_set_version(x509, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(x509), 1);
    X509_gmtime_adj(X509_getm_notBefore(x509), -3600);
    X509_gmtime_adj(X509_getm_notAfter(x509), 3600);
    X509_set_pubkey(x509, key);
    X509_NAME* name = X509_get_subject_name(x509);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("localhost"), -1, -1,
                               0);
    X509_set_issuer_name(x509, name);
    X509_EXTENSION* names = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, "DNS:localhost");
    X509_add_ext(x509, names, -1);
    X509_EXTENSION_free(names);
    X509_sign(x509, key, EVP_sha256());
    FILE* file = std::fopen(certificate.c_str(), "w");
    PEM_write_X509(file, x509);
    std::fclose(file);
    file = std::fopen(private_key.c_str(), "w");
    PEM_write_PrivateKey(file, key, nullptr, nullptr, 0, nullptr, nullptr);
    std::fclose(file);
    X509_free(x509);
    EVP_PKEY_free(key);
    ::setenv("SSL_CERT_FILE", certificate.c_str(), 1);
  }
  ~Certificate() {
    ::unsetenv("SSL_CERT_FILE");
    std::filesystem::remove_all(folder);
  }
  [[nodiscard]] ServerOptions options() const {
    ServerOptions options;
    options.tls_certificate = certificate;
    options.tls_key = private_key;
    return options;
  }
  std::string folder = testing::TempDir() + "net_tls_" + std::to_string(::getpid());
  std::string certificate = folder + "/certificate.pem";
  std::string private_key = folder + "/key.pem";
};

TEST(Tls, CarriesHttpAndWebSocket) {
  const Certificate certificate;
  TestServer server(routes(), certificate.options());
  const Url url{true, "localhost", server.port(), "/"};
  Client client(url);
  const std::string large(2'000'000, 'x');
  for (const std::string& body : {std::string("small"), large, std::string("small")}) {
    const auto answer = client.request("POST", "/echo", body);
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(answer->body, body);
  }
  std::size_t size = 0;
  EXPECT_TRUE(client.get_pieces("/pieces", {}, [&](std::string_view piece) {
    size += piece.size();
    return true;
  }));
  EXPECT_EQ(size, 500'000U);
  EXPECT_EQ(client.request("POST", "/echo", "", {{"Connection", "close"}}).value().status, 200);
  EXPECT_EQ(client.request("POST", "/echo", "again").value().body, "again");

  WebSocketClient socket;
  const auto connected = socket.connect(url, "/ws");
  ASSERT_TRUE(connected) << connected.error().message;
  EXPECT_EQ(socket.receive(Duration{10'000}).value(), "hello");
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(socket.send("message " + std::to_string(i)));
  for (int i = 0; i < 20; ++i) EXPECT_EQ(socket.receive(Duration{10'000}).value(), "message " + std::to_string(i));
  ASSERT_TRUE(socket.send("close"));
  EXPECT_THAT(socket.receive(Duration{10'000}).error().message, HasSubstr("4321"));
}

TEST(Tls, RefusesACertificateOfAnotherName) {
  const Certificate certificate;
  TestServer server(routes(), certificate.options());
  Client client({true, "127.0.0.1", server.port(), "/"});
  const auto refused = client.request("GET", "/echo", "");
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("TLS handshake"));
}

TEST(Tls, RefusesVersionsBefore12) {
  const Certificate certificate;
  TestServer server(routes(), certificate.options());
  for (const int version : {TLS1_1_VERSION, TLS1_2_VERSION, TLS1_3_VERSION}) {
    SSL_CTX* context = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_security_level(context, 0);
    SSL_CTX_set_min_proto_version(context, version);
    SSL_CTX_set_max_proto_version(context, version);
    BIO* bio = BIO_new_ssl_connect(context);
    BIO_set_conn_hostname(bio, ("127.0.0.1:" + std::to_string(server.port())).c_str());
    EXPECT_EQ(BIO_do_connect(bio) == 1 && BIO_do_handshake(bio) == 1, version >= TLS1_2_VERSION) << version;
    BIO_free_all(bio);
    SSL_CTX_free(context);
  }
}

TEST(Tls, AnswersPlainHttpWithAClosedConnection) {
  const Certificate certificate;
  TestServer server(routes(), certificate.options());
  RawPeer peer(server.port());
  peer.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").rest();
  EXPECT_EQ(server.handled(), 0);
}

}  // namespace
}  // namespace millrace::net
