// The assessment as one HTML page that needs nothing else. See assessment.hpp.
#include <cmath>

#include "bench/load/assess/assessment.hpp"
#include "bench/load/assess/words.hpp"
#include "bench/load/summary.hpp"
#include "config/files.hpp"

namespace fairlead::load {
namespace {

using Row = std::vector<std::string>;

std::string escaped(const std::string& text) {
    std::string made;
    for (const char c : text) {
        switch (c) {
            case '&':
                made += "&amp;";
                break;
            case '<':
                made += "&lt;";
                break;
            case '>':
                made += "&gt;";
                break;
            case '"':
                made += "&quot;";
                break;
            default:
                made.push_back(c);
        }
    }
    return made;
}

std::string table(const Row& head, const std::vector<Row>& rows) {
    std::string made = "<table>\n<tr>";
    for (const std::string& cell : head) {
        made += "<th>" + escaped(cell) + "</th>";
    }
    for (const Row& row : rows) {
        made += "</tr>\n<tr>";
        for (const std::string& cell : row) {
            made += "<td>" + escaped(cell) + "</td>";
        }
    }
    return made + "</tr>\n</table>\n";
}

std::string rounded(double rate) {
    return grouped(static_cast<std::uint64_t>(std::llround(rate)));
}

std::string traffic_table(const Assessment& assessment) {
    std::vector<Row> rows;
    for (const DayTraffic& day : assessment.traffic.days) {
        rows.push_back({date_text(day.date), day.journal, grouped(day.commands), grouped(day.minute.commands),
                        utc_text(day.minute.from_utc_ns), grouped(day.second.commands),
                        utc_text(day.second.from_utc_ns), grouped(day.sessions), grouped(day.accounts),
                        grouped(day.investors)});
    }
    return table({"day", "journal", "commands", "busiest minute", "from", "busiest second", "from",
                  "sessions", "accounts", "investors"},
                 rows);
}

std::string forecast_table(const Assessment& assessment) {
    std::vector<Row> rows;
    const auto add = [&](double years) {
        const double minute = grown(assessment.minute.now, assessment.growth, years);
        const double second = grown(assessment.second.now, assessment.growth, years);
        rows.push_back({decimal(years, years == std::floor(years) ? 0 : 1), decimal(minute, 1),
                        decimal(100 * minute / assessment.knee.rate, 1) + " %", decimal(second, 1),
                        decimal(100 * second / assessment.knee.rate, 1) + " %"});
    };
    for (int year = 0; year < assessment.growth.years; ++year) {
        add(year);
    }
    add(assessment.growth.years);
    return table({"years from now", "busiest minute's mean, commands a second", "of the knee",
                  "busiest second, commands", "of the knee"},
                 rows);
}

std::string trial_table(const Assessment& assessment) {
    std::vector<Row> rows;
    for (const RateResult& result : assessment.rates) {
        for (const Trial& trial : result.trials) {
            rows.push_back({rounded(trial.rate), rounded(trial.sent_rate), grouped(trial.commands),
                            grouped(trial.orders), grouped(trial.refused), grouped(trial.unanswered),
                            microseconds(trial.p50_ns), microseconds(trial.p99_ns),
                            microseconds(trial.max_ns), microseconds(trial.sent_late_p99_ns),
                            trial.broken.empty() ? "holds" : trial.broken});
        }
    }
    return table({"asked a second", "sent a second", "commands", "new orders", "refused", "no answer",
                  "p50 us", "p99 us", "max us", "sent late p99 us", "judged"},
                 rows);
}

std::string facts_table(const Assessment& assessment) {
    const Machine& machine = assessment.machine;
    const TestedGateway& gateway = assessment.gateway;
    std::vector<Row> rows{
        {"written", utc_text(assessment.written_utc_ns)},
        {"machine", machine.name + ": " + machine.processor + ", " + std::to_string(machine.processors) +
                        " processors, " + grouped(machine.memory_mib) + " MiB, " + machine.kernel},
        {"fairlead-load", "version " + assessment.version + ", SHA-256 " + assessment.program_sha256},
        {"configuration", gateway.configuration + ", SHA-256 " + gateway.configuration_sha256},
        {"durability level", gateway.level}};
    if (gateway.start.utc_ns != 0) {
        rows.push_back({"gateway, as its journal tells",
                        "started " + utc_text(gateway.start.utc_ns) + ", program SHA-256 " +
                            config::hex_of(gateway.start.program) + ", configuration SHA-256 " +
                            config::hex_of(gateway.start.configuration)});
    }
    for (const std::string& line : gateway.lines) {
        rows.push_back({"line", line});
    }
    const TestedLoad& load = assessment.load;
    rows.push_back({"load", grouped(load.sessions) + " sessions, " + grouped(load.accounts) + " accounts; " +
                                decimal(load.seconds, 1) + " s a trial, " +
                                std::to_string(assessment.options.repeats) + " trials a rate; seed " +
                                std::to_string(load.seed) + "; of 1000 commands " +
                                std::to_string(load.replace_per_mille) + " replaces and " +
                                std::to_string(load.cancel_per_mille) + " cancels; of 1000 new orders " +
                                std::to_string(load.sell_per_mille) + " sells"});
    for (const std::string& note : assessment.notes) {
        rows.push_back({"note", note});
    }
    return table({"what", "value"}, rows);
}

}  // namespace

std::string html_of(const Assessment& assessment) {
    const Knee& knee = assessment.knee;
    const std::string title = "Capacity assessment of " + utc_text(assessment.written_utc_ns, "%Y-%m-%d");
    return "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>" + title +
           "</title>\n<style>body{font:14px sans-serif;max-width:1100px;margin:24px auto;padding:0 16px}"
           "table{border-collapse:collapse;margin:8px 0 24px}th,td{border:1px solid #bbb;padding:3px 8px;"
           "text-align:left;overflow-wrap:anywhere}th{background:#f2f2ec}.verdict{font-size:16px;padding:"
           "12px;border:2px "
           "solid " +
           (enough(assessment) ? "#2d7d46" : "#c0392b") + "}</style>\n</head>\n<body>\n<h1>" + title +
           "</h1>\n<p class=\"verdict\">" + escaped(verdict(assessment)) +
           "</p>\n<h2>The knee</h2>\n<p>The highest rate whose p99 stays at or below " +
           microseconds(assessment.options.p99_max_ns) + " us is " + rounded(knee.rate) +
           " commands a second; by each repeat alone from " + rounded(knee.least) + " to " +
           rounded(knee.most) +
           ". Latency runs from the time an order was due to its first answer, also when it was sent late. A "
           "rate holds "
           "when more than half of its trials do; a trial holds when every command was sent and answered, at "
           "most " +
           std::to_string(refused_per_cent_max) +
           " % of right orders were refused, and p99 is within the bound.</p>\n" + chart_of(assessment) +
           "<h2>Forecast</h2>\n<p>At " + decimal(100 * assessment.growth.per_year, 1) +
           " % more every year.</p>\n" + forecast_table(assessment) +
           "<h2>Traffic in the journals</h2>\n<p>New orders, replaces and cancels of clients, refused ones "
           "too, by the "
           "time of their records in UTC. A minute begins at second 0.</p>\n" +
           traffic_table(assessment) + "<h2>Trials</h2>\n" + trial_table(assessment) +
           "<h2>What was measured</h2>\n" + facts_table(assessment) + "</body>\n</html>\n";
}

}  // namespace fairlead::load
