// Recovery: brings the gateway back to where the journal says it was: the Ledger by replay, with every
// Decision compared, and with it both sides' message numbers, order numbers, and what was on its way.
// Called once by main, before the order thread starts; it may take time and memory.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "audit/journal_reader.hpp"
#include "gateway/client_side.hpp"
#include "gateway/unfinished_effects.hpp"
#include "gateway/venue_side.hpp"

namespace fairlead::gateway {

class Recovery {
  public:
    Recovery(Core& core, ClientSide& clients, VenueSide& venues)
        : core_(core), clients_(clients), venues_(venues) {}

    struct Result {
        std::string error;  // empty: replayed to the end
        risk::Sequence last = 0;
        std::uint64_t records = 0;
        // The front was begun behind a Record that is no Stop, and no Incident in it says so yet: what the
        // front before it held and the disk does not is lost.
        bool end_lost = false;
        std::uint8_t level_before = 0;  // of the last Record before the front: 0 process, 1 disk
    };
    // Told every 262,144 records.
    using Progress = std::function<void(std::uint64_t records)>;
    [[nodiscard]] Result replay(const Progress& progress);

    // After the Start Record: closes by Records what the end of the last run left open: sessions logged
    // on, lines open, commands that never left; what may have left becomes in doubt.
    void settle_open_ends() noexcept;

    // After settle_open_ends, when the day goes on: what the last run had still to cancel.
    void take_up_effects(MassEffects& effects) const { effects_.take_up(core_, effects); }

    // An Incident journal_end_lost, now or in the replay.
    void on_end_lost(const risk::Incident& incident);

    // The reference data of the day the journal is in; kept alive here. Null before the first day.
    [[nodiscard]] const risk::Reference* day_reference() const noexcept {
        return references_.empty() ? nullptr : references_.back().get();
    }
    // Keeps the reference data of a new day alive as long as the Ledger uses it.
    const risk::Reference& keep(risk::Reference reference) {
        references_.push_back(std::make_unique<risk::Reference>(std::move(reference)));
        return *references_.back();
    }

  private:
    struct Numbers {
        std::uint64_t in = 1;
        std::uint64_t out = 1;
    };

    [[nodiscard]] std::string apply(const audit::RecordView& view, const risk::Record& record);
    [[nodiscard]] std::string stage_day(const risk::DayStart& start);
    [[nodiscard]] std::string check_lines();
    void follow_end(const risk::Record& record);
    void remember_outgoing(std::uint32_t session, std::uint64_t number, risk::Sequence sequence);
    void follow_session(const risk::Record& record, const audit::RecordView& view);
    void follow_command(const risk::Record& record, const risk::Answered& answered);
    void follow_line(const risk::Record& record, const risk::Decision& decision);
    void take_line_numbers(const risk::Answered& answered, risk::Sequence command, risk::RecordKind kind);
    Numbers& numbers(std::uint32_t session) { return numbers_[session]; }

    Core& core_;
    ClientSide& clients_;
    VenueSide& venues_;
    Result result_;
    std::map<std::uint32_t, Numbers> numbers_;
    UnfinishedEffects effects_;
    std::map<risk::Sequence, risk::Sequence> waiting_;  // commands, and the key of their order
    std::map<risk::Sequence, risk::RecordKind> waiting_kinds_;
    std::deque<std::unique_ptr<risk::Reference>> references_;
};

}  // namespace fairlead::gateway
