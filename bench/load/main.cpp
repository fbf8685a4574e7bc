// fairlead-load: a client simulator. Plays an exchange's order log or a profile over many sessions
// against a gateway, and says what became of every order and how long it took.
// Wiring only: options, files, source, player, summary.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>
#include <fstream>
#include <iostream>
#include <memory>

#include "bench/load/assess/assess.hpp"
#include "bench/load/flood.hpp"
#include "bench/load/log_source.hpp"
#include "bench/load/numbers_file.hpp"
#include "bench/load/player.hpp"
#include "bench/load/profile.hpp"
#include "bench/load/session_plans.hpp"
#include "bench/load/summary.hpp"
#include "bench/load/witness.hpp"
#include "config/reference_loader.hpp"

namespace {

using namespace fairlead;
using namespace fairlead::load;

constexpr std::int64_t second_ns = 1'000'000'000;

struct Options : SessionOptions {
    std::string json_file;
    std::string witness_file;
    double answer_wait_s = 10;
    double reconnect_s = 20;
    std::uint32_t outstanding_max = 0;
    bool spin = false;
    bool strict = false;
    bool as_fast_as_possible = false;
    std::string tag;
    std::int64_t day_origin_ns = 0;
    double linger_s = -1;

    std::vector<std::string> logs;
    LogOptions log;
    bool follow_calendar = false;
    std::uint64_t bad_lines_max = 0;

    ProfileOptions profile;
    std::vector<std::string> bad;

    bool flooding = false;
    FloodOptions flood;

    bool assessing = false;
    AssessOptions assess;
    double p99_us = 2000;
    double precision_per_cent = 5;
    std::string growth = "30%";
    std::uint32_t assess_sells = 0;
};

volatile std::sig_atomic_t interrupted = 0;

int fail(const std::string& text) {
    std::cerr << "fairlead-load: " << text << "\n";
    return 2;
}

void add_sessions(CLI::App& app, Options& options) {
    app.add_option("--config", options.config,
                   "the gateway's TOML file: sessions, accounts and reference data")
        ->required();
    app.add_option("--host", options.host, "gateway's address; default: the first one it listens on");
    app.add_option("--port", options.port, "gateway's port; default: the first one it listens on");
    app.add_option("--session", options.senders, "play this SenderCompID only; may be given several times")
        ->allow_extra_args(false);
    app.add_option("--sessions", options.sessions_max, "play the first N sessions only; 0: all");
    app.add_option(
        "--password", options.password,
        "password of every user, {user} stands for the name: demo-{user}; for test passwords only");
    app.add_option("--password-file", options.password_file, "file of lines: USER PASSWORD");
    app.add_option("--state", options.state_file,
                   "keep message numbers in this file; without it the gateway's numbers are adopted");
    app.add_flag("--reset", options.reset,
                 "ask for message numbers from 1 (ResetSeqNumFlag) at the first logon");
    app.add_option("--heartbeat", options.heartbeat_s,
                   "HeartBtInt in seconds, kept within the session's range")
        ->check(CLI::Range(1, 3600))
        ->capture_default_str();
    app.add_flag("--spin", options.spin, "never sleep: exact sending times for one processor");
    app.add_option("--tag", options.tag,
                   "start of every ClOrdID, at most 12 characters; default: from the clock");
}

void add_common(CLI::App& app, Options& options) {
    add_sessions(app, options);
    app.add_option("--json", options.json_file, "write the summary to this file as JSON");
    app.add_option("--witness", options.witness_file,
                   "the exchange's witness file on this machine: adds the time of arrival at the venue");
    app.add_option("--answer-wait", options.answer_wait_s,
                   "seconds to wait for answers after the last command, and after the last answer")
        ->check(CLI::Range(0.0, 3600.0))
        ->capture_default_str();
    app.add_option("--reconnect", options.reconnect_s, "seconds a lost session is tried again; 0: never")
        ->check(CLI::Range(0.0, 3600.0))
        ->capture_default_str();
    app.add_option("--outstanding", options.outstanding_max,
                   "hold back while so many commands have no answer; 0: no bound (1000 with --max)");
    app.add_flag("--max", options.as_fast_as_possible, "ignore times: as fast as answers come");
    app.add_flag("--strict", options.strict, "fail also when a right order is refused or a wrong one is not");
    app.add_option("--day-origin", options.day_origin_ns,
                   "the day's origin in UTC nanoseconds, as the gateway and the exchange have it");
    app.add_option("--linger", options.linger_s,
                   "seconds to stay logged on for later fills; default: to the end of the day's regular "
                   "phases with --follow-day, else 0");
    app.add_flag("--follow-day", options.follow_calendar,
                 "send what the calendar's phases take (needs --day-origin); a log's times are laid on them");
}

void add_assess(CLI::App& app, Options& options) {
    CLI::App* assess = app.add_subcommand(
        "assess", "how much the gateway carries, how much journals say it must, how long that is enough");
    add_sessions(*assess, options);
    assess->callback([&options] { options.assessing = true; });
    AssessOptions& made = options.assess;
    assess->add_option("--journal", made.journals, "journal directory of days to be carried; several times")
        ->required()
        ->allow_extra_args(false);
    assess->add_option("--out", made.out, "directory of the dated report, HTML and JSON")->required();
    assess->add_option("--p99-us", options.p99_us, "the latency that a rate must keep to")
        ->capture_default_str();
    assess->add_option("--accounts", made.accounts, "play so many accounts; 0: all of the sessions'");
    assess->add_option("--growth-per-year", options.growth, "of the traffic, such as 30%")
        ->capture_default_str();
    assess->add_option("--years", made.growth.years, "how long the capacity must last")
        ->capture_default_str();
    assess->add_option("--rate-from", made.knee.rate_from, "the first rate tried, commands a second")
        ->capture_default_str();
    assess->add_option("--rate-max", made.knee.rate_max, "the last one")->capture_default_str();
    assess->add_option("--precision", options.precision_per_cent, "of the knee, per cent")
        ->capture_default_str();
    assess->add_option("--repeats", made.knee.repeats, "trials at each rate")->capture_default_str();
    assess->add_option("--seconds", made.seconds, "of each trial")->capture_default_str();
    assess->add_option("--seed", options.profile.seed, "the same seed gives the same orders")
        ->capture_default_str();
    assess
        ->add_option("--sells", options.assess_sells,
                     "thousandths of new orders that sell what accounts hold: for a day on which nothing was "
                     "sold before")
        ->check(CLI::Range(0, 1000))
        ->capture_default_str();
}

void add_commands(CLI::App& app, Options& options) {
    app.require_subcommand(1);
    add_assess(app, options);
    CLI::App* play =
        app.add_subcommand("play", "play order log files of the exchange (59-byte lines) of one day");
    add_common(*play, options);
    play->add_option("FILE", options.logs, "order log files")->required()->check(CLI::ExistingFile);
    play->add_option("--speed", options.log.speed, "divide the log's times by this")
        ->check(CLI::Range(0.001, 1e6))
        ->capture_default_str();
    play->add_option("--price", options.log.price, "scaled into today's limits, or kept as the log has them")
        ->transform(CLI::CheckedTransformer(std::map<std::string, LogPrice>{{"scaled", LogPrice::scaled},
                                                                            {"kept", LogPrice::kept}})
                        .description("scaled|kept"));
    play->add_option("--bad-lines", options.bad_lines_max, "go on with so many bad lines left out")
        ->capture_default_str();

    CLI::App* flood = app.add_subcommand("flood", "one session (--session) that behaves as badly as it can");
    add_common(*flood, options);
    flood->callback([&options] { options.flooding = true; });
    flood->add_option("--seconds", options.flood.seconds, "how long")->capture_default_str();
    flood->add_option("--source", options.flood.source, "IPv4 address to come from");
    std::map<std::string, FloodKind> kinds;
    for (int i = 0; i <= static_cast<int>(FloodKind::connects); ++i) {
        kinds.emplace(flood_name(static_cast<FloodKind>(i)), static_cast<FloodKind>(i));
    }
    flood->add_option("--kind", options.flood.kind, "what is sent, or not done")
        ->required()
        ->transform(CLI::CheckedTransformer(kinds).description(
            "orders|invalid|resends|logons|bytes|unread|connects"));

    CLI::App* profile = app.add_subcommand("profile", "seeded order flow over all sessions and accounts");
    add_common(*profile, options);
    ProfileOptions& made = options.profile;
    profile->add_option("--rate", made.rate_per_second, "commands a second, the mean")->capture_default_str();
    profile->add_option("--seconds", made.seconds, "how long")->capture_default_str();
    profile
        ->add_option("--shape", made.shape,
                     "steady, burst (100 ms a second at 5.5 times the rate) or open (4 times, falling)")
        ->transform(CLI::CheckedTransformer(std::map<std::string, Shape>{{"steady", Shape::steady},
                                                                         {"burst", Shape::burst},
                                                                         {"open", Shape::open}})
                        .description("steady|burst|open"));
    profile->add_option("--seed", made.seed, "the same seed gives the same orders")->capture_default_str();
    profile->add_option("--replaces", made.replace_per_mille, "thousandths of commands")
        ->capture_default_str();
    profile->add_option("--cancels", made.cancel_per_mille, "thousandths of commands")->capture_default_str();
    profile->add_option("--odd-lots", made.odd_lot_per_mille, "thousandths of orders")->capture_default_str();
    profile->add_option("--market", made.market_per_mille, "thousandths of orders")->capture_default_str();
    profile->add_option("--ioc", made.immediate_per_mille, "thousandths of orders")->capture_default_str();
    profile->add_option("--fok", made.fill_or_kill_per_mille, "thousandths of orders")->capture_default_str();
    profile
        ->add_option("--bad", options.bad,
                     "KIND=THOUSANDTHS of orders wrong on purpose, or all=THOUSANDTHS of each kind; kinds: "
                     "over-limit, off-tick, over-price-limit, unknown-security, wrong-lot, "
                     "duplicate-identifier, over-quantity")
        ->allow_extra_args(false);
}

// Empty: taken. Otherwise what is wrong with it.
std::string read_bad_shares(const std::vector<std::string>& given, ProfileOptions& profile) {
    for (const std::string& share : given) {
        const std::size_t equals = share.find('=');
        const std::string name = share.substr(0, equals);
        const auto value = fix::parse_unsigned(equals == std::string::npos ? "" : share.substr(equals + 1));
        if (!value || value.value > 1000) {
            return "--bad = " + share + ": KIND=THOUSANDTHS, at most 1000";
        }
        bool known = false;
        for (std::size_t i = 1; i < fault_count; ++i) {
            if (name == "all" || name == fault_name(static_cast<Fault>(i))) {
                profile.fault_per_mille[i] = static_cast<std::uint32_t>(value.value);
                known = true;
            }
        }
        if (!known) {
            return "--bad = " + share + ": no such kind";
        }
    }
    return check(profile);
}

struct ReadLogs {
    std::vector<OrderLogEntry> entries;
    std::vector<std::string> notes;
    std::string error;
};

ReadLogs read_logs(const Options& options) {
    ReadLogs logs;
    std::uint64_t bad = 0;
    for (const std::string& path : options.logs) {
        std::ifstream file(path, std::ios::binary);
        const std::string text((std::istreambuf_iterator<char>(file)), {});
        OrderLogReader reader(text);
        OrderLogEntry entry;
        OrderLogError error;
        for (OrderLogStep step = reader.next(entry, error); step != OrderLogStep::end;
             step = reader.next(entry, error)) {
            if (step == OrderLogStep::entry) {
                logs.entries.push_back(entry);
                continue;
            }
            logs.notes.push_back(path + ": " + describe(error) + "; left out");
            if (++bad > options.bad_lines_max) {
                logs.error = path + ": " + describe(error);
                return logs;
            }
        }
    }
    if (logs.entries.empty()) {
        logs.error = options.logs.front() + ": holds no order";
    }
    for (const OrderLogEntry& entry : logs.entries) {
        if (entry.date != logs.entries.front().date) {
            logs.error = "order date = " + std::to_string(entry.date) + " and " +
                         std::to_string(logs.entries.front().date) + ": one day is played at a time";
            break;
        }
    }
    return logs;
}

std::string clock_tag() {
    constexpr std::string_view letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    std::uint64_t tenths = static_cast<std::uint64_t>(now().utc_ns / 100'000'000) % 864'000;
    std::string tag = "L0000";
    for (std::size_t i = 4; i >= 1; --i) {
        tag[i] = letters[tenths % 36];
        tenths /= 36;
    }
    return tag;
}

std::string omissions_note(const LogOmissions& omissions) {
    return "of the log's lines, left out: " + grouped(omissions.unknown_security) +
           " of securities not in the reference, " + grouped(omissions.untradable_security) +
           " of suspended ones, " + grouped(omissions.block_trade) + " block trades, " +
           grouped(omissions.order_not_shown) +
           " cuts or cancels of orders not in the log; changed: " + grouped(omissions.price_moved) +
           " prices moved inside today's limits, " + grouped(omissions.credit_type_changed) +
           " credit types the account may not use sent as cash";
}

// How long until the last regular phase of the day is over, with a second for the last reports.
std::int64_t until_close_ns(const Market& market, std::int64_t day_origin_ns) {
    std::int64_t end_ns = 0;
    for (const risk::PhaseRow& row : market.phases()) {
        if (row.session_kind == risk::SessionKind::regular) {
            end_ns = std::max(end_ns, row.to_ns);
        }
    }
    return day_origin_ns + end_ns + second_ns - now().utc_ns;
}

PlayerOptions player_options(const Options& options) {
    PlayerOptions made;
    made.as_fast_as_possible = options.as_fast_as_possible;
    made.outstanding_max =
        options.outstanding_max == 0 && options.as_fast_as_possible ? 1000 : options.outstanding_max;
    made.answer_wait_ns = static_cast<std::int64_t>(options.answer_wait_s * 1e9);
    made.reconnect_wait_ns = static_cast<std::int64_t>(options.reconnect_s * 1e9);
    made.spin = options.spin;
    made.tag = options.tag.empty() ? clock_tag() : options.tag;
    return made;
}

std::string shape_name(Shape shape) {
    return shape == Shape::steady ? "steady" : shape == Shape::burst ? "burst" : "open";
}

std::unique_ptr<CommandSource> make_source(Options& options, const Market& market,
                                           std::vector<OrderLogEntry> entries, Stamp start, RunFacts& facts) {
    const std::int64_t day_offset_ns = start.utc_ns - options.day_origin_ns;
    if (!options.logs.empty()) {
        options.log.clock = options.as_fast_as_possible ? LogClock::none
                            : options.follow_calendar   ? LogClock::calendar
                                                        : LogClock::own;
        options.log.day_offset_ns = day_offset_ns;
        facts.source = "order log " + options.logs.front() + " of " + std::to_string(entries.front().date);
        return std::make_unique<LogSource>(market, std::move(entries), options.log);
    }
    options.profile.follow_phases = options.follow_calendar;
    options.profile.day_offset_ns = day_offset_ns;
    facts.source = "profile " + shape_name(options.profile.shape) + ", " +
                   grouped(static_cast<std::uint64_t>(options.profile.rate_per_second)) +
                   " commands a second, seed " + std::to_string(options.profile.seed);
    return std::make_unique<Profile>(market, options.profile);
}

std::string save_state(const Options& options, const Player& player) {
    if (options.state_file.empty()) {
        return "";
    }
    LoadedNumbers kept = load_numbers(options.state_file);
    for (std::size_t i = 0; i < player.session_count(); ++i) {
        kept.numbers[player.session(i).identity().sender] = player.session(i).numbers();
    }
    return save_numbers(options.state_file, kept.numbers);
}

int report(const Options& options, const Player& player, const RunFacts& facts) {
    const ArrivalResult arrival = options.witness_file.empty()
                                      ? ArrivalResult{}
                                      : join_witness(options.witness_file, player.outcomes());
    std::cout << text_summary(player, arrival, facts) << std::flush;
    if (!options.json_file.empty()) {
        std::ofstream file(options.json_file, std::ios::trunc);
        file << json_summary(player, arrival, facts).dump(2) << "\n";
        file.flush();
        if (!file) {
            return fail(options.json_file + ": cannot be written");
        }
    }
    return failures(player, arrival, facts).empty() ? 0 : 1;
}

int run_flood(Options& options, const Market& market, SessionPlans plans,
              const config::GatewayConfig& gateway) {
    if (plans.sessions.size() != 1) {
        return fail("flood: is one session's: name it with --session");
    }
    for (const config::SessionConfig& session : gateway.sessions) {
        if (session.id == plans.ids.front()) {
            plans.sessions.front().identity.reset = session.reset_permitted;
            plans.sessions.front().identity.adopt_numbers = !session.reset_permitted;
        }
    }
    options.flood.tag = options.tag.empty() ? clock_tag() : options.tag;
    Flood flood(market, std::move(plans.sessions.front()), options.flood);
    flood.run([] { return interrupted != 0; });
    std::cout << text_of(flood.counts(), options.flood.kind) << std::flush;
    if (!options.json_file.empty()) {
        std::ofstream(options.json_file, std::ios::trunc) << json_of(flood.counts(), options.flood.kind);
    }
    return 0;
}

// Empty: taken. Otherwise what is wrong with it.
std::string read_assess(Options& options) {
    const GrowthRead growth = read_growth(options.growth);
    if (!growth.error.empty()) {
        return growth.error;
    }
    if (!(options.p99_us > 0) || options.p99_us > 1e9) {
        return "--p99-us = " + std::to_string(options.p99_us) + ": above 0, at most 1000000000";
    }
    constexpr std::size_t tag_max = 8;
    if (options.tag.size() > tag_max) {
        return "--tag = " + options.tag + ": at most 8 characters, four more count the trials";
    }
    options.assess.growth.per_year = growth.per_year;
    options.assess.knee.p99_max_ns = static_cast<std::uint64_t>(options.p99_us * 1000);
    options.assess.knee.precision = options.precision_per_cent / 100;
    options.assess.sessions = options.sessions_max;
    return check(options.assess);
}

int run_assess(const Options& options, Market& market, SessionPlans plans,
               const config::GatewayConfig& gateway) {
    ProfileOptions profile = options.profile;
    profile.sell_per_mille = options.assess_sells;
    profile.fault_per_mille = {};  // every order is right, so that each one refused counts
    return assess(options.assess, {gateway, market, std::move(plans.sessions), player_options(options),
                                   profile, [] { return interrupted != 0; }});
}

// Sessions up, the run, and what came of it.
int run_source(Options& options, const Market& market, std::vector<SessionPlan> sessions, ReadLogs logs) {
    Player player(market, std::move(sessions), player_options(options));
    player.set_progress([](const std::string& line) { std::cerr << line << "\n"; });
    player.set_interrupted([] { return interrupted != 0; });
    RunFacts facts;
    facts.notes = logs.notes;
    facts.strict = options.strict;
    if (!player.log_on()) {
        facts.source = "not every session could log on";
        (void)save_state(options, player);
        return report(options, player, facts);
    }

    // The source is made now, since its times count from here; all of it is made before the
    // first command is sent, unless it is too long to keep.
    const Stamp start = now();
    const std::unique_ptr<CommandSource> source =
        make_source(options, market, std::move(logs.entries), start, facts);
    constexpr std::uint64_t made_ahead_max = 2'000'000;
    if (source->expected_count() <= made_ahead_max) {
        PlannedList list(*source);
        player.play(list, options.follow_calendar ? start : now());
    } else {
        player.play(*source, start);
    }
    const std::int64_t linger_ns = options.linger_s >= 0 ? static_cast<std::int64_t>(options.linger_s * 1e9)
                                   : options.follow_calendar ? until_close_ns(market, options.day_origin_ns)
                                                             : 0;
    player.linger(linger_ns);
    player.log_out();
    player.outcomes().close();

    if (const auto* log = dynamic_cast<const LogSource*>(source.get())) {
        facts.notes.push_back(omissions_note(log->omissions()));
    }
    if (interrupted != 0) {
        facts.notes.emplace_back("the run was interrupted");
    }
    for (std::size_t i = 0; i < player.session_count(); ++i) {
        if (player.session(i).numbers_adopted() != 0) {
            facts.notes.emplace_back("message numbers were adopted from the gateway (no --state was given)");
            break;
        }
    }
    const std::string unsaved = save_state(options, player);
    const int result = report(options, player, facts);
    return unsaved.empty() ? result : fail(unsaved);
}

int run(Options& options) {
    // 1. Files: the gateway's configuration and reference data, the logs, numbers and passwords.
    const auto gateway = config::load_gateway_config(options.config);
    std::int64_t told_ns = now().monotonic_ns;
    const auto progress = [&told_ns](std::string_view what, std::uint64_t done, std::uint64_t) {
        if (now().monotonic_ns - told_ns > 2 * second_ns) {
            told_ns = now().monotonic_ns;
            std::cerr << "loading " << what << ": " << grouped(done) << " rows\n";
        }
    };
    const auto loaded =
        gateway.ok() ? config::load_reference(gateway.value, progress) : config::LoadedReference{};
    for (const config::ConfigError& error : gateway.ok() ? loaded.errors : gateway.errors) {
        std::cerr << "fairlead-load: " << config::describe(error) << "\n";
    }
    if (!gateway.ok() || !loaded.ok()) {
        return 2;
    }
    SessionPlans plans = plan_sessions(options, gateway.value);
    if (!plans.error.empty()) {
        return fail(plans.error);
    }
    ReadLogs logs;
    if (!options.logs.empty()) {
        logs = read_logs(options);
        if (!logs.error.empty()) {
            return fail(logs.error);
        }
    }

    // 2. Who is played, and how.
    Market market(loaded.reference, plans.ids);
    if (options.flooding) {
        return run_flood(options, market, std::move(plans), gateway.value);
    }
    if (options.assessing) {
        return run_assess(options, market, std::move(plans), gateway.value);
    }
    return run_source(options, market, std::move(plans.sessions), std::move(logs));
}

}  // namespace

int main(int argc, char** argv) {
    Options options;
    CLI::App app{"fairlead-load: order flow of many client sessions, and what became of it", "fairlead-load"};
    add_commands(app, options);
    CLI11_PARSE(app, argc, argv);
    const std::string wrong =
        options.assessing ? read_assess(options) : read_bad_shares(options.bad, options.profile);
    if (!wrong.empty()) {
        return fail(wrong);
    }
    if (options.follow_calendar && options.day_origin_ns == 0) {
        return fail("--follow-day: needs --day-origin");
    }
    if (options.tag.size() > 12) {
        return fail("--tag = " + options.tag + ": at most 12 characters");
    }
    std::signal(SIGINT, [](int) { interrupted = 1; });
    std::signal(SIGTERM, [](int) { interrupted = 1; });
    std::signal(SIGPIPE, SIG_IGN);
    return run(options);
}
