// A small world, exhaustively: every order of up to three lots at three prices, with every replace and a
// cancel, against a venue that answers, cuts, refuses and fills in every order, its answers and its fills
// arriving in every order two lines can give. No venue event may raise what is used, save a sell filled
// above its price; and when all is told, the reserve is what is left at the venue and no more.
#include <catch2/catch.hpp>
#include <deque>
#include <set>

#include "tests/risk/world.hpp"

namespace fairlead::tests {
namespace {

struct Plan {
    Side side = Side::buy;
    Quantity quantity = 0;
    Price price = 0;
    Quantity replaced_quantity = 0;  // 0 = no replace
    Price replaced_price = 0;
    bool cancels = false;
    bool two_channels = false;  // fills come by a line of their own and carry no order with answers
};

// What can happen next.
enum class Act : std::uint8_t {
    client_replaces,
    client_cancels,
    venue_takes,    // accepts the next command
    venue_cuts,     // accepts a New with one lot less
    venue_refuses,  // refuses the next command
    venue_fills,    // one lot at the order's price
    venue_betters,  // one lot, one tick better for the client
    answer_arrives,
    fill_arrives,
};
constexpr std::array all_acts{Act::client_replaces, Act::client_cancels, Act::venue_takes,
                              Act::venue_cuts,      Act::venue_refuses,  Act::venue_fills,
                              Act::venue_betters,   Act::answer_arrives, Act::fill_arrives};

// The venue's own book of this one order, and what is on the lines. Shares nothing with the Ledger.
class Small {
  public:
    Small(World& world, const Plan& plan, int number)
        : world_(world), plan_(plan), number_(std::to_string(number)) {
        NewOrder order = world.order(id("N").c_str(), plan.side, plan.quantity, plan.price);
        order_ = world.send(order);
        REQUIRE(order_.outcome == Outcome::accepted);
        commands_.push_back('N');
    }

    // Does it if it can happen now; says whether it could.
    bool act(Act what, bool check) {
        const Amount before = used();
        switch (what) {
            case Act::client_replaces: {
                if (plan_.replaced_quantity == 0 || replace_ != 0) {
                    return false;
                }
                const Decision asked = world_.replace(id("N").c_str(), id("R").c_str(),
                                                      plan_.replaced_quantity, plan_.replaced_price);
                if (asked.outcome != Outcome::accepted) {
                    return false;
                }
                replace_ = asked.sequence;
                commands_.push_back('R');
                return true;
            }
            case Act::client_cancels: {
                if (!plan_.cancels || cancel_ != 0) {
                    return false;
                }
                const std::string& name =
                    world_.ledger->order(order_.order_slot).client_order_id.bytes[0] == 'N' ? id("N")
                                                                                            : id("R");
                const Decision asked = world_.cancel(name.c_str(), id("C").c_str());
                if (asked.outcome != Outcome::accepted) {
                    return false;
                }
                cancel_ = asked.sequence;
                commands_.push_back('C');
                if (check) {
                    REQUIRE(used() == before);
                }
                return true;
            }
            case Act::venue_takes:
                return take(0);
            case Act::venue_cuts:
                return !commands_.empty() && commands_.front() == 'N' && plan_.quantity > 1'000 &&
                       take(1'000);
            case Act::venue_refuses:
                return refuse();
            case Act::venue_fills:
                return fill(0);
            case Act::venue_betters:
                return fill(plan_.side == Side::buy ? -5'000 : 5'000);
            case Act::answer_arrives:
                return arrive(answers_, check, before);
            case Act::fill_arrives:
                return plan_.two_channels && arrive(fills_, check, before);
        }
        return false;
    }

    [[nodiscard]] bool quiet() const { return commands_.empty() && answers_.empty() && fills_.empty(); }
    void check_quiet() const {
        const Order& order = world_.ledger->order(order_.order_slot);
        REQUIRE(order.reserve == open_ * price_);
        REQUIRE(order.reserve_quantity == open_);
        REQUIRE(order.filled == filled_);
        REQUIRE(order.open() == (open_ > 0));
        REQUIRE(order.replace.command == 0);
        REQUIRE(order.cancel.command == 0);
    }
    // Everything that what comes next can depend on.
    [[nodiscard]] std::string state() const {
        const Order& order = world_.ledger->order(order_.order_slot);
        std::string text = commands_ + "|";
        for (const auto* line : {&answers_, &fills_}) {
            for (const Told& told : *line) {
                text += std::to_string(static_cast<int>(told.kind)) + told.command +
                        std::to_string(told.quantity) + "@" + std::to_string(told.price) + "/" +
                        std::to_string(told.filled) + ",";
            }
            text += "|";
        }
        for (const std::int64_t number :
             {open_, price_, filled_, order.quantity, order.filled, order.reported_filled, order.worst,
              order.price, order.reserve, Amount{order.flags}, Amount{static_cast<int>(order.ended)},
              Amount{order.replace.command != 0}, Amount{order.cancel.command != 0}, Amount{replace_ != 0},
              Amount{cancel_ != 0}, Amount{order.client_order_id.bytes[0]}}) {
            text += std::to_string(number) + " ";
        }
        return text;
    }

  private:
    struct Told {
        OrderStatus kind = OrderStatus::none;
        char command = 'N';
        Quantity quantity = 0;
        Price price = 0;
        Quantity filled = 0;
    };

    [[nodiscard]] std::string id(const char* kind) const { return kind + number_; }
    [[nodiscard]] Amount used() const {
        const Exposure& exposure = world_.investor();
        return plan_.side == Side::buy ? exposure.executed_buy + exposure.open_buy
                                       : exposure.executed_sell + exposure.open_sell;
    }

    bool take(Quantity cut) {
        if (commands_.empty()) {
            return false;
        }
        const char command = commands_.front();
        if (command == 'N') {
            open_ = plan_.quantity - cut;
            price_ = plan_.price;
            answers_.push_back({OrderStatus::created, 'N', open_, 0, 0});
        } else if (open_ == 0) {
            return false;  // nothing left: only a refusal
        } else if (command == 'C') {
            answers_.push_back({OrderStatus::cancelled, 'C', open_, 0, filled_});
            open_ = 0;
        } else if (plan_.replaced_quantity < plan_.quantity) {
            const Quantity removed = std::min(plan_.quantity - plan_.replaced_quantity, open_);
            open_ -= removed;
            answers_.push_back({OrderStatus::replaced, 'R', removed, 0, filled_});
        } else {
            price_ = plan_.replaced_price;
            answers_.push_back({OrderStatus::replaced, 'R', open_, price_, filled_});
        }
        commands_.erase(0, 1);
        return true;
    }

    bool refuse() {
        if (commands_.empty()) {
            return false;
        }
        answers_.push_back({OrderStatus::rejected, commands_.front(), 0, 0, filled_});
        commands_.erase(0, 1);
        return true;
    }

    bool fill(Price better) {
        if (open_ == 0) {
            return false;
        }
        open_ -= 1'000;
        filled_ += 1'000;
        (plan_.two_channels ? fills_ : answers_)
            .push_back({OrderStatus::trade, 'N', 1'000, price_ + better, filled_});
        return true;
    }

    bool arrive(std::deque<Told>& line, bool check, Amount before) {
        if (line.empty()) {
            return false;
        }
        const Told told = line.front();
        line.pop_front();
        const Sequence command = told.command == 'N'   ? order_.order_key
                                 : told.command == 'R' ? replace_
                                                       : cancel_;
        Decision decision;
        if (told.kind == OrderStatus::rejected) {
            decision = world_.refuse(order_, command);
        } else {
            VenueReport report = world_.report(order_, told.kind, command);
            report.facts.order_quantity = told.quantity;
            report.facts.leaves_quantity = told.kind == OrderStatus::created ? told.quantity : 0;
            report.facts.last_quantity = told.quantity;
            report.facts.last_price = told.price;
            report.facts.execution_id = ExecutionId{"B" + std::to_string(told.filled)};
            report.facts.filled_quantity =
                plan_.two_channels && told.kind != OrderStatus::trade ? told.filled : -1;
            decision = world_.tell(report);
        }
        if (check) {
            const Amount after = used();
            const bool named = plan_.side == Side::sell && (decision.flags & improvement_flag) != 0;
            REQUIRE((after <= before || named));
            REQUIRE((decision.flags & overfill_flag) == 0);
            REQUIRE(world_.ledger->order(order_.order_slot).reserve >= 0);
        }
        return true;
    }

    World& world_;
    const Plan& plan_;
    std::string number_;
    Decision order_;
    Sequence replace_ = 0;
    Sequence cancel_ = 0;
    std::string commands_;  // on their way to the venue
    std::deque<Told> answers_;
    std::deque<Told> fills_;
    Quantity open_ = 0;
    Quantity filled_ = 0;
    Price price_ = 0;
};

class Explorer {
  public:
    void explore(const Plan& plan) {
        std::set<std::string> seen;
        std::deque<std::vector<Act>> waiting{{}};
        while (!waiting.empty()) {
            const std::vector<Act> path = waiting.front();
            waiting.pop_front();
            for (const Act act : all_acts) {
                Small small(fresh_world(), plan, ++orders_);
                for (const Act earlier : path) {
                    REQUIRE(small.act(earlier, false));
                }
                if (!small.act(act, true)) {
                    continue;
                }
                ++steps;
                if (small.quiet()) {
                    small.check_quiet();
                    ++quiet_ends;
                }
                if (seen.insert(small.state()).second) {
                    waiting.push_back(path);
                    waiting.back().push_back(act);
                }
            }
        }
        states += seen.size();
    }

    std::size_t steps = 0;
    std::size_t states = 0;
    std::size_t quiet_ends = 0;

  private:
    // One Ledger serves many orders; a new one before it fills.
    World& fresh_world() {
        if (world_ == nullptr || world_->ledger->counts().orders + 2 > small_sizes().orders_max ||
            world_->ledger->counts().executions + 8 > small_sizes().executions_max) {
            Reference reference = make_reference();
            reference.opening_limits.clear();
            give_all(reference, 1, unlimited, unlimited);
            reference.rules.refuse_self_match = false;
            reference.accounts[1].flags |= account_no_inventory_check;
            world_ = std::make_unique<World>(std::move(reference));
        }
        return *world_;
    }

    std::unique_ptr<World> world_;
    int orders_ = 0;
};

}  // namespace

TEST_CASE("in_the_small_world_no_venue_event_raises_usage_and_every_reserve_ends_exact") {
    Explorer explorer;
    constexpr std::array<Price, 3> prices{100 * ntd, 101 * ntd, 102 * ntd};
    for (const bool two_channels : {false, true}) {
        for (const Side side : {Side::buy, Side::sell}) {
            for (Quantity quantity = 1'000; quantity <= 3'000; quantity += 1'000) {
                for (const bool cancels : {false, true}) {
                    Plan plan{side, quantity, prices[1], 0, 0, cancels, two_channels};
                    explorer.explore(plan);
                    for (const Price price : {prices[0], prices[2]}) {
                        plan.replaced_quantity = quantity;
                        plan.replaced_price = price;
                        explorer.explore(plan);
                    }
                    for (Quantity cut = 1'000; cut < quantity; cut += 1'000) {
                        plan.replaced_quantity = cut;
                        plan.replaced_price = prices[1];
                        explorer.explore(plan);
                    }
                }
            }
        }
    }
    CHECK(explorer.states > 10'000);
    CHECK(explorer.quiet_ends > 500);
    UNSCOPED_INFO(explorer.states << " states, " << explorer.steps << " steps");
    SUCCEED();
}

}  // namespace fairlead::tests
