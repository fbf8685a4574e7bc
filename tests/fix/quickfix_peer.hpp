// QuickfixPeer: a stock QuickFIX session without sockets, as the other end of our session machine. Reads
// as C++14: QuickFIX's headers compile as nothing newer. Used by quickfix_oracle_test and
// session_difference_test.
#pragma once

#include <memory>
#include <string>
#include <vector>

namespace fairlead {
namespace test {

class QuickfixPeer {
  public:
    // An initiator, CLIENT to BROKER; or the acceptor of the two.
    explicit QuickfixPeer(const std::string& data_dictionary, bool acceptor = false);
    ~QuickfixPeer();
    QuickfixPeer(const QuickfixPeer&) = delete;
    QuickfixPeer& operator=(const QuickfixPeer&) = delete;

    void connect();
    void disconnect();
    // Lets it do what its clock asks for: its Logon, heartbeats.
    void tick();
    void receive(const std::string& message);
    void log_out();
    // Both numbers go to 1 at every Logon of its own.
    void reset_on_logon();
    void send_order(const std::string& client_order_id);
    void send_report(const std::string& text);

    bool connected() const;
    // The number it expects next.
    int next_in() const;
    bool logged_on() const;
    // What it wanted on the wire since the last call, one message each.
    std::vector<std::string> take_sent();
    // Text (58) of the reports it accepted, in order, ClOrdID (11) of orders; and the session-level rejects
    // it sent or got.
    const std::vector<std::string>& reports() const;
    const std::vector<std::string>& rejects() const;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace test
}  // namespace fairlead
