#include "gateway/desk/gateway_asker.hpp"

#include <sodium.h>

#include <chrono>

#include "gateway/control/protocol.hpp"

namespace fairlead::desk {
namespace {

constexpr auto too_often_wait = std::chrono::milliseconds(60);  // a request and a bit of twenty a second
constexpr std::uint32_t timeout_ms = 20'000;                    // a new password's hash takes its time

// The connection of this worker; none when the last question found the gateway gone.
thread_local std::unique_ptr<gateway::ControlClient> connection;

std::string connect(const std::string& socket) {
    if (connection != nullptr) {
        return {};
    }
    auto fresh = std::make_unique<gateway::ControlClient>();
    std::string problem = fresh->connect(socket, timeout_ms);
    if (problem.empty()) {
        connection = std::move(fresh);
    }
    return problem;
}

// One line of an answer into `reply`. Throws what a field of the wrong type makes the JSON library throw.
bool read_line(const Json& answer, GatewayReply& reply, bool& too_many) {
    reply.ok = answer.value("ok", false);
    reply.sequence = answer.value("sequence", std::uint64_t{0});
    reply.text = answer.value("text", "");
    reply.error = answer.contains("error") ? answer.value("error", "") : answer.value("reason", "");
    if (const auto row = answer.find("row"); row != answer.end()) {
        too_many = too_many || reply.rows.size() >= GatewayAsker::rows_max;
        if (!too_many) {
            reply.rows.push_back(*row);
        }
    }
    return answer.value("more", false);
}

// False: no whole answer that can be read. The connection is of no use any more.
bool receive(GatewayReply& reply) {
    std::string line;
    std::string problem;
    bool too_many = false;
    for (bool more = true; more;) {
        if (!connection->receive(line, problem)) {
            reply.text = problem;
            return false;
        }
        const Json answer = Json::parse(line, nullptr, false);
        ::sodium_memzero(line.data(), line.size());
        reply.text = "the gateway's answer cannot be read";
        if (!answer.is_object()) {
            return false;
        }
        try {
            more = read_line(answer, reply, too_many);
        } catch (const Json::exception&) {
            return false;
        }
    }
    reply.reached = true;
    if (too_many) {  // part of a list must not look like all of it
        reply.ok = false;
        reply.rows.clear();
        reply.error = "too_many_rows";
        reply.text = "the gateway's answer has more than " + std::to_string(GatewayAsker::rows_max) + " rows";
    }
    return true;
}

}  // namespace

void GatewayAsker::start() {
    for (std::size_t i = 0; i < workers; ++i) {
        threads_.emplace_back([this] { run(false); });
    }
    threads_.emplace_back([this] { run(true); });
}

void GatewayAsker::stop() {
    {
        const std::lock_guard hold(lock_);
        stop_ = true;
        queue_.clear();
        urgent_.clear();
    }
    wake_.notify_all();
    wake_urgent_.notify_all();
    stopped_.notify_all();
    for (std::thread& thread : threads_) {
        thread.join();
    }
    threads_.clear();
}

bool GatewayAsker::submit(std::function<void()> work, bool urgent) {
    {
        const std::lock_guard hold(lock_);
        auto& queue = urgent ? urgent_ : queue_;
        if (stop_ || queue.size() >= (urgent ? urgent_max : queue_max)) {
            return false;
        }
        queue.push_back(std::move(work));
    }
    wake_.notify_one();  // in turn: no connection gets more than its share of the gateway's allowance
    if (urgent) {
        wake_urgent_.notify_one();
    }
    return true;
}

bool GatewayAsker::stopping() {
    const std::lock_guard hold(lock_);
    return stop_;
}

bool GatewayAsker::rest() {
    std::unique_lock hold(lock_);
    return !stopped_.wait_for(hold, too_often_wait, [this] { return stop_; });
}

GatewayReply GatewayAsker::ask_patiently(const Json& request, unsigned tries) {
    GatewayReply reply = ask(request);
    while (--tries > 0 && reply.reached && reply.error == "too_many_requests" && rest()) {
        reply = ask(request);
    }
    return reply;
}

void GatewayAsker::run(bool urgent_only) {
    while (true) {
        std::function<void()> work;
        {
            std::unique_lock hold(lock_);
            auto& wake = urgent_only ? wake_urgent_ : wake_;
            wake.wait(hold, [&] { return stop_ || !urgent_.empty() || (!urgent_only && !queue_.empty()); });
            if (stop_) {
                break;
            }
            auto& queue = urgent_.empty() ? queue_ : urgent_;
            work = std::move(queue.front());
            queue.pop_front();
        }
        work();
    }
    connection.reset();
}

GatewayReply GatewayAsker::ask(Json request) const {
    GatewayReply reply;
    request["version"] = gateway::control_protocol_version;
    request["id"] = 1;
    std::string line = json_text(request);
    // A connection that the gateway closed meanwhile is found out by using it. What could not be sent whole
    // was not read as a request, so it is sent once more on a fresh one; what was sent is never sent again.
    for (int attempt = 0; attempt < 2; ++attempt) {
        const bool kept = connection != nullptr;
        std::string problem = connect(socket_);
        if (problem.empty()) {
            problem = connection->send(line);
        }
        if (problem.empty() && receive(reply)) {
            break;
        }
        connection.reset();
        // What came of an answer that was cut off is none.
        const std::string told = problem.empty() ? reply.text : problem;
        reply = {};
        reply.text = told;
        if (problem.empty() || !kept) {
            reply.text += problem.empty() ? ": the request may have been done" : "";
            break;
        }
    }
    ::sodium_memzero(line.data(), line.size());
    return reply;
}

}  // namespace fairlead::desk
