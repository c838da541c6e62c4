#pragma once

#include "access/tokens.hpp"
#include "base/result.hpp"

#include <optional>
#include <string_view>

namespace millrace {

/// What callers without a token may do: `access.anonymous`.
enum class Anonymous {
  automatic,  ///< Everything, on a loopback listener as long as no token exists; else nothing.
  none,       ///< Nothing.
  read,       ///< Read, on any listener.
};
[[nodiscard]] Result<Anonymous> parse_anonymous(std::string_view text);

/// What the request's caller showed.
struct Presented {
  bool given = false;          ///< A token was sent at all, by header or cookie.
  std::optional<Scope> scope;  ///< Of a valid one; nullopt: unknown or revoked.
};

/// The listener and configuration that a decision depends on.
struct AccessState {
  Anonymous anonymous = Anonymous::automatic;
  bool loopback_listener = true;
  bool tokens_exist = false;
};

enum class Access {
  allowed,
  unauthenticated,  ///< 401: no token, or one that is not valid.
  forbidden,        ///< 403: a valid token of a lesser scope.
};

/// Decides on the route's declared scope. Scope::none is open to all (health), whatever is presented. A token that is
/// not valid never falls back to anonymous rights: whoever sends one wants to know that it is dead.
[[nodiscard]] Access authorize(Scope needed, const Presented& presented, const AccessState& state);

/// Whether a server may start so: on an address that is not loopback it needs a token or anonymous = "read".
[[nodiscard]] Result<void> may_listen(const AccessState& state);

}  // namespace millrace
