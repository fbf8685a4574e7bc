// Client reports: what a client is told about a Record, encoded from the Journal's own words (Record,
// Decision, Routing) and nothing else, so that a resend says exactly what was said the first time.
// ExecutionReport, OrderCancelReject, OrderMassCancelReport and BusinessMessageReject; not the session's
// own messages, which are gateway/fix. Pure, no allocation; called by the order thread.
#pragma once

#include <cstddef>
#include <span>

#include "gateway/fix/encoder.hpp"
#include "gateway/orders/client_commands.hpp"
#include "risk/routing.hpp"

namespace fairlead::gateway {

// One outgoing message of a client session.
struct ClientMessage {
    std::span<char> out;                          // where it is written
    const fix::HeaderTemplate* header = nullptr;  // the session's comp ids
    std::uint64_t number = 0;                     // MsgSeqNum (34), from Routing
    risk::UtcNs sending_time_ns = 0;
    risk::UtcNs original_sending_time_ns = 0;  // 0: the first time; else PossDupFlag=Y, OrigSendingTime
};

// The length of the message, from out[0] on; 0 when it did not fit. `decision.answer` says which message;
// with Answer::none nothing is written.
[[nodiscard]] std::size_t encode_answer(fix::Encoder& encoder, const ClientMessage& message,
                                        const risk::Record& record, const risk::Decision& decision,
                                        const risk::Routing& routing) noexcept;

// A refusal of the translation, which no Record of the Ledger stands behind.
[[nodiscard]] std::size_t encode_business_reject(fix::Encoder& encoder, const ClientMessage& message,
                                                 const BusinessReject& reject) noexcept;

// AvgPx (6): the sum of price x quantity over the quantity, rounded half up to 1/10,000 NTD. 0 without
// a fill.
[[nodiscard]] risk::Price average_price(risk::Amount filled_amount, risk::Quantity filled) noexcept;

}  // namespace fairlead::gateway
