// Dictionary: which fields and values a FIX 4.4 message may hold, on the client side and on the venue
// side, as the data dictionary in config/ tells clients. It judges one message and knows no session.
// Called by the session for every message in turn.
#pragma once

#include <cstdint>
#include <string_view>

#include "gateway/fix/message.hpp"

namespace fairlead::fix {

// FIX SessionRejectReason (373).
enum class RejectReason : std::int16_t {
    none = -1,
    invalid_tag_number = 0,
    required_tag_missing = 1,
    tag_not_for_message = 2,
    no_value = 4,
    value_incorrect = 5,
    format = 6,
    comp_id = 9,
    sending_time = 10,
    message_type = 11,
    repeated = 13,
    field_order = 14,
    group_order = 15,
    group_count = 16,
    other = 99,
};

// Who is on the other end. A client's message is held to the letter. A venue's may carry fields unknown
// here: refusing a report for them would lose a fill.
enum class Counterpart : std::uint8_t { client = 0, venue = 1 };

enum class MessageClass : std::uint8_t {
    session = 0,      // 0 1 2 3 4 5 A, and from clients j, which is not answered either
    application = 1,  // served
    unsupported = 2,  // of FIX 4.4, not served: BusinessMessageReject 3
    unknown = 3,      // no message type of FIX 4.4: Reject 11
};
[[nodiscard]] MessageClass classify(std::string_view type, Counterpart counterpart) noexcept;

// No one tag is to blame, or none that RefTagID could name. (A tag of 0 can be to blame.)
inline constexpr std::int64_t no_tag = INT64_MIN;

struct Fault {
    RejectReason reason = RejectReason::none;
    std::int64_t tag = no_tag;  // RefTagID (371)
    [[nodiscard]] explicit operator bool() const noexcept { return reason != RejectReason::none; }
};

// The first thing wrong with a message of a known class; none = good. Fields of the body are judged for
// served types only.
[[nodiscard]] Fault check(const Message& message, Counterpart counterpart) noexcept;

// One sentence for Text (58), without values a client sent.
[[nodiscard]] std::string_view reject_text(RejectReason reason) noexcept;

}  // namespace fairlead::fix
