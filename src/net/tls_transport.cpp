#include "net/transport.hpp"

#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>

#include <algorithm>
#include <string>
#include <utility>

namespace millrace::net {
namespace {

using asio::ip::tcp;

constexpr std::size_t kRecord = 16U << 10;

class TlsTransport final : public Transport {
 public:
  TlsTransport(tcp::socket socket, asio::ssl::context& context) : stream_(std::move(socket), context) {}

  void handshake(Done done) override {
    stream_.async_handshake(asio::ssl::stream_base::server,
                            [done = std::move(done)](error_code error) mutable { done(error, 0); });
  }

  void read(std::span<char> into, Done done) override {
    const auto buffer = asio::buffer(into.data(), into.size());
    if (shut_down_) {
      stream_.next_layer().async_read_some(buffer, std::move(done));
    } else {
      stream_.async_read_some(buffer, std::move(done));
    }
  }

  std::size_t try_write(std::span<const asio::const_buffer> /*buffers*/, error_code& /*error*/) override { return 0; }

  void write(std::span<const asio::const_buffer> buffers, Done done) override {
    // One record for many small pieces: OpenSSL takes one buffer at a time, and small strings move with the queue.
    if (buffers.front().size() >= kRecord) {
      stream_.async_write_some(buffers.front(), std::move(done));
      return;
    }
    record_.clear();
    for (const auto& buffer : buffers) {
      const std::size_t size = std::min(buffer.size(), kRecord - record_.size());
      record_.append(static_cast<const char*>(buffer.data()), size);
      if (record_.size() == kRecord) break;
    }
    stream_.async_write_some(asio::buffer(record_), std::move(done));
  }

  void shut_down(Done done) override {
    stream_.async_shutdown([this, done = std::move(done)](error_code error) mutable {
      // `done` keeps this alive; after the peer's close_notify, or in its absence, raw bytes are thrown away.
      shut_down_ = true;
      error_code ignored;
      if (error != asio::error::operation_aborted) stream_.next_layer().shutdown(tcp::socket::shutdown_send, ignored);
      done(error == asio::error::operation_aborted ? error : error_code{}, 0);
    });
  }

  void close() override {
    error_code ignored;
    stream_.next_layer().close(ignored);
  }

 private:
  asio::ssl::stream<tcp::socket> stream_;
  std::string record_;
  bool shut_down_ = false;
};

}  // namespace

std::unique_ptr<Transport> make_tls_transport(tcp::socket socket, asio::ssl::context& context) {
  error_code ignored;
  socket.non_blocking(true, ignored);
  socket.set_option(tcp::no_delay(true), ignored);
  return std::make_unique<TlsTransport>(std::move(socket), context);
}

}  // namespace millrace::net
