// The fault language: a table of verbs with the form of their arguments.
#include "bench/exchange/faults.hpp"

#include <array>
#include <charconv>

namespace fairlead::exchange {
namespace {

// Of an argument: n a whole number, c a count ("always" too), s a switch (on, off), w any word,
// t the rest of the line; a '?' behind it: may be left out.
struct Verb {
    std::string_view name;
    std::array<std::string_view, 2> forms;
};
constexpr Verb verbs[] = {
    {"delay-acks", {"n", ""}},       {"delay-fills", {"n", ""}},
    {"drop-acks", {"c", ""}},        {"drop-fills", {"c", ""}},
    {"duplicate", {"c", ""}},        {"cut-quantity", {"n", "c?"}},
    {"reject", {"n", "c?"}},         {"disconnect-before", {"n", ""}},
    {"disconnect-after", {"n", ""}}, {"rate", {"n", ""}},
    {"fill-before-ack", {"s", ""}},  {"stop-reading", {"s", ""}},
    {"refuse-logon", {"w", ""}},     {"clear", {"", ""}},
    {"disconnect", {"w?", ""}},      {"cancel-unasked", {"w", ""}},
    {"forget", {"w", ""}},           {"log-out", {"t?", ""}},
    {"skip-numbers", {"n", ""}},     {"expect-number", {"n", ""}},
    {"ask-resend-all", {"", ""}},    {"fill", {"w", "n?"}},
};

bool whole(std::string_view text, std::uint64_t& into) {
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), into);
    return problem == std::errc{} && end == text.data() + text.size() && into <= 1'000'000'000;
}

bool fits(std::string_view form, std::string_view word) {
    std::uint64_t number = 0;
    switch (form.front()) {
        case 'n':
            return whole(word, number);
        case 'c':
            return word == "always" || whole(word, number);
        case 's':
            return word == "on" || word == "off";
        default:
            return true;
    }
}

std::string_view rule(std::string_view form) {
    switch (form.front()) {
        case 'n':
            return "a whole number from 0 to 1000000000";
        case 'c':
            return "a whole number or \"always\"";
        case 's':
            return "\"on\" or \"off\"";
        default:
            return "a word";
    }
}

std::uint64_t number_of(const FaultCommand& command, std::size_t at, std::uint64_t otherwise = 0) {
    std::uint64_t number = otherwise;
    if (at < command.arguments.size()) {
        number = 0;
        if (command.arguments[at] == "always") {
            number = always;
        } else if (!whole(command.arguments[at], number)) {
            number = otherwise;
        }
    }
    return number;
}

std::string_view next_word(std::string_view& rest) {
    const std::size_t from = rest.find_first_not_of(" \t\r\n");
    rest.remove_prefix(from == std::string_view::npos ? rest.size() : from);
    const std::string_view word = rest.substr(0, rest.find_first_of(" \t\r\n"));
    rest.remove_prefix(word.size());
    return word;
}

void read_arguments(const Verb& verb, std::string_view rest, FaultCommand& command) {
    for (const std::string_view form : verb.forms) {
        if (form.empty()) {
            break;
        }
        std::string word(next_word(rest));
        if (form.front() == 't') {
            word += rest;
            rest = {};
        }
        if (word.empty()) {
            if (form.back() != '?') {
                command.error =
                    command.verb + ": an argument is missing, it must be " + std::string(rule(form));
            }
            return;
        }
        if (!fits(form, word)) {
            command.error = command.verb + ": \"" + word + "\" must be " + std::string(rule(form));
            return;
        }
        command.arguments.push_back(word);
    }
    if (const std::string_view more = next_word(rest); !more.empty()) {
        command.error = command.verb + ": \"" + std::string(more) + "\" is one argument too many";
    }
}

}  // namespace

const std::string_view fault_help =
    "LINE (a SenderCompID, or all) then one of:\n"
    "  delay-acks MS            answers to commands wait\n"
    "  delay-fills MS           fills and other reports nobody asked for wait\n"
    "  drop-acks N|always       the next N answers are never sent\n"
    "  drop-fills N|always      the same for fills\n"
    "  duplicate N|always       the next N reports are sent twice\n"
    "  cut-quantity UNITS [N]   accept so many units less of the next N orders (default 1), code 0031\n"
    "  reject CODE [N]          refuse the next N commands (default 1) with this code\n"
    "  disconnect [reset]       cut now, by FIN or by RST\n"
    "  disconnect-before N      cut on reading the Nth command from now; it is not acted upon\n"
    "  disconnect-after N       cut after acting on the Nth command from now, before its answer\n"
    "  cancel-unasked last|all|NUMBER   cancel orders of the line nobody asked to cancel\n"
    "  fill last|NUMBER [SHARES]        somebody else takes so much of a resting order; default all\n"
    "  forget last|NUMBER       the order is gone; status answers 0005\n"
    "  fill-before-ack on|off   the fills of a command go out before its answer\n"
    "  stop-reading on|off      read nothing more from the line\n"
    "  refuse-logon CODE|off    answer logons with this status, e.g. 86\n"
    "  rate N                   refuse commands beyond N a second with 0089; 0 = no limit\n"
    "  log-out [TEXT]           say Logout\n"
    "  skip-numbers N           leave a gap in our message numbers\n"
    "  expect-number N          believe the peer's next message number is N\n"
    "  ask-resend-all           send a ResendRequest from 1 to the last\n"
    "  clear                    no standing fault any more\n";

FaultCommand parse_fault(std::string_view text) {
    FaultCommand command;
    command.line = next_word(text);
    command.verb = next_word(text);
    if (command.line.empty() || command.verb.empty()) {
        command.error = "a fault is \"LINE VERB ARGUMENTS\"";
        return command;
    }
    for (const Verb& verb : verbs) {
        if (verb.name == command.verb) {
            read_arguments(verb, text, command);
            return command;
        }
    }
    command.error = "\"" + command.verb + "\" is no fault this program knows";
    return command;
}

bool set_fault(const FaultCommand& command, LineFaults& faults) {
    constexpr std::int64_t ns_per_ms = 1'000'000;
    const std::string& verb = command.verb;
    const std::uint64_t first = number_of(command, 0);
    const std::string word = command.arguments.empty() ? std::string() : command.arguments.front();
    if (verb == "delay-acks") {
        faults.delay_acks_ns = static_cast<std::int64_t>(first) * ns_per_ms;
    } else if (verb == "delay-fills") {
        faults.delay_fills_ns = static_cast<std::int64_t>(first) * ns_per_ms;
    } else if (verb == "drop-acks") {
        faults.drop_acks = first;
    } else if (verb == "drop-fills") {
        faults.drop_fills = first;
    } else if (verb == "duplicate") {
        faults.duplicate = first;
    } else if (verb == "cut-quantity") {
        faults.cut_units = static_cast<std::int64_t>(first);
        faults.cut_count = number_of(command, 1, 1);
    } else if (verb == "reject") {
        faults.reject_code = static_cast<std::uint16_t>(first % 1000);
        faults.reject_count = number_of(command, 1, 1);
    } else if (verb == "disconnect-before") {
        faults.disconnect_before = first;
    } else if (verb == "disconnect-after") {
        faults.disconnect_after = first;
    } else if (verb == "rate") {
        faults.rate_per_second = static_cast<std::uint32_t>(first);
    } else if (verb == "fill-before-ack") {
        faults.fill_before_ack = word == "on";
    } else if (verb == "stop-reading") {
        faults.stop_reading = word == "on";
    } else if (verb == "refuse-logon") {
        faults.refuse_logon = word == "off" ? std::string() : word;
    } else if (verb == "clear") {
        faults = LineFaults{};
    } else {
        return false;
    }
    return true;
}

}  // namespace fairlead::exchange
