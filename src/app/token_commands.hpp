#pragma once

#include "access/tokens.hpp"
#include "base/result.hpp"

#include <string>
#include <vector>

namespace millrace {

/// `token create SCOPE LABEL`, `token list`, `token revoke ID` as words after "token"; the answer is what the command
/// prints. The same in a running node (through its control socket) and over an opened data folder.
[[nodiscard]] Result<std::string> run_token_words(Tokens& tokens, const std::vector<std::string>& words);

}  // namespace millrace
