#include "bench/load/assess/assess.hpp"

#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <iostream>
#include <optional>

#include "bench/load/assess/assessment.hpp"
#include "bench/load/assess/trials.hpp"
#include "bench/load/assess/words.hpp"
#include "bench/load/summary.hpp"
#include "config/files.hpp"

namespace fairlead::load {
namespace {

constexpr std::int64_t second_ns = 1'000'000'000;
constexpr std::int64_t no_gateway_after_ns = 5 * second_ns;

int fail(const std::string& text) {
    std::cerr << "fairlead-load: assess: " << text << "\n";
    return 2;
}

std::string make_place(const std::string& directory) {
    std::error_code code;
    std::filesystem::create_directories(directory, code);
    if (code) {
        return "--out = " + directory + ": must be a directory that can be made: " + code.message();
    }
    return ::access(directory.c_str(), W_OK) == 0 ? "" : "--out = " + directory + ": must be writable";
}

std::string check_crowd(const AssessOptions& options, AssessStage& stage) {
    if (stage.sessions.size() < options.sessions) {
        return "--sessions = " + std::to_string(options.sessions) + ": at most the " +
               std::to_string(stage.sessions.size()) + " sessions of " + stage.gateway.file;
    }
    const std::size_t accounts = stage.market.account_count();
    if (accounts < std::max<std::size_t>(1, options.accounts)) {
        return "--accounts = " + std::to_string(options.accounts) + ": at most the " +
               std::to_string(accounts) + " accounts that the sessions played may trade for";
    }
    if (options.accounts != 0) {
        stage.market.keep_accounts(options.accounts);
    }
    return "";
}

// Empty: every session is on. A gateway that takes no connection at all is not waited for as long as the
// logons of many sessions may take.
std::string log_on(Player& player, const AssessStage& stage) {
    const std::int64_t until_ns = now().monotonic_ns + no_gateway_after_ns;
    bool reached = false;
    player.set_interrupted([&] {
        for (std::size_t i = 0; !reached && i < player.session_count(); ++i) {
            reached = player.session(i).state() != ClientSession::State::down;
        }
        return stage.interrupted() || (!reached && now().monotonic_ns > until_ns);
    });
    const bool on = player.log_on();
    player.set_interrupted(stage.interrupted);
    const SessionPlan& first = stage.sessions.front();
    if (!reached && !on) {
        return "gateway = " + first.host + ":" + std::to_string(first.port) +
               ": must take connections, and took none in " +
               std::to_string(no_gateway_after_ns / second_ns) + " s";
    }
    for (std::size_t i = 0; i < player.session_count(); ++i) {
        const ClientSession& session = player.session(i);
        if (session.state() != ClientSession::State::active) {
            return "session " + session.identity().sender + ": must log on, and could not: " +
                   (session.failure().empty() ? "no answer" : session.failure());
        }
    }
    return "";
}

void say_trial(const Trial& trial) {
    std::printf("%9.0f %10s %9s %10s %10s %10s  %s\n", trial.rate, grouped(trial.commands).c_str(),
                grouped(trial.refused).c_str(), microseconds(trial.p50_ns).c_str(),
                microseconds(trial.p99_ns).c_str(), microseconds(trial.sent_late_p99_ns).c_str(),
                trial.broken.empty() ? "holds" : trial.broken.c_str());
    std::fflush(stdout);
}

TestedGateway describe_gateway(const config::GatewayConfig& gateway) {
    TestedGateway tested;
    tested.configuration = gateway.file;
    tested.configuration_sha256 = config::hex_of(gateway.file_sha256);
    tested.level = level_name(gateway.journal.level);
    for (const config::LineConfig& line : gateway.lines) {
        tested.lines.push_back(line.sender_comp_id + " (" +
                               (line.venue == risk::Venue::twse ? "TWSE" : "TPEx") + "), " +
                               grouped(line.rate_per_second) + " messages a second");
    }
    tested.start = find_last_start(gateway.journal.directory);
    return tested;
}

std::string own_sha256() {
    std::string bytes;
    std::string error;
    return config::read_file("/proc/self/exe", bytes, error) ? config::hex_of(config::sha256_of(bytes)) : "";
}

std::vector<std::string> notes_of(const Assessment& assessment, const config::GatewayConfig& gateway) {
    std::vector<std::string> notes;
    const GatewayStart& start = assessment.gateway.start;
    if (start.utc_ns == 0) {
        notes.push_back("which build of the gateway was measured is not known: its journal, " +
                        gateway.journal.directory + ", cannot be read here");
    } else if (start.configuration != gateway.file_sha256) {
        notes.emplace_back("the gateway was started with a configuration file other than this one");
    }
    for (const RateResult& result : assessment.rates) {
        if (!result.holds) {
            const Trial& trial = result.trials.front();
            if (trial.sent_late_p99_ns * 2 > trial.p99_ns) {
                notes.push_back("at " + decimal(result.rate, 0) +
                                " commands a second more than half of p99 is that this program sent late: "
                                "with the load on a machine of its own the knee may lie higher");
            }
            break;
        }
    }
    return notes;
}

int report(const AssessOptions& options, const Assessment& assessment) {
    const std::string stem =
        options.out + "/assessment-" + utc_text(assessment.written_utc_ns, "%Y%m%dT%H%M%SZ");
    for (const auto& [ending, bytes] :
         {std::pair{".json", json_of(assessment).dump(2) + "\n"}, std::pair{".html", html_of(assessment)}}) {
        const std::string wrong = config::write_file_atomically(stem + ending, bytes);
        if (!wrong.empty()) {
            return fail("--out = " + options.out + ": must be writable: " + wrong);
        }
    }
    std::cout << "knee " << decimal(assessment.knee.rate, 0) << " commands a second, by each repeat alone "
              << decimal(assessment.knee.least, 0) << " to " << decimal(assessment.knee.most, 0) << "\n";
    for (const std::string& note : assessment.notes) {
        std::cout << "note: " << note << "\n";
    }
    std::cout << verdict(assessment) << "\nwritten: " << stem << ".html and .json\n" << std::flush;
    return enough(assessment) ? 0 : 1;
}

}  // namespace

std::string check(const AssessOptions& options) {
    if (options.seconds < 0.2 || options.seconds > 600) {
        return "--seconds = " + decimal(options.seconds, 2) + ": from 0.2 to 600";
    }
    const std::string wrong = check(options.knee);
    return wrong.empty() ? check(options.growth) : wrong;
}

int assess(const AssessOptions& options, AssessStage stage) {
    // 1. What there was to carry: before the load adds to the gateway's own journal.
    Assessment assessment;
    assessment.traffic = count_traffic(options.journals);
    std::string wrong = assessment.traffic.error;
    wrong = wrong.empty() ? make_place(options.out) : wrong;
    wrong = wrong.empty() ? check_crowd(options, stage) : wrong;
    if (!wrong.empty()) {
        return fail(wrong);
    }

    // 2. What it carries.
    Player player(stage.market, stage.sessions, stage.player);
    wrong = log_on(player, stage);
    if (!wrong.empty()) {
        return fail(wrong);
    }
    Profile profile(stage.market, stage.profile);
    Trials trials(player, profile, {options.knee, options.seconds, stage.player.tag});
    std::printf("%9s %10s %9s %10s %10s %10s  %s\n", "rate/s", "commands", "refused", "p50 us", "p99 us",
                "late p99", "judged");
    wrong = trials.run(say_trial, stage.interrupted);
    player.log_out();
    if (!wrong.empty()) {
        return fail(wrong);
    }

    // 3. What follows.
    assessment.knee = trials.search().knee();
    assessment.rates = trials.search().rates();
    assessment.options = options.knee;
    assessment.growth = options.growth;
    foresee(assessment);
    assessment.written_utc_ns = now().utc_ns;
    assessment.version = FAIRLEAD_VERSION;
    assessment.program_sha256 = own_sha256();
    assessment.machine = this_machine();
    assessment.gateway = describe_gateway(stage.gateway);
    assessment.load = {stage.sessions.size(),
                       stage.market.account_count(),
                       options.seconds,
                       stage.profile.seed,
                       stage.profile.sell_per_mille,
                       stage.profile.replace_per_mille,
                       stage.profile.cancel_per_mille};
    assessment.notes = notes_of(assessment, stage.gateway);
    return report(options, assessment);
}

}  // namespace fairlead::load
