// UserStore::Entry: a user as UserStore holds it. Of user_store.cpp and user_acts.cpp alone.
#pragma once

#include <algorithm>

#include "gateway/control/user_database.hpp"

namespace fairlead::gateway {

struct UserStore::Entry : StoredUser {
    std::uint64_t version = 1;  // counts the passwords and roles of this run

    [[nodiscard]] const std::string& hash() const {
        return state.password_hash.empty() ? state.file_hash : state.password_hash;
    }
    // The password in force becomes one of the past.
    void remember(std::size_t history) {
        state.history.resize(std::min<std::size_t>(state.history.size(), history - 1));
    }
};

[[nodiscard]] inline bool is_over(const VisitView& visit, risk::UtcNs now) {
    return visit.closed_ns != 0 || now >= visit.until_ns;
}

}  // namespace fairlead::gateway
