// The cases of a client certification, in the order they are played and numbered: what the client's operator
// is told, what the exchange does, and what must be seen. Played by Certification on a Stage.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "audit/certificate.hpp"
#include "bench/exchange/certify/stage.hpp"

namespace fairlead::exchange::certify {

struct Case {
    std::string_view name;
    audit::SeenAt seen_at;
    // What was seen, in a sentence. NotPassed: what was seen instead.
    std::string (*play)(Stage& stage);
};

[[nodiscard]] std::span<const Case> all_cases();

}  // namespace fairlead::exchange::certify
