// ReplayGuard: lets an examiner replay a journal that may be forged. A record that no gateway can have
// written may meet an assertion of the Ledger; the examiner's program must then name the record instead of
// ending. Used by verify, one at a time in a process; the gateway never uses it: there a broken invariant is
// a stop.
#pragma once

#include <setjmp.h>
#include <signal.h>

#include "risk/assert.hpp"

namespace fairlead::audit {

class ReplayGuard {
  public:
    // From here on to the end of its life it takes SIGABRT, which risk::require raises.
    ReplayGuard() noexcept {
        struct sigaction action {};
        action.sa_handler = on_abort;
        action.sa_flags = SA_NODEFER;
        ::sigaction(SIGABRT, &action, &before_);
    }
    ~ReplayGuard() { ::sigaction(SIGABRT, &before_, nullptr); }
    ReplayGuard(const ReplayGuard&) = delete;
    ReplayGuard& operator=(const ReplayGuard&) = delete;

    // Runs `act`, which must own nothing that needs a destructor on its way. Null: it returned. Otherwise
    // the invariant that was broken; what `act` worked on must not be used any more.
    template <class Act>
    [[nodiscard]] const char* broken_by(Act&& act) const {
        sigjmp_buf here;
        if (sigsetjmp(here, 0) != 0) {
            back_ = nullptr;
            return risk::broken_invariant != nullptr ? risk::broken_invariant : "(unnamed)";
        }
        back_ = &here;
        act();
        back_ = nullptr;
        return nullptr;
    }

  private:
    static void on_abort(int) {
        if (back_ != nullptr) {
            siglongjmp(*back_, 1);
        }
        ::signal(SIGABRT, SIG_DFL);  // not from `act`: abort goes on
    }
    static inline thread_local sigjmp_buf* back_ = nullptr;
    struct sigaction before_ {};
};

}  // namespace fairlead::audit
