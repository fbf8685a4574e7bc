// One pass through a journal, each record told. Judges nothing but what makes reading impossible.
#pragma once

#include <cstring>

#include "audit/examine/replayer.hpp"
#include "audit/examine/teller.hpp"

namespace fairlead::audit {

// What a Told was told from.
struct Source {
    const risk::Record& record;
    const risk::Answered* answered;  // null: the record holds no decision
    Bytes raw;                       // as received; empty: nothing was
    const Hash& leaf;
};

// take(const Told&, const Source&), in journal order. Empty text: to the end; otherwise the damage that
// reading did not get past, what came before it having been told.
template <class Take>
[[nodiscard]] std::string tell_all(const JournalPlace& place, Language language, const Take& take) {
    JournalReader reader;
    if (!reader.open(place)) {
        return reader.error();
    }
    Teller teller(language);
    RecordView view;
    RecordStorage storage;
    ReadStatus status = ReadStatus::record;
    while ((status = reader.next(view)) == ReadStatus::record) {
        const risk::Record* record = materialize(view, storage);
        if (record == nullptr) {
            return "record " + std::to_string(view.header.sequence) +
                   ": facts or person have not the size of their type: run verify";
        }
        risk::Answered answered;
        const Bytes decided = view.section(SectionKind::decision);
        const bool has_answer = decided.size() == sizeof answered;
        if (has_answer) {
            std::memcpy(&answered, decided.data(), sizeof answered);
        }
        const Source source{*record, has_answer ? &answered : nullptr, view.section(SectionKind::received),
                            reader.leaf()};
        take(teller.tell(*record, source.answered, source.raw), source);
    }
    return status == ReadStatus::damaged ? reader.error() : "";
}

}  // namespace fairlead::audit
