// DeskState: what the risk desk knows, all of it from the journal: a production Ledger that has applied every
// record, and beside it what a Ledger does not keep. It asks nobody anything and decides nothing. One thread
// applies (Follower); others look under its lock. Everything is bounded: see Room.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "audit/examine/teller.hpp"
#include "audit/format.hpp"
#include "audit/record_kinds.hpp"
#include "gateway/desk/order_log.hpp"
#include "risk/ledger.hpp"
#include "risk/routing.hpp"

namespace fairlead::desk {

// How much is kept. At these sizes and 10,000 investors about 250 MB, the Ledger's not counted.
struct Room {
    std::size_t orders = 100'000;             // for search; 500 bytes each
    std::size_t trail_rows = 400'000;         // 104 bytes each
    std::size_t exposure_points = 1'000'000;  // of all investors together; 40 bytes each
    std::size_t limit_changes = 20'000;
    std::size_t logins = 1'000;
    std::size_t incidents = 500;
    std::size_t proposals = 5'000;
    std::size_t sessions = 2'000;
    std::size_t halts = 1'000;
    std::int64_t exposure_step_ns = 60 * second_ns;  // at most one point each
};

// What a dimension is called that an investor's row shows.
inline constexpr std::array shown_dimensions{risk::Dimension::buy, risk::Dimension::sell,
                                             risk::Dimension::gross_day, risk::Dimension::net,
                                             risk::Dimension::offset};

enum class InvestorState : std::uint8_t { ok, warn50, warn80, warn95, slow, halted };

struct ExposurePoint {
    risk::UtcNs at = 0;
    risk::Amount buy = 0;
    risk::Amount sell = 0;
    risk::Amount gross_day = 0;
    risk::Amount net = 0;
};

// A Limit that does not bind, in thousandths used.
inline constexpr std::uint16_t permille_none = UINT16_MAX;
inline constexpr std::uint16_t permille_max = 9999;
// Thousandths of the limit used, at most permille_max. Nothing used of no Limit is 0.
[[nodiscard]] std::uint16_t permille_of(risk::Amount used, risk::Amount limit) noexcept;

struct InvestorFigures {
    std::uint64_t last_order = no_row;  // into the OrderLog
    std::uint32_t open = 0;
    std::uint32_t in_doubt = 0;
    std::uint32_t orders = 0;  // accepted today
    std::uint32_t refused = 0;
    std::uint16_t permille = permille_none;   // of the tightest Limit
    InvestorState level = InvestorState::ok;  // by usage alone, with bands
    bool slowed = false;                      // the gateway said so
    bool halted = false;
    bool dirty = true;
    std::vector<ExposurePoint> exposure;
};

struct SessionFigures {
    std::uint32_t id = 0;
    bool venue_side = false;
    bool up = false;
    risk::Venue venue = risk::Venue::none;
    std::string sender;  // CompIDs as its last logon had them
    std::string target;
    risk::UserName user;
    std::array<std::uint8_t, 16> address{};
    risk::UtcNs since = 0;  // it went up or down
    std::uint64_t next_in = 0;
    std::uint64_t next_out = 0;
    std::uint32_t logons = 0;  // today
    std::uint32_t refused_logons = 0;
    std::uint64_t sent = 0;                                 // messages to the venue today
    risk::LogonVerdict verdict = risk::LogonVerdict::none;  // of the last attempt
    risk::LogoutCause cause = risk::LogoutCause::none;  // of the last end; none = the last event was a logon
};

struct LoginEvent {
    risk::Sequence sequence = 0;
    risk::UtcNs at = 0;
    std::uint32_t session = 0;
    risk::UserName user;
    std::array<std::uint8_t, 16> address{};
    risk::LogonVerdict verdict = risk::LogonVerdict::none;
    risk::LogoutCause cause = risk::LogoutCause::none;
};

struct LimitChange {
    risk::Sequence sequence = 0;
    risk::UtcNs at = 0;
    risk::LimitSetFacts limit;
    risk::LimitInForce before;  // as the Ledger had it; not given: what its absence means
    bool before_known = false;  // false: set before the first day
    bool reverted = false;      // a term ended
    risk::InvestorId investor;
    risk::AccountKey account;
    risk::UserName user;
    risk::UserName approver;
    risk::Text<64> reason;
};

struct IncidentNote {
    risk::Sequence sequence = 0;
    risk::UtcNs at = 0;
    enum class Severity : std::uint8_t { info, warning, alarm } severity = Severity::info;
    std::string kind;
    std::string text;
    std::string text_zh;
};

struct HaltFigures {
    risk::Sequence sequence = 0;  // of the Record; 0 = the Ledger's own doing
    risk::UtcNs at = 0;
    risk::HaltFacts facts;
    risk::InvestorId investor;
    risk::AccountKey account;
    risk::UserName user;
    risk::Text<64> reason;
    std::uint32_t row = 0;  // of the Ledger, by scope
    std::uint32_t open_then = 0;
    std::uint32_t open = 0;
    std::uint32_t in_doubt = 0;
    std::uint32_t unsent = 0;  // commands in scope that have a line and have not been handed to its socket
    std::uint64_t refused = 0;
    risk::UtcNs last_new_out = 0;
    risk::UtcNs last_cancel_out = 0;
};

enum class ProposalState : std::uint8_t { open, approved, rejected, withdrawn, lapsed };
struct ProposalFigures {
    risk::Proposal proposal;
    ProposalState state = ProposalState::open;
    risk::Sequence closed = 0;
    risk::UtcNs closed_at = 0;
    risk::UserName closed_by;
    risk::Text<64> closed_reason;
};

struct DayFigures {
    std::uint64_t commands = 0;
    std::uint64_t accepted = 0;
    std::uint64_t refused = 0;
    std::uint64_t executions = 0;
    std::uint64_t peak_per_second = 0;
    std::array<std::uint64_t, 160> refused_by_reason{};
};

class DeskState {
  public:
    DeskState(const risk::Sizes& sizes, const Room& room, std::string reference_directory);

    // The next record. Empty text: applied. Otherwise why it cannot be: nothing can be applied behind it.
    [[nodiscard]] std::string apply(const audit::RecordView& view);
    // Brings the figures that are worked out now and then up to date. `now`: UTC.
    void refresh(risk::UtcNs now);
    // Of what is no Record: the gateway or the keeper silent, a Decision that replay does not give.
    void note(IncidentNote::Severity severity, std::string kind, risk::UtcNs at, std::string text,
              std::string text_zh);

    [[nodiscard]] const risk::Ledger& ledger() const noexcept { return ledger_; }
    [[nodiscard]] const risk::Reference* reference() const noexcept { return ledger_.reference(); }
    [[nodiscard]] const OrderLog& orders() const noexcept { return orders_; }
    [[nodiscard]] const std::vector<InvestorFigures>& investors() const noexcept { return investors_; }
    [[nodiscard]] const std::map<std::uint32_t, SessionFigures>& sessions() const noexcept {
        return sessions_;
    }
    [[nodiscard]] const LastOf<LoginEvent>& logins() const noexcept { return logins_; }
    [[nodiscard]] const LastOf<LimitChange>& limit_changes() const noexcept { return limit_changes_; }
    // Of the Limit with this version; null: set by the day's file, or no longer kept.
    [[nodiscard]] const LimitChange* origin(risk::Sequence version) const noexcept;
    // When a temporary Limit of this version goes back; 0 = never.
    [[nodiscard]] risk::UtcNs expires(risk::Sequence version) const noexcept;
    [[nodiscard]] const LastOf<IncidentNote>& incidents() const noexcept { return incidents_; }
    [[nodiscard]] const std::vector<HaltFigures>& halts() const noexcept { return halts_; }
    [[nodiscard]] const std::map<risk::Sequence, ProposalFigures>& proposals() const noexcept {
        return proposals_;
    }
    [[nodiscard]] const DayFigures& day() const noexcept { return day_; }
    [[nodiscard]] const PerSecond<302, 2>& orders_per_second() const noexcept { return per_second_; }
    [[nodiscard]] const PerSecond<62, 160>& refusals() const noexcept { return refusals_; }
    [[nodiscard]] WaitCounts waits(risk::UtcNs now) const noexcept { return waits_.last_minute(now); }
    [[nodiscard]] RaceWatch::Found races(risk::UtcNs now) const noexcept { return races_.last_minute(now); }
    [[nodiscard]] risk::UtcNs last_at() const noexcept { return last_at_; }
    [[nodiscard]] risk::UtcNs running_since() const noexcept { return running_since_; }
    [[nodiscard]] bool stopped() const noexcept { return stopped_; }
    [[nodiscard]] unsigned level() const noexcept { return level_; }
    // Staff whose tokens are of no use any more since the journal said so: taken once.
    [[nodiscard]] std::vector<risk::UserName> take_ended_users();

  private:
    struct OnLine {  // given a number on a line, not handed to its socket
        std::uint64_t number = 0;
        risk::Sequence command = 0;
        risk::UtcNs effective_ns = 0;
        std::uint32_t slot = 0;  // its order, in the Ledger
        risk::RecordKind kind = risk::RecordKind::none;
    };

    [[nodiscard]] std::string begin_day(const risk::DayStart& start);
    void take(const risk::Record& record, const risk::Decision& decision, const risk::Routing& routing,
              audit::Bytes raw);
    void take_new(const risk::NewOrder& command, const risk::Decision& decision,
                  const risk::Routing& routing);
    void take_change(const risk::Record& record, const risk::Arrival& arrival, TrailEntry entry,
                     const risk::Decision& decision, const risk::Routing& routing);
    void take_report(const risk::VenueReport& report, const risk::Decision& decision);
    void take_handed(const risk::HandedToSocket& handed);
    void take_released(const risk::Record& record, risk::Sequence command, const risk::Routing& routing);
    void take_logon(const risk::LogonAttempt& attempt, audit::Bytes raw);
    void take_logon(const risk::LogonResult& result);
    void take_logout(const risk::Logout& logout);
    void take_numbers(const risk::Record& record, const risk::Routing& routing);
    // Nothing: no day has begun, so the target has no row yet.
    [[nodiscard]] std::optional<risk::LimitInForce> in_force(const risk::LimitSet& set) const noexcept;
    void take_limit(const risk::LimitSet& set, const risk::Decision& decision);
    void take_halt(const risk::Record& record, const risk::HaltFacts& facts, const risk::Subject& subject,
                   const risk::Decision& decision);
    void take_control(const risk::Record& record, const risk::Decision& decision, audit::Bytes raw);
    void take_approval(const risk::Approval& approval);
    void take_operation(const risk::Record& record);
    void count_command(const risk::Record& record, const risk::Arrival& arrival,
                       const risk::Decision& decision);
    void place(const risk::Record& record, const risk::Routing& routing, OnLine command);
    // Brings an order's figures to what the Ledger says of it now.
    void update(std::uint32_t slot);
    void add_trail(std::uint64_t order, const risk::Record& record, TrailEntry entry);
    [[nodiscard]] std::uint64_t row_of(std::uint32_t slot) const noexcept;
    void count_halt(HaltFigures& halt) const noexcept;
    [[nodiscard]] std::uint32_t row_of(const HaltFigures& halt) const noexcept;
    void refresh_halts();
    void refresh_investor(std::uint32_t row, risk::UtcNs now);
    void add_point(InvestorFigures& figures, const ExposurePoint& point);
    SessionFigures& session_of(std::uint32_t id);

    Room room_;
    std::string reference_directory_;
    risk::Ledger ledger_;
    // The Ledger reads them where they lie: the day in force, and the one staged.
    std::unique_ptr<risk::Reference> day_reference_;
    std::unique_ptr<risk::Reference> next_reference_;
    audit::RecordStorage storage_;
    audit::Teller english_{audit::Language::english};  // of what is no order: orders would fill them
    audit::Teller chinese_{audit::Language::chinese};

    OrderLog orders_;
    std::vector<std::uint64_t> row_of_slot_;   // by the Ledger's order slot
    std::vector<std::uint8_t> state_of_slot_;  // 1: open, 2: in doubt
    std::vector<InvestorFigures> investors_;   // by the Ledger's row
    std::size_t points_per_investor_ = 0;
    std::map<std::uint32_t, SessionFigures> sessions_;
    std::map<std::uint32_t, std::deque<OnLine>> on_line_;
    std::unordered_map<risk::Sequence, OnLine> waiting_;  // for their line's rate, by command
    LastOf<LoginEvent> logins_;
    LastOf<LimitChange> limit_changes_;
    std::map<risk::Sequence, risk::UtcNs> terms_;     // by the version they end
    risk::UtcNs next_term_ = 0;                       // told by a limit_term for the limit_set behind it
    std::optional<risk::LimitInForce> limit_before_;  // of the limit_set being applied
    LastOf<IncidentNote> incidents_;
    std::vector<HaltFigures> halts_;
    std::map<risk::Sequence, ProposalFigures> proposals_;
    std::vector<risk::UserName> ended_users_;
    DayFigures day_;
    PerSecond<302, 2> per_second_;
    PerSecond<62, 160> refusals_;
    SlidingWaits waits_;
    RaceWatch races_;
    risk::UtcNs last_at_ = 0;
    risk::UtcNs running_since_ = 0;
    std::uint64_t differing_ = 0;
    unsigned level_ = 0;
    bool stopped_ = false;
};

}  // namespace fairlead::desk
