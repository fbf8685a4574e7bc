// A small market for the exchange stand-in's tests: one stock at each venue, a day of phases in seconds.
#pragma once

#include "risk/reference.hpp"

namespace fairlead::exchange_test {

inline constexpr std::int64_t second = 1'000'000'000;
inline constexpr risk::Price ntd = risk::price_unit;

// 1101 (row 1, TWSE) and 6488 (row 2, TPEx) at 100 NTD, 90 to 110, tick 0.5 from 100 on and 0.1 below;
// 2002 (row 3, TWSE) is suspended. Phases: call 0..10 s, continuous 10..100, closing call 100..110; odd
// lots 10..110; after hours odd 110..120, fixed price 110..120.
[[nodiscard]] inline risk::Reference sample_market() {
    risk::Reference reference;
    reference.securities.resize(4);
    const auto security = [&](std::size_t row, const char* symbol, risk::Venue venue, std::uint16_t flags) {
        risk::SecurityRow& into = reference.securities[row];
        into.symbol = risk::Symbol(symbol);
        into.venue = venue;
        into.flags = flags;
        into.reference = 100 * ntd;
        into.limit_up = 110 * ntd;
        into.limit_down = 90 * ntd;
        into.tick_class = risk::TickClass::stock;
    };
    security(1, "1101", risk::Venue::twse, 0);
    security(2, "6488", risk::Venue::tpex, 0);
    security(3, "2002", risk::Venue::twse, risk::security_suspended);
    reference.ticks.rows[static_cast<std::size_t>(risk::TickClass::stock)] = {{100 * ntd, ntd / 10},
                                                                              {risk::price_max + 1, ntd / 2}};
    for (const risk::Venue venue : {risk::Venue::twse, risk::Venue::tpex}) {
        using enum risk::SessionKind;
        const auto phase = [&](risk::SessionKind kind, risk::Phase value, std::int64_t from,
                               std::int64_t to) {
            reference.phases.push_back({from * second, to * second, venue, kind, value});
        };
        phase(regular, risk::Phase::open_call, 0, 10);
        phase(regular, risk::Phase::continuous, 10, 100);
        phase(regular, risk::Phase::close_call, 100, 110);
        phase(intraday_odd_lot, risk::Phase::odd_lot, 10, 110);
        phase(after_hours_odd, risk::Phase::odd_lot, 110, 120);
        phase(after_hours_fixed, risk::Phase::fixed_price, 110, 120);
    }
    return reference;
}

}  // namespace fairlead::exchange_test
