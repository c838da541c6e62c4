#pragma once

#include "base/clock.hpp"
#include "base/result.hpp"
#include "base/types.hpp"
#include "store/documents.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace millrace {

/// What a caller may do; each includes the ones before it.
enum class Scope { none, read, write, admin };
[[nodiscard]] std::string_view name(Scope scope);
[[nodiscard]] Result<Scope> parse_scope(std::string_view text);

/// A token as it may be shown: never the secret.
struct TokenInfo {
  std::string id;  ///< Public part, for revoke.
  Scope scope;
  std::string label;
  Millis created;
};

/// Bearer tokens: 256 random bits (`mr_ID_SECRET`), kept as a hash (BLAKE2b), compared in constant time.
/// Thread-safe; reads answer from memory.
class Tokens {
 public:
  Tokens(Documents& documents, const Clock& clock);
  ~Tokens();

  Result<void> load();
  /// The secret is in the answer once and nowhere else.
  Result<std::string> create(Scope scope, std::string label);
  [[nodiscard]] std::vector<TokenInfo> list() const;
  Result<void> revoke(std::string_view id);
  [[nodiscard]] bool empty() const;
  /// The scope of a presented secret; nullopt if it is unknown or revoked.
  [[nodiscard]] std::optional<Scope> check(std::string_view secret) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace millrace
