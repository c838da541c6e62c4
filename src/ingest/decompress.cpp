#include "ingest/decompress.hpp"

#include <fmt/format.h>
#include <lz4frame.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include <algorithm>
#include <memory>

namespace millrace {
namespace {

constexpr std::size_t block = 64U << 10;
constexpr std::size_t doubling_ends = 1U << 20;
constexpr int max_window_log = 23;  // 8 MB, the most that RFC 9659 lets a zstd content coding ask for.

std::unexpected<Error> over(std::size_t limit) {
  return fail(ErrorCode::too_large, fmt::format("the body has more than {} bytes when decompressed", limit));
}
std::unexpected<Error> broken(std::string_view encoding, std::size_t at, std::string_view what) {
  return fail(ErrorCode::invalid_argument,
              fmt::format("{}: {} at byte {} of the compressed body", encoding, what, at + 1));
}
std::unexpected<Error> truncated(std::string_view encoding, std::size_t size) {
  return fail(ErrorCode::invalid_argument,
              fmt::format("{}: truncated: the compressed body ends at byte {} before its end mark", encoding, size));
}

/// Makes room for one block more. Beyond 1 MB the string takes its last capacity at once: untouched pages cost
/// nothing, and copying while growing would hold the text twice.
void add_block(std::string& out, std::size_t limit) {
  const std::size_t wanted = out.size() + block;
  if (wanted > out.capacity()) out.reserve(wanted < doubling_ends ? wanted * 2 : std::max(wanted, limit + block));
  out.resize(wanted);
}

struct InflateEnd {
  void operator()(z_stream* stream) const { inflateEnd(stream); }
};

Result<std::string> gunzip(std::string_view bytes, std::size_t limit) {
  z_stream stream{};
  if (inflateInit2(&stream, 16 + MAX_WBITS) != Z_OK) return fail(ErrorCode::exhausted, "gzip: no memory to inflate");
  const std::unique_ptr<z_stream, InflateEnd> owner(&stream);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  std::string out;
  std::size_t left = bytes.size();
  for (;;) {
    const auto given = static_cast<uInt>(std::min<std::size_t>(left, 1U << 30));
    stream.avail_in = given;
    const std::size_t before = out.size();
    add_block(out, limit);
    stream.next_out = reinterpret_cast<Bytef*>(out.data() + before);
    stream.avail_out = block;
    const int state = inflate(&stream, Z_NO_FLUSH);
    left -= given - stream.avail_in;
    out.resize(before + block - stream.avail_out);
    if (out.size() > limit) return over(limit);
    if (state == Z_STREAM_END) {
      if (left == 0) return out;
      inflateReset(&stream);  // Another member, or it fails as one.
    } else if (state == Z_BUF_ERROR || (state == Z_OK && left == 0 && stream.avail_out != 0)) {
      return truncated("gzip", bytes.size());
    } else if (state != Z_OK) {
      return broken("gzip", bytes.size() - left, stream.msg != nullptr ? stream.msg : "broken data");
    }
  }
}

struct ZstdFree {
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

/// A frame that says its size: straight into place.
Result<void> unzstd_known(ZSTD_DCtx* context, std::string_view frame, std::size_t at, std::size_t size,
                          std::string& out) {
  const std::size_t before = out.size();
  std::size_t written = 0;
  out.resize_and_overwrite(before + size, [&](char* text, std::size_t) {
    written = ZSTD_decompressDCtx(context, text + before, size, frame.data(), frame.size());
    return ZSTD_isError(written) != 0U ? before : before + written;
  });
  if (ZSTD_isError(written) != 0U) return broken("zstd", at, ZSTD_getErrorName(written));
  return {};
}

/// A frame that does not.
Result<void> unzstd_streamed(ZSTD_DCtx* context, std::string_view frame, std::size_t at, std::size_t limit,
                             std::string& out) {
  ZSTD_inBuffer input{frame.data(), frame.size(), 0};
  for (;;) {
    const std::size_t before = out.size();
    add_block(out, limit);
    ZSTD_outBuffer output{out.data() + before, block, 0};
    const std::size_t state = ZSTD_decompressStream(context, &output, &input);
    out.resize(before + output.pos);
    if (ZSTD_isError(state) != 0U) return broken("zstd", at + input.pos, ZSTD_getErrorName(state));
    if (out.size() > limit) return over(limit);
    if (state == 0) return {};
    if (input.pos == input.size && output.pos < output.size) return truncated("zstd", at + frame.size());
  }
}

Result<std::string> unzstd(std::string_view bytes, std::size_t limit) {
  const std::unique_ptr<ZSTD_DCtx, ZstdFree> context(ZSTD_createDCtx());
  if (context == nullptr) return fail(ErrorCode::exhausted, "zstd: no memory to decompress");
  ZSTD_DCtx_setParameter(context.get(), ZSTD_d_windowLogMax, max_window_log);
  std::string out;
  std::size_t at = 0;
  do {
    const std::string_view left = bytes.substr(at);
    const unsigned long long said = ZSTD_getFrameContentSize(left.data(), left.size());
    if (said == ZSTD_CONTENTSIZE_ERROR) {
      if (left.size() < 18) return truncated("zstd", bytes.size());
      return broken("zstd", at, "no zstd frame");
    }
    if (said != ZSTD_CONTENTSIZE_UNKNOWN && said > limit - out.size()) return over(limit);
    const std::size_t size = ZSTD_findFrameCompressedSize(left.data(), left.size());
    if (ZSTD_isError(size) != 0U) {
      // A frame cut short may still hold more than the limit; what it holds does not matter any more.
      if (ZSTD_getErrorCode(size) == ZSTD_error_srcSize_wrong) return truncated("zstd", bytes.size());
      return broken("zstd", at, ZSTD_getErrorName(size));
    }
    const std::string_view frame = left.substr(0, size);
    auto done = said == ZSTD_CONTENTSIZE_UNKNOWN
                    ? unzstd_streamed(context.get(), frame, at, limit, out)
                    : unzstd_known(context.get(), frame, at, static_cast<std::size_t>(said), out);
    if (!done) return fail(std::move(done).error());
    at += size;
  } while (at < bytes.size());
  return out;
}

struct Lz4Free {
  void operator()(LZ4F_dctx* context) const { LZ4F_freeDecompressionContext(context); }
};

Result<std::string> unlz4(std::string_view bytes, std::size_t limit) {
  LZ4F_dctx* made = nullptr;
  if (LZ4F_isError(LZ4F_createDecompressionContext(&made, LZ4F_VERSION)) != 0U) {
    return fail(ErrorCode::exhausted, "lz4: no memory to decompress");
  }
  const std::unique_ptr<LZ4F_dctx, Lz4Free> context(made);
  std::string out;
  std::size_t at = 0;
  for (;;) {
    const std::size_t before = out.size();
    add_block(out, limit);
    std::size_t written = block;
    std::size_t taken = bytes.size() - at;
    const std::size_t state =
        LZ4F_decompress(context.get(), out.data() + before, &written, bytes.data() + at, &taken, nullptr);
    out.resize(before + (LZ4F_isError(state) != 0U ? 0 : written));
    if (LZ4F_isError(state) != 0U) return broken("lz4", at, LZ4F_getErrorName(state));
    at += taken;
    if (out.size() > limit) return over(limit);
    if (state == 0 && at == bytes.size()) return out;
    if (state != 0 && at == bytes.size() && written < block) return truncated("lz4", bytes.size());
  }
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c | 0x20);
  }
  return out;
}

}  // namespace

Result<std::string> decompress(std::string_view encoding, std::string_view bytes, std::size_t limit) {
  const std::string name = lower(encoding);
  if (name.empty() || name == "identity") {
    if (bytes.size() > limit) return over(limit);
    return std::string(bytes);
  }
  if (name.find(',') != std::string::npos) {
    return fail(ErrorCode::unsupported_version,
                "more than one content encoding; valid is one of identity, gzip, zstd, lz4");
  }
  if (name != "gzip" && name != "x-gzip" && name != "zstd" && name != "lz4") {
    return fail(ErrorCode::unsupported_version, "unknown content encoding; valid are identity, gzip, zstd, lz4");
  }
  if (bytes.empty()) return truncated(name, 0);
  if (name == "zstd") return unzstd(bytes, limit);
  if (name == "lz4") return unlz4(bytes, limit);
  return gunzip(bytes, limit);
}

}  // namespace millrace
