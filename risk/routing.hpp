// Routing: the numbers a Record was given on its way out: which client message and which venue message
// it caused. Journaled right behind the Decision in section 4, before any byte leaves, so that a
// restart continues every conversation where the journal says it was.
#pragma once

#include "risk/decision.hpp"

namespace fairlead::risk {

// Why this line was chosen, shown to the examiner.
enum class LineChoice : std::uint8_t {
    none = 0,
    only_line = 1,
    least_used = 2,  // the open line of the venue with the most rate left, lowest number first
    order_line = 3,  // replace, cancel, status: the line its order went by
    waiting = 4,     // over the line's rate: no line yet, a `released` Record follows
};

struct Routing {
    std::uint32_t client_session = 0;  // 0 = no message to a client
    std::uint32_t line = 0;            // venue line, 0 = no message to a venue
    std::uint64_t client_number = 0;   // MsgSeqNum (34) of the client message
    std::uint64_t line_number = 0;     // MsgSeqNum (34) of the venue message
    OrderNumber order_number;          // 委託書號 of the order, once allocated
    LineChoice choice = LineChoice::none;
    std::array<std::uint8_t, 7> reserved{};
};

// What section 4 holds for Records the Ledger answered.
struct Answered {
    Decision decision;
    Routing routing;
};

static_assert(is_plain<Routing> && sizeof(Routing) == 40);
static_assert(is_plain<Answered> && sizeof(Answered) == 272);

}  // namespace fairlead::risk
