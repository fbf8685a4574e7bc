// What the order thread remembers for the risk desk: proposals, limits that go back, warning levels; each
// moved by Records alone, so that the same Records give the same state.
#include "gateway/desk_books.hpp"

#include <array>
#include <catch2/catch.hpp>
#include <vector>

#include "tests/risk/world.hpp"

using namespace fairlead;
using namespace fairlead::tests;
using gateway::LimitOwner;
using gateway::ProposalState;

namespace {

constexpr std::int64_t hour_ns = 3'600 * second_ns;

config::GatewayConfig small_config(std::uint32_t proposals = 16) {
    config::GatewayConfig config;
    config.control.proposals = proposals;
    config.sizes.accounts = 16;
    return config;
}

// A world whose every Record the books follow.
struct Desk {
    explicit Desk(std::uint32_t proposals = 16) : books(small_config(proposals)) {}

    template <class T>
    Decision feed(T& record, RecordKind kind, Sequence cause = 0) {
        record.record.cause = cause;
        const Decision decision = world.feed(record, kind);
        books.follow(record, decision, *world.ledger);
        if (beside != nullptr) {
            beside->follow(record, decision, *world.ledger);
        }
        return decision;
    }
    Sequence propose(Amount value, UtcNs from = 0, UtcNs until = 0, Sequence batch = 0, bool alone = false) {
        Proposal proposal;
        proposal.facts.act = ProposalAct::limit_set;
        proposal.facts.limit.scope = Scope::investor;
        proposal.facts.limit.dimension = Dimension::buy;
        proposal.facts.limit.value = value;
        proposal.facts.effective_ns = from;
        proposal.facts.expires_ns = until;
        proposal.facts.batch = batch;
        proposal.facts.alone = alone ? 1 : 0;
        proposal.subject.investor = InvestorId{"A1"};
        proposal.subject.user = UserName{"first"};
        feed(proposal, RecordKind::proposal);
        return proposal.record.sequence;
    }
    Sequence answer(Sequence proposal, ApprovalVerdict verdict = ApprovalVerdict::approved,
                    bool batch = false) {
        Approval approval;
        approval.facts.proposal = proposal;
        approval.facts.verdict = verdict;
        approval.facts.whole_batch = batch ? 1 : 0;
        approval.subject.user = UserName{"first"};
        approval.subject.approver = UserName{"second"};
        feed(approval, RecordKind::approval, proposal);
        return approval.record.sequence;
    }
    Decision set(Amount value, Sequence cause = 0, const char* approver = "second",
                 Dimension dimension = Dimension::buy) {
        LimitSet limit;
        limit.facts.scope = Scope::investor;
        limit.facts.dimension = dimension;
        limit.facts.value = value;
        limit.subject.investor = InvestorId{"A1"};
        limit.subject.user = UserName{"first"};
        limit.subject.approver = UserName{approver};
        return feed(limit, RecordKind::limit_set, cause);
    }
    void term(Amount back, UtcNs until, Dimension dimension = Dimension::buy) {
        LimitTerm term;
        term.facts.back.scope = Scope::investor;
        term.facts.back.dimension = dimension;
        term.facts.back.value = back;
        term.facts.expires_ns = until;
        term.subject.investor = InvestorId{"A1"};
        feed(term, RecordKind::limit_term);
    }
    [[nodiscard]] ProposalState state(Sequence number) const {
        const gateway::ProposalEntry* entry = books.proposals.find(number);
        return entry == nullptr ? ProposalState::none : entry->state;
    }
    [[nodiscard]] const gateway::LimitEnd* end() const { return end_in(books, Dimension::buy); }
    [[nodiscard]] static const gateway::LimitEnd* end_in(const gateway::DeskBooks& books,
                                                         Dimension dimension) {
        LimitSetFacts named;
        named.scope = Scope::investor;
        named.dimension = dimension;
        Subject subject;
        subject.investor = InvestorId{"A1"};
        return books.proposals.end_of(gateway::limit_key(named, subject));
    }
    [[nodiscard]] Sequence due(std::int64_t lapse_ns = 24 * hour_ns) {
        const gateway::ProposalEntry* entry = books.proposals.next_due(world.now_ns, lapse_ns, 16);
        return entry == nullptr ? 0 : entry->number;
    }

    World world;
    gateway::DeskBooks books;
    gateway::DeskBooks* beside = nullptr;  // follows the same Records
};

constexpr Amount start_limit = 1'000'000'000 * ntd;

}  // namespace

TEST_CASE("a_proposal_waits_until_it_is_answered_and_settles_with_its_effect") {
    Desk desk;
    const Sequence number = desk.propose(2 * start_limit);
    CHECK(desk.state(number) == ProposalState::open);
    CHECK(desk.due() == 0);
    const Sequence approval = desk.answer(number);
    CHECK(desk.due() == number);
    desk.set(2 * start_limit, approval);
    CHECK(desk.state(number) == ProposalState::in_force);
    CHECK(desk.due() == 0);
    CHECK(desk.books.proposals.unsettled() == 0);
    for (const auto& [verdict, state] : {std::pair{ApprovalVerdict::rejected, ProposalState::rejected},
                                         std::pair{ApprovalVerdict::withdrawn, ProposalState::withdrawn},
                                         std::pair{ApprovalVerdict::lapsed, ProposalState::lapsed}}) {
        const Sequence other = desk.propose(3 * start_limit);
        desk.answer(other, verdict);
        CHECK(desk.state(other) == state);
        CHECK(desk.due() == 0);
    }
}

TEST_CASE("another_limit_set_with_the_same_cause_settles_nothing") {
    Desk desk;
    const Sequence number = desk.propose(2 * start_limit);
    const Sequence approval = desk.answer(number);
    desk.set(2 * start_limit - 1, approval);
    CHECK(desk.state(number) == ProposalState::approved);
    desk.set(2 * start_limit, approval + 100);
    CHECK(desk.state(number) == ProposalState::approved);
}

TEST_CASE("a_proposal_whose_premise_has_changed_is_judged_by_what_is_in_force_then") {
    Desk desk;
    const Sequence number = desk.propose(start_limit - 1, desk.world.now_ns + hour_ns, 0, 0, true);
    desk.set(start_limit - 2, 0, "");  // lowered further meanwhile: what was a lowering is now a raise
    desk.world.now_ns += hour_ns;
    REQUIRE(desk.due() == number);
    const Decision decision = desk.set(start_limit - 1, number, "");
    CHECK(decision.reason == Reason::not_authorised);
    CHECK(desk.state(number) == ProposalState::refused);
}

TEST_CASE("an_approved_proposal_waits_for_its_time_and_an_open_one_lapses_after_its") {
    Desk desk;
    const Sequence later = desk.propose(2 * start_limit, desk.world.now_ns + 2 * hour_ns);
    desk.answer(later);
    const Sequence open = desk.propose(3 * start_limit);
    desk.world.now_ns += 2 * hour_ns - 1;
    CHECK(desk.due() == 0);
    desk.world.now_ns += 1;
    CHECK(desk.due() == later);
    desk.answer(later, ApprovalVerdict::lapsed);
    CHECK(desk.due() == 0);
    CHECK(desk.due(2 * hour_ns) == open);
}

TEST_CASE("one_answer_settles_a_whole_batch_one_effect_behind_the_other") {
    Desk desk;
    const Sequence first = desk.propose(2 * start_limit);
    const Sequence second = desk.propose(3 * start_limit, 0, 0, first);
    const Sequence other = desk.propose(4 * start_limit);
    CHECK(desk.books.proposals.open_in_batch(first) == 2);
    const Sequence approval = desk.answer(first, ApprovalVerdict::approved, true);
    CHECK(desk.state(other) == ProposalState::open);
    CHECK(desk.due() == first);
    desk.set(2 * start_limit, approval);
    CHECK(desk.due() == second);
    desk.set(3 * start_limit, approval);
    CHECK(desk.state(second) == ProposalState::in_force);
    CHECK(desk.due() == 0);
}

TEST_CASE("no_proposal_is_lost_when_every_place_is_taken_and_settled_ones_make_room") {
    Desk desk(2);
    const Sequence first = desk.propose(2 * start_limit);
    const Sequence second = desk.propose(3 * start_limit);
    CHECK_FALSE(desk.books.proposals.has_room());
    desk.propose(4 * start_limit);
    CHECK(desk.state(first) == ProposalState::open);
    CHECK(desk.state(second) == ProposalState::open);
    desk.answer(first, ApprovalVerdict::rejected);
    CHECK(desk.books.proposals.has_room());
    const Sequence third = desk.propose(4 * start_limit);
    CHECK(desk.state(third) == ProposalState::open);
    CHECK(desk.state(first) == ProposalState::none);  // forgotten here; the journal has it
}

TEST_CASE("a_smaller_book_replays_all_records_and_forgets_nothing") {
    Desk desk;
    gateway::DeskBooks small(small_config(2));
    desk.beside = &small;
    const UtcNs until = desk.world.now_ns + hour_ns;
    std::vector<Sequence> proposals;
    for (Amount i = 2; i <= 6; ++i) {
        proposals.push_back(desk.propose(i * start_limit));
    }
    constexpr std::array dimensions{Dimension::buy, Dimension::sell, Dimension::gross_day, Dimension::net};
    for (const Dimension dimension : dimensions) {
        desk.term(start_limit, until, dimension);
        REQUIRE(desk.set(7 * start_limit, 0, "second", dimension).outcome == Outcome::accepted);
    }
    // One settled, one approved and not yet in force, three open.
    desk.answer(proposals[0], ApprovalVerdict::rejected);
    desk.answer(proposals[4]);
    CHECK(small.proposals.unsettled() == 4);
    for (const Sequence number : proposals) {
        const gateway::ProposalEntry* found = small.proposals.find(number);
        REQUIRE(found != nullptr);
        CHECK(found->state == desk.state(number));
        CHECK(found->facts.limit.value == desk.books.proposals.find(number)->facts.limit.value);
    }
    const gateway::ProposalEntry* due = small.proposals.next_due(desk.world.now_ns, 24 * hour_ns, 16);
    REQUIRE(due != nullptr);
    CHECK(due->number == proposals[4]);
    for (const Dimension dimension : dimensions) {
        const gateway::LimitEnd* end = Desk::end_in(small, dimension);
        REQUIRE(end != nullptr);
        CHECK(end->base == start_limit);
        CHECK(end->set == Desk::end_in(desk.books, dimension)->set);
    }
}

TEST_CASE("a_raise_with_an_end_goes_back_to_what_was_before_it") {
    Desk desk;
    const UtcNs until = desk.world.now_ns + hour_ns;
    desk.term(start_limit, until);
    CHECK(desk.books.proposals.next_end(until) == nullptr);  // told, and not yet set
    const Decision raised = desk.set(2 * start_limit);
    REQUIRE(raised.outcome == Outcome::accepted);
    REQUIRE(desk.end() != nullptr);
    CHECK(desk.end()->set == raised.sequence);
    CHECK(desk.books.proposals.next_end(until - 1) == nullptr);
    REQUIRE(desk.books.proposals.next_end(until) != nullptr);
    CHECK(desk.books.proposals.next_end(until)->base == start_limit);
    desk.set(start_limit, desk.end()->set, "");
    CHECK(desk.end() == nullptr);
    CHECK(desk.books.proposals.next_end(until) == nullptr);
}

TEST_CASE("the_end_of_a_raise_outlives_a_lowering_and_not_what_two_persons_set_for_good") {
    struct Row {
        Amount value;
        const char* approver;
        bool stays;
    };
    for (const Row& row : {Row{3 * start_limit / 2, "", true}, Row{start_limit, "", false},
                           Row{start_limit / 2, "", false}, Row{3 * start_limit, "second", false}}) {
        Desk desk;
        desk.term(start_limit, desk.world.now_ns + hour_ns);
        desk.set(2 * start_limit);
        const Decision next = desk.set(row.value, 0, row.approver);
        REQUIRE(next.outcome == Outcome::accepted);
        INFO(row.value);
        CHECK((desk.end() != nullptr) == row.stays);
        if (row.stays) {
            CHECK(desk.end()->set == next.sequence);
            CHECK(desk.end()->base == start_limit);
        }
    }
}

TEST_CASE("a_term_told_and_never_set_binds_nothing") {
    Desk desk;
    desk.term(start_limit, desk.world.now_ns + hour_ns);
    desk.set(2 * start_limit, 0, "");  // refused: a raise by one person
    CHECK(desk.end() == nullptr);
    desk.set(2 * start_limit);
    CHECK(desk.end() == nullptr);
}

TEST_CASE("a_term_whose_proposal_lapses_before_its_limit_leaves_no_end") {
    Desk desk;
    const UtcNs until = desk.world.now_ns + hour_ns;
    const Sequence number = desk.propose(2 * start_limit, 0, until);
    desk.answer(number);
    desk.term(start_limit, until);  // and then the gateway was killed, and came back after the end
    desk.answer(number, ApprovalVerdict::lapsed);
    CHECK(desk.state(number) == ProposalState::lapsed);
    // What two persons set for good on another day is not bound by it.
    REQUIRE(desk.set(2 * start_limit).outcome == Outcome::accepted);
    CHECK(desk.end() == nullptr);
    CHECK(desk.books.proposals.next_end(until) == nullptr);
}

TEST_CASE("a_limit_whose_owner_is_not_of_today_goes_back_on_the_day_it_is") {
    Desk desk;
    const UtcNs until = desk.world.now_ns + hour_ns;
    desk.term(start_limit, until);
    desk.set(2 * start_limit);
    LimitSet back;
    back.record.cause = desk.end()->set;
    back.facts.scope = Scope::investor;
    back.facts.dimension = Dimension::buy;
    back.facts.value = start_limit;
    back.subject.investor = InvestorId{"A1"};
    Decision refused;
    refused.outcome = Outcome::refused;
    refused.reason = Reason::limit_invalid;
    desk.books.follow(back, refused, *desk.world.ledger);
    CHECK(desk.books.proposals.next_end(until) == nullptr);
    REQUIRE(desk.end() != nullptr);
    desk.books.follow(DayStart{}, Decision{}, *desk.world.ledger);
    CHECK(desk.books.proposals.next_end(until) != nullptr);
}

// --- warning levels

namespace {

struct Levels {
    World world;
    gateway::UsageLevels levels{16, 8};
    config::LadderSection ladder;
    LimitOwner owner{Scope::investor, 1};

    gateway::UsageLevels::Crossing next() {
        const auto crossing = levels.judge(*world.ledger, owner, ladder);
        if (crossing.dimension != Dimension::none) {
            UsageLevel record;
            record.facts.dimension = crossing.dimension;
            record.facts.level = crossing.level;
            levels.follow(record, owner);
        }
        return crossing;
    }
    void limit(Amount value) {
        REQUIRE(world.set_limit(owner.scope, Dimension::buy, value).outcome == Outcome::accepted);
    }
};

}  // namespace

TEST_CASE("each_level_is_crossed_upward_at_its_set_mark_and_downward_below_its_clear_mark") {
    Levels desk;
    desk.world.send(desk.world.order("1"));  // 200,000 NTD of the buy limit
    struct Row {
        Amount limit;        // NTD
        std::uint8_t level;  // after everything has been told
        unsigned crossings;
    };
    // Up at 50, 80, 95 %; down below 45, 75, 90 %; between them nothing.
    const Row rows[] = {{400'001, 0, 0}, {400'000, 1, 1}, {440'000, 1, 0},  {250'001, 1, 0},
                        {250'000, 2, 1}, {210'527, 2, 0}, {210'526, 3, 1},  {222'222, 3, 0},
                        {222'223, 2, 1}, {266'666, 2, 0}, {266'667, 1, 1},  {444'444, 1, 0},
                        {444'445, 0, 1}, {200'000, 3, 3}, {1'000'000, 0, 3}};
    std::uint8_t level = 0;
    for (const Row& row : rows) {
        desk.limit(row.limit * ntd);
        unsigned crossings = 0;
        for (auto crossing = desk.next(); crossing.dimension != Dimension::none; crossing = desk.next()) {
            CHECK(crossing.dimension == Dimension::buy);
            CHECK(crossing.rising == (crossing.level > level));
            CHECK(crossing.usage == 200'000 * ntd);
            level = crossing.level;
            ++crossings;
        }
        INFO(row.limit);
        CHECK(level == row.level);
        CHECK(crossings == row.crossings);
    }
}

TEST_CASE("account_branch_and_firm_have_levels_of_their_own") {
    Levels desk;
    desk.world.send(desk.world.order("1"));  // 200,000 NTD
    for (const LimitOwner owner : {LimitOwner{Scope::account, 1}, {Scope::branch, 1}, {Scope::firm, 0}}) {
        desk.owner = owner;
        INFO(static_cast<int>(owner.scope));
        CHECK(desk.next().dimension == Dimension::none);  // no limit is given
        desk.limit(400'001 * ntd);
        CHECK(desk.next().dimension == Dimension::none);
        desk.limit(250'000 * ntd);
        CHECK(desk.next().permille == 500);
        CHECK(desk.next().permille == 800);
        CHECK(desk.next().dimension == Dimension::none);
        desk.limit(unlimited);
        CHECK(desk.next().level == 1);
        CHECK(desk.next().level == 0);
    }
    // Of others than those whose order it was, nothing.
    for (const LimitOwner owner : {LimitOwner{Scope::account, 2}, {Scope::branch, 2}}) {
        desk.owner = owner;
        CHECK(desk.next().dimension == Dimension::none);
    }
}

TEST_CASE("a_levels_record_names_whose_it_is_and_without_a_scope_it_is_the_investors") {
    Levels desk;
    desk.limit(400'000 * ntd);
    Subject subject;
    subject.investor = InvestorId{"A1"};
    subject.account = desk.world.reference.accounts[1].key;
    const auto owner = [&](Scope scope) { return gateway::owner_of(*desk.world.ledger, scope, subject); };
    for (const Scope scope : {Scope::firm, Scope::venue, Scope::session}) {
        CHECK((owner(scope).scope == scope && owner(scope).row == 0));
    }
    CHECK((owner(Scope::symbol).scope == Scope::investor && owner(Scope::symbol).row == 1));
    CHECK((owner(Scope::branch).scope == Scope::branch && owner(Scope::branch).row == 1));
    CHECK((owner(Scope::account).scope == Scope::account && owner(Scope::account).row == 1));
    CHECK((owner(Scope::none).scope == Scope::investor && owner(Scope::none).row == 1));
    subject = {};
    for (const Scope scope : {Scope::branch, Scope::investor, Scope::account}) {
        CHECK(owner(scope).row == 0);
    }
}

TEST_CASE("nothing_used_and_no_limit_are_below_every_level") {
    Levels desk;
    desk.limit(0);
    CHECK(desk.next().dimension == Dimension::none);
    desk.limit(unlimited);
    desk.world.send(desk.world.order("1"));
    CHECK(desk.next().dimension == Dimension::none);
}

TEST_CASE("an_owner_is_looked_at_once_however_often_it_is_touched_and_in_the_order_of_touching") {
    gateway::UsageLevels levels(3, 2);
    const auto takes = [&](Scope scope, std::uint32_t row) {
        const LimitOwner owner = levels.take();
        return owner.scope == scope && owner.row == row;
    };
    const LimitOwner touched[] = {{Scope::account, 2}, {Scope::investor, 1}, {Scope::account, 2},
                                  {Scope::branch, 2},  {Scope::firm, 0},     {Scope::investor, 3},
                                  {Scope::account, 3}, {Scope::branch, 1},   {Scope::account, 1}};
    for (const LimitOwner owner : touched) {
        levels.touch(owner);
    }
    // Nobody of today, and what has no levels.
    for (const LimitOwner owner : {LimitOwner{Scope::account, 4},
                                   {Scope::investor, 4},
                                   {Scope::branch, 3},
                                   {Scope::account, 0},
                                   {Scope::investor, 0},
                                   {Scope::branch, 0},
                                   {Scope::session, 1}}) {
        levels.touch(owner);
    }
    CHECK(takes(Scope::account, 2));
    levels.touch({Scope::account, 2});
    CHECK(takes(Scope::investor, 1));
    CHECK(takes(Scope::branch, 2));
    CHECK(takes(Scope::firm, 0));
    CHECK(takes(Scope::investor, 3));
    CHECK(takes(Scope::account, 3));
    CHECK(takes(Scope::branch, 1));
    CHECK(takes(Scope::account, 1));
    CHECK(takes(Scope::account, 2));
    CHECK(takes(Scope::none, 0));
    levels.touch({Scope::firm, 0});
    levels.start_day();
    CHECK(takes(Scope::none, 0));
}

TEST_CASE("every_record_that_moves_usage_has_the_account_looked_at_and_a_limit_its_owner") {
    Desk desk;
    const auto takes = [&](Scope scope) {
        const LimitOwner owner = desk.books.levels.take();
        return owner.scope == scope && owner.row == 1;
    };
    NewOrder order = desk.world.order("1");
    order.record.session = 8;
    const Decision accepted = desk.world.feed(order, RecordKind::new_order, 8);
    desk.books.follow(order, accepted, *desk.world.ledger);
    CHECK(takes(Scope::account));
    VenueReport fill = desk.world.report(accepted, OrderStatus::created);
    const Decision applied = desk.world.feed(fill, RecordKind::venue_report, 1);
    desk.books.follow(fill, applied, *desk.world.ledger);
    CHECK(takes(Scope::account));
    desk.set(2 * start_limit);
    CHECK(takes(Scope::investor));
    CHECK(desk.books.levels.take().scope == Scope::none);
}

TEST_CASE("a_part_of_the_greatest_limit_stays_within_64_bits") {
    CHECK(gateway::part_of(INT64_MAX - 1, 1000) == INT64_MAX - 1);
    CHECK(gateway::part_of(INT64_MAX - 1, 500) == (INT64_MAX - 1) / 2);
    CHECK(gateway::part_of(999, 950) == 949);
    CHECK(gateway::part_of(0, 950) == 0);
}
