// LineServer: one order line of the exchange stand-in, a QuickFIX acceptor on its own port (on every
// address of the machine, as QuickFIX listens) and thread. It carries sessions and messages; it decides
// nothing about orders. This header reads as C++14 and names nothing of QuickFIX, whose headers compile
// as C++14 only. Used by Exchange.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace fairlead {
namespace exchange {

struct LineServerOptions {
    std::string sender_comp_id;   // the broker's: T8610H3
    std::string target_comp_id;   // ours: XTAI or ROCO
    int port = 0;                 // 0: any; see LineServer::port
    std::string store_directory;  // keeps numbers over restarts; empty = in memory
};

// A D, G, F or H as received; empty text = field absent.
struct OrderMessage {
    char type = '\0';
    std::uint64_t message_number = 0;
    bool poss_resend = false;
    std::string branch;                    // 50
    std::string ap_code;                   // 57
    std::string client_order_id;           // 11
    std::string original_client_order_id;  // 41
    std::string order_number;              // 37
    std::string account;                   // 1
    std::string symbol;                    // 55
    std::string side;                      // 54
    std::string quantity;                  // 38
    std::string order_type;                // 40
    std::string price;                     // 44
    std::string time_in_force;             // 59
    std::string transact_time;             // 60
    std::string channel;                   // 10000
    std::string credit_type;               // 10001
    std::string exchange_code;             // 10002
    std::string check_age;                 // 10004
};

struct OutMessage {
    char type = '\0';
    std::string sender_sub_id;  // 50 of the answer: the AP-CODE
    std::string target_sub_id;  // 57 of the answer: the branch
    std::vector<std::pair<int, std::string>> fields;
};

// What a line tells. Called on the line's thread; `on_raw` also on a thread that sends.
class LineEvents {
  public:
    virtual ~LineEvents() = default;
    // Every message, session messages too, as close to the socket as QuickFIX lets one be.
    virtual void on_raw(bool incoming, const std::string& text) = 0;
    // Called before a message is looked at; to block here is to stop reading.
    virtual void before_message() = 0;
    // A refusal text ("02-KEY-VALUE ERROR"), or empty to accept.
    virtual std::string on_logon(const std::string& raw_data_length, const std::string& raw_data) = 0;
    virtual void on_logged_on() = 0;
    virtual void on_logged_out() = 0;
    virtual void on_order(const OrderMessage& message) = 0;
    virtual void on_unserved(const std::string& message_type, std::uint64_t message_number) = 0;
    virtual void on_note(const std::string& text) = 0;
};

class LineServer {
  public:
    // Throws std::runtime_error when the port or the store cannot be had.
    LineServer(const LineServerOptions& options, LineEvents& events);
    ~LineServer();
    LineServer(const LineServer&) = delete;
    LineServer& operator=(const LineServer&) = delete;

    void start();
    void stop();  // logs out, then ends the thread
    [[nodiscard]] int port() const;

    // From any thread. False: the line is down; the message has its number and goes out on a resend.
    bool send(const OutMessage& message);
    void log_out(const std::string& text);
    // Breaks the connection without a word; with `reset`, by RST.
    void cut(bool reset);
    // The next outgoing number goes up by `count`: the peer sees a gap.
    void skip_numbers(int count);
    void ask_resend_all();
    [[nodiscard]] int next_outgoing() const;
    [[nodiscard]] int next_incoming() const;
    void set_next_incoming(int number);

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace exchange
}  // namespace fairlead
