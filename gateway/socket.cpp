// The system calls behind socket.hpp; nothing else on the order path makes any.
#include "gateway/socket.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "risk/assert.hpp"

namespace fairlead::gateway {

Socket& Socket::operator=(Socket&& other) noexcept {
    if (this != &other) {
        close();
        fd_ = other.release();
    }
    return *this;
}

void Socket::close() noexcept {
    if (fd_ >= 0) {
        ::close(fd_);
        fd_ = -1;
    }
}

int prepare_socket(int fd, bool& stamped) noexcept {
    const int flags = ::fcntl(fd, F_GETFL, 0);
    if (flags < 0 || ::fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0) {
        return errno;
    }
    const int on = 1;
    if (::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) < 0) {
        return errno;
    }
    stamped = ::setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on) == 0;
    return 0;
}

ReadResult read_stamped(int fd, std::span<char> into) noexcept {
    iovec part{into.data(), into.size()};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(timespec)) + 64> control;
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    const ssize_t got = ::recvmsg(fd, &message, MSG_DONTWAIT);
    ReadResult result;
    if (got < 0) {
        const bool nothing = errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
        result.status = nothing ? ReadResult::Status::empty : ReadResult::Status::failed;
        result.drained = errno != EINTR;
        result.error = nothing ? 0 : errno;
        return result;
    }
    if (got == 0) {
        result.status = ReadResult::Status::closed;
        result.drained = true;
        return result;
    }
    result.status = ReadResult::Status::data;
    result.length = static_cast<std::size_t>(got);
    result.drained = result.length < into.size();
    for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr;
         header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_TIMESTAMPNS) {
            timespec at{};
            std::memcpy(&at, CMSG_DATA(header), sizeof at);
            result.stamp_ns = std::int64_t{at.tv_sec} * 1'000'000'000 + at.tv_nsec;
        }
    }
    return result;
}

WriteResult write_some(int fd, std::span<const char> from) noexcept {
    const ssize_t put = ::send(fd, from.data(), from.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (put < 0) {
        const bool full = errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
        return {0, full ? 0 : errno};
    }
    return {static_cast<std::size_t>(put), 0};
}

void end_writing(int fd) noexcept {
    ::shutdown(fd, SHUT_WR);
}

Readiness::Readiness() : fd_(::epoll_create1(EPOLL_CLOEXEC)) {
    risk::require(fd_ >= 0, "epoll is available");
}

Readiness::~Readiness() {
    ::close(fd_);
}

bool Readiness::add(int fd, std::uint64_t token) noexcept {
    epoll_event event{};
    event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
    event.data.u64 = token;
    return ::epoll_ctl(fd_, EPOLL_CTL_ADD, fd, &event) == 0;
}

bool Readiness::add_wakeup(int fd, std::uint64_t token) noexcept {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = token;
    return ::epoll_ctl(fd_, EPOLL_CTL_ADD, fd, &event) == 0;
}

void Readiness::remove(int fd) noexcept {
    epoll_event event{};
    ::epoll_ctl(fd_, EPOLL_CTL_DEL, fd, &event);
}

std::span<const Readiness::Event> Readiness::ask(int wait_ms) noexcept {
    std::array<epoll_event, batch> raw;  // NOLINT: filled by the kernel
    const int count = ::epoll_wait(fd_, raw.data(), static_cast<int>(raw.size()), wait_ms);
    for (int i = 0; i < count; ++i) {
        const auto at = static_cast<std::size_t>(i);
        const auto mask = raw[at].events;
        const bool ended = (mask & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
        events_[at] = {raw[at].data.u64, ended || (mask & EPOLLIN) != 0, (mask & EPOLLOUT) != 0, ended};
    }
    return {events_.data(), count > 0 ? static_cast<std::size_t>(count) : 0};
}

}  // namespace fairlead::gateway
