#include "net/header_guard.hpp"

#include <algorithm>
#include <array>
#include <optional>

namespace millrace::net {
namespace {

std::unexpected<Refusal> refuse(int status, std::string_view code, std::string message) {
  return std::unexpected<Refusal>(Refusal{status, code, std::move(message)});
}

constexpr std::array<bool, 256> make_token_table() {
  std::array<bool, 256> table{};
  for (int c = '0'; c <= '9'; ++c) table[static_cast<std::size_t>(c)] = true;
  for (int c = 'a'; c <= 'z'; ++c) table[static_cast<std::size_t>(c)] = true;
  for (int c = 'A'; c <= 'Z'; ++c) table[static_cast<std::size_t>(c)] = true;
  for (const char c : std::string_view("!#$%&'*+-.^_`|~")) table[static_cast<unsigned char>(c)] = true;
  return table;
}
constexpr std::array<bool, 256> kToken = make_token_table();

bool is_token(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return kToken[static_cast<unsigned char>(c)]; });
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

bool is_value(std::string_view text) {
  return std::ranges::all_of(text, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte == '\t' || (byte >= 0x20 && byte != 0x7F);
  });
}

bool is_host(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z') ||
           std::string_view(".-_:[]%").find(c) != std::string_view::npos;
  });
}

std::optional<std::uint64_t> read_length(std::string_view text) {
  if (text.empty() || text.size() > 19) return std::nullopt;
  std::uint64_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + static_cast<std::uint64_t>(c - '0');
  }
  return value;
}

/// Calls `each` with every trimmed element of a comma-separated list.
template <class F>
void for_each_element(std::string_view list, F each) {
  for (;;) {
    const std::size_t comma = list.find(',');
    each(trim(list.substr(0, comma)));
    if (comma == std::string_view::npos) return;
    list.remove_prefix(comma + 1);
  }
}

/// RFC 9112, 6.1: chunked once and last; a coding that we don't know is 501, a sequence without sense is 400.
std::optional<Refusal> check_transfer_encoding(std::string_view value) {
  std::size_t elements = 0;
  std::size_t chunked = 0;
  bool last_is_chunked = false;
  bool empty = false;
  for_each_element(value, [&](std::string_view element) {
    ++elements;
    empty = empty || element.empty();
    last_is_chunked = equals_ignoring_case(element, "chunked");
    chunked += last_is_chunked ? 1 : 0;
  });
  if (empty || chunked > 1 || (chunked == 1 && !last_is_chunked)) {
    return Refusal{400, "bad_transfer_encoding", "Transfer-Encoding must be exactly one chunked, as the last coding."};
  }
  if (chunked == 1 && elements == 1) return std::nullopt;
  return Refusal{501, "unknown_transfer_coding", "The only transfer coding supported is chunked."};
}

std::optional<Refusal> read_request_line(std::string_view line, Head& head) {
  const Refusal malformed{400, "bad_request_line", "The request line must be METHOD SP TARGET SP HTTP/1.1."};
  const std::size_t first = line.find(' ');
  const std::size_t last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) return malformed;
  head.method = line.substr(0, first);
  head.target = line.substr(first + 1, last - first - 1);
  const std::string_view version = line.substr(last + 1);
  if (!is_token(head.method) || head.target.empty()) return malformed;
  const bool clean = std::ranges::all_of(head.target, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte > 0x20 && byte < 0x7F && c != '#';
  });
  if (!clean) {
    return Refusal{400, "bad_target",
                   "The request target holds a blank, a control character, '#' or a raw non-ASCII byte."};
  }
  const bool shaped = version.size() == 8 && version.starts_with("HTTP/") && version[6] == '.' && version[5] >= '0' &&
                      version[5] <= '9' && version[7] >= '0' && version[7] <= '9';
  if (!shaped) return malformed;
  if (version != "HTTP/1.1" && version != "HTTP/1.0") {
    return Refusal{505, "http_version", "Only HTTP/1.1 and HTTP/1.0 are spoken here."};
  }
  head.minor_version = version[7] - '0';
  return std::nullopt;
}

/// What the fields that frame or steer a request add up to.
struct Fields {
  std::size_t hosts = 0;
  std::size_t lengths = 0;
  std::size_t encodings = 0;
  std::string_view host;
  std::string_view length;
  std::string_view encoding;
  std::string_view expect;
  bool close = false;
  bool keep_alive = false;
  bool upgrade = false;
  bool websocket = false;
};

void take_field(Fields& fields, std::string_view name, std::string_view value) {
  if (equals_ignoring_case(name, "host")) {
    ++fields.hosts;
    fields.host = value;
  } else if (equals_ignoring_case(name, "content-length")) {
    ++fields.lengths;
    fields.length = value;
  } else if (equals_ignoring_case(name, "transfer-encoding")) {
    ++fields.encodings;
    fields.encoding = value;
  } else if (equals_ignoring_case(name, "connection")) {
    fields.close = fields.close || list_has(value, "close");
    fields.keep_alive = fields.keep_alive || list_has(value, "keep-alive");
    fields.upgrade = fields.upgrade || list_has(value, "upgrade");
  } else if (equals_ignoring_case(name, "upgrade")) {
    fields.websocket = fields.websocket || list_has(value, "websocket");
  } else if (equals_ignoring_case(name, "expect")) {
    fields.expect = value;
  }
}

std::optional<Refusal> frame(const Fields& fields, Head& head) {
  if (fields.hosts > 1 || (fields.hosts == 0 && head.minor_version == 1)) {
    return Refusal{400, "bad_host", "Exactly one Host header is needed."};
  }
  if (fields.hosts == 1 && !is_host(fields.host)) return Refusal{400, "bad_host", "The Host header is not a host."};
  if (fields.encodings > 0) {
    if (fields.lengths > 0) {
      return Refusal{400, "ambiguous_framing", "Transfer-Encoding and Content-Length exclude each other."};
    }
    if (head.minor_version == 0) {
      return Refusal{400, "bad_transfer_encoding", "Transfer-Encoding does not exist in HTTP/1.0."};
    }
    if (fields.encodings > 1) {
      return Refusal{400, "bad_transfer_encoding", "Transfer-Encoding must be exactly one chunked, in one header."};
    }
    if (auto refusal = check_transfer_encoding(fields.encoding)) return refusal;
    head.framing = Framing::chunked;
  }
  if (fields.lengths > 1) return Refusal{400, "ambiguous_framing", "More than one Content-Length."};
  if (fields.lengths == 1) {
    const auto length = read_length(fields.length);
    if (!length) return Refusal{400, "bad_content_length", "Content-Length must be a decimal number of bytes."};
    head.framing = Framing::length;
    head.length = *length;
  }
  if (!fields.expect.empty()) {
    if (!equals_ignoring_case(fields.expect, "100-continue")) {
      return Refusal{417, "expectation_failed", "The only expectation supported is 100-continue."};
    }
    head.expects_continue = head.minor_version == 1 && head.framing != Framing::none;
  }
  head.keep_alive = !fields.close && (head.minor_version == 1 || fields.keep_alive);
  head.upgrades_to_websocket = head.minor_version == 1 && fields.upgrade && fields.websocket && head.method == "GET" &&
                               (head.framing == Framing::none || (head.framing == Framing::length && head.length == 0));
  return std::nullopt;
}

}  // namespace

bool equals_ignoring_case(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::ranges::equal(a, b, [](char x, char y) { return lower(x) == lower(y); });
}

bool list_has(std::string_view list, std::string_view token) {
  bool found = false;
  for_each_element(list, [&](std::string_view element) { found = found || equals_ignoring_case(element, token); });
  return found;
}

std::string_view Head::header(std::string_view lower_case_name) const {
  for (const auto& [name, value] : headers) {
    if (equals_ignoring_case(name, lower_case_name)) return value;
  }
  return {};
}

std::expected<std::size_t, Refusal> find_head(std::string_view bytes, const HeadLimits& limits, std::size_t from) {
  // A TLS hello, say, is refused at its first byte, not after the header timeout.
  if (!bytes.empty() && bytes.front() != '\r' && bytes.front() != '\n' &&
      !kToken[static_cast<unsigned char>(bytes.front())]) {
    return refuse(400, "bad_request_line", "This is no HTTP/1.1 request.");
  }
  // Start a little before, so that a CRLF pair cut in two by the last read is seen whole.
  std::size_t at = from > 3 ? from - 3 : 0;
  std::size_t end = 0;
  while (at < bytes.size()) {
    const std::size_t lf = bytes.find('\n', at);
    if (lf == std::string_view::npos) break;
    if (lf == 0 || bytes[lf - 1] != '\r') return refuse(400, "bare_lf", "A line ends in LF without CR.");
    if (lf >= 3 && bytes[lf - 2] == '\n') {
      end = lf + 1;
      break;
    }
    at = lf + 1;
  }
  const std::string_view head = end > 0 ? bytes.substr(0, end) : bytes;
  const std::size_t line_end = head.find("\r\n");
  if ((line_end == std::string_view::npos ? head.size() : line_end) > limits.request_line) {
    return refuse(414, "uri_too_long",
                  "The request line is longer than " + std::to_string(limits.request_line) + " bytes.");
  }
  if (head.size() > limits.bytes) {
    return refuse(431, "header_too_large",
                  "The header block is larger than " + std::to_string(limits.bytes) + " bytes.");
  }
  if (head.find('\0', std::min(from, head.size())) != std::string_view::npos) {
    return refuse(400, "bad_header", "A NUL byte in the header block.");
  }
  return end;
}

std::expected<Head, Refusal> read_head(std::string_view block, const HeadLimits& limits) {
  const auto size = find_head(block, limits);
  if (!size) return std::unexpected(size.error());
  if (*size == 0 || *size != block.size()) return refuse(400, "bad_header", "The header block is not whole.");

  Head head;
  const std::size_t line_end = block.find("\r\n");
  if (auto refusal = read_request_line(block.substr(0, line_end), head)) return std::unexpected(*std::move(refusal));

  Fields fields;
  head.headers.reserve(16);
  std::string_view rest = block.substr(line_end + 2);
  while (!rest.starts_with("\r\n")) {
    const std::size_t end = rest.find("\r\n");
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end + 2);
    if (head.headers.size() == limits.headers) {
      return refuse(431, "too_many_headers", "More than " + std::to_string(limits.headers) + " headers.");
    }
    if (line.front() == ' ' || line.front() == '\t') {
      return refuse(400, "obs_fold", "A header is folded over several lines.");
    }
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return refuse(400, "bad_header", "A header line has no colon.");
    const std::string_view name = line.substr(0, colon);
    const std::string_view value = trim(line.substr(colon + 1));
    if (!is_token(name)) return refuse(400, "bad_header", "A header's name holds a character that is not allowed.");
    if (!is_value(value)) return refuse(400, "bad_header", "A header's value holds a control character.");
    take_field(fields, name, value);
    head.headers.emplace_back(name, value);
  }
  if (auto refusal = frame(fields, head)) return std::unexpected(*std::move(refusal));
  return head;
}

}  // namespace millrace::net
