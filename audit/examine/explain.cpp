#include "audit/examine/explain.hpp"

#include <algorithm>
#include <cstring>

#include "audit/examine/explain_inputs.hpp"
#include "audit/examine/replayer.hpp"

namespace fairlead::audit {

namespace {

using risk::Check;
using risk::Reason;
using risk::Record;
using risk::RecordKind;

bool is_order_command(RecordKind kind) noexcept {
    return kind == RecordKind::new_order || kind == RecordKind::replace_order ||
           kind == RecordKind::cancel_order;
}

// What stops a Replace before the list, though it asks for another price.
bool stopped_before_list(Reason reason, const AskedCredit& asked) noexcept {
    return reason == Reason::side_mismatch || reason == Reason::duplicate_client_order_id ||
           (reason >= Reason::order_unknown && reason <= Reason::execution_unknown) ||
           (reason == Reason::amount_overflow && asked.value < 0);
}

// The checks that this command had to pass; 0 = it never came to the list.
std::uint64_t checks_of(const Record& record, const std::optional<AskedCredit>& asked,
                        const risk::Decision& decision) noexcept {
    if (record.kind == RecordKind::new_order && decision.outcome != risk::Outcome::restated) {
        return risk::all_checks;
    }
    const bool listed = record.kind == RecordKind::replace_order && asked &&
                        decision.outcome != risk::Outcome::restated &&
                        !stopped_before_list(decision.reason, *asked);
    if (!listed) {
        return 0;
    }
    return asked->added > 0 ? risk::price_checks | risk::raise_checks : risk::price_checks;
}

// Verdicts by the bits of the Decision: the first check of the set that has not passed is the one that
// refused.
void fill_verdicts(std::uint64_t set, const risk::Decision& decision, std::vector<ExplainedCheck>& checks) {
    bool refused = false;
    for (ExplainedCheck& at : checks) {
        const std::uint64_t mark = risk::bit(at.check);
        if ((set & mark) == 0) {
            at.verdict = Verdict::not_run;
        } else if ((decision.checks_passed & mark) != 0) {
            at.verdict = Verdict::passed;
        } else {
            at.verdict = refused ? Verdict::not_reached : Verdict::refused;
            refused = true;
        }
    }
}

// The counters after the command; the value of one order is no counter, and stays what it was.
void fill_after(const risk::Ledger& ledger, const AskedCredit& asked, std::vector<ExplainedCheck>& checks) {
    AskedCredit nothing = asked;
    nothing.added = 0;
    nothing.added_quantity = 0;
    for (ExplainedCheck& at : checks) {
        const std::vector<CreditUse> now = credit_uses(ledger, ledger, nothing, at.check);
        for (std::size_t i = 0; i < at.uses.size(); ++i) {
            at.uses[i].after = at.check == Check::order_value ? at.uses[i].use.with : now[i].before;
        }
    }
}

std::string read_origin(const JournalPlace& place, risk::Sequence version, LimitOrigin& origin) {
    JournalReader reader;
    RecordView view;
    if (!reader.open(place, version) || reader.next(view) != ReadStatus::record) {
        return "record " + std::to_string(version) + ", which set a limit, cannot be read: " + reader.error();
    }
    RecordStorage storage;
    const Record* record = materialize(view, storage);
    if (record == nullptr) {
        return "record " + std::to_string(version) + ", which set a limit, has not the size of its type";
    }
    origin.at = record->utc_ns;
    origin.opening = record->kind == RecordKind::day_start;
    if (record->kind == RecordKind::limit_set) {
        const risk::Subject& subject = as_kind<risk::LimitSet>(*record).subject;
        origin.user = subject.user.view();
        origin.approver = subject.approver.view();
        origin.reason = subject.reason.view();
    }
    return {};
}

void explain_command(Replayer& replayer, Masking masking, Explanation& result) {
    const Record& record = replayer.record();
    const std::optional<AskedCredit> asked = asked_credit(replayer.ledger(), record);
    result.terms = command_terms(record, masking);
    // What each check can see must be asked before the Ledger moves.
    std::vector<ExplainedCheck> checks;
    for (unsigned n = 0; n < risk::check_count; ++n) {
        ExplainedCheck& at = checks.emplace_back();
        at.check = static_cast<Check>(n);
        at.inputs = check_inputs(replayer.ledger(), record, asked, at.check, masking);
        if (asked) {
            for (const CreditUse& use : credit_uses(replayer.ledger(), replayer.ledger(), *asked, at.check)) {
                at.uses.push_back({use, 0});
            }
        }
    }
    result.decision = replayer.apply();
    const std::uint64_t set = checks_of(record, asked, result.decision);
    if (set == 0) {
        return;
    }
    fill_verdicts(set, result.decision, checks);
    if (asked) {
        fill_after(replayer.ledger(), *asked, checks);
    }
    for (ExplainedCheck& at : checks) {
        if (at.verdict == Verdict::not_run) {
            at.inputs.clear();
            at.uses.clear();
        }
    }
    result.checks = std::move(checks);
}

}  // namespace

Explanation explain(const JournalPlace& place, risk::Sequence sequence, Masking masking) {
    Explanation result;
    result.sequence = sequence;
    Replayer replayer;
    result.error = replayer.open(place);
    bool found = false;
    while (result.error.empty() && !found && replayer.next()) {
        found = replayer.record().sequence == sequence;
        if (!found) {
            static_cast<void>(replayer.apply());
        }
    }
    if (!found) {
        result.error = !result.error.empty() ? result.error
                       : replayer.error().empty()
                           ? "SEQ " + std::to_string(sequence) + ": must be 1 to " +
                                 std::to_string(replayer.last_sequence()) + ", the records of this journal"
                           : replayer.error();
        return result;
    }
    result.kind = replayer.record().kind;
    result.at = replayer.record().utc_ns;
    result.is_command = is_order_command(result.kind);
    result.has_decision = replayer.answered().has_value();
    if (result.is_command) {
        explain_command(replayer, masking, result);
    } else {
        result.decision = replayer.apply();
    }
    if (result.has_decision) {
        result.journaled = replayer.answered()->decision;
        result.equal = std::memcmp(&result.decision, &result.journaled, sizeof result.decision) == 0;
    }
    for (const ExplainedCheck& check : result.checks) {
        for (const ExplainedUse& use : check.uses) {
            const risk::Sequence version = use.use.limit.version;
            if (version != 0 && result.origins.find(version) == result.origins.end() &&
                result.error.empty()) {
                result.error = read_origin(place, version, result.origins[version]);
            }
        }
    }
    return result;
}

}  // namespace fairlead::audit
