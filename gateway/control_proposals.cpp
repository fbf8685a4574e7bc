// What two persons settle, limits that go back, warning levels: the part of ControlSide that the risk desk
// works with. Each thing is a Record; what is due by the clock is done a few at a time. See control_side.hpp.
#include "gateway/control_side.hpp"
#include "gateway/fix/sentence.hpp"

namespace fairlead::gateway {

namespace {

constexpr std::uint32_t effects_per_pass = 8;
constexpr std::uint32_t places_per_look = 64;
constexpr std::uint32_t owners_per_pass = 64;
constexpr std::uint32_t rows_per_pass = 64;
constexpr std::int64_t hour_ns = 3'600'000'000'000;

bool is_raise(const risk::LimitSetFacts& limit, const risk::LimitInForce& in_force) noexcept {
    return limit.value > in_force.value;
}

}  // namespace

// --- proposing

std::string_view ControlSide::look_up(const risk::LimitSetFacts& limit, const risk::Subject& subject,
                                      risk::LimitInForce& found) const noexcept {
    const risk::Scope scope = limit.scope == risk::Scope::symbol ? risk::Scope::investor : limit.scope;
    if (!risk::limit_kept(scope, limit.dimension)) {
        return "dimension: this scope has no such limit";
    }
    const std::uint32_t row = owner_of(core_.ledger, scope, subject).row;
    if (core_.ledger.reference() == nullptr || (row == 0 && scope != risk::Scope::firm)) {
        return "target: not known today, must be an investor, account or branch of the reference data";
    }
    const std::uint32_t security = limit.symbol.empty() ? 0 : core_.ledger.find_security(limit.symbol);
    if (security == 0 && !limit.symbol.empty()) {
        return "symbol: not a security of today";
    }
    found = core_.ledger.limit(scope, row, limit.dimension, security);
    return {};
}

std::string_view ControlSide::why_not_proposed(const ControlRequest& request, bool& alone) const noexcept {
    const risk::UtcNs now = core_.clock.last().utc_ns;
    if (!core_.desk.proposals.has_room()) {
        return "too many proposals are open: answer or withdraw some first (control.proposals)";
    }
    if (request.batch != 0) {
        const ProposalEntry* first = core_.desk.proposals.find(request.batch);
        if (first == nullptr || first->state != ProposalState::open || first->facts.batch != 0 ||
            first->subject.user != request.subject.user) {
            return "batch: must be the first proposal of a batch of the same user, and open still";
        }
    }
    if (request.expires_ns != 0 && request.expires_ns <= now) {
        return "expires_at: must be in the future";
    }
    if (request.act == risk::ProposalAct::resume) {
        return {};  // whether it is halted is judged when it takes hold
    }
    risk::LimitInForce in_force;
    if (const std::string_view problem = look_up(request.limit, request.subject, in_force);
        !problem.empty()) {
        return problem;
    }
    if (is_raise(request.limit, in_force)) {
        return {};
    }
    if (request.expires_ns != 0) {
        return "expires_at: only a raise has an end";
    }
    if (request.effective_ns <= now && request.batch == 0) {
        return "value: does not raise the limit in force, so it needs no proposal: set it at once";
    }
    alone = request.effective_ns > now && request.batch == 0;
    return {};
}

risk::Sequence ControlSide::record_proposal(const ControlRequest& request, bool alone) noexcept {
    risk::Proposal proposal;
    proposal.record.kind = risk::RecordKind::proposal;
    proposal.facts.act = request.act;
    proposal.facts.limit = request.limit;
    proposal.facts.halt = request.halt;
    proposal.facts.effective_ns = request.effective_ns;
    proposal.facts.expires_ns = request.expires_ns;
    proposal.facts.batch = request.batch;
    proposal.facts.alone = alone ? 1 : 0;
    proposal.subject = request.subject;
    proposal.subject.approver = {};
    core_.step(proposal);
    return proposal.record.sequence;
}

void ControlSide::propose(const ControlRequest& request, ControlReply& reply) noexcept {
    bool alone = false;
    if (const std::string_view problem = why_not_proposed(request, alone); !problem.empty()) {
        refuse(request, reply, problem);
        return;
    }
    reply.sequence = record_proposal(request, alone);
    reply.ok = true;
    reply.text = risk::Text<512>(alone ? "takes hold at its time: a lowering needs no second person"
                                       : "waits for a second person to approve it");
    answer(reply);
}

// --- answering

risk::Sequence ControlSide::record_answer(risk::Sequence proposal, risk::ApprovalVerdict verdict,
                                          bool whole_batch, const risk::Subject& subject) noexcept {
    risk::Approval approval;
    approval.record.kind = risk::RecordKind::approval;
    approval.record.cause = proposal;
    approval.facts.proposal = proposal;
    approval.facts.verdict = verdict;
    approval.facts.whole_batch = whole_batch ? 1 : 0;
    approval.subject = subject;
    core_.step(approval);
    return approval.record.sequence;
}

void ControlSide::answer_proposal(const ControlRequest& request, ControlReply& reply) noexcept {
    const ProposalEntry* entry = core_.desk.proposals.find(request.proposal);
    const risk::ControlVerb verb = request.facts.verb;
    const bool withdraws = verb == risk::ControlVerb::withdraw;
    const bool own = entry != nullptr && entry->subject.user == request.subject.user;
    const bool waits =
        entry != nullptr && (entry->state == ProposalState::open ||
                             (withdraws && entry->state == ProposalState::approved && entry->answer == 0));
    const std::uint32_t members =
        request.members == 0 ? 1 : core_.desk.proposals.open_in_batch(request.proposal);
    const bool whole_batch = request.members != 0;
    const std::string_view wrong = entry == nullptr    ? "proposal: not known, or settled long ago"
                                   : !waits            ? "proposal: has been answered already"
                                   : withdraws && !own ? "proposal: only who has made it may withdraw it"
                                   : !withdraws && own
                                       ? "proposal: must be answered by another person than who has made it"
                                   : whole_batch && members != request.members
                                       ? "batch: has not just so many open proposals, look at it again"
                                       : "";
    if (entry == nullptr || !wrong.empty()) {
        refuse(request, reply, wrong);
        return;
    }
    const ProposalEntry before = *entry;
    risk::Subject subject = before.subject;
    subject.approver = withdraws ? risk::UserName{} : request.subject.user;
    subject.reason = request.subject.reason;
    const risk::ApprovalVerdict verdict = withdraws ? risk::ApprovalVerdict::withdrawn
                                          : verb == risk::ControlVerb::approve
                                              ? risk::ApprovalVerdict::approved
                                              : risk::ApprovalVerdict::rejected;
    reply.sequence = record_answer(request.proposal, verdict, whole_batch, subject);
    reply.ok = true;
    if (verdict == risk::ApprovalVerdict::approved && members == 1 &&
        before.facts.effective_ns <= core_.clock.last().utc_ns) {
        const risk::Answered answered = bring_about(request.proposal);
        tell_effect(answered.decision, reply);
    } else if (verdict == risk::ApprovalVerdict::approved) {
        fix::Sentence text;
        text.add(std::uint64_t{members}).add(" approved: they take hold one behind the other, at their time");
        reply.text = risk::Text<512>(text.text().view());
    }
    answer(reply);
}

// Both persons are here at once: their two acts are two Records all the same.
void ControlSide::set_limit_for_a_time(const ControlRequest& request, ControlReply& reply) noexcept {
    ControlRequest proposal = request;
    proposal.act = risk::ProposalAct::limit_set;
    bool alone = false;
    std::string_view wrong = why_not_proposed(proposal, alone);
    if (wrong.empty() &&
        (request.subject.approver.empty() || request.subject.approver == request.subject.user)) {
        wrong = "approver: must be given for a raise, another person than user";
    }
    if (!wrong.empty()) {
        refuse(request, reply, wrong);
        return;
    }
    const risk::Sequence number = record_proposal(proposal, false);
    record_answer(number, risk::ApprovalVerdict::approved, false, request.subject);
    const risk::Answered answered = bring_about(number);
    tell_effect(answered.decision, reply);
    reply.sequence = answered.decision.sequence != 0 ? answered.decision.sequence : number;
    answer(reply);
}

void ControlSide::tell_effect(const risk::Decision& decision, ControlReply& reply) const noexcept {
    reply.ok = decision.sequence != 0 && decision.outcome == risk::Outcome::accepted;
    reply.reason = decision.reason;
    fix::Sentence text;
    if (decision.sequence == 0) {
        text.add("approved, and lapsed at once: the proposal's answer says why");
    } else {
        text.add(reply.ok ? "in force by record " : "approved, and refused by record ")
            .add(decision.sequence);
    }
    reply.text = risk::Text<512>(text.text().view());
}

// --- bringing about

risk::Answered ControlSide::bring_about(risk::Sequence proposal) noexcept {
    const ProposalEntry* found = core_.desk.proposals.find(proposal);
    if (found == nullptr || found->state != ProposalState::approved) {
        return {};
    }
    const ProposalEntry entry = *found;  // its place moves with the Records made here
    risk::Subject subject = entry.subject;
    subject.approver = entry.answerer;
    if (entry.facts.act == risk::ProposalAct::limit_set) {
        return bring_about_limit(entry, subject);
    }
    risk::Resume resume;
    resume.record.kind = risk::RecordKind::resume;
    resume.record.session = entry.facts.halt.session;
    resume.record.cause = entry.cause();
    resume.facts = entry.facts.halt;
    resume.subject = subject;
    return core_.step(resume);
}

risk::Answered ControlSide::bring_about_limit(const ProposalEntry& entry,
                                              const risk::Subject& subject) noexcept {
    risk::LimitInForce in_force;
    const bool known = look_up(entry.facts.limit, entry.subject, in_force).empty();
    const risk::LimitKey key = limit_key(entry.facts.limit, entry.subject);
    const LimitEnd* present = core_.desk.proposals.end_of(key);
    // Above what stays, also where another raise for a time has come first.
    const bool raises = known && (is_raise(entry.facts.limit, in_force) ||
                                  (present != nullptr && entry.facts.limit.value > present->base));
    if (entry.facts.expires_ns != 0 && raises) {
        // It must not come without its end.
        if (entry.facts.expires_ns <= core_.clock.last().utc_ns) {
            lapse(entry, "its end has come before its turn");
            return {};
        }
        if (!core_.desk.proposals.has_room_for_end(key)) {
            lapse(entry, "no room for one more limit with an end");
            return {};
        }
        risk::LimitTerm term;
        term.record.kind = risk::RecordKind::limit_term;
        term.record.cause = entry.number;
        term.facts.back = entry.facts.limit;
        term.facts.back.value = present != nullptr ? present->base : in_force.value;
        term.facts.expires_ns = entry.facts.expires_ns;
        term.subject = subject;
        core_.step(term);
    }
    risk::LimitSet set;
    set.record.kind = risk::RecordKind::limit_set;
    set.record.cause = entry.cause();
    set.facts = entry.facts.limit;
    set.subject = subject;
    return core_.step(set);
}

void ControlSide::lapse(const ProposalEntry& entry, std::string_view why) noexcept {
    risk::Subject subject = entry.subject;
    subject.approver = {};
    subject.reason = risk::Text<64>(why);
    record_answer(entry.number, risk::ApprovalVerdict::lapsed, false, subject);
}

void ControlSide::go_back(const LimitEnd& end) noexcept {
    risk::LimitSet set;
    set.record.kind = risk::RecordKind::limit_set;
    set.record.cause = end.set;
    set.facts.scope = end.key.scope;
    set.facts.dimension = end.key.dimension;
    set.facts.symbol = end.key.symbol;
    set.facts.value = end.base;
    set.subject.investor = end.key.investor;
    set.subject.account = end.key.account;
    fix::Sentence why;
    why.add("term ended: set by record ").add(end.set);
    set.subject.reason = risk::Text<64>(why.text().view());
    const risk::Answered answered = core_.step(set);
    if (answered.decision.outcome != risk::Outcome::accepted) {
        core_.log(LogLevel::warning, "a limit whose term has ended could not go back", 0,
                  static_cast<std::int64_t>(answered.decision.sequence));
    }
}

bool ControlSide::settle_one() noexcept {
    const risk::UtcNs now = core_.clock.last().utc_ns;
    const std::int64_t lapse_ns = std::int64_t{core_.config.control.proposal_hours} * hour_ns;
    if (!core_.sequencer->can_step()) {
        return false;
    }
    if (const LimitEnd* due = core_.desk.proposals.next_end(now); due != nullptr) {
        const LimitEnd end = *due;
        go_back(end);
        return true;
    }
    const ProposalEntry* due = core_.desk.proposals.next_due(now, lapse_ns, places_per_look);
    if (due == nullptr) {
        return false;
    }
    const ProposalEntry entry = *due;
    if (entry.state == ProposalState::open) {
        lapse(entry, "not answered in time");
    } else {
        bring_about(entry.number);
    }
    return true;
}

void ControlSide::settle_overdue() noexcept {
    core_.clock.refresh();
    // Every place is looked at, however few a look takes.
    const std::uint32_t looks = core_.desk.proposals.places() / places_per_look + 1;
    for (std::uint32_t idle = 0; idle < looks && core_.sequencer->can_step();) {
        idle = settle_one() ? 0 : idle + 1;
    }
}

void ControlSide::work() noexcept {
    for (std::uint32_t i = 0; i < effects_per_pass && settle_one(); ++i) {
    }
    judge_usage();
    go_on_listing();
    give_back_reload();
}

// --- warning levels

void ControlSide::judge_usage() noexcept {
    for (std::uint32_t i = 0; i < owners_per_pass && core_.sequencer->can_step(); ++i) {
        const LimitOwner owner = core_.desk.levels.take();
        if (owner.scope == risk::Scope::none) {
            return;
        }
        if (owner.scope == risk::Scope::account) {
            const risk::AccountKey& key = core_.ledger.account_key(owner.row);
            core_.desk.levels.touch({risk::Scope::investor, core_.ledger.find_account(key).investor});
            core_.desk.levels.touch({risk::Scope::branch, core_.ledger.find_branch(key.branch)});
            core_.desk.levels.touch({risk::Scope::firm, 0});
        }
        const UsageLevels::Crossing crossing =
            core_.desk.levels.judge(core_.ledger, owner, core_.config.ladder);
        if (crossing.dimension != risk::Dimension::none) {
            climb(owner, crossing);
            core_.desk.levels.touch(owner);  // another one may stand behind it
        }
    }
}

// The act first, then the crossing that names it: what a crash leaves between the two is done again, or has
// been done and is then named by no crossing. Only an investor is slowed or blocked: what many share is
// told of, and its limit refuses at its end.
void ControlSide::climb(LimitOwner owner, const UsageLevels::Crossing& crossing) noexcept {
    const config::LadderSection& ladder = core_.config.ladder;
    risk::UsageLevel level;
    level.record.kind = risk::RecordKind::usage_level;
    level.facts.scope = owner.scope;
    level.facts.usage = crossing.usage;
    level.facts.limit = crossing.limit.value;
    level.facts.limit_version = crossing.limit.version;
    level.facts.permille = crossing.permille;
    level.facts.dimension = crossing.dimension;
    level.facts.level = crossing.level;
    level.facts.rising = crossing.rising ? 1 : 0;
    if (crossing.rising) {
        level.facts.step = owner.scope == risk::Scope::investor ? ladder.levels[crossing.level - 1U].step
                                                                : risk::LadderStep::warn;
    }
    if (owner.scope == risk::Scope::investor) {
        level.subject.investor = core_.ledger.investor_id(owner.row);
    } else if (owner.scope == risk::Scope::account) {
        level.subject.account = core_.ledger.account_key(owner.row);
    } else if (owner.scope == risk::Scope::branch) {
        level.subject.account.branch = core_.ledger.branch_id(owner.row);
    }
    fix::Sentence why;
    why.add("usage reached ").add(std::uint64_t{crossing.permille} / 10).add(" % of the limit");
    risk::Subject subject = level.subject;
    subject.reason = risk::Text<64>(why.text().view());
    switch (level.facts.step) {
        case risk::LadderStep::slow:
            level.record.cause = slow_down(owner.row, subject);
            break;
        case risk::LadderStep::block:
        case risk::LadderStep::block_and_cancel:
            level.record.cause =
                block(owner.row, subject, level.facts.step == risk::LadderStep::block_and_cancel);
            break;
        case risk::LadderStep::none:
        case risk::LadderStep::warn:
            break;
    }
    core_.step(level);
}

risk::Sequence ControlSide::slow_down(std::uint32_t investor, const risk::Subject& subject) noexcept {
    const auto slow = static_cast<risk::Amount>(core_.config.ladder.slow_rate);
    if (core_.ledger.limit(risk::Scope::investor, investor, risk::Dimension::message_rate).value <= slow) {
        return 0;
    }
    risk::LimitSet set;
    set.record.kind = risk::RecordKind::limit_set;
    set.facts.scope = risk::Scope::investor;
    set.facts.dimension = risk::Dimension::message_rate;
    set.facts.value = slow;
    set.subject = subject;
    core_.step(set);
    return set.record.sequence;
}

risk::Sequence ControlSide::block(std::uint32_t investor, const risk::Subject& subject,
                                  bool cancel_open) noexcept {
    if (core_.ledger.halted(risk::Scope::investor, investor) && !cancel_open) {
        return 0;
    }
    risk::Halt halt;
    halt.record.kind = risk::RecordKind::halt;
    halt.facts.scope = risk::Scope::investor;
    halt.facts.cancel_open = cancel_open ? 1 : 0;
    halt.subject = subject;
    core_.step(halt);
    risk::OpenFilter filter;
    filter.investor = investor;
    if (cancel_open && !mass_effects_.start(filter, risk::CancelOrigin::halt, halt.record.sequence)) {
        core_.log(LogLevel::warning, "halted by the ladder, but too many mass cancels are under way", 0,
                  static_cast<std::int64_t>(halt.record.sequence));
    }
    return halt.record.sequence;
}

// --- lists, visits, reviews

void ControlSide::list_proposals(const ControlRequest& request, ControlReply& reply) noexcept {
    if (listings_.size() == listings_max) {
        reply.ok = false;
        reply.text = risk::Text<512>("too many lists are being read, try again");
        answer(reply);
        return;
    }
    listings_.push_back({reply, 0, request.all});
}

// The last line of a list has no row: only then is it known to be the last.
void ControlSide::go_on_listing() noexcept {
    if (listings_.empty()) {
        return;
    }
    Listing& listing = listings_.front();
    const ProposalBook& book = core_.desk.proposals;
    const std::uint32_t end = std::min(book.places(), listing.place + 16 * rows_per_pass);
    for (std::uint32_t rows = 0; listing.place < end && rows < rows_per_pass; ++listing.place) {
        const ProposalEntry& entry = book.at(listing.place);
        if (entry.state == ProposalState::none || (settled(entry.state) && !listing.all)) {
            continue;
        }
        ProposalRow row;
        row.number = entry.number;
        row.answer = entry.answer;
        row.effect = entry.effect;
        row.made_ns = entry.made_ns;
        row.facts = entry.facts;
        row.subject = entry.subject;
        row.answerer = entry.answerer;
        row.answer_reason = entry.answer_reason;
        row.reason = entry.reason;
        row.state = entry.state;
        risk::LimitInForce in_force;
        if (entry.facts.act == risk::ProposalAct::limit_set &&
            look_up(entry.facts.limit, entry.subject, in_force).empty()) {
            row.in_force = in_force.value;
        }
        listing.reply.row = row;
        listing.reply.more = true;
        answer(listing.reply);
        ++rows;
    }
    if (listing.place == book.places()) {
        listing.reply.row = std::monostate{};
        listing.reply.more = false;
        answer(listing.reply);
        listings_.erase(listings_.begin());
    }
}

void ControlSide::record_visit(const ControlRequest& request, ControlReply& reply) noexcept {
    const risk::UtcNs now = core_.clock.last().utc_ns;
    if (request.visit == risk::VisitAct::opened && request.expires_ns <= now) {
        refuse(request, reply, "until: must be in the future");
        return;
    }
    risk::Visit visit;
    visit.record.kind = risk::RecordKind::maintenance_visit;
    visit.facts.act = request.visit;
    visit.facts.until_ns = request.expires_ns;
    visit.facts.ticket = request.ticket;
    visit.subject = request.subject;
    core_.step(visit, std::as_bytes(std::span(request.target.view())));
    reply.sequence = visit.record.sequence;
    reply.ok = true;
    answer(reply);
}

void ControlSide::record_review(const ControlRequest& request, ControlReply& reply) noexcept {
    risk::Review review;
    review.record.kind = risk::RecordKind::review;
    review.facts.decision = request.decision;
    review.facts.half_year = request.half_year;
    review.subject = request.subject;
    core_.step(review, std::as_bytes(std::span(request.target.view())));
    reply.sequence = review.record.sequence;
    reply.ok = true;
    answer(reply);
}

}  // namespace fairlead::gateway
