#include "audit/examine/verify.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <deque>
#include <filesystem>
#include <memory>
#include <thread>
#include <unordered_set>

#include "audit/examine/conversation_check.hpp"
#include "audit/examine/damage_survey.hpp"
#include "audit/examine/read_ahead.hpp"
#include "audit/examine/replay_guard.hpp"
#include "audit/examine/replayer.hpp"
#include "audit/journal_reader.hpp"
#include "audit/prune_note.hpp"
#include "audit/pruned_segment.hpp"
#include "config/reference_archive.hpp"
#include "risk/ledger.hpp"
#include "risk/routing.hpp"

namespace fairlead::audit {

namespace {

using risk::Record;
using risk::RecordKind;

constexpr std::size_t findings_max = 100;

template <class Kind>
const Kind& as(const Record& record) noexcept {
    return reinterpret_cast<const Kind&>(record);
}

// Whether the journal must hold a Decision beside a record of this kind.
bool must_be_answered(RecordKind kind) noexcept {
    using enum RecordKind;
    static constexpr std::array answered{
        new_order,     replace_order, cancel_order, order_status, mass_cancel,  released,
        wait_expired,  halted_unsent, in_doubt,     resolved,     venue_report, venue_reject,
        orphan_report, limit_set,     halt,         resume,       fill_adjusted};
    return std::find(answered.begin(), answered.end(), kind) != answered.end();
}

// Venue order numbers of one line: five characters, a terminal id of one or two of them, then a serial
// that begins at zero with each trading day and grows by one. Written again from the rule, not shared
// with who allocates them: a second opinion.
class OrderNumberCheck {
  public:
    void start_day() noexcept { last_.clear(); }
    // A number the venue knows and the journal does not: the line goes on behind it.
    void orphan(const risk::OrderNumber& number) {
        const std::string text(number.view());
        if (text.size() == 5 && value(text) > (last_.empty() ? -1 : value(last_))) {
            last_ = text;
        }
    }
    // Empty: it follows. Otherwise the rule it breaks.
    [[nodiscard]] std::string next(const risk::OrderNumber& number) {
        const std::string text(number.view());
        if (text.size() != 5 || value(text) < 0) {
            return "order number '" + text + "' is not five characters of 0-9A-Za-z";
        }
        std::string fault;
        if (last_.empty()) {
            if (text.substr(2) != "000") {
                fault = "order number '" + text + "' is the first of the day on its line, but not serial 0";
            }
        } else if (value(text) <= value(last_)) {
            fault = "order number '" + text + "' does not come after '" + last_ + "'";
        } else if (value(text) != value(last_) + 1) {
            fault = "order number '" + text + "' leaves a gap behind '" + last_ + "'";
        }
        last_ = text;
        return fault;
    }

  private:
    static std::int64_t value(const std::string& text) noexcept {
        static constexpr std::string_view digits =
            "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
        std::int64_t result = 0;
        for (const char character : text) {
            const std::size_t digit = digits.find(character);
            if (digit == std::string_view::npos) {
                return -1;
            }
            result = result * static_cast<std::int64_t>(digits.size()) + static_cast<std::int64_t>(digit);
        }
        return result;
    }
    std::string last_;
};

class Examination {
  public:
    explicit Examination(const VerifyOptions& options) : options_(options) {}

    VerifyReport run() {
        JournalReader reader;
        JournalPlace place(options_.journal_directory, options_.spare_directory);
        place.pruned = true;
        place.watch = options_.watch;
        place.hashers = std::max<std::size_t>(1, std::thread::hardware_concurrency());
        if (!reader.open(place)) {
            // Once more for what there is beside a segment that is missing.
            find(reader.error());
            place.holes = true;
            if (!reader.open(place)) {
                return std::move(report_);
            }
        }
        checkpoints_.open(place, options_.keys, options_.since);
        take_pruned(place);
        ledger_ = std::make_unique<risk::Ledger>(few_rows());
        RecordView view;
        ReadStatus status = ReadStatus::record;
        ReadAhead records(reader, [this](const Hash& leaf) { checkpoints_.take(leaf); });
        while ((status = records.next(view)) == ReadStatus::record) {
            examine(view, records);
        }
        close(status, reader, place);
        return std::move(report_);
    }

  private:
    // The hashes of pruned segments go into the tree. That they fit together the reader has seen.
    void take_pruned(const JournalPlace& place) {
        SegmentDirectory segments;
        FrameChain chain;
        std::string error = segments.open(place);
        error += error.empty() ? walk_pruned(segments, chain,
                                             [this, &place](const PrunedSegment& part) {
                                                 for (const Hash& leaf : part.leaves) {
                                                     checkpoints_.take(leaf);
                                                 }
                                                 tell_pruned(part);
                                                 if (std::string wrong = check_prune_note(
                                                         place.directory, part, options_.pruners);
                                                     !wrong.empty()) {
                                                     find(wrong);
                                                 }
                                             })
                               : "";
        if (!error.empty()) {
            find(error);
        }
        report_.pruned = chain.records.sequence;
        if (report_.pruned > 0) {
            replaying_ = false;
            report_.remarks.push_back(
                "decisions, message numbers and order numbers build on the records that were "
                "pruned: they are not checked");
            if (options_.pruners.empty()) {
                report_.remarks.push_back(
                    "who signed for what was pruned is not verified: give the two persons' keys, "
                    "--pruned-by");
            }
        }
    }

    void tell_pruned(const PrunedSegment& part) {
        std::string text = "segment " + part.segment.text() + ", ";
        text += part.leaves.empty() ? "without records"
                                    : "records " + std::to_string(part.first_record) + " to " +
                                          std::to_string(part.behind.records.sequence);
        report_.remarks.push_back(text + ": pruned by " + part.pruned_by + " and " + part.approved_by +
                                  " on " + date_text(part.pruned_utc_ns) + ", hashes kept");
    }

    static std::string date_text(risk::UtcNs at) {
        const std::time_t seconds = at / 1'000'000'000;
        std::tm parts{};
        ::gmtime_r(&seconds, &parts);
        std::array<char, 32> text{};
        std::strftime(text.data(), text.size(), "%Y-%m-%d", &parts);
        return text.data();
    }

    void close(ReadStatus status, const JournalReader& reader, const JournalPlace& place) {
        report_.segments = reader.segments();
        report_.frames = reader.frames();
        report_.epoch = reader.chain().epoch;
        report_.sealed = reader.sealed();
        report_.torn_bytes = reader.torn_bytes();
        if (status == ReadStatus::damaged) {
            find(reader.error());
        } else if (report_.torn_bytes > 0) {
            const ReadPlace torn = reader.next_place();
            find("segment " + torn.segment + ", offset " + std::to_string(torn.offset) +
                 ": the journal ends in " + std::to_string(report_.torn_bytes) +
                 " bytes of a torn write behind record " + std::to_string(torn.sequence) +
                 ": no keeper has closed that segment since");
        } else if (!report_.sealed && report_.records > 0) {
            report_.remarks.push_back("the last frame is not a seal: nothing behind it vouches for it yet");
        }
        if (report_.records == 0 && report_.findings.empty()) {
            find("'" + options_.journal_directory + "' holds no records");
        }
        close_checkpoints(status == ReadStatus::damaged);
        if (status == ReadStatus::damaged || report_.torn_bytes > 0) {
            tell_provable(reader, place);
        }
        report_.message_numbers = conversations_.numbers_followed();
        report_.replayed = replaying_ && status == ReadStatus::end;
        if (ledger_ && replaying_) {
            report_.digest = ledger_->digest();
            list_exposures();
        }
    }

    // What holds in spite of the damage, before it and behind it.
    void tell_provable(const JournalReader& reader, const JournalPlace& place) {
        const std::uint64_t last = reader.chain().sequence;
        if (last > report_.pruned) {
            const std::uint64_t covered =
                std::max(report_.checkpoints.covered,
                         report_.checkpoints.since_continued ? report_.checkpoints.since : 0);
            report_.provable.push_back(
                "records " + std::to_string(report_.pruned + 1) + " to " + std::to_string(last) +
                ": whole and chained from the first on" + (replaying_ ? ", replayed" : "") +
                (covered == 0 ? "; under no signed checkpoint that was checked"
                              : "; up to record " + std::to_string(covered) + " under a signed checkpoint"));
        }
        DamageSurvey survey = survey_damage(place, reader.next_place());
        for (std::string& damaged : survey.damaged) {
            find(std::move(damaged));
        }
        report_.provable.insert(report_.provable.end(), survey.whole.begin(), survey.whole.end());
    }

    void close_checkpoints(bool damaged) {
        checkpoints_.close(damaged);
        report_.checkpoints_checked = !options_.keys.empty();
        report_.checkpoints = checkpoints_.report();
        for (const std::string& finding : checkpoints_.findings()) {
            find(finding);
        }
        report_.remarks.insert(report_.remarks.end(), checkpoints_.remarks().begin(),
                               checkpoints_.remarks().end());
    }

    void list_exposures() {
        const risk::Reference* reference = ledger_->reference();
        for (std::uint32_t row = 1; reference != nullptr && row < reference->accounts.size(); ++row) {
            const risk::Exposure& exposure = ledger_->exposure(risk::Scope::account, row);
            if (exposure.executed_buy != 0 || exposure.executed_sell != 0 || exposure.open_buy != 0 ||
                exposure.open_sell != 0) {
                const risk::AccountRow& account = reference->accounts[row];
                report_.exposures.push_back(
                    {account.key, reference->investors[account.investor].id, exposure});
            }
        }
    }

    // Each build and configuration once, so that a replay that differs can be told from a changed journal.
    void remark_program(const risk::Start& start) {
        const auto written_by = std::make_pair(start.facts.program, start.facts.configuration);
        if (written_by == last_start_) {
            return;
        }
        last_start_ = written_by;
        std::string text = "from record " + std::to_string(start.record.sequence) + " written by program " +
                           hash_text(start.facts.program) + ", configuration " +
                           hash_text(start.facts.configuration);
        if (options_.program != risk::Sha256{}) {
            text += start.facts.program == options_.program
                        ? "; the gateway at hand is that build"
                        : "; the gateway at hand is another build, " + hash_text(options_.program) +
                              ": a decision that replays otherwise may come from that";
        }
        report_.remarks.push_back(std::move(text));
    }

    static std::string hash_text(const risk::Sha256& hash) {
        std::string text;
        for (std::size_t i = 0; i < 8; ++i) {
            std::array<char, 3> digits{};
            std::snprintf(digits.data(), digits.size(), "%02x", hash[i]);
            text += digits.data();
        }
        return text;
    }

    void find(std::string text) {
        if (report_.findings.size() < findings_max) {
            report_.findings.push_back(std::move(text));
        } else {
            ++report_.findings_left_out;
        }
    }

    void find_at(const ReadAhead& records, risk::Sequence sequence, const std::string& rule) {
        const ReadPlace place = records.place();
        find("segment " + place.segment + ", offset " + std::to_string(place.offset) + ", record " +
             std::to_string(sequence) + ": " + rule);
    }

    void examine(const RecordView& view, const ReadAhead& records) {
        const RecordHeader& header = view.header;
        ++report_.records;
        ++report_.by_kind[header.kind];
        if (report_.first_utc_ns == 0) {
            report_.first_utc_ns = header.utc_ns;
        }
        report_.last_utc_ns = header.utc_ns;
        if (header.cause >= header.sequence) {
            find_at(records, header.sequence,
                    "cause " + std::to_string(header.cause) + " is not an earlier record");
        }
        RecordStorage storage;
        const Record* record = materialize(view, storage);
        if (record == nullptr) {
            find_at(records, header.sequence,
                    "facts or person have not the size that type " + std::to_string(header.kind) + " has");
            replaying_ = false;
            return;
        }
        risk::Answered answered;
        const Bytes decided = view.section(SectionKind::decision);
        const bool has_answer = decided.size() == sizeof answered;
        if (has_answer) {
            std::memcpy(&answered, decided.data(), sizeof answered);
        } else if (must_be_answered(record->kind) || !decided.empty()) {
            find_at(records, header.sequence,
                    "the decision section has " + std::to_string(decided.size()) + " bytes, not " +
                        std::to_string(sizeof answered));
        }
        if (report_.pruned == 0) {
            for (const std::string& fault : conversations_.take(*record, has_answer ? &answered : nullptr)) {
                find_at(records, header.sequence, fault);
            }
        }
        if (record->kind == RecordKind::start) {
            remark_program(as<risk::Start>(*record));
        }
        if (replaying_) {
            replay(*record, has_answer ? &answered : nullptr, records);
        }
        if (record->kind == RecordKind::day_start) {
            for (auto& [line, numbers] : order_numbers_) {
                numbers.start_day();
            }
            waiting_.clear();
        }
        if (has_answer) {
            count(*record, answered.decision);
            if (report_.pruned == 0) {
                follow_order_number(*record, answered, records);
            }
        }
    }

    void replay(const Record& record, const risk::Answered* answered, const ReadAhead& records) {
        const auto compare_digest = [&](const risk::StateDigest& told) {
            ++report_.digests_compared;
            if (told != ledger_->digest()) {
                find_at(records, record.sequence,
                        "replay reaches state digest " + digest_text(ledger_->digest()) +
                            ", the record says " + digest_text(told));
            }
        };
        if (record.kind == RecordKind::start) {
            compare_digest(as<risk::Start>(record).facts.state_digest);
        } else if (record.kind == RecordKind::stop) {
            compare_digest(as<risk::Stop>(record).facts.state_digest);
        } else if (record.kind == RecordKind::day_start && !stage(as<risk::DayStart>(record), records)) {
            replaying_ = false;
            return;
        }
        if (record.kind == RecordKind::incident) {
            remark(as<risk::Incident>(record));
        }
        make_room(*ledger_);
        risk::Decision decision;
        if (const char* broken = guard_.broken_by([&] { decision = ledger_->apply(record); });
            broken != nullptr) {
            find_at(
                records, record.sequence,
                "cannot be replayed, so nothing from here on is: no gateway can have written it, it breaks "
                "'" +
                    std::string(broken) + "'");
            replaying_ = false;
            return;
        }
        if (answered == nullptr) {
            return;
        }
        ++report_.decisions_compared;
        if (std::memcmp(&decision, &answered->decision, sizeof decision) != 0) {
            find_at(records, record.sequence,
                    "replay decides otherwise: reason " +
                        std::string(risk::reason_text(decision.reason).code) + " against " +
                        std::string(risk::reason_text(answered->decision.reason).code) + " in the journal" +
                        first_difference(decision, answered->decision));
        }
    }

    static std::string first_difference(const risk::Decision& replayed, const risk::Decision& told) {
        std::array<std::byte, sizeof(risk::Decision)> a{};
        std::array<std::byte, sizeof(risk::Decision)> b{};
        std::memcpy(a.data(), &replayed, a.size());
        std::memcpy(b.data(), &told, b.size());
        const auto at = std::mismatch(a.begin(), a.end(), b.begin()).first - a.begin();
        return "; first different byte of the decision: " + std::to_string(at);
    }

    bool stage(const risk::DayStart& start, const ReadAhead& records) {
        config::RestoredReference restored =
            config::load_archived_reference(options_.journal_directory + "/reference", start.facts);
        std::string problem = restored.error;
        if (problem.empty()) {
            days_.push_back(std::move(restored.reference));
            make_room(*ledger_, &days_.back());
            problem = ledger_->stage(days_.back());
        }
        if (!problem.empty()) {
            find_at(
                records, start.record.sequence,
                "the day's reference data cannot be used, so nothing from here on is replayed: " + problem);
        }
        return problem.empty();
    }

    void remark(const risk::Incident& incident) {
        const risk::IncidentFacts& facts = incident.facts;
        std::string text = "record " + std::to_string(incident.record.sequence) + ": ";
        if (facts.cause == risk::IncidentCause::journal_end_lost) {
            text += std::string("the journal's end may be lost with the front, level ") +
                    (facts.level == 0 ? "process: orders behind this place may have no record"
                                      : "disk: nothing had been sent that is not here");
        } else if (facts.cause == risk::IncidentCause::not_approved) {
            text += "the program or its configuration was not approved: that run ended at once";
        } else if (facts.cause == risk::IncidentCause::venue_refuses_all) {
            text += "the venue refused " + std::to_string(facts.our_number) + " orders of line " +
                    std::to_string(incident.record.session) + " one after the other: it was halted";
        } else {
            text += (facts.venue_side != 0 ? "line " : "session ") + std::to_string(incident.record.session) +
                    " expects message " + std::to_string(facts.peer_number) + ", the journal holds up to " +
                    std::to_string(facts.our_number);
        }
        report_.remarks.push_back(std::move(text));
    }

    void count(const Record& record, const risk::Decision& decision) {
        const bool refused = decision.outcome == risk::Outcome::refused;
        switch (record.kind) {
            case RecordKind::new_order:
                ++report_.orders_in;
                report_.accepted += decision.outcome == risk::Outcome::accepted ? 1 : 0;
                report_.restated += decision.outcome == risk::Outcome::restated ? 1 : 0;
                if (refused) {
                    ++report_.refused;
                    ++report_.refused_by_reason[decision.reason];
                }
                break;
            case RecordKind::replace_order:
                ++report_.replaces;
                report_.commands_refused += refused ? 1 : 0;
                break;
            case RecordKind::cancel_order:
                ++report_.cancels;
                report_.commands_refused += refused ? 1 : 0;
                break;
            case RecordKind::venue_report:
                if (decision.outcome == risk::Outcome::applied) {
                    const risk::OrderStatus told = as<risk::VenueReport>(record).facts.exec_type;
                    report_.fills += told == risk::OrderStatus::trade ? 1 : 0;
                    report_.orders_cancelled += told == risk::OrderStatus::cancelled ? 1 : 0;
                }
                break;
            case RecordKind::orphan_report:
                ++report_.orphans;
                break;
            default:
                break;
        }
    }

    // A New takes its number when it is given its message to the venue: at once, or when it is released
    // from waiting for the line's rate.
    void follow_order_number(const Record& record, const risk::Answered& answered, const ReadAhead& records) {
        if (record.kind == RecordKind::orphan_report) {
            order_numbers_[record.session].orphan(as<risk::VenueReport>(record).facts.order_number);
            return;
        }
        if (record.kind == RecordKind::new_order && answered.routing.choice == risk::LineChoice::waiting) {
            waiting_.insert(record.sequence);
            return;
        }
        const bool released_new = record.kind == RecordKind::released &&
                                  waiting_.erase(as<risk::Released>(record).facts.command) > 0;
        if (answered.routing.line == 0 || !(record.kind == RecordKind::new_order || released_new)) {
            return;
        }
        ++report_.order_numbers;
        const std::string fault = order_numbers_[answered.routing.line].next(answered.routing.order_number);
        if (!fault.empty()) {
            find_at(records, record.sequence, "line " + std::to_string(answered.routing.line) + ": " + fault);
        }
    }

    const VerifyOptions& options_;
    VerifyReport report_;
    ReplayGuard guard_;
    std::unique_ptr<risk::Ledger> ledger_;
    std::deque<risk::Reference> days_;  // the Ledger reads them where they lie
    std::map<std::uint32_t, OrderNumberCheck> order_numbers_;
    ConversationCheck conversations_;
    CheckpointCheck checkpoints_;
    std::pair<risk::Sha256, risk::Sha256> last_start_{};
    std::unordered_set<risk::Sequence> waiting_;  // News not yet released
    bool replaying_ = true;
};

}  // namespace

VerifyReport verify(const VerifyOptions& options) {
    return Examination(options).run();
}

std::string digest_text(const risk::StateDigest& digest) {
    std::array<char, 33> text{};
    std::snprintf(text.data(), text.size(), "%016llx%016llx", static_cast<unsigned long long>(digest[0]),
                  static_cast<unsigned long long>(digest[1]));
    return text.data();
}

}  // namespace fairlead::audit
