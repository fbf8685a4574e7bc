// VenueStatus: the venue's status codes ("nnnn-TEXT" in tag 58) with their meaning and texts, for TWSE,
// TPEx and each of their sub-systems. A table, nothing more: the Ledger decides what to do with an
// order, the order thread what to do with a line. Called by venue_reports and client_reports.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "risk/words.hpp"

namespace fairlead::gateway {

// What a code means for the gateway.
enum class VenueMeaning : std::uint8_t {
    unknown = 0,          // a code the table does not have: refused as said, alarm
    refused = 1,          // this order or request is refused; nothing else follows
    retry_later = 2,      // the venue is matching: the same query may be asked again later
    order_not_found = 3,  // evidence that the venue does not have the order
    treat_as_cancel = 4,  // the rest of the order is gone: IOC, FOK, volatility interruption
    quantity_cut = 5,     // taken for less than asked: release the credit of the cut part
    no_leaves = 6,        // filled or cancelled already: its reports settle it
    broker_limit = 7,     // the broker's own limit at the venue: no new orders there, alarm
    wrong_locally = 8,    // our checks should have caught it: refused, alarm
    broken_encoder = 9,   // a field is missing or malformed: refused, alarm
    stop_line = 10,       // the venue counts this line's errors: stop sending, alarm
    in_doubt = 11,        // the venue does not know: ask or phone, keep the credit
    session_closed = 12,  // outside the venue's hours
    front_end_down = 13,  // the venue's front end is not ready: back off
};

struct VenueStatus {
    std::uint16_t code = 0;  // in its sub-system, without the prefix: 14 of 0014, 2014, C014, 7014
    VenueMeaning meaning = VenueMeaning::unknown;
    std::string_view english;
    std::string_view chinese;

    [[nodiscard]] constexpr bool alarms() const noexcept {
        return meaning == VenueMeaning::unknown || meaning == VenueMeaning::broker_limit ||
               meaning == VenueMeaning::wrong_locally || meaning == VenueMeaning::broken_encoder ||
               meaning == VenueMeaning::stop_line || meaning == VenueMeaning::in_doubt;
    }
};

// The status a venue_code stands for. Total: a code the table lacks gives one that says so. The
// sub-system is in the code's own first digit (0, 2, 7 or C).
[[nodiscard]] const VenueStatus& venue_status(risk::Venue venue, std::uint16_t venue_code) noexcept;

// Four characters as the venue writes them: "0014", "2014", "C014".
[[nodiscard]] std::array<char, 4> venue_code_text(std::uint16_t venue_code) noexcept;

// The code a report's Text begins with: 0 = none ("" or no four-character code). "C014" is 12014.
[[nodiscard]] std::uint16_t venue_code_of(std::string_view text) noexcept;

}  // namespace fairlead::gateway
