// A control server over a real Unix socket, on a thread of its own, with a fake order thread behind it
// that keeps what it was handed and answers as it is told.
#pragma once

#include <unistd.h>
// Boost.Asio 1.74 uses std::exchange without naming its header.
#include <utility>

#include <boost/asio.hpp>
#include <functional>
#include <mutex>
#include <nlohmann/json.hpp>
#include <thread>
#include <vector>

#include "gateway/control/client.hpp"
#include "gateway/control/server.hpp"
#include "tests/config/temporary.hpp"

namespace fairlead::tests {

inline config::User user(const std::string& name, config::Role role, bool disabled = false) {
    config::User made;
    made.name = risk::UserName(name);
    made.role = role;
    made.disabled = disabled;
    made.password_hash = config::hash_password("pw-" + name, config::HashCost::minimal_for_tests);
    return made;
}

// What an authenticator makes of the secret it is given.
inline std::string from_base32(std::string_view text) {
    std::string bytes;
    std::uint32_t held = 0;
    unsigned bits = 0;
    for (const char letter : text) {
        held = held << 5 | static_cast<std::uint32_t>(letter >= 'A' ? letter - 'A' : letter - '2' + 26);
        bits += 5;
        if (bits >= 8) {
            bits -= 8;
            bytes += static_cast<char>(held >> bits);
        }
    }
    return bytes;
}

inline config::UserTable sample_users() {
    using config::Role;
    return config::UserTable({user("client", Role::client), user("support", Role::trader_support),
                              user("operator", Role::operator_role), user("officer", Role::risk_officer),
                              user("approver", Role::risk_approver), user("examiner", Role::examiner),
                              user("gone", Role::risk_officer, true)});
}

class ControlWorld {
  public:
    // Called for each request handed over, on the io thread; gives the replies.
    using Answer = std::function<std::vector<gateway::ControlReply>(const gateway::ControlRequest&)>;

    explicit ControlWorld(Answer answer, gateway::ControlOptions options = {}) : answer_(std::move(answer)) {
        options.socket_path = socket();
        REQUIRE(users_.open().empty());
        server_ = std::make_unique<gateway::ControlServer>(
            context_, options, users_,
            [this](const gateway::ControlRequest& request) { return take(request); });
        const std::string problem = server_->start();
        INFO(problem);
        REQUIRE(problem.empty());
        thread_ = std::thread([this] { context_.run(); });
    }
    ~ControlWorld() {
        boost::asio::post(context_, [this] { server_->stop(); });
        thread_.join();
    }
    ControlWorld(const ControlWorld&) = delete;
    ControlWorld& operator=(const ControlWorld&) = delete;

    [[nodiscard]] std::string socket() const { return directory_.path() + "/control"; }
    [[nodiscard]] const TemporaryDirectory& directory() const { return directory_; }
    [[nodiscard]] std::vector<gateway::ControlRequest> handed_over() {
        const std::lock_guard lock(mutex_);
        return handed_over_;
    }
    void refuse_all() {
        const std::lock_guard lock(mutex_);
        full_ = true;
    }

    // What was read for a request of `reload`.
    void bring(std::uint64_t request, gateway::Reload read) {
        boost::asio::post(
            context_, [this, request, read = std::make_shared<gateway::Reload>(std::move(read))] {
                server_->on_read_again(request, std::make_unique<gateway::Reload>(std::move(*read)));
            });
    }

    // One request on a connection of its own; all lines of its answer.
    std::vector<nlohmann::json> ask(const nlohmann::json& request) { return ask_line(request.dump()); }
    std::vector<nlohmann::json> ask_line(const std::string& line) {
        gateway::ControlClient client;
        const std::string problem = client.connect(socket(), 10'000);
        INFO(problem);
        REQUIRE(problem.empty());
        return ask_on(client, line);
    }
    static std::vector<nlohmann::json> ask_on(gateway::ControlClient& client, const std::string& line) {
        REQUIRE(client.send(line).empty());
        std::vector<nlohmann::json> answers;
        for (;;) {
            std::string answer;
            std::string problem;
            const bool received = client.receive(answer, problem);
            INFO(problem);
            REQUIRE(received);
            answers.push_back(nlohmann::json::parse(answer));
            if (!answers.back()["more"].get<bool>()) {
                return answers;
            }
        }
    }

  private:
    bool take(const gateway::ControlRequest& request) {
        {
            const std::lock_guard lock(mutex_);
            if (full_) {
                return false;
            }
            handed_over_.push_back(request);
        }
        for (const gateway::ControlReply& reply : answer_(request)) {
            boost::asio::post(context_, [this, reply] { server_->reply(reply); });
        }
        return true;
    }

    gateway::UserStoreOptions store_options() {
        gateway::UserStoreOptions options;
        options.database = directory_.path() + "/users.db";
        options.new_hash = config::HashCost::minimal_for_tests;
        options.history_hash = config::HashCost::minimal_for_tests;
        return options;
    }

    TemporaryDirectory directory_;
    gateway::UserStore users_{sample_users(), store_options()};
    Answer answer_;
    boost::asio::io_context context_;
    std::unique_ptr<gateway::ControlServer> server_;
    std::mutex mutex_;
    std::vector<gateway::ControlRequest> handed_over_;
    bool full_ = false;
    std::thread thread_;
};

// The order thread that says yes to everything, record 42.
inline std::vector<gateway::ControlReply> yes(const gateway::ControlRequest& request) {
    gateway::ControlReply reply;
    reply.request = request.request;
    reply.sequence = 42;
    reply.ok = request.facts.denied == 0;
    return {reply};
}

inline nlohmann::json request_of(const std::string& who, const std::string& verb) {
    return {{"version", 1}, {"id", 9}, {"user", who}, {"password", "pw-" + who}, {"verb", verb}};
}

}  // namespace fairlead::tests
