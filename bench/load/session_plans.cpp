#include "bench/load/session_plans.hpp"

#include <algorithm>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "bench/load/numbers_file.hpp"

namespace fairlead::load {
namespace {

struct Passwords {
    std::map<std::string, std::string> by_user;
    std::string error;
};
Passwords read_passwords(const std::string& path) {
    Passwords passwords;
    std::ifstream file(path);
    if (!file) {
        passwords.error = path + ": cannot be read";
        return passwords;
    }
    std::string line;
    for (std::size_t number = 1; std::getline(file, line); ++number) {
        std::istringstream words(line);
        std::string user;
        std::string password;
        if (!(words >> user) || user.front() == '#') {
            continue;
        }
        if (!(words >> password)) {
            passwords.error = path + ":" + std::to_string(number) + ": USER PASSWORD is expected";
            return passwords;
        }
        passwords.by_user[user] = password;
    }
    return passwords;
}

}  // namespace

SessionPlans plan_sessions(const SessionOptions& options, const config::GatewayConfig& gateway) {
    SessionPlans plans;
    const LoadedNumbers kept =
        options.state_file.empty() ? LoadedNumbers{} : load_numbers(options.state_file);
    const Passwords passwords =
        options.password_file.empty() ? Passwords{} : read_passwords(options.password_file);
    if (!kept.error.empty() || !passwords.error.empty()) {
        plans.error = kept.error.empty() ? passwords.error : kept.error;
        return plans;
    }
    std::set<std::string> wanted(options.senders.begin(), options.senders.end());
    for (const config::SessionConfig& session : gateway.sessions) {
        const bool chosen = options.senders.empty() || wanted.erase(session.sender_comp_id) != 0;
        if (!chosen || (options.sessions_max != 0 && plans.sessions.size() == options.sessions_max)) {
            continue;
        }
        SessionPlan plan;
        const auto& listen = gateway.gateway.listen.front();
        const bool any = listen.address == "0.0.0.0" || listen.address == "::";
        plan.host = !options.host.empty() ? options.host : any ? "127.0.0.1" : listen.address;
        plan.port = options.port != 0 ? options.port : listen.port;
        plan.identity.sender = session.sender_comp_id;
        plan.identity.target = session.target_comp_id;
        plan.identity.user = session.user;
        plan.identity.heartbeat_s =
            std::clamp(options.heartbeat_s, session.heartbeat_min_s, session.heartbeat_max_s);
        plan.identity.reset = options.reset;
        const auto numbers = kept.numbers.find(session.sender_comp_id);
        plan.identity.adopt_numbers = numbers == kept.numbers.end() && !options.reset;
        plan.numbers = numbers == kept.numbers.end() ? SessionNumbers{} : numbers->second;
        const auto password = passwords.by_user.find(session.user);
        plan.identity.password = password == passwords.by_user.end() ? options.password : password->second;
        const std::size_t name = plan.identity.password.find("{user}");
        if (password == passwords.by_user.end() && name != std::string::npos) {
            plan.identity.password.replace(name, 6, session.user);
        }
        if (plan.identity.password.empty()) {
            plans.error = "no password for user " + session.user + ": give --password or --password-file";
            return plans;
        }
        plans.sessions.push_back(std::move(plan));
        plans.ids.push_back(session.id);
    }
    if (!wanted.empty()) {
        plans.error = "--session = " + *wanted.begin() + ": not a session of " + options.config;
    } else if (plans.sessions.empty()) {
        plans.error = options.config + ": has no client session to play";
    }
    return plans;
}

}  // namespace fairlead::load
