#include "tests/load/sample_market.hpp"

namespace fairlead::load_test {
namespace {

using namespace risk;

SecurityRow security(const char* symbol, Price reference, Price up, Price down, Venue venue,
                     std::uint16_t flags = 0, Quantity lot = 1000) {
    SecurityRow row;
    row.symbol = Symbol(symbol);
    row.reference = reference;
    row.limit_up = up;
    row.limit_down = down;
    row.venue = venue;
    row.flags = flags;
    row.lot = lot;
    row.tick_class = TickClass::stock;
    return row;
}

OpeningLimitRow limit(Scope scope, std::uint32_t target, Dimension dimension, Amount ntd) {
    OpeningLimitRow row;
    row.limit.scope = scope;
    row.limit.dimension = dimension;
    row.limit.value = ntd * price_unit;
    row.target = target;
    return row;
}

AccountRow account(std::uint32_t number, std::uint32_t investor, std::uint16_t flags = 0) {
    AccountRow row;
    row.key.branch = BranchId("8610");
    row.key.number = number;
    row.investor = investor;
    row.branch = 1;
    row.flags = flags;
    return row;
}

}  // namespace

risk::Reference sample_reference() {
    Reference reference;
    reference.securities = {
        SecurityRow{},
        security("0050", 1'953'500, 2'145'000, 1'760'000, Venue::twse),
        security("1101", 498'000, 547'000, 448'500, Venue::twse),
        security("2330", 10'800'000, 11'850'000, 9'720'000, Venue::twse),
        security("5483", 95'500, 105'000, 86'000, Venue::tpex),
        security("6488", 4'200'000, 4'620'000, 3'780'000, Venue::tpex),
        security("9999", 200'000, 220'000, 180'000, Venue::twse, security_suspended),
        security("8888", 200'000, 220'000, 180'000, Venue::tpex, security_full_delivery),
        security("910322", 50'000, 55'000, 45'000, Venue::twse, 0, 100),
    };
    auto& stock = reference.ticks.rows[static_cast<std::size_t>(TickClass::stock)];
    stock = {{100'000, 100},     {500'000, 500},       {1'000'000, 1'000},
             {5'000'000, 5'000}, {10'000'000, 10'000}, {price_max + 1, 50'000}};
    reference.investors = {InvestorRow{},
                           {InvestorId("A100000001"), 0},
                           {InvestorId("B200000002"), 0},
                           {InvestorId("C300000003"), account_disabled}};
    reference.branches = {BranchRow{}, {BranchId("8610")}};
    reference.accounts = {
        AccountRow{},  account(17, 1), account(25, 1), account(33, 2), account(41, 2, account_disabled),
        account(59, 3)};
    reference.opening_limits = {limit(Scope::investor, 1, Dimension::buy, 2'000'000'000),
                                limit(Scope::investor, 1, Dimension::gross_day, 3'000'000'000),
                                limit(Scope::investor, 2, Dimension::buy, 50'000'000),
                                limit(Scope::account, 2, Dimension::buy, 20'000'000),
                                limit(Scope::investor, 1, Dimension::order_value, 100'000'000)};
    for (std::uint32_t holder = 1; holder <= 3; ++holder) {
        for (std::uint32_t held = 1; held <= 5; ++held) {
            reference.inventory.push_back({holder, held, 200'000, 0});
        }
    }
    SessionRow one;
    one.id = 1;
    one.accounts = {1, 2};
    SessionRow two;
    two.id = 2;
    two.all_accounts = true;
    reference.sessions = {one, two};
    constexpr std::int64_t second = 1'000'000'000;
    for (const Venue venue : {Venue::twse, Venue::tpex}) {
        reference.phases.push_back({0, 2 * second, venue, SessionKind::regular, Phase::open_call});
        reference.phases.push_back({2 * second, 8 * second, venue, SessionKind::regular, Phase::continuous});
        reference.phases.push_back({8 * second, 10 * second, venue, SessionKind::regular, Phase::close_call});
        reference.phases.push_back(
            {2 * second, 10 * second, venue, SessionKind::intraday_odd_lot, Phase::odd_lot});
    }
    return reference;
}

}  // namespace fairlead::load_test
