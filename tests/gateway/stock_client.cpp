// stock_client: a client program as clients have it, on stock QuickFIX and the published data dictionary,
// against a running gateway. Not a load generator. tests/gateway/stock_client_test.py runs its phases:
//   first    trades through every answer there is, then waits to be stopped with an order resting
//   counter  another client, who trades with that order meanwhile
//   again    continues the first one's session after the gateway was killed
//   password changes a password at Logon
//   expired  logs on with an old password, and outside the hours of a session
// usage: stock_client PORT PHASE STORE_DIRECTORY. One line for each step proved; exit 0 if all held.
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <set>
#include <stdexcept>
#include <string>

#include "tests/orders/quickfix_client.hpp"

namespace fairlead::tests {
namespace {

// From the demo's data: 2002 is a stock of reference price 22.8, its tick there is 0.05. The first account
// may give orders of 3,000,000 NTD at most; the other one, of another investor, holds 5,500 shares of it.
constexpr const char* account = "8610-0000017";
constexpr const char* other_account = "8610-0000056";
constexpr const char* symbol = "2002";
constexpr int answer_wait_ms = 60'000;

void require(bool held, const std::string& step, const std::string& detail = "") {
    std::string shown = detail;
    for (char& letter : shown) {
        letter = letter == '\x01' ? '|' : letter;
    }
    if (!held) {
        throw std::runtime_error(step + ": " + shown);
    }
}

void proved(const std::string& step) {
    std::printf("%s\n", step.c_str());
    std::fflush(stdout);
}

QuickFixOptions options_for(int port, const std::string& number, const std::string& store_directory) {
    QuickFixOptions options;
    options.port = port;
    options.sender = "CLIENT" + number;
    options.target = "FAIRLEAD";
    options.user = "client" + number;
    options.password = "demo-client" + number;
    options.dictionary = FAIRLEAD_CLIENT_DICTIONARY;
    options.store_directory = store_directory;
    return options;
}

OrderFields order_of(const std::string& client_order_id, const std::string& quantity,
                     const std::string& price) {
    OrderFields order;
    order.client_order_id = client_order_id;
    order.account = account;
    order.symbol = symbol;
    order.quantity = quantity;
    order.price = price;
    return order;
}

OrderFields follow_up(const std::string& client_order_id, const std::string& original,
                      const std::string& quantity = "", const std::string& price = "") {
    OrderFields order = order_of(client_order_id, quantity, price);
    order.original_client_order_id = original;
    return order;
}

// The report of this command with this ExecType; its OrdStatus must be the one given.
ReceivedMessage report(const QuickFixClient& client, const std::string& step, const std::string& id,
                       const std::string& exec_type, const std::string& status, std::size_t from = 0) {
    ReceivedMessage found;
    if (!client.wait_report(id, exec_type, &found, answer_wait_ms, from)) {
        ReceivedMessage instead;
        client.wait_answer(id, &instead, 0);
        require(false, step, "no report " + exec_type + " of " + id + "; its first answer: " + instead.text);
    }
    require(found.field(39) == status, step, "OrdStatus is not " + status + ": " + found.text);
    return found;
}

ReceivedMessage cancel_reject(const QuickFixClient& client, const std::string& step, const std::string& id) {
    ReceivedMessage found;
    require(client.wait_answer(id, &found, answer_wait_ms), step, "no answer to " + id);
    require(found.type == "9", step, "not an OrderCancelReject: " + found.text);
    return found;
}

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

void place(QuickFixClient& client, const std::string& step, const OrderFields& order) {
    require(client.send_new(order), step, "not sent");
    const ReceivedMessage working = report(client, step, order.client_order_id, "0", "0");
    require(working.field(37).size() == 12, step, working.text);
    require(working.field(151) == order.quantity && !working.field(198).empty(), step, working.text);
}

void log_on(QuickFixClient& client, const std::string& step) {
    client.connect();
    require(client.wait_logged_on(answer_wait_ms), step, "no logon");
}

// Every ExecID of a thing that happened is there once; those of an earlier phase, in the file, do not
// come again either.
void require_nothing_doubled(const QuickFixClient& client, std::set<std::string> seen) {
    for (const ReceivedMessage& message : client.received()) {
        if (message.type == "8" && message.field(17) != "0") {
            require(seen.insert(message.field(17)).second, "nothing comes twice", message.text);
        }
    }
}

// MsgSeqNum of everything received counts up from 1 and nothing is sent again; the last number.
int require_numbers_without_gap(const QuickFixClient& client, const std::string& step) {
    int last = 0;
    for (const ReceivedMessage& message : client.received()) {
        require(message.field(34) == std::to_string(++last) && !message.has(43), step, message.text);
    }
    return last;
}

void require_all_valid(const QuickFixClient& client) {
    const auto rejects = client.rejects_sent();
    require(rejects.empty(), "the dictionary accepts everything the gateway sends",
            rejects.empty() ? "" : rejects.front().text);
    for (const ReceivedMessage& message : client.received()) {
        require(message.type != "3", "the gateway accepts everything the client sends", message.text);
    }
}

void wrong_password_is_refused(int port) {
    const std::string step = "a wrong password is refused without detail";
    QuickFixOptions options = options_for(port, "02", "");
    options.password = "demo-client01";
    QuickFixClient client(options);
    client.connect();
    require(!client.wait_logged_on(2500), step, "logged on");
    for (const ReceivedMessage& message : client.received()) {
        require(message.type == "5", step, "not a Logout: " + message.text);
        require(!contains(message.field(58), "password") && !contains(message.field(58), "user"), step,
                message.text);
    }
    client.log_out();
    proved(step);
}

void refusals(QuickFixClient& client) {
    std::string step = "an order over the limit is refused, naming the limit";
    client.send_new(order_of("limit-1", "200000", "22.5"));
    ReceivedMessage found = report(client, step, "limit-1", "8", "8");
    require(found.field(103) == "3" && found.field(10006) == "60", step, found.text);
    require(contains(found.field(58), "account limit 3,000,000"), step, found.text);
    proved(step);

    step = "a price off the tick is refused";
    client.send_new(order_of("tick-1", "1000", "22.51"));
    found = report(client, step, "tick-1", "8", "8");
    require(found.field(103) == "99" && found.field(10006) == "55", step, found.text);
    require(contains(found.field(58), "price 22.51"), step, found.text);
    proved(step);

    step = "a ClOrdID used before is refused";
    const std::size_t from = client.received_count();
    client.send_new(order_of("life-1", "1000", "22.5"));
    found = report(client, step, "life-1", "8", "8", from);
    require(found.field(103) == "6" && found.field(10006) == "72", step, found.text);
    proved(step);
}

// One order through replace and cancel.
void amend_and_cancel(QuickFixClient& client) {
    std::string step = "a new order works at the venue";
    place(client, step, order_of("life-1", "3000", "22"));
    proved(step);

    step = "a replace of the price is taken";
    client.send_replace(follow_up("life-2", "life-1", "3000", "22.1"));
    ReceivedMessage found = report(client, step, "life-2", "5", "0");
    require(found.field(44) == "22.1" && found.field(38) == "3000" && found.field(41) == "life-1", step,
            found.text);
    proved(step);

    step = "a replace of the quantity down is taken";
    client.send_replace(follow_up("life-3", "life-2", "2000", "22.1"));
    found = report(client, step, "life-3", "5", "0");
    require(found.field(44) == "22.1" && found.field(38) == "2000" && found.field(151) == "2000", step,
            found.text);
    proved(step);

    step = "a replace of price and quantity is refused";
    client.send_replace(follow_up("life-4", "life-3", "1000", "22.2"));
    found = cancel_reject(client, step, "life-4");
    require(found.field(434) == "2" && found.field(39) == "0" && !found.field(58).empty(), step, found.text);
    proved(step);

    step = "the status of an order is told";
    OrderFields asked = order_of("life-3", "", "");
    asked.account.clear();
    asked.order_type.clear();
    asked.more = {{790, "ask-1"}};
    client.send_status(asked);
    found = report(client, step, "life-3", "I", "0");
    require(found.field(790) == "ask-1" && found.field(151) == "2000" && found.field(44) == "22.1", step,
            found.text);
    proved(step);

    step = "a cancel is taken";
    client.send_cancel(follow_up("life-5", "life-3"));
    found = report(client, step, "life-5", "4", "4");
    require(found.field(151) == "0" && found.field(14) == "0", step, found.text);
    proved(step);

    step = "a cancel of an order that has ended is refused";
    client.send_cancel(follow_up("life-6", "life-5"));
    found = cancel_reject(client, step, "life-6");
    require(found.field(434) == "1" && found.field(102) == "0", step, found.text);
    proved(step);
}

void mass_cancel(QuickFixClient& client, const std::string& prefix) {
    const std::string step = "a mass cancel ends every open order of the session";
    place(client, step, order_of(prefix + "1", "1000", "21.5"));
    place(client, step, order_of(prefix + "2", "1000", "21.6"));
    const std::size_t from = client.received_count();
    client.send_mass_cancel(prefix + "all");
    ReceivedMessage found;
    require(client.wait([](const ReceivedMessage& message) { return message.type == "r"; }, &found,
                        answer_wait_ms, from),
            step, "no OrderMassCancelReport");
    require(found.field(531) == "7" && found.field(11) == prefix + "all", step, found.text);
    for (const char* price : {"21.5", "21.6"}) {
        const auto ended = [&](const ReceivedMessage& message) {
            return message.type == "8" && message.field(150) == "4" && message.field(44) == price;
        };
        require(client.wait(ended, &found, answer_wait_ms, from), step, std::string("open at ") + price);
    }
    proved(step);
}

// Sells to whoever buys at that price.
void sell(QuickFixClient& seller, const std::string& step, const std::string& id, const std::string& price) {
    OrderFields order = order_of(id, "1000", price);
    order.account = other_account;
    order.side = "2";
    require(seller.send_new(order), step, "not sent");
    const ReceivedMessage fill = report(seller, step, id, "F", "2");
    require(fill.field(32) == "1000" && fill.field(31) == price && fill.field(151) == "0", step, fill.text);
}

void fill(QuickFixClient& client, int port) {
    const std::string step = "an order is filled at its price";
    place(client, step, order_of("fill-1", "1000", "22.5"));
    QuickFixClient seller(options_for(port, "09", ""));
    log_on(seller, step);
    sell(seller, step, "sell-1", "22.5");
    const ReceivedMessage found = report(client, step, "fill-1", "F", "2");
    require(found.field(32) == "1000" && found.field(31) == "22.5" && found.field(14) == "1000", step,
            found.text);
    seller.log_out();
    require_all_valid(seller);
    proved(step);
}

void run_first(int port, const std::string& store_directory) {
    wrong_password_is_refused(port);
    QuickFixClient client(options_for(port, "01", store_directory));
    log_on(client, "log on");
    proved("log on");
    amend_and_cancel(client);
    refusals(client);
    fill(client, port);
    mass_cancel(client, "mass-");

    const std::string step = "logged out and on again, numbers continue on both sides";
    const int outgoing = client.next_outgoing_number();
    client.log_out();
    require(client.wait_logged_out(answer_wait_ms), step, "no Logout");
    log_on(client, step);
    require(client.next_outgoing_number() == outgoing + 2, step, "outgoing");  // Logout, Logon
    place(client, step, order_of("rest-1", "3000", "22.3"));
    const int received = require_numbers_without_gap(client, step);
    // A message is handed over before the store counts it.
    for (int tries = 0; tries < 1000 && client.next_incoming_number() != received + 1; ++tries) {
        ::usleep(10000);
    }
    require(client.next_incoming_number() == received + 1, step, "incoming");
    proved(step);

    require_all_valid(client);
    require_nothing_doubled(client, {});
    proved("the dictionary accepts everything; nothing came twice");
    std::ofstream exec_ids(store_directory + "/exec_ids");
    for (const ReceivedMessage& message : client.received()) {
        if (message.type == "8" && message.field(17) != "0") {
            exec_ids << message.field(17) << '\n';
        }
    }
    exec_ids.close();
    proved("ready to be stopped");
    for (;;) {
        ::pause();
    }
}

// Both sells meet the resting order of a client that cannot read now. The line's reports come in order, so
// once the second is answered the gateway has sent that client at least its first fill.
void run_counter(int port) {
    QuickFixClient seller(options_for(port, "05", ""));
    log_on(seller, "the other client logs on");
    sell(seller, "the other client trades", "sell-2", "22.3");
    sell(seller, "the other client trades", "sell-3", "22.3");
    seller.log_out();
    require_all_valid(seller);
    proved("another client has traded twice with the order of the one that cannot read");
}

void run_again(int port, const std::string& store_directory) {
    std::set<std::string> seen;
    std::ifstream exec_ids(store_directory + "/exec_ids");
    for (std::string one; exec_ids >> one;) {
        seen.insert(one);
    }
    require(!seen.empty(), "the first phase was here", store_directory);
    QuickFixClient client(options_for(port, "01", store_directory));
    std::string step = "after the gateway was killed, numbers continue on both sides";
    const int outgoing = client.next_outgoing_number();
    const int incoming = client.next_incoming_number();
    log_on(client, step);
    const auto is_logon = [](const ReceivedMessage& message) { return message.type == "A"; };
    ReceivedMessage logon;
    require(client.wait(is_logon, &logon, answer_wait_ms), step, "no Logon kept");
    require(logon.field(141) != "Y", step, logon.text);
    require(std::atoi(logon.field(34).c_str()) > incoming, step, "nothing was missed: " + logon.text);
    require(client.next_outgoing_number() >= outgoing + 1, step, "outgoing");
    proved(step);

    step = "what was missed comes by resend with PossDup";
    ReceivedMessage found;
    const auto both_filled = [](const ReceivedMessage& message) {
        return message.type == "8" && message.field(150) == "F" && message.field(14) == "2000";
    };
    require(client.wait(both_filled, &found, answer_wait_ms), step, "no second fill");
    require(found.field(151) == "1000" && found.field(39) == "1", step, found.text);
    report(client, step, "rest-1", "F", "1");
    std::size_t fills = 0;
    std::size_t repeated = 0;
    for (const ReceivedMessage& message : client.received()) {
        const bool is_fill = message.type == "8" && message.field(150) == "F";
        fills += is_fill ? 1 : 0;
        repeated += is_fill && message.field(43) == "Y" && message.has(122) ? 1 : 0;
    }
    require(fills == 2 && repeated >= 1, step,
            std::to_string(fills) + " fills, " + std::to_string(repeated) + " with PossDup");
    proved(step);

    step = "the restarted gateway knows the ClOrdIDs of before";
    std::size_t from = client.received_count();
    client.send_new(order_of("fill-1", "1000", "22"));
    found = report(client, step, "fill-1", "8", "8", from);
    require(found.field(103) == "6", step, found.text);
    proved(step);

    step = "the order of before the kill can be repriced and cancelled";
    client.send_replace(follow_up("rest-2", "rest-1", "3000", "22.2"));
    found = report(client, step, "rest-2", "5", "1");
    require(found.field(44) == "22.2" && found.field(151) == "1000", step, found.text);
    client.send_cancel(follow_up("rest-3", "rest-2"));
    found = report(client, step, "rest-3", "4", "4");
    require(found.field(14) == "2000" && found.field(151) == "0", step, found.text);
    proved(step);

    mass_cancel(client, "more-");
    require_all_valid(client);
    require_nothing_doubled(client, seen);
    client.log_out();
    require(client.wait_logged_out(answer_wait_ms), "log out", "no Logout");
    proved("logged out; the dictionary accepted everything; nothing came twice");
}

// One Logon, perhaps with a NewPassword (925): accepted, or refused with a Text that holds `why`.
void attempt(int port, const std::string& store, const std::string& number, const std::string& password,
             const std::string& new_password, const std::string& why, const std::string& step) {
    QuickFixOptions options = options_for(port, number, store);
    options.password = password;
    if (!new_password.empty()) {
        options.logon_fields = {{925, new_password}};
    }
    QuickFixClient client(options);
    client.connect();
    ReceivedMessage answer;
    const auto is_verdict = [](const ReceivedMessage& message) {
        return message.type == "A" || message.type == "5";
    };
    require(client.wait(is_verdict, &answer, answer_wait_ms), step, "no answer");
    require(answer.type == (why.empty() ? "A" : "5") && contains(answer.field(58), why), step, answer.text);
    client.log_out();
    require_all_valid(client);
    proved(step);
}

void run_password(int port, const std::string& store) {
    const std::string chosen = "Correct-Horse-9";
    attempt(port, store, "03", "demo-client03", "short", "12 to 128", "a new password too short is refused");
    attempt(port, store, "03", "wrong", "short", "Logon refused", "a wrong password is told nothing");
    attempt(port, store, "03", "demo-client03", chosen, "", "a new password is taken");
    attempt(port, store, "03", "demo-client03", "", "Logon refused", "the old password is none any more");
    attempt(port, store, "03", chosen, "", "", "the new password logs on");
    attempt(port, store, "03", chosen, "Other-Horse-77", "24 hours", "it cannot be changed again at once");
}

// The second run of the gateway: client04's password is old, client05 comes outside its hours.
void run_expired(int port, const std::string& store) {
    attempt(port, store, "03", "Correct-Horse-9", "", "", "the new password holds after a restart");
    attempt(port, store, "04", "demo-client04", "", "expired", "an expired password does not log on");
    attempt(port, store, "04", "demo-client04", "Correct-Horse-8", "", "an expired password can be changed");
    attempt(port, store, "05", "demo-client05", "", "outside the hours", "outside its hours none logs on");
}

// Two persons have booked the bust of a fill of this client while it was away, and corrected another.
void run_bust(int port, const std::string& store_directory) {
    QuickFixClient client(options_for(port, "01", store_directory));
    const std::string step =
        "a bust and a correction booked by two persons are told with the fill they are about";
    log_on(client, step);
    const auto adjusted = [&](const char* exec_type) {
        ReceivedMessage found;
        require(client.wait(
                    [exec_type](const ReceivedMessage& message) {
                        return message.type == "8" && message.field(150) == exec_type;
                    },
                    &found, answer_wait_ms),
                step, std::string("no report with ExecType ") + exec_type);
        std::ifstream exec_ids(store_directory + "/exec_ids");
        bool known = false;
        for (std::string one; exec_ids >> one;) {
            known = known || one == found.field(19);
        }
        require(found.field(19).size() == 12 && found.field(19) != found.field(17), step, found.text);
        require(known || exec_type[0] == 'G', step, "ExecRefID is no ExecID of before: " + found.text);
        return found;
    };
    const ReceivedMessage corrected = adjusted("G");
    require(corrected.field(31) == "22.45" && corrected.field(32) == "1000", step, corrected.text);
    const ReceivedMessage bust = adjusted("H");
    require(bust.field(14) == "0" && bust.field(151) == "0" && bust.field(38) == "0", step, bust.text);
    client.log_out();
    require_all_valid(client);
    proved(step);
}

int run(int argc, char** argv) {
    const std::string phase = argc == 4 ? argv[2] : "";
    const int port = argc == 4 ? std::atoi(argv[1]) : 0;
    try {
        if (phase == "first") {
            run_first(port, argv[3]);
        } else if (phase == "counter") {
            run_counter(port);
        } else if (phase == "again") {
            run_again(port, argv[3]);
        } else if (phase == "bust") {
            run_bust(port, argv[3]);
        } else if (phase == "password") {
            run_password(port, argv[3]);
        } else if (phase == "expired") {
            run_expired(port, argv[3]);
        } else {
            std::fprintf(
                stderr,
                "usage: stock_client PORT first|counter|again|bust|password|expired STORE_DIRECTORY\n");
            return 2;
        }
    } catch (const std::exception& error) {
        std::fprintf(stderr, "NOT PROVED: %s\n", error.what());
        return 1;
    }
    return 0;
}

}  // namespace
}  // namespace fairlead::tests

int main(int argc, char** argv) {
    return fairlead::tests::run(argc, argv);
}
