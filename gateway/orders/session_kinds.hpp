// Session kinds: the letter of each of the venue's sub-systems. One list serves both sides: TargetSubID
// (57, the AP-CODE) towards the venue, and SessionKind (10005) towards clients.
#pragma once

#include <string_view>

#include "risk/words.hpp"

namespace fairlead::gateway {

[[nodiscard]] constexpr char session_kind_code(risk::SessionKind kind) noexcept {
    switch (kind) {
        case risk::SessionKind::intraday_odd_lot:
            return 'C';
        case risk::SessionKind::after_hours_odd:
            return '2';
        case risk::SessionKind::after_hours_fixed:
            return '7';
        case risk::SessionKind::regular:
            break;
    }
    return '0';
}

// False: none of ours, `kind` unchanged.
[[nodiscard]] constexpr bool session_kind_of(std::string_view code, risk::SessionKind& kind) noexcept {
    if (code.size() != 1) {
        return false;
    }
    for (std::size_t i = 0; i < risk::session_kind_count; ++i) {
        if (session_kind_code(static_cast<risk::SessionKind>(i)) == code.front()) {
            kind = static_cast<risk::SessionKind>(i);
            return true;
        }
    }
    return false;
}

[[nodiscard]] constexpr bool in_odd_lots(risk::SessionKind kind) noexcept {
    return kind == risk::SessionKind::intraday_odd_lot || kind == risk::SessionKind::after_hours_odd;
}

// Shares that one unit of the venue's quantities stands for.
[[nodiscard]] constexpr risk::Quantity venue_unit(risk::SessionKind kind, risk::Quantity lot) noexcept {
    return in_odd_lots(kind) ? 1 : lot;
}

}  // namespace fairlead::gateway
