// The Judge on credit and orders: every decision and every counter against the oracle of tests/risk.
#include "tests/simulation/judge.hpp"

namespace fairlead::simulation {

using risk::RecordKind;
using tests::Expected;
using tests::OracleOrder;
using tests::Sums;

namespace {

std::string number_text(tests::Wide value) {
    return std::to_string(static_cast<long long>(value));
}

bool is_road_reason(risk::Reason reason) {
    return reason == risk::Reason::journal_unavailable || reason == risk::Reason::clock_untrusted ||
           reason == risk::Reason::venue_line_down;
}

}  // namespace

// Whether the road was open is no matter of credit: it is held against the records that open and close it.
bool Judge::road_reason(const Seen& seen, risk::Venue venue) {
    const risk::Reason reason = seen.answered->decision.reason;
    const bool devices = !devices_closed_.empty() || spare_closed_;
    bool line = false;
    for (const auto& [id, tpex] : lines_open_) {
        line = line || tpex == (venue == risk::Venue::tpex);
    }
    if (is_road_reason(reason)) {
        kernel_.marks.hit("refused by the road " + std::to_string(static_cast<int>(reason)));
        const bool true_reason = reason == risk::Reason::venue_line_down ? !line : devices;
        if (!true_reason) {
            kernel_.fail(5, "record " + std::to_string(last()) + " is refused, yet the road was open");
        }
        return true;
    }
    const bool let_in = seen.kind == RecordKind::new_order &&
                        seen.answered->decision.outcome == risk::Outcome::accepted &&
                        (devices || (venue != risk::Venue::none && !line));
    if (let_in) {
        kernel_.fail(5, "record " + std::to_string(last()) + " is accepted, yet the road was closed");
    }
    return false;
}

void Judge::ask_oracle(const Seen& seen) {
    if (!seen.answered) {
        return;
    }
    const risk::Decision& decision = seen.answered->decision;
    if (seen.kind == RecordKind::new_order || seen.kind == RecordKind::replace_order) {
        risk::Venue venue = decision.venue;
        if (seen.kind == RecordKind::new_order) {
            for (const risk::SecurityRow& row : reference_.securities) {
                venue = row.symbol == as<risk::NewOrder>(seen).facts.symbol && !row.symbol.empty() ? row.venue
                                                                                                   : venue;
            }
        }
        if (road_reason(seen, venue) || decision.reason == risk::Reason::capacity_orders) {
            return;  // whether there was room is check_room's
        }
    }
    const bool by_venue = seen.kind == RecordKind::venue_report || seen.kind == RecordKind::venue_reject;
    const OracleOrder* order = nullptr;
    const auto usage = [&] {
        Sums all = oracle_->sums([](const OracleOrder&) { return true; });
        return all.executed_buy + all.executed_sell + all.open_buy + all.open_sell;
    };
    const tests::Wide before = by_venue ? usage() : 0;
    const Expected expected = expect(seen);
    order = expected.order;
    if (by_venue && order != nullptr && !lost_ && usage() > before &&
        (decision.flags & risk::improvement_flag) == 0) {
        kernel_.fail(6, "a venue's event raises usage at record " + std::to_string(last()));
    }
    if (seen.kind == RecordKind::released &&
        oracle_->halt_before_sending(as<risk::Released>(seen).facts.command) != risk::Reason::none) {
        kernel_.fail(20, "record " + std::to_string(last()) + " sends a command that waited, against a halt");
    }
    if (seen.kind == RecordKind::order_status || seen.kind == RecordKind::mass_cancel ||
        seen.kind == RecordKind::released || seen.kind == RecordKind::fill_adjusted) {
        return;
    }
    compare_decision(expected, decision);
}

Expected Judge::halted(const Seen& seen) {
    const bool on = seen.kind == RecordKind::halt;
    const auto& facts = as<risk::Halt>(seen).facts;  // Resume has the same shape
    const auto& subject = as<risk::Halt>(seen).subject;
    switch (facts.scope) {
        case risk::Scope::investor:
            return oracle_->halt(facts.scope, "investor " + std::string(subject.investor.view()), on);
        case risk::Scope::account:
            return oracle_->halt(facts.scope, "account " + std::to_string(subject.account.number), on);
        case risk::Scope::symbol:
            return oracle_->halt(facts.scope, "symbol " + std::string(facts.symbol.view()), on);
        default:
            return oracle_->halt(facts.scope, "firm", on);
    }
}

Expected Judge::expect(const Seen& seen) {
    switch (seen.kind) {
        case RecordKind::new_order:
            return oracle_->new_order(as<risk::NewOrder>(seen));
        case RecordKind::replace_order:
            return oracle_->replace(as<risk::ReplaceOrder>(seen));
        case RecordKind::cancel_order:
            return oracle_->cancel(as<risk::CancelOrder>(seen));
        case RecordKind::venue_report:
            return oracle_->report(as<risk::VenueReport>(seen));
        case RecordKind::venue_reject:
            return oracle_->reject(as<risk::VenueReject>(seen));
        case RecordKind::in_doubt:
            kernel_.marks.hit("in doubt");
            return oracle_->doubt(as<risk::InDoubt>(seen));
        case RecordKind::resolved:
            return oracle_->resolve(as<risk::Resolved>(seen));
        case RecordKind::wait_expired:
        case RecordKind::halted_unsent:
            kernel_.marks.hit(seen.kind == RecordKind::halted_unsent ? "overtaken by a halt"
                                                                     : "waited too long");
            return oracle_->expire(as<risk::WaitExpired>(seen));
        case RecordKind::limit_set:
            return oracle_->limit_set(as<risk::LimitSet>(seen));
        case RecordKind::halt:
        case RecordKind::resume:
            return halted(seen);
        default:
            return {};
    }
}

void Judge::compare_decision(const Expected& expected, const risk::Decision& decision) {
    const std::string at = "record " + std::to_string(last()) + ": ";
    if (decision.reason != expected.reason || decision.outcome != expected.outcome) {
        kernel_.fail(5, at + "decided " + std::to_string(static_cast<int>(decision.outcome)) + " " +
                            std::string(risk::reason_text(decision.reason).code) + ", the oracle says " +
                            std::to_string(static_cast<int>(expected.outcome)) + " " +
                            std::string(risk::reason_text(expected.reason).code));
        return;
    }
    if (expected.order == nullptr || decision.order_key == 0) {
        return;
    }
    const OracleOrder& order = *expected.order;
    const bool same = decision.order_key == order.key &&
                      static_cast<char>(decision.order_status) == order.status() &&
                      decision.ordered == order.total && decision.leaves == order.leaves() &&
                      decision.filled == order.filled() && decision.filled_amount == order.filled_amount();
    if (!same) {
        kernel_.fail(9, at + "order " + std::to_string(order.key) + " is " +
                            std::string(1, static_cast<char>(decision.order_status)) + " of " +
                            std::to_string(decision.ordered) + ", " + std::to_string(decision.leaves) +
                            " left, the oracle says " + std::string(1, order.status()) + " of " +
                            number_text(order.total) + ", " + number_text(order.leaves()) + " left");
    }
    if (decision.outcome == risk::Outcome::accepted && decision.reserve_after != order.reserve()) {
        kernel_.fail(8, at + "reserves " + std::to_string(decision.reserve_after) + ", the oracle says " +
                            number_text(order.reserve()));
    }
}

void Judge::compare(const risk::Ledger& ledger) {
    if (!credit_known_ || ledger.last_sequence() != last() || ledger.reference() == nullptr) {
        return;
    }
    const auto check = [&](risk::Scope scope, std::uint32_t row, const Sums& should) {
        const risk::Exposure& is = ledger.exposure(scope, row);
        if (is.executed_buy != should.executed_buy || is.executed_sell != should.executed_sell ||
            is.open_buy != should.open_buy || is.open_sell != should.open_sell) {
            kernel_.fail(8, "after record " + std::to_string(last()) + " scope " +
                                std::to_string(static_cast<int>(scope)) + " row " + std::to_string(row) +
                                ": open " + std::to_string(is.open_buy) + "/" + std::to_string(is.open_sell) +
                                ", the oracle says " + number_text(should.open_buy) + "/" +
                                number_text(should.open_sell));
        }
    };
    for (std::uint32_t row = 1; row < reference_.accounts.size(); ++row) {
        check(risk::Scope::account, row,
              oracle_->sums([&](const OracleOrder& order) { return order.account == row; }));
    }
    for (std::uint32_t row = 1; row < reference_.investors.size(); ++row) {
        check(risk::Scope::investor, row,
              oracle_->sums([&](const OracleOrder& order) { return order.investor == row; }));
    }
    check(risk::Scope::firm, 0, oracle_->sums([](const OracleOrder&) { return true; }));
    std::uint32_t doubtful = 0;
    for (const OracleOrder& order : oracle_->orders) {
        doubtful += order.doubts.empty() ? 0U : 1U;
    }
    if (ledger.counts().in_doubt != doubtful) {
        kernel_.fail(15, "after record " + std::to_string(last()) + " " +
                             std::to_string(ledger.counts().in_doubt) +
                             " orders are in doubt, the oracle says " + std::to_string(doubtful));
    }
}

}  // namespace fairlead::simulation
