#include "tests/simulation/network.hpp"

#include <algorithm>
#include <cerrno>
#include <vector>

#include "gateway/socket.hpp"

namespace fairlead::simulation {

namespace {
Network* running = nullptr;
}

Network::Network(Kernel& kernel) : kernel_(kernel), random_(kernel.plan.seed, 10) {
    running = this;
}
Network::~Network() {
    running = nullptr;
}
Network* Network::current() noexcept {
    return running;
}

Connection* Network::find(int fd) noexcept {
    const auto at = connections_.find(fd);
    return at == connections_.end() ? nullptr : at->second.get();
}

int Network::connect(Endpoint& peer) {
    const int fd = next_fd_++;
    auto connection = std::make_unique<Connection>();
    connection->fd = fd;
    connection->peer = &peer;
    connections_[fd] = std::move(connection);
    return fd;
}

void Network::send(int fd, std::string_view bytes) {
    Connection* connection = find(fd);
    if (connection == nullptr || connection->silent || connection->peer_ended) {
        return;
    }
    while (!bytes.empty()) {
        std::size_t part = bytes.size();
        if (kernel_.faults_on && kernel_.plan.has(Fault::split_read) && random_.chance(300)) {
            part = 1 + random_.pick(std::min<std::size_t>(bytes.size(), 80));
            kernel_.hit(Fault::split_read);
        }
        const std::int64_t at = std::max(connection->last_arrival_ns + 1,
                                         kernel_.monotonic_ns() + random_.between(5 * us_ns, 300 * us_ns));
        connection->last_arrival_ns = at;
        kernel_.at(at, [this, fd, chunk = std::string(bytes.substr(0, part))] { arrive(fd, chunk); });
        bytes.remove_prefix(part);
    }
}

void Network::arrive(int fd, const std::string& bytes) {
    Connection* connection = find(fd);
    if (connection == nullptr || connection->silent || connection->broken || !connection->gateway_open) {
        return;
    }
    const auto make_ready = [this, fd] {
        Connection* ready = find(fd);
        if (ready == nullptr) {
            return;
        }
        for (Connection::Arrival& arrival : ready->arrived) {
            if (!arrival.ready) {
                arrival.ready = true;
                break;
            }
        }
        ready->edge_in = true;
        on_ready();
    };
    connection->arrived.push_back({bytes, kernel_.utc_ns(), false});
    // Stamped by the card, readable a moment later. Never before what came earlier.
    const bool others_wait =
        connection->arrived.size() > 1 && !connection->arrived[connection->arrived.size() - 2].ready;
    const bool late = kernel_.faults_on && kernel_.plan.has(Fault::late_readable) && random_.chance(100);
    if (late || others_wait) {
        const std::int64_t delay = others_wait ? 40 * us_ns : random_.between(1 * us_ns, 40 * us_ns);
        if (late) {
            kernel_.hit(Fault::late_readable);
        }
        kernel_.after(delay, make_ready);
    } else {
        make_ready();
    }
}

void Network::close(int fd) {
    Connection* connection = find(fd);
    if (connection == nullptr) {
        return;
    }
    connection->peer = nullptr;
    if (connection->silent) {
        return;  // the gateway never hears of it
    }
    const std::int64_t at = std::max(connection->last_arrival_ns, kernel_.monotonic_ns()) + 100 * us_ns;
    kernel_.at(at, [this, fd] {
        if (Connection* ended = find(fd); ended != nullptr) {
            ended->peer_ended = ended->edge_end = true;
            on_ready();
            forget_if_done(fd);
        }
    });
}

void Network::set_reading(int fd, bool reads) {
    Connection* connection = find(fd);
    if (connection == nullptr || connection->peer_reads == reads) {
        return;
    }
    connection->peer_reads = reads;
    if (reads) {
        connection->edge_out = true;
        kernel_.after(10 * us_ns, [this, fd] { deliver(fd); });
        on_ready();
    }
}

void Network::cut(int fd) {
    Connection* connection = find(fd);
    if (connection == nullptr) {
        return;
    }
    // A part of what is under way gets through: up to a byte drawn from the seed.
    std::size_t through = connection->leaving_bytes == 0 ? 0 : random_.pick(connection->leaving_bytes + 1);
    std::string bytes;
    for (const std::string& part : connection->leaving) {
        bytes += part;
    }
    bytes.resize(std::min(through, bytes.size()));
    connection->leaving.clear();
    connection->leaving_bytes = 0;
    if (connection->peer != nullptr && !bytes.empty() && !connection->silent) {
        connection->peer->on_bytes(bytes);
    }
    connection->broken = random_.chance(500);
    connection->peer_ended = connection->edge_end = true;
    on_ready();
    end_for_peer(fd);
}

void Network::fall_silent(int fd) {
    if (Connection* connection = find(fd); connection != nullptr) {
        connection->silent = true;
    }
}

void Network::end_for_peer(int fd) {
    Connection* connection = find(fd);
    Endpoint* peer = connection != nullptr ? connection->peer : nullptr;
    if (peer != nullptr) {
        connection->peer = nullptr;
        peer->on_end();
    }
    forget_if_done(fd);
}

void Network::forget_if_done(int fd) {
    Connection* connection = find(fd);
    if (connection != nullptr && connection->peer == nullptr && !connection->gateway_open) {
        connections_.erase(fd);
    }
}

std::size_t Network::write(int fd, std::string_view bytes, bool& broken) noexcept {
    Connection* connection = find(fd);
    broken = connection == nullptr || connection->broken;
    if (gateway_dead) {
        broken = false;
        return bytes.size();
    }
    if (broken || connection->gateway_ended) {
        return 0;
    }
    std::size_t taken = bytes.size();
    const bool faulty = kernel_.faults_on && kernel_.plan.has(Fault::partial_write);
    if (faulty && random_.chance(200)) {
        taken = 1 + random_.pick(taken);
        kernel_.hit(Fault::partial_write);
    }
    const std::size_t window = connection->peer_reads ? window_bytes : small_window_bytes;
    taken = std::min(taken, window > connection->leaving_bytes ? window - connection->leaving_bytes : 0);
    if (taken < bytes.size()) {
        // The kernel says so once there is room again.
        kernel_.after(50 * us_ns, [this, fd] {
            if (Connection* writable = find(fd); writable != nullptr && writable->peer_reads) {
                writable->edge_out = true;
                on_ready();
            }
        });
    }
    if (taken == 0) {
        return 0;
    }
    ++io_count;
    on_write(fd, bytes.substr(0, taken));
    if (connection->silent) {
        return taken;
    }
    connection->leaving.emplace_back(bytes.substr(0, taken));
    connection->leaving_bytes += taken;
    const std::int64_t at = std::max(connection->last_departure_ns,
                                     kernel_.monotonic_ns() + random_.between(5 * us_ns, 300 * us_ns));
    connection->last_departure_ns = at;
    kernel_.at(at, [this, fd] { deliver(fd); });
    return taken;
}

// One part of what the gateway has written gets to the peer; behind the last one its end.
void Network::deliver(int fd) {
    Connection* connection = find(fd);
    if (connection == nullptr || !connection->peer_reads) {
        return;
    }
    if (!connection->leaving.empty()) {
        const std::string bytes = std::move(connection->leaving.front());
        connection->leaving.pop_front();
        connection->leaving_bytes -= bytes.size();
        if (connection->peer != nullptr && !connection->silent) {
            connection->peer->on_bytes(bytes);
        }
        connection = find(fd);  // the peer may have closed it
    }
    if (connection == nullptr) {
        return;
    }
    if (!connection->leaving.empty()) {
        kernel_.after(2 * us_ns, [this, fd] { deliver(fd); });
    } else if (connection->gateway_ended && !connection->silent) {
        end_for_peer(fd);
    }
}

void Network::end_by_gateway(int fd) noexcept {
    Connection* connection = find(fd);
    if (connection != nullptr && !connection->gateway_ended && !gateway_dead) {
        connection->gateway_ended = true;
        kernel_.at(std::max(connection->last_departure_ns, kernel_.monotonic_ns()) + 10 * us_ns,
                   [this, fd] { deliver(fd); });
    }
}

void Network::close_by_gateway(int fd) noexcept {
    Connection* connection = find(fd);
    if (connection == nullptr || !connection->gateway_open) {
        return;
    }
    connection->gateway_open = false;
    connection->watched = false;
    if (!connection->gateway_ended) {
        connection->gateway_ended = true;
        kernel_.at(std::max(connection->last_departure_ns, kernel_.monotonic_ns()) + 10 * us_ns,
                   [this, fd] { deliver(fd); });
    }
    forget_if_done(fd);
}

}  // namespace fairlead::simulation

// What gateway/socket.cpp defines in the product.
namespace fairlead::gateway {

using simulation::Network;

Socket& Socket::operator=(Socket&& other) noexcept {
    if (this != &other) {
        close();
        fd_ = other.release();
    }
    return *this;
}

void Socket::close() noexcept {
    if (fd_ >= 0 && Network::current() != nullptr) {
        Network::current()->close_by_gateway(fd_);
    }
    fd_ = -1;
}

int prepare_socket(int fd, bool& stamped) noexcept {
    stamped = true;
    return Network::current()->find(fd) != nullptr ? 0 : EBADF;
}

ReadResult read_stamped(int fd, std::span<char> into) noexcept {
    Network& network = *Network::current();
    simulation::Connection* connection = network.find(fd);
    ReadResult result;
    result.drained = true;
    if (connection == nullptr || connection->broken) {
        result.status = ReadResult::Status::failed;
        result.error = ECONNRESET;
        return result;
    }
    while (!connection->arrived.empty() && connection->arrived.front().ready && result.length < into.size()) {
        auto& arrival = connection->arrived.front();
        const std::size_t part = std::min(arrival.bytes.size(), into.size() - result.length);
        std::copy_n(arrival.bytes.data(), part, into.data() + result.length);
        result.length += part;
        result.stamp_ns = arrival.stamp_utc_ns;
        arrival.bytes.erase(0, part);
        if (arrival.bytes.empty()) {
            connection->arrived.pop_front();
        }
    }
    if (result.length > 0) {
        ++network.io_count;
        result.status = ReadResult::Status::data;
        result.drained = result.length < into.size();
    } else if (connection->peer_ended && connection->arrived.empty()) {
        result.status = ReadResult::Status::closed;
    }
    return result;
}

WriteResult write_some(int fd, std::span<const char> from) noexcept {
    bool broken = false;
    const std::size_t taken = Network::current()->write(fd, {from.data(), from.size()}, broken);
    return {taken, broken ? EPIPE : 0};
}

void end_writing(int fd) noexcept {
    Network::current()->end_by_gateway(fd);
}

Readiness::Readiness() = default;
Readiness::~Readiness() = default;

bool Readiness::add(int fd, std::uint64_t token) noexcept {
    simulation::Connection* connection = Network::current()->find(fd);
    if (connection == nullptr) {
        return false;
    }
    connection->token = token;
    connection->watched = connection->edge_out = true;
    connection->edge_in = !connection->arrived.empty();
    connection->edge_end = connection->peer_ended;
    return true;
}

bool Readiness::add_wakeup(int, std::uint64_t) noexcept {
    return true;  // the simulated order thread polls
}

void Readiness::remove(int fd) noexcept {
    if (simulation::Connection* connection = Network::current()->find(fd); connection != nullptr) {
        connection->watched = false;
    }
}

std::span<const Readiness::Event> Readiness::ask(int) noexcept {
    std::size_t count = 0;
    for (auto& [fd, connection] : Network::current()->connections()) {
        const bool ended = connection->edge_end || (connection->broken && connection->edge_in);
        if (count < batch && connection->watched && (connection->edge_in || connection->edge_out || ended)) {
            events_[count++] = {connection->token, ended || connection->edge_in, connection->edge_out, ended};
            connection->edge_in = connection->edge_out = connection->edge_end = false;
        }
    }
    return {events_.data(), count};
}

}  // namespace fairlead::gateway
