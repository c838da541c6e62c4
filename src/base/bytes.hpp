#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

namespace millrace {

static_assert(std::endian::native == std::endian::little, "byte formats are little-endian and copied as they are");

/// Appends fixed-width little-endian numbers, varints (LEB128) and byte strings to a std::string.
class ByteWriter {
 public:
  explicit ByteWriter(std::string& out) : out_(out) {}

  template <class T>
    requires std::is_arithmetic_v<T>
  void fixed(T value) {
    out_.append(reinterpret_cast<const char*>(&value), sizeof(value));
  }
  void varint(std::uint64_t value) {
    while (value >= 0x80) {
      out_.push_back(static_cast<char>(value | 0x80));
      value >>= 7;
    }
    out_.push_back(static_cast<char>(value));
  }
  /// Zigzag, so that small negative numbers stay short.
  void signed_varint(std::int64_t value) {
    varint((static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63));
  }
  void raw(std::string_view bytes) { out_.append(bytes); }
  /// Length (varint), then the bytes.
  void string(std::string_view bytes) {
    varint(bytes.size());
    raw(bytes);
  }

 private:
  std::string& out_;
};

/// Reads what ByteWriter wrote, from hostile bytes: past the end every read gives zero and ok() turns false for good.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) : at_(bytes.data()), end_(bytes.data() + bytes.size()) {}

  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] std::size_t left() const { return static_cast<std::size_t>(end_ - at_); }

  template <class T>
    requires std::is_arithmetic_v<T>
  T fixed() {
    T value{};
    if (left() < sizeof(T)) return spoil<T>();
    std::memcpy(&value, at_, sizeof(T));
    at_ += sizeof(T);
    return value;
  }
  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      if (at_ == end_) return spoil<std::uint64_t>();
      const auto byte = static_cast<std::uint8_t>(*at_++);
      if (shift == 63 && byte > 1) return spoil<std::uint64_t>();
      value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
      if ((byte & 0x80) == 0) return value;
    }
    return spoil<std::uint64_t>();
  }
  std::int64_t signed_varint() {
    const std::uint64_t zigzag = varint();
    return static_cast<std::int64_t>(zigzag >> 1) ^ -static_cast<std::int64_t>(zigzag & 1);
  }
  std::string_view raw(std::size_t size) {
    if (left() < size) return spoil<std::string_view>();
    const std::string_view bytes(at_, size);
    at_ += size;
    return bytes;
  }
  std::string_view string() {
    const std::uint64_t size = varint();
    if (!ok_ || size > left()) return spoil<std::string_view>();
    return raw(static_cast<std::size_t>(size));
  }

 private:
  template <class T>
  T spoil() {
    ok_ = false;
    at_ = end_;
    return T{};
  }

  const char* at_;
  const char* end_;
  bool ok_ = true;
};

}  // namespace millrace
