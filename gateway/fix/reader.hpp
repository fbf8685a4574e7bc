// Reader: finds the next FIX message in bytes as they came, however they were split or joined, and skips
// what is none. It checks framing only: 8, 9, 35 first, BodyLength, CheckSum, tag=value. Not the
// dictionary, not the session. Called by whoever reads a socket, with what it has read so far.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "gateway/fix/message.hpp"

namespace fairlead::fix {

enum class ReadStatus : std::uint8_t {
    complete = 0,    // `message` is filled; its bytes are the first `consumed` ones
    incomplete = 1,  // nothing consumed: call again with more bytes behind these
    garbled = 2,     // skip `consumed` bytes (at least 1) and call again; no number is consumed
    oversize = 3,    // a message longer than allowed is announced: end the connection
};

struct ReadResult {
    ReadStatus status = ReadStatus::incomplete;
    std::size_t consumed = 0;
};

class Reader {
  public:
    static constexpr std::size_t default_message_max = 8192;
    static constexpr std::size_t longest_message = UINT16_MAX;

    // message_max: bytes of one whole message, at most longest_message. A buffer of that size never ends up
    // full and incomplete.
    explicit constexpr Reader(std::size_t message_max = default_message_max) noexcept
        : message_max_(message_max < longest_message ? message_max : longest_message) {}

    [[nodiscard]] ReadResult read(std::span<const char> bytes, Message& message) const noexcept;

    [[nodiscard]] std::size_t message_max() const noexcept { return message_max_; }

  private:
    std::size_t message_max_;
};

// Sum of all bytes modulo 256, as CheckSum (10) wants it.
[[nodiscard]] std::uint8_t checksum(const char* bytes, std::size_t size) noexcept;

// The data field whose length `length_tag` gives (95 -> 96); 0 = not a length tag. And back.
[[nodiscard]] std::uint32_t data_tag_of(std::uint32_t length_tag) noexcept;
[[nodiscard]] std::uint32_t length_tag_of(std::uint32_t data_tag) noexcept;

}  // namespace fairlead::fix
