#include "bench/load/assess/assessment.hpp"

#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <fstream>

#include "bench/load/assess/words.hpp"
#include "bench/load/summary.hpp"
#include "config/files.hpp"

namespace fairlead::load {
namespace {

constexpr double minute_s = 60;

std::string reaches(const Crossing& crossing) {
    if (!crossing.years_left) {
        return "never reaches it";
    }
    return *crossing.years_left == 0 ? "has reached it"
                                     : "reaches it in " + decimal(*crossing.years_left, 1) + " years";
}

std::string sentence(const std::string& span, const DayTraffic& day, const BusiestSpan& busiest,
                     const Crossing& crossing) {
    return "The busiest " + span + ", from " + utc_text(busiest.from_utc_ns) + " on the day " +
           date_text(day.date) + " with " + grouped(busiest.commands) + " commands, is " +
           decimal(100 * crossing.of_knee, 1) + " % of the knee and " + reaches(crossing) + ".";
}

double us_of(std::uint64_t ns) {
    return static_cast<double>(ns) / 1000.0;
}

nlohmann::json json_of(const Trial& trial) {
    return {{"sent_rate", trial.sent_rate},
            {"commands", trial.commands},
            {"orders", trial.orders},
            {"unanswered", trial.unanswered},
            {"not_sent", trial.not_sent},
            {"refused", trial.refused},
            {"commonest_refusal", trial.refusal},
            {"p50_us", us_of(trial.p50_ns)},
            {"p99_us", us_of(trial.p99_ns)},
            {"max_us", us_of(trial.max_ns)},
            {"sent_late_p99_us", us_of(trial.sent_late_p99_ns)},
            {"broken", trial.broken}};
}

nlohmann::json json_of(const RateResult& result) {
    nlohmann::json trials = nlohmann::json::array();
    for (const Trial& trial : result.trials) {
        trials.push_back(json_of(trial));
    }
    return {{"rate", result.rate},
            {"holds", result.holds},
            {"median_p50_us", us_of(result.median_p50_ns())},
            {"median_p99_us", us_of(result.median_p99_ns())},
            {"trials", trials}};
}

nlohmann::json json_of(const BusiestSpan& span) {
    return {{"from", utc_text(span.from_utc_ns)}, {"commands", span.commands}};
}

nlohmann::json json_of(const DayTraffic& day) {
    return {{"journal", day.journal},
            {"day", date_text(day.date)},
            {"commands", day.commands},
            {"busiest_minute", json_of(day.minute)},
            {"busiest_second", json_of(day.second)},
            {"sessions", day.sessions},
            {"accounts", day.accounts},
            {"investors", day.investors}};
}

nlohmann::json json_of(const Crossing& crossing, const DayTraffic& day, const BusiestSpan& span) {
    nlohmann::json json = json_of(span);
    json["journal"] = day.journal;
    json["day"] = date_text(day.date);
    json["commands_per_second"] = crossing.now;
    json["commands_per_second_at_horizon"] = crossing.at_horizon;
    json["of_knee"] = crossing.of_knee;
    json["years_until_knee"] = crossing.years_left ? nlohmann::json(*crossing.years_left) : nlohmann::json();
    return json;
}

nlohmann::json json_of(const TestedGateway& gateway) {
    nlohmann::json json{{"configuration", gateway.configuration},
                        {"configuration_sha256", gateway.configuration_sha256},
                        {"level", gateway.level},
                        {"lines", gateway.lines},
                        {"start", nullptr}};
    if (gateway.start.utc_ns != 0) {
        json["start"] = {{"at", utc_text(gateway.start.utc_ns)},
                         {"program_sha256", config::hex_of(gateway.start.program)},
                         {"configuration_sha256", config::hex_of(gateway.start.configuration)}};
    }
    return json;
}

}  // namespace

Machine this_machine() {
    Machine machine;
    utsname system{};
    if (::uname(&system) == 0) {
        machine.name = system.nodename;
        machine.kernel = std::string(system.sysname) + " " + system.release;
    }
    std::ifstream file("/proc/cpuinfo");
    for (std::string line; machine.processor.empty() && std::getline(file, line);) {
        if (line.starts_with("model name")) {
            const std::size_t colon = line.find(": ");
            machine.processor = colon == std::string::npos ? "" : line.substr(colon + 2);
        }
    }
    machine.processors = static_cast<std::size_t>(std::max(0L, ::sysconf(_SC_NPROCESSORS_ONLN)));
    struct sysinfo memory {};
    if (::sysinfo(&memory) == 0) {
        machine.memory_mib = memory.totalram * memory.mem_unit >> 20;
    }
    return machine;
}

void foresee(Assessment& assessment) {
    const auto per_minute = static_cast<double>(assessment.traffic.busiest_by_minute().minute.commands);
    const auto per_second = static_cast<double>(assessment.traffic.busiest_by_second().second.commands);
    assessment.minute = forecast(per_minute / minute_s, assessment.knee.rate, assessment.growth);
    assessment.second = forecast(per_second, assessment.knee.rate, assessment.growth);
}

bool enough(const Assessment& assessment) {
    return assessment.minute.lasts(assessment.growth) && assessment.second.lasts(assessment.growth);
}

std::string verdict(const Assessment& assessment) {
    const DayTraffic& by_second = assessment.traffic.busiest_by_second();
    const DayTraffic& by_minute = assessment.traffic.busiest_by_minute();
    const std::string asked = decimal(assessment.growth.years, 1) + " years of " +
                              decimal(100 * assessment.growth.per_year, 1) + " % growth a year";
    return std::string(enough(assessment) ? "Enough" : "NOT ENOUGH") + " for " + asked + ": the knee is at " +
           decimal(assessment.knee.rate, 0) + " commands a second. " +
           sentence("second", by_second, by_second.second, assessment.second) + " " +
           sentence("minute", by_minute, by_minute.minute, assessment.minute);
}

nlohmann::json json_of(const Assessment& assessment) {
    nlohmann::json rates = nlohmann::json::array();
    for (const RateResult& result : assessment.rates) {
        rates.push_back(json_of(result));
    }
    nlohmann::json days = nlohmann::json::array();
    for (const DayTraffic& day : assessment.traffic.days) {
        days.push_back(json_of(day));
    }
    const DayTraffic& by_minute = assessment.traffic.busiest_by_minute();
    const DayTraffic& by_second = assessment.traffic.busiest_by_second();
    const Machine& machine = assessment.machine;
    const TestedLoad& load = assessment.load;
    return {{"written", utc_text(assessment.written_utc_ns)},
            {"enough", enough(assessment)},
            {"verdict", verdict(assessment)},
            {"knee",
             {{"rate", assessment.knee.rate},
              {"least", assessment.knee.least},
              {"most", assessment.knee.most},
              {"p99_max_us", us_of(assessment.options.p99_max_ns)},
              {"precision", assessment.options.precision},
              {"repeats", assessment.options.repeats}}},
            {"busiest_minute", json_of(assessment.minute, by_minute, by_minute.minute)},
            {"busiest_second", json_of(assessment.second, by_second, by_second.second)},
            {"growth", {{"per_year", assessment.growth.per_year}, {"years", assessment.growth.years}}},
            {"days", days},
            {"rates", rates},
            {"load",
             {{"sessions", load.sessions},
              {"accounts", load.accounts},
              {"seconds", load.seconds},
              {"seed", load.seed},
              {"sell_per_mille", load.sell_per_mille},
              {"replace_per_mille", load.replace_per_mille},
              {"cancel_per_mille", load.cancel_per_mille}}},
            {"gateway", json_of(assessment.gateway)},
            {"machine",
             {{"name", machine.name},
              {"processor", machine.processor},
              {"processors", machine.processors},
              {"memory_mib", machine.memory_mib},
              {"kernel", machine.kernel}}},
            {"program", {{"version", assessment.version}, {"sha256", assessment.program_sha256}}},
            {"notes", assessment.notes}};
}

}  // namespace fairlead::load
