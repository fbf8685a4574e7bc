// ControlServer: a Unix socket on which an operator or a test tells the exchange stand-in what to do
// wrong, one command a line, one answer a command (ended by an empty line). It understands nothing
// itself. Runs in main's io_context.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <functional>
#include <string>
#include <string_view>

namespace fairlead::exchange {

class ControlServer {
  public:
    using Handler = std::function<std::string(std::string_view)>;

    // Throws boost::system::system_error when the socket cannot be made. A stale file is replaced.
    ControlServer(boost::asio::io_context& context, const std::string& path, Handler handler);
    ~ControlServer();
    ControlServer(const ControlServer&) = delete;
    ControlServer& operator=(const ControlServer&) = delete;

  private:
    void accept();

    std::string path_;
    Handler handler_;
    boost::asio::local::stream_protocol::acceptor acceptor_;
};

}  // namespace fairlead::exchange
