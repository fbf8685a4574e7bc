// Day: a trading day of ten records in a real journal, made by the production Ledger, Front and keeper.
#pragma once

#include <functional>

#include "small_gateway.hpp"
#include "tests/risk/world.hpp"

namespace fairlead::test {

using tests::ntd;
using tests::origin_ns;
using tests::second_ns;

// What the sequences of Day's records are.
enum : risk::Sequence {
    day_start = 1,
    limit_given = 4,
    first_new = 5,
    second_new = 6,
    refused_new = 7,
    acknowledged = 8,
    replaced = 9,
    cancelled = 10
};

// Account 8610-0000017 of investor A1: buys of 200,000 each under a Limit of 500,000 set by two persons.
class Day {
  public:
    // spoil: Decisions of News are journaled with a wrong byte. more: what happens before the day is kept.
    explicit Day(bool spoil = false, const std::function<void(Day&)>& more = {}) {
        risk::DayStart start;
        start.facts = gateway_.stage(tests::make_reference(), origin_ns);
        add(start, risk::RecordKind::day_start, 0);
        for (const risk::Venue venue : {risk::Venue::twse, risk::Venue::tpex}) {
            risk::VenueSession line;
            line.facts.venue = venue;
            line.facts.open = 1;
            add(line, risk::RecordKind::venue_session, static_cast<std::uint32_t>(venue));
        }
        risk::LimitSet limit;
        limit.facts.scope = risk::Scope::investor;
        limit.facts.dimension = risk::Dimension::buy;
        limit.facts.value = 500'000 * ntd;
        limit.subject.investor = risk::InvestorId{"A1"};
        limit.subject.user = risk::UserName{"kuo"};
        limit.subject.approver = risk::UserName{"lee"};
        limit.subject.reason = risk::Text<64>{"quarterly review"};
        add(limit, risk::RecordKind::limit_set, 0, true);
        for (const char* id : {"a", "b", "c"}) {
            risk::NewOrder order = world_.order(id);
            order.person.investor = risk::InvestorId{"A1"};
            add(order, risk::RecordKind::new_order, 8, true, spoil);
        }
        risk::VenueReport report;
        report.facts.order_key = report.facts.command = first_new;
        report.facts.exec_type = report.facts.order_status = risk::OrderStatus::created;
        report.facts.filled_quantity = -1;
        add(report, risk::RecordKind::venue_report, 1, true);
        risk::ReplaceOrder replace;
        replace.facts.original_client_order_id = risk::ClientOrderId{"a"};
        replace.facts.client_order_id = risk::ClientOrderId{"a2"};
        replace.facts.quantity = 2'000;
        replace.facts.price = 105 * ntd;
        add(replace, risk::RecordKind::replace_order, 8, true);
        risk::CancelOrder cancel;
        cancel.facts.original_client_order_id = risk::ClientOrderId{"b"};
        cancel.facts.client_order_id = risk::ClientOrderId{"b2"};
        add(cancel, risk::RecordKind::cancel_order, 8, true);
        if (more) {
            more(*this);
        }
        gateway_.keep();
    }
    [[nodiscard]] JournalPlace place() const { return {disk_.path(), {}}; }
    [[nodiscard]] const std::string& path() const { return disk_.path(); }

    template <class T>
    void add(T record, risk::RecordKind kind, std::uint32_t session, bool answer = false,
             bool spoil = false) {
        record.record.session = session;
        record.record.utc_ns =
            origin_ns + (300 + static_cast<std::int64_t>(gateway_.published())) * second_ns;
        gateway_.step(record, kind, answer, spoil);
    }
    [[nodiscard]] tests::World& world() { return world_; }
    [[nodiscard]] risk::Sequence last() const { return gateway_.published(); }

  private:
    TemporaryDirectory disk_;
    tests::World world_;
    SmallGateway gateway_{disk_.path()};
};

}  // namespace fairlead::test
