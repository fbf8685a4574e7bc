// See script_runner.hpp.
#include "tests/fix/script_runner.hpp"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>

namespace fairlead::test {

namespace {

std::string trimmed(const std::string& text) {
    const std::size_t begin = text.find_first_not_of(" \t");
    const std::size_t end = text.find_last_not_of(" \t\r");
    return begin == std::string::npos ? std::string() : text.substr(begin, end - begin + 1);
}

// The first word, and the rest.
std::pair<std::string, std::string> split_word(const std::string& text) {
    const std::size_t space = text.find(' ');
    return space == std::string::npos ? std::pair{text, std::string()}
                                      : std::pair{text.substr(0, space), trimmed(text.substr(space))};
}

std::string with_soh(std::string text) {
    std::replace(text.begin(), text.end(), '|', fix::soh);
    return text;
}
std::string with_bars(std::string text) {
    std::replace(text.begin(), text.end(), fix::soh, '|');
    return text;
}

const char* name_of(risk::LogonVerdict verdict) {
    static constexpr const char* names[] = {"none",
                                            "accepted",
                                            "malformed",
                                            "unknown_session",
                                            "bad_credentials",
                                            "address_not_allowed",
                                            "already_logged_on",
                                            "locked",
                                            "outside_hours",
                                            "reset_not_permitted",
                                            "number_too_low",
                                            "password_expired",
                                            "sending_time",
                                            "timed_out",
                                            "refused_by_venue",
                                            "new_password_refused"};
    return names[static_cast<std::size_t>(verdict)];
}
const char* name_of(risk::LogoutCause cause) {
    static constexpr const char* names[] = {"none",         "by_peer",        "by_us",
                                            "disconnected", "heartbeat_lost", "by_operator",
                                            "slow_reader",  "shutdown",       "crash_recovery"};
    return names[static_cast<std::size_t>(cause)];
}
const char* name_of(risk::ResetCause cause) {
    static constexpr const char* names[] = {"none",           "gap_fill_received", "reset_received",
                                            "reset_at_logon", "by_operator",       "new_day"};
    return names[static_cast<std::size_t>(cause)];
}

bool begins_with(const std::string& text, const char* prefix) {
    return text.rfind(prefix, 0) == 0;
}

}  // namespace

std::vector<Script> load_scripts(const std::string& file) {
    std::vector<Script> scripts;
    std::ifstream in(file);
    std::string line;
    for (int number = 1; std::getline(in, line); ++number) {
        const std::string text = trimmed(line);
        if (text.empty() || text.front() == '#') {
            continue;
        }
        if (begins_with(text, "== ")) {
            scripts.push_back({file, text.substr(3), {}});
        } else if (!scripts.empty()) {
            scripts.back().lines.emplace_back(number, text);
        }
    }
    return scripts;
}

std::string ScriptRunner::run(const Script& script) {
    config_.our_comp_id = "BROKER";
    config_.peer_comp_id = "CLIENT";
    for (const auto& [number, line] : script.lines) {
        std::string failure;
        if (!play(line, failure) || !broken_.empty()) {
            return script.file + ":" + std::to_string(number) + ": " + line + "\n  " + failure + broken_;
        }
    }
    while (!events_.empty() && begins_with(events_.front(), "received")) {
        events_.pop_front();
    }
    return events_.empty() ? std::string()
                           : script.file + ": " + script.name + ": not expected: " + events_.front();
}

bool ScriptRunner::play(const std::string& line, std::string& failure) {
    const auto [word, rest] = split_word(line);
    static const char* const inputs[] = {">",    ">>",         "connect", "accept", "refuse", "wait",
                                         "send", "disconnect", "logout",  "option", "start",  "garbage"};
    if (word == "logged_on") {
        return play_logon(failure);
    }
    const bool input = std::find(std::begin(inputs), std::end(inputs), word) != std::end(inputs);
    if (!input) {
        return expect(line, failure);
    }
    while (!events_.empty() && begins_with(events_.front(), "received")) {
        events_.pop_front();
    }
    if (!events_.empty()) {
        failure = "not expected before this line: " + events_.front();
        return false;
    }
    if (word == "option") {
        const auto [key, value] = split_word(rest);
        set_option(key, value);
        return true;
    }
    if (word == "start") {
        const auto [in, out] = split_word(rest);
        next_in_ = std::stoull(in);
        next_out_ = std::stoull(out);
        return true;
    }
    start();
    actions_.clear();
    if (word == ">") {
        feed(wire(rest));
    } else if (word == ">>") {
        feed(with_soh(expand(rest)));
    } else if (word == "garbage") {
        feed(std::string(std::stoul(rest), 'x'));
    } else if (word == "connect") {
        const fix::LogonFields fields{rest, {}, {}};
        session_->on_connect(now_, fields, actions_);
        perform();
    } else if (word == "accept") {
        session_->accept_logon(now_, actions_);
        perform();
        drain();
    } else if (word == "refuse") {
        session_->refuse_logon(risk::LogonVerdict::bad_credentials, rest, now_, actions_);
        perform();
    } else if (word == "wait") {
        wait(std::stod(rest));
    } else if (word == "send") {
        const auto [type, body] = split_word(rest);
        send_application(type, body);
    } else if (word == "disconnect") {
        session_->on_disconnect(risk::LogoutCause::disconnected, actions_);
        perform();
        buffer_.clear();
    } else {
        session_->start_logout(risk::LogoutCause::by_operator, rest, now_, actions_);
        perform();
    }
    return true;
}

// Connection, Logon and answer with the numbers the script starts with.
bool ScriptRunner::play_logon(std::string& failure) {
    const std::string in = std::to_string(next_in_);
    const std::string out = std::to_string(next_out_);
    const bool acceptor = config_.role == fix::Role::acceptor;
    const std::string fields =
        acceptor ? " 98=0|108=30" : " 98=0|108=" + std::to_string(config_.heartbeat_seconds);
    const std::vector<std::string> lines =
        acceptor ? std::vector<std::string>{"connect", "> A " + in + fields, "attempt none",
                                            "accept",  "logon accepted",     "< A " + out + fields}
                 : std::vector<std::string>{"connect", "attempt none", "< A " + out + fields,
                                            "> A " + in + fields, "logon accepted"};
    return std::all_of(lines.begin(), lines.end(),
                       [&](const std::string& line) { return play(line, failure); });
}

bool ScriptRunner::expect(const std::string& line, std::string& failure) {
    const auto [word, rest] = split_word(line);
    if (word == "numbers") {
        const std::string have =
            std::to_string(session_->next_in()) + " " + std::to_string(session_->next_out());
        failure = have == rest ? "" : "numbers are " + have;
        return have == rest;
    }
    while (word != "received" && !events_.empty() && begins_with(events_.front(), "received")) {
        events_.pop_front();
    }
    if (word == "nothing") {
        failure = events_.empty() ? "" : "happened: " + events_.front();
        return events_.empty();
    }
    if (events_.empty()) {
        failure = "nothing happened";
        return false;
    }
    const std::string event = events_.front();
    events_.pop_front();
    const std::string wanted = expand(line);
    failure = event == wanted ? "" : "happened: " + event;
    return event == wanted;
}

void ScriptRunner::set_option(const std::string& key, const std::string& value) {
    const bool yes = value == "yes";
    if (key == "role") {
        config_.role = value == "initiator" ? fix::Role::initiator : fix::Role::acceptor;
    } else if (key == "reset_permitted") {
        config_.reset_permitted = yes;
    } else if (key == "reset_at_logon") {
        config_.reset_at_logon = yes;
    } else if (key == "heartbeat") {
        config_.heartbeat_seconds = static_cast<std::uint32_t>(std::stoul(value));
    } else if (key == "resend_requests") {
        config_.resend_requests_max = static_cast<std::uint32_t>(std::stoul(value));
    } else if (key == "early_messages") {
        config_.early_messages_max = static_cast<std::uint32_t>(std::stoul(value));
    }
}

void ScriptRunner::start() {
    if (session_ == nullptr) {
        session_ = std::make_unique<fix::Session>(config_);
        session_->restore(next_in_, next_out_);
    }
}

void ScriptRunner::feed(const std::string& bytes) {
    const std::size_t step = bytes_at_once_ == 0 ? bytes.size() : bytes_at_once_;
    for (std::size_t at = 0; at < bytes.size(); at += step) {
        buffer_ += bytes.substr(at, step);
        drain();
    }
}

// As the gateway does: read what is whole, give it to the session, perform, then what came early.
void ScriptRunner::drain() {
    while (!session_->reading_paused()) {
        if (session_->early_ready()) {
            session_->on_early(early_, now_, actions_);
            perform();
            continue;
        }
        const fix::ReadResult result = reader_.read({buffer_.data(), buffer_.size()}, message_);
        if (result.status == fix::ReadStatus::incomplete) {
            return;
        }
        const bool oversize = result.status == fix::ReadStatus::oversize;
        if (result.status == fix::ReadStatus::complete) {
            session_->on_message(message_, {}, now_, actions_);
        } else {
            session_->on_garbled(oversize, now_, actions_);
        }
        perform();
        buffer_.erase(0, oversize ? buffer_.size() : result.consumed);
    }
}

void ScriptRunner::perform() {
    bool closed = false;
    const fix::Actions performed = actions_;
    actions_.clear();
    for (const fix::Action& action : performed) {
        const std::string type =
            action.message != nullptr ? std::string(action.message->type()) : std::string("-");
        const std::string about = type + " " + std::to_string(action.arrival.message_number);
        switch (action.kind) {
            case fix::ActionKind::deliver:
                events_.push_back("deliver " + about);
                break;
            case fix::ActionKind::received:
                events_.push_back("received " + about);
                break;
            case fix::ActionKind::business_reject:
                events_.push_back("business_reject " + about);
                break;
            case fix::ActionKind::send: {
                const std::uint64_t number = session_->take_number(now_);
                const std::size_t length = encode_admin(encoder_, {out_.data(), fix::admin_message_max},
                                                        *session_, action, number, now_);
                note_sent(length, number);
                break;
            }
            case fix::ActionKind::resend:
                plan_.request(action.begin, action.end);
                serve_resend();
                break;
            case fix::ActionKind::sequence_moved:
                events_.push_back(std::string("moved ") + name_of(action.reset_cause) + " " +
                                  std::to_string(action.next_in));
                break;
            case fix::ActionKind::logon_attempt:
                events_.push_back(std::string("attempt ") + name_of(action.verdict));
                break;
            case fix::ActionKind::logon_result:
                events_.push_back(std::string("logon ") + name_of(action.verdict));
                break;
            case fix::ActionKind::logged_out:
                events_.push_back(std::string("logged_out ") + name_of(action.logout_cause));
                break;
            case fix::ActionKind::close:
                closed = true;
                break;
            case fix::ActionKind::none:
                broken_ = "an action of no kind";
        }
    }
    if (closed) {
        events_.push_back("closed");
        session_->on_disconnect(risk::LogoutCause::disconnected, actions_);
        buffer_.clear();
        perform();
    }
}

void ScriptRunner::serve_resend() {
    const auto is_application = [this](std::uint64_t number) { return journal_.count(number) != 0; };
    for (auto step = plan_.next(is_application); step.kind != fix::ResendPlan::StepKind::none;
         step = plan_.next(is_application)) {
        if (step.kind == fix::ResendPlan::StepKind::gap_fill) {
            note_sent(encode_gap_fill(encoder_, {out_.data(), fix::admin_message_max}, session_->header(),
                                      step.number, step.new_number, now_.utc_ns),
                      0);
        } else if (step.kind == fix::ResendPlan::StepKind::application) {
            const Sent& sent = journal_[step.number];
            encoder_.begin(out_, session_->header(), sent.type, step.number, now_.utc_ns,
                           {true, fix::parse_time(sent.time).value});
            encoder_.add(58, sent.body);
            note_sent(encoder_.finish(), 0);
        }
    }
}

// An application message of the gateway's: its body is Text (58) here.
void ScriptRunner::send_application(const std::string& type, const std::string& body) {
    const std::uint64_t number = session_->take_number(now_);
    journal_[number] = {type, body, time_text(0)};
    encoder_.begin(out_, session_->header(), type, number, now_.utc_ns);
    encoder_.add(58, body);
    note_sent(encoder_.finish(), number);
}

// Every message of ours must be one for our own Reader, from us, to the peer, now; it is noted without
// what all messages share.
void ScriptRunner::note_sent(std::size_t length, std::uint64_t) {
    fix::Message sent;
    const fix::ReadResult result = reader_.read({out_.data(), length}, sent);
    if (result.status != fix::ReadStatus::complete || result.consumed != length ||
        sent.begin_string() != config_.begin_string || sent.sender() != "BROKER" ||
        sent.target() != "CLIENT" || sent.value(52) != time_text(0)) {
        broken_ = "malformed message sent: " + with_bars(std::string(out_.data(), length));
        return;
    }
    std::string event = "< " + std::string(sent.type()) + " " + std::string(sent.value(34));
    char separator = ' ';
    for (const fix::Field& field : sent.fields()) {
        static constexpr std::uint32_t shared[] = {8, 9, 35, 49, 56, 34, 52, 10};
        if (std::find(std::begin(shared), std::end(shared), field.tag) != std::end(shared)) {
            continue;
        }
        event += separator + std::to_string(field.tag) + "=" + std::string(sent.value(field));
        separator = '|';
    }
    events_.push_back(event);
}

void ScriptRunner::wait(double seconds) {
    const std::int64_t until_ns = now_.monotonic_ns + static_cast<std::int64_t>(seconds * 1e9);
    const auto go_to = [this](std::int64_t monotonic_ns) {
        now_.utc_ns += monotonic_ns - now_.monotonic_ns;
        now_.monotonic_ns = monotonic_ns;
    };
    for (int turns = 0; session_->next_deadline() <= until_ns && turns < 10'000; ++turns) {
        go_to(std::max(now_.monotonic_ns, session_->next_deadline()));
        session_->on_timer(now_, actions_);
        perform();
    }
    go_to(until_ns);
}

std::string ScriptRunner::time_text(std::int64_t offset_ns) const {
    char text[fix::time_text_max];
    fix::TimeWriter writer;
    return {text, writer.write(text, now_.utc_ns + offset_ns, fix::TimeResolution::millis)};
}

// <now>, <now-121>, <now+121>: seconds from the clock's time. `<sent N>`: when N was sent first.
std::string ScriptRunner::expand(std::string text) const {
    for (std::size_t at = text.find('<', 1); at != std::string::npos; at = text.find('<', at + 1)) {
        const std::size_t close = text.find('>', at);
        if (close == std::string::npos) {
            break;
        }
        const std::string inside = text.substr(at + 1, close - at - 1);
        std::string value;
        if (begins_with(inside, "now")) {
            const std::int64_t seconds = inside.size() > 3 ? std::stoll(inside.substr(3)) : 0;
            value = time_text(seconds * fix::second_ns);
        } else if (begins_with(inside, "sent ")) {
            const auto found = journal_.find(std::stoull(inside.substr(5)));
            value = found == journal_.end() ? "never" : found->second.time;
        } else if (begins_with(inside, "repeat ")) {
            value = std::string(std::stoul(inside.substr(7)), 'x');
        } else if (begins_with(inside, "fields ")) {
            const auto [count, field] = split_word(inside.substr(7));
            for (unsigned long i = std::stoul(count); i > 0; --i) {
                value += field + (i > 1 ? "|" : "");
            }
        } else {
            continue;
        }
        text.replace(at, close - at + 1, value);
    }
    return text;
}

// "D 2 55=2330" or "8=FIX.4.4|35=D|...": adds what is not given of 9 and 10, and, in the first form, the
// rest of the header.
std::string ScriptRunner::wire(const std::string& arguments) const {
    std::string text = expand(" " + arguments).substr(1);
    if (!begins_with(text, "8=")) {
        const auto [type, after_type] = split_word(text);
        const auto [number, body] = split_word(after_type);
        std::string header = "8=FIX.4.4|35=" + type + "|49=CLIENT|56=BROKER|34=" + number + "|";
        if (body.find("52=") != 0 && body.find("|52=") == std::string::npos) {
            header += "52=" + time_text(0) + "|";
        }
        text = header + body;
    }
    if (text.back() != '|') {
        text += '|';
    }
    const std::size_t after_begin = text.find('|') + 1;
    const std::string body = text.substr(after_begin);
    std::string whole = text;
    if (!begins_with(body, "9=")) {
        whole = text.substr(0, after_begin) + "9=" + std::to_string(body.size()) + "|" + body;
    }
    whole = with_soh(whole);
    char trailer[8];
    (void)std::snprintf(trailer, sizeof(trailer), "10=%03u", fix::checksum(whole.data(), whole.size()));
    return whole + trailer + fix::soh;
}

}  // namespace fairlead::test
