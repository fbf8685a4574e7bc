// VenueSide: the venue lines of the gateway: logging on, choosing a line, the line's rate and those who
// wait for it, orders encoded, reports made into Records, and what a cut leaves in doubt. Orders are
// never sent again: a resend request is answered by gap fill, which proves what was not processed, unless the
// venue asks for what it has answered already.
// It does not decide about orders (the Ledger). Order thread only.
#pragma once

#include <vector>

#include "gateway/core.hpp"
#include "gateway/orders/line_rate.hpp"
#include "gateway/orders/order_number.hpp"
#include "gateway/orders/venue_logon.hpp"
#include "gateway/orders/venue_orders.hpp"
#include "gateway/orders/venue_reports.hpp"
#include "gateway/outstanding.hpp"
#include "gateway/wait_queue.hpp"
#include "risk/flat_index.hpp"

namespace fairlead::gateway {

// A line's way from nothing to orders.
enum class LineState : std::uint8_t {
    down,        // no connection; one is asked for at next_try
    connecting,  // the control thread is at it
    logging_on,
    probing,  // logged on; a TestRequest is out: its answer proves that the venue has no more to ask for
    asking,   // status of what is still in doubt is asked, order by order
    open,
    stopped,  // refused for a cause that trying again does not mend; an operator starts it again
};

// Whether the journal has lost its end today, and what its Records promised by then.
enum class EndLost : std::uint8_t {
    no,
    process_level,  // commands it does not hold may have left
    disk_level      // none can
};

struct VenueLine {
    VenueLine(const config::LineConfig& configuration, const fix::SessionConfig& machine_config,
              std::size_t outstanding_max, std::size_t waiting_max)
        : config(&configuration),
          machine(machine_config),
          rate(configuration.rate_per_second),
          numbers(configuration.term_id),
          outstanding(outstanding_max),
          waiting(waiting_max) {}

    const config::LineConfig* config;
    fix::Session machine;
    std::uint32_t connection = no_connection;
    LineState state = LineState::down;
    LineRate rate;
    OrderNumbers numbers;
    AppendNumbers appends;
    RawData raw_data;
    Outstanding outstanding;
    WaitLanes waiting;
    std::uint32_t failures = 0;  // connects or logons in a row that came to nothing
    risk::MonotonicNs next_try_ns = 0;
    std::uint64_t probe = 0;       // number of the TestRequest out; 0 = none
    risk::Sequence closed_by = 0;  // the Record that closed the line: evidence for what never left it
    std::size_t doubt_scan = 0;    // outstanding commands already marked after a cut
    bool marking_doubt = false;
    // The highest of our message numbers that the venue has shown to have processed: it answered it.
    std::uint64_t processed_to = 0;
    // Message numbers the venue has asked for again. Proven: not processed, their commands are being ended.
    // Not proven, since it had processed some of them: their commands are in doubt and it is asked.
    struct Filled {
        std::uint64_t begin = 0;
        std::uint64_t end = 0;
        risk::Sequence evidence = 0;
        bool proven = true;
    };
    static constexpr std::size_t filled_max = 8;
    std::array<Filled, filled_max> filled{};
    std::size_t filled_count = 0;
    std::uint64_t handed_from = 0;  // first message number not yet in a departure Record
    risk::MonotonicNs asked_since_ns = 0;
    risk::MonotonicNs made_since_ns = 0;  // the last cancel of the gateway's own left
    bool made_paused = false;             // the next wait for answers
    EndLost end_lost = EndLost::no;       // of the journal, this day
    bool may_adopt = false;               // no logon has been accepted since
    bool was_logged_on = false;           // in replay: no logout Record yet
    bool takes_new = false;               // the Ledger knows the line as open
    std::uint32_t refused_in_a_row = 0;   // orders, by the venue; none was accepted since

    // The gateway's own status questions under way: by the ClOrdID they carry.
    struct Question {
        risk::Sequence asked_by = 0;
        risk::Sequence command = 0;
    };
    static constexpr std::size_t questions_max = 16;
    std::array<Question, questions_max> questions{};
    std::size_t question_count = 0;
    bool questions_due = false;  // though the line is open
};

class VenueSide {
  public:
    // Commands one pass may add to a queue before it is asked again.
    static constexpr std::size_t pass_reserve = 2'048;
    // How long the gateway's own cancels wait for an answer to those before them.
    static constexpr risk::MonotonicNs made_patience_ns = 100'000'000;
    // Commands that one line may have without the venue's answer, and in each lane waiting for its rate:
    // more than pass_reserve.
    struct Capacity {
        std::size_t outstanding = 65'536;
        std::size_t waiting = 65'536;
        std::size_t made = 64;  // cancels of the gateway's own without an answer, before the next waits
    };

    VenueSide(Core& core, std::uint64_t random_seed, Capacity capacity);
    VenueSide(Core& core, std::uint64_t random_seed) : VenueSide(core, random_seed, Capacity()) {}

    // --- from the Road
    void on_message(std::uint32_t connection, const fix::Message& message,
                    const risk::Arrival& arrival) noexcept;
    void on_garbled(std::uint32_t connection) noexcept;
    void on_early(VenueLine& line) noexcept;
    void on_disconnected(std::uint32_t connection, risk::LogoutCause cause) noexcept;
    void on_timer() noexcept;
    // Commands whose line's rate allows it leave, in arrival order; those too old are ended unsent.
    void release_waiting() noexcept;
    // A bounded part of what a cut left in doubt, one Record a command.
    void settle_doubt() noexcept;
    // Message numbers up to `number` were handed to the socket.
    void on_departed(std::uint32_t connection, std::uint64_t number) noexcept;

    // --- from the Inbox
    // The connection slot the line shall use is given by the Road.
    void on_connected(VenueLine& line, std::uint32_t connection) noexcept;
    void on_connect_failed(VenueLine& line, int error) noexcept;
    [[nodiscard]] bool disconnect(std::uint32_t line, std::string_view text) noexcept;
    // For good: no line connects again.
    void log_out_all(std::string_view text) noexcept;

    // --- from the Outbox
    void route_command(const risk::Record& record, const risk::Decision& decision,
                       risk::Routing& routing) noexcept;
    void route_released(const risk::Record& record, risk::Routing& routing) noexcept;
    // The number the order of this Decision has at the venue; empty while it has none.
    [[nodiscard]] risk::OrderNumber order_number(const risk::Decision& decision) const noexcept;
    void deliver(const risk::Record& record, const risk::Answered& answered) noexcept;

    // --- at start and for control
    // A person has decided about what is in doubt of an order; `evidence` is the Record of the request.
    void resolve_by_operator(std::uint32_t order_slot, risk::Resolution resolution,
                             risk::Sequence evidence) noexcept;
    [[nodiscard]] VenueLine* find(std::uint32_t id) noexcept;
    [[nodiscard]] std::vector<VenueLine>& lines() noexcept { return lines_; }
    // A report was applied: its command has the venue's word. Live and in replay.
    void note_report(VenueLine& line, const risk::VenueReportFacts& facts) noexcept;
    void note_reject(VenueLine& line, const risk::VenueRejectFacts& facts) noexcept;
    void count_refusal(VenueLine& line, risk::Sequence evidence) noexcept;
    // The line as a crash left it: closed by a Record, what may have left it is in doubt.
    void reopen_after_crash(VenueLine& line) noexcept;
    void start_day() noexcept;
    // Core::config has changed; a window for each line is ready for a new rate.
    void follow_configuration(std::span<LineRate> rates) noexcept;
    // The least that a command of any line may be old; INT64_MAX without lines.
    [[nodiscard]] std::int64_t age_limit_ns_min() const noexcept { return age_limit_ns_min_; }
    // --- the journal's end was lost (venue_loss.cpp); also in replay
    void on_end_lost(const risk::Incident& incident) noexcept;
    // At start, after the replay: orders are known by their numbers from here on. May allocate.
    void index_order_numbers();
    // A report of an order without a Record was booked by the Ledger, or found no room there.
    void take_in_orphan(VenueLine& line, const risk::VenueReport& report,
                        const risk::Decision& decision) noexcept;
    // For an orderly stop: no command waits, and lines that are up have answered all that they were sent.
    [[nodiscard]] bool quiet() noexcept;
    [[nodiscard]] bool all_down() const noexcept;
    // False: so many commands wait for a line that no more may be decided until some have left.
    [[nodiscard]] bool has_room() const noexcept;
    // The same of the cancels that the gateway makes itself, which keep nobody else from being read.
    [[nodiscard]] bool has_room_for_made() const noexcept;
    // Some of what a cut left has not been recorded yet.
    [[nodiscard]] bool doubt_open() const noexcept;

  private:
    void perform(VenueLine& line, const fix::Actions& actions) noexcept;
    void perform(VenueLine& line, const fix::Action& action) noexcept;
    void on_received(VenueLine& line, const fix::Action& action) noexcept;
    void on_application(VenueLine& line, const fix::Action& action) noexcept;
    void on_event(VenueLine& line, const fix::Message& message, const VenueEvent& event) noexcept;
    [[nodiscard]] bool on_answer_to_question(VenueLine& line, const fix::Action& action,
                                             risk::Sequence asked_by) noexcept;
    void on_resend(VenueLine& line, const fix::Action& action) noexcept;
    void on_logon_result(VenueLine& line, const fix::Action& action) noexcept;
    risk::Sequence journal_received(VenueLine& line, const fix::Action& action) noexcept;
    risk::Sequence send_admin(VenueLine& line, const fix::Action& action) noexcept;
    void send_probe(VenueLine& line) noexcept;
    void ask_status(VenueLine& line) noexcept;
    void resolve(VenueLine& line, OutstandingCommand& entry, risk::Resolution resolution,
                 risk::Sequence evidence) noexcept;
    void note_answer(VenueLine& line, risk::Sequence command) noexcept;
    void set_open(VenueLine& line, bool open) noexcept;
    void line_lost(VenueLine& line) noexcept;
    void mark_doubt(VenueLine& line) noexcept;
    void put_in_doubt(VenueLine& line, OutstandingCommand& entry, risk::Sequence evidence) noexcept;
    void end_filled(VenueLine& line) noexcept;
    [[nodiscard]] VenueLine* choose(risk::Venue venue, risk::LineChoice& choice) noexcept;
    // Whether a line would take a command now.
    [[nodiscard]] bool takes(const VenueLine& line, risk::MonotonicNs now) const noexcept;
    // Whether it would take one of the gateway's own cancels, as far as their number goes.
    [[nodiscard]] bool takes_made(VenueLine& line, risk::MonotonicNs now) const noexcept;
    void take_numbers(VenueLine& line, risk::RecordKind kind, std::uint32_t slot,
                      risk::Routing& routing) noexcept;
    void encode(VenueLine& line, const risk::Record& command, risk::Sequence gate, std::uint32_t slot,
                const risk::Routing& routing, WaitLane lane) noexcept;
    [[nodiscard]] OrderTerms terms(std::uint32_t slot) const noexcept;
    // Whether what waits since then has passed the line's wait_age_limit_ms.
    [[nodiscard]] static bool too_old(const VenueLine& line, risk::MonotonicNs since,
                                      risk::MonotonicNs now) noexcept;
    // Ends the front of a lane unsent if it has waited too long, is halted, or its order has overtaken it.
    [[nodiscard]] bool end_unsent(VenueLine& line, WaitLane lane, risk::MonotonicNs now) noexcept;
    WaitingCommand take_waiting(VenueLine& line, WaitLane lane) noexcept;
    [[nodiscard]] bool on_venue_ahead(VenueLine& line, std::uint64_t expected) noexcept;
    // The order of this number whose terms the report names: behind a loss a number may have been given
    // twice.
    [[nodiscard]] std::uint32_t find_by_number(const VenueLine& line, const VenueReference& reference,
                                               const fix::Message& report) const noexcept;
    void index_order(std::uint32_t slot) noexcept;

    Core& core_;
    // The Incident of a loss: lost again, it would give the same ClOrdIDs twice. No line connects before it
    // is on the disk.
    risk::Sequence loss_told_in_ = 0;
    bool leaving_ = false;  // an orderly stop: lines that are down stay so
    Capacity capacity_;
    std::vector<VenueLine> lines_;
    std::vector<std::uint32_t> slot_by_id_;  // of lines_, plus one; 0 = no such line
    std::int64_t age_limit_ns_min_ = INT64_MAX;
    std::uint64_t random_state_;
    fix::Actions actions_;
    fix::Encoder encoder_;
    fix::Message early_message_;
    VenueEventStorage storage_;
    std::vector<char> mask_scratch_;
    risk::FlatIndex order_numbers_{0};  // of orders whose commands may have no Record
};

}  // namespace fairlead::gateway
