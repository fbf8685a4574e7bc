// `fairlead`: asks the gateway's control socket: status, limits, halts, sessions, orders. It changes
// nothing itself; the gateway decides and records. `fairlead user hash`, `fairlead key new` and those that
// work on a journal's files need no gateway.
#include <sodium.h>
#include <termios.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "audit/note.hpp"
#include "config/files.hpp"
#include "config/users.hpp"
#include "gateway/control/client.hpp"
#include "gateway/control/desk_verbs.hpp"
#include "gateway/control/journal_files.hpp"
#include "gateway/control/protocol.hpp"
#include "gateway/control/table.hpp"

namespace {

using nlohmann::json;

// What a script may rely on.
enum ExitCode { done = 0, refused = 1, usage = 2, unreachable = 3, denied = 4 };

struct Options {
    std::string socket = "/run/fairlead/control";
    std::string user;
    std::string password_file;
    std::string approver;
    std::string approver_password_file;
    std::string reason;
    std::uint32_t timeout_ms = 30'000;  // a password takes its time where processors are busy
    bool as_json = false;
    bool new_password = false;  // the request carries one
    std::string new_password_file;
    std::string token;  // of a lasting logon, in place of user and password
    std::string totp;
    std::string approver_totp;
};

void first_line(std::string& text) {
    const std::size_t end = text.find_first_of("\r\n");
    if (end != std::string::npos) {
        text.resize(end);
    }
}

// Asks on the terminal without showing what is typed; reads a line where there is no terminal.
bool prompt_password(const std::string& whose, std::string& password) {
    const bool terminal = ::isatty(STDIN_FILENO) == 1;
    termios before{};
    if (terminal) {
        std::fprintf(stderr, "Password of %s: ", whose.c_str());
        ::tcgetattr(STDIN_FILENO, &before);
        termios silent = before;
        silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
        ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
    }
    const bool read = static_cast<bool>(std::getline(std::cin, password));
    if (terminal) {
        ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
        std::fputc('\n', stderr);
    }
    first_line(password);
    return read;
}

// From the file, the environment, or the terminal, in this order.
bool find_password(const std::string& whose, const std::string& file, const char* variable,
                   std::string& password) {
    if (!file.empty()) {
        std::string problem;
        if (!fairlead::config::read_file(file, password, problem)) {
            std::cerr << "fairlead: password file " << file << ": " << problem << "\n";
            return false;
        }
        first_line(password);
        return true;
    }
    if (const char* given = std::getenv(variable); given != nullptr) {
        password = given;
        return true;
    }
    if (!prompt_password(whose, password)) {
        std::cerr << "fairlead: no password for " << whose << ": give a password file or " << variable
                  << "\n";
        return false;
    }
    return true;
}

ExitCode show(const json& answer, const std::vector<json>& rows, const Options& options) {
    if (options.as_json) {
        json whole = answer;
        whole.erase("more");
        whole.erase("row");
        whole.erase("id");
        whole["rows"] = rows;
        std::cout << whole.dump(2) << "\n";
    }
    const bool ok = answer.value("ok", false);
    const std::string text = answer.value("text", "");
    const std::string error = answer.value("error", "");
    if (!options.as_json && ok) {
        std::cout << fairlead::gateway::rows_text(rows);
        if (!text.empty()) {
            std::cout << text << "\n";
        }
        if (rows.empty()) {
            std::cout << "done, record " << answer.value("sequence", 0ULL) << "\n";
        }
    }
    if (ok) {
        return done;
    }
    if (!options.as_json) {
        std::cerr << "fairlead: refused";
        const std::string why = error.empty() ? answer.value("reason", "") : error;
        std::cerr << (why.empty() || why == "none" ? "" : " (" + why + ")") << ": " << text;
        if (const auto sequence = answer.value("sequence", 0ULL); sequence != 0) {
            std::cerr << " [record " << sequence << "]";
        }
        std::cerr << "\n";
    }
    if (error == "no_right" || error == "bad_credentials") {
        return denied;
    }
    return error == "timed_out" ? unreachable : refused;
}

ExitCode ask(json request, const Options& options) {
    // A password is changed with the present one, and a lasting logon begins with it.
    const bool by_token = !options.token.empty() && !options.new_password && !request.contains("session");
    if (options.user.empty() && !by_token) {
        std::cerr << "fairlead: --user must be given, or FAIRLEAD_USER\n";
        return usage;
    }
    // Connected first, so that nobody types a password for a gateway that is not there.
    fairlead::gateway::ControlClient client;
    std::string problem = client.connect(options.socket, options.timeout_ms);
    if (!problem.empty()) {
        std::cerr << "fairlead: " << problem << "\n";
        return unreachable;
    }
    std::string password;
    std::string approver_password;
    if ((!by_token && !find_password(options.user, options.password_file, "FAIRLEAD_PASSWORD", password)) ||
        (!options.approver.empty() && !find_password(options.approver, options.approver_password_file,
                                                     "FAIRLEAD_APPROVER_PASSWORD", approver_password))) {
        return usage;
    }
    request["version"] = fairlead::gateway::control_protocol_version;
    request["id"] = 1;
    if (by_token) {
        request["token"] = options.token;
    } else {
        request["user"] = options.user;
        request["password"] = password;
    }
    if (!options.totp.empty()) {
        request["totp"] = options.totp;
    }
    if (!options.approver_totp.empty()) {
        request["approver_totp"] = options.approver_totp;
    }
    if (options.new_password) {
        std::string new_password;
        if (!find_password(options.user + ", the new one", options.new_password_file, "FAIRLEAD_NEW_PASSWORD",
                           new_password)) {
            return usage;
        }
        request["new_password"] = new_password;
        sodium_memzero(new_password.data(), new_password.size());
    }
    if (!options.approver.empty()) {
        request["approver"] = options.approver;
        request["approver_password"] = approver_password;
    }
    if (!options.reason.empty()) {
        request["reason"] = options.reason;
    }
    std::string line = request.dump(-1, ' ', false, json::error_handler_t::replace);
    problem = client.send(line);
    sodium_memzero(line.data(), line.size());
    sodium_memzero(password.data(), password.size());
    std::vector<json> rows;
    while (problem.empty()) {
        if (!client.receive(line, problem)) {
            break;
        }
        const json answer = json::parse(line, nullptr, false);
        if (!answer.is_object()) {
            problem = "the gateway's answer is not readable: another version?";
            break;
        }
        if (answer.contains("row")) {
            rows.push_back(answer["row"]);
        }
        if (!answer.value("more", false)) {
            return show(answer, rows, options);
        }
    }
    std::cerr << "fairlead: " << problem << "\n";
    return unreachable;
}

ExitCode hash_password(const std::string& cost) {
    std::string password;
    if (!prompt_password("the user", password) || password.empty() ||
        password.size() > fairlead::config::password_bytes_max) {
        std::cerr << "fairlead: a password must have 1 to 128 bytes\n";
        return usage;
    }
    const auto chosen = cost == "interactive" ? fairlead::config::HashCost::interactive
                                              : fairlead::config::HashCost::moderate;
    const std::string hash = fairlead::config::hash_password(password, chosen);
    sodium_memzero(password.data(), password.size());
    if (hash.empty()) {
        std::cerr << "fairlead: no memory for the hash\n";
        return refused;
    }
    std::cout << hash << "\n";
    return done;
}

// The private key goes to the file, for the keeper; the public one beside it and to the screen, for all.
ExitCode new_key(const std::string& name, const std::string& file) {
    const std::string public_file = file + ".pub";
    fairlead::audit::SigningKey key;
    std::string problem = fairlead::audit::SigningKey::make(name, key);
    const bool bad_name = !problem.empty();
    if (problem.empty()) {
        problem = key.save(file);
    }
    if (problem.empty()) {
        problem = fairlead::config::write_file_atomically(public_file, key.verifier().text() + "\n");
    }
    if (!problem.empty()) {
        std::cerr << "fairlead: " << problem << "\n";
        return bad_name ? usage : refused;
    }
    std::cout << key.verifier().text() << "\n";
    return done;
}

// The subcommands; each leaves its request here, and main sends it.
struct Chosen {
    json request;
    bool hash = false;
    std::string cost = "moderate";
    std::string key_name;
    std::string key_file;  // not empty: make a key
    fairlead::gateway::JournalFiles journal_files;
    fairlead::gateway::DeskVerbs desk;
    std::string until;
    // What the parser fills.
    std::string scope;
    std::vector<std::string> rest;
    std::string target;
    std::string dimension;
    std::string symbol;
    std::string order;
    std::string resolution;
    std::string execution;
    std::string price;
    std::uint32_t session = 0;
    std::string target_user;
    std::string new_password_file;
    bool new_password = false;  // to be asked for, for the request
    bool cancel_open = false;
};

void put(json& request, const char* key, const std::string& value) {
    if (!value.empty()) {
        request[key] = value;
    }
}

void add_limit(CLI::App& app, Chosen& chosen) {
    CLI::App* limit = app.add_subcommand("limit", "Show or set limits");
    limit->require_subcommand(1);
    CLI::App* show_limit = limit->add_subcommand("show", "Limits in force and what of them is used");
    show_limit->add_option("scope", chosen.scope, "firm, branch, investor or account")->required();
    show_limit->add_option("target", chosen.target, "which one: 8610, an investor, 8610-0000017");
    show_limit->add_option("--dimension", chosen.dimension, "only this one");
    show_limit->add_option("--symbol", chosen.symbol, "of this security");
    show_limit->callback([&chosen] {
        chosen.request = {{"verb", "limit_show"}, {"scope", chosen.scope}};
        put(chosen.request, "target", chosen.target);
        put(chosen.request, "dimension", chosen.dimension);
        put(chosen.request, "symbol", chosen.symbol);
    });
    CLI::App* set = limit->add_subcommand("set", "Set a limit; a raise needs --approver");
    set->add_option("scope", chosen.scope, "firm, branch, investor or account")->required();
    set->add_option("what", chosen.rest,
                    "[TARGET] DIMENSION VALUE; VALUE in NTD, shares or commands, or unlimited")
        ->required()
        ->expected(2, 3);
    set->add_option("--symbol", chosen.symbol, "of this security, for symbol_long and symbol_short");
    set->add_option("--until", chosen.until,
                    "a raise goes back then; a time: 2026-11-30T09:00:00+08:00, or UTC with Z");
    set->callback([&chosen] {
        const std::size_t last = chosen.rest.size() - 1;
        chosen.request = {{"verb", "limit_set"},
                          {"scope", chosen.scope},
                          {"dimension", chosen.rest[last - 1]},
                          {"value", chosen.rest[last]}};
        if (last == 2) {
            put(chosen.request, "target", chosen.rest[0]);
        }
        put(chosen.request, "symbol", chosen.symbol);
        put(chosen.request, "expires_at", chosen.until);
    });
}

void add_halts(CLI::App& app, Chosen& chosen) {
    CLI::App* halt = app.add_subcommand("halt", "Refuse new orders in a scope; cancels pass");
    CLI::App* resume = app.add_subcommand("resume", "Lift a halt; needs --approver");
    for (CLI::App* verb : {halt, resume}) {
        verb->add_option("scope", chosen.scope, "firm, venue, investor, account, symbol or session")
            ->required();
        verb->add_option("target", chosen.target, "which one: TWSE, an investor, 8610-0000017, 2330, 7");
    }
    halt->add_flag("--cancel-open", chosen.cancel_open, "cancel the open orders of the scope as well");
    halt->callback([&chosen] {
        chosen.request = {{"verb", "halt"}, {"scope", chosen.scope}, {"cancel_open", chosen.cancel_open}};
        put(chosen.request, "target", chosen.target);
    });
    resume->callback([&chosen] {
        chosen.request = {{"verb", "resume"}, {"scope", chosen.scope}};
        put(chosen.request, "target", chosen.target);
    });
}

void add_users(CLI::App& app, Chosen& chosen) {
    CLI::App* password = app.add_subcommand("password", "One's own password");
    password->require_subcommand(1);
    CLI::App* change = password->add_subcommand("change", "Choose a new one");
    change->add_option("--new-password-file", chosen.new_password_file,
                       "file with it; else FAIRLEAD_NEW_PASSWORD, else it is asked for");
    change->callback([&chosen] {
        chosen.request = {{"verb", "password_change"}};
        chosen.new_password = true;
    });
    CLI::App* user = app.add_subcommand("user", "Users and their accounts");
    user->require_subcommand(1);
    user->add_subcommand("list", "All of them: role, state, age of password, last use")->callback([&chosen] {
        chosen.request = {{"verb", "user_list"}};
    });
    struct Act {
        const char* name;
        const char* verb;
        const char* help;
    };
    for (const Act& act :
         {Act{"disable", "user_disable", "No more logons of this user"},
          Act{"enable", "user_enable", "Logons again; needs --approver"},
          Act{"unlock", "user_unlock", "Forget its failed logons"},
          Act{"reset-password", "user_reset", "Give it a random initial password; needs --approver"}}) {
        CLI::App* one = user->add_subcommand(act.name, act.help);
        one->add_option("name", chosen.target_user, "the user")->required();
        one->callback([&chosen, verb = act.verb] {
            chosen.request = {{"verb", verb}, {"target", chosen.target_user}};
        });
    }
    CLI::App* hash =
        user->add_subcommand("hash", "Print the argon2id hash of a password, for the users file");
    hash->add_option("--cost", chosen.cost, "moderate (256 MiB) or interactive (64 MiB)")
        ->check(CLI::IsMember({"moderate", "interactive"}))
        ->capture_default_str();
    hash->callback([&chosen] { chosen.hash = true; });
}

void add_key(CLI::App& app, Chosen& chosen) {
    CLI::App* key = app.add_subcommand("key", "The key that signs the journal's checkpoints");
    key->require_subcommand(1);
    CLI::App* make =
        key->add_subcommand("new", "Make one: FILE, its owner's alone, and FILE.pub for verifiers");
    make->add_option("name", chosen.key_name,
                     "The journal's name in its checkpoints: broker.example/8610/gw1")
        ->required();
    make->add_option("file", chosen.key_file, "Where the private key goes; journal.checkpoint_key names it")
        ->required();
}

// The order's number as the client was told it (OrderID, 37).
const auto order_number = CLI::Validator(
    [](std::string& text) {
        return text.empty() || text.size() > 12 || text.find_first_not_of("0123456789") != std::string::npos
                   ? std::string("must be an OrderID: at most 12 digits")
                   : std::string();
    },
    "ORDER");

void add_others(CLI::App& app, Chosen& chosen) {
    app.add_subcommand("status", "What the gateway is doing")->callback([&chosen] {
        chosen.request = {{"verb", "status"}};
    });
    CLI::App* session = app.add_subcommand("session", "Client sessions and venue lines");
    session->require_subcommand(1);
    session->add_subcommand("list", "All of them")->callback([&chosen] {
        chosen.request = {{"verb", "session_list"}};
    });
    CLI::App* disconnect = session->add_subcommand("disconnect", "End one connection");
    disconnect->add_option("id", chosen.session, "the session's number")->required();
    disconnect->callback([&chosen] {
        chosen.request = {{"verb", "session_disconnect"}, {"session", chosen.session}};
    });
    CLI::App* order = app.add_subcommand("order", "Orders");
    order->require_subcommand(1);
    CLI::App* show_order = order->add_subcommand("show", "One order as it stands");
    show_order->add_option("order", chosen.order, "its OrderID (37)")->required()->check(order_number);
    show_order->callback([&chosen] {
        chosen.request = {{"verb", "order_show"}, {"order", std::stoull(chosen.order)}};
    });
    CLI::App* resolve = app.add_subcommand("resolve", "Settle an order in doubt; needs --approver");
    resolve->add_option("order", chosen.order, "its OrderID (37)")->required()->check(order_number);
    resolve
        ->add_option("resolution", chosen.resolution,
                     "never_sent, venue_does_not_know, venue_knows, by_operator")
        ->required();
    resolve->callback([&chosen] {
        chosen.request = {
            {"verb", "resolve"}, {"order", std::stoull(chosen.order)}, {"resolution", chosen.resolution}};
    });
    CLI::App* fill = app.add_subcommand("fill", "A fill the venue has bust or corrected; needs --approver");
    fill->require_subcommand(1);
    for (const bool bust : {true, false}) {
        CLI::App* adjust =
            bust ? fill->add_subcommand("bust", "The fill never was: what it used is free again")
                 : fill->add_subcommand("correct", "The fill was at another price");
        adjust->add_option("order", chosen.order, "OrderID (37) of its order")
            ->required()
            ->check(order_number);
        adjust->add_option("execution", chosen.execution, "the venue's ExecID (17)")->required();
        if (!bust) {
            adjust->add_option("price", chosen.price, "NTD a share")->required();
        }
        adjust->callback([&chosen] {
            chosen.request = {{"verb", "fill_adjust"},
                              {"order", std::stoull(chosen.order)},
                              {"execution", chosen.execution},
                              {"price", chosen.price}};
        });
    }
    CLI::App* journal = app.add_subcommand("journal", "The journal's device and its files");
    journal->require_subcommand(1);
    fairlead::gateway::add_journal_files(*journal, chosen.journal_files);
    journal
        ->add_subcommand("resume",
                         "Take new orders again, on the spare device; needs --reason and --approver")
        ->callback([&chosen] {
            chosen.request = {{"verb", "journal_resume"}};
        });
    app.add_subcommand("stop", "Stop the gateway in order")->callback([&chosen] {
        chosen.request = {{"verb", "stop"}};
    });
    app.add_subcommand("reload", "Take from the configuration, read again, what may change while running")
        ->callback([&chosen] {
            chosen.request = {{"verb", "reload"}};
        });
    app.add_subcommand("day-close", "Close the trading day")->callback([&chosen] {
        chosen.request = {{"verb", "day_close"}};
    });
    add_users(app, chosen);
}

}  // namespace

int main(int argc, char** argv) {
    // 1. Options and the verb.
    CLI::App app("Asks a running fairlead-gateway. Every request is recorded with who, why and when.",
                 "fairlead");
    app.footer(
        "Examples:\n"
        "  fairlead --user operator status\n"
        "  fairlead --user kuo --approver lee --reason review limit set investor INV0000017 buy 30000000\n"
        "  fairlead --user kuo --reason drill halt firm --cancel-open");
    Options options;
    Chosen chosen;
    app.add_option("--socket", options.socket, "the gateway's control socket")
        ->envname("FAIRLEAD_SOCKET")
        ->capture_default_str();
    app.add_option("--user", options.user, "who asks")->envname("FAIRLEAD_USER");
    app.add_option("--password-file", options.password_file,
                   "file with the password; else FAIRLEAD_PASSWORD, else it is asked for");
    app.add_option("--approver", options.approver, "the second person, where two are needed");
    app.add_option(
        "--approver-password-file", options.approver_password_file,
        "file with the approver's password; else FAIRLEAD_APPROVER_PASSWORD, else it is asked for");
    app.add_option("--reason", options.reason, "why; needed by everything that changes something");
    app.add_option("--timeout-ms", options.timeout_ms, "how long to wait for the gateway")
        ->check(CLI::Range(100, 600'000))
        ->capture_default_str();
    app.add_option("--totp", options.totp, "the second factor's code, for who has one");
    app.add_option("--approver-totp", options.approver_totp, "the same of the approver");
    app.add_flag("--json", options.as_json, "answer as JSON");
    app.require_subcommand(1);
    app.fallthrough();  // --user and the like may stand behind the verb
    add_others(app, chosen);
    add_limit(app, chosen);
    add_halts(app, chosen);
    add_key(app, chosen);
    fairlead::gateway::add_desk_verbs(app, chosen.request, chosen.desk);
    // Never an argument: those are seen by everybody on the machine.
    if (const char* token = std::getenv("FAIRLEAD_TOKEN"); token != nullptr) {
        options.token = token;
    }
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& problem) {
        return app.exit(problem) == 0 ? done : usage;
    }
    // 2. The verbs that need no gateway, or the question.
    if (!chosen.key_file.empty()) {
        return new_key(chosen.key_name, chosen.key_file);
    }
    if (chosen.desk.run) {
        return chosen.desk.run();
    }
    if (chosen.journal_files.run) {
        return chosen.journal_files.run(options.user, options.approver);
    }
    options.new_password = chosen.new_password;
    options.new_password_file = chosen.new_password_file;
    return chosen.hash ? hash_password(chosen.cost) : ask(std::move(chosen.request), options);
}
