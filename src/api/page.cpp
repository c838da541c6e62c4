#include "api/api.hpp"

#include <string>
#include <unordered_map>

namespace millrace {
namespace {

constexpr std::string_view index_path = "/index.html";

bool accepts_gzip(const net::Request& request) {
  return request.header("accept-encoding").find("gzip") != std::string_view::npos;
}

net::Response serve(const Asset& asset, const net::Request& request) {
  net::Response response;
  response.content_type = std::string(asset.content_type);
  const bool compressed = !asset.gzip.empty() && accepts_gzip(request);
  response.body = std::string(compressed ? asset.gzip : asset.bytes);
  if (compressed) response.headers.emplace_back("Content-Encoding", "gzip");
  response.headers.emplace_back("Vary", "Accept-Encoding");
  // Vite puts a hash of the content into every name below /assets/.
  const bool immutable = asset.path.starts_with("/assets/");
  response.headers.emplace_back("Cache-Control", immutable ? "public, max-age=31536000, immutable" : "no-cache");
  return response;
}

}  // namespace

void Api::add_page_routes() {
  // The page holds no data, so that a browser without a session can show how to get one.
  add(net::Method::get, "/**", Scope::none, [this](Call call) {
    const Asset* index = nullptr;
    for (const Asset& asset : options_.assets) {
      if (asset.path == call.request.path) return call.responder->send(serve(asset, call.request));
      if (asset.path == index_path) index = &asset;
    }
    // A path without a dot is a place inside the page; anything else is a file that is not there.
    const bool place = call.request.path.find('.') == std::string::npos && !call.request.path.starts_with("/api/");
    if (index == nullptr || !place) {
      return call.responder->send(net::error_response(404, "not_found", "there is nothing at this path"));
    }
    call.responder->send(serve(*index, call.request));
  });
}

}  // namespace millrace
