#include "audit/examine/logins.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "audit/examine/csv.hpp"
#include "audit/examine/replayer.hpp"
#include "audit/examine/teller.hpp"

namespace fairlead::audit {

namespace {

using risk::ControlVerb;
using risk::LogonVerdict;
using risk::RecordKind;
using risk::Sequence;

enum class Side : std::uint8_t { client, venue, control };

struct Event {
    Sequence sequence = 0;
    risk::UtcNs at = 0;
    std::string what;  // login, login_failed, logout, password_change, or the act upon a user
    Side side = Side::client;
    std::uint32_t session = 0;
    std::string user;
    std::string address;
    std::string detail;
    std::string gap;  // empty: none
};

std::string_view name_of(Side side) {
    return side == Side::client ? "client" : side == Side::venue ? "venue" : "control";
}

// Empty: not an act upon a login, password or account.
std::string_view act_of(ControlVerb verb) {
    switch (verb) {
        case ControlVerb::login:
            return "login";
        case ControlVerb::password_change:
            return "password_change";
        case ControlVerb::user_disable:
            return "user_disable";
        case ControlVerb::user_enable:
            return "user_enable";
        case ControlVerb::user_unlock:
            return "user_unlock";
        case ControlVerb::user_reset:
            return "password_reset";
        case ControlVerb::logout:
            return "logout";
        case ControlVerb::user_add:
            return "user_add";
        case ControlVerb::user_set_role:
            return "user_set_role";
        case ControlVerb::totp_enrol:
            return "second_factor_enrol";
        case ControlVerb::totp_confirm:
            return "second_factor_confirm";
        case ControlVerb::totp_remove:
            return "second_factor_remove";
        default:
            return {};
    }
}

std::string address_text(const std::array<std::uint8_t, 16>& address) {
    static constexpr std::array<std::uint8_t, 12> mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    std::array<char, INET6_ADDRSTRLEN> text{};
    const bool v4 = std::equal(mapped.begin(), mapped.end(), address.begin());
    if (address == std::array<std::uint8_t, 16>{}) {
        return {};
    }
    ::inet_ntop(v4 ? AF_INET : AF_INET6, address.data() + (v4 ? 12 : 0), text.data(), text.size());
    return text.data();
}

// What is open, by the number that tells sessions and lines apart.
class LoginBook {
  public:
    // Tells what the record says of logins, if anything.
    template <class Tell>
    void take(const risk::Record& record, Bytes raw, const Tell& tell) {
        Event event;
        event.sequence = record.sequence;
        event.at = record.utc_ns;
        event.session = record.session;
        bool told = false;
        switch (record.kind) {
            case RecordKind::start:
                // Who was logged on then gets a Logout of its own.
                tell_attempts("the gateway ended before it was answered", "", tell);
                attempts_.clear();
                break;
            case RecordKind::logon_attempt:
                attempts_[record.sequence] = as_kind<risk::LogonAttempt>(record);
                break;
            case RecordKind::logon_result:
                told = result(as_kind<risk::LogonResult>(record), event);
                break;
            case RecordKind::logout:
                told = logout(as_kind<risk::Logout>(record), event);
                break;
            case RecordKind::user_event:
            case RecordKind::denied_request:
                told = control(as_kind<risk::ControlEvent>(record), raw, event);
                break;
            default:
                break;
        }
        if (told) {
            tell(event);
        }
    }
    // What the journal's end leaves open: a gap only if the gateway says that it had stopped.
    template <class Tell>
    void close(bool stopped, const Tell& tell) const {
        for (const auto& [key, login] : open_) {
            Event event = login;
            event.what = "logged_on";
            event.detail = "still logged on at the journal's end";
            event.gap = stopped ? "the gateway stopped and no logout is on record" : "";
            tell(event);
        }
        tell_attempts("not answered before the journal's end", stopped ? "no answer is on record" : "", tell);
    }

  private:
    static void fill(const risk::Person& person, bool venue_side, Event& event) {
        event.side = venue_side ? Side::venue : Side::client;
        event.user = person.user.view();
        event.address = address_text(person.address);
    }
    template <class Tell>
    void tell_attempts(const char* detail, const char* gap, const Tell& tell) const {
        for (const auto& [sequence, attempt] : attempts_) {
            Event event;
            fill(attempt.person, attempt.facts.venue_side != 0, event);
            event.sequence = sequence;
            event.at = attempt.record.utc_ns;
            event.session = attempt.record.session;
            event.what = "login_attempt";
            event.detail = detail;
            event.gap = gap;
            tell(event);
        }
    }
    static std::uint64_t key_of(const Event& event) {
        return (std::uint64_t{event.side == Side::venue} << 32) | event.session;
    }

    bool result(const risk::LogonResult& record, Event& event) {
        fill(record.person, record.facts.venue_side != 0, event);
        bool password = false;
        if (const auto asked = attempt_of(record); asked != attempts_.end()) {
            if (event.user.empty()) {
                event.user = asked->second.person.user.view();
            }
            if (event.address.empty()) {
                event.address = address_text(asked->second.person.address);
            }
            password = asked->second.facts.password_change != 0;
            attempts_.erase(asked);
        } else if (record.facts.verdict != LogonVerdict::timed_out) {
            event.gap = "no attempt is on record";
        }
        const bool accepted = record.facts.verdict == LogonVerdict::accepted;
        event.what = accepted ? "login" : "login_failed";
        event.detail = accepted ? (password ? "password changed" : "") : audit::name_of(record.facts.verdict);
        if (accepted) {
            if (const auto before = open_.find(key_of(event)); before != open_.end()) {
                event.gap = "no logout since the login of record " + std::to_string(before->second.sequence);
            }
            open_[key_of(event)] = event;
        }
        return true;
    }

    // A client's answer names its attempt; a venue's is the answer to the attempt on its line.
    std::map<Sequence, risk::LogonAttempt>::iterator attempt_of(const risk::LogonResult& record) {
        if (record.facts.venue_side == 0) {
            return attempts_.find(record.record.cause);
        }
        return std::find_if(attempts_.begin(), attempts_.end(), [&record](const auto& each) {
            const risk::LogonAttempt& attempt = each.second;
            return attempt.facts.venue_side != 0 && attempt.record.session == record.record.session;
        });
    }

    bool logout(const risk::Logout& record, Event& event) {
        fill(record.person, record.facts.venue_side != 0, event);
        event.what = "logout";
        event.detail = audit::name_of(record.facts.cause);
        const auto login = open_.find(key_of(event));
        if (login == open_.end()) {
            event.gap = "no login is on record";
            return true;
        }
        if (event.user.empty()) {
            event.user = login->second.user;
        }
        if (event.address.empty()) {
            event.address = login->second.address;
        }
        open_.erase(login);
        return true;
    }

    static bool control(const risk::ControlEvent& record, Bytes raw, Event& event) {
        const risk::ControlFacts& facts = record.facts;
        const bool bad_credentials = facts.denied == 2;
        const std::string_view act = act_of(facts.verb);
        if (act.empty() && !bad_credentials) {
            return false;
        }
        event.side = Side::control;
        event.user = record.subject.user.view();
        event.what = bad_credentials ? "login_failed" : act;
        if (bad_credentials) {
            event.detail = "unknown user or wrong password";
        } else if (facts.denied != 0) {
            event.detail = facts.denied == 1 ? "refused: no right to it" : "refused: not done";
        }
        if (facts.verb == ControlVerb::login) {
            // Where to: the program that asks for its user says so.
            event.detail += event.detail.empty() || record.subject.reason.empty() ? "" : "; ";
            event.detail += record.subject.reason.view();
        } else if (!raw.empty() && !bad_credentials) {
            event.detail += (event.detail.empty() ? "of " : "; of ") +
                            std::string(reinterpret_cast<const char*>(raw.data()), raw.size());
        }
        return true;
    }

    std::map<Sequence, risk::LogonAttempt> attempts_;
    std::map<std::uint64_t, Event> open_;
};

class Table {
  public:
    Table(const LoginOptions& options, const Sink& sink, LoginsResult& result)
        : options_(options), sink_(sink), result_(result) {
        if (options.format == TableFormat::csv) {
            sink_("time,record,event,side,session,user,address,detail,gap\n");
        } else if (options.format == TableFormat::json) {
            sink_("{\"rows\": [");
        }
    }
    void add(const Event& event) {
        ++result_.by_event[event.what];
        result_.gaps += event.gap.empty() ? 0 : 1;
        if (event.at < options_.from || event.at > options_.to ||
            (!options_.user.empty() && event.user != options_.user)) {
            return;
        }
        if (options_.format == TableFormat::json) {
            json(event);
        } else if (options_.format == TableFormat::csv) {
            sink_(taipei_text(event.at) + "," + std::to_string(event.sequence) + "," + event.what + "," +
                  std::string(name_of(event.side)) + "," + std::to_string(event.session) + "," +
                  csv_cell(event.user) + "," + event.address + "," + csv_cell(event.detail) + "," +
                  csv_cell(event.gap) + "\n");
        } else {
            text(event);
        }
        ++result_.rows;
    }
    void end() {
        if (options_.format == TableFormat::json) {
            sink_("\n], \"gaps\": " + std::to_string(result_.gaps) +
                  ", \"events\": " + nlohmann::json(result_.by_event).dump() + "}\n");
        } else if (options_.format == TableFormat::text) {
            std::string line = "in the whole journal:";
            for (const auto& [what, count] : result_.by_event) {
                line += " " + std::to_string(count) + " " + what + ",";
            }
            sink_(line + " " + std::to_string(result_.gaps) + " gaps\n");
        }
    }

  private:
    void text(const Event& event) {
        std::string line = taipei_text(event.at) + " record " + std::to_string(event.sequence) + " " +
                           event.what + " " + std::string(name_of(event.side));
        if (event.session != 0) {
            line += " " + std::to_string(event.session);
        }
        line += event.user.empty() ? "" : ", " + event.user;
        line += event.address.empty() ? "" : " from " + event.address;
        line += event.detail.empty() ? "" : ": " + event.detail;
        line += event.gap.empty() ? "" : " GAP: " + event.gap;
        sink_(line + "\n");
    }
    void json(const Event& event) {
        const nlohmann::ordered_json row{
            {"time", taipei_text(event.at)}, {"record", event.sequence}, {"event", event.what},
            {"side", name_of(event.side)},   {"session", event.session}, {"user", event.user},
            {"address", event.address},      {"detail", event.detail},   {"gap", event.gap}};
        sink_((result_.rows == 0 ? "\n" : ",\n") + row.dump());
    }

    const LoginOptions& options_;
    const Sink& sink_;
    LoginsResult& result_;
};

}  // namespace

LoginsResult write_logins(const LoginOptions& options, const Sink& sink) {
    LoginsResult result;
    JournalReader reader;
    if (!reader.open(options.place)) {
        result.error = reader.error();
        return result;
    }
    Table table(options, sink, result);
    LoginBook book;
    const auto tell = [&table](const Event& event) { table.add(event); };
    RecordView view;
    RecordStorage storage;
    bool stopped = false;
    ReadStatus status = ReadStatus::record;
    while ((status = reader.next(view)) == ReadStatus::record) {
        const risk::Record* record = materialize(view, storage);
        if (record == nullptr) {
            result.error = "record " + std::to_string(view.header.sequence) +
                           ": facts or person have not the size of their type: run verify";
            break;
        }
        stopped = record->kind == RecordKind::stop;
        book.take(*record, view.section(SectionKind::received), tell);
    }
    if (status == ReadStatus::damaged) {
        result.error = reader.error();
    }
    book.close(stopped, tell);
    table.end();
    return result;
}

}  // namespace fairlead::audit
