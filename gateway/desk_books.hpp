// DeskBooks: what the order thread remembers for the risk desk beside the Ledger, and which Records move it:
// the live ones as the Sequencer makes them, and the same in replay. Which Records concern it is known at
// compile time for those made here, so an order's cost is one mark. Order thread only.
#pragma once

#include <type_traits>

#include "gateway/proposal_book.hpp"
#include "gateway/usage_levels.hpp"

namespace fairlead::gateway {

struct DeskBooks {
    explicit DeskBooks(const config::GatewayConfig& config)
        : proposals(config.control.proposals), levels(config.sizes.accounts, risk::Sizes{}.branches_max) {}

    ProposalBook proposals;
    UsageLevels levels;

    template <class T>
    void follow(const T& record, const risk::Decision& decision, const risk::Ledger& ledger) noexcept {
        using namespace risk;
        if constexpr (std::is_same_v<T, NewOrder> || std::is_same_v<T, ReplaceOrder> ||
                      std::is_same_v<T, VenueReport> || std::is_same_v<T, VenueReject> ||
                      std::is_same_v<T, Resolved> || std::is_same_v<T, WaitExpired> ||
                      std::is_same_v<T, FillAdjusted>) {
            if (decision.order_slot != 0) {
                levels.touch({Scope::account, ledger.order(decision.order_slot).account});
            }
        } else if constexpr (std::is_same_v<T, Proposal> || std::is_same_v<T, Approval> ||
                             std::is_same_v<T, LimitTerm>) {
            proposals.follow(record);
        } else if constexpr (std::is_same_v<T, Resume>) {
            proposals.follow(record, decision);
        } else if constexpr (std::is_same_v<T, LimitSet>) {
            proposals.follow(record, decision);
            levels.touch(owner_of(ledger, record.facts.scope, record.subject));
        } else if constexpr (std::is_same_v<T, UsageLevel>) {
            levels.follow(record, owner_of(ledger, record.facts.scope, record.subject));
        } else if constexpr (std::is_same_v<T, DayStart>) {
            proposals.follow(record);
            levels.start_day();
        }
    }
};

}  // namespace fairlead::gateway
