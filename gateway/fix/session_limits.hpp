// Bounds the session's files share. Not configuration: nobody needs others.
#pragma once

#include <cstddef>
#include <cstdint>

#include "risk/words.hpp"

namespace fairlead::fix {

// Message numbers beyond this are no numbers of a session: refused, so that no sum can wrap.
inline constexpr std::uint64_t number_max = 999'999'999'999;

// Longer ones are refused, so that every answer fits.
inline constexpr std::size_t test_request_id_max = 256;
inline constexpr std::size_t routing_value_max = 64;
inline constexpr std::size_t message_type_max = 8;

[[nodiscard]] constexpr bool time_off(risk::UtcNs sent_ns, risk::UtcNs now_ns,
                                      std::int64_t tolerance_ns) noexcept {
    return sent_ns > now_ns + tolerance_ns || sent_ns < now_ns - tolerance_ns;
}

}  // namespace fairlead::fix
