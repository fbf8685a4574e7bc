// Oracle: the second, slower opinion on the Ledger. It keeps lists of orders and fills, adds up every sum
// from them again after each Record, in 128 bits, and shares the words but no code with risk/.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "risk/decision.hpp"
#include "risk/reference.hpp"

namespace fairlead::tests {

__extension__ using Wide = __int128;

struct OracleFill {
    Wide quantity = 0;
    Wide price = 0;
    std::string execution;
};
struct OracleCommand {
    risk::Sequence sequence = 0;
    std::string id;
    Wide quantity = 0;
    Wide price = 0;
    Wide worst = 0;
    bool by_gateway = false;
};
struct OracleOrder {
    risk::Sequence key = 0;
    std::uint32_t session = 0;
    std::string id;
    std::uint32_t account = 0;
    std::uint32_t investor = 0;
    std::uint32_t branch = 0;
    std::uint32_t security = 0;
    risk::Side side = risk::Side::none;
    risk::OrderType type = risk::OrderType::none;
    risk::CreditType credit = risk::CreditType::cash;
    Wide total = 0;     // Q
    Wide reported = 0;  // K
    Wide price = 0;
    Wide worst = 0;
    std::vector<OracleFill> fills;
    std::optional<OracleCommand> replace;
    std::optional<OracleCommand> cancel;
    std::set<risk::Sequence> doubts;
    bool acknowledged = false;
    bool old_price_fills = false;  // fills before the last repricing are still to be shown
    char ended = 0;                // OrdStatus letter, 0 = open

    [[nodiscard]] Wide filled() const;
    [[nodiscard]] Wide filled_amount() const;
    [[nodiscard]] Wide leaves() const;
    [[nodiscard]] Wide reserve() const;  // NTD/10,000, by trying every number of fills
    [[nodiscard]] Wide reserve_shares() const;
    [[nodiscard]] char status() const;
};

// What the Ledger's Decision must say.
struct Expected {
    risk::Outcome outcome = risk::Outcome::noted;
    risk::Reason reason = risk::Reason::none;
    risk::Answer answer = risk::Answer::none;
    char exec_type = 0;  // looked at only where a client is told by ExecutionReport
    const OracleOrder* order = nullptr;
    std::string id;
    std::string original;
    unsigned flags = 0;
    risk::Sequence related = 0;  // looked at where not 0
};

struct Sums {
    Wide executed_buy = 0;
    Wide executed_sell = 0;
    Wide open_buy = 0;
    Wide open_sell = 0;
    Wide offset = 0;
    Wide shares_bought = 0;
    Wide shares_sold = 0;
    Wide open_bought = 0;
    Wide open_sold = 0;
};

class Oracle {
  public:
    explicit Oracle(const risk::Reference& reference);

    Expected new_order(const risk::NewOrder& command);
    Expected replace(const risk::ReplaceOrder& command);
    Expected cancel(const risk::CancelOrder& command);
    Expected report(const risk::VenueReport& report);
    Expected reject(const risk::VenueReject& reject);
    Expected doubt(const risk::InDoubt& doubt);
    Expected resolve(const risk::Resolved& resolved);
    Expected expire(const risk::WaitExpired& expired);  // or halted_unsent
    // The halt that keeps a New or Replace which waits from being sent.
    risk::Reason halt_before_sending(risk::Sequence command);
    Expected limit_set(const risk::LimitSet& set);
    Expected halt(risk::Scope scope, const std::string& name, bool on);

    // Sums over the orders for which `take` holds; the offset is added up security by security.
    template <class Take>
    [[nodiscard]] Sums sums(Take take) const {
        Sums total;
        std::map<std::uint32_t, std::pair<Wide, Wide>> sides;
        for (const OracleOrder& order : orders) {
            if (!take(order)) {
                continue;
            }
            const bool buy = order.side == risk::Side::buy;
            const Wide executed = order.filled_amount();
            const Wide open = order.reserve();
            (buy ? total.executed_buy : total.executed_sell) += executed;
            (buy ? total.open_buy : total.open_sell) += open;
            (buy ? total.shares_bought : total.shares_sold) += order.filled();
            (buy ? total.open_bought : total.open_sold) += order.reserve_shares();
            auto& side = sides[order.security];
            (buy ? side.first : side.second) += executed + open;
        }
        for (const auto& [security, side] : sides) {
            total.offset += side.first < side.second ? side.first : side.second;
        }
        return total;
    }

    std::vector<OracleOrder> orders;
    Wide reported = 0;
    std::set<std::string> halts;

  private:
    OracleOrder* find(risk::Sequence key);
    OracleOrder* named(std::uint32_t session, const std::string& id);
    risk::Reason screen(const risk::NewOrder& command, OracleOrder& asked, risk::Sequence& related);
    risk::Reason check_rules(const OracleOrder& asked);
    risk::Reason check_shares(const OracleOrder& asked);
    // `before` and `after` are the same order, before and after what is asked; null before a New.
    risk::Reason check_limits(const OracleOrder* before, const OracleOrder& after);
    risk::Reason crosses(const OracleOrder& asked, risk::Sequence& related);
    risk::Reason halted(const OracleOrder& asked);
    Wide limit(risk::Scope scope, std::uint32_t row, risk::Dimension dimension, std::uint32_t security = 0);
    Wide worst(const OracleOrder& order, Wide price);
    Expected told(OracleOrder& order, char exec_type);
    Expected status_told(OracleOrder& order, const risk::VenueReportFacts& facts);
    static risk::Reason cut(OracleOrder& order, Wide taken);
    Expected drop(OracleOrder& order, risk::Sequence command, risk::Reason reason);
    Expected done_as_asked(OracleOrder& order);

    const risk::Reference& reference_;
    std::map<std::pair<std::uint32_t, std::string>, risk::Sequence> ids_;  // to the order's key
    std::map<std::string, Wide> limits_;
};

}  // namespace fairlead::tests
