// ControlServer on Boost.Asio.
#include "bench/exchange/control_server.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/streambuf.hpp>
#include <boost/asio/write.hpp>
#include <istream>
#include <memory>

namespace fairlead::exchange {
namespace {

using boost::asio::local::stream_protocol;
using boost::system::error_code;

constexpr std::size_t command_bytes_max = 4096;

// One peer; lives as long as a read or write of its own is under way.
struct Peer : std::enable_shared_from_this<Peer> {
    Peer(stream_protocol::socket connected, const ControlServer::Handler& given)
        : socket(std::move(connected)), input(command_bytes_max), handler(given) {}

    void read() {
        boost::asio::async_read_until(socket, input, '\n',
                                      [self = shared_from_this()](error_code problem, std::size_t) {
                                          if (!problem) {
                                              self->answer();
                                          }
                                      });
    }
    void answer() {
        std::istream stream(&input);
        std::string line;
        std::getline(stream, line);
        output = handler(line) + "\n";
        boost::asio::async_write(socket, boost::asio::buffer(output),
                                 [self = shared_from_this()](error_code problem, std::size_t) {
                                     if (!problem) {
                                         self->read();
                                     }
                                 });
    }

    stream_protocol::socket socket;
    boost::asio::streambuf input;
    std::string output;
    const ControlServer::Handler& handler;
};

stream_protocol::endpoint fresh(const std::string& path) {
    ::unlink(path.c_str());
    return stream_protocol::endpoint(path);
}

}  // namespace

ControlServer::ControlServer(boost::asio::io_context& context, const std::string& path, Handler handler)
    : path_(path), handler_(std::move(handler)), acceptor_(context, fresh(path)) {
    ::chmod(path.c_str(), S_IRUSR | S_IWUSR);
    accept();
}

ControlServer::~ControlServer() {
    ::unlink(path_.c_str());
}

void ControlServer::accept() {
    acceptor_.async_accept([this](error_code problem, stream_protocol::socket socket) {
        if (problem) {
            return;
        }
        std::make_shared<Peer>(std::move(socket), handler_)->read();
        accept();
    });
}

}  // namespace fairlead::exchange
