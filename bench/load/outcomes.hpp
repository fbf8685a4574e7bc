// Outcomes: every order and command sent, and what was answered to it; nothing sent is ever forgotten.
// It reads reports and keeps counts and latencies; it sends nothing. Called by the player for each
// command sent and each message received, and by the summary at the end.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "bench/load/client_session.hpp"
#include "bench/load/histogram.hpp"
#include "bench/load/planned.hpp"

namespace fairlead::load {

// The first answer that decides a command. A pending state (A, 6, E) decides nothing.
enum class Answer : std::uint8_t {
    none = 0,
    accepted = 1,          // New, Replaced, Canceled; or a fill that came before the acknowledgement
    refused = 2,           // by the gateway: it never went to the venue
    refused_by_venue = 3,  // the report carries the venue's code
    withdrawn = 4,         // lost with a connection: the gateway asked for it again, and it was gap-filled
    session_reject = 5,    // Reject (3): the message was wrong as FIX
};
inline constexpr std::size_t answer_count = 6;

inline constexpr std::uint32_t no_command = UINT32_MAX;

struct SentCommand {
    risk::UtcNs sent_utc_ns = 0;
    risk::MonotonicNs sent_ns = 0;  // 0: not written yet
    risk::MonotonicNs due_ns = 0;   // when it was meant to be sent; 0: no time was meant
    std::uint32_t order = no_order;
    std::uint32_t duplicate = no_command;  // the next command with the same ClOrdID, unanswered
    std::uint32_t session = 0;
    CommandKind kind = CommandKind::new_order;
    Fault fault = Fault::none;
    Expectation expectation = Expectation::accept;
    Answer answer = Answer::none;
};

struct OrderState {
    PlannedCommand plan;                 // as sent; price and quantity follow accepted replaces
    std::uint64_t order_key = 0;         // OrderID (37), once told
    risk::Quantity cumulative = 0;       // CumQty (14), the highest told
    std::uint32_t command = no_command;  // its New
    std::uint32_t current = no_command;  // whose ClOrdID names it now
    std::uint32_t pending = no_command;  // a replace or cancel without answer
    std::uint32_t waiting = no_command;  // index into the player's held changes
    bool answered = false;
    bool ended = false;  // filled, cancelled, rejected or expired
};

struct Refusal {
    std::uint64_t count = 0;
    std::uint64_t new_orders = 0;  // of them; the others are replaces and cancels
    std::string text;              // the first one's
    std::array<std::uint64_t, fault_count> by_fault{};
};
// The gateway's ReasonCode (10006) or the venue's code (10007), whichever spoke; 0 and the text without
// its values where neither is given.
struct RefusalKey {
    bool venue = false;
    std::int64_t code = 0;
    std::string words;
    auto operator<=>(const RefusalKey&) const = default;
};

struct SessionOutcome {
    std::uint64_t orders = 0;
    std::uint64_t changes = 0;
    std::uint64_t answered = 0;
    Histogram taken;            // New to the gateway's pending-new report, where it sends one
    Histogram acknowledgement;  // New to the venue's acknowledgement
    Histogram refusal;          // New to the gateway's refusal
    Histogram change;           // replace or cancel to its answer
};

struct Totals {
    std::array<std::uint64_t, answer_count> new_answers{};
    std::array<std::uint64_t, answer_count> replace_answers{};
    std::array<std::uint64_t, answer_count> cancel_answers{};
    std::uint64_t reports = 0;
    std::uint64_t fills = 0;
    risk::Quantity filled_shares = 0;
    risk::Amount filled_value = 0;  // 1/10,000 NTD
    std::uint64_t orders_filled = 0;
    std::uint64_t orders_part_filled = 0;        // at the end of the run
    std::uint64_t orders_cancelled = 0;          // asked for
    std::uint64_t orders_cancelled_unasked = 0;  // by the venue or the gateway: IOC, FOK, halt, restated
    std::uint64_t orders_expired = 0;
    std::uint64_t good_refused = 0;     // right as planned, refused by the gateway all the same
    std::uint64_t bad_accepted = 0;     // wrong on purpose, and not refused
    std::uint64_t unknown_reports = 0;  // a ClOrdID that this run did not send
    std::uint64_t wrong_reports = 0;    // a report that contradicts itself or what was sent
};

class Outcomes {
  public:
    // `tag` starts every ClOrdID of the run: <tag>-<number>, at most 24 characters.
    Outcomes(std::size_t sessions, std::string tag);
    void reserve(std::uint64_t commands);

    // A command about to be encoded; its ClOrdID is `identifier` of the result.
    [[nodiscard]] std::uint32_t add(const PlannedCommand& plan);
    void set_number(std::uint32_t command, std::uint64_t number);
    void set_due(std::uint32_t command, risk::MonotonicNs due_ns) { commands_[command].due_ns = due_ns; }
    void sent(std::uint32_t command, Stamp now);
    // Room for 24 characters; returns the text.
    [[nodiscard]] std::string_view identifier(std::uint32_t command, std::array<char, 24>& room) const;

    // Returns the order that got its first answer, or whose change was answered: a held change may go.
    std::uint32_t on_message(std::uint32_t session, const fix::Message& message, Stamp received);
    void on_withdrawn(std::uint32_t session, std::uint64_t first, std::uint64_t last);

    [[nodiscard]] std::vector<OrderState>& orders() noexcept { return orders_; }
    [[nodiscard]] const std::vector<OrderState>& orders() const noexcept { return orders_; }
    [[nodiscard]] const std::vector<SentCommand>& commands() const noexcept { return commands_; }
    [[nodiscard]] const std::vector<SessionOutcome>& sessions() const noexcept { return sessions_; }
    [[nodiscard]] const std::map<RefusalKey, Refusal>& refusals() const noexcept { return refusals_; }
    [[nodiscard]] const Totals& totals() const noexcept { return totals_; }
    // New orders with a time of their own: from that time to the first answer, so that an order this
    // program had to send late counts from when it was due.
    [[nodiscard]] const Histogram& since_due() const noexcept { return since_due_; }
    [[nodiscard]] std::uint64_t unanswered() const noexcept { return commands_.size() - answered_; }
    [[nodiscard]] const std::string& tag() const noexcept { return tag_; }
    // The first few things that should not have happened, in words.
    [[nodiscard]] const std::vector<std::string>& complaints() const noexcept { return complaints_; }
    [[nodiscard]] std::vector<std::uint32_t> unanswered_commands(std::size_t at_most) const;
    // Counts what only the end shows.
    void close();

  private:
    [[nodiscard]] std::uint32_t find(std::string_view identifier) const;
    [[nodiscard]] std::uint32_t refused_of(std::uint32_t command, const fix::Message& message) const;
    [[nodiscard]] std::uint32_t find_number(std::uint32_t session, std::uint64_t number) const;
    std::uint32_t on_execution_report(std::uint32_t session, const fix::Message& message, Stamp received);
    std::uint32_t on_reject(std::uint32_t command, const fix::Message& message, Stamp received,
                            Answer answer);
    void answer(std::uint32_t command, Answer answer, Stamp received);
    void count_refusal(const SentCommand& command, const fix::Message& message, Answer answer);
    void on_trade(OrderState& order, const fix::Message& message);
    void follow(OrderState& order, std::uint32_t command, const fix::Message& message, char execution_type);
    void complain(std::string_view what, const fix::Message& message);

    std::string tag_;
    std::vector<OrderState> orders_;
    std::vector<SentCommand> commands_;
    std::vector<SessionOutcome> sessions_;
    // By session: the first number used in this run, and the command of each number from there.
    struct NumberIndex {
        std::uint64_t first = 0;
        std::vector<std::uint32_t> commands;
    };
    std::vector<NumberIndex> numbers_;
    std::map<RefusalKey, Refusal> refusals_;
    std::vector<std::string> complaints_;
    Totals totals_;
    Histogram since_due_;
    std::uint64_t answered_ = 0;
};

}  // namespace fairlead::load
