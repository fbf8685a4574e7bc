// How the order thread ends its work; see road.hpp.
#include <algorithm>

#include "gateway/road.hpp"

namespace fairlead::gateway {

namespace {

constexpr risk::MonotonicNs drain_wait_ns = 5 * fix::second_ns;  // for what waits or is unanswered at a stop
constexpr risk::MonotonicNs lines_wait_ns = 3 * fix::second_ns;  // longer than a Logout's answer may take

}  // namespace

// Orderly stop (R32: refuse new, cancel, drain, keep reports): clients are logged out, what waits at the
// venue's rate and what venues have yet to answer is given its time, the lines are logged out and heard to
// the end, and the last Record says in which state the program ended.
void Road::advance_shutdown(risk::MonotonicNs now) noexcept {
    if (shutdown_ == Shutdown::no && core_.must_stop) {
        shutdown_ = Shutdown::asked;
    }
    const bool late = now > shutdown_deadline_ns_;
    switch (shutdown_) {
        case Shutdown::no:
        case Shutdown::done:
            return;
        case Shutdown::asked:
            clients_.log_out_all("The gateway stops");
            shutdown_ = Shutdown::draining;
            shutdown_deadline_ns_ = now + drain_wait_ns;
            return;
        case Shutdown::draining: {
            const auto& sessions = clients_.sessions();
            const bool clients_out =
                std::all_of(sessions.begin(), sessions.end(),
                            [](const ClientSession& session) { return session.connection == no_connection; });
            if (late || (clients_out && venues_.quiet() && !mass_effects_.active())) {
                venues_.log_out_all("The gateway stops");
                shutdown_ = Shutdown::lines_leaving;
                shutdown_deadline_ns_ = now + lines_wait_ns;
            }
            return;
        }
        case Shutdown::lines_leaving:
            if (late || venues_.all_down()) {
                finish_shutdown();
            }
            return;
    }
}

void Road::finish_shutdown() noexcept {
    flush();
    for (std::uint32_t i = 0; i < core_.connections.size(); ++i) {
        end(i, risk::LogoutCause::shutdown);
    }
    while (venues_.doubt_open() && core_.sequencer->can_step()) {
        venues_.settle_doubt();
    }
    risk::Stop stop;
    stop.record.kind = risk::RecordKind::stop;
    stop.facts.state_digest = core_.ledger.digest();
    core_.step(stop);
    shutdown_ = Shutdown::done;
}

}  // namespace fairlead::gateway
