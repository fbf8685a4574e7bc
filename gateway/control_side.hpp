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
        : core_(core), clients_(clients), venues_(venues), mass_effects_(mass_effects) {}

    void on_request(const ControlRequest& request) noexcept;
    [[nodiscard]] bool stop_asked() const noexcept { return stop_asked_; }

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
    [[nodiscard]] std::uint32_t row_of(risk::Scope scope, const risk::Subject& subject) const noexcept;
    void answer(const ControlReply& reply) noexcept;

    Core& core_;
    ClientSide& clients_;
    VenueSide& venues_;
    MassEffects& mass_effects_;
    bool stop_asked_ = false;
};

}  // namespace fairlead::gateway
