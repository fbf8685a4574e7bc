// The Judge on the journal itself and on what leaves the gateway; see judge.hpp. Credit is
// judge_credit.cpp's.
#include "tests/simulation/judge.hpp"

#include <cstring>
#include <utility>

#include "tests/simulation/processes.hpp"
#include "tests/simulation/venue.hpp"

namespace fairlead::simulation {

using risk::RecordKind;

namespace {

std::string text_of(std::uint64_t number) {
    return std::to_string(number);
}

std::uint64_t serial_of(std::string_view number) {
    static constexpr std::string_view alphabet =
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    std::uint64_t serial = 0;
    for (const char letter : number.substr(1)) {
        serial = serial * alphabet.size() + alphabet.find(letter);
    }
    return serial;
}

bool is_client_command(RecordKind kind) {
    return kind == RecordKind::new_order || kind == RecordKind::replace_order ||
           kind == RecordKind::cancel_order || kind == RecordKind::order_status ||
           kind == RecordKind::mass_cancel;
}

}  // namespace

Judge::Judge(Kernel& kernel, const risk::Reference& reference)
    : kernel_(kernel),
      reference_(reference),
      oracle_(std::make_unique<tests::Oracle>(reference)),
      buffer_(audit::record_bytes_max) {}

void Judge::on_killed(const risk::Ledger& ledger) {
    digest_at_kill_.emplace(ledger.last_sequence(), ledger.digest());
}

void Judge::attach(const std::string& front_directory, bool power_was_lost, std::uint64_t durable) {
    if (std::string error = reader_.attach(front_directory); !error.empty()) {
        kernel_.fail(17, error);
        return;
    }
    attached_ = true;
    const audit::ChainEnd& base = reader_.head()->base;
    if (power_was_lost) {
        if (base.sequence < durable) {
            kernel_.fail(17, "the log ends at record " + text_of(base.sequence) + ", yet record " +
                                 text_of(durable) + " was on the disk");
        }
        if (base.sequence > last() || (base.sequence > 0 && seen_[base.sequence - 1].crc != base.crc)) {
            kernel_.fail(17, "the recovered log is no prefix of what was written: it ends at record " +
                                 text_of(base.sequence));
            return;
        }
        if (kernel_.plan.disk_level && effect_max_ > base.sequence) {
            kernel_.fail(17, "record " + text_of(effect_max_) + " has been seen outside and is lost");
        }
        kernel_.marks.hit(base.sequence < last() ? "journal end lost" : "journal end kept without power");
        lost_ = lost_ || base.sequence < last();
        if (base.sequence < last()) {
            digest_at_kill_.reset();
            forget_behind(base.sequence);
        }
    }
    if (!reader_.seek(last() + 1)) {
        kernel_.fail(17, "the front does not go on behind record " + text_of(last()) + " (base " +
                             text_of(base.sequence) + ")");
        attached_ = false;
        return;
    }
    drain();
}

// The journal has lost what came after `last`: so do we, and go through the rest again.
void Judge::forget_behind(risk::Sequence last) {
    std::vector<Seen> kept(std::make_move_iterator(seen_.begin()),
                           std::make_move_iterator(seen_.begin() + static_cast<std::ptrdiff_t>(last)));
    oracle_ = std::make_unique<tests::Oracle>(reference_);
    credit_known_ = true;
    caused_by_.clear();
    lines_open_.clear();
    devices_closed_.clear();
    spare_closed_ = false;
    orders_max_ = orders_in_ = 0;
    cancelling_halts_.clear();
    logged_out_.clear();
    mass_cancelled_.clear();
    cancels_tried_.clear();
    venue_refused_.clear();
    logged_on_.clear();
    last_order_number_.clear();
    order_numbers_.clear();
    applied_.clear();
    limit_versions_.clear();
    shifts_.clear();
    seen_.clear();
    effect_max_ = std::min(effect_max_, last);
    again_ = true;
    for (Seen& seen : kept) {
        seen_.push_back(std::move(seen));
        follow(seen_.back(), seen_.size());
    }
    again_ = false;
}

void Judge::drain() {
    audit::RecordView view;
    while (attached_ && !kernel_.failed()) {
        const audit::ReadStatus status = reader_.next(buffer_, view);
        if (status == audit::ReadStatus::end) {
            return;
        }
        if (status != audit::ReadStatus::record) {
            kernel_.fail(1, reader_.error());
            return;
        }
        take(view);
    }
}

void Judge::take(const audit::RecordView& view) {
    audit::RecordStorage storage;
    const risk::Record* record = audit::materialize(view, storage);
    if (record == nullptr) {
        kernel_.fail(1, "a record is not of this version");
        return;
    }
    Seen seen;
    seen.kind = record->kind;
    seen.session = record->session;
    seen.epoch = view.header.epoch;
    seen.crc = view.header.crc;
    seen.monotonic_ns = record->monotonic_ns;
    seen.bytes.assign(storage.bytes.begin(), storage.bytes.end());
    const audit::Bytes decided = view.section(audit::SectionKind::decision);
    if (decided.size() == sizeof(risk::Answered)) {
        seen.answered.emplace();
        std::memcpy(&*seen.answered, decided.data(), sizeof(risk::Answered));
    }
    const risk::Sequence sequence = record->sequence;
    check_chain(seen, sequence);
    kernel_.fold(static_cast<std::uint64_t>(seen.kind) << 48 | sequence);
    if (seen.answered) {
        kernel_.fold(std::string_view(reinterpret_cast<const char*>(&*seen.answered), sizeof *seen.answered));
    }
    kernel_.say("record " + text_of(sequence) + " kind " + text_of(static_cast<std::uint64_t>(seen.kind)) +
                " session " + text_of(seen.session) + " cause " + text_of(record->cause) +
                (seen.answered
                     ? " outcome " + text_of(static_cast<std::uint64_t>(seen.answered->decision.outcome)) +
                           " " + std::string(risk::reason_text(seen.answered->decision.reason).code)
                     : ""));
    seen_.push_back(std::move(seen));
    follow(seen_.back(), sequence);
}

void Judge::check_chain(const Seen& seen, risk::Sequence sequence) {
    if (sequence != last() + 1) {
        kernel_.fail(1, "record " + text_of(sequence) + " behind record " + text_of(last()));
    } else if (!seen_.empty()) {
        const Seen& before = seen_.back();
        if (seen.epoch < before.epoch ||
            (seen.monotonic_ns < before.monotonic_ns && seen.kind != RecordKind::start)) {
            kernel_.fail(1, "epoch or monotonic time falls at record " + text_of(sequence));
        }
    }
}

void Judge::follow(const Seen& seen, risk::Sequence sequence) {
    if (seen.kind == RecordKind::start && digest_at_kill_ && !again_) {
        const auto& [at, digest] = *digest_at_kill_;
        if (at + 1 == sequence && as<risk::Start>(seen).facts.state_digest != digest) {
            kernel_.fail(16,
                         "the digest after replay is another than before the kill, at record " + text_of(at));
        }
        if (at + 1 == sequence) {
            kernel_.marks.hit("replay digest compared");
        }
        digest_at_kill_.reset();
    }
    note_numbers(seen, sequence);
    note_road(seen);
    check_room(seen);
    note_effects(seen, sequence);
    check_order_number(seen);
    check_age(seen);
    check_evidence(seen);
    check_logged_on(seen);
    check_limit_version(seen, sequence);
    check_venue_event(seen);
    check_turn(seen);
    if (seen.kind == RecordKind::orphan_report) {
        kernel_.marks.hit("orphan taken in");
        credit_known_ = false;
    }
    if (seen.kind == RecordKind::venue_report && as<risk::VenueReport>(seen).facts.command == 0) {
        kernel_.marks.hit("report of a command that is lost");
        credit_known_ = false;
    }
    if (seen.kind == RecordKind::incident &&
        as<risk::Incident>(seen).facts.cause == risk::IncidentCause::journal_end_lost) {
        shifts_.emplace_back(sequence, as<risk::Incident>(seen).facts.identifier_shift);
    }
    if (credit_known_) {
        ask_oracle(seen);
    }
}

// Which record each message of ours stands for.
void Judge::note_numbers(const Seen& seen, risk::Sequence sequence) {
    if (seen.answered) {
        const risk::Routing& routing = seen.answered->routing;
        if (routing.client_session != 0) {
            caused_by_.try_emplace({routing.client_session, routing.client_number}, sequence);
        }
        if (routing.line != 0 && routing.line_number != 0) {
            caused_by_.try_emplace({routing.line, routing.line_number}, sequence);
        }
    }
    if (seen.kind == RecordKind::session_sent) {
        const auto& facts = as<risk::SessionMessage>(seen).facts;
        if (facts.poss_dup == 0) {
            caused_by_.try_emplace({seen.session, facts.arrival.message_number}, sequence);
        }
    }
}

void Judge::note_road(const Seen& seen) {
    if (seen.kind == RecordKind::start) {
        devices_closed_.clear();  // who starts looks anew; the spare alone waits on
    } else if (seen.kind == RecordKind::venue_session) {
        const auto& facts = as<risk::VenueSession>(seen).facts;
        const std::pair line{seen.session, facts.venue == risk::Venue::tpex};
        if (facts.open != 0) {
            lines_open_.insert(line);
            kernel_.marks.hit("line opened");
        } else {
            lines_open_.erase(line);
        }
    } else if (seen.kind == RecordKind::device_event) {
        const auto& facts = as<risk::DeviceEvent>(seen).facts;
        const int cause = static_cast<int>(facts.cause);
        kernel_.marks.hit("device event " + std::to_string(cause));
        if (facts.cause == risk::DeviceCause::spare_resumed) {
            spare_closed_ = false;
        } else if (facts.cause == risk::DeviceCause::spare_ready) {
            spare_closed_ = true;
        } else if (facts.orders_closed != 0 && facts.cause != risk::DeviceCause::recovered) {
            devices_closed_.insert(cause);
        } else if (facts.orders_closed == 0 && facts.cause == risk::DeviceCause::recovered) {
            devices_closed_.clear();
        } else {
            devices_closed_.erase(cause);
        }
    }
}

// As many orders as the capacity record says, and not one less.
void Judge::check_room(const Seen& seen) {
    if (seen.kind == RecordKind::capacity) {
        kernel_.marks.hit(orders_max_ == 0 ? "capacity told" : "capacity told again");
        orders_max_ = as<risk::Capacity>(seen).facts.orders;
    }
    const bool asks =
        seen.answered && (seen.kind == RecordKind::new_order || seen.kind == RecordKind::orphan_report);
    if (!asks) {
        return;
    }
    const risk::Decision& decision = seen.answered->decision;
    const bool taken_in = decision.order_slot != 0 && (decision.outcome == risk::Outcome::accepted ||
                                                       decision.outcome == risk::Outcome::orphan);
    if (decision.reason == risk::Reason::capacity_orders) {
        kernel_.marks.hit("refused for want of room");
    }
    orders_in_ += taken_in ? 1 : 0;
    if (orders_in_ > orders_max_ ||
        (seen.kind == RecordKind::new_order && decision.reason == risk::Reason::capacity_orders &&
         orders_in_ != orders_max_)) {
        kernel_.fail(5, "record " + text_of(last()) + ": " + text_of(orders_in_) + " orders of " +
                            text_of(orders_max_) + " are taken in");
    }
}

// Order numbers of a line rise by one; behind a loss they may skip what the venue has seen.
void Judge::check_order_number(const Seen& seen) {
    const bool sent = seen.answered && seen.answered->routing.line != 0 &&
                      seen.answered->routing.line_number != 0 && !seen.answered->routing.order_number.empty();
    if (!sent) {
        return;
    }
    risk::Sequence command = 0;
    const Seen* asked = command_behind(seen_.size(), command);
    if (asked == nullptr || asked->kind != RecordKind::new_order) {
        return;
    }
    const std::string number(seen.answered->routing.order_number.view());
    std::string& before = last_order_number_[seen.answered->routing.line];
    if (!order_numbers_.insert(number).second) {
        kernel_.fail(13, "order number twice: " + number);
    }
    const std::uint64_t expected = before.empty() ? 0 : serial_of(before) + 1;
    const std::uint64_t is = serial_of(number);
    if (is != expected && !(lost_ && is > expected)) {
        kernel_.fail(13, "order number " + number + " behind " + before + " on line " +
                             text_of(seen.answered->routing.line));
    }
    before = number;
}

// No New or Replace is given to a line when it has waited longer than the line's limit since the kernel
// received it.
void Judge::check_age(const Seen& seen) {
    if (kernel_.plan.has(Fault::utc_step) || !seen.answered) {
        return;  // what the steps of a clock make of an age is no wait
    }
    const bool ended = seen.kind == RecordKind::wait_expired;
    risk::Sequence command = ended ? as<risk::WaitExpired>(seen).facts.command : 0;
    const Seen* asked = ended && command > 0 && command <= last() ? &seen_[command - 1]
                                                                  : command_behind(seen_.size(), command);
    std::int64_t stamp = 0;
    if (asked != nullptr && asked->kind == RecordKind::new_order) {
        stamp = as<risk::NewOrder>(*asked).facts.arrival.kernel_ns;
    } else if (asked != nullptr && asked->kind == RecordKind::replace_order) {
        stamp = as<risk::ReplaceOrder>(*asked).facts.arrival.kernel_ns;
    }
    if (stamp == 0) {
        return;
    }
    const std::int64_t limit = std::int64_t{kernel_.plan.wait_age_limit_ms} * 1'000'000;
    if (seen.answered->routing.line != 0 && as<risk::Record>(seen).utc_ns - stamp > limit) {
        kernel_.fail(19, "record " + text_of(last()) + " gives a line a command that is too old to be sent");
    }
    if (ended && as<risk::Record>(*asked).utc_ns - stamp > limit) {
        kernel_.marks.hit("too old when decided");
    }
}

// What settles a doubt names a record of evidence, and one that can be evidence for it.
void Judge::check_evidence(const Seen& seen) {
    if (seen.kind != RecordKind::resolved) {
        return;
    }
    const auto& resolved = as<risk::Resolved>(seen);
    const risk::Sequence cause = resolved.record.cause;
    const RecordKind kind = cause > 0 && cause <= last() ? seen_[cause - 1].kind : RecordKind::none;
    bool good = false;
    switch (resolved.facts.resolution) {
        case risk::Resolution::never_sent:
            good = kind == RecordKind::start || kind == RecordKind::incident ||
                   kind == RecordKind::venue_session;
            break;
        case risk::Resolution::gap_filled:
            good = kind == RecordKind::session_sent;
            break;
        case risk::Resolution::venue_does_not_know:
            good = kind == RecordKind::session_received;
            break;
        case risk::Resolution::venue_knows:
        case risk::Resolution::venue_did:
        case risk::Resolution::venue_did_not:
            good = kind == RecordKind::venue_report;
            break;
        case risk::Resolution::by_operator:
            good = kind == RecordKind::user_event;
            break;
        case risk::Resolution::none:
            break;
    }
    kernel_.marks.hit("resolved " + std::to_string(static_cast<int>(resolved.facts.resolution)));
    if (!good) {
        kernel_.fail(15, "record " + text_of(last()) + " settles a doubt without evidence for it");
    }
}

void Judge::check_logged_on(const Seen& seen) {
    if (seen.kind == RecordKind::logon_result) {
        if (as<risk::LogonResult>(seen).facts.verdict == risk::LogonVerdict::accepted) {
            logged_on_.insert(seen.session);
        }
    } else if (seen.kind == RecordKind::logout) {
        logged_on_.erase(seen.session);
    } else if (is_client_command(seen.kind) && seen.session != 0) {
        const bool by_client = (seen.kind != RecordKind::cancel_order ||
                                as<risk::CancelOrder>(seen).facts.origin == risk::CancelOrigin::client) &&
                               (seen.kind != RecordKind::mass_cancel ||
                                as<risk::MassCancel>(seen).facts.origin == risk::CancelOrigin::client);
        if (by_client && logged_on_.count(seen.session) == 0) {
            kernel_.fail(20, "record " + text_of(last()) + " is a command of a session not logged on");
        }
    }
}

// The limit a decision names is the newest in force.
void Judge::check_limit_version(const Seen& seen, risk::Sequence sequence) {
    if (seen.kind == RecordKind::day_start) {
        day_version_ = sequence;
    }
    if (!seen.answered || seen.answered->decision.limit_version == 0 || seen.kind == RecordKind::limit_set) {
        return;
    }
    const risk::Sequence version = seen.answered->decision.limit_version;
    const bool good =
        version == day_version_ || (version < sequence && seen_[version - 1].kind == RecordKind::limit_set &&
                                    seen_[version - 1].answered->decision.outcome == risk::Outcome::accepted);
    if (!good) {
        kernel_.fail(20, "record " + text_of(sequence) + " was checked against limit version " +
                             text_of(version) + ", which set no limit");
    }
}

void Judge::check_venue_event(const Seen& seen) {
    if (seen.kind != RecordKind::venue_report || !seen.answered) {
        return;
    }
    const auto& facts = as<risk::VenueReport>(seen).facts;
    const bool fill = facts.exec_type == risk::OrderStatus::trade;
    const risk::Outcome outcome = seen.answered->decision.outcome;
    if (fill && outcome == risk::Outcome::applied &&
        !applied_.emplace(seen.session, std::string(facts.execution_id.view())).second) {
        kernel_.fail(11, "fill " + std::string(facts.execution_id.view()) + " applied twice");
    }
    if (outcome == risk::Outcome::duplicate) {
        kernel_.marks.hit("duplicate report noted");
    }
    if ((seen.answered->decision.flags & risk::late_fill_flag) != 0) {
        kernel_.marks.hit("late fill");
    }
}

// Of several sessions in one pass, who was stamped first is served first; one that stood behind a message of
// its own session competes later. The examiner's report cannot tell this from a message that became readable
// late.
void Judge::check_turn(const Seen& seen) {
    // Stamps of a clock that has stepped say nothing of who was first.
    if (again_ || kernel_.plan.has(Fault::utc_step) || seen.session < first_client_session ||
        seen.kind == RecordKind::logout) {
        return;
    }
    const std::int64_t before = std::exchange(own_before_ns_[seen.session], as<risk::Record>(seen).utc_ns);
    risk::Arrival arrival;
    if (seen.kind == RecordKind::new_order) {
        arrival = as<risk::NewOrder>(seen).facts.arrival;
    } else if (seen.kind == RecordKind::replace_order) {
        arrival = as<risk::ReplaceOrder>(seen).facts.arrival;
    } else if (seen.kind == RecordKind::cancel_order) {
        arrival = as<risk::CancelOrder>(seen).facts.arrival;
    }
    const std::int64_t stamp = arrival.kernel_ns;
    // The number told may be that of a message without a Record: then the next with one stood behind it.
    const auto first = behind_.lower_bound({seen.session, 0});
    const auto end = behind_.upper_bound({seen.session, arrival.message_number});
    const bool behind = first != end;
    behind_.erase(first, end);
    if (stamp == 0 || before >= stamp || behind) {
        return;
    }
    for (const auto& [session, earlier] : taken_in_pass_) {
        if (session != seen.session && earlier > stamp) {
            kernel_.fail(19, "record " + text_of(last()) +
                                 " was stamped before what was served before it in one pass");
        }
    }
    taken_in_pass_.emplace_back(seen.session, stamp);
}

// --- what leaves

std::uint64_t Judge::shift_of(risk::Sequence command) const {
    std::uint64_t shift = 0;
    for (const auto& [after, by] : shifts_) {
        shift = command > after ? by : shift;
    }
    return shift;
}

// The command a venue message stands for: the record itself, or what a `released` one let go.
const Judge::Seen* Judge::command_behind(risk::Sequence sequence, risk::Sequence& command) const {
    const Seen& seen = seen_[sequence - 1];
    command = seen.kind == RecordKind::released ? as<risk::Released>(seen).facts.command : sequence;
    return command > 0 && command <= last() ? &seen_[command - 1] : nullptr;
}

void Judge::on_message_out(std::uint32_t peer, bool to_venue, const FixMessage& message,
                           std::uint64_t durable) {
    drain();
    const std::string type = message.type();
    if (message.get(43) == "Y" && type == "4") {
        return;  // stands for no record of its own
    }
    const auto at = caused_by_.find({peer, message.number(34)});
    if (at == caused_by_.end()) {
        kernel_.fail(2, "a message leaves that no record stands for: " + message.content() + " number " +
                            message.get(34));
        return;
    }
    const risk::Sequence gate = kernel_.plan.disk_level ? durable : last();
    if (at->second > gate) {
        kernel_.fail(2, "record " + text_of(at->second) + " is seen outside, the gate stands at " +
                            text_of(gate) + ": " + message.content());
    }
    effect_max_ = std::max(effect_max_, at->second);
    if (!to_venue || (type != "D" && type != "G" && type != "F")) {
        return;
    }
    risk::Sequence command = 0;
    const Seen* asked = command_behind(at->second, command);
    const bool accepted =
        asked != nullptr && asked->answered && asked->answered->decision.outcome == risk::Outcome::accepted;
    if (!accepted || message.number(11) != command + shift_of(command)) {
        kernel_.fail(3, "no accepting decision stands behind " + message.content());
        return;
    }
    if (type == "D") {
        const auto& order = as<risk::NewOrder>(*asked);
        std::string symbol(order.facts.symbol.view());
        symbol.resize(6, ' ');
        const bool same =
            asked->kind == RecordKind::new_order && message.get(55) == symbol &&
            message.get(54) == (order.facts.side == risk::Side::buy ? "1" : "2") &&
            static_cast<std::int64_t>(message.number(38)) * VenueLine::lot == order.facts.quantity &&
            parse_fix_price(message.get(44)) == order.facts.price &&
            message.number(1) == order.person.account.number &&
            message.get(50) == order.person.account.branch.view();
        if (!same) {
            kernel_.fail(3, "the order sent is not the one decided: " + message.content());
        }
    }
    if (!at_venue_.emplace(peer, message.get(11)).second) {
        kernel_.fail(14, "a command leaves twice: " + message.content());
    }
}

void Judge::on_command(std::uint32_t line, const FixMessage& message) {
    if (message.type() != "H" && at_venue_.count({line, message.get(11)}) == 0) {
        kernel_.fail(3, "the venue has a command that never left: " + message.content());
    }
}

}  // namespace fairlead::simulation
