// Player: plays planned commands over many client sessions from one thread with one epoll, and collects
// the answers. It owns the sockets and reads the clocks; sessions and outcomes know neither. Called by
// fairlead-load's main and by tests.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "bench/load/client_session.hpp"
#include "bench/load/market.hpp"
#include "bench/load/outcomes.hpp"
#include "bench/load/planned.hpp"

namespace fairlead::load {

struct SessionPlan {
    std::string host;
    std::uint16_t port = 0;
    ClientIdentity identity;
    SessionNumbers numbers;
};

struct PlayerOptions {
    bool as_fast_as_possible = false;   // ignore due times
    std::uint32_t outstanding_max = 0;  // News and changes without answer, all sessions; 0: no bound
    std::int64_t answer_wait_ns = 10'000'000'000;     // after the last command and the last answer
    std::int64_t reconnect_wait_ns = 20'000'000'000;  // how long a lost session is tried again; 0: never
    bool spin = false;                                // never sleep between due times
    std::string tag = "L0000";
};

// What the player did not send, and why.
struct NotSent {
    std::uint64_t session_down = 0;
    std::uint64_t order_ended = 0;     // a change of an order that was already filled or cancelled
    std::uint64_t change_pending = 0;  // a change of an order whose change has no answer yet
    std::uint64_t no_room = 0;         // the gateway does not read: the socket and our buffer are full
    [[nodiscard]] std::uint64_t total() const {
        return session_down + order_ended + change_pending + no_room;
    }
};

class Player final : public ApplicationSink {
  public:
    Player(const Market& market, std::vector<SessionPlan> plans, PlayerOptions options);
    ~Player() override;

    // Connects and logs on every session; false: at least one could not (see sessions()).
    [[nodiscard]] bool log_on();
    // Between plays, on the same sessions: forgets what was sent and what came of it. ClOrdIDs begin with
    // `tag` from here on; reports of what was sent before count as unknown.
    void begin_anew(std::string tag);
    // Between log_on and log_out. Due times count from `start`.
    void play(CommandSource& source, Stamp start);
    // Keeps the sessions alive and takes reports for a while longer: fills of a closing call.
    void linger(std::int64_t wait_ns);
    void log_out();

    // Told every two seconds, and between: a line a person can read.
    void set_progress(std::function<void(const std::string&)> progress) { progress_ = std::move(progress); }
    // Asked at every turn: true ends the play early (SIGINT).
    void set_interrupted(std::function<bool()> interrupted) { interrupted_ = std::move(interrupted); }

    [[nodiscard]] Outcomes& outcomes() noexcept { return outcomes_; }
    [[nodiscard]] const Outcomes& outcomes() const noexcept { return outcomes_; }
    [[nodiscard]] const ClientSession& session(std::size_t index) const { return *links_[index].session; }
    [[nodiscard]] std::size_t session_count() const noexcept { return links_.size(); }
    [[nodiscard]] const NotSent& not_sent() const noexcept { return not_sent_; }
    [[nodiscard]] std::uint64_t reconnects() const noexcept { return reconnects_; }
    // From the first command sent to the last, and to the last answer.
    [[nodiscard]] std::int64_t sending_ns() const noexcept { return last_sent_ns_ - first_sent_ns_; }
    // How late after their due time commands were sent: the tester's own slowness.
    [[nodiscard]] const Histogram& lateness() const noexcept { return lateness_; }

    void on_message(std::uint32_t session, const fix::Message& message, Stamp received) override;
    void on_withdrawn(std::uint32_t session, std::uint64_t first, std::uint64_t last) override;

  private:
    enum class LinkState : std::uint8_t { closed, connecting, open };
    struct Link {
        SessionPlan plan;
        std::unique_ptr<ClientSession> session;
        std::vector<std::uint32_t> unwritten;  // commands encoded since the last write
        int descriptor = -1;
        LinkState state = LinkState::closed;
        bool wants_write = false;  // the socket is full
        bool dirty = false;        // bytes to write, listed in dirty_
        bool was_active = false;
        risk::MonotonicNs retry_at_ns = 0;
        risk::MonotonicNs lost_at_ns = 0;
        std::string connect_error;
    };

    void open_link(std::uint32_t index);
    void close_link(std::uint32_t index);
    void finish_connect(std::uint32_t index);
    void read_link(std::uint32_t index);
    void write_link(std::uint32_t index);
    void watch(Link& link, std::uint32_t index);
    void mark_dirty(std::uint32_t index);
    void write_dirty();
    // One epoll share: waits at most this long, reads what is ready, runs timers when due.
    void turn(std::int64_t wait_ns);
    void run_timers(Stamp now);
    void dispatch(const PlannedCommand& plan);
    void send(const PlannedCommand& plan);
    void encode_new(fix::Encoder& encoder, const PlannedCommand& plan, std::uint32_t command, Stamp now);
    void encode_change(fix::Encoder& encoder, const PlannedCommand& plan, std::uint32_t command, Stamp now);
    void say_progress(Stamp now);
    [[nodiscard]] bool all_links(bool (*predicate)(const Link&)) const;

    const Market& market_;
    PlayerOptions options_;
    std::vector<Link> links_;
    Outcomes outcomes_;
    NotSent not_sent_;
    Histogram lateness_;
    std::vector<std::uint32_t> dirty_;
    std::vector<PlannedCommand> held_;  // changes waiting for an answer to their order
    std::function<void(const std::string&)> progress_;
    std::function<bool()> interrupted_;
    int epoll_ = -1;
    bool logged_on_ = false;
    risk::MonotonicNs next_timer_ns_ = 0;
    risk::MonotonicNs next_progress_ns_ = 0;
    risk::MonotonicNs start_ns_ = 0;
    risk::MonotonicNs first_sent_ns_ = 0;
    risk::MonotonicNs last_sent_ns_ = 0;
    std::uint64_t expected_ = 0;
    std::uint64_t taken_ = 0;  // commands taken from the source
    std::uint64_t reconnects_ = 0;
    std::uint64_t progress_sent_ = 0;
};

[[nodiscard]] Stamp now();

}  // namespace fairlead::load
