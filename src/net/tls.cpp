#include "net/tls.hpp"

#include <boost/asio/ssl/context.hpp>

#include <string_view>

namespace millrace::net {
namespace {

int choose_http11(SSL* /*ssl*/, const unsigned char** out, unsigned char* size, const unsigned char* in,
                  unsigned int in_size, void* /*argument*/) {
  static constexpr unsigned char kOffered[] = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
  unsigned char* chosen = nullptr;
  if (SSL_select_next_proto(&chosen, size, kOffered, sizeof(kOffered), in, in_size) != OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_NOACK;
  }
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

}  // namespace

Result<std::shared_ptr<boost::asio::ssl::context>> make_server_tls(const std::string& certificate,
                                                                   const std::string& key) {
  namespace ssl = boost::asio::ssl;
  boost::system::error_code error;
  auto context = std::make_shared<ssl::context>(ssl::context::tls_server);
  SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION);
  SSL_CTX_set_options(context->native_handle(), SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_mode(context->native_handle(), SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_set_alpn_select_cb(context->native_handle(), choose_http11, nullptr);
  context->use_certificate_chain_file(certificate, error);
  if (error) {
    return fail(ErrorCode::invalid_argument, "The TLS certificate " + certificate +
                                                 " can't be used: " + error.message() + ". A PEM file is needed.");
  }
  context->use_private_key_file(key, ssl::context::pem, error);
  if (error) {
    return fail(ErrorCode::invalid_argument,
                "The TLS key " + key + " can't be used: " + error.message() +
                    ". An unencrypted PEM file that belongs to the certificate is needed.");
  }
  return context;
}

}  // namespace millrace::net
