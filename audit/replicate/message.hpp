// What stands in an archive's messages, written and read: the beginning, and records one behind the other.
// Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "audit/format.hpp"
#include "audit/hash.hpp"

namespace fairlead::audit {

// So large that a busy journal needs few messages, and well below the least that servers are set to take.
inline constexpr std::size_t message_bytes_max = 256 << 10;

// The first message of an archive. Behind it comes record `first`. When the journal's first records had been
// pruned before the archive began, `edge` are the roots of the complete subtrees over them: an examiner goes
// on from there, and since the root of a signed checkpoint must come of it, it cannot be made up.
struct ArchiveBeginning {
    risk::Sequence first = 1;
    std::vector<Hash> edge;
    [[nodiscard]] std::string text() const;
    // Empty text: read. Otherwise which rule it breaks.
    [[nodiscard]] static std::string parse(std::string_view text, ArchiveBeginning& into);
    bool operator==(const ArchiveBeginning&) const = default;
};

[[nodiscard]] Bytes bytes_of(std::string_view text) noexcept;

// Takes a message of records apart; the views point into it. Each record's own rules are checked, not the
// chain. Empty text: they fill it. Otherwise the offset and the rule that is broken there; `into` holds what
// came before.
[[nodiscard]] std::string split_records(std::string_view message, std::vector<RecordView>& into);

// Names a message's content.
[[nodiscard]] std::string records_id(risk::Sequence first, risk::Sequence last, const Hash& last_leaf);

// "records 5 to 9", "record 5".
[[nodiscard]] std::string range_text(risk::Sequence first, risk::Sequence last);

}  // namespace fairlead::audit
