// How much one client session may ask of the gateway, whatever it sends: the part of ClientSide that keeps a
// flood from harming others. Commands over message_rate are refused one by one, by the Ledger; here is what
// is not a command. See client_side.hpp.
#include "gateway/client_side.hpp"
#include "gateway/fix/sentence.hpp"

namespace fairlead::gateway {

namespace {

// A worker that has not answered by then never will.
constexpr risk::MonotonicNs check_lost_ns = 30 * fix::second_ns;

}  // namespace

bool ClientSide::admit_inbound(ClientSession& session, std::uint32_t messages,
                               std::uint64_t number) noexcept {
    const fix::Now now = core_.now();
    bool within = true;
    for (std::uint32_t i = 0; i < messages && within; ++i) {
        within = session.inbound.admit(now.utc_ns, session.config->inbound_rate);
    }
    if (within || !session.machine.logged_on()) {
        return true;  // a logon has limits of its own, and who is logged out already needs no reason more
    }
    fix::Sentence text;
    text.add("More than ").add(std::uint64_t{session.config->inbound_rate});
    text.add(" messages in a second: MsgSeqNum ").add(number).add(" and all after it were not taken");
    core_.log(LogLevel::warning, "client logged out: more messages than inbound_rate", session.config->id,
              static_cast<std::int64_t>(number));
    core_.connections[session.connection]->linger = true;
    session.paused_until_ns =
        now.monotonic_ns + std::int64_t{session.config->inbound_pause_s} * fix::second_ns;
    actions_.clear();
    session.machine.log_out_at_once(risk::LogoutCause::over_rate, text.text().view(), actions_);
    perform(session, actions_);
    return false;
}

// One check at a time for each session: a client that connects, sends a Logon and goes away again, over and
// over, takes no more of the workers than one that waits.
bool ClientSide::may_check_logon(ClientSession& session) noexcept {
    return session.check_asked_ns == 0 || core_.now().monotonic_ns - session.check_asked_ns > check_lost_ns;
}

// Who has just flooded waits before its password is checked: the check takes much more of the machine than
// the messages did. The connection stays open meanwhile, so that it need not be asked for again and again.
void ClientSide::check_logon(ClientSession& session, AuthRequest& request) noexcept {
    if (core_.now().monotonic_ns < session.paused_until_ns) {
        session.held_logon = request;
        request.wipe();
        return;
    }
    const bool taken = auth_.submit(request);
    request.wipe();
    session.check_asked_ns = taken ? core_.now().monotonic_ns : 0;
    if (!taken) {
        fix::Actions refusal;
        session.machine.refuse_logon(risk::LogonVerdict::timed_out, "Too many logons, try again", core_.now(),
                                     refusal);
        perform(session, refusal);
    }
}

void ClientSide::check_held_logon(ClientSession& session) noexcept {
    AuthRequest& held = session.held_logon;
    if (held.ticket == 0 ||
        (session.machine.reading_paused() && core_.now().monotonic_ns < session.paused_until_ns)) {
        return;
    }
    AuthRequest request = held;
    held.wipe();
    held = {};
    if (session.machine.reading_paused()) {
        check_logon(session, request);
    } else {
        request.wipe();  // the client has gone away meanwhile
    }
}

}  // namespace fairlead::gateway
