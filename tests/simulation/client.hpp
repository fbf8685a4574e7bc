// Client: one machine of an investor. It sends commands, remembers each, and counts what answers it gets:
// every command has exactly one final answer, whatever happens in between.
#pragma once

#include <functional>
#include <vector>

#include "tests/simulation/peer.hpp"

namespace fairlead::simulation {

class Client : public Peer {
  public:
    Client(Kernel& kernel, Network& network, std::uint32_t session, std::string name,
           std::string gateway_name, std::string user, std::vector<std::string> accounts);

    void start();
    void stop_sending() noexcept { sending_ = false; }
    void cut_off();
    void fall_silent();
    void pause_reading();
    // Empty: every command has had its one final answer; else the first that has not.
    [[nodiscard]] std::string unanswered() const;
    // Told too often, or otherwise than the rules say.
    [[nodiscard]] std::string overanswered() const;
    // False: nobody listens.
    std::function<bool(int fd)> offer;
    // It has said something that leaves no Record; what it says next, under this number, stands behind that.
    std::function<void(std::uint32_t session, std::uint64_t number)> unrecorded;

  protected:
    void on_logon(const FixMessage& message) override;
    void on_application(const FixMessage& message) override;
    void on_lost() override;
    void on_logout(const FixMessage& message) override;
    void on_said_again(std::uint64_t number) override {
        unrecorded(session_, number);
        unrecorded(session_, next_out_);
    }

  private:
    struct Command {
        std::string type;
        std::string original;
        unsigned asked = 1;
        unsigned told = 0;     // anything at all about a New
        unsigned answers = 0;  // final ones
    };
    struct Order {
        std::string id;  // by which it is to be named
        std::string account, symbol, side;
        std::int64_t quantity = 0;
        std::int64_t price = 0;
        std::int64_t filled = 0;
        bool open = true;
    };
    void try_connect(std::int64_t delay_ns);
    void act_later();
    void act();
    void misbehave();
    void send_new(bool poss_resend);
    void send_replace();
    void send_cancel();
    void send_status();
    void send_mass_cancel();
    [[nodiscard]] Order* some_order(bool open_only);
    [[nodiscard]] bool strikes(Fault fault, std::uint64_t permille);
    [[nodiscard]] std::string new_id();
    void count(const FixMessage& message);
    void follow(const FixMessage& message);
    [[nodiscard]] std::int64_t some_price();

    std::uint32_t session_;
    std::string user_;
    std::vector<std::string> accounts_;
    bool sending_ = true;
    unsigned left_;
    std::uint64_t ids_ = 0;
    std::map<std::string, Command> commands_;  // by ClOrdID, or OrdStatusReqID
    std::vector<Order> orders_;
    std::map<std::string, std::size_t> order_of_;  // any of its ids
};

}  // namespace fairlead::simulation
