// UnfinishedEffects: what a halt, a mass cancel or a lost connection had still to cancel when the gateway was
// killed. Who pushed the stop button must not be told that it was pushed and find orders open behind a
// restart. Reads the journal's Records in the replay; what is left MassEffects does. Used by Recovery.
#pragma once

#include <map>
#include <vector>

#include "gateway/mass_effects.hpp"

namespace fairlead::gateway {

class UnfinishedEffects {
  public:
    void follow(const risk::Record& record, const risk::Decision& decision);
    // At the start: a session's connection ended with the last run.
    void logged_out(std::uint32_t session, risk::Sequence logout) { logouts_[session] = logout; }
    // With the day that goes on in the Ledger and nobody logged on yet: halts in force that cancel, sessions
    // that want it when they are gone, mass cancels that were under way, orders whose cancel came to nothing.
    void take_up(Core& core, MassEffects& effects) const;

  private:
    struct MassCancelLeft {
        risk::MassCancel command;
        std::uint32_t next_slot = 1;
        bool under_way = true;  // its cancels may not all have been made
    };
    void follow_cancel(const risk::CancelOrder& cancel, std::uint32_t slot);

    std::vector<risk::Halt> halts_;                          // in force, and they cancel
    std::map<std::uint32_t, risk::Sequence> logouts_;        // the last of each session
    std::map<risk::Sequence, MassCancelLeft> mass_cancels_;  // of the day
};

}  // namespace fairlead::gateway
