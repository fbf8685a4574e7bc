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

std::string line(const char* name, const std::string& value) {
    std::string text = name;
    text.append(text.size() < 22 ? 22 - text.size() : 1, ' ');
    return text + value + "\n";
}
std::string line(const char* name, std::uint64_t value) {
    return line(name, std::to_string(value));
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
    text += line("message numbers", report.message_numbers);
    text += line("decisions compared", report.decisions_compared);
    text += line("digests compared", report.digests_compared);
    text += line("state digest", digest_text(report.digest));
    if (report.checkpoints_checked) {
        text += line("checkpoints", std::to_string(report.checkpoints.checked) +
                                        " signed and in agreement, the last over " +
                                        std::to_string(report.checkpoints.covered) + " records");
    }
    if (report.checkpoints.since > 0) {
        text +=
            line("since the earlier", std::to_string(report.checkpoints.since) + " records, " +
                                          (report.checkpoints.since_continued ? "none changed or removed"
                                                                              : "NOT those of this journal"));
    }
    for (const std::string& remark : report.remarks) {
        text += line("remark", remark);
    }
    for (const std::string& finding : report.findings) {
        text += line("FINDING", finding);
    }
    if (report.findings_left_out > 0) {
        text += line("FINDINGS", std::to_string(report.findings_left_out) + " more");
    }
    for (const std::string& provable : report.provable) {
        text += line("still provable", provable);
    }
    const std::string verified =
        report.pruned == 0 ? "verified: nothing missing or changed, replay equal"
                           : "verified: nothing missing or changed but records 1 to " +
                                 std::to_string(report.pruned) + ", which were pruned; not replayed";
    text += line("verdict", report.ok() ? verified : "NOT VERIFIED: see the findings");
    return text;
}

std::string json_of(const VerifyReport& report) {
    nlohmann::ordered_json json;
    json["verified"] = report.ok();
    json["replayed"] = report.replayed;
    json["state_digest"] = digest_text(report.digest);
    json["records"] = report.records;
    json["pruned"] = report.pruned;
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
    json["message_numbers"] = report.message_numbers;
    json["decisions_compared"] = report.decisions_compared;
    json["digests_compared"] = report.digests_compared;
    if (report.checkpoints_checked) {
        json["checkpoints"] = {{"checked", report.checkpoints.checked},
                               {"covered", report.checkpoints.covered},
                               {"since", report.checkpoints.since},
                               {"since_continued", report.checkpoints.since_continued}};
    }
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
    json["still_provable"] = report.provable;
    json["findings_left_out"] = report.findings_left_out;
    return json.dump(2) + "\n";
}

}  // namespace fairlead::audit
