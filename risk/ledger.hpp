// Ledger: the pure state of orders, credit and halts. `apply` is the only door through which it
// changes; the same Records in the same order give the same Decisions and the same digest on every
// build. No clock, no I/O, no lock, no heap after construction (but `stage`, `grow`: off the order path).
// Called by the gateway's order thread, by the examiner in replay, and by tests.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "risk/checks.hpp"
#include "risk/decision.hpp"
#include "risk/flat_index.hpp"
#include "risk/open_marks.hpp"
#include "risk/record_operation.hpp"
#include "risk/state.hpp"

namespace fairlead::risk {

// How much is kept, fixed but for `grow`. A day that needs more is refused order by order
// (Reason::capacity_orders, capacity_positions); reference data that needs more is refused by `stage`.
// A Capacity record may bind below it.
struct Sizes {
    std::uint32_t orders_max = 1'000'000;      // accepted orders a day
    std::uint32_t commands_max = 2'000'000;    // accepted commands a day; cancels and reductions pass
                                               // beyond it, for one of which each order has room
    std::uint32_t executions_max = 1'000'000;  // fills a day
    std::uint32_t positions_max = 1'000'000;   // pairs of account and security, held or traded; the same
                                               // again for pairs of investor and security
    std::uint32_t accounts_max = 1'000'000;
    std::uint32_t investors_max = 1'000'000;
    std::uint32_t securities_max = 50'000;
    std::uint32_t branches_max = 1'000;
    std::uint32_t sessions_max = 1'000;
    std::uint32_t limits_max = 100'000;  // Limits set by control, and per-security Limits, each
    std::uint32_t halts_max = 10'000;
    // Any number, best a random one: keeps clients from choosing ids that collide in the look-up
    // tables. It moves no Decision and no digest.
    std::uint64_t hash_seed = 0;
};

// Which open orders a mass effect touches: every field given must match. Row numbers, 0 = any.
struct OpenFilter {
    std::uint32_t session = 0;
    std::uint32_t account = 0;
    std::uint32_t investor = 0;
    std::uint32_t branch = 0;
    std::uint32_t security = 0;
    Venue venue = Venue::none;
    Side side = Side::none;
    bool with_pending_cancel = false;  // true: also those whose cancel is on its way
};
struct OpenScan {
    std::uint32_t slot = 0;       // an order that matches; 0 = none within these steps
    std::uint32_t next_slot = 0;  // go on from here; 0 = every order has been looked at
    std::uint32_t steps = 0;      // taken
};

struct AccountFound {
    std::uint32_t account = 0;  // row, 0 = unknown
    std::uint32_t investor = 0;
};

// Absent Limits: 0 in each credit dimension of an investor (buy, sell, gross_day, net, offset,
// symbol_long, symbol_short), so nothing trades until it is given; no bound anywhere else. Kept are:
// buy, sell, gross_day, net, order_value for firm, branch, investor and account; offset for investor
// and account; symbol_long, symbol_short, message_rate for the investor; reported for the firm.
struct LimitInForce {
    Amount value = unlimited;
    Sequence version = 0;  // the Record that set it: LimitSet, or DayStart for the opening ones
    bool given = false;    // false: absent, and `value` is what absence means
};

struct Counts {
    std::uint32_t orders = 0;  // accepted today
    std::uint32_t open = 0;
    std::uint32_t in_doubt = 0;
    std::uint32_t commands = 0;
    std::uint32_t executions = 0;
    std::uint32_t account_positions = 0;
    std::uint32_t investor_positions = 0;
};

class Ledger {
  public:
    explicit Ledger(const Sizes& sizes);
    Ledger(const Ledger&) = delete;
    Ledger& operator=(const Ledger&) = delete;

    // The reference data of the next DayStart; the caller keeps it alive and unchanged for that day.
    // Returns the first thing wrong with it, naming row, value and rule; empty = staged.
    [[nodiscard]] std::string stage(const Reference& reference);

    // Larger tables, state as it is: for who replays a journal whose end is not known. Sizes below those
    // there are leave a table as it is. It takes heap and time, and moves no Decision once a Capacity has
    // been applied.
    void grow(const Sizes& sizes);
    [[nodiscard]] const Sizes& sizes() const noexcept { return sizes_; }
    // The sizes with which any one more Record, and `next` when given as the next day's reference data, find
    // room: the present ones, each doubled that may run full.
    [[nodiscard]] Sizes sizes_for_next(const Reference* next = nullptr) const noexcept;

    // The one door. Asserts that the sequence is the previous plus one, and that monotonic time does
    // not fall but at a Start. A DayStart asserts that the staged reference has its hashes.
    Decision apply(const Record& record) noexcept;

    // --- for the order path: cheap, no state moves ---
    // Warms the look-up of an account, as soon as its number has been read from the message.
    void prefetch(const AccountKey& key) const noexcept;
    // Account row and its investor's row; then the rows themselves are on their way into the cache.
    [[nodiscard]] AccountFound find_account(const AccountKey& key) const noexcept;
    [[nodiscard]] const InvestorId& investor_id(std::uint32_t investor) const noexcept;
    [[nodiscard]] const AccountKey& account_key(std::uint32_t account) const noexcept;
    [[nodiscard]] const BranchId& branch_id(std::uint32_t branch) const noexcept;
    [[nodiscard]] std::uint32_t find_security(const Symbol& symbol) const noexcept;
    [[nodiscard]] const SecurityState& security(std::uint32_t row) const noexcept;
    [[nodiscard]] const Order& order(std::uint32_t slot) const noexcept;
    [[nodiscard]] std::uint32_t find_order(Sequence key) const noexcept;        // slot, 0 = none
    [[nodiscard]] std::uint32_t find_command(Sequence command) const noexcept;  // slot of its order
    [[nodiscard]] std::uint32_t find_order(std::uint32_t session, const ClientOrderId& id) const noexcept;
    // The next open order at or behind from_slot (1 = from the first) that matches, in no more than `steps`
    // steps, each of them an open order or up to 64 that have ended: a mass effect advances by one order or
    // one chunk a turn.
    [[nodiscard]] OpenScan next_open(const OpenFilter& filter, std::uint32_t from_slot,
                                     std::uint32_t steps) const noexcept;
    // The halt that keeps a command of this order, accepted but not sent yet, from being sent; none for one
    // that adds no risk: a Cancel, a Replace for which the order needs no greater reserve (faults.md row 49).
    [[nodiscard]] Reason halt_before_sending(std::uint32_t slot, Sequence command) const noexcept;
    // Why a command of this order that waits cannot be said to the venue any more: the order has ended, or
    // fills or the venue's own change of it have overtaken what its Replace asks for; none if it still can.
    [[nodiscard]] Reason overtaken_before_sending(std::uint32_t slot, Sequence command) const noexcept;

    // --- for control, examiner and tests ---
    [[nodiscard]] std::uint32_t find_investor(const InvestorId& id) const noexcept;
    [[nodiscard]] std::uint32_t find_branch(const BranchId& id) const noexcept;
    [[nodiscard]] std::uint32_t find_session(std::uint32_t id) const noexcept;
    // Rows by scope: account, investor, branch; 0 for the firm.
    [[nodiscard]] const Exposure& exposure(Scope scope, std::uint32_t row) const noexcept;
    // For the symbol dimensions of an investor, `security` names the security (0 = every security).
    [[nodiscard]] LimitInForce limit(Scope scope, std::uint32_t row, Dimension dimension,
                                     std::uint32_t security = 0) const noexcept;
    // Row of the scope; a session by its id, a venue by its enumerator, 0 for the firm.
    [[nodiscard]] bool halted(Scope scope, std::uint32_t row) const noexcept;
    // Null when the pair has neither held nor traded today.
    [[nodiscard]] const AccountPosition* account_position(std::uint32_t account,
                                                          std::uint32_t security) const noexcept;
    [[nodiscard]] const InvestorPosition* investor_position(std::uint32_t investor,
                                                            std::uint32_t security) const noexcept;
    [[nodiscard]] Counts counts() const noexcept { return counts_; }
    [[nodiscard]] Sequence last_sequence() const noexcept { return last_sequence_; }
    // Whether new orders may come at all: day started, journal and clock trusted.
    [[nodiscard]] Reason road(Venue venue) const noexcept;
    // The journal went over to its spare device, in the segment of this number (0 = never); whether new
    // orders wait for two persons since.
    [[nodiscard]] std::uint64_t journal_switch() const noexcept { return journal_switch_; }
    [[nodiscard]] bool journal_waits() const noexcept {
        return (devices_closed_ >> static_cast<unsigned>(DeviceCause::spare_ready) & 1U) != 0;
    }
    [[nodiscard]] bool takeover_waits() const noexcept {
        return (devices_closed_ >> static_cast<unsigned>(DeviceCause::taken_over) & 1U) != 0;
    }
    // Null before the first DayStart.
    [[nodiscard]] const Reference* reference() const noexcept { return reference_; }
    [[nodiscard]] const DayStartFacts& day() const noexcept { return day_; }
    // As the last Capacity told; the largest numbers before the first.
    [[nodiscard]] const CapacityFacts& capacity() const noexcept { return capacity_; }
    // Of the whole state; does not depend on Sizes.
    [[nodiscard]] StateDigest digest() const noexcept;
    // The tree of open prices, for tests: slots in order of price.
    [[nodiscard]] std::uint32_t best_open(std::uint32_t investor_position, SessionKind kind,
                                          Side side) const noexcept;

  private:
    // A command on its way through the check list: its terms, the rows it concerns, what it would add.
    struct Candidate;
    // What a command is kept under, hashed once.
    struct CommandHashes {
        std::uint64_t command = 0;
        std::uint64_t client = 0;
    };

    // ledger.cpp: days, roads, look-ups of state
    Decision begin_day(const DayStart& start) noexcept;
    void end_day() noexcept;
    void bound_room() noexcept;
    void grow_orders(const Sizes& sizes);
    void move_road(const VenueSession& session) noexcept;
    void move_road(const DeviceEvent& event) noexcept;
    void clear_day() noexcept;
    void load_reference() noexcept;
    void load_inventory() noexcept;
    [[nodiscard]] Phase phase_now(Venue venue, SessionKind kind, UtcNs now) noexcept;

    // ledger_orders.cpp: the commands of clients
    Decision new_order(const NewOrder& command) noexcept;
    void warm(const NewOrder& command) const noexcept;
    [[nodiscard]] Venue gather(const NewOrder& command, Candidate& candidate) noexcept;
    void restate(std::uint32_t slot, Decision& decision) const noexcept;
    void note_bound(Reason reason, const Candidate& candidate, Decision& decision) const noexcept;
    void prefetch_command(const CommandHashes& hashes) const noexcept;
    void accept_new(const NewOrder& command, const Candidate& candidate, Decision& decision) noexcept;
    Decision replace_order(const ReplaceOrder& command) noexcept;
    [[nodiscard]] Reason screen_replace(const ReplaceOrder& command, const Order& order,
                                        Decision& decision) noexcept;
    [[nodiscard]] Reason screen_reprice(const ReplaceOrder& command, const Order& order,
                                        Decision& decision) noexcept;
    [[nodiscard]] Price worst_of(const Order& order, Price price) const noexcept;
    [[nodiscard]] std::uint32_t investor_rate(std::uint32_t investor) const noexcept;
    [[nodiscard]] Sequence version_of(const Candidate& candidate, const Decision& decision) const noexcept;
    Decision cancel_order(const CancelOrder& command) noexcept;
    Decision order_status(const OrderStatusRequest& request) noexcept;
    Decision mass_cancel(const MassCancel& command) noexcept;
    [[nodiscard]] bool names_order(const Order& order, const Symbol& symbol, Side side,
                                   const AccountKey& account) const noexcept;
    [[nodiscard]] bool named_current(const Order& order, const ClientOrderId& id) const noexcept;

    // ledger_checks.cpp: the ordered list
    template <std::uint64_t which>
    [[nodiscard]] Reason run_checks(Candidate& candidate, Decision& decision) noexcept;
    [[nodiscard]] Reason check(Check which, Candidate& candidate, Decision& decision) noexcept;
    [[nodiscard]] Reason check_halts(const Candidate& candidate) const noexcept;
    [[nodiscard]] Reason halt_about(std::uint32_t security, std::uint32_t investor, std::uint32_t account,
                                    std::uint32_t session) const noexcept;
    [[nodiscard]] Reason check_session_account(const Candidate& candidate) const noexcept;
    [[nodiscard]] Reason check_order_value(const Candidate& candidate, Decision& decision) const noexcept;
    [[nodiscard]] Reason check_repeated(const Candidate& candidate, Decision& decision) const noexcept;
    [[nodiscard]] Reason check_self_match(const Candidate& candidate, Decision& decision) const noexcept;
    [[nodiscard]] Reason check_sellable(const Candidate& candidate, Decision& decision) const noexcept;
    [[nodiscard]] Reason check_scope(Candidate& candidate, Scope scope, Decision& decision) const noexcept;
    [[nodiscard]] Reason check_symbol(const Candidate& candidate, Decision& decision) const noexcept;
    [[nodiscard]] Reason check_capacity(const Candidate& candidate) const noexcept;

    // ledger_settle.cpp: the only code that moves a counter
    void recompute(Order& order) noexcept;
    void execute(Order& order, Quantity quantity, Amount amount) noexcept;
    void shift(Order& order, Quantity executed, Amount executed_amount, Quantity open,
               Amount open_amount) noexcept;
    void end_order(Order& order, OrderStatus status) noexcept;
    void place_in_book(Order& order) noexcept;
    void remove_from_book(Order& order) noexcept;
    [[nodiscard]] bool before_in_book(std::uint32_t a, std::uint32_t b) const noexcept;
    [[nodiscard]] std::uint32_t slot_of(const Order& order) const noexcept;
    void set_doubt(Order& order, std::uint8_t flag, bool doubtful) noexcept;
    void report_raise(const Order& order, Sequence command, Amount added, Decision& decision) noexcept;
    [[nodiscard]] CommandHashes hashes_of(Sequence command, std::uint32_t session,
                                          const ClientOrderId& id) const noexcept;
    void remember_command(const CommandState& command, const CommandHashes& hashes) noexcept;
    void index_command(std::uint32_t row, const CommandHashes& hashes) noexcept;
    [[nodiscard]] std::uint32_t find_command(std::uint32_t session, const ClientOrderId& id,
                                             std::uint64_t hash) const noexcept;
    [[nodiscard]] std::uint32_t find_command(std::uint32_t session, const ClientOrderId& id) const noexcept;
    // Of a pair that has no row yet.
    std::uint32_t add_account_position(std::uint32_t account, std::uint32_t security) noexcept;
    std::uint32_t add_investor_position(std::uint32_t investor, std::uint32_t security) noexcept;
    [[nodiscard]] std::uint32_t ensure_account_position(std::uint32_t account,
                                                        std::uint32_t security) noexcept;
    [[nodiscard]] std::uint32_t ensure_investor_position(std::uint32_t investor,
                                                         std::uint32_t security) noexcept;
    [[nodiscard]] std::uint32_t find_account_position(std::uint32_t account,
                                                      std::uint32_t security) const noexcept;
    [[nodiscard]] std::uint32_t find_investor_position(std::uint32_t investor,
                                                       std::uint32_t security) const noexcept;
    // Fills what the client is told about an order as it stands now.
    void describe(const Order& order, Decision& decision) const noexcept;

    // ledger_venue.cpp: what venues answer
    Decision venue_report(const VenueReport& report) noexcept;
    void acknowledged(const VenueReport& report, Order& order, Decision& decision) noexcept;
    void taken_by_venue(Quantity taken, Order& order, Decision& decision) noexcept;
    // Shares left and filled there by this report; the order's quantity where no CumQty proves that it is
    // fewer.
    [[nodiscard]] static Quantity most_at_venue(const VenueReportFacts& facts, const Order& order) noexcept;
    void traded(const VenueReport& report, Order& order, Decision& decision) noexcept;
    void replaced(const VenueReport& report, Order& order, Decision& decision) noexcept;
    void cancelled(const VenueReport& report, Order& order, Decision& decision) noexcept;
    void status_told(const VenueReport& report, Order& order, Decision& decision) noexcept;
    void refuse_command(Sequence command, Order& order, Reason reason, Decision& decision) noexcept;
    [[nodiscard]] std::uint32_t find_execution(std::uint32_t slot, const ExecutionId& id) const noexcept;
    [[nodiscard]] bool remember_execution(const ExecutionState& execution) noexcept;
    Decision venue_reject(const VenueReject& reject) noexcept;
    Decision in_doubt(const InDoubt& doubt) noexcept;
    Decision resolved(const Resolved& resolution) noexcept;
    Decision ended_unsent(const WaitExpired& expired) noexcept;
    Decision fill_adjusted(const FillAdjusted& adjusted) noexcept;

    // ledger_orphan.cpp: what a venue reports of orders that have no Record
    Decision orphan_report(const VenueReport& report) noexcept;
    [[nodiscard]] bool take_in(const VenueReport& report, Decision& decision) noexcept;
    void halt_account(std::uint32_t account) noexcept;
    void replaced_unasked(const VenueReportFacts& facts, Order& order) noexcept;

    // ledger_digest.cpp, ledger_stage.cpp and ledger_grow.cpp hold `digest`, `stage` and `grow`
    // ledger_control.cpp: limits and halts, by file and by control
    Decision limit_set(const LimitSet& set) noexcept;
    Decision halt_set(const HaltFacts& facts, const Subject& subject, bool resuming) noexcept;
    [[nodiscard]] bool put_halt(const HaltState& named) noexcept;
    void load_limits() noexcept;
    void load_halts() noexcept;
    void put_limit(Scope scope, std::uint32_t row, Dimension dimension, Amount value, bool control) noexcept;
    [[nodiscard]] bool put_symbol_limit(std::uint32_t investor, std::uint32_t security, Dimension dimension,
                                        Amount value, Sequence version) noexcept;
    [[nodiscard]] std::uint32_t find_control_limit(const LimitKey& key) const noexcept;
    [[nodiscard]] std::uint32_t find_symbol_limit(std::uint32_t investor, std::uint32_t security,
                                                  Dimension dimension) const noexcept;
    [[nodiscard]] std::uint32_t row_of(Scope scope, const InvestorId& investor,
                                       const AccountKey& account) const noexcept;
    [[nodiscard]] const Limits& limits_of(Scope scope, std::uint32_t row) const noexcept;
    [[nodiscard]] LimitKey limit_key(Scope scope, std::uint32_t row, Dimension dimension) const noexcept;
    [[nodiscard]] std::uint8_t* halt_mark(const HaltState& halt) noexcept;

    Sizes sizes_;
    CapacityFacts capacity_;  // as told
    CapacityFacts room_;      // the lesser of it and the tables: what binds
    const Reference* staged_ = nullptr;
    const Reference* reference_ = nullptr;
    DayStartFacts day_;
    Sequence last_sequence_ = 0;
    MonotonicNs last_monotonic_ns_ = 0;
    Sequence day_version_ = 0;  // the DayStart's sequence: version of the opening limits
    bool day_open_ = false;
    std::uint8_t firm_halted_ = 0;
    std::array<std::uint8_t, venue_count> venue_halted_{};
    std::uint32_t devices_closed_ = 0;  // bit n: DeviceCause n keeps orders closed
    std::uint64_t journal_switch_ = 0;  // of the last spare_ready: first segment on the spare
    Counts counts_;

    FirmState firm_;
    std::vector<BranchState> branches_;
    std::vector<InvestorState> investors_;
    std::vector<AccountState> accounts_;
    std::vector<SecurityState> securities_;
    std::vector<SessionState> sessions_;
    std::vector<MessageWindow> investor_windows_;
    std::vector<AccountPosition> account_positions_;
    std::vector<InvestorPosition> investor_positions_;
    std::vector<Order> orders_;
    OpenMarks open_marks_;  // of orders_
    std::vector<CommandState> commands_;
    std::vector<ExecutionState> executions_;
    std::vector<ControlLimit> control_limits_;
    std::vector<SymbolLimit> symbol_limits_;
    std::vector<HaltState> halts_;
    std::array<LineState, 64> lines_{};
    // Rows in use, row 0 not counted.
    std::uint32_t branch_rows_ = 0;
    std::uint32_t investor_rows_ = 0;
    std::uint32_t account_rows_ = 0;
    std::uint32_t security_rows_ = 0;
    std::uint32_t session_rows_ = 0;
    std::uint32_t control_limit_rows_ = 0;
    std::uint32_t symbol_limit_rows_ = 0;
    std::uint32_t halt_rows_ = 0;
    std::uint32_t line_rows_ = 0;

    FlatIndex branch_index_;
    FlatIndex investor_index_;
    FlatIndex account_index_;
    FlatIndex security_index_;
    FlatIndex session_index_;
    FlatIndex account_position_index_;
    FlatIndex investor_position_index_;
    FlatIndex command_index_;  // by the command's sequence
    FlatIndex client_index_;   // by session and client id
    FlatIndex execution_index_;
    FlatIndex control_limit_index_;
    FlatIndex symbol_limit_index_;

    // The phase last looked up, a venue and session kind. Derived: not part of the state.
    struct PhaseSpan {
        std::int64_t from_ns = 0;
        std::int64_t to_ns = 0;
        Phase phase = Phase::closed;
    };
    std::array<std::array<PhaseSpan, session_kind_count>, venue_count> phase_spans_{};
};

}  // namespace fairlead::risk
