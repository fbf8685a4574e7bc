// Words of the control socket that only its reader needs.
#pragma once

#include <string_view>

#include "risk/record.hpp"

namespace fairlead::gateway {

// none for an unknown word.
[[nodiscard]] risk::Resolution parse_resolution(std::string_view text) noexcept;

}  // namespace fairlead::gateway
