#include "gateway/dropcopy/copy_service.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <nlohmann/json.hpp>

#include "gateway/control/client.hpp"

namespace fairlead::dropcopy {
namespace {

// Looks for news this often when there is none; the gateway does not know of it.
constexpr std::chrono::milliseconds pause{1};
constexpr std::uint32_t gateway_answer_ms = 10'000;
constexpr const char* refused = "Logon refused";  // the same for every cause: nothing to guess by

CopyLineOptions line_options(const Options& options) {
    CopyLineOptions line{options.port, options.comp_id, {}, options.store};
    for (const CopySession& session : options.sessions) {
        line.target_comp_ids.push_back(session.comp_id);
    }
    return line;
}

bool parse_sequence(const std::string& text, risk::Sequence& into) {
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, into);
    return error == std::errc{} && stop == end;
}

template <class Text>
bool contains(const std::vector<std::string>& names, const Text& name) {
    return std::find(names.begin(), names.end(), name.view()) != names.end();
}

}  // namespace

CopyService::CopyService(const Options& options, Say say)
    : options_(options),
      say_(std::move(say)),
      day_(options.journal, options.front),
      line_(line_options(options), *this) {
    for (const CopySession& session : options_.sessions) {
        readers_[session.comp_id].session = &session;
    }
}

CopyService::~CopyService() {
    stop();
}

std::string CopyService::start() {
    return line_.start();
}

void CopyService::stop() {
    line_.stop();
    for (auto& [comp_id, reader] : readers_) {
        reader.thread = {};  // asked to stop, and waited for
    }
}

// A logon is asked of the gateway under the user's own name, so that it is a Record whatever the answer. A
// user who is right elsewhere and not here is asked for without the password: a failed login on record.
std::string CopyService::ask_gateway(const CopySession& session, const CopyLogon& logon) const {
    gateway::ControlClient client;
    std::string error = client.connect(options_.control_socket, gateway_answer_ms);
    if (!error.empty()) {
        return error;
    }
    const bool right_user = logon.user == session.user;
    const nlohmann::json request = {{"version", 1},
                                    {"id", 1},
                                    {"verb", "login"},
                                    {"user", logon.user},
                                    {"password", right_user ? logon.password : "?"},
                                    {"reason", "drop copy " + session.comp_id}};
    const std::string line = request.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
    std::string answer;
    error = client.send(line);
    if (!error.empty() || !client.receive(answer, error)) {
        return error;
    }
    const nlohmann::json said = nlohmann::json::parse(answer, nullptr, false);
    if (said.is_object() && said.value("ok", false) && right_user) {
        return {};
    }
    return right_user ? "the gateway says: " + answer : "user '" + logon.user + "' is not this session's";
}

std::string CopyService::on_logon(const CopyLogon& logon) {
    Reader& reader = readers_.at(logon.comp_id);
    risk::Sequence after = 0;
    const bool place_said = logon.after.empty() || parse_sequence(logon.after, after);
    const std::string problem = ask_gateway(*reader.session, logon);
    if (!problem.empty()) {
        say_(logon.comp_id + ": logon refused: " + problem);
        return refused;
    }
    if (!place_said) {
        say_(logon.comp_id + ": logon refused: tag 10010 is no number");
        return "Tag 10010 must be the sequence of the last copy you have, or 0 for the whole day";
    }
    const std::lock_guard lock(mutex_);
    reader.after = after;
    return {};
}

void CopyService::on_logged_on(const std::string& comp_id, std::uint64_t connection) {
    const std::lock_guard lock(mutex_);
    Reader& reader = readers_.at(comp_id);
    say_(comp_id + ": logged on, has copies up to " + std::to_string(reader.after));
    // The thread of the connection before ends first: it is asked to, and waits for nothing but its socket,
    // which is closed. It must be waited for on a thread that holds no lock of QuickFIX's.
    auto before = std::make_shared<std::jthread>(std::move(reader.thread));
    reader.thread = std::jthread([this, comp_id, connection, before](const std::stop_token& stop) {
        before->request_stop();
        if (before->joinable()) {
            before->join();
        }
        carry(stop, comp_id, connection);
    });
}

void CopyService::on_logged_out(const std::string& comp_id) {
    const std::lock_guard lock(mutex_);
    readers_.at(comp_id).thread.request_stop();
    say_(comp_id + ": logged out");
}

void CopyService::on_note(const std::string& text) {
    say_(text);
}

bool CopyService::find_day(risk::Sequence& day, risk::Sequence& newest) {
    const std::lock_guard lock(day_mutex_);
    const std::string problem = day_.find(day, newest);
    if (!problem.empty()) {
        say_("the journal cannot be read: " + problem);
    }
    return problem.empty() && day != 0;
}

bool CopyService::wanted(const CopySession& session, const Copy& copy) {
    const bool all = session.investors.empty() && session.branches.empty();
    return all || contains(session.investors, copy.investor) ||
           contains(session.branches, copy.account.branch);
}

void CopyService::carry(const std::stop_token& stop, const std::string& comp_id, std::uint64_t connection) {
    Reader& reader = readers_.at(comp_id);
    risk::Sequence day = 0;
    risk::Sequence newest = 0;
    while (!find_day(day, newest)) {
        if (stop.stop_requested()) {
            return;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    risk::Sequence after = 0;
    {
        const std::lock_guard lock(mutex_);
        after = reader.after;
        if (!reader.known_set) {
            reader.known = newest;
            reader.known_set = true;
        }
    }
    CopyFeed feed(options_.journal, options_.front, day);
    Copy copy;
    CopyMessage message;
    while (!stop.stop_requested()) {
        switch (feed.next(copy)) {
            case FeedStatus::nothing_yet:
                std::this_thread::sleep_for(pause);
                continue;
            case FeedStatus::failed:
                say_(comp_id + ": no more copies: " + feed.error());
                line_.log_out(comp_id, "The journal cannot be read");
                return;
            case FeedStatus::copy:
                break;
        }
        if (copy.sequence <= after || !wanted(*reader.session, copy)) {
            continue;
        }
        message = {copy.type, copy.sequence, copy.session, copy.sequence <= reader.known,
                   std::move(copy.fields)};
        if (!line_.send(comp_id, connection, message)) {
            return;
        }
        reader.known = std::max(reader.known, copy.sequence);
    }
}

}  // namespace fairlead::dropcopy
