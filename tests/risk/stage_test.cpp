// What the Ledger takes as a day's reference data: every rule of staging with a change that breaks it, the
// words of the refusal, and a neighbour that just does not break it.
#include <catch2/catch.hpp>
#include <functional>
#include <vector>

#include "tests/risk/world.hpp"

namespace fairlead::tests {
namespace {

using Change = std::function<void(Reference&)>;
struct Row {
    const char* rule;  // words of the refusal
    Change broken;
    Change kept;
};

const Change nothing = [](Reference&) {};

Change security(const std::function<void(SecurityRow&)>& change) {
    return [change](Reference& r) { change(r.securities[2]); };
}
// Limits and reference price of a security, in that order.
Change prices(Price up, Price down, Price reference) {
    return security([=](SecurityRow& row) {
        row.limit_up = up;
        row.limit_down = down;
        row.reference = reference;
    });
}
Change limit(Scope scope, std::uint32_t target, Dimension dimension, Amount value, const char* symbol = "") {
    return [=](Reference& r) { give(r, scope, target, dimension, value, symbol); };
}
Change rules(const std::function<void(RuleSet&)>& change) {
    return [change](Reference& r) { change(r.rules); };
}
Change ticks(std::vector<TickRow> rows) {
    return [rows](Reference& r) { r.ticks.rows[static_cast<std::size_t>(TickClass::stock)] = rows; };
}
Change inventory(std::uint32_t account, std::uint32_t security, Quantity held, Quantity quota) {
    return [=](Reference& r) { r.inventory.push_back({account, security, held, quota}); };
}
Change phase(std::int64_t from_ns, std::int64_t to_ns, Venue venue, SessionKind kind) {
    return [=](Reference& r) { r.phases.push_back({from_ns, to_ns, venue, kind, Phase::continuous}); };
}

std::vector<Row> security_rows() {
    const Price most = price_max;
    return {
        {"the symbol is empty", security([](SecurityRow& s) { s.symbol = Symbol{}; }), nothing},
        {"venue must be TWSE or TPEx", security([](SecurityRow& s) { s.venue = Venue::none; }),
         security([](SecurityRow& s) { s.venue = Venue::tpex; })},
        {"lot must be", security([](SecurityRow& s) { s.lot = 0; }),
         security([](SecurityRow& s) { s.lot = 1; })},
        {"lot must be", security([](SecurityRow& s) { s.lot = 1'000'001; }),
         security([](SecurityRow& s) { s.lot = 1'000'000; })},
        {"limits and reference", prices(-1, 0, 0), prices(0, 0, 0)},
        {"limits and reference", prices(most + 1, 1, 1), prices(most, 1, 1)},
        {"limits and reference", prices(most, -1, 1), prices(most, 0, 1)},
        {"limits and reference", prices(0, most + 1, 1), prices(0, most, 1)},
        {"limits and reference", prices(most, 1, -1), prices(most, 1, 0)},
        {"limits and reference", prices(most, 1, most + 1), prices(most, 1, most)},
        {"limits and reference", prices(100, 101, 100), prices(100, 100, 100)},
        {"tick class has no row", security([](SecurityRow& s) { s.tick_class = TickClass::none; }), nothing},
        {"tick class has no row", ticks({}), nothing},
        {"the symbol occurs twice", security([](SecurityRow& s) { s.symbol = Symbol{"2330"}; }),
         security([](SecurityRow& s) { s.symbol = Symbol{"2331"}; })},
        {"rows must ascend", ticks({{10, 1}, {10, 1}, {most + 1, 1}}),
         ticks({{10, 1}, {11, 1}, {most + 1, 1}})},
        {"rows must ascend", ticks({{most + 1, 0}}), ticks({{most + 1, 1}})},
        {"beyond the highest price", ticks({{most, 1}}), ticks({{most + 1, 1}})},
    };
}

std::vector<Row> people_rows() {
    return {
        {"the branch occurs twice", [](Reference& r) { r.branches[2] = r.branches[1]; }, nothing},
        {"the investor occurs twice", [](Reference& r) { r.investors[3].id = r.investors[1].id; }, nothing},
        {"the account occurs twice", [](Reference& r) { r.accounts[4].key = r.accounts[1].key; }, nothing},
        {"its investor is not", [](Reference& r) { r.accounts[1].investor = 0; },
         [](Reference& r) { r.accounts[1].investor = 1; }},
        {"its investor is not", [](Reference& r) { r.accounts[1].investor = 4; },
         [](Reference& r) { r.accounts[1].investor = 3; }},
        {"its branch is not", [](Reference& r) { r.accounts[1].branch = 0; },
         [](Reference& r) { r.accounts[1].branch = 1; }},
        {"its branch is not", [](Reference& r) { r.accounts[1].branch = 3; },
         [](Reference& r) { r.accounts[1].branch = 2; }},
        {"the session's number occurs twice", [](Reference& r) { r.sessions[1].id = 7; },
         [](Reference& r) { r.sessions[1].id = 9; }},
        {"the number must not be 0", [](Reference& r) { r.sessions[1].id = 0; }, nothing},
        {"known and sorted",
         [](Reference& r) {
             r.sessions[0].accounts = {2, 1};
         },
         [](Reference& r) {
             r.sessions[0].accounts = {1, 2};
         }},
        {"known and sorted",
         [](Reference& r) {
             r.sessions[0].accounts = {0, 1};
         },
         [](Reference& r) { r.sessions[0].accounts = {1}; }},
        {"known and sorted",
         [](Reference& r) {
             r.sessions[0].accounts = {1, 5};
         },
         [](Reference& r) {
             r.sessions[0].accounts = {1, 4};
         }},
    };
}

std::vector<Row> limit_rows() {
    const Dimension longs = Dimension::symbol_long;
    return {
        {"its target known", limit(Scope::firm, 1, Dimension::buy, 1),
         limit(Scope::firm, 0, Dimension::buy, 1)},
        {"its target known", limit(Scope::branch, 0, Dimension::buy, 1),
         limit(Scope::branch, 1, Dimension::buy, 1)},
        {"its target known", limit(Scope::branch, 3, Dimension::buy, 1),
         limit(Scope::branch, 2, Dimension::buy, 1)},
        {"its target known", limit(Scope::investor, 4, Dimension::buy, 1),
         limit(Scope::investor, 3, Dimension::buy, 1)},
        {"its target known", limit(Scope::account, 5, Dimension::buy, 1),
         limit(Scope::account, 4, Dimension::buy, 1)},
        {"its target known", limit(Scope::venue, 1, Dimension::buy, 1), nothing},
        {"no limit of this dimension", limit(Scope::firm, 0, longs, 1), limit(Scope::investor, 1, longs, 1)},
        {"the value is negative", limit(Scope::firm, 0, Dimension::buy, -1),
         limit(Scope::firm, 0, Dimension::buy, 0)},
        {"a symbol must be known", limit(Scope::investor, 1, longs, 1, "0000"),
         limit(Scope::investor, 1, longs, 1, "2330")},
        {"stands only with", limit(Scope::investor, 1, Dimension::buy, 1, "2330"),
         limit(Scope::investor, 1, Dimension::buy, 1)},
    };
}

std::vector<Row> other_rows() {
    const auto regular = SessionKind::regular;
    return {
        {"inventory", inventory(0, 1, 1, 1), inventory(1, 1, 1, 1)},
        {"inventory", inventory(5, 1, 1, 1), inventory(4, 1, 1, 1)},
        {"inventory", inventory(1, 0, 1, 1), inventory(1, 1, 1, 1)},
        {"inventory", inventory(1, 11, 1, 1), inventory(1, 10, 1, 1)},
        {"inventory", inventory(1, 1, -1, 1), inventory(1, 1, 0, 1)},
        {"inventory", inventory(1, 1, quantity_held_max + 1, 1), inventory(1, 1, quantity_held_max, 1)},
        {"inventory", inventory(1, 1, 1, -1), inventory(1, 1, 1, 0)},
        {"inventory", inventory(1, 1, 1, quantity_held_max + 1), inventory(1, 1, 1, quantity_held_max)},
        {"phases", phase(5, 5, Venue::twse, regular), phase(5, 6, Venue::twse, regular)},
        {"phases", phase(5, 6, Venue::none, regular), phase(5, 6, Venue::tpex, regular)},
        {"phases", phase(5, 6, Venue::twse, static_cast<SessionKind>(session_kind_count)),
         phase(5, 6, Venue::twse, static_cast<SessionKind>(session_kind_count - 1))},
        {"rules", rules([](RuleSet& r) { r.board_lots_max = 0; }),
         rules([](RuleSet& r) { r.board_lots_max = 1; })},
        {"rules", rules([](RuleSet& r) { r.collar_reference_bp = -1; }),
         rules([](RuleSet& r) { r.collar_reference_bp = 0; })},
        {"rules", rules([](RuleSet& r) { r.collar_reference_bp = 1'000'001; }),
         rules([](RuleSet& r) { r.collar_reference_bp = 1'000'000; })},
        {"rules", rules([](RuleSet& r) { r.collar_last_bp = -1; }),
         rules([](RuleSet& r) { r.collar_last_bp = 0; })},
        {"rules", rules([](RuleSet& r) { r.collar_last_bp = 1'000'001; }),
         rules([](RuleSet& r) { r.collar_last_bp = 1'000'000; })},
        {"rules", rules([](RuleSet& r) { r.repeat_window_ns = -1; }),
         rules([](RuleSet& r) { r.repeat_window_ns = 0; })},
        {"begin with an unused row 0", [](Reference& r) { r.branches.clear(); }, nothing},
        {"begin with an unused row 0", [](Reference& r) { r.investors.clear(); }, nothing},
        {"begin with an unused row 0", [](Reference& r) { r.accounts.clear(); }, nothing},
        {"begin with an unused row 0", [](Reference& r) { r.securities.clear(); }, nothing},
    };
}

}  // namespace

TEST_CASE("a_days_reference_data_is_refused_by_the_rule_it_breaks_and_taken_just_short_of_it") {
    for (const auto& rows : {security_rows(), people_rows(), limit_rows(), other_rows()}) {
        int number = 0;
        for (const Row& row : rows) {
            INFO(row.rule << ", row " << ++number);
            Reference broken = make_reference();
            row.broken(broken);
            Ledger refusing(small_sizes());
            const std::string problem = refusing.stage(broken);
            INFO(problem);
            CHECK(problem.find(row.rule) != std::string::npos);
            Reference kept = make_reference();
            row.kept(kept);
            Ledger taking(small_sizes());
            CHECK(taking.stage(kept).empty());
        }
    }
}

TEST_CASE("more_rows_than_the_program_was_sized_for_are_refused_by_table_and_number") {
    struct Size {
        const char* table;
        std::uint32_t Sizes::*most;
        std::uint32_t rows;  // of the made-up broker
    };
    const Size sizes[] = {{"branches", &Sizes::branches_max, 2}, {"investors", &Sizes::investors_max, 3},
                          {"accounts", &Sizes::accounts_max, 4}, {"securities", &Sizes::securities_max, 10},
                          {"sessions", &Sizes::sessions_max, 2}, {"inventory", &Sizes::positions_max, 2}};
    const Reference reference = make_reference();
    for (const Size& size : sizes) {
        INFO(size.table);
        Sizes exact = small_sizes();
        exact.*size.most = size.rows;
        CHECK(Ledger(exact).stage(reference).empty());
        Sizes short_by_one = exact;
        short_by_one.*size.most = size.rows - 1;
        const std::string problem = Ledger(short_by_one).stage(reference);
        CHECK(problem.find(size.table) == 0);
        CHECK(problem.find(std::to_string(size.rows) + " rows") != std::string::npos);
    }
}

TEST_CASE("limits_of_single_securities_have_room_beside_those_that_control_has_set") {
    Sizes sizes = small_sizes();
    sizes.limits_max = 2;
    Reference two = make_reference();
    give(two, Scope::investor, 1, Dimension::symbol_long, 5'000, "2330");
    Reference one = two;
    give(two, Scope::investor, 1, Dimension::symbol_long, 5'000, "2317");
    CHECK(Ledger(sizes).stage(two).empty());
    World world(one, sizes);
    CHECK(world.set_limit(Scope::firm, Dimension::buy, 1'000 * ntd).outcome == Outcome::accepted);
    CHECK(world.ledger->stage(one).empty());
    CHECK(world.ledger->stage(two).find("limits of one security: 2 rows") == 0);
}

}  // namespace fairlead::tests
