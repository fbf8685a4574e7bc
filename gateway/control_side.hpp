// ControlSide: what a verified control request does on the order thread: it becomes a Record, then rows
// or an act. Persons and rights were checked by ControlServer; what only this thread can know (whether a
// limit goes up) is decided here. Order thread only.
#pragma once

#include "gateway/client_side.hpp"
#include "gateway/venue_side.hpp"

namespace fairlead::gateway {

class ControlSide {
  public:
    ControlSide(Core& core, ClientSide& clients, VenueSide& venues, MassEffects& mass_effects)
        : core_(core), clients_(clients), venues_(venues), mass_effects_(mass_effects) {
        listings_.reserve(listings_max);
    }

    void on_request(const ControlRequest& request) noexcept;
    [[nodiscard]] bool stop_asked() const noexcept { return stop_asked_; }

    // A few things at a time that are due by the clock: limits that go back, proposals whose time has come or
    // is over, warning levels, rows of a list. Called with each timer.
    void work() noexcept;
    // All that fell due while the gateway was down. Before any order is taken.
    void settle_overdue() noexcept;

  private:
    // The Record of a request that only reads, or acts on sessions; or of a denied one.
    risk::Sequence record(const ControlRequest& request, risk::RecordKind kind) noexcept;
    void show_status(ControlReply& reply) noexcept;
    void show_limits(const ControlRequest& request, ControlReply& reply) noexcept;
    void list_sessions(ControlReply& reply) noexcept;
    void show_order(const ControlRequest& request, ControlReply& reply) noexcept;
    void set_limit(const ControlRequest& request, ControlReply& reply) noexcept;
    void do_halt(const ControlRequest& request, ControlReply& reply) noexcept;
    void do_resume(const ControlRequest& request, ControlReply& reply) noexcept;
    void resume_journal(const ControlRequest& request, ControlReply& reply) noexcept;
    void disconnect_session(const ControlRequest& request, ControlReply& reply) noexcept;
    void adjust_fill(const ControlRequest& request, ControlReply& reply) noexcept;
    void resolve_order(const ControlRequest& request, ControlReply& reply) noexcept;
    void refuse(const ControlRequest& request, ControlReply& reply, std::string_view why) noexcept;

    // control_proposals.cpp: what two persons settle, and what the gateway does of itself
    void propose(const ControlRequest& request, ControlReply& reply) noexcept;
    void answer_proposal(const ControlRequest& request, ControlReply& reply) noexcept;
    // What an approval has brought about; sequence 0: nothing, it lapsed.
    void tell_effect(const risk::Decision& decision, ControlReply& reply) const noexcept;
    void set_limit_for_a_time(const ControlRequest& request, ControlReply& reply) noexcept;
    void list_proposals(const ControlRequest& request, ControlReply& reply) noexcept;
    void record_visit(const ControlRequest& request, ControlReply& reply) noexcept;
    void record_review(const ControlRequest& request, ControlReply& reply) noexcept;
    [[nodiscard]] std::string_view look_up(const risk::LimitSetFacts& limit, const risk::Subject& subject,
                                           risk::LimitInForce& found) const noexcept;
    [[nodiscard]] std::string_view why_not_proposed(const ControlRequest& request,
                                                    bool& alone) const noexcept;
    risk::Sequence record_proposal(const ControlRequest& request, bool alone) noexcept;
    risk::Sequence record_answer(risk::Sequence proposal, risk::ApprovalVerdict verdict, bool whole_batch,
                                 const risk::Subject& subject) noexcept;
    risk::Answered bring_about(risk::Sequence proposal) noexcept;
    risk::Answered bring_about_limit(const ProposalEntry& entry, const risk::Subject& subject) noexcept;
    [[nodiscard]] bool settle_one() noexcept;
    void lapse(const ProposalEntry& entry, std::string_view why) noexcept;
    void go_back(const LimitEnd& end) noexcept;
    void judge_usage() noexcept;
    void climb(LimitOwner owner, const UsageLevels::Crossing& crossing) noexcept;
    risk::Sequence slow_down(std::uint32_t investor, const risk::Subject& subject) noexcept;
    risk::Sequence block(std::uint32_t investor, const risk::Subject& subject, bool cancel_open) noexcept;
    void go_on_listing() noexcept;
    void answer(const ControlReply& reply) noexcept;
    // What was read again: recorded, and taken between two messages if it is good.
    void take_reload(const ControlRequest& request, ControlReply& reply) noexcept;
    void give_back_reload() noexcept;

    Core& core_;
    ClientSide& clients_;
    VenueSide& venues_;
    MassEffects& mass_effects_;
    bool stop_asked_ = false;
    Reload* reload_over_ = nullptr;  // to be given back; there is one at a time

    struct Listing {
        ControlReply reply;
        std::uint32_t place = 0;
        bool all = false;
    };
    static constexpr std::size_t listings_max = 16;
    std::vector<Listing> listings_;  // reserved in full
};

}  // namespace fairlead::gateway
