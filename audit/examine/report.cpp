#include "audit/examine/report.hpp"

#include <array>
#include <cstdio>
#include <ctime>
#include <nlohmann/json.hpp>

namespace fairlead::audit {

namespace {

std::string utc_text(risk::UtcNs at) {
    const std::time_t seconds = at / 1'000'000'000;
    std::tm parts{};
    ::gmtime_r(&seconds, &parts);
    std::array<char, 32> text{};
    std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
    return text.data();
}

std::string microseconds(std::int64_t nanoseconds) {
    std::array<char, 48> text{};
    std::snprintf(text.data(), text.size(), "%.1f us", static_cast<double>(nanoseconds) / 1000.0);
    return text.data();
}

std::string line(const char* name, const std::string& value) {
    std::string text = name;
    text.append(text.size() < 22 ? 22 - text.size() : 1, ' ');
    return text + value + "\n";
}
std::string line(const char* name, std::uint64_t value) {
    return line(name, std::to_string(value));
}

std::string percent(std::uint64_t part, std::uint64_t whole) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.4f %%",
                  whole == 0 ? 0.0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole));
    return text.data();
}

}  // namespace

std::string text_of(const VerifyReport& report) {
    std::string text;
    text += line("records", std::to_string(report.records) + " in " + std::to_string(report.frames) +
                                " frames, " + std::to_string(report.segments) + " segments, epoch " +
                                std::to_string(report.epoch));
    if (report.records > 0) {
        text += line("from, to", utc_text(report.first_utc_ns) + ", " + utc_text(report.last_utc_ns));
    }
    text += line("orders in", report.orders_in);
    text += line("accepted", report.accepted);
    text += line("refused", report.refused);
    for (const auto& [reason, count] : report.refused_by_reason) {
        text += line(("  " + std::string(risk::reason_text(reason).code)).c_str(), count);
    }
    text +=
        line("replaces, cancels", std::to_string(report.replaces) + ", " + std::to_string(report.cancels) +
                                      " (refused " + std::to_string(report.commands_refused) + ")");
    text += line("fills", report.fills);
    text += line("orders cancelled", report.orders_cancelled);
    text += line("orphan reports", report.orphans);
    text += line("order numbers", report.order_numbers);
    text += line("decisions compared", report.decisions_compared);
    text += line("digests compared", report.digests_compared);
    text += line("state digest", digest_text(report.digest));
    for (const std::string& remark : report.remarks) {
        text += line("remark", remark);
    }
    for (const std::string& finding : report.findings) {
        text += line("FINDING", finding);
    }
    if (report.findings_left_out > 0) {
        text += line("FINDINGS", std::to_string(report.findings_left_out) + " more");
    }
    text += line("verdict", report.ok() ? "verified: nothing missing or changed, replay equal"
                                        : "NOT VERIFIED: see the findings");
    return text;
}

std::string json_of(const VerifyReport& report) {
    nlohmann::ordered_json json;
    json["verified"] = report.ok();
    json["replayed"] = report.replayed;
    json["state_digest"] = digest_text(report.digest);
    json["records"] = report.records;
    json["frames"] = report.frames;
    json["segments"] = report.segments;
    json["epoch"] = report.epoch;
    json["sealed"] = report.sealed;
    json["torn_bytes"] = report.torn_bytes;
    json["first_utc_ns"] = report.first_utc_ns;
    json["last_utc_ns"] = report.last_utc_ns;
    json["orders_in"] = report.orders_in;
    json["accepted"] = report.accepted;
    json["restated"] = report.restated;
    json["refused"] = report.refused;
    json["refused_by_reason"] = nlohmann::ordered_json::object();
    for (const auto& [reason, count] : report.refused_by_reason) {
        json["refused_by_reason"][std::string(risk::reason_text(reason).code)] = count;
    }
    json["replaces"] = report.replaces;
    json["cancels"] = report.cancels;
    json["commands_refused"] = report.commands_refused;
    json["fills"] = report.fills;
    json["orders_cancelled"] = report.orders_cancelled;
    json["orphan_reports"] = report.orphans;
    json["order_numbers"] = report.order_numbers;
    json["decisions_compared"] = report.decisions_compared;
    json["digests_compared"] = report.digests_compared;
    json["summary"] = std::to_string(report.records) + " records " +
                      (report.ok() ? "verified" : "examined, NOT in order") + "; " +
                      std::to_string(report.decisions_compared) + " decisions " +
                      (report.replayed && report.ok() ? "replayed and equal" : "replayed") +
                      "; state digest " + digest_text(report.digest);
    // NTD/10,000, by account.
    json["exposures"] = nlohmann::json::object();
    for (const AccountExposure& row : report.exposures) {
        std::string number = std::to_string(row.account.number);
        number.insert(0, 7 - std::min<std::size_t>(number.size(), 7), '0');
        json["exposures"][std::string(row.account.branch.view()) + "-" + number] = {
            {"investor", row.investor.view()},
            {"executed_buy", row.exposure.executed_buy},
            {"executed_sell", row.exposure.executed_sell},
            {"open_buy", row.exposure.open_buy},
            {"open_sell", row.exposure.open_sell}};
    }
    json["records_by_type"] = nlohmann::ordered_json::object();
    for (const auto& [kind, count] : report.by_kind) {
        json["records_by_type"][std::to_string(kind)] = count;
    }
    json["remarks"] = report.remarks;
    json["findings"] = report.findings;
    json["findings_left_out"] = report.findings_left_out;
    return json.dump(2) + "\n";
}

std::string summary_of(const FairnessReport& report) {
    return "fairness: " + std::to_string(report.race_inversions) + " inversions in " +
           std::to_string(report.race_pairs) + " races (same security, 50 us), " +
           std::to_string(report.inversions) + " in " + std::to_string(report.pairs) +
           " pairs of investors on a line, worst " + microseconds(report.worst_ns) + "; waiting p50 " +
           microseconds(report.wait_p50_ns) + ", p99 " + microseconds(report.wait_p99_ns);
}

std::string text_of(const FairnessReport& report) {
    std::string text;
    text += line("commands sent", std::to_string(report.commands) + " (" + std::to_string(report.undeparted) +
                                      " without departure stamp)");
    text += line("races", std::to_string(report.race_pairs) + ", inverted " +
                              std::to_string(report.race_inversions) + " (" +
                              percent(report.race_inversions, report.race_pairs) + "), worst " +
                              microseconds(report.worst_race_ns));
    text += line("all pairs",
                 std::to_string(report.pairs) + ", inverted " + std::to_string(report.inversions) + " (" +
                     percent(report.inversions, report.pairs) + "), worst " + microseconds(report.worst_ns) +
                     (report.worst_command == 0 ? std::string()
                                                : " at record " + std::to_string(report.worst_command)));
    for (const InvestorWait& wait : report.waits) {
        text += line(("waiting " + std::string(wait.investor.view())).c_str(),
                     "p50 " + microseconds(wait.p50_ns) + ", p99 " + microseconds(wait.p99_ns) + ", worst " +
                         microseconds(wait.worst_ns) + ", commands " + std::to_string(wait.commands));
    }
    std::array<char, 16> distance{};
    std::snprintf(distance.data(), distance.size(), "%.3f", report.largest_distance);
    text += line("largest distance",
                 std::string(distance.data()) + (report.distance_one.empty()
                                                     ? std::string()
                                                     : " (" + std::string(report.distance_one.view()) + ", " +
                                                           std::string(report.distance_other.view()) + ")"));
    if (!report.error.empty()) {
        text += line("FINDING", report.error);
    }
    text += "judged by effective arrival at this host's kernel, not by when clients pressed send\n";
    return text + summary_of(report) + "\n";
}

std::string json_of(const FairnessReport& report) {
    nlohmann::ordered_json json;
    json["summary"] = summary_of(report);
    json["error"] = report.error;
    json["commands"] = report.commands;
    json["undeparted"] = report.undeparted;
    json["race_window_ns"] = race_window_ns;
    json["race_pairs"] = report.race_pairs;
    json["race_inversions"] = report.race_inversions;
    json["worst_race_ns"] = report.worst_race_ns;
    json["pairs"] = report.pairs;
    json["inversions"] = report.inversions;
    json["worst_ns"] = report.worst_ns;
    json["worst_command"] = report.worst_command;
    json["wait_p50_ns"] = report.wait_p50_ns;
    json["wait_p99_ns"] = report.wait_p99_ns;
    json["wait_worst_ns"] = report.wait_worst_ns;
    json["largest_distance"] = report.largest_distance;
    json["distance_between"] = {report.distance_one.view(), report.distance_other.view()};
    json["waits"] = nlohmann::ordered_json::array();
    for (const InvestorWait& wait : report.waits) {
        json["waits"].push_back({{"investor", wait.investor.view()},
                                 {"commands", wait.commands},
                                 {"p50_ns", wait.p50_ns},
                                 {"p99_ns", wait.p99_ns},
                                 {"worst_ns", wait.worst_ns}});
    }
    return json.dump(2) + "\n";
}

}  // namespace fairlead::audit
