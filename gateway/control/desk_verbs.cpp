// Commands of the risk desk; see desk_verbs.hpp.
#include "gateway/control/desk_verbs.hpp"

#include <sodium.h>
#include <unistd.h>

#include <chrono>
#include <iostream>
#include <nlohmann/json.hpp>

#include "config/users.hpp"
#include "gateway/control/user_database.hpp"

namespace fairlead::gateway {
namespace {

using nlohmann::json;

void put(json& request, const char* key, const std::string& value) {
    if (!value.empty()) {
        request[key] = value;
    }
}

constexpr const char* time_help = "a time: 2026-11-30T09:00:00+08:00, or UTC with Z";

void add_proposals(CLI::App& app, json& request, DeskVerbs& verbs) {
    CLI::App* proposal = app.add_subcommand("proposal", "What one person asks for and another approves");
    proposal->require_subcommand(1);
    CLI::App* limit = proposal->add_subcommand("limit", "Ask for a raise, or for a limit at a later time");
    limit->add_option("scope", verbs.scope, "firm, branch, investor or account")->required();
    limit
        ->add_option("what", verbs.rest,
                     "[TARGET] DIMENSION VALUE; VALUE in NTD, shares or commands, or unlimited")
        ->required()
        ->expected(2, 3);
    limit->add_option("--symbol", verbs.symbol, "of this security, for symbol_long and symbol_short");
    limit->add_option("--until", verbs.until, std::string("the raise goes back then; ") + time_help);
    CLI::App* resume = proposal->add_subcommand("resume", "Ask for a halt to be lifted");
    resume->add_option("scope", verbs.scope, "firm, venue, investor, account, symbol or session")->required();
    resume->add_option("target", verbs.target, "which one: TWSE, an investor, 8610-0000017, 2330, 7");
    for (CLI::App* one : {limit, resume}) {
        one->add_option("--from", verbs.from, std::string("takes hold then; ") + time_help);
        one->add_option("--batch", verbs.batch, "the first proposal of its batch");
    }
    const auto add_common = [&request, &verbs] {
        put(request, "effective_at", verbs.from);
        if (verbs.batch != 0) {
            request["batch"] = verbs.batch;
        }
    };
    limit->callback([&request, &verbs, add_common] {
        const std::size_t last = verbs.rest.size() - 1;
        request = {{"verb", "propose"},
                   {"act", "limit_set"},
                   {"scope", verbs.scope},
                   {"dimension", verbs.rest[last - 1]},
                   {"value", verbs.rest[last]}};
        put(request, "target", last == 2 ? verbs.rest[0] : "");
        put(request, "symbol", verbs.symbol);
        put(request, "expires_at", verbs.until);
        add_common();
    });
    resume->callback([&request, &verbs, add_common] {
        request = {{"verb", "propose"}, {"act", "resume"}, {"scope", verbs.scope}};
        put(request, "target", verbs.target);
        add_common();
    });
    struct Answer {
        const char* verb;
        const char* help;
    };
    for (const Answer& answer : {Answer{"approve", "Say yes to another person's proposal"},
                                 Answer{"reject", "Say no to another person's proposal"},
                                 Answer{"withdraw", "Take one's own proposal back"}}) {
        CLI::App* one = proposal->add_subcommand(answer.verb, answer.help);
        one->add_option("number", verbs.number, "the proposal's record")->required();
        one->add_option("--whole-batch", verbs.members,
                        "and every open one of the batch it begins, so many as there are with it");
        one->callback([&request, &verbs, verb = answer.verb] {
            request = {{"verb", verb}, {"proposal", verbs.number}};
            if (verbs.members != 0) {
                request["batch"] = verbs.members;
            }
        });
    }
    CLI::App* list = proposal->add_subcommand("list", "Those that are open, or wait for their time");
    list->add_flag("--all", verbs.all, "the settled ones too, as far as they are remembered");
    list->callback([&request, &verbs] { request = {{"verb", "proposal_list"}, {"all", verbs.all}}; });
}

void add_factors(CLI::App& app, json& request, DeskVerbs& verbs) {
    CLI::App* totp = app.add_subcommand("totp", "The second factor: codes of an authenticator");
    totp->require_subcommand(1);
    totp->add_subcommand("enrol", "Get a secret of one's own; it counts once it is confirmed")
        ->callback([&request] {
            request = {{"verb", "totp_enrol"}};
        });
    CLI::App* confirm = totp->add_subcommand("confirm", "Show that the authenticator has it");
    confirm->add_option("code", verbs.word, "the six digits it shows now")->required();
    confirm->callback([&request, &verbs] { request = {{"verb", "totp_confirm"}, {"totp", verbs.word}}; });
    CLI::App* remove = totp->add_subcommand("remove", "Of another person who has lost it; needs --approver");
    remove->add_option("name", verbs.name, "the user")->required();
    remove->callback([&request, &verbs] { request = {{"verb", "totp_remove"}, {"target", verbs.name}}; });
}

void add_reviews(CLI::App& app, json& request, DeskVerbs& verbs) {
    CLI::App* review = app.add_subcommand("review", "The half-yearly review of rights");
    review->require_subcommand(1);
    review->add_subcommand("list", "Who is to be looked at this half-year, and what was decided")
        ->callback([&request] {
            request = {{"verb", "review_list"}};
        });
    CLI::App* decide = review->add_subcommand("decide", "Keep a user's rights, or remove them");
    decide->add_option("name", verbs.name, "the user")->required();
    decide->add_option("decision", verbs.word, "keep, or remove: the account is disabled with it")
        ->required()
        ->check(CLI::IsMember({"keep", "remove"}));
    decide->callback([&request, &verbs] {
        request = {{"verb", "review_decide"}, {"target", verbs.name}, {"decision", verbs.word}};
    });
}

void add_visits(CLI::App& app, json& request, DeskVerbs& verbs) {
    CLI::App* visit = app.add_subcommand("visit", "Visits of vendors: only during one may a vendor look");
    visit->require_subcommand(1);
    visit->add_subcommand("list", "All of them: by whom opened, closed, signed off")->callback([&request] {
        request = {{"verb", "visit_list"}};
    });
    CLI::App* open = visit->add_subcommand("open", "Let a vendor look for a time; needs --approver");
    CLI::App* close = visit->add_subcommand("close", "End it before its time");
    CLI::App* sign = visit->add_subcommand("sign", "Say, as one who has not opened it, what was found");
    for (CLI::App* one : {open, close, sign}) {
        one->add_option("vendor", verbs.name, "the vendor's user")->required();
    }
    open->add_option("--ticket", verbs.ticket, "the maintenance request it is for")->required();
    open->add_option("--until", verbs.until, std::string("it ends then; ") + time_help)->required();
    open->callback([&request, &verbs] {
        request = {
            {"verb", "visit_open"}, {"target", verbs.name}, {"ticket", verbs.ticket}, {"until", verbs.until}};
    });
    close->callback([&request, &verbs] { request = {{"verb", "visit_close"}, {"target", verbs.name}}; });
    sign->callback([&request, &verbs] { request = {{"verb", "visit_sign"}, {"target", verbs.name}}; });
}

// A database always has two persons, or it is not made: one alone could let nobody else in.
int make_users(const std::string& path, const std::vector<std::string>& first) {
    const auto refuse = [](const std::string& why) {
        std::cerr << "fairlead: " << why << "\n";
        return 1;
    };
    if (::access(path.c_str(), F_OK) == 0) {
        return refuse(path + ": is there already");
    }
    const risk::UtcNs now = std::chrono::duration_cast<std::chrono::nanoseconds>(
                                std::chrono::system_clock::now().time_since_epoch())
                                .count();
    std::vector<StoredUser> users;
    std::vector<std::string> passwords;
    bool runs = false;
    bool approves = false;
    for (const std::string& given : first) {
        const std::size_t at = given.find('=');
        const std::string name = given.substr(0, at);
        const config::Role role = config::parse_role(at == std::string::npos ? "" : given.substr(at + 1));
        if (!config::is_user_name(name) || role == config::Role::none || role == config::Role::client) {
            return refuse(given + ": must be NAME=ROLE, ROLE one of the staff's");
        }
        for (const StoredUser& other : users) {
            if (other.user.name.view() == name) {
                return refuse(given + ": the name is there twice");
            }
        }
        runs = runs || role == config::Role::operator_role;
        approves = approves || role == config::Role::risk_approver;
        StoredUser& user = users.emplace_back();
        passwords.push_back(random_password());
        user.user.name = user.state.name = risk::UserName(name);
        user.user.role = role;
        user.role_set = true;
        user.created_ns = user.state.changed_ns = user.state.used_ns = now;
        user.state.must_change = true;
        user.state.password_hash = config::hash_password(passwords.back());
    }
    if (!runs || !approves) {
        return refuse(
            "two persons at least: one operator, who adds further users, and one risk_approver, who "
            "approves that");
    }
    UserDatabase database;
    std::string error = database.open(path);
    std::vector<const StoredUser*> stored;
    stored.reserve(users.size());
    for (const StoredUser& user : users) {
        stored.push_back(&user);
    }
    error = error.empty() ? database.store(stored) : error;
    if (!error.empty()) {
        return refuse(error);
    }
    for (std::size_t i = 0; i < users.size(); ++i) {
        std::cout << users[i].user.name.view() << "  " << config::role_name(users[i].user.role)
                  << "  initial password, to be changed at its first use: " << passwords[i] << "\n";
        sodium_memzero(passwords[i].data(), passwords[i].size());
    }
    return 0;
}

void add_logons(CLI::App& app, json& request) {
    app.add_subcommand("login", "A lasting logon: prints a token for FAIRLEAD_TOKEN")->callback([&request] {
        request = {{"verb", "login"}, {"session", true}};
    });
    app.add_subcommand("logout", "End the lasting logon of FAIRLEAD_TOKEN")->callback([&request] {
        request = {{"verb", "logout"}};
    });
}

}  // namespace

void add_desk_verbs(CLI::App& app, json& request, DeskVerbs& verbs) {
    add_proposals(app, request, verbs);
    add_factors(app, request, verbs);
    add_reviews(app, request, verbs);
    add_visits(app, request, verbs);
    add_logons(app, request);
    CLI::App* user = app.get_subcommand("user");
    for (const bool adds : {true, false}) {
        CLI::App* one = adds ? user->add_subcommand("add", "A new one of the staff; needs --approver")
                             : user->add_subcommand("set-role", "Another role; needs --approver");
        one->add_option("name", verbs.name, "the user")->required();
        one->add_option("role", verbs.role,
                        "trader_support, operator, risk_officer, risk_approver, examiner or vendor")
            ->required();
        one->callback([&request, &verbs, verb = adds ? "user_add" : "user_set_role"] {
            request = {{"verb", verb}, {"target", verbs.name}, {"role", verbs.role}};
        });
    }
    CLI::App* users = app.add_subcommand("users", "The users' database, before there is a gateway");
    users->require_subcommand(1);
    CLI::App* init = users->add_subcommand("init", "Make it, with its first two persons at least");
    init->add_option("--db", verbs.database, "where; control.user_database names it")->required();
    init->add_option("first", verbs.first, "NAME=ROLE of each; an operator and a risk_approver among them")
        ->required()
        ->expected(2, 16);
    init->callback([&verbs] { verbs.run = [&verbs] { return make_users(verbs.database, verbs.first); }; });
}

}  // namespace fairlead::gateway
