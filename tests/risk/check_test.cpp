// One row a Reason: something that is refused by it, and a neighbour that just misses it. The last test
// reads the table of texts and fails for a Reason without a row.
#include <catch2/catch.hpp>
#include <functional>
#include <set>

#include "tests/risk/world.hpp"

namespace fairlead::tests {
namespace {

using Step = std::function<Decision(World&)>;
using Change = std::function<void(Reference&)>;

struct Row {
    Reason reason;
    Step hit;
    Step miss;
    Change reference = [](Reference&) {};
    bool start_day = true;
};

// A New made from the good one by a change, sent by session 8.
Step sent(const std::function<void(NewOrder&)>& change) {
    return [change](World& world) {
        NewOrder order = world.order("N1");
        change(order);
        return world.send(order);
    };
}
Step good() {
    return sent([](NewOrder&) {});
}
Step first(const std::function<void(World&)>& before, const Step& then) {
    return [=](World& world) {
        before(world);
        return then(world);
    };
}
Change limit_of(Scope scope, std::uint32_t target, Dimension dimension, Amount value,
                const char* symbol = "") {
    return [=](Reference& reference) { give(reference, scope, target, dimension, value, symbol); };
}
// The first order acknowledged, then a step upon it.
Step on_order(const std::function<Decision(World&, const Decision&)>& step) {
    return [step](World& world) {
        const Decision order = world.send(world.order("N1"));
        world.acknowledge(order);
        return step(world, order);
    };
}
void terms(NewOrder& order, OrderType type, TimeInForce time, Price price) {
    order.facts.order_type = type;
    order.facts.time_in_force = time;
    order.facts.price = price;
}
void at(NewOrder& order, Price price, Quantity quantity) {
    order.facts.price = price;
    order.facts.quantity = quantity;
}
void whom(NewOrder& order, const World& world, std::uint32_t account, const char* symbol, Side side,
          CreditType credit = CreditType::cash) {
    order.person.account = world.reference.accounts[account].key;
    order.facts.symbol = Symbol{symbol};
    order.facts.side = side;
    order.facts.credit_type = credit;
}
Step by(std::uint32_t account, const char* symbol, Side side, CreditType credit = CreditType::cash,
        Quantity quantity = 1'000, Price price = 100 * ntd) {
    return [=](World& world) {
        NewOrder order = world.order("N1", side, quantity, price);
        whom(order, world, account, symbol, side, credit);
        return world.send(order);
    };
}

std::vector<Row> road_rows() {
    return {
        {Reason::day_not_started, first([](World& w) { w.close(); }, good()), good()},
        {Reason::journal_unavailable,
         first([](World& w) { w.device(DeviceCause::disk_error, true); }, good()),
         first(
             [](World& w) {
                 w.device(DeviceCause::disk_error, true);
                 w.device(DeviceCause::disk_error, false);
             },
             good())},
        {Reason::clock_untrusted,
         first([](World& w) { w.device(DeviceCause::clock_untrusted, true); }, good()),
         first([](World& w) { w.device(DeviceCause::clock_untrusted, false); }, good())},
        {Reason::venue_line_down, first([](World& w) { w.open_line(Venue::twse, 1, false); }, good()),
         first([](World& w) { w.open_line(Venue::tpex, 2, false); }, good())},
        {Reason::firm_halted, first([](World& w) { w.halt(Scope::firm); }, good()),
         first(
             [](World& w) {
                 w.halt(Scope::firm);
                 w.resume(Scope::firm);
             },
             good())},
        {Reason::venue_halted, first([](World& w) { w.halt(Scope::venue); }, good()),
         first([](World& w) { w.halt(Scope::venue); }, by(1, "6488", Side::buy))},
        {Reason::investor_halted, first([](World& w) { w.halt(Scope::investor); }, by(2, "2330", Side::buy)),
         first([](World& w) { w.halt(Scope::investor); }, by(3, "2330", Side::buy))},
        {Reason::account_halted, first([](World& w) { w.halt(Scope::account); }, good()),
         first([](World& w) { w.halt(Scope::account); }, by(2, "2330", Side::buy))},
        {Reason::symbol_halted, first([](World& w) { w.halt(Scope::symbol); }, good()),
         first([](World& w) { w.halt(Scope::symbol); }, by(1, "2317", Side::buy))},
        {Reason::session_halted, first([](World& w) { w.halt(Scope::session); }, good()),
         first([](World& w) { w.halt(Scope::session); }, [](World& w) { return w.send(w.order("N1"), 7); })},
        {Reason::account_unknown, sent([](NewOrder& o) { o.person.account.number = 999; }), good()},
        {Reason::session_not_allowed,
         [](World& w) { return w.send(w.order("N1", Side::buy, 1'000, 100 * ntd, 3), 7); },
         [](World& w) { return w.send(w.order("N1", Side::buy, 1'000, 100 * ntd, 2), 7); }},
        {Reason::account_disabled, good(), by(2, "2330", Side::buy),
         [](Reference& r) { r.accounts[1].flags |= account_disabled; }},
        {Reason::investor_disabled, by(2, "2330", Side::buy), by(3, "2330", Side::buy),
         [](Reference& r) { r.investors[1].flags |= account_disabled; }},
        {Reason::security_unknown, by(1, "233", Side::buy), good()},
        {Reason::security_suspended, by(1, "1101", Side::buy), good()},
    };
}

std::vector<Row> terms_rows() {
    const auto odd = [](SessionKind kind, Quantity quantity) {
        return sent([=](NewOrder& o) {
            o.facts.session_kind = kind;
            o.facts.quantity = quantity;
        });
    };
    return {
        {Reason::order_type_not_allowed, sent([](NewOrder& o) { o.facts.order_type = OrderType::none; }),
         good()},
        {Reason::order_type_not_allowed,
         sent([](NewOrder& o) { o.facts.time_in_force = static_cast<TimeInForce>(1); }), good()},
        {Reason::order_type_not_allowed, sent([](NewOrder& o) { o.facts.side = Side::none; }), good()},
        {Reason::order_type_not_allowed, sent([](NewOrder& o) {
             o.facts.symbol = Symbol{"0050"};
             terms(o, OrderType::market, TimeInForce::immediate_or_cancel, 0);
         }),
         sent([](NewOrder& o) { terms(o, OrderType::market, TimeInForce::immediate_or_cancel, 0); })},
        {Reason::order_type_not_allowed, sent([](NewOrder& o) {
             o.facts.symbol = Symbol{"9999"};
             o.facts.time_in_force = TimeInForce::fill_or_kill;
         }),
         by(1, "9999", Side::buy)},
        {Reason::credit_type_not_allowed, by(1, "2454", Side::buy, CreditType::margin_agency),
         by(1, "2330", Side::buy, CreditType::margin_agency)},
        {Reason::credit_type_not_allowed, by(3, "2330", Side::buy, CreditType::margin_agency),
         by(3, "2330", Side::buy)},
        {Reason::credit_type_not_allowed, by(1, "2330", Side::buy, CreditType::borrowed_short),
         by(1, "2330", Side::sell, CreditType::borrowed_short)},
        {Reason::session_kind_not_allowed, sent([](NewOrder& o) {
             o.facts.symbol = Symbol{"2454"};
             o.facts.session_kind = SessionKind::intraday_odd_lot;
             o.facts.quantity = 1;
         }),
         odd(SessionKind::intraday_odd_lot, 1)},
        {Reason::investor_not_qualified, by(1, "7777", Side::buy), by(2, "7777", Side::buy),
         [](Reference& r) { r.accounts[2].flags |= account_qualified; }},
        {Reason::short_below_reference,
         by(1, "2603", Side::sell, CreditType::short_agency, 1'000, 100 * ntd - 1'000),
         by(1, "2603", Side::sell, CreditType::short_agency, 1'000, 100 * ntd)},
        {Reason::short_below_reference,
         by(1, "2603", Side::sell, CreditType::borrowed_short, 1'000, 100 * ntd - 1'000),
         by(1, "2603", Side::sell, CreditType::borrowed_short_exempt, 1'000, 100 * ntd - 1'000),
         [](Reference& r) {
             r.inventory.push_back({1, 8, 0, 1'000});
         }},
        {Reason::session_closed, first([](World& w) { w.at_s(open_call_s - 1); }, good()),
         first([](World& w) { w.at_s(open_call_s); }, good())},
        {Reason::session_closed, first([](World& w) { w.at_s(after_hours_s); }, good()),
         first([](World& w) { w.at_s(after_hours_s); }, odd(SessionKind::after_hours_odd, 999))},
        {Reason::phase_order_type, first([](World& w) { w.at_s(continuous_s - 1); }, sent([](NewOrder& o) {
                                             o.facts.time_in_force = TimeInForce::immediate_or_cancel;
                                         })),
         first([](World& w) { w.at_s(continuous_s); },
               sent([](NewOrder& o) { o.facts.time_in_force = TimeInForce::immediate_or_cancel; }))},
        {Reason::quantity_not_positive, sent([](NewOrder& o) { o.facts.quantity = 0; }),
         odd(SessionKind::intraday_odd_lot, 1)},
        {Reason::quantity_not_lot, sent([](NewOrder& o) { o.facts.quantity = 1'999; }), good()},
        {Reason::quantity_too_large, sent([](NewOrder& o) { o.facts.quantity = 500'000; }),
         sent([](NewOrder& o) { o.facts.quantity = 499'000; })},
        {Reason::odd_lot_range, odd(SessionKind::intraday_odd_lot, 1'000),
         odd(SessionKind::intraday_odd_lot, 999)},
        {Reason::price_missing, sent([](NewOrder& o) { o.facts.price = 0; }), good()},
        {Reason::price_on_market_order,
         sent([](NewOrder& o) { terms(o, OrderType::market, TimeInForce::rest_of_day, 100 * ntd); }),
         sent([](NewOrder& o) { terms(o, OrderType::market, TimeInForce::rest_of_day, 0); })},
        {Reason::price_not_tick, sent([](NewOrder& o) { o.facts.price = 100 * ntd + 1'000; }),
         sent([](NewOrder& o) { o.facts.price = 100 * ntd - 1'000; })},
        {Reason::price_above_limit, sent([](NewOrder& o) { o.facts.price = 110 * ntd + 5'000; }),
         sent([](NewOrder& o) { o.facts.price = 110 * ntd; })},
        {Reason::price_above_limit, sent([](NewOrder& o) { at(o, price_max + 1, 1'000); }), good()},
        {Reason::price_below_limit, sent([](NewOrder& o) { o.facts.price = 90 * ntd - 1'000; }),
         sent([](NewOrder& o) { o.facts.price = 90 * ntd; })},
        {Reason::price_collar_reference, sent([](NewOrder& o) { o.facts.price = 102 * ntd + 5'000; }),
         sent([](NewOrder& o) { o.facts.price = 102 * ntd; }),
         [](Reference& r) { r.rules.collar_reference_bp = 200; }},
        // A collar narrower than a tick: one tick away is never too far.
        {Reason::price_collar_reference, sent([](NewOrder& o) { o.facts.price = 101 * ntd; }),
         sent([](NewOrder& o) { o.facts.price = 100 * ntd + 5'000; }),
         [](Reference& r) { r.rules.collar_reference_bp = 10; }},
        {Reason::price_collar_last, on_order([](World& w, const Decision& o) {
             w.fill(o, 1'000, 98 * ntd, "B1");
             return w.send(w.order("N2", Side::buy, 1'000, 100 * ntd));
         }),
         on_order([](World& w, const Decision& o) {
             w.fill(o, 1'000, 98 * ntd, "B1");
             return w.send(w.order("N2", Side::buy, 1'000, 98 * ntd + 9'000));
         }),
         [](Reference& r) { r.rules.collar_last_bp = 100; }},
        {Reason::order_value_too_large, good(), by(1, "2330", Side::buy),
         [](Reference& r) { r.rules.order_value_max = 199'999 * ntd; }},
        {Reason::order_value_too_large, good(), by(2, "2330", Side::buy, CreditType::cash, 2'000),
         limit_of(Scope::account, 1, Dimension::order_value, 199'999 * ntd)},
    };
}

std::vector<Row> rate_rows() {
    const auto burst = [](std::uint32_t account, std::uint32_t session, int count) {
        return [=](World& w) {
            Decision last;
            for (int n = 0; n < count; ++n) {
                last =
                    w.send(w.order(("M" + std::to_string(n)).c_str(), Side::buy, 1'000, 100 * ntd, account),
                           session);
            }
            return last;
        };
    };
    return {
        {Reason::session_message_rate, burst(1, 8, 4), burst(1, 8, 3),
         [](Reference& r) { r.sessions[1].message_rate = 3; }},
        {Reason::investor_message_rate,
         [=](World& w) {
             burst(1, 8, 3)(w);
             return w.send(w.order("X", Side::buy, 1'000, 100 * ntd, 2), 7);
         },
         [=](World& w) {
             burst(1, 8, 3)(w);
             return w.send(w.order("X", Side::buy, 1'000, 100 * ntd, 3));
         },
         [](Reference& r) { r.rules.investor_message_rate = 3; }},
        {Reason::investor_message_rate, burst(1, 8, 3), burst(1, 8, 2),
         limit_of(Scope::investor, 1, Dimension::message_rate, 2)},
        {Reason::duplicate_client_order_id,
         [](World& w) {
             w.send(w.order("N1"));
             return w.send(w.order("N1", Side::buy, 1'000));
         },
         [](World& w) {
             w.send(w.order("N1"), 7);
             return w.send(w.order("N1", Side::buy, 1'000), 8);
         }},
        {Reason::repeated_order, burst(1, 8, 4), burst(1, 8, 3),
         [](Reference& r) { r.rules.repeat_count_max = 3; }},
        {Reason::self_match,
         [](World& w) {
             w.send(w.order("N1", Side::buy, 1'000, 99 * ntd));
             return w.send(w.order("N2", Side::sell, 1'000, 99 * ntd));
         },
         [](World& w) {
             w.send(w.order("N1", Side::buy, 1'000, 99 * ntd));
             return w.send(w.order("N2", Side::sell, 1'000, 99 * ntd + 1'000));
         }},
    };
}

std::vector<Row> credit_rows() {
    // A first order of 200,000 NTD, then one of 100,000 NTD: a Limit of 299,999 refuses the second, and
    // one of 300,000 lets it pass: equality at the limit passes.
    const auto two = [](Side side) {
        return [=](World& w) {
            w.send(w.order("N1", side, 2'000, 100 * ntd));
            return w.send(w.order("N2", side, 1'000, 100 * ntd));
        };
    };
    const auto tight = [](Scope scope, std::uint32_t row, Dimension dimension, Amount value, Reason reason,
                          const Step& step) {
        return Row{reason, step,
                   [=](World& w) {
                       w.reference.opening_limits.back().limit.value = value;
                       w.reference.day.date = 2;
                       w.start();
                       return step(w);
                   },
                   limit_of(scope, row, dimension, value - 1)};
    };
    const Step both = [](World& w) {
        w.send(w.order("N1", Side::buy, 2'000, 99 * ntd));
        return w.send(w.order("N2", Side::sell, 1'000, 102 * ntd));
    };
    std::vector<Row> rows;
    for (const auto& [scope, row] :
         {std::pair{Scope::firm, 0U}, {Scope::branch, 1U}, {Scope::investor, 1U}, {Scope::account, 1U}}) {
        rows.push_back(tight(scope, row, Dimension::buy, 300'000 * ntd, Reason::credit_buy, two(Side::buy)));
        rows.push_back(
            tight(scope, row, Dimension::sell, 300'000 * ntd, Reason::credit_sell, two(Side::sell)));
        rows.push_back(
            tight(scope, row, Dimension::gross_day, 300'000 * ntd, Reason::credit_gross_day, both));
        rows.push_back(tight(scope, row, Dimension::net, 300'000 * ntd, Reason::credit_net, two(Side::sell)));
    }
    for (const auto& [scope, row] : {std::pair{Scope::investor, 1U}, {Scope::account, 1U}}) {
        rows.push_back(tight(scope, row, Dimension::offset, 102'000 * ntd, Reason::credit_offset, both));
    }
    rows.push_back(
        tight(Scope::firm, 0, Dimension::reported, 300'000 * ntd, Reason::credit_reported, two(Side::buy)));
    rows.push_back(tight(Scope::investor, 1, Dimension::symbol_long, 13'000, Reason::credit_symbol_long,
                         two(Side::buy)));
    rows.push_back({Reason::credit_symbol_long, two(Side::buy), by(1, "2317", Side::buy),
                    limit_of(Scope::investor, 1, Dimension::symbol_long, 12'999, "2330")});
    rows.push_back(tight(Scope::investor, 1, Dimension::symbol_short, 1'000, Reason::credit_symbol_short,
                         by(1, "2317", Side::sell, CreditType::short_agency)));
    rows.push_back({Reason::credit_buy, by(4, "2330", Side::buy), by(3, "2330", Side::buy)});
    rows.push_back({Reason::sellable_short, by(3, "2330", Side::sell, CreditType::cash, 4'000),
                    by(3, "2330", Side::sell, CreditType::cash, 2'000)});
    rows.push_back({Reason::sellable_short, by(1, "2330", Side::sell, CreditType::borrowed_short, 6'000),
                    by(1, "2330", Side::sell, CreditType::borrowed_short, 5'000)});
    const auto buy_then_sell = [](const char* symbol) {
        return [=](World& w) {
            const Decision bought = w.send(w.order("N1", Side::buy, 1'000, 100 * ntd, 1, symbol));
            w.fill(bought, 1'000, 100 * ntd, "B1");
            return w.send(w.order("N2", Side::sell, 1'000, 100 * ntd, 1, symbol));
        };
    };
    rows.push_back({Reason::day_trade_not_allowed, buy_then_sell("2002"), buy_then_sell("2317")});
    rows.push_back({Reason::amount_overflow,
                    by(1, "0050", Side::buy, CreditType::cash, 18'100'000, 50'000 * ntd),
                    by(1, "0050", Side::buy, CreditType::cash, 18'000'000, 50'000 * ntd), [](Reference& r) {
                        r.rules.board_lots_max = 1'000'000'000;
                        for (auto& row : r.opening_limits) {
                            row.limit.value = Amount{1} << 58;
                        }
                    }});
    return rows;
}

std::vector<Row> change_rows() {
    const auto replaced = [](Quantity quantity, Price price) {
        return on_order([=](World& w, const Decision&) { return w.replace("N1", "R1", quantity, price); });
    };
    const Step cut = replaced(1'000, 100 * ntd);
    const auto odd_replace = [](Quantity quantity, Price price) {
        return [=](World& w) {
            NewOrder order = w.order("N1", Side::buy, 500);
            order.facts.session_kind = SessionKind::intraday_odd_lot;
            w.acknowledge(w.send(order));
            return w.replace("N1", "R1", quantity, price);
        };
    };
    return {
        {Reason::order_unknown, on_order([](World& w, const Decision&) { return w.cancel("N0", "C1"); }),
         on_order([](World& w, const Decision&) { return w.cancel("N1", "C1"); })},
        {Reason::order_unknown, on_order([](World& w, const Decision&) { return w.cancel("N1", "C1", 7); }),
         on_order([](World& w, const Decision&) { return w.cancel("N1", "C1", 8); })},
        {Reason::side_mismatch, on_order([](World& w, const Decision&) {
             CancelOrder cancel;
             cancel.facts.original_client_order_id = ClientOrderId{"N1"};
             cancel.facts.client_order_id = ClientOrderId{"C1"};
             cancel.facts.side = Side::sell;
             return w.feed(cancel, RecordKind::cancel_order, 8);
         }),
         on_order([](World& w, const Decision&) {
             CancelOrder cancel;
             cancel.facts.original_client_order_id = ClientOrderId{"N1"};
             cancel.facts.client_order_id = ClientOrderId{"C1"};
             cancel.facts.side = Side::buy;
             cancel.facts.symbol = Symbol{"2330"};
             return w.feed(cancel, RecordKind::cancel_order, 8);
         })},
        {Reason::too_late, on_order([](World& w, const Decision& o) {
             w.fill(o, 2'000, 100 * ntd, "B1");
             return w.cancel("N1", "C1");
         }),
         on_order([](World& w, const Decision& o) {
             w.fill(o, 1'000, 100 * ntd, "B1");
             return w.cancel("N1", "C1");
         })},
        {Reason::replace_pending, on_order([](World& w, const Decision&) {
             w.replace("N1", "R1", 1'000, 100 * ntd);
             return w.replace("R1", "R2", 2'000, 99 * ntd);
         }),
         on_order([](World& w, const Decision& o) {
             const Decision asked = w.replace("N1", "R1", 1'000, 100 * ntd);
             w.tell(w.report(o, OrderStatus::replaced, asked.sequence));
             return w.replace("R1", "R2", 1'000, 99 * ntd);
         })},
        {Reason::cancel_pending, on_order([](World& w, const Decision&) {
             w.cancel("N1", "C1");
             return w.cancel("N1", "C2");
         }),
         on_order([](World& w, const Decision& o) {
             const Decision asked = w.cancel("N1", "C1");
             w.refuse(o, asked.sequence);
             return w.cancel("N1", "C2");
         })},
        {Reason::original_superseded, on_order([](World& w, const Decision& o) {
             const Decision asked = w.replace("N1", "R1", 1'000, 100 * ntd);
             w.tell(w.report(o, OrderStatus::replaced, asked.sequence));
             return w.cancel("N1", "C1");
         }),
         on_order([](World& w, const Decision& o) {
             const Decision asked = w.replace("N1", "R1", 1'000, 100 * ntd);
             w.tell(w.report(o, OrderStatus::replaced, asked.sequence));
             return w.cancel("R1", "C1");
         })},
        {Reason::replace_both, replaced(1'000, 99 * ntd), cut},
        {Reason::replace_nothing, replaced(2'000, 100 * ntd), replaced(2'000, 99 * ntd)},
        {Reason::quantity_up, replaced(3'000, 100 * ntd), cut},
        {Reason::quantity_below_filled, on_order([](World& w, const Decision& o) {
             w.fill(o, 1'000, 100 * ntd, "B1");
             return w.replace("N1", "R1", 1'000, 100 * ntd);
         }),
         cut},
        {Reason::quantity_not_lot, replaced(1'500, 100 * ntd), cut},
        {Reason::replace_market_price,
         [](World& w) {
             NewOrder order = w.order("N1");
             terms(order, OrderType::market, TimeInForce::rest_of_day, 0);
             w.acknowledge(w.send(order));
             return w.replace("N1", "R1", 2'000, 100 * ntd);
         },
         [](World& w) {
             NewOrder order = w.order("N1");
             terms(order, OrderType::market, TimeInForce::rest_of_day, 0);
             w.acknowledge(w.send(order));
             return w.replace("N1", "R1", 1'000, 0);
         }},
        {Reason::odd_lot_price_change, odd_replace(500, 99 * ntd), odd_replace(499, 100 * ntd)},
        {Reason::order_unacknowledged,
         [](World& w) {
             w.send(w.order("N1"));
             return w.replace("N1", "R1", 1'000, 100 * ntd);
         },
         [](World& w) {
             w.send(w.order("N1"));
             return w.cancel("N1", "C1");
         }},
        {Reason::execution_unknown,
         [](World& w) {
             const Decision order = w.send(w.order("N1"));
             w.fill(order, 1'000, 100 * ntd, "B1");
             return w.adjust(order, "B2", 0);
         },
         [](World& w) {
             const Decision order = w.send(w.order("N1"));
             w.fill(order, 1'000, 100 * ntd, "B1");
             return w.adjust(order, "B1", 0);
         }},
        {Reason::order_in_doubt,
         [](World& w) {
             const Decision order = w.send(w.order("N1"));
             w.doubt(order, order.order_key);
             return w.replace("N1", "R1", 1'000, 100 * ntd);
         },
         [](World& w) {
             const Decision order = w.send(w.order("N1"));
             w.doubt(order, order.order_key);
             w.acknowledge(order);
             return w.replace("N1", "R1", 1'000, 100 * ntd);
         }},
    };
}

std::vector<Row> outcome_rows() {
    const auto expire = [](World& w, Sequence command) {
        WaitExpired expired;
        expired.facts.command = command;
        return w.feed(expired, RecordKind::wait_expired);
    };
    return {
        {Reason::venue_refused,
         [](World& w) {
             const Decision order = w.send(w.order("N1"));
             return w.refuse(order, order.order_key);
         },
         [](World& w) { return w.acknowledge(w.send(w.order("N1"))); }},
        {Reason::never_sent,
         [](World& w) {
             const Decision order = w.send(w.order("N1"));
             return w.resolve(order, order.order_key, Resolution::gap_filled);
         },
         [](World& w) {
             const Decision order = w.send(w.order("N1"));
             w.acknowledge(order);
             return w.resolve(order, order.order_key, Resolution::gap_filled);
         }},
        {Reason::wait_expired, [=](World& w) { return expire(w, w.send(w.order("N1")).order_key); },
         [=](World& w) { return expire(w, w.send(w.order("N1")).order_key + 1'000); }},
        {Reason::venue_cancelled,
         on_order([](World& w, const Decision& o) { return w.tell(w.report(o, OrderStatus::restated)); }),
         on_order([](World& w, const Decision& o) {
             const Decision asked = w.cancel("N1", "C1");
             return w.tell(w.report(o, OrderStatus::cancelled, asked.sequence));
         })},
        {Reason::venue_cut, [](World& w) { return w.acknowledge(w.send(w.order("N1")), 1'000); },
         [](World& w) { return w.acknowledge(w.send(w.order("N1")), 2'000); }},
        {Reason::not_authorised,
         [](World& w) {
             return w.set_limit(Scope::investor, Dimension::buy, 2'000'000'000 * ntd, "A1", "", "first");
         },
         [](World& w) {
             return w.set_limit(Scope::investor, Dimension::buy, 1'000'000'000 * ntd, "A1", "", "");
         }},
        {Reason::limit_invalid,
         [](World& w) { return w.set_limit(Scope::branch, Dimension::symbol_long, 1); },
         [](World& w) { return w.set_limit(Scope::symbol, Dimension::symbol_long, 1, "A1", "2330"); }},
        {Reason::limit_invalid,
         [](World& w) { return w.set_limit(Scope::investor, Dimension::buy, 1, "A9"); },
         [](World& w) { return w.set_limit(Scope::investor, Dimension::buy, 0); }},
        {Reason::not_halted, [](World& w) { return w.resume(Scope::investor); },
         [](World& w) {
             w.halt(Scope::investor);
             return w.resume(Scope::investor);
         }},
    };
}

std::vector<Row> all_rows() {
    std::vector<Row> rows;
    for (auto* part : {road_rows, terms_rows, rate_rows, credit_rows, change_rows, outcome_rows}) {
        const std::vector<Row> more = part();
        rows.insert(rows.end(), more.begin(), more.end());
    }
    return rows;
}

Reference changed(const Change& change) {
    Reference reference = make_reference();
    change(reference);
    return reference;
}

}  // namespace

TEST_CASE("every_reason_is_hit_by_its_row_and_just_missed_by_the_neighbour") {
    int number = 0;
    for (const Row& row : all_rows()) {
        INFO("row " << ++number << ": " << reason_text(row.reason).code);
        World hit(changed(row.reference));
        const Decision refused = row.hit(hit);
        CHECK(refused.reason == row.reason);
        World missed(changed(row.reference));
        const Decision passed = row.miss(missed);
        INFO("missed with " << reason_text(passed.reason).code);
        CHECK(passed.reason == Reason::none);
        CHECK(passed.outcome != Outcome::refused);
    }
}

TEST_CASE("a_refused_command_moves_no_counter_and_no_order") {
    int refusals = 0;
    for (const Row& row : all_rows()) {
        World world(changed(row.reference));
        const Decision refused = row.hit(world);
        if (refused.outcome != Outcome::refused) {
            continue;
        }
        ++refusals;
        INFO(reason_text(row.reason).code);
        const Counts after = world.ledger->counts();
        CHECK(std::memcmp(&after, &world.counts_before, sizeof after) == 0);
        CHECK(std::memcmp(&world.firm_before, &world.ledger->exposure(Scope::firm, 0), sizeof(Exposure)) ==
              0);
        CHECK(std::memcmp(&world.investor_before, &world.investor(1), sizeof(Exposure)) == 0);
    }
    CHECK(refusals > 60);
}

TEST_CASE("every_reason_has_a_row_in_the_table") {
    std::set<Reason> covered{Reason::none, Reason::capacity_orders, Reason::capacity_positions};
    for (const Row& row : all_rows()) {
        covered.insert(row.reason);
    }
    for (unsigned code = 0; code < 256; ++code) {
        const auto reason = static_cast<Reason>(code);
        if (reason_text(reason).reason == reason) {
            INFO(reason_text(reason).code);
            CHECK(covered.count(reason) == 1);
        }
    }
}

TEST_CASE("a_tick_belongs_to_the_prices_below_its_bound_and_the_bound_to_the_next") {
    const TickTable ticks = make_reference().ticks;
    CHECK(tick_at(ticks, TickClass::stock, 100 * ntd - 1) == 1'000);
    CHECK(tick_at(ticks, TickClass::stock, 100 * ntd) == 5'000);
    CHECK(tick_at(ticks, TickClass::stock, price_max) == 50'000);
    CHECK(tick_at(ticks, TickClass::none, 100 * ntd) == 0);
}

TEST_CASE("sellable_shares_count_to_the_last_share") {
    // 2,000 shares less one held: two lots are one share too many, an odd lot of 999 is not.
    Reference reference = make_reference();
    reference.inventory = {{3, 1, 1'999, 0}};
    World world(std::move(reference));
    CHECK(world.send(world.order("N1", Side::sell, 2'000, 100 * ntd, 3)).reason == Reason::sellable_short);
    CHECK(world.send(world.order("N2", Side::sell, 1'000, 100 * ntd, 3)).outcome == Outcome::accepted);
    NewOrder odd = world.order("N3", Side::sell, 999, 100 * ntd, 3);
    odd.facts.session_kind = SessionKind::intraday_odd_lot;
    CHECK(world.send(odd).outcome == Outcome::accepted);
    odd.facts.client_order_id = ClientOrderId{"N4"};
    odd.facts.quantity = 1;
    CHECK(world.send(odd).reason == Reason::sellable_short);
}

TEST_CASE("an_accepted_order_lists_every_check_as_passed") {
    World world;
    CHECK(world.send(world.order("N1")).checks_passed == (std::uint64_t{1} << check_count) - 1);
    // A refused one lists those before the check that refused, and no other.
    const Decision refused = world.send(world.order("N2", Side::buy, 1'999));
    CHECK(refused.checks_passed == (std::uint64_t{1} << static_cast<unsigned>(Check::quantity)) - 1);
}

}  // namespace fairlead::tests
