#include "bench/exchange/certify/session_watch.hpp"

#include <algorithm>
#include <cstring>
#include <string_view>

#include "audit/record_kinds.hpp"

namespace fairlead::exchange::certify {

namespace {

template <class T>
const T& as_kind(const risk::Record& record) {
    return reinterpret_cast<const T&>(record);  // materialize built a T of this kind
}

bool raw_has(const audit::RecordView& view, std::string_view text) {
    const audit::Bytes raw = view.section(audit::SectionKind::received);
    return std::string_view(reinterpret_cast<const char*>(raw.data()), raw.size()).find(text) !=
           std::string_view::npos;
}

risk::Decision decision_of(const audit::RecordView& view) {
    const audit::Bytes decided = view.section(audit::SectionKind::decision);
    risk::Answered answered;
    if (decided.size() == sizeof answered) {
        std::memcpy(&answered, decided.data(), sizeof answered);
    }
    return answered.decision;
}

}  // namespace

std::string SessionWatch::follow() {
    if (!reader_) {
        auto reader = std::make_unique<audit::HistoryReader>(journal_, front_);
        if (!reader->seek(next_)) {
            return {};  // the gateway has not been started yet
        }
        reader_ = std::move(reader);
    }
    audit::RecordView view;
    audit::RecordStorage storage;
    bool read = false;
    for (;;) {
        const audit::ReadStatus status = reader_->next(view);
        if (status == audit::ReadStatus::damaged) {
            return reader_->error();
        }
        if (status != audit::ReadStatus::record) {
            break;
        }
        read = true;
        next_ = view.header.sequence + 1;
        const auto kind = static_cast<risk::RecordKind>(view.header.kind);
        const bool asked = view.header.session == session_ || kind == risk::RecordKind::venue_session ||
                           kind == risk::RecordKind::start;
        const risk::Record* record = asked ? audit::materialize(view, storage) : nullptr;
        if (record != nullptr) {
            take(*record, view);
        }
    }
    if (!read) {
        reader_.reset();  // where the disk ended without a front, a reader never goes on
    }
    return {};
}

void SessionWatch::take(const risk::Record& record, const audit::RecordView& view) {
    switch (record.kind) {
        case risk::RecordKind::start:
            open_lines_.clear();
            break;
        case risk::RecordKind::venue_session: {
            const risk::VenueSessionFacts& line = as_kind<risk::VenueSession>(record).facts;
            open_lines_.erase(record.session);
            if (line.open != 0) {
                open_lines_.emplace(record.session, line.venue);
            }
            break;
        }
        case risk::RecordKind::logon_attempt:
            next_expected_given_ = raw_has(view,
                                           "\x01"
                                           "789=");
            break;
        case risk::RecordKind::logon_result:
            take_result(as_kind<risk::LogonResult>(record));
            break;
        case risk::RecordKind::logout: {
            const risk::LogoutCause cause = as_kind<risk::Logout>(record).facts.cause;
            facts_.logged_on = false;
            ++facts_.logouts;
            facts_.logouts_by_peer += cause == risk::LogoutCause::by_peer ? 1 : 0;
            facts_.logouts_for_fault +=
                cause == risk::LogoutCause::by_us || cause == risk::LogoutCause::heartbeat_lost ||
                        cause == risk::LogoutCause::slow_reader || cause == risk::LogoutCause::over_rate
                    ? 1
                    : 0;
            break;
        }
        case risk::RecordKind::sequence_reset:
            facts_.resets += as_kind<risk::SequenceReset>(record).facts.next_out == 1 ? 1 : 0;
            break;
        case risk::RecordKind::session_received:
            facts_.resend_requests +=
                as_kind<risk::SessionMessage>(record).facts.message_type.view() == "2" ? 1 : 0;
            break;
        case risk::RecordKind::session_sent: {
            const std::string_view type = as_kind<risk::SessionMessage>(record).facts.message_type.view();
            if (type == "3" || type == "j") {
                ++facts_.rejects;
                facts_.last_reject =
                    (type == "3" ? "Reject (3), record " : "BusinessMessageReject (j), record ") +
                    std::to_string(record.sequence);
            }
            break;
        }
        case risk::RecordKind::new_order:
        case risk::RecordKind::replace_order:
        case risk::RecordKind::cancel_order:
            take_command(record, decision_of(view));
            break;
        default:
            break;
    }
}

bool SessionWatch::open(risk::Venue venue) const {
    return std::any_of(open_lines_.begin(), open_lines_.end(),
                       [venue](const auto& line) { return line.second == venue; });
}

void SessionWatch::take_command(const risk::Record& record, const risk::Decision& decision) {
    ++facts_.commands;
    if (decision.outcome == risk::Outcome::refused) {
        ++facts_.refused;
        facts_.last_refusal = "for reason " + std::to_string(static_cast<int>(decision.reason)) +
                              ", record " + std::to_string(record.sequence);
    }
}

void SessionWatch::take_result(const risk::LogonResult& result) {
    if (result.facts.verdict != risk::LogonVerdict::accepted) {
        return;
    }
    facts_.logged_on = true;
    ++facts_.logons;
    facts_.logons_with_next += next_expected_given_ ? 1 : 0;
}

}  // namespace fairlead::exchange::certify
