// The first Records of a run; see start_day.hpp.
#include "gateway/start_day.hpp"

#include <spdlog/spdlog.h>

#include "config/reference_archive.hpp"
#include "gateway/approved_programs.hpp"

namespace fairlead::gateway {

namespace {

bool same_reference(const risk::DayStartFacts& a, const risk::DayStartFacts& b) {
    return a.securities == b.securities && a.accounts == b.accounts && a.limits == b.limits &&
           a.inventory == b.inventory && a.calendar == b.calendar && a.rules == b.rules &&
           a.sessions == b.sessions;
}

void record_capacity(Core& core) {
    const risk::Sizes& sizes = core.ledger.sizes();
    risk::Capacity capacity;
    capacity.record.kind = risk::RecordKind::capacity;
    capacity.facts = {sizes.orders_max,    sizes.commands_max, sizes.executions_max,
                      sizes.positions_max, sizes.limits_max,   sizes.halts_max};
    if (capacity.facts != core.ledger.capacity()) {
        core.step(capacity);
    }
}

void record_start(Core& core, std::uint64_t replayed_records) {
    if (core.sequencer->last() == 0) {
        struct {
            risk::Record record;
        } genesis;
        genesis.record.kind = risk::RecordKind::genesis;
        core.step(genesis);
    }
    risk::Start start;
    start.record.kind = risk::RecordKind::start;
    if (const std::string error = hash_program(start.facts.program); !error.empty()) {
        spdlog::error("the Start record cannot name the program that runs: {}", error);
    }
    start.facts.configuration = core.config.file_sha256;
    start.facts.boot_id = core.journal.front().boot_id();
    start.facts.replayed_records = replayed_records;
    start.facts.state_digest = core.ledger.digest();
    core.step(start);
}

// The front is gone and nothing says that the last run had ended: what it held and the disk does not is lost.
void record_end_lost(Core& core, Recovery& recovery, const Recovery::Result& replayed) {
    risk::Incident incident;
    incident.record.kind = risk::RecordKind::incident;
    incident.facts.cause = risk::IncidentCause::journal_end_lost;
    incident.facts.level = replayed.level_before;
    incident.facts.identifier_shift = core.venue_ids.next_shift();
    core.step(incident);
    recovery.on_end_lost(incident);
    spdlog::error(
        "INCIDENT: the journal's last records may be lost with the front (record {}): limits, halts and "
        "orders of the last moments must be looked at",
        incident.record.sequence);
}

std::string start_run_of_day(Core& core, Recovery& recovery, ClientSide& clients, VenueSide& venues,
                             MassEffects& effects, config::LoadedReference loaded, const RunStart& begin) {
    risk::DayStartFacts day;
    config::set_day(day, loaded.origin, begin.day_origin != 0 ? begin.day_origin : core.clock.utc_ns());
    const std::string archive = core.config.journal.directory + "/reference";
    const auto archived = config::archive_reference(loaded.reference, archive);
    if (!archived.ok()) {
        return "reference data cannot be kept beside the journal: " + archived.error;
    }
    record_start(core, begin.replayed.records);
    if (!begin.unapproved.empty()) {
        risk::Incident incident;
        incident.record.kind = risk::RecordKind::incident;
        incident.facts.cause = risk::IncidentCause::not_approved;
        core.step(incident);
        return begin.unapproved;
    }
    if (begin.replayed.end_lost) {
        record_end_lost(core, recovery, begin.replayed);
    }
    recovery.settle_open_ends();
    while (venues.doubt_open() && core.sequencer->can_step()) {
        venues.settle_doubt();
    }
    record_capacity(core);  // not directly behind the Start, which is the evidence of what was settled
    if (core.ledger.day().date == day.date) {
        recovery.take_up_effects(effects);
        if (!same_reference(core.ledger.day(), archived.day)) {
            spdlog::warn(
                "reference data or rules differ from those the day {} began with: the day goes on with "
                "its own, the new ones take hold with the next day",
                day.date);
        }
        return {};
    }
    risk::DayStart start;
    start.record.kind = risk::RecordKind::day_start;
    start.facts = archived.day;
    start.facts.date = day.date;
    start.facts.origin_utc_ns = day.origin_utc_ns;
    loaded.reference.day = start.facts;
    if (std::string problem = core.ledger.stage(recovery.keep(std::move(loaded.reference)));
        !problem.empty()) {
        return "reference data: " + problem;
    }
    core.step(start);
    clients.start_day();
    venues.start_day();
    return {};
}

}  // namespace

std::string start_run(Core& core, Recovery& recovery, ClientSide& clients, VenueSide& venues,
                      MassEffects& effects, config::LoadedReference loaded, const RunStart& begin) {
    std::string error = start_run_of_day(core, recovery, clients, venues, effects, std::move(loaded), begin);
    venues.index_order_numbers();
    return error;
}

}  // namespace fairlead::gateway
