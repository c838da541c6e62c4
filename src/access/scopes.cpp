#include "access/scopes.hpp"

#include <string>

namespace millrace {

Result<Anonymous> parse_anonymous(std::string_view text) {
  if (text == "auto") return Anonymous::automatic;
  if (text == "none") return Anonymous::none;
  if (text == "read") return Anonymous::read;
  return fail(ErrorCode::invalid_argument,
              "access.anonymous is '" + std::string(text.substr(0, 50)) + "'; valid: auto, none, read.");
}

Access authorize(Scope needed, const Presented& presented, const AccessState& state) {
  if (needed == Scope::none) return Access::allowed;
  if (presented.given) {
    if (!presented.scope) return Access::unauthenticated;
    return *presented.scope >= needed ? Access::allowed : Access::forbidden;
  }
  switch (state.anonymous) {
    case Anonymous::automatic:
      return state.loopback_listener && !state.tokens_exist ? Access::allowed : Access::unauthenticated;
    case Anonymous::none: return Access::unauthenticated;
    case Anonymous::read: return needed == Scope::read ? Access::allowed : Access::unauthenticated;
  }
  return Access::unauthenticated;
}

Result<void> may_listen(const AccessState& state) {
  if (state.loopback_listener || state.tokens_exist || state.anonymous == Anonymous::read) return {};
  return fail(ErrorCode::invalid_argument,
              "On an address that others can reach a token is needed: `millrace token create --scope admin`. Or set "
              "access.anonymous = \"read\" to let anybody read.");
}

}  // namespace millrace
