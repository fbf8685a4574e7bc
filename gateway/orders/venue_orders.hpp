// Venue orders: New, Replace, Cancel and Status as a venue line takes them (D, G, F, H), from a Record
// and the order's terms. Exactly the venue's fields: 12-byte ClOrdID, five-character order number,
// board lots or shares by sub-system. Decides nothing: the Ledger has accepted the command. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "gateway/fix/encoder.hpp"
#include "gateway/orders/session_kinds.hpp"
#include "risk/record.hpp"

namespace fairlead::gateway {

// The order a message is about, as the Ledger has it before the command takes effect. Filled by the
// order thread from the Ledger's order, its security and the order's Routing.
struct OrderTerms {
    risk::Sequence order_key = 0;
    std::uint64_t original_id = 0;  // the order's ClOrdID at the venue; 0 = its key
    risk::AccountKey account;
    risk::Symbol symbol;
    risk::OrderNumber order_number;
    risk::Price price = 0;       // in force; 0 for market
    risk::Quantity ordered = 0;  // total in force, shares
    risk::Quantity filled = 0;   // shares
    risk::Quantity lot = 1000;   // shares of one board lot
    risk::Side side = risk::Side::none;
    risk::OrderType order_type = risk::OrderType::none;
    risk::TimeInForce time_in_force = risk::TimeInForce::rest_of_day;
    risk::SessionKind session_kind = risk::SessionKind::regular;
    risk::CreditType credit_type = risk::CreditType::cash;
    risk::Channel channel = risk::Channel::dma;
};

// What was written. length 0: nothing, and `problem` names the field and the rule; that is a broken
// promise of the caller (the Ledger would have refused the command), never the client's doing.
struct VenueMessage {
    std::size_t length = 0;
    char type = '\0';  // D, G, F or H
    const char* problem = nullptr;
};

// One outgoing message of a line.
struct LineMessage {
    std::span<char> out;                          // where it is written, from out[0] on
    const fix::HeaderTemplate* header = nullptr;  // the line's comp ids
    std::uint64_t number = 0;                     // MsgSeqNum (34), from Routing
    risk::UtcNs sending_time_ns = 0;
    std::uint64_t identifier_shift = 0;  // ClOrdID (11) is the Record's sequence plus this (VenueIds)
};

[[nodiscard]] VenueMessage encode_new(fix::Encoder& encoder, const LineMessage& message,
                                      const risk::NewOrder& command, const OrderTerms& terms) noexcept;

// G with the quantity to remove or with the new price; F when nothing would be left (a full cut).
[[nodiscard]] VenueMessage encode_replace(fix::Encoder& encoder, const LineMessage& message,
                                          const risk::ReplaceOrder& command,
                                          const OrderTerms& terms) noexcept;

// Client's, mass and gateway-made cancels alike; only the Record's sequence and time are used.
[[nodiscard]] VenueMessage encode_cancel(fix::Encoder& encoder, const LineMessage& message,
                                         const risk::Record& command, const OrderTerms& terms) noexcept;

// `asked_by`: the Record whose sequence, shifted, becomes ClOrdID, by which the answer is known: an
// OrderStatusRequest of a client, or the gateway's own question about an order in doubt.
[[nodiscard]] VenueMessage encode_status(fix::Encoder& encoder, const LineMessage& message,
                                         risk::Sequence asked_by, const OrderTerms& terms) noexcept;

// Any of the four by the Record's kind.
[[nodiscard]] VenueMessage encode_command(fix::Encoder& encoder, const LineMessage& message,
                                          const risk::Record& command, const OrderTerms& terms) noexcept;

}  // namespace fairlead::gateway
