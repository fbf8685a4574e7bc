// Scan: one pass over a whole message that finds its SOHs and its sum together, 16 bytes at a time. It knows
// nothing of fields. Called by the Reader once a message is there in full.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace fairlead::fix {

struct Scan {
    // Of a message with more SOHs only the first are found, and `whole` is false.
    static constexpr std::size_t ends_max = 256;
    static constexpr std::size_t bytes_max = UINT16_MAX;

    std::size_t count = 0;
    std::uint8_t sum = 0;  // of all bytes, modulo 256
    bool whole = false;
    bool printable = false;  // every byte but the SOHs is printable ASCII
    // The place of each SOH. Written eight at a time, hence the room behind the last.
    std::array<std::uint16_t, ends_max + 72> ends;

    // `size` bytes, at most bytes_max.
    Scan(const char* bytes, std::size_t size) noexcept;
};

}  // namespace fairlead::fix
