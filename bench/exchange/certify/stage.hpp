// Stage: what the cases of a certification are played on: the exchange's lines, the client's commands as they
// arrive there, the gateway's journal, and the instructions to whoever runs the client's program. A step that
// is not met throws NotPassed; what is the stand's own failure throws std::runtime_error. It knows no case.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>
#include <vector>

#include "bench/exchange/certify/session_watch.hpp"
#include "bench/exchange/exchange.hpp"

namespace fairlead::exchange::certify {

struct StageOptions {
    std::string client;                  // SenderCompID
    risk::AccountKey account;            // whose commands are the client's
    std::uint32_t security = 0;          // row of the reference: what is to be traded
    std::chrono::milliseconds patience;  // for one step of the client
    std::chrono::milliseconds quiet;     // how long silence must last to count
};

// Why a case is not passed.
struct NotPassed {
    std::string reason;
};
// The operator has ended the run: no record is made.
struct Ended {};

// An order as the client is told to send it.
struct Wanted {
    risk::Side side = risk::Side::buy;
    risk::Quantity quantity = 0;
    risk::Price price = 0;
};

class Stage : public CommandWatch {
  public:
    Stage(Exchange& exchange, const risk::Reference& reference, StageOptions options, SessionWatch session);

    Steering on_command(const SeenCommand& command) override;
    void end();  // from any thread

    // --- what the security allows
    [[nodiscard]] risk::Quantity lot() const { return security().lot; }
    [[nodiscard]] risk::Price price() const { return security().reference; }
    [[nodiscard]] risk::Price tick_below(risk::Price price) const;
    [[nodiscard]] std::string words(const Wanted& wanted) const;
    [[nodiscard]] const StageOptions& options() const { return options_; }

    // --- steps
    void begin_case(const std::string& title) { title_ = title; }
    // An instruction; after this nothing that was done before it is taken for its answer.
    void tell(const std::string& instruction);
    // How the next commands of the account are treated, one each.
    void bend(std::vector<Steering> steering);
    // The next command must be this one and come in time.
    SeenCommand expect_new(const Wanted& wanted);
    SeenCommand expect_change(char type, const SeenCommand& order);
    // No command may come for a while. `after` completes "the client sent ... after".
    void expect_quiet(const std::string& after);
    // Anything of the account that comes for a while is none of the client's doing.
    void let_pass();

    // --- acts of the exchange
    void fill(const SeenCommand& order, risk::Quantity shares);
    void cancel_unasked(const SeenCommand& order);
    // False: nothing was left of it.
    bool fill_if_open(const SeenCommand& order);
    // The order's line is cut, and no line may log on until it is mended.
    void break_line(const SeenCommand& order);
    void refuse_lines();
    // And what was late has been told: the gateway opens a line for orders only then.
    void mend_line(const std::string& line);
    // Open orders of the case are taken out, and the gateway takes new ones.
    void clear_up();
    void wait_until_open();

    // --- the journal
    const SessionFacts& session();
    void note_start();
    [[nodiscard]] const SessionFacts& at_start() const { return at_start_; }
    // Until the journal shows it; `wanted` completes "within N s the journal showed no ...".
    template <class Shown>
    void wait_for(const std::string& wanted, Shown shown) {
        const auto deadline = std::chrono::steady_clock::now() + options_.patience;
        while (!shown(session())) {
            if (std::chrono::steady_clock::now() > deadline) {
                throw NotPassed{"no " + wanted + waited()};
            }
            pause(journal_pause);
        }
    }

  private:
    static constexpr std::chrono::milliseconds journal_pause{50};

    [[nodiscard]] const risk::SecurityRow& security() const {
        return reference_.securities[options_.security];
    }
    [[nodiscard]] std::string waited() const;
    [[nodiscard]] std::string describe(const SeenCommand& command) const;
    // False: none came in time.
    bool take(std::chrono::milliseconds within, SeenCommand& command);
    SeenCommand expect_any(const std::string& wanted);
    void pause(std::chrono::milliseconds time);
    void command_exchange(const std::string& text);

    Exchange& exchange_;
    const risk::Reference& reference_;
    StageOptions options_;
    SessionWatch session_;
    SessionFacts at_start_;
    std::string title_;
    std::vector<SeenCommand> orders_;  // of this case
    std::mutex mutex_;                 // guards what is below; nothing else is taken under it
    std::condition_variable changed_;
    std::deque<SeenCommand> seen_;
    std::deque<Steering> bends_;
    bool ended_ = false;
};

}  // namespace fairlead::exchange::certify
