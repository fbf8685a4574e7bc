// The rights table: role x verb, as data. Nothing else grants anything. Tested cell by cell; no role
// holds all. Asked by ControlServer before a request reaches the order thread.
#pragma once

#include <cstdint>

#include "config/users.hpp"
#include "risk/record_operation.hpp"

namespace fairlead::gateway {

enum class Right : std::uint8_t {
    none = 0,
    alone = 1,          // one person suffices (the order thread still wants two for a raise)
    with_approver = 2,  // only with a second person who may approve this verb
};

[[nodiscard]] Right right_of(config::Role role, risk::ControlVerb verb) noexcept;
// Whether this role may be the second person.
[[nodiscard]] bool may_approve(config::Role role) noexcept;

}  // namespace fairlead::gateway
