// What the venues know and the journal does not: its end was lost with the front (level `process`, a power
// failure). Numbers are adopted by a Record, never silently; orders without a Record are taken in. The
// fourth part of VenueSide.
#include "gateway/venue_side.hpp"

namespace fairlead::gateway {

namespace {

constexpr std::uint32_t orphans_max = 65'536;

std::uint64_t hash(const risk::OrderNumber& number, std::uint32_t line) noexcept {
    struct Key {
        std::uint64_t number = 0;
        std::uint64_t line = 0;
    };
    Key key;
    static_assert(sizeof number.bytes <= sizeof key.number);
    std::memcpy(&key.number, number.bytes.data(), sizeof number.bytes);
    key.line = line;
    return risk::hash_of(key, 0);
}

}  // namespace

void VenueSide::on_end_lost(const risk::Incident& incident) noexcept {
    loss_told_in_ = incident.record.sequence;
    for (VenueLine& line : lines_) {
        line.end_lost = incident.facts.level == 0 ? EndLost::process_level : EndLost::disk_level;
        line.may_adopt = true;
    }
}

void VenueSide::index_order_numbers() {
    const bool all = std::any_of(lines_.begin(), lines_.end(),
                                 [](const VenueLine& line) { return line.end_lost != EndLost::no; });
    const std::uint32_t orders = core_.ledger.counts().orders;
    order_numbers_ = risk::FlatIndex(orphans_max + (all ? orders : 0));
    for (std::uint32_t slot = 1; slot <= orders; ++slot) {
        if ((all || core_.routes.at(slot).original_id != 0) && core_.routes.at(slot).line != 0) {
            index_order(slot);
        }
    }
}

void VenueSide::index_order(std::uint32_t slot) noexcept {
    const OrderRoute& route = core_.routes.at(slot);
    if (!order_numbers_.full()) {
        order_numbers_.insert(hash(route.order_number, route.line), slot);
    }
}

std::uint32_t VenueSide::find_by_number(const VenueLine& line, const VenueReference& reference,
                                        const fix::Message& report) const noexcept {
    const risk::OrderNumber& number = reference.order_number;
    if (number.empty()) {
        return 0;
    }
    const std::string_view side = report.value(54);
    const auto account = fix::parse_unsigned(report.value(1));
    return order_numbers_.find(hash(number, line.config->id), [&](std::uint32_t slot) {
        const OrderRoute& route = core_.routes.at(slot);
        const risk::Order& order = core_.ledger.order(slot);
        return route.line == line.config->id && route.order_number == number &&
               (reference.symbol.empty() ||
                core_.ledger.security(order.security).symbol == reference.symbol) &&
               (side.empty() || side == (order.side == risk::Side::buy ? "1" : "2")) &&
               (!account || account.value == core_.ledger.account_key(order.account).number);
    });
}

void VenueSide::take_in_orphan(VenueLine& line, const risk::VenueReport& report,
                               const risk::Decision& decision) noexcept {
    line.numbers.raise(report.facts.order_number);
    if (decision.order_slot == 0) {
        return;
    }
    OrderRoute& route = core_.routes.at(decision.order_slot);
    route = {};
    route.order_key = report.record.sequence;
    route.line = line.config->id;
    route.order_number = report.facts.order_number;
    route.original_id = report.facts.command;
    index_order(decision.order_slot);
}

// A refused logon says which number the venue expects of us (0: it says no such thing). False: nothing to be
// done about it here.
bool VenueSide::on_venue_ahead(VenueLine& line, std::uint64_t expected) noexcept {
    const std::uint64_t next_out = line.machine.next_out();
    if (expected < next_out || expected - next_out > ahead_max) {
        return false;
    }
    risk::Incident incident;
    incident.record.kind = risk::RecordKind::incident;
    incident.record.session = line.config->id;
    incident.record.cause = core_.sequencer->last();
    incident.facts.cause = risk::IncidentCause::peer_ahead;
    incident.facts.our_number = next_out - 1;
    incident.facts.peer_number = expected;
    incident.facts.identifier_shift = core_.venue_ids.shift();
    incident.facts.level = line.end_lost == EndLost::process_level ? 0 : 1;
    incident.facts.venue_side = 1;
    core_.step(incident);
    if (line.end_lost != EndLost::process_level || !line.may_adopt) {
        if (core_.config.journal.level != config::JournalLevel::process) {
            core_.stop("A venue has had messages that the journal, at level disk, does not hold",
                       line.config->id);
        }
        return false;
    }
    line.machine.raise_next_out(expected);
    risk::SequenceReset adopted;
    adopted.record.kind = risk::RecordKind::sequence_reset;
    adopted.record.session = line.config->id;
    adopted.record.cause = core_.sequencer->last();
    adopted.facts.next_in = line.machine.next_in();
    adopted.facts.next_out = expected;
    adopted.facts.cause = risk::ResetCause::adopted_after_loss;
    adopted.facts.venue_side = 1;
    core_.step(adopted);
    core_.log(LogLevel::error, "INCIDENT: the venue has had messages the journal lost; its number is adopted",
              line.config->id, static_cast<std::int64_t>(expected));
    return true;
}

}  // namespace fairlead::gateway
