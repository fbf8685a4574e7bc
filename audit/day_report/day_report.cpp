#include "audit/day_report/day_report.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

#include "audit/day_report/day_facts.hpp"
#include "audit/day_report/page.hpp"
#include "audit/examine/fairness.hpp"
#include "audit/examine/logins.hpp"
#include "audit/examine/verify.hpp"

namespace fairlead::audit {

namespace {

constexpr const char* note_title = "fairlead report of a day";
constexpr std::size_t investors_charted = 15;
constexpr std::size_t shortest_day[] = {8, 14};  // hours always shown

std::string count(std::uint64_t value) {
    std::string text = std::to_string(value);
    for (std::size_t at = text.size(); at > 3; at -= 3) {
        text.insert(at - 3, ",");
    }
    return text;
}

std::string microseconds(std::int64_t ns) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.1f", static_cast<double>(ns) / 1000.0);
    return text.data();
}

std::string decimal(double value) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.4f", value);
    return text.data();
}

// NTD with its decimals, thousands set apart.
std::string dollars(risk::Amount amount) {
    const std::string text = dollars_text(amount);
    const std::size_t point = std::min(text.find('.'), text.size());
    return count(static_cast<std::uint64_t>(amount / risk::price_unit)) + text.substr(point);
}

// Hours, minutes, seconds and milliseconds: the day is said above.
std::string clock_text(risk::UtcNs at) {
    return taipei_text(at).substr(11, 12);
}

void completeness(Page& page, const VerifyReport& verified, const DayFacts& facts) {
    page.heading("Is the journal whole?", "紀錄完整性");
    const CheckpointReport& signed_by = verified.checkpoints;
    std::string text =
        "Records 1 to " + count(verified.records + verified.pruned) +
        " were read: checksums, hash chain, message numbers and order numbers follow without a "
        "gap, and " +
        count(verified.decisions_compared) + " decisions were made again from the records and are the same. ";
    text += !verified.checkpoints_checked
                ? "No key was given, so no checkpoint was checked."
                : "Signed checkpoints cover records 1 to " + count(signed_by.covered) + ".";
    if (verified.ok()) {
        page.verdict(true, text);
    } else {
        page.verdict(false, "Not in order: " + count(verified.findings.size() + verified.findings_left_out) +
                                " findings.");
        page.list(verified.findings);
        if (!verified.provable.empty()) {
            page.paragraph("Still provable:");
            page.list(verified.provable);
        }
    }
    if (!facts.error.empty()) {
        page.verdict(false, "The numbers below end where reading ended: " + facts.error);
    }
    page.paragraph("Of this day: records " + count(facts.first) + " to " + count(facts.last) + ", " +
                   count(facts.records) + " of them.");
    if (!verified.remarks.empty()) {
        page.list(verified.remarks);
    }
}

void orders(Page& page, const DayFacts& facts) {
    page.heading("Orders by hour", "每小時委託");
    std::vector<std::string> labels;
    std::vector<std::vector<std::uint64_t>> values;
    std::vector<std::vector<std::string>> rows;
    const int first = std::min<int>(shortest_day[0], facts.hours.empty() ? 24 : facts.hours.begin()->first);
    const int last = std::max<int>(shortest_day[1], facts.hours.empty() ? 0 : facts.hours.rbegin()->first);
    for (int hour = first; hour <= last; ++hour) {
        const auto found = facts.hours.find(hour);
        const HourOfOrders of = found == facts.hours.end() ? HourOfOrders() : found->second;
        std::array<char, 8> label{};
        std::snprintf(label.data(), label.size(), "%02d:00", hour);
        labels.emplace_back(label.data());
        values.push_back({of.accepted, of.refused, of.replaces, of.cancels});
        rows.push_back(
            {label.data(), count(of.accepted), count(of.refused), count(of.replaces), count(of.cancels)});
    }
    page.columns("Orders by hour", labels, {"accepted", "refused", "replaces", "cancels"}, values);
    page.table(
        {{"Hour", false}, {"Accepted", true}, {"Refused", true}, {"Replaces", true}, {"Cancels", true}}, rows,
        "No orders.");
    static constexpr std::array<std::string_view, risk::venue_count> names{"other", "TWSE", "TPEx"};
    std::vector<std::vector<std::string>> markets;
    for (std::size_t i = 1; i < facts.markets.size(); ++i) {
        const MarketDay& market = facts.markets[i];
        markets.push_back({std::string(names[i]), count(market.orders), count(market.fills),
                           count(static_cast<std::uint64_t>(market.shares)), dollars(market.value)});
    }
    page.table({{"Market", false}, {"Orders", true}, {"Fills", true}, {"Shares", true}, {"Value, NTD", true}},
               markets, "");
}

void refusals(Page& page, const DayFacts& facts) {
    page.heading("Refusals by reason", "拒絕原因");
    std::vector<std::pair<risk::Reason, const Refusals*>> sorted;
    for (const auto& [reason, refused] : facts.refusals) {
        sorted.emplace_back(reason, &refused);
    }
    std::stable_sort(sorted.begin(), sorted.end(),
                     [](const auto& a, const auto& b) { return a.second->count > b.second->count; });
    std::vector<Page::Bar> bars;
    std::vector<std::vector<std::string>> rows;
    for (const auto& [reason, refused] : sorted) {
        const risk::ReasonText& text = risk::reason_text(reason);
        bars.push_back({std::string(text.code), static_cast<double>(refused->count), count(refused->count)});
        rows.push_back({std::string(text.code), count(refused->count), count(refused->investors.size()),
                        std::string(text.english), std::string(text.chinese)});
    }
    page.bars("Refusals by reason", bars);
    page.table({{"Code", false}, {"Refusals", true}, {"Investors", true}, {"Reason", false}, {"原因", false}},
               rows, "Nothing was refused.");
}

void latency(Page& page, const DayFacts& facts, const FairnessReport& fairness) {
    page.heading("Latency", "延遲");
    page.paragraph(
        "The gateway's own: from a command's effective arrival to its departure towards the venue. The "
        "venue's "
        "answer: from a command's record to the record of the answer, waits for the line's rate included. "
        "Microseconds.");
    const auto row_of = [](const std::string& name, std::uint64_t of, const AnswerTimes& times) {
        return std::vector<std::string>{name,
                                        count(of),
                                        microseconds(times.percentile(500)),
                                        microseconds(times.percentile(900)),
                                        microseconds(times.percentile(990)),
                                        microseconds(times.ns.empty() ? 0 : times.ns.back())};
    };
    std::vector<std::vector<std::string>> rows;
    rows.push_back({"the gateway, all investors", count(fairness.sent), microseconds(fairness.wait_p50_ns),
                    "", microseconds(fairness.wait_p99_ns), microseconds(fairness.wait_worst_ns)});
    rows.push_back(row_of("the venue's answer, all investors", facts.answers.ns.size(), facts.answers));
    for (const auto& [investor, times] : facts.answers_of) {
        rows.push_back(row_of("the venue's answer, " + investor, times.ns.size(), times));
    }
    page.table(
        {{"What", false}, {"Count", true}, {"p50", true}, {"p90", true}, {"p99", true}, {"worst", true}},
        rows, "");
}

void fairness_of(Page& page, const FairnessReport& fairness) {
    page.heading("Was anybody served out of turn?", "公平對待投資人");
    const bool fair = fairness.error.empty() && fairness.out_of_turn.commands == 0;
    page.verdict(
        fair, !fairness.error.empty() ? "Not judged to the end: " + fairness.error
              : fair
                  ? count(fairness.commands) +
                        " commands took their serial numbers in the order of their effective arrival."
                  : count(fairness.out_of_turn.commands) + " commands were overtaken, the worst at record " +
                        count(fairness.out_of_turn.worst_record) + ".");
    std::vector<std::vector<std::string>> figures{
        {"Races (same line and security, two investors, 50 us)", count(fairness.races.pairs)},
        {"Inversions among them, by effective arrival", count(fairness.races.inversions)},
        {"Became readable late, against the kernel's stamps", count(fairness.late_readable.commands)},
        {"Differences from the kernel's stamps without a cause", count(fairness.unexplained.commands)},
        {"Jain index of served over offered", decimal(fairness.jain_index)},
        {"Largest KS distance between two investors' waits",
         decimal(fairness.largest_distance) + (fairness.distance_one.empty()
                                                   ? ""
                                                   : " (" + std::string(fairness.distance_one.view()) + ", " +
                                                         std::string(fairness.distance_other.view()) + ")")},
        {"Own account: commands, p50, p99 (us)", count(fairness.own.commands) + ", " +
                                                     microseconds(fairness.own.wait_p50_ns) + ", " +
                                                     microseconds(fairness.own.wait_p99_ns)},
        {"Clients: commands, p50, p99 (us)", count(fairness.clients.commands) + ", " +
                                                 microseconds(fairness.clients.wait_p50_ns) + ", " +
                                                 microseconds(fairness.clients.wait_p99_ns)}};
    page.table({{"Figure", false}, {"", true}}, figures, "");
    std::vector<Page::Bar> bars;
    std::vector<std::vector<std::string>> rows;
    for (const InvestorService& investor : fairness.investors) {
        const std::string name(investor.investor.view());
        if (bars.size() < investors_charted && investor.served > 0) {
            bars.push_back({name, static_cast<double>(investor.wait_p99_ns),
                            microseconds(investor.wait_p99_ns) + " us"});
        }
        rows.push_back({name, count(investor.commands), count(investor.offered), count(investor.served),
                        microseconds(investor.wait_p50_ns), microseconds(investor.wait_p99_ns),
                        microseconds(investor.wait_worst_ns), count(investor.late_readable)});
    }
    if (!bars.empty()) {
        page.paragraph("Wait from arrival to departure, p99, of the investors with most commands:");
    }
    page.bars("Wait p99 by investor", bars);
    page.table({{"Investor", false},
                {"Commands", true},
                {"Offered", true},
                {"Served", true},
                {"p50, us", true},
                {"p99, us", true},
                {"Worst, us", true},
                {"Late", true}},
               rows, "No commands.");
}

void limits(Page& page, const DayFacts& facts) {
    page.heading("Limits changed, and by whom", "額度變更");
    std::vector<std::vector<std::string>> rows;
    for (const LimitChange& change : facts.limits) {
        rows.push_back({clock_text(change.at), std::to_string(change.record), change.whose, change.what,
                        change.before.empty() ? "not set by control" : change.before, change.value,
                        !change.accepted        ? "refused"
                        : change.raised         ? "raised"
                        : change.before.empty() ? "set"
                                                : "not raised",
                        change.user, change.approver, change.reason});
    }
    page.table({{"Time", false},
                {"Record", true},
                {"Whose", false},
                {"Limit", false},
                {"Before", true},
                {"After", true},
                {"", false},
                {"By", false},
                {"Approved by", false},
                {"Reason", false}},
               rows, "No limit was changed.");
}

void logins(Page& page, const DayFacts& facts, const DayReportOptions& options, risk::UtcNs begin,
            risk::UtcNs end) {
    page.heading("Logins", "登出入紀錄");
    LoginOptions asked;
    asked.place = options.place;
    asked.from = begin;
    asked.to = end - 1;
    const LoginsResult told = write_logins(asked, [](std::string_view) {});
    page.verdict(told.gaps == 0,
                 told.gaps == 0
                     ? "In the whole journal every login has its logout, and every attempt its answer."
                     : count(told.gaps) +
                           " gaps in the whole journal, a login without a logout or the other way round: see "
                           "fairlead-examine logins.");
    std::vector<std::vector<std::string>> rows{{"Logins", count(facts.logins)},
                                               {"Logouts", count(facts.logouts)}};
    for (const auto& [why, times] : facts.failed_logins) {
        rows.push_back({"Failed: " + why, count(times)});
    }
    page.table({{"What", false}, {"Count", true}}, rows, "");
}

void happenings(Page& page, const std::vector<Happening>& rows_of, std::string_view none) {
    std::vector<std::vector<std::string>> rows;
    rows.reserve(rows_of.size());
    for (const Happening& happening : rows_of) {
        rows.push_back({clock_text(happening.at), std::to_string(happening.record), happening.what,
                        happening.detail,
                        happening.user + (happening.approver.empty() ? "" : ", " + happening.approver)});
    }
    page.table({{"Time", false}, {"Record", true}, {"What", false}, {"Detail", false}, {"Who", false}}, rows,
               none);
}

void incidents(Page& page, const DayFacts& facts) {
    page.heading("Acts of control", "管理作業");
    happenings(page, facts.acts, "Nobody halted, resumed or changed anything.");
    page.heading("Incidents", "異常事件");
    std::vector<std::vector<std::string>> doubt{{"Commands in doubt", count(facts.in_doubt)}};
    for (const auto& [how, times] : facts.resolved) {
        doubt.push_back({"Settled: " + how, count(times)});
    }
    doubt.push_back({"Reports of orders without a record", count(facts.orphans)});
    page.table({{"What", false}, {"Count", true}}, doubt, "");
    happenings(page, facts.incidents, "None.");
    if (facts.incidents_left_out > 0) {
        page.paragraph(count(facts.incidents_left_out) +
                       " more are in the journal: see fairlead-examine export.");
    }
}

}  // namespace

DayReport make_day_report(const DayReportOptions& options) {
    DayReport report;
    risk::UtcNs begin = 0;
    risk::UtcNs end = 0;
    if (!day_bounds(options.day, begin, end)) {
        report.error = "'" + options.day + "' is not a day as 2026-11-23";
        return report;
    }
    const DayFacts facts = read_day(options.place, begin, end, options.masking);
    if (facts.first == 0) {
        report.error = "the journal holds no record of " + options.day +
                       (facts.error.empty() ? "" : ", as far as it can be read: " + facts.error);
        return report;
    }
    VerifyOptions asked;
    asked.journal_directory = options.place.directory;
    asked.spare_directory = options.place.spare;
    asked.keys = options.keys;
    asked.since = options.since;
    asked.watch = options.place.watch;
    const VerifyReport verified = verify(asked);
    const FairnessReport fairness = measure_fairness(options.place, facts.first, facts.last);
    report.in_order = verified.ok() && fairness.error.empty() && fairness.out_of_turn.commands == 0;

    const std::string origin = options.keys.empty() ? "" : options.keys.front().name();
    Page page("Report of " + options.day + (origin.empty() ? "" : ", " + origin));
    page.paragraph(std::string("Made from the journal alone. Times are Taipei's. Account numbers are ") +
                   (options.masking == Masking::masked ? "masked." : "revealed."));
    completeness(page, verified, facts);
    orders(page, facts);
    refusals(page, facts);
    latency(page, facts, fairness);
    fairness_of(page, fairness);
    limits(page, facts);
    logins(page, facts, options, begin, end);
    incidents(page, facts);
    page.heading("How to check this report", "如何查驗本報告");
    page.preformatted(
        "fairlead-examine verify JOURNAL --key KEY\nfairlead-examine report JOURNAL " + options.day +
        " --key KEY --out AGAIN.html   # the same journal gives the same bytes\n"
        "fairlead-examine report-check REPORT.html --key KEY          # the signature beside it");
    report.html = std::move(page).finish();
    return report;
}

std::string report_note_text(const std::string& origin, const std::string& day, const std::string& html) {
    Sha256Hasher hasher;
    return std::string(note_title) + "\n" + origin + "\nday " + day + "\nsha256 " +
           to_hex(hasher.of(std::as_bytes(std::span(html)))) + "\n";
}

std::string check_report(const std::string& html, const std::string& note,
                         std::span<const VerifierKey> keys) {
    std::string text;
    std::vector<NoteSignature> signatures;
    if (std::string error = parse_note(note, text, signatures); !error.empty()) {
        return "the note beside the report is not one: " + error;
    }
    if (std::string error = verify_note(text, signatures, keys); !error.empty()) {
        return "the note beside the report: " + error;
    }
    const std::size_t day = text.find("\nday ");
    const std::size_t hash = text.find("\nsha256 ");
    if (!text.starts_with(std::string(note_title) + "\n") || day == std::string::npos ||
        hash == std::string::npos || day > hash) {
        return "the note beside the report is of something else";
    }
    const std::size_t origin = std::string(note_title).size() + 1;
    const std::string again =
        report_note_text(text.substr(origin, day - origin), text.substr(day + 5, hash - day - 5), html);
    return again == text ? "" : "the report is not the one that was signed: its SHA-256 is another";
}

}  // namespace fairlead::audit
