#include "config/rules_in_force.hpp"

namespace fairlead::config {

std::string_view dictionary_sha256() noexcept {
    return FAIRLEAD_DICTIONARY_SHA256;
}

std::string_view rules_sha256() noexcept {
    return FAIRLEAD_RULES_SHA256;
}

}  // namespace fairlead::config
