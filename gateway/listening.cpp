// See listening.hpp.
#include "gateway/listening.hpp"

namespace fairlead::gateway {

namespace asio = boost::asio;
using asio::ip::tcp;

std::string listen_on(tcp::acceptor& acceptor, const config::ListenAddress& listen, const char* key) {
    boost::system::error_code error;
    const asio::ip::address address = asio::ip::make_address(listen.address, error);
    const tcp::endpoint endpoint(address, listen.port);
    if (!error) {
        acceptor.open(endpoint.protocol(), error);
    }
    if (!error) {
        acceptor.set_option(tcp::acceptor::reuse_address(true), error);
    }
    if (!error) {
        acceptor.bind(endpoint, error);
    }
    if (!error) {
        acceptor.listen(asio::socket_base::max_listen_connections, error);
    }
    return !error ? std::string()
                  : std::string(key) + ": " + listen.address + ":" + std::to_string(listen.port) +
                        " cannot be listened on: " + error.message();
}

std::array<std::uint8_t, 16> mapped(const asio::ip::address& address) {
    const asio::ip::address_v6 six =
        address.is_v6() ? address.to_v6() : asio::ip::make_address_v6(asio::ip::v4_mapped, address.to_v4());
    return six.to_bytes();
}

}  // namespace fairlead::gateway
