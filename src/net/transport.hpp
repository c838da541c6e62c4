#pragma once

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/system/error_code.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <span>

namespace boost::asio::ssl {
class context;
}

namespace millrace::net {

namespace asio = boost::asio;
using boost::system::error_code;

/// Bytes in and out of one socket, plain or TLS. At most one read and one write are under way; what they borrow must
/// live until they are done. Used on one thread.
class Transport {
 public:
  using Done = std::move_only_function<void(error_code, std::size_t)>;

  virtual ~Transport() = default;
  /// TLS handshake; at once for plain.
  virtual void handshake(Done done) = 0;
  /// Reads at least one byte.
  virtual void read(std::span<char> into, Done done) = 0;
  /// Writes what fits now without waiting; 0 if nothing does, or if only write() can.
  virtual std::size_t try_write(std::span<const asio::const_buffer> buffers, error_code& error) = 0;
  /// Waits until something fits, and writes some (plain: may write nothing, then try again).
  virtual void write(std::span<const asio::const_buffer> buffers, Done done) = 0;
  /// Says that nothing more will be sent; afterwards read() takes what is to be thrown away.
  virtual void shut_down(Done done) = 0;
  /// Ends everything; what is under way completes with an error.
  virtual void close() = 0;
};

[[nodiscard]] std::unique_ptr<Transport> make_plain_transport(asio::ip::tcp::socket socket);
[[nodiscard]] std::unique_ptr<Transport> make_tls_transport(asio::ip::tcp::socket socket, asio::ssl::context& context);

}  // namespace millrace::net
