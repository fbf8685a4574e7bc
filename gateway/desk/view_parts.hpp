// The pieces that several views are made of: one row, one word. For views.cpp and views_orders.cpp alone.
#pragma once

#include "gateway/desk/views.hpp"

namespace fairlead::desk {

[[nodiscard]] std::string_view venue_name(risk::Venue venue) noexcept;
[[nodiscard]] Json time_or_null(risk::UtcNs at);
[[nodiscard]] Json permille_json(std::uint16_t permille);
// As a browser shows it; empty when there is none.
[[nodiscard]] std::string address_text(const std::array<std::uint8_t, 16>& address);
[[nodiscard]] Json usage_row(risk::Dimension dimension, risk::Amount used, const risk::LimitInForce& limit);
[[nodiscard]] std::string halt_target(const risk::HaltFacts& facts, const risk::InvestorId& investor,
                                      const risk::AccountKey& account, audit::Masking masking);
[[nodiscard]] Json order_row(const OrderEntry& order, const Asked& asked);
[[nodiscard]] Json proposal_row(const DeskState& state, risk::Sequence sequence,
                                const ProposalFigures& proposal, std::size_t batch_size, const Asked& asked);
// The credit figures of a Decision; null when no Limit was looked at.
[[nodiscard]] Json credit_row(const DeskState& state, const risk::Decision& decision);

}  // namespace fairlead::desk
