// Peer: one side of a FIX conversation with the gateway, kept by the plainest rules: numbers, gaps, resends,
// heartbeats, and everything ever sent or received. Clients and venue lines are built on it.
#pragma once

#include <map>

#include "tests/simulation/fix_text.hpp"
#include "tests/simulation/network.hpp"

namespace fairlead::simulation {

class Peer : public Endpoint {
  public:
    Peer(Kernel& kernel, Network& network, std::string name, std::string gateway_name, std::uint64_t stream);

    void on_bytes(std::string_view bytes) override;
    void on_end() override;

    [[nodiscard]] int fd() const noexcept { return fd_; }
    [[nodiscard]] bool connected() const noexcept { return fd_ >= 0; }
    [[nodiscard]] bool logged_on() const noexcept { return logged_on_; }
    [[nodiscard]] const std::string& name() const noexcept { return name_; }
    [[nodiscard]] std::uint64_t next_in() const noexcept { return next_in_; }
    [[nodiscard]] std::uint64_t next_out() const noexcept { return next_out_; }
    // The journal may lose its end in this run (level process): numbers may go back once.
    bool loss_allowed = false;
    bool lost_seen = false;

  protected:
    // Sends a message under the next number. `fields` without header.
    std::uint64_t say(const std::string& type, Fields fields);
    void say_again(std::uint64_t number);
    void transmit(const std::string& type, std::uint64_t number, const Fields& fields,
                  std::int64_t original_ns);
    void leave(const std::string& text);  // Logout, then the end
    void drop();                          // the end at once
    void adopt_connection(int fd);
    void watch_time();
    void ask_again(std::uint64_t from);

    virtual void on_logon(const FixMessage& message) = 0;
    virtual void on_application(const FixMessage& message) = 0;
    virtual void on_lost() = 0;  // the connection is gone
    virtual void on_logout(const FixMessage& message) = 0;
    virtual void on_said_again(std::uint64_t) {}  // what has been had already leaves no Record
    // Application messages are sent again when asked for; others are filled.
    void on_resend_request(const FixMessage& message);

    struct Sent {
        std::string type;
        Fields fields;
        std::int64_t utc_ns = 0;
    };

    Kernel& kernel_;
    Network& network_;
    Random random_;
    std::string name_;
    std::string gateway_name_;
    int fd_ = -1;
    std::uint64_t connection_ = 0;  // counts them
    bool logged_on_ = false;
    bool leaving_ = false;
    std::uint64_t next_in_ = 1;
    std::uint64_t next_out_ = 1;
    std::uint64_t gap_up_to_ = 0;  // asked for; 0 = nothing is missing
    unsigned known_asked_ = 0;     // how often it has asked for all, without need, and has no answer yet
    std::int64_t heartbeat_ns_ = 10 * second_ns;
    std::map<std::uint64_t, Sent> sent_;
    std::map<std::uint64_t, std::string> received_;  // contents of application messages

  private:
    void take(const FixMessage& message);
    void take_in_turn(const FixMessage& message);
    void take_sequence_reset(const FixMessage& message);
    void too_low(const FixMessage& message);

    void take_early();

    std::string in_;
    std::map<std::uint64_t, FixMessage> early_;  // came before their turn
    std::int64_t last_sent_ns_ = 0;
    std::int64_t last_received_ns_ = 0;
    bool test_asked_ = false;
};

}  // namespace fairlead::simulation
