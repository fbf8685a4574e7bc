// ControlClient: the asking end of the control socket.
#include "gateway/control/client.hpp"

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace fairlead::gateway {

ControlClient::~ControlClient() {
    if (socket_ >= 0) {
        ::close(socket_);
    }
}

std::string ControlClient::connect(const std::string& path, std::uint32_t timeout_ms) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.empty() || path.size() >= sizeof(address.sun_path)) {
        return "control socket " + path + ": the path must have 1 to 107 bytes";
    }
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    socket_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    timeval limit{};
    limit.tv_sec = timeout_ms / 1000;
    limit.tv_usec = static_cast<suseconds_t>(timeout_ms % 1000) * 1000;
    if (socket_ < 0 || ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) != 0 ||
        ::setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) != 0 ||
        ::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
        std::string text = "cannot reach the gateway at " + path + ": " + std::strerror(errno);
        if (errno == ENOENT || errno == ECONNREFUSED) {
            text += " (is it running? --socket names its control socket)";
        }
        return text;
    }
    return {};
}

std::string ControlClient::send(std::string_view line) {
    std::string bytes(line);
    bytes += '\n';
    std::size_t done = 0;
    while (done < bytes.size()) {
        const ssize_t count = ::send(socket_, bytes.data() + done, bytes.size() - done, MSG_NOSIGNAL);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count <= 0) {
            return std::string("cannot write to the gateway: ") + std::strerror(errno);
        }
        done += static_cast<std::size_t>(count);
    }
    return {};
}

bool ControlClient::receive(std::string& line, std::string& error) {
    for (;;) {
        const std::size_t end = buffer_.find('\n');
        if (end != std::string::npos) {
            line = buffer_.substr(0, end);
            buffer_.erase(0, end + 1);
            return true;
        }
        std::array<char, 4096> chunk{};
        const ssize_t count = ::recv(socket_, chunk.data(), chunk.size(), 0);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count == 0) {
            error = "the gateway closed the connection";
            return false;
        }
        if (count < 0) {
            error = errno == EAGAIN || errno == EWOULDBLOCK
                        ? "the gateway did not answer in time"
                        : std::string("cannot read: ") + std::strerror(errno);
            return false;
        }
        buffer_.append(chunk.data(), static_cast<std::size_t>(count));
    }
}

}  // namespace fairlead::gateway
