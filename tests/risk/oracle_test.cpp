// Random days against the Oracle: after every Record each counter, each order and the Decision must be
// what the naive sums say. FAIRLEAD_ORACLE_SEEDS and FAIRLEAD_ORACLE_RECORDS make it longer.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <random>

#include "tests/risk/oracle.hpp"
#include "tests/risk/world.hpp"

namespace fairlead::tests {
namespace {

long from_environment(const char* name, long otherwise) {
    const char* given = std::getenv(name);
    return given == nullptr ? otherwise : std::strtol(given, nullptr, 10);
}

// Limits near enough that refusals by each of them happen.
Reference tight_reference() {
    Reference reference = make_reference();
    reference.opening_limits.clear();
    reference.securities.resize(5);
    reference.securities[4].flags = 0;
    reference.securities[2].day_trade = DayTrade::buy_first;
    reference.securities[4].day_trade = DayTrade::barred;
    give_all(reference, 1, 6'000'000 * ntd, 60'000);
    give_all(reference, 2, 2'000'000 * ntd, 15'000);
    give(reference, Scope::account, 1, Dimension::buy, 4'000'000 * ntd);
    give(reference, Scope::account, 2, Dimension::net, 1'500'000 * ntd);
    give(reference, Scope::branch, 2, Dimension::gross_day, 7'000'000 * ntd);
    give(reference, Scope::firm, 0, Dimension::gross_day, 12'000'000 * ntd);
    give(reference, Scope::firm, 0, Dimension::reported, 60'000'000 * ntd);
    give(reference, Scope::investor, 1, Dimension::offset, 1'000'000 * ntd);
    give(reference, Scope::investor, 1, Dimension::symbol_long, 25'000, "2317");
    give(reference, Scope::account, 3, Dimension::offset, 300'000 * ntd);
    give(reference, Scope::investor, 2, Dimension::symbol_short, 3'000, "6488");
    reference.accounts[4].investor = 2;
    reference.accounts[4].flags = account_day_trade_signed;
    reference.accounts[4].credit_types = 0x7F;
    reference.inventory = {{1, 1, 30'000, 5'000}, {1, 2, 10'000, 0}, {2, 1, 20'000, 8'000},
                           {2, 3, 20'000, 0},     {3, 1, 20'000, 0}, {4, 2, 5'000, 4'000}};
    return reference;
}

class Run {
  public:
    explicit Run(std::uint64_t seed) : random_(seed), world_(tight_reference()), oracle_(world_.reference) {}

    void step() {
        switch (pick(26)) {
            case 0:
            case 1:
            case 2:
            case 3:
            case 4:
            case 5:
            case 6:
                new_order();
                break;
            case 7:
            case 8:
            case 9:
                replace();
                break;
            case 10:
            case 11:
                cancel();
                break;
            case 12:
            case 13:
            case 14:
                venue(OrderStatus::created);
                break;
            case 15:
            case 16:
            case 17:
                venue(OrderStatus::trade);
                break;
            case 18:
            case 19:
                venue(OrderStatus::replaced);
                break;
            case 20:
                venue(pick(3) == 0 ? OrderStatus::order_status : OrderStatus::cancelled);
                break;
            case 21:
                reject();
                break;
            case 22:
                doubt();
                break;
            case 23:
                settle_doubt();
                break;
            case 24:
                control();
                break;
            default:
                venue(pick(2) == 0 ? OrderStatus::trade_cancel : OrderStatus::rejected);
                break;
        }
        compare_counters();
    }

    std::map<Reason, int> reasons;

  private:
    std::uint64_t pick(std::uint64_t n) { return random_() % n; }
    // An order of the last forty, mostly an open one: most things happen to young orders.
    OracleOrder* some_order() {
        if (oracle_.orders.empty()) {
            return nullptr;
        }
        const std::size_t window = std::min<std::size_t>(oracle_.orders.size(), 40);
        OracleOrder* order = nullptr;
        for (int tries = 0; tries < 4 && (order == nullptr || order->ended != 0); ++tries) {
            order = &oracle_.orders[oracle_.orders.size() - 1 - pick(window)];
        }
        return order;
    }
    std::string new_id() {
        return pick(40) == 0 && next_id_ > 5 ? "I" + std::to_string(next_id_ - pick(5))
                                             : "I" + std::to_string(++next_id_);
    }
    Price some_price() {
        const Price price = 99 * ntd + static_cast<Price>(pick(21)) * 1'000;
        return pick(30) == 0 ? price + 1 : price > 100 * ntd ? price / 5'000 * 5'000 : price;
    }

    template <class T>
    Decision feed(T& record, RecordKind kind, std::uint32_t session) {
        const Decision decision = world_.feed(record, kind, session);
        ++reasons[decision.reason];
        return decision;
    }

    void new_order() {
        static constexpr std::array<const char*, 5> symbols{"2330", "2317", "6488", "1101", "none"};
        static constexpr std::array<CreditType, 6> credits{
            CreditType::cash, CreditType::cash,         CreditType::cash,
            CreditType::cash, CreditType::short_agency, CreditType::borrowed_short};
        const auto account = static_cast<std::uint32_t>(1 + pick(4));
        const Side side = pick(2) == 0 ? Side::buy : Side::sell;
        NewOrder order = world_.order(new_id().c_str(), side, static_cast<Quantity>(1 + pick(8)) * 1'000,
                                      some_price(), account, symbols[pick(30) == 0 ? 4 : pick(4)]);
        order.facts.credit_type = credits[pick(credits.size())];
        if (pick(10) == 0) {
            order.facts.order_type = OrderType::market;
            order.facts.price = pick(10) == 0 ? 100 * ntd : 0;
        }
        order.facts.quantity += pick(40) == 0 ? 1 : 0;
        order.person.account.number += pick(60) == 0 ? 1 : 0;
        order.facts.message_flags = pick(10) == 0 ? poss_resend_flag : 0;
        const std::uint32_t session = pick(3) == 0 ? 7 : 8;
        const Decision decision = feed(order, RecordKind::new_order, session);
        first_names_[decision.order_key] = order.facts.client_order_id.view();
        compare(oracle_.new_order(order), decision);
    }

    // Mostly the name a client should use; now and then an unknown, a pending or a superseded one.
    std::string some_name(const OracleOrder& order) {
        switch (pick(20)) {
            case 0:
                return new_id();
            case 1:
            case 2:
                return first_names_[order.key];
            case 3:
            case 4:
                return order.replace ? order.replace->id : order.id;
            default:
                return order.id;
        }
    }

    void replace() {
        const OracleOrder* order = some_order();
        if (order == nullptr) {
            return;
        }
        ReplaceOrder command;
        command.facts.client_order_id = ClientOrderId{new_id()};
        command.facts.original_client_order_id =
            ClientOrderId{pick(20) == 0                    ? new_id()
                          : order->replace && pick(2) == 0 ? order->replace->id
                                                           : order->id};
        command.facts.quantity = static_cast<Quantity>(order->total);
        command.facts.price = static_cast<Price>(order->price);
        if (pick(2) == 0) {
            command.facts.quantity -= static_cast<Quantity>(pick(5)) * (pick(20) == 0 ? 500 : 1'000);
        } else {
            command.facts.price = some_price();
        }
        command.facts.price = pick(20) == 0 ? 0 : command.facts.price;
        const Decision decision = feed(command, RecordKind::replace_order, order->session);
        compare(oracle_.replace(command), decision);
    }

    void cancel() {
        const OracleOrder* order = some_order();
        if (order == nullptr) {
            return;
        }
        CancelOrder command;
        command.facts.client_order_id = ClientOrderId{new_id()};
        if (pick(3) == 0) {
            command.facts.origin = CancelOrigin::halt;
            command.facts.order_key = order->key;
        } else {
            command.facts.original_client_order_id = ClientOrderId{some_name(*order)};
        }
        const Decision decision = feed(command, RecordKind::cancel_order, order->session);
        compare(oracle_.cancel(command), decision);
    }

    Sequence some_command(const OracleOrder& order) {
        const std::uint64_t which = pick(4);
        if (order.replace && which < 2) {
            return order.replace->sequence;
        }
        if (order.cancel && which != 3) {
            return order.cancel->sequence;
        }
        return order.key;
    }

    void venue(OrderStatus exec_type) {
        const OracleOrder* order = some_order();
        if (order == nullptr) {
            return;
        }
        VenueReport told;
        told.facts.order_key = pick(60) == 0 ? order->key + 1'000'000 : order->key;
        told.facts.command = some_command(*order);
        told.facts.exec_type = exec_type;
        told.facts.filled_quantity = -1;
        const auto open = static_cast<Quantity>(order->leaves());
        if (exec_type == OrderStatus::created && pick(4) == 0) {
            told.facts.order_quantity = told.facts.leaves_quantity = static_cast<Quantity>(pick(4)) * 1'000;
        }
        if (exec_type == OrderStatus::trade) {
            told.facts.last_quantity = static_cast<Quantity>(1 + pick(6)) * 500;
            if (pick(12) != 0) {
                told.facts.last_quantity = std::max<Quantity>(std::min(told.facts.last_quantity, open), 500);
            }
            const Price at = order->price != 0 ? static_cast<Price>(order->price) : 100 * ntd;
            told.facts.last_price = at + (static_cast<Price>(pick(5)) - 2) * 1'000;
            told.facts.execution_id =
                ExecutionId{"B" + std::to_string(pick(25) == 0 ? next_execution_ : ++next_execution_)};
        }
        if (exec_type == OrderStatus::replaced && pick(3) == 0) {
            told.facts.order_quantity = static_cast<Quantity>(1 + pick(3)) * 1'000;
            told.facts.filled_quantity = static_cast<Quantity>(pick(4)) * 500;
        }
        if (exec_type == OrderStatus::replaced && pick(10) == 0) {
            told.facts.order_status = OrderStatus::cancelled;
            told.facts.filled_quantity = static_cast<Quantity>(pick(4)) * 500;
        }
        if (exec_type == OrderStatus::order_status) {
            told.facts.order_status = pick(6) == 0 ? OrderStatus::cancelled : OrderStatus::created;
            told.facts.filled_quantity = static_cast<Quantity>(pick(5)) * 500 - 500;
            told.facts.filled_quantity = std::max<Quantity>(told.facts.filled_quantity, -1);
            told.facts.leaves_quantity = static_cast<Quantity>(pick(5)) * 1'000;
            told.facts.order_quantity = static_cast<Quantity>(pick(4)) * 1'000;
        }
        if (exec_type == OrderStatus::cancelled) {
            if (pick(2) == 0) {
                told.facts.order_quantity = static_cast<Quantity>(pick(4)) * 1'000;
            } else if (pick(2) == 0) {
                told.facts.filled_quantity =
                    static_cast<Quantity>(order->filled()) + static_cast<Quantity>(pick(3)) * 500;
            }
        }
        const Decision decision = feed(told, RecordKind::venue_report, 1);
        compare(oracle_.report(told), decision);
    }

    void reject() {
        const OracleOrder* order = some_order();
        if (order == nullptr) {
            return;
        }
        if (pick(4) == 0) {
            WaitExpired expired;
            expired.facts.command = some_command(*order);
            const RecordKind kind = pick(2) == 0 ? RecordKind::halted_unsent : RecordKind::wait_expired;
            const Decision decision = feed(expired, kind, 0);
            compare(oracle_.expire(expired), decision);
            return;
        }
        VenueReject told;
        told.facts.order_key = order->key;
        told.facts.command = some_command(*order);
        const Decision decision = feed(told, RecordKind::venue_reject, 1);
        compare(oracle_.reject(told), decision);
    }

    void doubt() {
        if (const OracleOrder* order = some_order()) {
            InDoubt told;
            told.facts.order_key = order->key;
            told.facts.command = some_command(*order);
            const Decision decision = feed(told, RecordKind::in_doubt, 0);
            compare(oracle_.doubt(told), decision);
        }
    }

    void settle_doubt() {
        if (const OracleOrder* order = some_order()) {
            Resolved told;
            told.facts.order_key = order->key;
            told.facts.command = some_command(*order);
            told.facts.resolution = static_cast<Resolution>(1 + pick(7));
            const Decision decision = feed(told, RecordKind::resolved, 0);
            compare(oracle_.resolve(told), decision);
        }
    }

    void control() {
        if (pick(2) == 0) {
            LimitSet set;
            set.facts.scope = pick(2) == 0 ? Scope::investor : Scope::account;
            set.facts.dimension = std::array{Dimension::buy, Dimension::sell, Dimension::gross_day,
                                             Dimension::net, Dimension::offset}[pick(5)];
            set.facts.value = static_cast<Amount>(pick(12)) * 1'000'000 * ntd;
            if (set.facts.scope == Scope::investor && pick(4) == 0) {
                set.facts.dimension = Dimension::symbol_long;
                set.facts.value = static_cast<Amount>(pick(50)) * 1'000;
                set.facts.symbol = Symbol{pick(2) == 0 ? "2330" : ""};
            }
            set.subject.investor = InvestorId{pick(2) == 0 ? "A1" : "B2"};
            set.subject.account = world_.reference.accounts[1 + pick(4)].key;
            set.subject.user = UserName{"ann"};
            set.subject.approver = UserName{pick(4) == 0 ? "ann" : "bob"};
            const Decision decision = feed(set, RecordKind::limit_set, 0);
            compare(oracle_.limit_set(set), decision);
            return;
        }
        static constexpr std::array<Scope, 4> scopes{Scope::firm, Scope::investor, Scope::account,
                                                     Scope::symbol};
        const Scope scope = scopes[pick(8) == 0 ? 0 : 1 + pick(3)];
        std::string name = "firm";
        if (scope == Scope::investor) {
            name = pick(2) == 0 ? "investor A1" : "investor B2";
        } else if (scope == Scope::account) {
            name = "account " + std::to_string(world_.reference.accounts[1].key.number);
        } else if (scope == Scope::symbol) {
            name = "symbol 2330";
        }
        const bool on = pick(scope == Scope::firm ? 10 : 4) == 0;
        Halt halt = world_.halt_of(scope);
        halt.subject.investor = InvestorId{name.back() == '1' ? "A1" : "B2"};
        Resume resume{halt.record, halt.facts, halt.subject};
        const Decision decision = on ? feed(halt, RecordKind::halt, 0) : feed(resume, RecordKind::resume, 0);
        compare(oracle_.halt(scope, name, on), decision);
    }

    void compare(const Expected& expected, const Decision& decision) {
        CAPTURE(reason_text(expected.reason).code, reason_text(decision.reason).code);
        REQUIRE(decision.reason == expected.reason);
        REQUIRE(decision.outcome == expected.outcome);
        REQUIRE(decision.answer == expected.answer);
        if (expected.answer == Answer::execution_report) {
            REQUIRE(static_cast<char>(decision.exec_type) == expected.exec_type);
        }
        if (expected.related != 0) {
            REQUIRE(decision.related == expected.related);
        }
        if (expected.answer != Answer::none) {
            REQUIRE(decision.client_order_id.view() == expected.id);
            REQUIRE(decision.original_client_order_id.view() == expected.original);
        }
        if (expected.order != nullptr) {
            const OracleOrder& order = *expected.order;
            REQUIRE(decision.order_key == order.key);
            REQUIRE(static_cast<char>(decision.order_status) == order.status());
            REQUIRE(decision.ordered == order.total);
            REQUIRE(decision.leaves == order.leaves());
            REQUIRE(decision.filled == order.filled());
            REQUIRE(decision.filled_amount == order.filled_amount());
            REQUIRE(decision.reserve_after == order.reserve());
            REQUIRE((decision.flags & (late_fill_flag | overfill_flag | improvement_flag)) == expected.flags);
        }
    }

    static void compare_sums(const Exposure& is, const Sums& should, bool with_offset) {
        REQUIRE(is.executed_buy == should.executed_buy);
        REQUIRE(is.executed_sell == should.executed_sell);
        REQUIRE(is.open_buy == should.open_buy);
        REQUIRE(is.open_sell == should.open_sell);
        if (with_offset) {
            REQUIRE(is.offset == should.offset);
        }
    }

    void compare_counters() {
        const Ledger& ledger = *world_.ledger;
        for (std::uint32_t row = 1; row <= 4; ++row) {
            compare_sums(ledger.exposure(Scope::account, row),
                         oracle_.sums([&](const OracleOrder& o) { return o.account == row; }), true);
        }
        for (std::uint32_t row = 1; row <= 2; ++row) {
            compare_sums(ledger.exposure(Scope::investor, row),
                         oracle_.sums([&](const OracleOrder& o) { return o.investor == row; }), true);
            compare_sums(ledger.exposure(Scope::branch, row),
                         oracle_.sums([&](const OracleOrder& o) { return o.branch == row; }), false);
        }
        compare_sums(ledger.exposure(Scope::firm, 0), oracle_.sums([](const OracleOrder&) { return true; }),
                     false);
        REQUIRE(ledger.exposure(Scope::firm, 0).reported == oracle_.reported);
        std::uint32_t open = 0;
        std::uint32_t doubtful = 0;
        for (const OracleOrder& order : oracle_.orders) {
            open += order.ended == 0 ? 1U : 0U;
            doubtful += order.doubts.empty() ? 0U : 1U;
        }
        REQUIRE(ledger.counts().open == open);
        REQUIRE(ledger.counts().in_doubt == doubtful);
    }

    std::mt19937_64 random_;
    World world_;
    Oracle oracle_;
    std::map<Sequence, std::string> first_names_;
    std::uint64_t next_id_ = 0;
    std::uint64_t next_execution_ = 0;
};

}  // namespace

TEST_CASE("random_days_agree_with_the_naive_oracle_in_every_counter_and_decision") {
    const long seeds = from_environment("FAIRLEAD_ORACLE_SEEDS", 300);
    const long records = from_environment("FAIRLEAD_ORACLE_RECORDS", 600);
    std::map<Reason, int> reasons;
    for (long seed = 1; seed <= seeds; ++seed) {
        Run run(static_cast<std::uint64_t>(seed));
        for (long step = 0; step < records; ++step) {
            INFO("seed " << seed << " step " << step);
            run.step();
        }
        for (const auto& [reason, count] : run.reasons) {
            reasons[reason] += count;
        }
    }
    // The streams are of use only if they reach the refusals they are for.
    if (seeds >= 300) {
        for (const Reason reason :
             {Reason::credit_buy, Reason::credit_sell, Reason::credit_gross_day, Reason::credit_net,
              Reason::credit_offset, Reason::credit_symbol_long, Reason::credit_symbol_short,
              Reason::sellable_short, Reason::day_trade_not_allowed, Reason::self_match,
              Reason::replace_pending, Reason::cancel_pending, Reason::too_late,
              Reason::duplicate_client_order_id, Reason::order_in_doubt, Reason::never_sent,
              Reason::venue_cut, Reason::investor_halted, Reason::original_superseded}) {
            INFO(reason_text(reason).code);
            CHECK(reasons[reason] > 0);
        }
    }
}

}  // namespace fairlead::tests
