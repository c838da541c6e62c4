#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace millrace {

/// What kind of failure it is: decides the HTTP status, the exit code and whether a retry makes sense.
enum class ErrorCode {
  invalid_argument,     ///< The caller's input is wrong; the message says what is valid.
  not_found,            ///< What was named does not exist.
  conflict,             ///< A lost race: another revision or owner stands there.
  fenced,               ///< Another owner of the partition has committed; this one must stop.
  too_large,            ///< Over a named limit.
  exhausted,            ///< A bounded queue or limit is full; try again later.
  unavailable,          ///< A part that is needed does not answer; try again later.
  no_space,             ///< The disk is full.
  io,                   ///< The operating system refused a read or write.
  corrupt,              ///< Stored bytes are not what was written.
  unsupported_version,  ///< Written by a newer or unknown version.
  deadline,             ///< The time given was not enough.
};

/// A failure that somebody must read: what, where and what to do.
struct Error {
  ErrorCode code;
  std::string message;

  friend bool operator==(const Error&, const Error&) = default;
};

/// A value or the Error that says why there is none. Never ignored silently.
template <class T>
class [[nodiscard]] Result : public std::expected<T, Error> {
 public:
  using std::expected<T, Error>::expected;
};

/// Builds the failing side of any Result.
[[nodiscard]] inline std::unexpected<Error> fail(ErrorCode code, std::string message) {
  return std::unexpected<Error>(Error{code, std::move(message)});
}

/// Passes an Error on from one Result type to another.
[[nodiscard]] inline std::unexpected<Error> fail(Error error) { return std::unexpected<Error>(std::move(error)); }

/// The code's name as it stands in error answers and logs, for example "not_found".
[[nodiscard]] std::string_view name(ErrorCode code);

}  // namespace millrace
