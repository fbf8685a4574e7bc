// require: the assertion that stays on in release. A broken invariant is a stop, never an answer.
// Not for bad input: that is answered with a Reason or an error text. Called by every layer.
#pragma once

#include <cstdlib>

namespace fairlead::risk {

// What was broken, for the core dump and the crash handler: risk/ itself writes nothing anywhere.
inline const char* broken_invariant = nullptr;

inline void require(bool holds, const char* invariant) noexcept {
    if (!holds) [[unlikely]] {
        broken_invariant = invariant;
        std::abort();
    }
}

}  // namespace fairlead::risk
