// ControlServer: the control socket. Reads JSON lines from a Unix socket, has persons verified, asks the
// rights table, hands every request (also the denied) to the order thread, and writes its replies back.
// It decides nothing about limits or orders. Lives on the control thread's io_context; all but the
// constructor must be called there. Called by the gateway's main.
#pragma once

// Boost.Asio 1.74 uses std::exchange without naming its header.
#include <utility>

#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "config/users.hpp"
#include "gateway/control/auth.hpp"
#include "gateway/control/protocol.hpp"
#include "gateway/control/reload.hpp"

namespace fairlead::gateway {

struct ControlOptions {
    std::string socket_path;
    std::uint32_t connections_max = 32;
    std::uint32_t requests_per_second = 20;  // of one connection
    std::uint32_t reply_timeout_ms = 5'000;  // for the order thread's first answer, and between rows
    std::uint32_t idle_timeout_s = 300;
    std::uint32_t rows_max = 100'000;
    std::uint32_t tokens_max = 256;  // lasting logons at a time
    std::uint32_t token_idle_s = 900;
    bool totp_for_approvers = false;
    AuthOptions auth;
    // Has the configuration read again for this request; empty, or why it is not. Without it nothing can be.
    std::function<std::string(std::uint64_t request)> read_again;
    // A Reload that could not go on its way.
    std::function<void(std::unique_ptr<Reload>)> reload_over;
};

class ControlServer {
  public:
    // True: taken. False: the Inbox is full; the asker is told "busy".
    using Submit = std::function<bool(const ControlRequest&)>;
    ControlServer(boost::asio::io_context& context, ControlOptions options, UserStore& users, Submit submit);
    ~ControlServer();
    ControlServer(const ControlServer&) = delete;
    ControlServer& operator=(const ControlServer&) = delete;

    // Binds and listens (mode 0600; a dead socket file is replaced, a live one is not).
    // Empty = listening; else what is wrong.
    [[nodiscard]] std::string start();
    // Closes the listener and every connection; the socket file is removed.
    void stop();

    // The order thread's answer. On the io thread: the owner of the Outbox posts it there.
    void reply(const ControlReply& reply);
    // What was read for a request, likewise there.
    void on_read_again(std::uint64_t request, std::unique_ptr<Reload> reload);

  private:
    class State;
    std::shared_ptr<State> state_;
};

}  // namespace fairlead::gateway
