// trail: the whole life of an order, or all acts of an investor, a session or a user, in time order (R21,
// R22).
#pragma once

#include <string>
#include <vector>

#include "audit/examine/exposures.hpp"

namespace fairlead::audit {

enum class TrailOf : std::uint8_t { order, investor, session, user };

struct TrailOptions {
    JournalPlace place;
    TrailOf of = TrailOf::order;
    // order: a ClOrdID, SESSION/ClOrdID, the sequence of its New, or the venue's order number. session: the
    // number of a session or line, or a client's CompID.
    std::string name;
    risk::UtcNs from = 0;
    risk::UtcNs to = INT64_MAX;
    TableFormat format = TableFormat::text;
    Language language = Language::english;
    Masking masking = Masking::masked;
};

struct TrailResult {
    std::string error;                    // damage; or that there is no such thing; or that there are several
    bool asked_wrongly = false;           // there is no such thing, or there are several
    std::vector<std::string> candidates;  // orders that are all called so, one line each
    std::uint64_t rows = 0;
};

// "order:X", "investor:X", "session:X" or "user:X". Empty text: read.
[[nodiscard]] std::string parse_trail(std::string_view text, TrailOptions& into);

// Writes row by row. Memory: one entry an order of the day, and the rows of one order.
[[nodiscard]] TrailResult write_trail(const TrailOptions& options, const Sink& sink);

}  // namespace fairlead::audit
