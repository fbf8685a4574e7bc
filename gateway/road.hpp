// Road: the order thread. One thread runs the whole road to completion, for every client and every venue
// line, in arrival order: it asks which sockets are readable, reads them, releases the messages at their
// heads in stamp order, and writes what the gate has opened. It decides nothing itself.
#pragma once

#include <vector>

#include "gateway/arrival_order.hpp"
#include "gateway/client_side.hpp"
#include "gateway/control_side.hpp"
#include "gateway/journal_watch.hpp"
#include "gateway/outbox.hpp"
#include "gateway/statistics_page.hpp"
#include "gateway/venue_side.hpp"

namespace fairlead::gateway {

class Road {
  public:
    Road(Core& core, ClientSide& clients, VenueSide& venues, MassEffects& mass_effects, ControlSide& control,
         Inbox& inbox, int wakeup_fd);

    // Until a shutdown has been asked for and carried out.
    void run() noexcept;
    // Where figures are shown from now on; null: nowhere.
    void show(StatisticsPage* page) noexcept { statistics_ = page; }
    // What run() repeats. Public for programs that count what one pass costs.
    void pass() noexcept;

  private:
    // Whose message is next. One a connection and pass: nobody waits for more of anybody.
    struct Turn {
        risk::UtcNs effective_ns = 0;
        risk::UtcNs kernel_ns = 0;
        std::uint32_t connection = 0;
        bool early = false;  // a message kept since it came before its number's turn
    };

    void take_inbox() noexcept;
    void adopt(const ConnectionAccepted& accepted) noexcept;
    void adopt(const LineConnected& connected) noexcept;
    void make_room(std::uint32_t newcomer) noexcept;
    [[nodiscard]] std::uint32_t free_connection() noexcept;
    [[nodiscard]] bool watch(std::uint32_t connection, int fd, const std::array<std::uint8_t, 16>& address,
                             bool& stamped) noexcept;
    void list(std::uint32_t connection) noexcept;
    void ask_who_is_ready(bool may_sleep) noexcept;
    void note_ready(const Readiness::Event& event) noexcept;
    void note_standstill() noexcept;
    void gather() noexcept;
    // Reads a listed connection once and frames its head; false: nothing more to do with it for now.
    [[nodiscard]] bool look_at(std::uint32_t connection) noexcept;
    void take_turn(const Turn& turn) noexcept;
    void take_early_turn(const Turn& turn) noexcept;
    void take_line_messages(std::uint32_t connection) noexcept;
    void take_early_of_lines() noexcept;
    void on_timers(risk::MonotonicNs now) noexcept;
    void show_statistics() noexcept;
    void gather_writes() noexcept;
    void flush() noexcept;
    void write(std::uint32_t connection, risk::Sequence gate) noexcept;
    void end(std::uint32_t connection, risk::LogoutCause cause) noexcept;
    void advance_shutdown(risk::MonotonicNs now) noexcept;
    void finish_shutdown() noexcept;
    [[nodiscard]] bool idle() const noexcept;

    Core& core_;
    ClientSide& clients_;
    VenueSide& venues_;
    MassEffects& mass_effects_;
    ControlSide& control_;
    Inbox& inbox_;
    JournalWatch journal_watch_;
    int wakeup_fd_;
    Readiness readiness_;
    ArrivalOrder order_;
    fix::Reader reader_;
    std::vector<fix::Message> messages_;  // one per connection: its head, framed
    std::vector<std::uint32_t> listed_;   // connections readable or holding bytes
    std::vector<std::uint32_t> still_listed_;
    std::vector<Turn> turns_;
    std::vector<std::uint32_t> writing_;
    std::uint32_t next_slot_ = 0;
    std::size_t open_ = 0;  // connections
    risk::UtcNs next_timer_utc_ns_ = 0;
    StatisticsPage* statistics_ = nullptr;
    std::uint32_t timers_ = 0;
    std::uint64_t passes_ = 0;
    risk::UtcNs gathered_ns_ = 0;        // the last pass that read; 0 = none has
    std::uint64_t epoll_questions_ = 0;  // beyond one a pass
    bool worked_ = false;                // the last pass found something to do
    bool more_behind_ = false;           // a client's message was taken and more of its bytes are here
    std::uint32_t unwritten_passes_ = 0;
    std::uint32_t burst_passes_ = 1;  // how many passes may share a write
    bool venue_waits_ = false;        // no segment is left to be written: reports stay with the venue
    enum class Shutdown : std::uint8_t { no, asked, draining, lines_leaving, done };
    Shutdown shutdown_ = Shutdown::no;
    risk::MonotonicNs shutdown_deadline_ns_ = 0;
};

}  // namespace fairlead::gateway
