// QuickFixClient: a stock QuickFIX initiator for end-to-end tests: logs on, trades, waits for reports.
// Not part of any program. This header reads as C++14 and names nothing of QuickFIX (its own headers
// compile as C++14 only), so tests in C++20 may include it.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace fairlead {
namespace tests {

using Tag = int;
using Fields = std::vector<std::pair<Tag, std::string>>;

struct QuickFixOptions {
    std::string host = "127.0.0.1";
    int port = 0;
    std::string source_host;      // our own address, e.g. 127.0.0.2; empty = the system's choice
    std::string sender;           // our SenderCompID
    std::string target;           // the gateway's CompID
    std::string user;             // Username (553), empty = not sent
    std::string password;         // Password (554), empty = not sent
    Fields logon_fields;          // further fields of the Logon, e.g. RawData for a venue line
    std::string dictionary;       // path of the data dictionary; empty = no validation
    std::string store_directory;  // keeps numbers over destruction; empty = in memory, over reconnects only
    int heartbeat_seconds = 30;
    bool reset_on_logon = false;
};

// One message as received, application or session level.
struct ReceivedMessage {
    std::string type;  // 35
    std::string text;  // the whole message, fields ended by SOH

    bool has(Tag tag) const;
    std::string field(Tag tag) const;  // empty when absent
};

// What an order says; text fields are sent as they are, so that bad ones can be sent too.
struct OrderFields {
    std::string client_order_id;           // 11
    std::string original_client_order_id;  // 41, replace and cancel
    std::string account;                   // 1, empty = not sent
    std::string symbol;                    // 55
    std::string side = "1";                // 54
    std::string quantity;                  // 38, empty = not sent
    std::string price;                     // 44, empty = not sent
    std::string order_type = "2";          // 40
    std::string time_in_force;             // 59, empty = not sent
    Fields more;                           // any other field, or one above again to replace it
};

class QuickFixClient {
  public:
    explicit QuickFixClient(const QuickFixOptions& options);  // throws std::runtime_error on bad options
    ~QuickFixClient();                                        // logs out
    QuickFixClient(const QuickFixClient&) = delete;
    QuickFixClient& operator=(const QuickFixClient&) = delete;

    // Connecting, and connecting again after a loss, goes on by itself once a second until log_out.
    void connect();
    bool wait_logged_on(int timeout_ms = 5000) const;
    bool wait_logged_out(int timeout_ms = 5000) const;
    bool logged_on() const;
    void log_out();  // Logout, then no more connecting until `connect`
    // Breaks the TCP connection without Logout; reconnects by itself. Without `source_host` it breaks
    // every connection of this process to that port.
    void drop_connection();

    // True: handed to the session (it is stored and sent again on request if the line is down).
    bool send_new(const OrderFields& order);                                                    // D
    bool send_replace(const OrderFields& order);                                                // G
    bool send_cancel(const OrderFields& order);                                                 // F
    bool send_status(const OrderFields& order);                                                 // H
    bool send_mass_cancel(const std::string& client_order_id, const std::string& symbol = "");  // q
    bool send(const std::string& message_type, const Fields& body);

    using Predicate = std::function<bool(const ReceivedMessage&)>;

    // The first message at place `from` or later that fits, waiting for it at most timeout_ms.
    // `found` may be null; `place` becomes its place, to go on from.
    bool wait(const Predicate& predicate, ReceivedMessage* found = nullptr, int timeout_ms = 5000,
              std::size_t from = 0, std::size_t* place = nullptr) const;
    // An ExecutionReport of this ClOrdID with this ExecType (150).
    bool wait_report(const std::string& client_order_id, const std::string& exec_type,
                     ReceivedMessage* found = nullptr, int timeout_ms = 5000, std::size_t from = 0) const;
    // The first answer of any kind (8, 9, r, j) naming this ClOrdID (11, or 379 of a j).
    bool wait_answer(const std::string& client_order_id, ReceivedMessage* found = nullptr,
                     int timeout_ms = 5000, std::size_t from = 0) const;

    std::vector<ReceivedMessage> received() const;  // application and session messages, in order
    std::size_t received_count() const;
    // Rejects (3) and BusinessMessageRejects (j) this client sent: it found our messages at fault.
    std::vector<ReceivedMessage> rejects_sent() const;

    int next_outgoing_number() const;
    int next_incoming_number() const;
    void set_next_outgoing_number(int number);
    void set_next_incoming_number(int number);

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

// Checks messages against a data dictionary as a stock client does.
class QuickFixValidator {
  public:
    explicit QuickFixValidator(const std::string& dictionary);  // throws std::runtime_error
    ~QuickFixValidator();
    QuickFixValidator(const QuickFixValidator&) = delete;
    QuickFixValidator& operator=(const QuickFixValidator&) = delete;

    // Empty: accepted. Otherwise what QuickFIX says is wrong (framing, checksum, fields, values).
    std::string check(const std::string& message) const;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

// A message as QuickFIX writes it: header (8 9 35 49 56 34 52), body, checksum.
std::string build_with_quickfix(const std::string& message_type, const std::string& sender,
                                const std::string& target, int number, const Fields& body);

}  // namespace tests
}  // namespace fairlead
