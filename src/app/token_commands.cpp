#include "app/token_commands.hpp"

#include "model/rfc3339.hpp"

#include <fmt/format.h>

namespace millrace {

Result<std::string> run_token_words(Tokens& tokens, const std::vector<std::string>& words) {
  if (words.size() == 3 && words[0] == "create") {
    const auto scope = parse_scope(words[1]);
    if (!scope) return fail(scope.error());
    auto secret = tokens.create(*scope, words[2]);
    if (!secret) return fail(secret.error());
    return *secret + "\n";
  }
  if (words.size() == 1 && words[0] == "list") {
    std::string table;
    for (const TokenInfo& token : tokens.list()) {
      table += fmt::format("{}\t{}\t{}\t{}\n", token.id, name(token.scope), format_rfc3339(token.created), token.label);
    }
    return table.empty() ? "no tokens\n" : "id\tscope\tcreated\tlabel\n" + table;
  }
  if (words.size() == 2 && words[0] == "revoke") {
    if (const auto revoked = tokens.revoke(words[1]); !revoked) return fail(revoked.error());
    return fmt::format("revoked {}\n", words[1]);
  }
  return fail(ErrorCode::invalid_argument, "not a token command: create, list or revoke");
}

}  // namespace millrace
