// Server: the sockets of the desk: TLS, HTTP and the stream, on one thread. It bounds what anybody may take
// (connections, bytes, time) and puts the security headers on every answer; what is answered is the Router's.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "gateway/desk/router.hpp"
#include "gateway/desk/static_files.hpp"

namespace fairlead::desk {

class Server {
  public:
    using Log = std::function<void(const std::string& text)>;
    Server(const Options& options, Router& router, GatewayAsker& gateway, const StaticFiles& files, Log log);
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    // Binds and listens. Empty text: done.
    [[nodiscard]] std::string start();
    // Until SIGTERM or SIGINT.
    void run();

  private:
    struct State;
    std::unique_ptr<State> state_;
};

// gateway/desk/openapi.json.
[[nodiscard]] std::string_view openapi_text() noexcept;

}  // namespace fairlead::desk
