// Encoder: writes one FIX message into room the caller gives: header, fields, then BodyLength and
// CheckSum. It never writes a malformed message: a value with an SOH has it replaced by '?', an empty
// value is left out, and what does not fit gives no message at all. No allocation. Not the session: the
// caller brings number and time. Used by the session's own messages and by the translations.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

#include "gateway/fix/values.hpp"
#include "risk/words.hpp"

namespace fairlead::fix {

// The part of the header that is the same in every message of a session, rendered once:
// 8=FIX.4.4, and 49=..., 56=... in front of number and time.
class HeaderTemplate {
  public:
    static constexpr std::size_t comp_id_max = 48;

    HeaderTemplate() = default;
    // sender: us; target: the peer. At most comp_id_max bytes each, printable (else it is left empty:
    // valid() is false).
    HeaderTemplate(std::string_view begin_string, std::string_view sender, std::string_view target) noexcept;

    [[nodiscard]] bool valid() const noexcept { return ids_length_ != 0; }
    [[nodiscard]] std::string_view begin() const noexcept { return {begin_, begin_length_}; }
    [[nodiscard]] std::string_view ids() const noexcept { return {ids_, ids_length_}; }

  private:
    char begin_[16]{};  // 8=FIX.4.4|9=
    char ids_[2 * comp_id_max + 8]{};
    std::size_t begin_length_ = 0;
    std::size_t ids_length_ = 0;
};

// What marks a message as sent before. Written as 43=Y and 122=original_sending_time.
struct Duplicate {
    bool poss_dup = false;
    risk::UtcNs original_sending_time_ns = 0;
};

class Encoder {
  public:
    explicit Encoder(TimeResolution resolution = TimeResolution::millis) noexcept : resolution_(resolution) {}

    // Starts a message of `type` in `out`, writing the header. Header fields beyond these (50, 57, 97,
    // 115 ...) are added next, before the body.
    void begin(std::span<char> out, const HeaderTemplate& header, std::string_view type, std::uint64_t number,
               risk::UtcNs sending_time_ns, Duplicate duplicate = {}) noexcept;

    // Adds a field; an empty value is left out.
    void add(std::uint32_t tag, std::string_view value) noexcept;
    void add_char(std::uint32_t tag, char value) noexcept;
    void add_boolean(std::uint32_t tag, bool value) noexcept { add_char(tag, value ? 'Y' : 'N'); }
    void add_unsigned(std::uint32_t tag, std::uint64_t value) noexcept;
    void add_signed(std::uint32_t tag, std::int64_t value) noexcept;
    void add_padded(std::uint32_t tag, std::uint64_t value, unsigned width) noexcept;
    void add_price(std::uint32_t tag, risk::Price value) noexcept;
    void add_quantity(std::uint32_t tag, risk::Quantity value) noexcept { add_signed(tag, value); }
    // In the encoder's resolution, or one of its own.
    void add_time(std::uint32_t tag, risk::UtcNs value) noexcept { add_time(tag, value, resolution_); }
    void add_time(std::uint32_t tag, risk::UtcNs value, TimeResolution resolution) noexcept;
    // Length field and data field; the data may hold any byte.
    void add_data(std::uint32_t length_tag, std::uint32_t data_tag, std::string_view data) noexcept;

    // The message's length, from out[0] on; 0 = it did not fit and must not be sent.
    [[nodiscard]] std::size_t finish() noexcept;

  private:
    // Writes "tag=" if there is room for it, `value_room` bytes and an SOH; false: the message fails.
    [[nodiscard]] bool open(std::uint32_t tag, std::size_t value_room) noexcept;
    void put(std::string_view text) noexcept;

    char* out_ = nullptr;
    char* at_ = nullptr;
    char* end_ = nullptr;
    std::size_t prefix_ = 0;  // bytes of 8=FIX.4.4|9=
    bool failed_ = true;
    TimeResolution resolution_;
    TimeWriter sending_writer_;
    TimeWriter field_writer_;
};

}  // namespace fairlead::fix
