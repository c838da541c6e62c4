#include "base/result.hpp"

namespace millrace {

std::string_view name(ErrorCode code) {
  switch (code) {
    case ErrorCode::invalid_argument: return "invalid_argument";
    case ErrorCode::not_found: return "not_found";
    case ErrorCode::conflict: return "conflict";
    case ErrorCode::fenced: return "fenced";
    case ErrorCode::too_large: return "too_large";
    case ErrorCode::exhausted: return "exhausted";
    case ErrorCode::unavailable: return "unavailable";
    case ErrorCode::no_space: return "no_space";
    case ErrorCode::io: return "io";
    case ErrorCode::corrupt: return "corrupt";
    case ErrorCode::unsupported_version: return "unsupported_version";
    case ErrorCode::deadline: return "deadline";
  }
  return "unknown";
}

}  // namespace millrace
