// Outside: the control thread. Boost.Asio owns what is not the order road: listeners, outgoing connects,
// signals, the control socket; and the operator log is written from here. It hands sockets and requests
// to the order thread through the Inbox and carries out its errands. It decides nothing about orders.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <string>
#include <vector>

#include "config/gateway_config.hpp"
#include "config/users.hpp"
#include "gateway/control/server.hpp"
#include "gateway/inbox.hpp"
#include "gateway/reloader.hpp"

namespace fairlead::gateway {

// The Inbox with a bell for an order thread that sleeps.
class InboxDoor {
  public:
    InboxDoor(Inbox& inbox, int wakeup_fd, bool ring) : inbox_(inbox), wakeup_fd_(wakeup_fd), ring_(ring) {}
    [[nodiscard]] bool push(const InboxItem& item) noexcept;

  private:
    Inbox& inbox_;
    int wakeup_fd_;
    bool ring_;
};

class Outside {
  public:
    Outside(const config::GatewayConfig& config, UserStore& users, InboxDoor& door, Errands& errands);
    ~Outside();
    Outside(const Outside&) = delete;
    Outside& operator=(const Outside&) = delete;

    // Binds every listener and the control socket. Empty: listening; else what is wrong.
    [[nodiscard]] std::string start();
    // Addresses bound, with the ports the system chose where 0 was configured.
    [[nodiscard]] const std::vector<std::string>& addresses() const noexcept { return addresses_; }
    // Until the order thread says it has stopped.
    void run();

  private:
    struct Connecting;
    void accept(std::size_t listener);
    void accept_later(std::size_t listener);
    void hand_over(std::size_t listener, const ConnectionAccepted& accepted);
    void connect(const ConnectLine& errand);
    void wait_for_signal();
    void poll_errands();
    void read_clock();
    void write_log(const LogLine& line);

    const config::GatewayConfig& config_;
    InboxDoor& door_;
    Errands& errands_;
    boost::asio::io_context context_{1};
    boost::asio::signal_set signals_{context_};
    boost::asio::steady_timer errand_timer_{context_};
    boost::asio::steady_timer clock_timer_{context_};
    std::vector<boost::asio::ip::tcp::acceptor> listeners_;
    std::vector<std::string> addresses_;
    Reloader reloader_;
    ControlServer control_;
    unsigned looks_in_vain_ = 0;
    std::size_t overrun_told_ = 0;  // lines lost by the writer of the log
    bool stopped_ = false;
};

}  // namespace fairlead::gateway
