// What the history thread answers; see history.hpp.
#include "gateway/history.hpp"

#include <cstring>

#include "audit/journal_reader.hpp"
#include "gateway/core.hpp"
#include "gateway/fix/reader.hpp"
#include "gateway/fix/session.hpp"
#include "gateway/orders/client_reports.hpp"

namespace fairlead::gateway {

namespace {

// Reading so many Records costs less than finding the place again.
constexpr risk::Sequence near_records = 4096;

// A message the journal keeps as sent: its body goes out again under its old number.
std::size_t copy_again(fix::Encoder& encoder, std::span<char> out, const fix::HeaderTemplate& header,
                       audit::Bytes kept, std::uint64_t number, risk::UtcNs now, risk::UtcNs original) {
    fix::Message message;
    const fix::Reader reader(kept.size() + 1);
    const std::span<const char> text(reinterpret_cast<const char*>(kept.data()), kept.size());
    if (reader.read(text, message).status != fix::ReadStatus::complete) {
        return 0;
    }
    encoder.begin(out, header, message.type(), number, now, {true, original});
    for (const fix::Field& field : message.fields()) {
        if (!fix::is_framing(field.tag)) {
            encoder.add(field.tag, message.value(field));
        }
    }
    return encoder.finish();
}

// Reads the Record of a sequence: onward from where the reader stands when it is near, else by a seek.
bool read_on(audit::HistoryReader& reader, risk::Sequence stands_at, risk::Sequence wanted,
             audit::RecordView& view) {
    const bool near = stands_at != 0 && stands_at < wanted && wanted - stands_at <= near_records;
    if (!near && !reader.seek(wanted)) {
        return false;
    }
    while (reader.next(view) == audit::ReadStatus::record) {
        if (view.header.sequence >= wanted) {
            return view.header.sequence == wanted;
        }
    }
    return false;
}

}  // namespace

void History::answer(const HistoryRequest& request, HistoryAnswer& into) {
    into.session = request.session;
    into.generation = request.generation;
    into.complete = true;
    into.pieces.clear();
    into.bytes.clear();
    audit::HistoryReader reader(places_.journal, places_.front_directory);
    fix::Encoder encoder;
    std::array<char, Core::message_room> text{};
    const SystemClock clock;
    risk::Sequence read_up_to = 0;  // where the reader stands; 0 = nowhere
    for (std::size_t i = 0; i < request.count; ++i) {
        const HistoryItem& item = request.items[i];
        std::size_t length = 0;
        risk::Sequence gate = 0;
        if (item.sequence == 0) {
            length = fix::encode_gap_fill(encoder, text, *request.header, item.number, item.new_number,
                                          clock.utc_ns());
        } else {
            audit::RecordView view;
            audit::RecordStorage storage;
            const bool found = read_on(reader, read_up_to, item.sequence, view);
            read_up_to = found ? item.sequence : 0;
            const risk::Record* record = found ? audit::materialize(view, storage) : nullptr;
            const audit::Bytes decided =
                record != nullptr ? view.section(audit::SectionKind::decision) : audit::Bytes{};
            if (record != nullptr && record->kind == risk::RecordKind::session_sent) {
                length =
                    copy_again(encoder, text, *request.header, view.section(audit::SectionKind::received),
                               item.number, clock.utc_ns(), record->utc_ns);
            } else if (record != nullptr && decided.size() == sizeof(risk::Answered)) {
                risk::Answered answered;
                std::memcpy(&answered, decided.data(), sizeof answered);
                const ClientMessage message{text, request.header, item.number, clock.utc_ns(),
                                            record->utc_ns};
                length = encode_answer(encoder, message, *record, answered.decision, answered.routing);
            }
            gate = item.sequence;
        }
        if (length == 0) {
            into.complete = false;
            return;
        }
        into.pieces.push_back({length, gate});
        into.bytes.insert(into.bytes.end(), text.data(), text.data() + length);
    }
}

}  // namespace fairlead::gateway
