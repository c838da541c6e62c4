#include "net/transport.hpp"

#include <utility>

namespace millrace::net {
namespace {

using asio::ip::tcp;

class PlainTransport final : public Transport {
 public:
  explicit PlainTransport(tcp::socket socket) : socket_(std::move(socket)) {}

  void handshake(Done done) override { done({}, 0); }

  void read(std::span<char> into, Done done) override {
    socket_.async_read_some(asio::buffer(into.data(), into.size()), std::move(done));
  }

  std::size_t try_write(std::span<const asio::const_buffer> buffers, error_code& error) override {
    const std::size_t size = socket_.write_some(buffers, error);
    if (error == asio::error::would_block || error == asio::error::try_again) error = {};
    return size;
  }

  void write(std::span<const asio::const_buffer> /*buffers*/, Done done) override {
    socket_.async_wait(tcp::socket::wait_write, [done = std::move(done)](error_code error) mutable { done(error, 0); });
  }

  void shut_down(Done done) override {
    error_code error;
    socket_.shutdown(tcp::socket::shutdown_send, error);
    done(error, 0);
  }

  void close() override {
    error_code ignored;
    socket_.close(ignored);
  }

 private:
  tcp::socket socket_;
};

}  // namespace

std::unique_ptr<Transport> make_plain_transport(tcp::socket socket) {
  error_code ignored;
  socket.non_blocking(true, ignored);
  socket.set_option(tcp::no_delay(true), ignored);
  return std::make_unique<PlainTransport>(std::move(socket));
}

}  // namespace millrace::net
