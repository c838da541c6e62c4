#include "access/tokens.hpp"

#include <simdjson.h>
#include <sodium.h>

#include <algorithm>
#include <array>
#include <mutex>
#include <shared_mutex>
#include <utility>

namespace millrace {
namespace {

constexpr std::string_view kKind = "token";
constexpr std::size_t kIdBytes = 8;
constexpr std::size_t kSecretBytes = 32;  // 256 bits
constexpr std::size_t kLabelLimit = 100;
using Hash = std::array<unsigned char, 32>;

std::string hex(const unsigned char* bytes, std::size_t size) {
  std::string text(size * 2 + 1, '\0');
  sodium_bin2hex(text.data(), text.size(), bytes, size);
  text.pop_back();
  return text;
}

/// BLAKE2b of the whole token text. Its secret is 256 random bits: nothing to guess, so no slow hash is needed.
Hash hash_of(std::string_view token) {
  Hash hash{};
  crypto_generichash(hash.data(), hash.size(), reinterpret_cast<const unsigned char*>(token.data()), token.size(),
                     nullptr, 0);
  return hash;
}

bool is_label(std::string_view label) {
  return label.size() <= kLabelLimit && std::ranges::all_of(label, [](char c) {
           const auto byte = static_cast<unsigned char>(c);
           return byte >= 0x20 && byte < 0x7F && c != '"' && c != '\\';
         });
}

struct Stored {
  TokenInfo info;
  Hash hash;
};

std::string to_json(const Stored& token) {
  // A label has no character that JSON would escape (is_label).
  return "{\"scope\":\"" + std::string(name(token.info.scope)) + "\",\"label\":\"" + token.info.label +
         "\",\"created\":" + std::to_string(token.info.created.value) + ",\"hash\":\"" +
         hex(token.hash.data(), token.hash.size()) + "\"}";
}

Result<Stored> from_json(const Document& document) {
  const auto corrupt = [&] {
    return fail(ErrorCode::corrupt,
                "The stored token '" + document.id + "' can't be read; revoke it and make a new one.");
  };
  simdjson::dom::parser parser;
  simdjson::dom::element json;
  std::string_view scope;
  std::string_view label;
  std::string_view digest;
  std::int64_t created = 0;
  if (parser.parse(document.json).get(json) != simdjson::SUCCESS || json["scope"].get(scope) != simdjson::SUCCESS ||
      json["label"].get(label) != simdjson::SUCCESS || json["hash"].get(digest) != simdjson::SUCCESS ||
      json["created"].get(created) != simdjson::SUCCESS) {
    return corrupt();
  }
  Stored token{{document.id, Scope::none, std::string(label), Millis{created}}, {}};
  const auto parsed = parse_scope(scope);
  std::size_t size = 0;
  if (!parsed ||
      sodium_hex2bin(token.hash.data(), token.hash.size(), digest.data(), digest.size(), nullptr, &size, nullptr) !=
          0 ||
      size != token.hash.size()) {
    return corrupt();
  }
  token.info.scope = *parsed;
  return token;
}

}  // namespace

std::string_view name(Scope scope) {
  switch (scope) {
    case Scope::none: return "none";
    case Scope::read: return "read";
    case Scope::write: return "write";
    case Scope::admin: return "admin";
  }
  return "none";
}

Result<Scope> parse_scope(std::string_view text) {
  for (const Scope scope : {Scope::read, Scope::write, Scope::admin}) {
    if (text == name(scope)) return scope;
  }
  return fail(ErrorCode::invalid_argument,
              "'" + std::string(text.substr(0, 50)) + "' is no scope: read, write, admin.");
}

struct Tokens::Impl {
  Impl(Documents& where, const Clock& time) : documents(where), clock(time) {}

  Documents& documents;
  const Clock& clock;
  mutable std::shared_mutex mutex;
  std::vector<Stored> tokens;  // few, sorted by id
};

Tokens::Tokens(Documents& documents, const Clock& clock) : impl_(std::make_unique<Impl>(documents, clock)) {}
Tokens::~Tokens() = default;

Result<void> Tokens::load() {
  if (sodium_init() < 0) return fail(ErrorCode::unavailable, "libsodium can't be used: no source of randomness.");
  auto documents = impl_->documents.list(kKind);
  if (!documents) return fail(std::move(documents.error()));
  std::vector<Stored> tokens;
  for (const auto& document : *documents) {
    auto token = from_json(document);
    if (!token) return fail(std::move(token.error()));
    tokens.push_back(*std::move(token));
  }
  const std::unique_lock lock(impl_->mutex);
  impl_->tokens = std::move(tokens);
  return {};
}

Result<std::string> Tokens::create(Scope scope, std::string label) {
  if (scope == Scope::none) return fail(ErrorCode::invalid_argument, "A token needs a scope: read, write, admin.");
  if (!is_label(label)) {
    return fail(ErrorCode::invalid_argument,
                "A token's label is at most 100 printable ASCII characters, without quotes and backslashes.");
  }
  if (sodium_init() < 0) return fail(ErrorCode::unavailable, "libsodium can't be used: no source of randomness.");
  std::array<unsigned char, kIdBytes + kSecretBytes> random{};
  randombytes_buf(random.data(), random.size());
  Stored token{{hex(random.data(), kIdBytes), scope, std::move(label), impl_->clock.now()}, {}};
  std::string secret = "mr_" + token.info.id + "_" + hex(random.data() + kIdBytes, kSecretBytes);
  sodium_memzero(random.data(), random.size());
  token.hash = hash_of(secret);

  if (auto stored = impl_->documents.put(kKind, token.info.id, to_json(token), 0); !stored) {
    return fail(std::move(stored.error()));
  }
  const std::unique_lock lock(impl_->mutex);
  impl_->tokens.push_back(std::move(token));
  return secret;
}

std::vector<TokenInfo> Tokens::list() const {
  std::vector<TokenInfo> infos;
  {
    const std::shared_lock lock(impl_->mutex);
    for (const auto& token : impl_->tokens) infos.push_back(token.info);
  }
  std::ranges::sort(infos, {}, [](const TokenInfo& info) { return std::pair(info.created, info.id); });
  return infos;
}

Result<void> Tokens::revoke(std::string_view id) {
  {
    const std::shared_lock lock(impl_->mutex);
    if (std::ranges::find(impl_->tokens, id, [](const Stored& token) { return token.info.id; }) ==
        impl_->tokens.end()) {
      return fail(ErrorCode::not_found, "There is no token with that id; `millrace token list` shows them.");
    }
  }
  // From the store first: a token that comes back after a restart would be no revocation.
  if (auto removed = impl_->documents.remove(kKind, id, std::nullopt);
      !removed && removed.error().code != ErrorCode::not_found) {
    return removed;
  }
  const std::unique_lock lock(impl_->mutex);
  std::erase_if(impl_->tokens, [&](const Stored& token) { return token.info.id == id; });
  return {};
}

bool Tokens::empty() const {
  const std::shared_lock lock(impl_->mutex);
  return impl_->tokens.empty();
}

std::optional<Scope> Tokens::check(std::string_view secret) const {
  const Hash hash = hash_of(secret);
  const std::shared_lock lock(impl_->mutex);
  // Every token is looked at, each in constant time: how long it takes tells nothing about which was close.
  std::optional<Scope> found;
  for (const auto& token : impl_->tokens) {
    if (sodium_memcmp(token.hash.data(), hash.data(), hash.size()) == 0) found = token.info.scope;
  }
  return found;
}

}  // namespace millrace
