// Judge: follows the journal as the front shows it, record by record, and holds it against what the peers
// see, against the naive credit oracle of tests/risk, and against itself after a restart. Numbers of
// invariants are those of README.md.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <vector>

#include "audit/journal_reader.hpp"
#include "config/gateway_config.hpp"
#include "risk/ledger.hpp"
#include "risk/routing.hpp"
#include "tests/risk/oracle.hpp"
#include "tests/simulation/fix_text.hpp"
#include "tests/simulation/kernel.hpp"

namespace fairlead::simulation {

class Judge {
  public:
    Judge(Kernel& kernel, const risk::Reference& reference);

    // A gateway has started. `resumed`: on the front of the one before.
    void attach(const std::string& front_directory, bool power_was_lost, std::uint64_t durable);
    // Looks at what has been published since.
    void drain();
    // What is recorded from here on was taken in one pass: the messages at the heads of several sessions.
    void begin_pass() { taken_in_pass_.clear(); }
    // This message of a session stands behind something of its own that leaves no Record.
    void stands_before(std::uint32_t session, std::uint64_t number) { behind_.emplace(session, number); }
    // The live Ledger must have the oracle's sums.
    void compare(const risk::Ledger& ledger);
    // A message leaves the gateway to `peer` (a client session or a line); `durable` counts the disk's
    // frames.
    void on_message_out(std::uint32_t peer, bool to_venue, const FixMessage& message, std::uint64_t durable);
    // A command at the venue.
    void on_command(std::uint32_t line, const FixMessage& message);
    void on_killed(const risk::Ledger& ledger);
    // When everything has settled.
    void check_effects(const risk::Ledger& ledger, const config::GatewayConfig& config);

    [[nodiscard]] std::uint64_t last() const noexcept { return seen_.size(); }
    [[nodiscard]] bool stopped() const noexcept {
        return !seen_.empty() && seen_.back().kind == risk::RecordKind::stop;
    }
    // False: orders without a Record were taken in, which the oracle does not know.
    [[nodiscard]] bool credit_known() const noexcept { return credit_known_; }
    // The journal has lost its end at least once: what was in it may be missing or told twice.
    [[nodiscard]] bool lost() const noexcept { return lost_; }
    [[nodiscard]] bool journal_waits() const noexcept { return spare_closed_; }
    [[nodiscard]] const tests::Oracle& oracle() const noexcept { return *oracle_; }

  private:
    struct Seen {
        risk::RecordKind kind = risk::RecordKind::none;
        std::uint32_t session = 0;
        std::uint32_t epoch = 0;
        std::uint32_t crc = 0;
        std::int64_t monotonic_ns = 0;
        std::vector<std::byte> bytes;
        std::optional<risk::Answered> answered;
    };

    void take(const audit::RecordView& view);
    void follow(const Seen& seen, risk::Sequence sequence);
    void forget_behind(risk::Sequence last);
    void note_numbers(const Seen& seen, risk::Sequence sequence);
    void note_road(const Seen& seen);
    void check_room(const Seen& seen);
    void note_effects(const Seen& seen, risk::Sequence sequence);
    [[nodiscard]] risk::Sequence cancel_without_effect(const Seen& seen);
    void check_chain(const Seen& seen, risk::Sequence sequence);
    void check_order_number(const Seen& seen);
    void check_age(const Seen& seen);
    void check_evidence(const Seen& seen);
    void check_logged_on(const Seen& seen);
    void check_limit_version(const Seen& seen, risk::Sequence sequence);
    void check_venue_event(const Seen& seen);
    void check_turn(const Seen& seen);
    void ask_oracle(const Seen& seen);
    [[nodiscard]] bool road_reason(const Seen& seen, risk::Venue venue);
    [[nodiscard]] tests::Expected expect(const Seen& seen);
    [[nodiscard]] tests::Expected halted(const Seen& seen);
    void compare_decision(const tests::Expected& expected, const risk::Decision& decision);
    [[nodiscard]] std::uint64_t shift_of(risk::Sequence command) const;
    [[nodiscard]] const Seen* command_behind(risk::Sequence sequence, risk::Sequence& command) const;

    template <class T>
    [[nodiscard]] static const T& as(const Seen& seen) {
        return *reinterpret_cast<const T*>(seen.bytes.data());
    }

    Kernel& kernel_;
    const risk::Reference& reference_;
    std::unique_ptr<tests::Oracle> oracle_;
    audit::FrontReader reader_;
    std::vector<std::byte> buffer_;
    std::vector<Seen> seen_;  // [0] is record 1
    bool attached_ = false;
    bool again_ = false;  // records are being gone through again, after a loss
    bool credit_known_ = true;
    // By peer and message number: the record that caused it.
    std::map<std::pair<std::uint32_t, std::uint64_t>, risk::Sequence> caused_by_;
    risk::Sequence effect_max_ = 0;
    std::set<std::pair<std::uint32_t, bool>> lines_open_;  // line, and whether of TPEx
    std::set<int> devices_closed_;
    bool spare_closed_ = false;
    std::uint32_t orders_max_ = 0;  // as the last capacity record has it
    std::uint32_t orders_in_ = 0;
    // What cancels: halts in force by scope, the last logout of each session, mass cancels; with its record.
    std::map<std::string, std::pair<risk::Halt, risk::Sequence>> cancelling_halts_;
    std::map<std::uint32_t, risk::Sequence> logged_out_;
    std::vector<std::pair<risk::MassCancel, risk::Sequence>> mass_cancelled_;
    std::map<risk::Sequence, risk::Sequence>
        cancels_tried_;                       // by order: the last cancel that has not come to nothing
    std::set<risk::Sequence> venue_refused_;  // orders of which it has refused a cancel of the gateway's
    std::set<std::uint32_t> logged_on_;
    std::map<std::uint32_t, std::string> last_order_number_;  // by line
    std::set<std::string> order_numbers_;
    std::set<std::pair<std::uint32_t, std::string>> applied_;  // line and ExecID
    std::map<std::string, risk::Sequence> limit_versions_;
    risk::Sequence day_version_ = 0;
    std::vector<std::pair<risk::Sequence, std::uint64_t>> shifts_;
    std::set<std::pair<std::uint32_t, std::string>> at_venue_;  // line and ClOrdID
    std::optional<std::pair<risk::Sequence, risk::StateDigest>> digest_at_kill_;
    bool lost_ = false;
    std::vector<std::pair<std::uint32_t, std::int64_t>> taken_in_pass_;  // session and stamp, as served
    std::map<std::uint32_t, std::int64_t> own_before_ns_;                // last record of a session, UTC
    std::set<std::pair<std::uint32_t, std::uint64_t>> behind_;           // session, MsgSeqNum (34)
};

}  // namespace fairlead::simulation
