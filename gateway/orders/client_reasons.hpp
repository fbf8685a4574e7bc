// Client reasons: the FIX 4.4 reject codes of each Reason, and the sentence a client reads. The codes
// are a table; the sentence is the reason's English text with the values of the Decision behind it.
#pragma once

#include <cstdint>

#include "gateway/orders/client_commands.hpp"
#include "gateway/orders/text_writer.hpp"
#include "risk/decision.hpp"

namespace fairlead::gateway {

// FIX codes of one Reason, for each message that can carry it.
struct ReasonCodes {
    std::uint8_t order_reject = 0;   // OrdRejReason (103) of an ExecutionReport
    std::uint8_t cancel_reject = 0;  // CxlRejReason (102) of an OrderCancelReject
    std::uint8_t mass_reject = 0;    // MassCancelRejectReason (532) of an OrderMassCancelReport
    BusinessReason business = BusinessReason::other;
};
[[nodiscard]] ReasonCodes reason_codes(risk::Reason reason) noexcept;

// CxlRejReason of a refusal by the venue, which its own code tells best.
[[nodiscard]] std::uint8_t venue_cancel_reject(risk::Venue venue, std::uint16_t venue_code) noexcept;

inline constexpr std::size_t reason_sentence_max = 320;
using ReasonSentence = TextWriter<reason_sentence_max>;

// "Buy limit exceeded: investor limit 1,000,000, used 900,000, this order 200,000 NTD."
// Nothing when the Decision has nothing to explain.
void write_reason(const risk::Decision& decision, ReasonSentence& out) noexcept;

}  // namespace fairlead::gateway
