#include "gateway/orders/order_number.hpp"

namespace fairlead::gateway {
namespace {

constexpr std::string_view digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
constexpr std::uint64_t base = digits.size();
static_assert(base == 62);

// The value of a digit; `base` when it is none.
constexpr std::uint64_t value_of(char digit) noexcept {
    if (digit >= '0' && digit <= '9') {
        return static_cast<std::uint64_t>(digit - '0');
    }
    if (digit >= 'A' && digit <= 'Z') {
        return static_cast<std::uint64_t>(digit - 'A') + 10;
    }
    if (digit >= 'a' && digit <= 'z') {
        return static_cast<std::uint64_t>(digit - 'a') + 36;
    }
    return base;
}

}  // namespace

bool OrderNumbers::is_terminal_id(std::string_view text) noexcept {
    if (text.empty() || text.size() > 2) {
        return false;
    }
    for (const char character : text) {
        if (value_of(character) == base) {
            return false;
        }
    }
    return true;
}

OrderNumbers::OrderNumbers(std::string_view terminal_id) noexcept {
    if (!is_terminal_id(terminal_id)) {
        return;
    }
    terminal_width_ = terminal_id.size();
    for (std::size_t i = 0; i < terminal_width_; ++i) {
        terminal_[i] = terminal_id[i];
    }
    capacity_ = 1;
    for (std::size_t i = terminal_width_; i < width; ++i) {
        capacity_ *= base;
    }
}

std::uint64_t OrderNumbers::serial_of(const risk::OrderNumber& number) const noexcept {
    const std::string_view text = number.view();
    if (text.size() != width || terminal_width_ == 0 ||
        text.substr(0, terminal_width_) != std::string_view(terminal_.data(), terminal_width_)) {
        return none;
    }
    std::uint64_t serial = 0;
    for (std::size_t i = terminal_width_; i < width; ++i) {
        const std::uint64_t digit = value_of(text[i]);
        if (digit == base) {
            return none;
        }
        serial = serial * base + digit;
    }
    return serial;
}

bool OrderNumbers::restore(const risk::OrderNumber& last) noexcept {
    const std::uint64_t serial = serial_of(last);
    if (serial == none) {
        return false;
    }
    next_ = serial + 1;
    return true;
}

void OrderNumbers::raise(const risk::OrderNumber& seen) noexcept {
    const std::uint64_t serial = serial_of(seen);
    if (serial != none && serial >= next_) {
        next_ = serial + 1;
    }
}

risk::OrderNumber OrderNumbers::peek() const noexcept {
    risk::OrderNumber number;
    if (next_ >= capacity_) {
        return number;
    }
    std::uint64_t serial = next_;
    for (std::size_t i = width; i > terminal_width_; --i) {
        number.bytes[i - 1] = digits[serial % base];
        serial /= base;
    }
    for (std::size_t i = 0; i < terminal_width_; ++i) {
        number.bytes[i] = terminal_[i];
    }
    return number;
}

bool OrderNumbers::take(risk::OrderNumber& out) noexcept {
    if (next_ >= capacity_) {
        return false;
    }
    out = peek();
    ++next_;
    return true;
}

}  // namespace fairlead::gateway
