// Sockets as the order thread uses them: non-blocking reads that carry the kernel's receive stamp,
// plain writes, and an edge-triggered epoll. Accepting and connecting are the control thread's (Asio).
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "risk/words.hpp"

namespace fairlead::gateway {

// An owned descriptor.
class Socket {
  public:
    Socket() = default;
    explicit Socket(int fd) noexcept : fd_(fd) {}
    Socket(Socket&& other) noexcept : fd_(other.release()) {}
    Socket& operator=(Socket&& other) noexcept;
    Socket(const Socket&) = delete;
    Socket& operator=(const Socket&) = delete;
    ~Socket() { close(); }

    [[nodiscard]] int fd() const noexcept { return fd_; }
    [[nodiscard]] bool open() const noexcept { return fd_ >= 0; }
    void close() noexcept;
    int release() noexcept {
        const int fd = fd_;
        fd_ = -1;
        return fd;
    }

  private:
    int fd_ = -1;
};

// Non-blocking, no Nagle delay, kernel receive stamps. Returns 0 or the errno of the step that failed.
// stamped: false when this kernel gives no stamps (the journal then says 0 for kernel_ns).
[[nodiscard]] int prepare_socket(int fd, bool& stamped) noexcept;

struct ReadResult {
    // A TLS connection can also end without its peer having said so, or by a record nobody can open.
    enum class Status : std::uint8_t { data, empty, closed, failed, cut_off, broken };
    Status status = Status::empty;
    bool drained = false;      // the read took less than there was room for: nothing is left in the kernel
    std::size_t length = 0;    // bytes read
    risk::UtcNs stamp_ns = 0;  // kernel receive stamp, 0 = none given
    int error = 0;
};
[[nodiscard]] ReadResult read_stamped(int fd, std::span<char> into) noexcept;

struct WriteResult {
    std::size_t length = 0;
    int error = 0;  // 0 also when the socket is full: length is then short
};
[[nodiscard]] WriteResult write_some(int fd, std::span<const char> from) noexcept;
// No more is sent; what the peer still sends can be read.
void end_writing(int fd) noexcept;

// Edge-triggered readiness. Tokens are the caller's.
class Readiness {
  public:
    static constexpr std::size_t batch = 256;
    struct Event {
        std::uint64_t token = 0;
        bool readable = false;
        bool writable = false;
        // The peer has ended its side, or the connection broke. Told once, often together with the last
        // bytes, so a short read does not mean that nothing is left: read on until the read says closed.
        bool ended = false;
    };

    Readiness();
    ~Readiness();
    Readiness(const Readiness&) = delete;
    Readiness& operator=(const Readiness&) = delete;

    [[nodiscard]] bool add(int fd, std::uint64_t token) noexcept;
    // Level-triggered, read only: for the wake-up descriptor of blocking mode.
    [[nodiscard]] bool add_wakeup(int fd, std::uint64_t token) noexcept;
    void remove(int fd) noexcept;
    // wait_ms 0 = only ask.
    [[nodiscard]] std::span<const Event> ask(int wait_ms) noexcept;

  private:
    int fd_ = -1;
    std::array<Event, batch> events_{};
};

}  // namespace fairlead::gateway
