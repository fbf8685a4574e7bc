#include "audit/examine/conversation_check.hpp"

namespace fairlead::audit {

namespace {

template <class Kind>
const Kind& as(const risk::Record& record) noexcept {
    return reinterpret_cast<const Kind&>(record);
}

}  // namespace

std::vector<std::string> ConversationCheck::take(const risk::Record& record, const risk::Answered* answered) {
    using enum risk::RecordKind;
    faults_.clear();
    switch (record.kind) {
        case new_order:
            received(record.session, as<risk::NewOrder>(record).facts.arrival.message_number);
            break;
        case replace_order:
            received(record.session, as<risk::ReplaceOrder>(record).facts.arrival.message_number);
            break;
        case cancel_order:
            if (as<risk::CancelOrder>(record).facts.origin == risk::CancelOrigin::client) {
                received(record.session, as<risk::CancelOrder>(record).facts.arrival.message_number);
            }
            break;
        case order_status:
            received(record.session, as<risk::OrderStatusRequest>(record).facts.arrival.message_number);
            break;
        case mass_cancel:
            if (as<risk::MassCancel>(record).facts.origin == risk::CancelOrigin::client) {
                received(record.session, as<risk::MassCancel>(record).facts.arrival.message_number);
            }
            break;
        case venue_report:
        case orphan_report:
            received(record.session, as<risk::VenueReport>(record).facts.arrival.message_number);
            break;
        case venue_reject:
            received(record.session, as<risk::VenueReject>(record).facts.arrival.message_number);
            break;
        case session_received:
            this->session_received(as<risk::SessionMessage>(record));
            break;
        case session_sent:
            this->session_sent(as<risk::SessionMessage>(record));
            break;
        case logon_result:
            this->logon_result(as<risk::LogonResult>(record));
            break;
        case incident:
            end_lost_ =
                end_lost_ || as<risk::Incident>(record).facts.cause == risk::IncidentCause::journal_end_lost;
            break;
        case sequence_reset:
            this->sequence_reset(as<risk::SequenceReset>(record));
            break;
        default:
            break;
    }
    if (answered != nullptr && answered->routing.client_number != 0) {
        sent(answered->routing.client_session, answered->routing.client_number);
    }
    if (answered != nullptr && answered->routing.line_number != 0) {
        sent(answered->routing.line, answered->routing.line_number);
    }
    return faults_;
}

void ConversationCheck::fault(std::uint32_t session, const char* direction, std::uint64_t number,
                              std::uint64_t expected) {
    std::string text = "session or line " + std::to_string(session) + ": message " + std::to_string(number) +
                       " " + direction + " where " + std::to_string(expected) + " is next";
    if (number > expected) {
        text += ": " + std::to_string(number - expected) + " missing from the journal";
    }
    faults_.push_back(std::move(text));
}

// Number 0: a record that no message stands behind.
void ConversationCheck::received(std::uint32_t session, std::uint64_t number) {
    Numbers& at = numbers_[session];
    if (number == 0) {
        return;
    }
    ++followed_;
    if (number != at.in) {
        fault(session, "received", number, at.in);
    }
    at.in = number + 1;
}

void ConversationCheck::sent(std::uint32_t session, std::uint64_t number) {
    Numbers& at = numbers_[session];
    ++followed_;
    if (number != at.out) {
        fault(session, "sent", number, at.out);
    }
    at.out = number + 1;
}

// A gap fill for numbers the venue asked for again stands under the first of them and takes none.
void ConversationCheck::session_sent(const risk::SessionMessage& message) {
    const std::uint64_t number = message.facts.arrival.message_number;
    const Numbers& at = numbers_[message.record.session];
    if (message.facts.poss_dup == 0) {
        sent(message.record.session, number);
    } else if (number >= at.out) {
        fault(message.record.session, "sent again", number, at.out);
    }
}

// A refused message may leave the number as it is.
void ConversationCheck::session_received(const risk::SessionMessage& message) {
    if (message.facts.next_in != numbers_[message.record.session].in) {
        received(message.record.session, message.facts.next_in - 1);
    }
}

// The Logon used its own number up, or came too early for that.
void ConversationCheck::logon_result(const risk::LogonResult& result) {
    if (result.facts.verdict != risk::LogonVerdict::accepted) {
        return;
    }
    Numbers& at = numbers_[result.record.session];
    if (result.facts.next_in != at.in) {
        received(result.record.session, result.facts.next_in - 1);
    }
    // A venue that began anew at 1 has our Logon, sent before, as its number 1.
    if (result.facts.venue_side != 0 && at.out == 1 && result.facts.next_out == 2) {
        at.out = 2;
    }
}

void ConversationCheck::sequence_reset(const risk::SequenceReset& reset) {
    Numbers& at = numbers_[reset.record.session];
    const risk::ResetCause cause = reset.facts.cause;
    if (cause == risk::ResetCause::gap_fill_received || cause == risk::ResetCause::reset_received) {
        if (reset.facts.next_in < at.in) {
            fault(reset.record.session, "expected after a reset", reset.facts.next_in, at.in);
        }
        at.in = reset.facts.next_in;
        return;
    }
    if (cause == risk::ResetCause::adopted_after_loss) {
        // What the journal lost is lost; more than the Incident before it says may not be.
        if (!end_lost_ || reset.facts.next_out < at.out) {
            fault(reset.record.session, "adopted", reset.facts.next_out, at.out);
        }
        at.out = reset.facts.next_out;
        return;
    }
    at = {reset.facts.next_in, reset.facts.next_out};
}

}  // namespace fairlead::audit
