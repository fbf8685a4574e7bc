// Listening sockets and the addresses of who connects, for the control thread's listeners and those of TLS.
#pragma once

#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <cstdint>
#include <string>

#include "config/gateway_config.hpp"

namespace fairlead::gateway {

// Binds and listens. Empty: done; else what is wrong, beginning with `key`.
[[nodiscard]] std::string listen_on(boost::asio::ip::tcp::acceptor& acceptor,
                                    const config::ListenAddress& listen, const char* key);

// As Person::address has it.
[[nodiscard]] std::array<std::uint8_t, 16> mapped(const boost::asio::ip::address& address);

}  // namespace fairlead::gateway
