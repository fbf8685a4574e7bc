// What a cut of a venue line leaves in doubt, and how it is settled: by the venue's own evidence, never
// by time. The second half of VenueSide.
#include <algorithm>

#include "gateway/doubt_verdict.hpp"
#include "gateway/venue_side.hpp"

namespace fairlead::gateway {

namespace {

constexpr risk::MonotonicNs question_wait_ns = 10 * fix::second_ns;
constexpr std::size_t doubts_per_pass = 256;
// The venue's "order not found", and "matching: query later, wait".
constexpr std::uint16_t code_order_not_found = 5;
constexpr std::uint16_t code_query_later = 3;
constexpr std::uint16_t code_wait = 4;
// Codes of the odd-lot and fixed-price sub-systems carry a prefix digit or letter; the rest is the same.
constexpr std::uint16_t plain_code(std::uint16_t code) noexcept {
    return static_cast<std::uint16_t>(code % 1000);
}

}  // namespace

void VenueSide::set_open(VenueLine& line, bool open) noexcept {
    if (line.takes_new == open) {
        return;
    }
    line.takes_new = open;
    risk::VenueSession session;
    session.record.kind = risk::RecordKind::venue_session;
    session.record.session = line.config->id;
    session.facts.venue = line.config->venue;
    session.facts.open = open ? 1 : 0;
    core_.step(session);
}

void VenueSide::line_lost(VenueLine& line) noexcept {
    set_open(line, false);
    line.closed_by = core_.sequencer->last();
    line.probe = 0;
    line.question_count = 0;
    line.questions_due = false;
    for (std::size_t i = 0; i < line.outstanding.size(); ++i) {
        line.outstanding.at(i).status_asked = false;
    }
    line.marking_doubt = line.outstanding.size() > 0;
    line.doubt_scan = 0;
    if (line.state != LineState::stopped) {
        line.state = LineState::connecting;
        on_connect_failed(line, 0);
    }
}

void VenueSide::reopen_after_crash(VenueLine& line) noexcept {
    set_open(line, false);
    line.closed_by = core_.sequencer->last();
    line.marking_doubt = line.outstanding.size() > 0;
    line.doubt_scan = 0;
}

void VenueSide::settle_doubt() noexcept {
    for (VenueLine& line : lines_) {
        if (line.marking_doubt) {
            mark_doubt(line);
        }
        if (line.filled_count > 0) {
            end_filled(line);
        }
    }
}

void VenueSide::mark_doubt(VenueLine& line) noexcept {
    for (std::size_t marked = 0; marked < doubts_per_pass && core_.sequencer->can_step();) {
        if (line.doubt_scan >= line.outstanding.size()) {
            line.marking_doubt = false;
            return;
        }
        OutstandingCommand& entry = line.outstanding.at(line.doubt_scan++);
        if (entry.answered || entry.in_doubt) {
            continue;
        }
        put_in_doubt(line, entry, line.closed_by);
        ++marked;
    }
}

void VenueSide::put_in_doubt(VenueLine& line, OutstandingCommand& entry, risk::Sequence evidence) noexcept {
    line.outstanding.mark_in_doubt(entry);
    risk::InDoubt doubt;
    doubt.record.kind = risk::RecordKind::in_doubt;
    doubt.record.session = line.config->id;
    doubt.record.cause = evidence;
    doubt.facts.command = entry.command;
    doubt.facts.order_key = entry.order_key;
    core_.step(doubt);
}

void VenueSide::end_filled(VenueLine& line) noexcept {
    const VenueLine::Filled range = line.filled[0];
    std::size_t ended = 0;
    bool done = true;
    for (std::size_t i = 0; i < line.outstanding.size(); ++i) {
        OutstandingCommand& entry = line.outstanding.at(i);
        if (entry.answered || entry.line_number < range.begin || entry.line_number > range.end ||
            (!range.proven && entry.in_doubt)) {
            continue;
        }
        if (ended == doubts_per_pass || !core_.sequencer->can_step()) {
            done = false;
            break;
        }
        if (range.proven) {
            resolve(line, entry, risk::Resolution::gap_filled, range.evidence);
        } else {
            put_in_doubt(line, entry, range.evidence);
            line.asked_since_ns = line.questions_due ? line.asked_since_ns : core_.now().monotonic_ns;
            line.questions_due = true;
        }
        ++ended;
    }
    line.outstanding.drop_answered();
    if (done) {
        std::copy(line.filled.begin() + 1,
                  line.filled.begin() + static_cast<std::ptrdiff_t>(line.filled_count), line.filled.begin());
        --line.filled_count;
    }
}

// The venue has not processed begin..end: it asks for them. They are never sent again; that it asked is
// the evidence that ends them. A venue that asks for what it has answered proves nothing: an order on its way
// to it, or its answer on the way here, may lie in what it asks for.
void VenueSide::on_resend(VenueLine& line, const fix::Action& action) noexcept {
    risk::SessionMessage filled;
    filled.record.kind = risk::RecordKind::session_sent;
    filled.record.session = line.config->id;
    filled.facts.arrival.message_number = action.begin;
    filled.facts.next_in = line.machine.next_in();
    filled.facts.next_out = line.machine.next_out();
    filled.facts.message_type = risk::Text<4>("4");
    filled.facts.venue_side = 1;
    filled.facts.poss_dup = 1;
    core_.step(filled);
    const risk::Sequence evidence = core_.sequencer->last();
    const std::span<char> into =
        line.connection != no_connection ? core_.room(line.connection) : std::span<char>{};
    if (!into.empty()) {
        const std::size_t length = fix::encode_gap_fill(encoder_, into, line.machine.header(), action.begin,
                                                        action.end + 1, core_.now().utc_ns);
        core_.commit(line.connection, length, evidence, 0);
    }
    if (line.filled_count == VenueLine::filled_max) {
        core_.log(LogLevel::error, "venue asks for everything again and again: line ended", line.config->id);
        fix::Actions ending;
        line.machine.start_logout(risk::LogoutCause::by_us, "Too many resend requests", core_.now(), ending);
        perform(line, ending);
        return;
    }
    line.filled[line.filled_count++] = {action.begin, action.end, evidence, action.begin > line.processed_to};
    if (line.state == LineState::probing) {
        send_probe(line);  // the one before lies in what has just been filled
    }
}

void VenueSide::resolve(VenueLine& line, OutstandingCommand& entry, risk::Resolution resolution,
                        risk::Sequence evidence) noexcept {
    risk::Resolved resolved;
    resolved.record.kind = risk::RecordKind::resolved;
    resolved.record.session = line.config->id;
    resolved.record.cause = evidence;
    resolved.facts.command = entry.command;
    resolved.facts.order_key = entry.order_key;
    resolved.facts.resolution = resolution;
    core_.step(resolved);
    line.outstanding.mark_answered(entry);
}

void VenueSide::resolve_by_operator(std::uint32_t order_slot, risk::Resolution resolution,
                                    risk::Sequence evidence) noexcept {
    VenueLine* line = find(core_.routes.at(order_slot).line);
    for (std::size_t i = 0; line != nullptr && i < line->outstanding.size(); ++i) {
        OutstandingCommand& entry = line->outstanding.at(i);
        if (entry.order_slot == order_slot && !entry.answered && entry.in_doubt) {
            resolve(*line, entry, resolution, evidence);
        }
    }
    if (line != nullptr) {
        line->outstanding.drop_answered();
    }
}

void VenueSide::send_probe(VenueLine& line) noexcept {
    line.probe = line.machine.next_out();
    std::array<char, fix::number_text_max> text{};
    const char* end = fix::format_unsigned(text.data(), line.probe);
    fix::Action action;
    action.kind = fix::ActionKind::send;
    action.type = '1';
    action.test_request_id = {text.data(), static_cast<std::size_t>(end - text.data())};
    send_admin(line, action);
}

void VenueSide::ask_status(VenueLine& line) noexcept {
    const risk::MonotonicNs now = core_.now().monotonic_ns;
    const bool waited = now - line.asked_since_ns > question_wait_ns;
    if (line.marking_doubt || line.filled_count > 0) {
        return;  // what is still in doubt is being counted
    }
    bool all_asked = true;
    for (std::size_t i = 0; i < line.outstanding.size() && line.question_count < VenueLine::questions_max;
         ++i) {
        OutstandingCommand& entry = line.outstanding.at(i);
        if (entry.answered || !entry.in_doubt || entry.status_asked) {
            continue;
        }
        if (!line.rate.can_send(now) || !core_.sequencer->can_step()) {
            all_asked = false;
            break;
        }
        const std::span<char> into =
            line.connection != no_connection ? core_.room(line.connection) : std::span<char>{};
        if (into.empty()) {
            all_asked = false;
            break;
        }
        const std::uint64_t number = line.machine.take_number(core_.now());
        line.rate.sent(now);
        risk::SessionMessage sent;
        sent.record.kind = risk::RecordKind::session_sent;
        sent.record.session = line.config->id;
        sent.record.cause = entry.command;
        sent.facts.arrival.message_number = number;
        sent.facts.next_in = line.machine.next_in();
        sent.facts.next_out = line.machine.next_out();
        sent.facts.message_type = risk::Text<4>("H");
        sent.facts.venue_side = 1;
        core_.step(sent);
        const risk::Sequence asked_by = core_.sequencer->last();
        const LineMessage out{into, &line.machine.header(), number, core_.now().utc_ns,
                              core_.venue_ids.shift()};
        const VenueMessage message = encode_status(encoder_, out, asked_by, terms(entry.order_slot));
        risk::require(message.length != 0, "a question about an order of ours can be said");
        core_.commit(line.connection, message.length, asked_by, number);
        entry.status_asked = true;
        line.questions[line.question_count++] = {asked_by, entry.command};
        line.asked_since_ns = now;
    }
    all_asked = all_asked && line.question_count < VenueLine::questions_max;
    if ((all_asked && line.question_count == 0) || waited) {
        if (waited) {
            core_.log(LogLevel::error, "venue did not settle all orders in doubt: they keep their credit",
                      line.config->id, static_cast<std::int64_t>(line.question_count));
        }
        line.questions_due = false;
        if (line.state == LineState::asking) {
            line.state = LineState::open;
            set_open(line, true);
        }
    }
}

bool VenueSide::on_answer_to_question(VenueLine& line, const fix::Action& action,
                                      risk::Sequence asked_by) noexcept {
    std::size_t index = 0;
    while (index < line.question_count && line.questions[index].asked_by != asked_by) {
        ++index;
    }
    if (index == line.question_count || asked_by == 0) {
        return false;
    }
    const VenueLine::Question question = line.questions[index];
    line.questions[index] = line.questions[--line.question_count];
    OutstandingCommand* entry = line.outstanding.find_command(question.command);
    if (entry == nullptr || entry->answered) {
        journal_received(line, action);
        return true;
    }
    const risk::Order& known = core_.ledger.order(entry->order_slot);
    VenueOrder order;
    order.command = entry->command;
    order.order_key = entry->order_key;
    order.lot = core_.ledger.security(known.security).lot;
    order.session_kind = known.session_kind;
    VenueMessageFault fault;
    const VenueEvent event =
        read_venue_message(*action.message, line.config->id, action.arrival, order, storage_, fault);
    const bool is_report = event && event.record->kind == risk::RecordKind::venue_report;
    const std::uint16_t code = !event      ? std::uint16_t{0}
                               : is_report ? event.as<risk::VenueReport>().facts.venue_code
                                           : event.as<risk::VenueReject>().facts.venue_code;
    if (is_report && event.as<risk::VenueReport>().facts.exec_type == risk::OrderStatus::order_status &&
        plain_code(code) != code_order_not_found) {
        auto& report = event.as<risk::VenueReport>();
        report.record.cause = question.asked_by;
        const auto text = action.message->text();
        core_.step(report, std::as_bytes(std::span(text.data(), text.size())));
        const risk::Resolution settled = verdict(known, question.command, report.facts);
        if (settled != risk::Resolution::none) {
            resolve(line, *entry, settled, core_.sequencer->last());
        } else {
            core_.log(LogLevel::error, "venue's answer does not settle a command in doubt", line.config->id,
                      static_cast<std::int64_t>(question.command));
        }
    } else {
        const risk::Sequence evidence = journal_received(line, action);
        if (plain_code(code) == code_order_not_found) {
            resolve(line, *entry, risk::Resolution::venue_does_not_know, evidence);
        } else if (plain_code(code) == code_query_later || plain_code(code) == code_wait) {
            entry->status_asked = false;
        } else {
            core_.log(LogLevel::error, "venue's answer does not settle an order in doubt", line.config->id,
                      code);
        }
    }
    line.outstanding.drop_answered();
    return true;
}

}  // namespace fairlead::gateway
