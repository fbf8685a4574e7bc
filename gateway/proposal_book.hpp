// ProposalBook: what two persons have still to settle, or have settled and not yet seen in force: proposals,
// their answers, and the limits that go back at a time. It moves by Records alone, so a replay rebuilds it;
// it makes none: ControlSide does. All room is taken at construction. Order thread only.
#pragma once

#include <cstdint>
#include <vector>

#include "gateway/control/protocol.hpp"
#include "risk/decision.hpp"
#include "risk/record_operation.hpp"
#include "risk/state.hpp"

namespace fairlead::gateway {

[[nodiscard]] constexpr bool settled(ProposalState state) noexcept {
    return state >= ProposalState::in_force;
}

struct ProposalEntry {
    risk::Sequence number = 0;  // of its Record
    risk::Sequence answer = 0;  // the Approval
    risk::Sequence effect = 0;  // the LimitSet or Resume
    risk::UtcNs made_ns = 0;
    risk::ProposalFacts facts;
    risk::Subject subject;    // user = who proposed
    risk::UserName answerer;  // empty: nobody, or it needed nobody
    risk::Text<64> answer_reason;
    risk::Reason reason = risk::Reason::none;  // why refused
    ProposalState state = ProposalState::none;
    // What a Record that it brings about names as its cause.
    [[nodiscard]] risk::Sequence cause() const noexcept { return answer != 0 ? answer : number; }
};

// A limit that goes back. One for each limit: a further raise for a time moves the end, never the base.
struct LimitEnd {
    risk::LimitKey key;
    risk::Amount base = 0;
    risk::UtcNs expires_ns = 0;
    risk::Sequence set = 0;  // the LimitSet in force
    bool not_today = false;  // refused: the day does not know its owner; tried again with the next
};

[[nodiscard]] risk::LimitKey limit_key(const risk::LimitSetFacts& facts,
                                       const risk::Subject& subject) noexcept;

class ProposalBook {
  public:
    explicit ProposalBook(std::size_t proposals_max);

    // Every Record of these kinds, as it is made and in replay.
    void follow(const risk::Proposal& proposal) noexcept;
    void follow(const risk::Approval& approval) noexcept;
    void follow(const risk::LimitTerm& term) noexcept;
    void follow(const risk::LimitSet& set, const risk::Decision& decision) noexcept;
    void follow(const risk::Resume& resume, const risk::Decision& decision) noexcept;
    void follow(const risk::DayStart&) noexcept;

    // False: every place holds a proposal that is not settled.
    [[nodiscard]] bool has_room() const noexcept;
    // Whether one more limit may be given an end.
    [[nodiscard]] bool has_room_for_end(const risk::LimitKey& key) const noexcept;
    [[nodiscard]] const ProposalEntry* find(risk::Sequence number) const noexcept;
    // The members of a batch that are open, its first one among them.
    [[nodiscard]] std::uint32_t open_in_batch(risk::Sequence first) const noexcept;

    // Something that is due among the next `steps` places, going round; null: nothing.
    [[nodiscard]] const ProposalEntry* next_due(risk::UtcNs now, std::int64_t lapse_ns,
                                                std::uint32_t steps) noexcept;
    [[nodiscard]] const LimitEnd* next_end(risk::UtcNs now) const noexcept;
    [[nodiscard]] const LimitEnd* end_of(const risk::LimitKey& key) const noexcept;

    // Places in turn, for a list; one never used has state none.
    [[nodiscard]] std::uint32_t places() const noexcept {
        return static_cast<std::uint32_t>(entries_.size());
    }
    [[nodiscard]] const ProposalEntry& at(std::uint32_t place) const noexcept { return entries_[place]; }
    [[nodiscard]] std::uint32_t unsettled() const noexcept { return unsettled_; }

  private:
    static constexpr std::uint32_t nowhere = UINT32_MAX;
    [[nodiscard]] std::uint32_t free_place() const noexcept;
    [[nodiscard]] std::uint32_t place_of_end(const risk::LimitKey& key) const noexcept;
    void settle(ProposalEntry& entry, ProposalState state) noexcept;
    void took_hold(risk::Sequence cause, const risk::Record& record, const risk::Decision& decision,
                   bool (*same)(const ProposalEntry&, const risk::Record&)) noexcept;
    void end_limit(std::uint32_t place) noexcept;
    void note_next_end() noexcept;

    std::vector<ProposalEntry> entries_;
    std::vector<LimitEnd> ends_;  // reserved in full
    LimitEnd coming_;             // told by a LimitTerm, until its LimitSet
    std::uint32_t next_place_ = 0;
    std::uint32_t next_look_ = 0;
    std::uint32_t next_effect_ = 0;
    std::uint32_t unsettled_ = 0;
    std::size_t ends_max_;
    risk::UtcNs next_end_ns_ = INT64_MAX;  // the earliest of ends_
};

}  // namespace fairlead::gateway
