#include "gateway/dropcopy/copy_feed.hpp"

#include <cstring>

#include "audit/record_kinds.hpp"
#include "gateway/orders/client_reports.hpp"

namespace fairlead::dropcopy {
namespace {

constexpr std::size_t report_max = 4096;

}  // namespace

CopyFeed::CopyFeed(const audit::JournalPlace& journal, const std::string& front, risk::Sequence first)
    : reader_(journal, front), fix_reader_(report_max), room_(report_max), first_(first) {}

bool CopyFeed::encode(const risk::Record& record, const risk::Answered& answered, Copy& copy) {
    const gateway::ClientMessage client{room_, &header_, 1, record.utc_ns};
    const std::size_t length =
        gateway::encode_answer(encoder_, client, record, answered.decision, answered.routing);
    if (length == 0 ||
        fix_reader_.read({room_.data(), length}, message_).status != fix::ReadStatus::complete) {
        return false;
    }
    copy.type = message_.type();
    copy.fields.clear();
    for (const fix::Field& field : message_.fields()) {
        if (!fix::is_framing(field.tag)) {
            copy.fields.emplace_back(field.tag, message_.value(field));
        }
    }
    return true;
}

FeedStatus CopyFeed::next(Copy& copy) {
    if (!found_ && !reader_.seek(first_)) {
        error_ = reader_.error();
        return error_.empty() ? FeedStatus::nothing_yet : FeedStatus::failed;
    }
    found_ = true;
    audit::RecordView view;
    audit::RecordStorage storage;
    audit::ReadStatus status = audit::ReadStatus::record;
    while ((status = reader_.next(view)) == audit::ReadStatus::record) {
        const risk::Record* record = audit::materialize(view, storage);
        if (record == nullptr) {
            error_ = "record " + std::to_string(view.header.sequence) + " cannot be read";
            return FeedStatus::failed;
        }
        risk::Answered answered;
        const audit::Bytes decided = view.section(audit::SectionKind::decision);
        const bool has_answer = decided.size() == sizeof answered;
        if (has_answer) {
            std::memcpy(&answered, decided.data(), sizeof answered);
        }
        const audit::Told& told = teller_.tell(*record, has_answer ? &answered : nullptr,
                                               view.section(audit::SectionKind::received));
        // Only what a client was told: an answer that its session does not ask for has no number of its.
        const bool was_told = has_answer && answered.routing.client_number != 0 &&
                              answered.decision.answer != risk::Answer::none &&
                              answered.decision.answer != risk::Answer::business_reject;
        if (!was_told) {
            continue;
        }
        copy.sequence = record->sequence;
        copy.session = answered.routing.client_session;
        copy.investor = told.investor;
        copy.account = told.account;
        if (!encode(*record, answered, copy)) {
            error_ = "record " + std::to_string(record->sequence) + ": its report cannot be encoded";
            return FeedStatus::failed;
        }
        return FeedStatus::copy;
    }
    if (status == audit::ReadStatus::damaged) {
        error_ = reader_.error();
        return FeedStatus::failed;
    }
    return FeedStatus::nothing_yet;
}

DayStart::DayStart(const audit::JournalPlace& journal, const std::string& front) : reader_(journal, front) {}

std::string DayStart::find(risk::Sequence& day, risk::Sequence& newest) {
    found_ = found_ || reader_.seek(1);
    audit::RecordView view;
    audit::ReadStatus status = found_ ? audit::ReadStatus::record : audit::ReadStatus::end;
    while (found_ && (status = reader_.next(view)) == audit::ReadStatus::record) {
        newest_ = view.header.sequence;
        if (view.header.kind == static_cast<std::uint16_t>(risk::RecordKind::day_start)) {
            day_ = newest_;
        }
    }
    day = day_;
    newest = newest_;
    return status == audit::ReadStatus::damaged || !found_ ? reader_.error() : "";
}

}  // namespace fairlead::dropcopy
