// OrderNumbers: the venue order numbers (委託書號) of one line: a terminal id and a base-62 serial that
// grows by one, without gap or repeat. Not thread-safe and not durable: the order thread takes a number
// only for an order that passed every check, and the Journal's Routing keeps it; `restore` continues.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "risk/words.hpp"

namespace fairlead::gateway {

class OrderNumbers {
  public:
    static constexpr std::size_t width = 5;

    // The terminal id is one or two characters of 0-9A-Za-z, unique among the broker's lines of a venue.
    [[nodiscard]] static bool is_terminal_id(std::string_view text) noexcept;

    // A terminal id that is none (configuration checks it) makes an allocator that is exhausted.
    explicit OrderNumbers(std::string_view terminal_id) noexcept;

    // Continues after the last number the Journal has for this line. False: not a number of this
    // terminal id, nothing changed.
    [[nodiscard]] bool restore(const risk::OrderNumber& last) noexcept;

    // A number of this line seen at the venue: the next is behind it. Never goes back. Other numbers:
    // nothing.
    void raise(const risk::OrderNumber& seen) noexcept;

    // A new trading day begins at serial 0 again.
    void start_day() noexcept { next_ = 0; }

    // The next number, taken. False: exhausted, nothing taken.
    [[nodiscard]] bool take(risk::OrderNumber& out) noexcept;

    // The number `take` would give; empty when exhausted. For a decision that may still be refused.
    [[nodiscard]] risk::OrderNumber peek() const noexcept;

    [[nodiscard]] std::uint64_t taken() const noexcept { return next_; }
    [[nodiscard]] std::uint64_t capacity() const noexcept { return capacity_; }
    [[nodiscard]] std::uint64_t left() const noexcept { return capacity_ - next_; }

  private:
    // The serial of a number of this terminal id; `none` = not one.
    static constexpr std::uint64_t none = UINT64_MAX;
    [[nodiscard]] std::uint64_t serial_of(const risk::OrderNumber& number) const noexcept;

    std::array<char, width> terminal_{};
    std::size_t terminal_width_ = 0;
    std::uint64_t capacity_ = 0;
    std::uint64_t next_ = 0;
};

}  // namespace fairlead::gateway
