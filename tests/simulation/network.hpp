// Network: TCP connections between the gateway and its peers, in memory. It stands behind gateway/socket.hpp:
// network.cpp defines what gateway/socket.cpp defines in the product. Bytes arrive late, split, partly or,
// after a cut, not at all; they never arrive in another order.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "tests/simulation/kernel.hpp"

namespace fairlead::simulation {

// The far end of a connection: a client or a venue.
class Endpoint {
  public:
    Endpoint() = default;
    Endpoint(const Endpoint&) = delete;
    Endpoint& operator=(const Endpoint&) = delete;
    virtual ~Endpoint() = default;
    virtual void on_bytes(std::string_view bytes) = 0;
    virtual void on_end() = 0;
};

struct Connection {
    int fd = -1;
    Endpoint* peer = nullptr;  // null: it has let go
    bool gateway_open = true;
    bool broken = false;     // told to the gateway as an error, not as an end
    bool silent = false;     // half open: nothing passes any more and nobody is told
    bool peer_reads = true;  // false: bytes stay in the peer's window
    // Towards the gateway.
    struct Arrival {
        std::string bytes;
        std::int64_t stamp_utc_ns = 0;
        bool ready = false;
    };
    std::deque<Arrival> arrived;
    std::int64_t last_arrival_ns = 0;
    bool peer_ended = false;  // and everything before it has arrived
    // Towards the peer: under way or unread.
    std::deque<std::string> leaving;
    std::size_t leaving_bytes = 0;
    std::int64_t last_departure_ns = 0;
    bool gateway_ended = false;
    // What an edge-triggered epoll would tell.
    std::uint64_t token = 0;
    bool watched = false;
    bool edge_in = false;
    bool edge_out = false;
    bool edge_end = false;
};

class Network {
  public:
    explicit Network(Kernel& kernel);
    ~Network();
    Network(const Network&) = delete;
    Network& operator=(const Network&) = delete;
    [[nodiscard]] static Network* current() noexcept;

    // --- the peers' side. `fd` names the connection on both sides.
    [[nodiscard]] int connect(Endpoint& peer);
    void send(int fd, std::string_view bytes);
    void close(int fd);  // the peer's: what it has sent still arrives
    void set_reading(int fd, bool reads);
    // Cut in the middle of whatever is under way, both ways; both ends are told.
    void cut(int fd);
    void fall_silent(int fd);

    // --- the gateway's side
    [[nodiscard]] Connection* find(int fd) noexcept;
    void close_by_gateway(int fd) noexcept;
    void end_by_gateway(int fd) noexcept;
    [[nodiscard]] std::size_t write(int fd, std::string_view bytes, bool& broken) noexcept;
    [[nodiscard]] std::map<int, std::unique_ptr<Connection>>& connections() noexcept { return connections_; }
    // What the gateway writes while it is dead already (in the rest of a pass) goes nowhere.
    bool gateway_dead = false;
    // Told when something has become ready for the gateway, and before bytes leave it.
    std::function<void()> on_ready;
    std::function<void(int fd, std::string_view bytes)> on_write;
    std::uint64_t io_count = 0;  // reads and writes that moved bytes

  private:
    static constexpr std::size_t window_bytes = 64 << 10;
    static constexpr std::size_t small_window_bytes = 300;

    void deliver(int fd);
    void arrive(int fd, const std::string& bytes);
    void forget_if_done(int fd);
    void end_for_peer(int fd);

    Kernel& kernel_;
    Random random_;
    std::map<int, std::unique_ptr<Connection>> connections_;
    int next_fd_ = 1'000'000;  // no descriptor of the real system
};

}  // namespace fairlead::simulation
