// Exchange: the stand-in as a whole. Lines bring messages, each is witnessed, checked, matched and
// answered; injected faults bend what is done and said. Not the market's rules: those are OrderCheck
// and Matching. Built by main and by tests that need a venue.
#pragma once

#include <array>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "bench/exchange/command_watch.hpp"
#include "bench/exchange/faults.hpp"
#include "bench/exchange/line_server.hpp"
#include "bench/exchange/liquidity.hpp"
#include "bench/exchange/logon_rule.hpp"
#include "bench/exchange/matching.hpp"
#include "bench/exchange/order_check.hpp"
#include "bench/exchange/witness.hpp"

namespace fairlead::exchange {

struct LineOptions {
    std::string sender_comp_id;  // the broker's: T8610H3; its first letter names the venue
    std::uint32_t password = 0;  // 0..9999
    int port = 0;                // 0: any free one
};

struct ExchangeOptions {
    std::vector<LineOptions> lines;
    std::string store_directory;  // numbers continue over restarts; empty = in memory
    std::string witness;          // file; empty = none
    MatchingOptions matching;
    std::optional<std::uint64_t> liquidity_seed;  // none: nobody quotes
    std::optional<risk::UtcNs> day_origin;        // none: see Exchange
    std::uint64_t error_limit = 0;                // refused commands of a line until 0089; 0 = no limit
    std::uint32_t orders_expected = 1'000'000;    // of a day: there is room for them from the start
    std::vector<std::string> faults;              // as parse_fault reads them
};

struct LineCounts {
    std::map<char, std::uint64_t> commands;        // by message type
    std::map<std::string, std::uint64_t> refused;  // by the text's code
    std::uint64_t accepted = 0;                    // New orders
    std::uint64_t fills = 0;
    std::uint64_t filled_shares = 0;
    std::uint64_t cancelled = 0;  // asked, unasked, IOC rests, restated
    std::uint64_t logons = 0;
    std::uint64_t faults = 0;  // messages dropped, doubled, cut or bent
};

class Exchange {
  public:
    // The day's origin is `day_origin`; without it the first accepted logon starts the day. Throws
    // std::runtime_error when a port, a file or a fault's text is wrong.
    Exchange(const risk::Reference& reference, const ExchangeOptions& options);
    ~Exchange();
    Exchange(const Exchange&) = delete;
    Exchange& operator=(const Exchange&) = delete;

    void start();
    void stop();
    // Phases, delayed messages, liquidity; to be called every few milliseconds by one thread.
    void tick();

    // One line of the control language: a fault, "day-origin UTC_NS", "summary" or "help".
    [[nodiscard]] std::string control(std::string_view text);
    [[nodiscard]] std::string summary() const;
    [[nodiscard]] LineCounts counts(std::size_t line) const;
    [[nodiscard]] int port(std::size_t line) const;
    [[nodiscard]] bool logged_on(std::size_t line) const;
    [[nodiscard]] bool logged_on(std::string_view line) const;
    // A line of its venue is logged on, and it is matched continuously now.
    [[nodiscard]] bool open_for(std::uint32_t security) const;
    // Null: nobody looks, not even at a command that is being read just now.
    void set_watch(CommandWatch* watch);

  private:
    struct Line;
    struct Answer {  // what a command is told, before what it caused
        OutMessage message;
        std::vector<MarketEvent> events;
    };

    void on_order(Line& line, const OrderMessage& message);
    [[nodiscard]] Code standing_objection(Line& line, risk::UtcNs now);
    // What the watch wants; nothing of it for a status request, which the gateway asks by itself.
    [[nodiscard]] Steering steer(const Line& line, const OrderMessage& message,
                                 const CheckedMessage& checked);
    void handle(Line& line, const OrderMessage& message, CheckedMessage& checked, risk::UtcNs now,
                Answer& answer);
    void new_order(Line& line, const OrderMessage& message, const CheckedMessage& checked, risk::UtcNs now,
                   Answer& answer);
    void change_order(Line& line, const OrderMessage& message, const CheckedMessage& checked, Slot slot,
                      risk::UtcNs now, Answer& answer);
    void cancel_order(Line& line, const CheckedMessage& checked, Slot slot, risk::UtcNs now, Answer& answer);
    void tell_status(const CheckedMessage& checked, Slot slot, risk::UtcNs now, Answer& answer);
    void refuse(Line& line, const OrderMessage& message, Code code, risk::SessionKind kind, risk::UtcNs now,
                Answer& answer);
    [[nodiscard]] Slot find(const Line& line, const OrderMessage& message,
                            const CheckedMessage& checked) const;
    [[nodiscard]] std::string order_key(const Line& line, const CheckedMessage& checked) const;
    [[nodiscard]] std::string next_execution_id();

    void tell(const std::vector<MarketEvent>& events, risk::UtcNs now);
    void deliver(Line& line, const OutMessage& message, bool answer, risk::UtcNs now);
    void send_due(risk::UtcNs now);
    void act(Line& line, const FaultCommand& command, std::string& answer);
    void cancel_unasked(Line& line, Slot slot, risk::UtcNs now);
    void fill(Slot slot, risk::Quantity quantity, risk::UtcNs now, std::vector<MarketEvent>& events);
    [[nodiscard]] Slot named_order(const Line& line, const std::string& name) const;
    void settle_origin(risk::UtcNs now);
    void advance(risk::UtcNs now);
    void apply_fault(const FaultCommand& command, std::string& answer);

    const risk::Reference& reference_;
    ExchangeOptions options_;
    CommandWatch* watch_ = nullptr;
    Witness witness_;
    OrderCheck check_;
    // Guards everything below but what a Line marks as its own. Taken before QuickFIX's session locks,
    // never while one of them may be held.
    mutable std::mutex mutex_;
    Matching matching_;
    std::unique_ptr<Liquidity> liquidity_;
    std::vector<std::unique_ptr<Line>> lines_;
    std::unordered_map<std::string, Slot> by_number_;   // order_key -> order
    std::unordered_set<std::string> client_order_ids_;  // of D, G, F; broker and ClOrdID
    std::vector<MarketEvent> events_;                   // of tick, reused
    std::uint64_t execution_number_ = 0;
    risk::UtcNs liquidity_due_ = 0;
    bool origin_known_ = false;
    std::atomic<risk::UtcNs> first_logon_ns_{0};
};

}  // namespace fairlead::exchange
