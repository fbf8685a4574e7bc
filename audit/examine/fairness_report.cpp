// The fairness report in words and in JSON; see report.hpp.
#include <algorithm>
#include <array>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "audit/examine/report.hpp"

namespace fairlead::audit {

namespace {

constexpr std::size_t investors_shown = 10;

// Printed under every report: what it shows and what it cannot show.
constexpr const char* explanation =
    R"(What is judged. Serial numbers must follow effective arrival: the kernel's receive stamp of the read a
message came with, or the moment it could first compete where that was later. Later it is (1) behind an
earlier message of its own session (in the same read, in the kernel, during the logon, or kept because a
message before it was missing): a sender of many is stamped late, never early; (2) when the kernel stamped
it but made it readable only after younger ones had been served ("late readable"). The effective arrival of
(2) is that of the last message served before it, so these can never show as inversions of effective
arrival: they are counted here by themselves, against the kernel's stamps, with the worst lateness, and by
investor, since lateness that always meets the same one would be unfair all the same. A gateway.hold_ns
above zero lowers (2) at that price to everybody; fairlead-hold-time measures it on a host.
What this cannot show: when clients pressed send; what happened before the kernel's stamp; which bytes of
one read came first, since a read of several messages carries the stamp of its last.
)";

std::string microseconds(std::int64_t nanoseconds) {
    std::array<char, 48> text{};
    std::snprintf(text.data(), text.size(), "%.1f us", static_cast<double>(nanoseconds) / 1000.0);
    return text.data();
}

std::string line(const std::string& name, const std::string& value) {
    std::string text = name;
    text.append(text.size() < 26 ? 26 - text.size() : 1, ' ');
    return text + value + "\n";
}

std::string percent(std::uint64_t part, std::uint64_t whole) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.4f %%",
                  whole == 0 ? 0.0 : 100.0 * static_cast<double>(part) / static_cast<double>(whole));
    return text.data();
}

std::string decimal(double value) {
    std::array<char, 16> text{};
    std::snprintf(text.data(), text.size(), "%.4f", value);
    return text.data();
}

std::string at_record(risk::Sequence sequence) {
    return sequence == 0 ? std::string() : " at record " + std::to_string(sequence);
}

std::string text_of(const Overtaken& overtaken) {
    return std::to_string(overtaken.commands) + ", worst " + microseconds(overtaken.worst_ns) +
           at_record(overtaken.worst_record);
}

std::string text_of(const Pairs& pairs) {
    return std::to_string(pairs.pairs) + ", inverted " + std::to_string(pairs.inversions) + " (" +
           percent(pairs.inversions, pairs.pairs) + "), worst " + microseconds(pairs.worst_ns) +
           at_record(pairs.worst_record);
}

std::string text_of(const FlowService& flow) {
    return std::to_string(flow.commands) + " commands, served " + std::to_string(flow.served) + " of " +
           std::to_string(flow.offered) + ", p50 " + microseconds(flow.wait_p50_ns) + ", p99 " +
           microseconds(flow.wait_p99_ns) + ", worst " + microseconds(flow.wait_worst_ns);
}

nlohmann::ordered_json json_of(const FlowService& flow) {
    return {{"commands", flow.commands},  {"offered", flow.offered},    {"served", flow.served},
            {"p50_ns", flow.wait_p50_ns}, {"p99_ns", flow.wait_p99_ns}, {"worst_ns", flow.wait_worst_ns}};
}

nlohmann::ordered_json json_of(const Overtaken& overtaken) {
    return {{"commands", overtaken.commands},
            {"worst_ns", overtaken.worst_ns},
            {"worst_record", overtaken.worst_record}};
}

nlohmann::ordered_json json_of(const InvestorService& one) {
    return {{"investor", one.investor.view()},
            {"commands", one.commands},
            {"offered", one.offered},
            {"served", one.served},
            {"p50_ns", one.wait_p50_ns},
            {"p99_ns", one.wait_p99_ns},
            {"worst_ns", one.wait_worst_ns},
            {"kernel_p99_ns", one.kernel_wait_p99_ns},
            {"kernel_worst_ns", one.kernel_wait_worst_ns},
            {"late_readable", one.late_readable},
            {"late_worst_ns", one.late_worst_ns}};
}

}  // namespace

std::string summary_of(const FairnessReport& report) {
    return "fairness: " + std::to_string(report.races.inversions) + " inversions in " +
           std::to_string(report.races.pairs) + " races (same security, 50 us), " +
           std::to_string(report.out_of_turn.commands) + " of " + std::to_string(report.commands) +
           " commands out of turn; late readable " + std::to_string(report.late_total) + ", worst " +
           microseconds(report.late_worst_ns) + "; waiting p50 " + microseconds(report.wait_p50_ns) +
           ", p99 " + microseconds(report.wait_p99_ns);
}

std::string text_of(const FairnessReport& report) {
    std::string text;
    text += line("commands received", std::to_string(report.commands) + ", sent on a line " +
                                          std::to_string(report.sent) + " (" +
                                          std::to_string(report.undeparted) + " without departure stamp)");
    if (report.stamps_missing || report.without_stamp > 0) {
        text += line("WITHOUT KERNEL STAMP",
                     std::to_string(report.without_stamp) + ": their arrival is the time of reading" +
                         (report.stamps_missing ? "; this host's kernel gives no stamps" : ""));
    }
    text += "Races, same line and security within 50 us\n";
    text += line("  by effective arrival", text_of(report.races));
    text += line("  by kernel stamp", text_of(report.kernel_races) + "; of these late readable " +
                                          std::to_string(report.kernel_races_late) + ", behind own " +
                                          std::to_string(report.kernel_races_own));
    text += "Serial numbers, all commands: a younger one of another session was served before\n";
    text += line("  by effective arrival", text_of(report.out_of_turn));
    text += "  by kernel stamp, by cause\n";
    text += line("    late readable", text_of(report.late_readable));
    text += line("    behind own session", text_of(report.behind_own));
    text += line("    UTC stepped back", text_of(report.clock_stepped));
    text += line("    unexplained", text_of(report.unexplained));
    text += "Places on the lines\n";
    text += line("  all pairs", text_of(report.all));
    text += line("  in the line's queue", text_of(report.in_line_queue));
    text += "Waiting, effective arrival to departure\n";
    for (std::size_t i = 0; i < std::min(investors_shown, report.investors.size()); ++i) {
        const InvestorService& one = report.investors[i];
        text += line("  " + std::string(one.investor.empty() ? "(unknown)" : one.investor.view()),
                     "p50 " + microseconds(one.wait_p50_ns) + ", p99 " + microseconds(one.wait_p99_ns) +
                         ", worst " + microseconds(one.wait_worst_ns) + " (from kernel stamp: p99 " +
                         microseconds(one.kernel_wait_p99_ns) + "), served " + std::to_string(one.served) +
                         " of " + std::to_string(one.offered) + ", late readable " +
                         std::to_string(one.late_readable) +
                         (one.late_readable == 0 ? "" : " worst " + microseconds(one.late_worst_ns)));
    }
    if (report.investors.size() > investors_shown) {
        text += line("  others",
                     std::to_string(report.investors.size() - investors_shown) + ", all of them with --json");
    }
    text += line("  own account",
                 report.own_unknown.empty() ? text_of(report.own) : "not known: " + report.own_unknown);
    text += line("  clients", text_of(report.clients));
    text += line("  Jain index", decimal(report.jain_index) + " of served over offered");
    text += line("  largest distance",
                 decimal(report.largest_distance) +
                     (report.distance_one.empty() ? std::string()
                                                  : " (" + std::string(report.distance_one.view()) + ", " +
                                                        std::string(report.distance_other.view()) + ")"));
    if (!report.error.empty()) {
        text += line("FINDING", report.error);
    }
    if (report.out_of_turn.commands > 0) {
        text += line("FINDING",
                     "the arrival rule was broken " + std::to_string(report.out_of_turn.commands) + " times");
    }
    return text + explanation + summary_of(report) + "\n";
}

std::string json_of(const FairnessReport& report) {
    nlohmann::ordered_json json;
    json["summary"] = summary_of(report);
    json["error"] = report.error;
    json["commands"] = report.commands;
    json["without_stamp"] = report.without_stamp;
    json["stamps_missing"] = report.stamps_missing;
    json["sent"] = report.sent;
    json["undeparted"] = report.undeparted;
    json["race_window_ns"] = race_window_ns;
    json["race_pairs"] = report.races.pairs;
    json["race_inversions"] = report.races.inversions;
    json["worst_race_ns"] = report.races.worst_ns;
    json["kernel_race_pairs"] = report.kernel_races.pairs;
    json["kernel_race_inversions"] = report.kernel_races.inversions;
    json["kernel_race_worst_ns"] = report.kernel_races.worst_ns;
    json["kernel_race_inversions_late_readable"] = report.kernel_races_late;
    json["kernel_race_inversions_behind_own"] = report.kernel_races_own;
    json["out_of_turn"] = json_of(report.out_of_turn);
    json["kernel_order"] = {{"late_readable", json_of(report.late_readable)},
                            {"behind_own_session", json_of(report.behind_own)},
                            {"clock_stepped", json_of(report.clock_stepped)},
                            {"unexplained", json_of(report.unexplained)}};
    json["late_readable"] = report.late_total;
    json["late_readable_worst_ns"] = report.late_worst_ns;
    json["pairs"] = report.all.pairs;
    json["inversions"] = report.all.inversions;
    json["worst_ns"] = report.all.worst_ns;
    json["worst_command"] = report.all.worst_record;
    json["in_line_queue"] = json_of(report.in_line_queue);
    json["wait_p50_ns"] = report.wait_p50_ns;
    json["wait_p99_ns"] = report.wait_p99_ns;
    json["wait_worst_ns"] = report.wait_worst_ns;
    json["own_account"] = json_of(report.own);
    json["own_account_unknown"] = report.own_unknown;
    json["clients"] = json_of(report.clients);
    json["jain_index"] = report.jain_index;
    json["largest_distance"] = report.largest_distance;
    json["distance_between"] = {report.distance_one.view(), report.distance_other.view()};
    json["waits"] = nlohmann::ordered_json::array();
    for (const InvestorService& one : report.investors) {
        json["waits"].push_back(json_of(one));
    }
    return json.dump(2) + "\n";
}

std::vector<std::string> exceeded(const FairnessReport& report, const FairnessBounds& bounds) {
    std::vector<std::string> found;
    const auto most = [&found](const std::string& what, std::uint64_t value, std::uint64_t bound) {
        if (value > bound) {
            found.push_back(what + " " + std::to_string(value) + ", bound " + std::to_string(bound));
        }
    };
    most("commands served out of turn", report.out_of_turn.commands, bounds.out_of_turn_max);
    most("differences from kernel stamps without a cause", report.unexplained.commands,
         bounds.unexplained_max);
    const std::uint64_t late =
        report.commands == 0 ? 0 : report.late_readable.commands * 1'000'000 / report.commands;
    most("late readable commands in a million", late, bounds.late_readable_per_million_max);
    if (report.jain_index < bounds.jain_min) {
        found.push_back("Jain index " + decimal(report.jain_index) + ", bound " + decimal(bounds.jain_min));
    }
    if (report.largest_distance > bounds.distance_max) {
        found.push_back("KS distance " + decimal(report.largest_distance) + ", bound " +
                        decimal(bounds.distance_max));
    }
    return found;
}

}  // namespace fairlead::audit
