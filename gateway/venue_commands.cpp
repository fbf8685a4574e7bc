// VenueSide, commands out: which line, when its rate allows, and the bytes. See venue_side.hpp; sessions
// and reports are in venue_side.cpp, what a cut leaves in doubt in venue_doubt.cpp.
#include "gateway/venue_side.hpp"

#include <algorithm>

namespace fairlead::gateway {

namespace {

// From when on a command's age counts. A New's or a Replace's from the kernel's receive stamp, or from before
// the order thread stood still: what lay in the kernel meanwhile is not sent late. A Cancel's from its
// decision: it only takes risk away, so no host that stood still may stop it. Where nothing is known of the
// arrival: from the decision.
risk::MonotonicNs age_begins(const risk::Record& command, risk::UtcNs stood_still_ns) noexcept {
    risk::UtcNs arrived = 0;
    if (command.kind == risk::RecordKind::new_order) {
        arrived = reinterpret_cast<const risk::NewOrder&>(command).facts.arrival.kernel_ns;
    } else if (command.kind == risk::RecordKind::replace_order) {
        arrived = reinterpret_cast<const risk::ReplaceOrder&>(command).facts.arrival.kernel_ns;
    } else {
        return command.monotonic_ns;
    }
    if (stood_still_ns != 0) {
        arrived = arrived != 0 ? std::min(arrived, stood_still_ns) : stood_still_ns;
    }
    const bool behind = arrived != 0 && arrived < command.utc_ns;  // not so where UTC was put back in between
    return behind ? command.monotonic_ns - (command.utc_ns - arrived) : command.monotonic_ns;
}

}  // namespace

// --- orders out

// What a venue does not read waits here, where it has an age, and not in bytes whose end would end the line.
bool VenueSide::takes(const VenueLine& line, risk::MonotonicNs now) const noexcept {
    if (line.state != LineState::open || line.connection == no_connection || line.outstanding.full() ||
        !line.rate.can_send(now)) {
        return false;
    }
    const OutBuffer& out = core_.connections[line.connection]->out();
    return out.size() <= out.capacity() / 2;
}

// Of its own cancels the gateway has only so many at the venue without an answer: they come in thousands at
// once, and what other investors send would stand behind all of them there. The next leave when half of those
// are answered, together; a venue that answers none of them keeps the rest back for no longer than
// made_patience_ns.
bool VenueSide::takes_made(VenueLine& line, risk::MonotonicNs now) const noexcept {
    line.made_paused = line.made_paused || line.outstanding.made() >= capacity_.made;
    if (line.made_paused && now - line.made_since_ns >= made_patience_ns) {
        line.outstanding.forget_made();
    }
    line.made_paused = line.made_paused && line.outstanding.made() > capacity_.made / 2;
    return !line.made_paused;
}

VenueLine* VenueSide::choose(risk::Venue venue, risk::LineChoice& choice) noexcept {
    const risk::MonotonicNs now = core_.now().monotonic_ns;
    VenueLine* best = nullptr;
    std::size_t open_lines = 0;
    for (VenueLine& line : lines_) {
        if (line.config->venue != venue || line.state != LineState::open || !line.takes_new) {
            continue;
        }
        ++open_lines;
        // Fewest waiting first, then most rate left; the lowest number among equals.
        if (best == nullptr || line.waiting.size() < best->waiting.size() ||
            (line.waiting.size() == best->waiting.size() && line.rate.left(now) > best->rate.left(now))) {
            best = &line;
        }
    }
    choice = open_lines > 1 ? risk::LineChoice::least_used : risk::LineChoice::only_line;
    return best;
}

void VenueSide::route_command(const risk::Record& record, const risk::Decision& decision,
                              risk::Routing& routing) noexcept {
    OrderRoute& route = core_.routes.at(decision.order_slot);
    VenueLine* line = nullptr;
    if (record.kind == risk::RecordKind::new_order) {
        route = {};
        route.order_key = record.sequence;
        route.channel = reinterpret_cast<const risk::NewOrder&>(record).facts.channel;
        line = choose(decision.venue, routing.choice);
        risk::require(line != nullptr, "the Ledger accepts a New only while a line of its venue is open");
        route.line = line->config->id;
    } else {
        line = find(route.line);
        routing.choice = risk::LineChoice::order_line;
        risk::require(line != nullptr, "an accepted order has a line");
    }
    const risk::MonotonicNs now = core_.now().monotonic_ns;
    if (!too_old(*line, age_begins(record, core_.stood_still_ns), record.monotonic_ns) &&
        line->waiting.open(WaitLanes::of(record, route.waiting), takes_made(*line, now)) &&
        takes(*line, now)) {
        take_numbers(*line, record.kind, decision.order_slot, routing);
    } else {
        routing.choice = risk::LineChoice::waiting;
    }
}

void VenueSide::route_released(const risk::Record& record, risk::Routing& routing) noexcept {
    VenueLine* line = find(record.session);
    risk::require(line != nullptr && !line->waiting.empty(), "only a waiting command is released");
    const risk::Sequence command = reinterpret_cast<const risk::Released&>(record).facts.command;
    const WaitingCommand& front = line->waiting.lane(line->waiting.holding(command)).front();
    routing.choice = risk::LineChoice::order_line;
    take_numbers(*line, front.command.record().kind, front.order_slot, routing);
}

risk::OrderNumber VenueSide::order_number(const risk::Decision& decision) const noexcept {
    const OrderRoute& route = core_.routes.at(decision.order_slot);
    const bool is_its_own = decision.order_slot != 0 && route.order_key == decision.order_key;
    return is_its_own ? route.order_number : risk::OrderNumber();
}

void VenueSide::take_numbers(VenueLine& line, risk::RecordKind kind, std::uint32_t slot,
                             risk::Routing& routing) noexcept {
    const fix::Now now = core_.now();
    OrderRoute& route = core_.routes.at(slot);
    if (kind == risk::RecordKind::new_order) {
        const bool taken = line.numbers.take(route.order_number);
        risk::require(taken, "a line has order numbers left while it is open");
    }
    routing.line = line.config->id;
    routing.line_number = line.machine.take_number(now);
    routing.order_number = route.order_number;
    line.rate.sent(now.monotonic_ns);
}

void VenueSide::deliver(const risk::Record& record, const risk::Answered& answered) noexcept {
    const std::uint32_t slot = answered.decision.order_slot;
    if (answered.routing.choice == risk::LineChoice::waiting) {
        VenueLine& line = *find(core_.routes.at(slot).line);
        OrderRoute& route = core_.routes.at(slot);
        const WaitLane lane = WaitLanes::of(record, route.waiting);
        route.waiting = static_cast<std::uint8_t>(route.waiting + (lane == WaitLane::others ? 1 : 0));
        line.waiting.lane(lane).push({CommandCopy(record), slot, answered.decision.order_key,
                                      age_begins(record, core_.stood_still_ns)});
        return;
    }
    if (answered.routing.line == 0) {
        return;
    }
    VenueLine& line = *find(answered.routing.line);
    if (record.kind == risk::RecordKind::released) {
        const WaitLane lane =
            line.waiting.holding(reinterpret_cast<const risk::Released&>(record).facts.command);
        line.waiting.take_turn(lane);
        const WaitingCommand front = take_waiting(line, lane);
        encode(line, front.command.record(), record.sequence, front.order_slot, answered.routing, lane);
        return;
    }
    encode(line, record, record.sequence, slot, answered.routing, WaitLanes::of(record, 0));
}

OrderTerms VenueSide::terms(std::uint32_t slot) const noexcept {
    const risk::Order& order = core_.ledger.order(slot);
    const risk::SecurityState& security = core_.ledger.security(order.security);
    const OrderRoute& route = core_.routes.at(slot);
    OrderTerms terms;
    terms.order_key = order.key;
    terms.original_id = route.original_id != 0 ? route.original_id : core_.venue_ids.id_of(order.key);
    terms.account = core_.ledger.account_key(order.account);
    terms.symbol = security.symbol;
    terms.order_number = route.order_number;
    terms.price = order.price;
    terms.ordered = order.quantity;
    terms.filled = order.filled;
    terms.lot = security.lot;
    terms.side = order.side;
    terms.order_type = order.order_type;
    terms.time_in_force = order.time_in_force;
    terms.session_kind = order.session_kind;
    terms.credit_type = order.credit_type;
    terms.channel = route.channel;
    return terms;
}

void VenueSide::encode(VenueLine& line, const risk::Record& command, risk::Sequence gate, std::uint32_t slot,
                       const risk::Routing& routing, WaitLane lane) noexcept {
    const OrderTerms order_terms = terms(slot);
    const bool made = lane == WaitLane::made;
    line.outstanding.push({routing.line_number, command.sequence, order_terms.order_key, slot, command.kind,
                           false, false, false, made});
    line.made_since_ns = made ? core_.now().monotonic_ns : line.made_since_ns;
    const std::span<char> into =
        line.connection != no_connection ? core_.room(line.connection) : std::span<char>{};
    if (into.empty()) {
        // The venue has not read for long: the number is taken, so the order is in doubt from here on
        // and the line is ended; its next logon settles it.
        if (line.connection != no_connection) {
            core_.connections[line.connection]->overflowed = true;
            core_.mark_dirty(line.connection);
        }
        return;
    }
    const LineMessage out{into, &line.machine.header(), routing.line_number, core_.now().utc_ns,
                          core_.venue_ids.shift()};
    const VenueMessage message = encode_command(encoder_, out, command, order_terms);
    risk::require(message.length != 0, "an accepted command can be said to the venue");
    core_.commit(line.connection, message.length, gate, routing.line_number);
}

void VenueSide::release_waiting() noexcept {
    if (std::all_of(lines_.begin(), lines_.end(),
                    [](const VenueLine& line) { return line.waiting.empty(); })) {
        return;
    }
    const risk::MonotonicNs now = core_.clock.refresh().monotonic_ns;
    for (VenueLine& line : lines_) {
        while (!line.waiting.empty() && core_.sequencer->can_step()) {
            if (end_unsent(line, WaitLane::cancels, now) || end_unsent(line, WaitLane::made, now) ||
                end_unsent(line, WaitLane::others, now)) {
                continue;
            }
            const std::optional<WaitLane> lane = line.waiting.next(takes_made(line, now));
            if (!lane || !takes(line, now)) {
                break;
            }
            const WaitingCommand& front = line.waiting.lane(*lane).front();
            risk::Released released;
            released.record.kind = risk::RecordKind::released;
            released.record.session = line.config->id;
            released.record.cause = front.command.record().sequence;
            released.facts.command = front.command.record().sequence;
            released.facts.waited_ns = now - front.since_ns;
            core_.step(released);
        }
    }
}

WaitingCommand VenueSide::take_waiting(VenueLine& line, WaitLane lane) noexcept {
    const WaitingCommand front = line.waiting.lane(lane).front();
    line.waiting.lane(lane).pop();
    if (lane == WaitLane::others) {
        --core_.routes.at(front.order_slot).waiting;
    }
    return front;
}

bool VenueSide::too_old(const VenueLine& line, risk::MonotonicNs since, risk::MonotonicNs now) noexcept {
    return now - since > std::int64_t{line.config->wait_age_limit_ms} * 1'000'000;
}

bool VenueSide::end_unsent(VenueLine& line, WaitLane lane, risk::MonotonicNs now) noexcept {
    if (line.waiting.lane(lane).empty()) {
        return false;
    }
    const WaitingCommand& oldest = line.waiting.lane(lane).front();
    const risk::Record& command = oldest.command.record();
    // A cancel for a halt, a mass cancel or a lost connection nobody would ask for again, nor one of a
    // client's that stands in for it: it waits however long it takes.
    const bool awaited = command.kind == risk::RecordKind::cancel_order &&
                         core_.routes.at(oldest.order_slot).cancel_wanted != risk::CancelOrigin::client;
    const bool halted =
        core_.ledger.halt_before_sending(oldest.order_slot, command.sequence) != risk::Reason::none;
    const bool too_late = !awaited && too_old(line, oldest.since_ns, now);
    const bool overtaken =
        core_.ledger.overtaken_before_sending(oldest.order_slot, command.sequence) != risk::Reason::none;
    if (!halted && !too_late && !overtaken) {
        return false;
    }
    const WaitingCommand front = take_waiting(line, lane);
    risk::WaitExpired expired;
    expired.record.kind = halted ? risk::RecordKind::halted_unsent : risk::RecordKind::wait_expired;
    expired.record.session = line.config->id;
    expired.record.cause = front.command.record().sequence;
    expired.facts.command = front.command.record().sequence;
    expired.facts.waited_ns = now - front.since_ns;
    core_.step(expired);
    return true;
}

void VenueSide::on_departed(std::uint32_t connection, std::uint64_t number) noexcept {
    VenueLine& line = *find(core_.connections[connection]->owner_index);
    if (number < line.handed_from) {
        return;
    }
    const Reading now = core_.clock.refresh();
    risk::HandedToSocket handed;
    handed.record.kind = risk::RecordKind::handed_to_socket;
    handed.record.session = line.config->id;
    handed.facts.first_number = line.handed_from;
    handed.facts.last_number = number;
    handed.facts.departure_utc_ns = now.utc_ns;
    handed.facts.departure_monotonic_ns = now.monotonic_ns;
    line.handed_from = number + 1;
    core_.step(handed);
}

bool VenueSide::has_room() const noexcept {
    return std::all_of(lines_.begin(), lines_.end(), [this](const VenueLine& line) {
        return std::max(line.waiting.lane(WaitLane::cancels).size(),
                        line.waiting.lane(WaitLane::others).size()) +
                   pass_reserve <=
               capacity_.waiting;
    });
}

bool VenueSide::has_room_for_made() const noexcept {
    return std::all_of(lines_.begin(), lines_.end(), [this](const VenueLine& line) {
        return line.waiting.lane(WaitLane::made).size() + pass_reserve <= capacity_.waiting;
    });
}

bool VenueSide::doubt_open() const noexcept {
    return std::any_of(lines_.begin(), lines_.end(),
                       [](const VenueLine& line) { return line.marking_doubt || line.filled_count > 0; });
}

bool VenueSide::quiet() noexcept {
    return std::all_of(lines_.begin(), lines_.end(), [](const VenueLine& line) {
        const bool answered = line.connection == no_connection || line.outstanding.size() == 0;
        return line.waiting.empty() && answered && !line.marking_doubt;
    });
}

bool VenueSide::all_down() const noexcept {
    return std::all_of(lines_.begin(), lines_.end(),
                       [](const VenueLine& line) { return line.connection == no_connection; });
}

void VenueSide::start_day() noexcept {
    core_.cancel_again.clear();
    for (VenueLine& line : lines_) {
        risk::require(line.connection == no_connection, "a day starts while no line is connected");
        line.machine.restore(1, 1);
        line.numbers.start_day();
        line.outstanding.clear();
        line.handed_from = 1;
        line.end_lost = EndLost::no;
        line.may_adopt = false;
        risk::SequenceReset reset;
        reset.record.kind = risk::RecordKind::sequence_reset;
        reset.record.session = line.config->id;
        reset.facts.next_in = reset.facts.next_out = 1;
        reset.facts.cause = risk::ResetCause::new_day;
        reset.facts.venue_side = 1;
        core_.step(reset);
    }
}

}  // namespace fairlead::gateway
