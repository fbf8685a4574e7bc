// World: a small made-up broker for the Ledger's tests: two branches, three investors, four accounts, a
// handful of securities, one open day. It numbers Records and feeds them; it knows no rule itself.
#pragma once

#include <memory>
#include <string>

#include "risk/ledger.hpp"

namespace fairlead::tests {

using namespace fairlead::risk;  // NOLINT(google-build-using-namespace): a test's own vocabulary

inline constexpr Amount ntd = 10'000;
inline constexpr UtcNs origin_ns = 1'700'000'000'000'000'000;
inline constexpr std::int64_t second_ns = 1'000'000'000;
// What World::order reserves.
inline constexpr Amount reserve_of_good = Amount{2'000} * 100 * ntd;

// Phases of the made-up day, in seconds after its origin.
inline constexpr std::int64_t open_call_s = 100;
inline constexpr std::int64_t continuous_s = 200;
inline constexpr std::int64_t close_call_s = 1'000'000;
inline constexpr std::int64_t after_hours_s = 2'000'000;
inline constexpr std::int64_t end_s = 3'000'000;

inline Sizes small_sizes() {
    Sizes sizes;
    sizes.orders_max = 4'000;
    sizes.commands_max = 16'000;
    sizes.executions_max = 8'000;
    sizes.positions_max = 64;
    sizes.accounts_max = 16;
    sizes.investors_max = 16;
    sizes.securities_max = 16;
    sizes.branches_max = 8;
    sizes.sessions_max = 8;
    sizes.limits_max = 64;
    sizes.halts_max = 16;
    return sizes;
}

inline SecurityRow make_security(const char* symbol, Price reference_ntd, std::uint16_t flags = 0) {
    SecurityRow row;
    row.symbol = Symbol{symbol};
    row.reference = reference_ntd * ntd;
    row.limit_up = reference_ntd * ntd * 11 / 10;
    row.limit_down = reference_ntd * ntd * 9 / 10;
    row.flags = flags;
    row.venue = Venue::twse;
    row.tick_class = TickClass::stock;
    row.day_trade = DayTrade::either;
    return row;
}

inline void add_phases(Reference& reference, Venue venue) {
    const auto add = [&](SessionKind kind, Phase phase, std::int64_t from, std::int64_t to) {
        reference.phases.push_back({from * second_ns, to * second_ns, venue, kind, phase});
    };
    add(SessionKind::regular, Phase::open_call, open_call_s, continuous_s);
    add(SessionKind::regular, Phase::continuous, continuous_s, close_call_s);
    add(SessionKind::regular, Phase::close_call, close_call_s, after_hours_s);
    add(SessionKind::intraday_odd_lot, Phase::odd_lot, open_call_s, after_hours_s);
    add(SessionKind::after_hours_odd, Phase::odd_lot, after_hours_s, end_s);
    add(SessionKind::after_hours_fixed, Phase::fixed_price, after_hours_s, end_s);
}

inline void give(Reference& reference, Scope scope, std::uint32_t target, Dimension dimension, Amount value,
                 const char* symbol = "") {
    OpeningLimitRow row;
    row.limit.scope = scope;
    row.limit.dimension = dimension;
    row.limit.value = value;
    row.limit.symbol = Symbol{symbol};
    row.target = target;
    reference.opening_limits.push_back(row);
}

// Every dimension an investor needs before anything may be traded.
inline void give_all(Reference& reference, std::uint32_t investor, Amount amount, Quantity shares) {
    for (const Dimension dimension :
         {Dimension::buy, Dimension::sell, Dimension::gross_day, Dimension::net, Dimension::offset}) {
        give(reference, Scope::investor, investor, dimension, amount);
    }
    give(reference, Scope::investor, investor, Dimension::symbol_long, shares);
    give(reference, Scope::investor, investor, Dimension::symbol_short, shares);
}

// Accounts 1 and 2 are investor 1's (at two branches), 3 is investor 2's, 4 investor 3's, who has no
// Limit at all. Session 7 trades for accounts 1, 2 and 4; session 8 for all.
inline Reference make_reference() {
    Reference reference;
    reference.branches = {{}, {BranchId{"8610"}}, {BranchId{"8611"}}};
    reference.investors = {{}, {InvestorId{"A1"}, 0}, {InvestorId{"B2"}, 0}, {InvestorId{"C3"}, 0}};
    const std::uint16_t signed_flags = account_day_trade_signed | account_sell_first_signed;
    reference.accounts = {{},
                          {{BranchId{"8610"}, 17}, 1, 1, signed_flags, 0x7F},
                          {{BranchId{"8611"}, 25}, 1, 2, account_strict_sells | signed_flags, 0x7F},
                          {{BranchId{"8611"}, 33}, 2, 2, 0, 0x01},
                          {{BranchId{"8610"}, 41}, 3, 1, 0, 0x01}};
    reference.securities = {{},
                            make_security("2330", 100),
                            make_security("2317", 100),
                            make_security("6488", 100),
                            make_security("1101", 100, security_suspended),
                            make_security("9999", 100, security_disposition),
                            make_security("7777", 100, security_innovation),
                            make_security("2454", 100, security_no_margin | security_no_odd_lot),
                            make_security("2603", 100, security_no_short_below | security_no_sbl_below),
                            make_security("0050", 100, security_no_price_limit),
                            make_security("2002", 100)};
    reference.securities[3].venue = Venue::tpex;
    reference.securities[9].limit_up = reference.securities[9].limit_down = 0;
    reference.securities[10].day_trade = DayTrade::barred;
    for (const Venue venue : {Venue::twse, Venue::tpex}) {
        add_phases(reference, venue);
    }
    for (std::size_t tick_class = 1; tick_class < tick_class_count; ++tick_class) {
        reference.ticks.rows[tick_class] = {{10 * ntd, 100},       {50 * ntd, 500},
                                            {100 * ntd, 1'000},    {500 * ntd, 5'000},
                                            {1'000 * ntd, 10'000}, {price_max + 1, 50'000}};
    }
    give_all(reference, 1, 1'000'000'000 * ntd, 100'000'000);
    give_all(reference, 2, 1'000'000'000 * ntd, 100'000'000);
    reference.inventory = {{1, 1, 10'000, 5'000}, {3, 1, 2'000, 1'000}};
    SessionRow limited{7, 0, false, {1, 2, 4}};
    SessionRow all{8, 0, true, {}};
    reference.sessions = {limited, all};
    reference.rules.collar_last_bp = 0;
    reference.rules.collar_reference_bp = 0;
    return reference;
}

class World {
  public:
    explicit World(Reference given = make_reference(), const Sizes& sizes = small_sizes(),
                   bool start_day = true)
        : reference(std::move(given)), ledger(std::make_unique<Ledger>(sizes)) {
        if (start_day) {
            start();
            open_line(Venue::twse, 1);
            open_line(Venue::tpex, 2);
        }
    }

    // Numbers a Record, gives it the time, applies it. Any struct that begins with a Record.
    template <class T>
    Decision feed(T& record, RecordKind kind, std::uint32_t session = 0) {
        record.record.sequence = ledger->last_sequence() + 1;
        record.record.kind = kind;
        record.record.session = session;
        record.record.utc_ns = now_ns;
        record.record.monotonic_ns = static_cast<MonotonicNs>(record.record.sequence);
        if (ledger->reference() != nullptr) {
            counts_before = ledger->counts();
            firm_before = ledger->exposure(Scope::firm, 0);
            investor_before = ledger->exposure(Scope::investor, 1);
        }
        return ledger->apply(record.record);
    }
    std::string start() {
        std::string problem = ledger->stage(reference);
        if (problem.empty()) {
            DayStart day;
            day.facts = reference.day;
            day.facts.origin_utc_ns = origin_ns;
            feed(day, RecordKind::day_start);
        }
        return problem;
    }
    Decision close() {
        DayClose day;
        return feed(day, RecordKind::day_close);
    }
    void open_line(Venue venue, std::uint32_t line, bool open = true) {
        VenueSession session;
        session.facts.venue = venue;
        session.facts.open = open ? 1 : 0;
        feed(session, RecordKind::venue_session, line);
    }
    void at_s(std::int64_t seconds) { now_ns = origin_ns + seconds * second_ns; }

    // A good limit buy of two lots at 100.00 for account 1; rows of tests change what they are about.
    NewOrder order(const char* id, Side side = Side::buy, Quantity quantity = 2'000, Price price = 100 * ntd,
                   std::uint32_t account = 1, const char* symbol = "2330") const {
        NewOrder order;
        order.facts.client_order_id = ClientOrderId{id};
        order.facts.symbol = Symbol{symbol};
        order.facts.quantity = quantity;
        order.facts.price = price;
        order.facts.side = side;
        order.facts.order_type = OrderType::limit;
        order.facts.channel = Channel::dma;
        order.person.account = reference.accounts[account].key;
        return order;
    }
    Decision send(NewOrder order, std::uint32_t session = 8) {
        return feed(order, RecordKind::new_order, session);
    }
    Decision replace(const char* original, const char* id, Quantity quantity, Price price,
                     std::uint32_t session = 8) {
        ReplaceOrder command;
        command.facts.original_client_order_id = ClientOrderId{original};
        command.facts.client_order_id = ClientOrderId{id};
        command.facts.quantity = quantity;
        command.facts.price = price;
        return feed(command, RecordKind::replace_order, session);
    }
    Decision cancel(const char* original, const char* id, std::uint32_t session = 8) {
        CancelOrder command;
        command.facts.original_client_order_id = ClientOrderId{original};
        command.facts.client_order_id = ClientOrderId{id};
        return feed(command, RecordKind::cancel_order, session);
    }
    [[nodiscard]] VenueReport report(const Decision& order, OrderStatus exec_type,
                                     Sequence command = 0) const {
        VenueReport report;
        report.facts.order_key = order.order_key;
        report.facts.command = command != 0 ? command : order.order_key;
        report.facts.exec_type = exec_type;
        report.facts.filled_quantity = -1;
        return report;
    }
    Decision tell(VenueReport report) { return feed(report, RecordKind::venue_report, 1); }
    Decision acknowledge(const Decision& order, Quantity taken = 0) {
        VenueReport told = report(order, OrderStatus::created);
        told.facts.order_quantity = told.facts.leaves_quantity = taken;
        return tell(told);
    }
    Decision fill(const Decision& order, Quantity quantity, Price price, const char* execution) {
        VenueReport told = report(order, OrderStatus::trade);
        told.facts.last_quantity = quantity;
        told.facts.last_price = price;
        told.facts.execution_id = ExecutionId{execution};
        return tell(told);
    }
    Decision adjust(const Decision& order, const char* execution, Price price) {
        FillAdjusted told;
        told.facts.order_key = order.order_key;
        told.facts.execution_id = ExecutionId{execution};
        told.facts.price = price;
        return feed(told, RecordKind::fill_adjusted);
    }
    Decision refuse(const Decision& order, Sequence command, std::uint16_t code = 50) {
        VenueReject told;
        told.facts.order_key = order.order_key;
        told.facts.command = command;
        told.facts.venue_code = code;
        return feed(told, RecordKind::venue_reject, 1);
    }
    Decision doubt(const Decision& order, Sequence command) {
        InDoubt told;
        told.facts.order_key = order.order_key;
        told.facts.command = command;
        return feed(told, RecordKind::in_doubt);
    }
    Decision resolve(const Decision& order, Sequence command, Resolution resolution) {
        Resolved told;
        told.facts.order_key = order.order_key;
        told.facts.command = command;
        told.facts.resolution = resolution;
        return feed(told, RecordKind::resolved);
    }
    Decision set_limit(Scope scope, Dimension dimension, Amount value, const char* investor = "A1",
                       const char* symbol = "", const char* approver = "second") {
        LimitSet set;
        set.facts.scope = scope;
        set.facts.dimension = dimension;
        set.facts.value = value;
        set.facts.symbol = Symbol{symbol};
        set.subject.investor = InvestorId{investor};
        set.subject.account = reference.accounts[1].key;
        set.subject.user = UserName{"first"};
        set.subject.approver = UserName{approver};
        return feed(set, RecordKind::limit_set);
    }
    [[nodiscard]] Halt halt_of(Scope scope) const {
        Halt halt;
        halt.facts.scope = scope;
        halt.facts.venue = Venue::twse;
        halt.facts.symbol = Symbol{"2330"};
        halt.facts.session = 8;
        halt.subject.investor = InvestorId{"A1"};
        halt.subject.account = reference.accounts[1].key;
        return halt;
    }
    Decision halt(Scope scope) {
        Halt halt = halt_of(scope);
        return feed(halt, RecordKind::halt);
    }
    Decision resume(Scope scope) {
        const Halt named = halt_of(scope);
        Resume resume;
        resume.facts = named.facts;
        resume.subject = named.subject;
        return feed(resume, RecordKind::resume);
    }
    Decision device(DeviceCause cause, bool closed) {
        DeviceEvent event;
        event.facts.cause = cause;
        event.facts.orders_closed = closed ? 1 : 0;
        return feed(event, RecordKind::device_event);
    }
    [[nodiscard]] const Exposure& investor(std::uint32_t row = 1) const {
        return ledger->exposure(Scope::investor, row);
    }

    Reference reference;
    std::unique_ptr<Ledger> ledger;
    // As they stood before the Record fed last.
    Counts counts_before;
    Exposure firm_before;
    Exposure investor_before;
    UtcNs now_ns = origin_ns + continuous_s * second_ns;
};

}  // namespace fairlead::tests
