// Proposals and limits that go back; see proposal_book.hpp.
#include "gateway/proposal_book.hpp"

#include <algorithm>

namespace fairlead::gateway {

namespace {

bool same_limit(const ProposalEntry& entry, const risk::Record& record) noexcept {
    const auto& set = reinterpret_cast<const risk::LimitSet&>(record);
    return entry.facts.act == risk::ProposalAct::limit_set && set.facts.value == entry.facts.limit.value &&
           limit_key(set.facts, set.subject) == limit_key(entry.facts.limit, entry.subject);
}

bool same_halt(const ProposalEntry& entry, const risk::Record& record) noexcept {
    const auto& resume = reinterpret_cast<const risk::Resume&>(record);
    const risk::HaltFacts& mine = entry.facts.halt;
    return entry.facts.act == risk::ProposalAct::resume && resume.facts.scope == mine.scope &&
           resume.facts.venue == mine.venue && resume.facts.symbol == mine.symbol &&
           resume.facts.session == mine.session && resume.subject.investor == entry.subject.investor &&
           resume.subject.account == entry.subject.account;
}

}  // namespace

risk::LimitKey limit_key(const risk::LimitSetFacts& facts, const risk::Subject& subject) noexcept {
    risk::LimitKey key;
    key.scope = facts.scope == risk::Scope::symbol ? risk::Scope::investor : facts.scope;
    key.dimension = facts.dimension;
    key.symbol = facts.symbol;
    if (key.scope == risk::Scope::investor) {
        key.investor = subject.investor;
    } else if (key.scope == risk::Scope::account) {
        key.account = subject.account;
    } else if (key.scope == risk::Scope::branch) {
        key.account.branch = subject.account.branch;
    }
    return key;
}

ProposalBook::ProposalBook(std::size_t proposals_max) : entries_(proposals_max), ends_max_(proposals_max) {
    ends_.reserve(ends_max_);
}

// --- what Records say

void ProposalBook::follow(const risk::Proposal& proposal) noexcept {
    std::uint32_t place = free_place();
    if (place == nowhere) {
        // Nobody proposes without having asked for room; a replay into a smaller book takes what there is.
        place = places();
        entries_.emplace_back();
    }
    next_place_ = (place + 1) % places();
    ProposalEntry& entry = entries_[place];
    entry = {};
    entry.number = proposal.record.sequence;
    entry.made_ns = proposal.record.utc_ns;
    entry.facts = proposal.facts;
    entry.subject = proposal.subject;
    entry.state = proposal.facts.alone != 0 ? ProposalState::approved : ProposalState::open;
    ++unsettled_;
}

void ProposalBook::follow(const risk::Approval& approval) noexcept {
    const risk::ApprovalFacts& facts = approval.facts;
    if (facts.verdict == risk::ApprovalVerdict::lapsed) {
        coming_ = {};  // the LimitSet it was told for does not come any more
    }
    for (std::uint32_t place = 0; place < places(); ++place) {
        ProposalEntry& entry = entries_[place];
        const bool named =
            entry.number == facts.proposal || (facts.whole_batch != 0 && entry.facts.batch == facts.proposal);
        // One that needed nobody can still be taken back before its time.
        const bool waits = entry.state == ProposalState::open ||
                           (entry.state == ProposalState::approved &&
                            (entry.answer == 0 || facts.verdict == risk::ApprovalVerdict::lapsed));
        if (!named || !waits || entry.number == 0) {
            continue;
        }
        entry.answer = approval.record.sequence;
        entry.answerer = approval.subject.approver;
        entry.answer_reason = approval.subject.reason;
        switch (facts.verdict) {
            case risk::ApprovalVerdict::approved:
                entry.state = ProposalState::approved;
                next_look_ = entry.number == facts.proposal ? place : next_look_;  // its turn comes next
                break;
            case risk::ApprovalVerdict::rejected:
                settle(entry, ProposalState::rejected);
                break;
            case risk::ApprovalVerdict::withdrawn:
                settle(entry, ProposalState::withdrawn);
                break;
            case risk::ApprovalVerdict::lapsed:
            case risk::ApprovalVerdict::none:
                settle(entry, ProposalState::lapsed);
                break;
        }
    }
}

void ProposalBook::follow(const risk::LimitTerm& term) noexcept {
    coming_ = {limit_key(term.facts.back, term.subject), term.facts.back.value, term.facts.expires_ns, 0,
               false};
}

void ProposalBook::follow(const risk::LimitSet& set, const risk::Decision& decision) noexcept {
    took_hold(set.record.cause, set.record, decision, same_limit);
    const risk::LimitKey key = limit_key(set.facts, set.subject);
    const bool announced = coming_.expires_ns != 0 && coming_.key == key;
    const std::uint32_t place = place_of_end(key);
    if (decision.outcome != risk::Outcome::accepted) {
        // One that could not go back: its owner is not of this day, or what is in force is lower already.
        const bool gone_back = !announced && place != nowhere && set.record.cause == ends_[place].set;
        if (gone_back && decision.reason == risk::Reason::limit_invalid) {
            ends_[place].not_today = true;
            note_next_end();
        } else if (gone_back) {
            end_limit(place);
        }
        coming_ = announced ? LimitEnd{} : coming_;
        return;
    }
    if (announced) {
        coming_.set = set.record.sequence;
        if (place != nowhere) {
            ends_[place] = coming_;
        } else {
            ends_.push_back(coming_);  // live, room was asked for; a replay takes what there is
        }
        coming_ = {};
        note_next_end();
        return;
    }
    if (place == nowhere) {
        return;
    }
    // By two persons and without an end it stays. One person only lowers: the end stays, unless it is
    // reached.
    if (!set.subject.approver.empty() || set.facts.value <= ends_[place].base) {
        end_limit(place);
    } else {
        ends_[place].set = set.record.sequence;
    }
}

void ProposalBook::follow(const risk::Resume& resume, const risk::Decision& decision) noexcept {
    took_hold(resume.record.cause, resume.record, decision, same_halt);
}

void ProposalBook::follow(const risk::DayStart&) noexcept {
    for (LimitEnd& end : ends_) {
        end.not_today = false;
    }
    note_next_end();
}

void ProposalBook::took_hold(risk::Sequence cause, const risk::Record& record, const risk::Decision& decision,
                             bool (*same)(const ProposalEntry&, const risk::Record&)) noexcept {
    if (cause == 0 || unsettled_ == 0) {
        return;
    }
    // Of a batch they come one behind the other.
    for (std::uint32_t i = 0; i < places(); ++i) {
        const std::uint32_t place = (next_effect_ + i) % places();
        ProposalEntry& entry = entries_[place];
        if (entry.state == ProposalState::approved && entry.cause() == cause && same(entry, record)) {
            entry.effect = record.sequence;
            entry.reason = decision.reason;
            settle(entry, decision.outcome == risk::Outcome::accepted ? ProposalState::in_force
                                                                      : ProposalState::refused);
            next_effect_ = (place + 1) % places();
            return;
        }
    }
}

void ProposalBook::settle(ProposalEntry& entry, ProposalState state) noexcept {
    entry.state = state;
    --unsettled_;
}

void ProposalBook::end_limit(std::uint32_t place) noexcept {
    ends_[place] = ends_.back();
    ends_.pop_back();
    note_next_end();
}

void ProposalBook::note_next_end() noexcept {
    next_end_ns_ = INT64_MAX;
    for (const LimitEnd& end : ends_) {
        next_end_ns_ = end.not_today ? next_end_ns_ : std::min(next_end_ns_, end.expires_ns);
    }
}

// --- looking

std::uint32_t ProposalBook::free_place() const noexcept {
    for (std::uint32_t i = 0; i < places(); ++i) {
        const std::uint32_t place = (next_place_ + i) % places();
        if (entries_[place].state == ProposalState::none || settled(entries_[place].state)) {
            return place;
        }
    }
    return nowhere;
}

bool ProposalBook::has_room() const noexcept {
    return unsettled_ < places();
}

bool ProposalBook::has_room_for_end(const risk::LimitKey& key) const noexcept {
    return ends_.size() < ends_max_ || place_of_end(key) != nowhere;
}

const ProposalEntry* ProposalBook::find(risk::Sequence number) const noexcept {
    const auto found = std::find_if(entries_.begin(), entries_.end(), [number](const ProposalEntry& entry) {
        return entry.number == number && number != 0;
    });
    return found == entries_.end() ? nullptr : &*found;
}

std::uint32_t ProposalBook::open_in_batch(risk::Sequence first) const noexcept {
    return static_cast<std::uint32_t>(
        std::count_if(entries_.begin(), entries_.end(), [first](const ProposalEntry& entry) {
            return entry.state == ProposalState::open &&
                   (entry.number == first || entry.facts.batch == first);
        }));
}

const ProposalEntry* ProposalBook::next_due(risk::UtcNs now, std::int64_t lapse_ns,
                                            std::uint32_t steps) noexcept {
    if (unsettled_ == 0) {
        return nullptr;
    }
    for (std::uint32_t i = 0; i < steps && i < places(); ++i) {
        const ProposalEntry& entry = entries_[next_look_];
        const bool open_too_long = entry.state == ProposalState::open && now - entry.made_ns >= lapse_ns;
        if (open_too_long || (entry.state == ProposalState::approved && entry.facts.effective_ns <= now)) {
            return &entry;  // looked at again, until a Record has settled it
        }
        next_look_ = (next_look_ + 1) % places();
    }
    return nullptr;
}

const LimitEnd* ProposalBook::next_end(risk::UtcNs now) const noexcept {
    if (now < next_end_ns_) {
        return nullptr;
    }
    const auto found = std::find_if(ends_.begin(), ends_.end(), [now](const LimitEnd& end) {
        return end.expires_ns <= now && !end.not_today;
    });
    return found == ends_.end() ? nullptr : &*found;
}

const LimitEnd* ProposalBook::end_of(const risk::LimitKey& key) const noexcept {
    const std::uint32_t place = place_of_end(key);
    return place == nowhere ? nullptr : &ends_[place];
}

std::uint32_t ProposalBook::place_of_end(const risk::LimitKey& key) const noexcept {
    const auto found =
        std::find_if(ends_.begin(), ends_.end(), [&key](const LimitEnd& end) { return end.key == key; });
    return found == ends_.end() ? nowhere : static_cast<std::uint32_t>(found - ends_.begin());
}

}  // namespace fairlead::gateway
