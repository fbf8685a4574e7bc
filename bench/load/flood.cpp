// One badly behaved session; see flood.hpp.
#include "bench/load/flood.hpp"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "bench/load/summary.hpp"
#include "risk/assert.hpp"

namespace fairlead::load {

namespace {

constexpr std::size_t made_ahead_bytes = 32'768;
constexpr std::uint64_t orders_before_resends = 200;
constexpr std::size_t silent_connections_max = 2000;

// The same text with another number in it is the same reason.
std::string without_numbers(std::string_view text) {
    std::string kept;
    for (const char character : text) {
        const bool digit = character >= '0' && character <= '9';
        if (!digit) {
            kept += character;
        } else if (kept.empty() || kept.back() != '#') {
            kept += '#';
        }
    }
    return kept;
}

int open_socket(const SessionPlan& plan, const std::string& source) {
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_NUMERICSERV;
    addrinfo* found = nullptr;
    if (::getaddrinfo(plan.host.c_str(), std::to_string(plan.port).c_str(), &hints, &found) != 0) {
        return -1;
    }
    const int descriptor = ::socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int one = 1;
    ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    sockaddr_in from{};
    from.sin_family = AF_INET;
    if (!source.empty() && (::inet_pton(AF_INET, source.c_str(), &from.sin_addr) != 1 ||
                            ::bind(descriptor, reinterpret_cast<const sockaddr*>(&from), sizeof from) != 0)) {
        ::freeaddrinfo(found);
        ::close(descriptor);
        return -1;
    }
    const int result = ::connect(descriptor, found->ai_addr, found->ai_addrlen);
    ::freeaddrinfo(found);
    if (result != 0) {
        ::close(descriptor);
        return -1;
    }
    return descriptor;
}

}  // namespace

std::string_view flood_name(FloodKind kind) {
    switch (kind) {
        case FloodKind::orders:
            return "orders";
        case FloodKind::invalid:
            return "invalid";
        case FloodKind::resends:
            return "resends";
        case FloodKind::logons:
            return "logons";
        case FloodKind::bytes:
            return "bytes";
        case FloodKind::unread:
            return "unread";
        case FloodKind::connects:
            return "connects";
    }
    return "?";
}

Flood::Flood(const Market& market, SessionPlan plan, FloodOptions options)
    : market_(market), plan_(std::move(plan)), options_(std::move(options)) {
    risk::require(!market_.accounts_of(0).empty() && !market_.plain_securities().empty(),
                  "the flooding session has an account and a security to trade");
}

Flood::~Flood() {
    hang_up();
}

void Flood::run(const std::function<bool()>& interrupted) {
    const std::int64_t end_ns = now().monotonic_ns + static_cast<std::int64_t>(options_.seconds * 1e9);
    const auto over = [&] { return interrupted() || now().monotonic_ns >= end_ns; };
    if (options_.kind == FloodKind::connects) {
        hold_silent_connections(over);
        return;
    }
    while (!over()) {
        if (!connect()) {
            ++counts_.connects_refused;
            ::poll(nullptr, 0, 10);
            continue;
        }
        converse(over);
        hang_up();
    }
}

bool Flood::connect() {
    descriptor_ = open_socket(plan_, options_.source);
    if (descriptor_ < 0) {
        return false;
    }
    ++counts_.connections;
    session_.emplace(0, plan_.identity, plan_.numbers);
    unsent_.clear();
    was_active_ = false;
    session_->connected(now());
    fetch();
    return true;
}

void Flood::hang_up() {
    if (descriptor_ < 0) {
        return;
    }
    ::close(descriptor_);
    descriptor_ = -1;
    plan_.numbers = session_->numbers();
    if (!session_->failure().empty()) {
        ++counts_.logouts[without_numbers(session_->failure())];
    } else if (!was_active_) {
        ++counts_.closed_before_logon;
    } else {
        ++counts_.lost;
    }
}

void Flood::converse(const std::function<bool()>& over) {
    const bool goes_away = options_.kind == FloodKind::logons && counts_.connections % 8 != 0;
    while (!over() && !session_->wants_close()) {
        const bool active = session_->state() == ClientSession::State::active;
        if (active && !was_active_) {
            was_active_ = true;
            ++counts_.logons;
        }
        if (options_.kind == FloodKind::logons && (active || (goes_away && unsent_.empty()))) {
            return;
        }
        if (active) {
            make_more();
        }
        if (!write_some()) {
            // What came before the end may say why.
            while (options_.kind != FloodKind::unread && read_some()) {
            }
            return;
        }
        const bool reads = options_.kind != FloodKind::unread || !active;
        if (reads && !read_some()) {
            return;
        }
        session_->on_timer(now());
        fetch();
        if (!active || !unsent_.empty()) {
            pollfd ready{descriptor_, static_cast<short>(reads ? POLLIN : 0), 0};
            ready.events = static_cast<short>(ready.events | (unsent_.empty() ? 0 : POLLOUT));
            ::poll(&ready, 1, 5);
        }
    }
}

// As many as the system gives, none of them ever saying anything; the ones the gateway ends are opened again.
void Flood::hold_silent_connections(const std::function<bool()>& over) {
    std::vector<pollfd> held;
    while (!over()) {
        const int descriptor =
            held.size() < silent_connections_max ? open_socket(plan_, options_.source) : -1;
        if (descriptor >= 0) {
            ++counts_.connections;
            held.push_back({descriptor, POLLIN, 0});
        } else if (held.size() < silent_connections_max) {
            ++counts_.connects_refused;
            ::poll(nullptr, 0, 10);
        }
        if (held.size() % 64 != 0 && descriptor >= 0) {
            continue;
        }
        ::poll(held.data(), held.size(), held.size() < silent_connections_max ? 0 : 5);
        std::erase_if(held, [&](const pollfd& one) {
            const bool ended = one.revents != 0;
            counts_.lost += ended ? 1 : 0;
            return ended && ::close(one.fd) == 0;
        });
    }
    for (const pollfd& one : held) {
        ::close(one.fd);
    }
}

// --- what is sent

void Flood::make_more() {
    while (unsent_.size() < made_ahead_bytes && session_->has_room()) {
        const Stamp time = now();
        if (options_.kind == FloodKind::invalid) {
            make_invalid(time);
        } else if (options_.kind == FloodKind::resends && made_ >= orders_before_resends) {
            fix::Encoder& encoder = session_->begin_message("2", time);
            encoder.add(7, "1");
            encoder.add(16, "0");
            (void)session_->finish_message();
        } else {
            make_order(time);
        }
        fetch();
        ++made_;
        ++counts_.messages;
    }
}

// A board lot at the lowest price of the day: right, and hardly ever filled.
void Flood::make_order(Stamp time) {
    const auto& accounts = market_.accounts_of(0);
    const auto& securities = market_.plain_securities();
    const risk::AccountRow& account = market_.account(accounts[made_ % accounts.size()]);
    const SecurityIndex security = securities[made_ % securities.size()];
    const std::string number = std::to_string(made_);
    fix::Encoder& encoder = session_->begin_message("D", time);
    encoder.add(11, options_.tag + number);
    encoder.add(
        1, std::string(account.key.branch.view()) + "-" +
               std::string(7 - std::min<std::size_t>(7, std::to_string(account.key.number).size()), '0') +
               std::to_string(account.key.number));
    encoder.add(55, market_.security(security).symbol.view());
    encoder.add_char(54, '1');
    encoder.add_time(60, time.utc_ns);
    encoder.add(38, "1000");
    encoder.add_char(40, '2');
    encoder.add_price(44, market_.legal_at_or_above(security, 1));
    encoder.add_char(59, '0');
    encoder.add_char(10000, '4');
    encoder.add_char(10001, '0');
    encoder.add_char(10005, '0');
    (void)session_->finish_message();
}

void Flood::make_invalid(Stamp time) {
    switch (made_ % 6) {
        case 0: {  // a required field is missing
            session_->begin_message("D", time).add(11, options_.tag + std::to_string(made_));
            break;
        }
        case 1:  // no such type
            session_->begin_message("ZZ", time).add(58, "no such type");
            break;
        case 2: {  // a quantity that is none
            fix::Encoder& encoder = session_->begin_message("F", time);
            encoder.add(11, options_.tag + std::to_string(made_));
            encoder.add(41, "0");
            encoder.add(38, "+1e9");
            break;
        }
        case 3:  // known, not served here
            session_->begin_message("V", time).add(262, "1");
            break;
        case 4:  // its CheckSum is wrong
            unsent_ += "8=FIX.4.4\0019=5\00135=0\00110=000\001";
            return;
        default:  // no FIX at all
            unsent_ += "GET / HTTP/1.1\r\n\r\n";
            return;
    }
    (void)session_->finish_message();
}

// --- the socket

void Flood::fetch() {
    const auto pending = session_->pending();
    unsent_.append(pending.data(), pending.size());
    session_->written(pending.size(), now());
}

bool Flood::write_some() {
    const bool one_byte = options_.kind == FloodKind::bytes && was_active_;
    std::size_t written = 0;
    while (written < unsent_.size()) {
        const std::size_t size = one_byte ? 1 : unsent_.size() - written;
        const ssize_t put = ::send(descriptor_, unsent_.data() + written, size, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (put < 0) {
            counts_.socket_full += errno == EAGAIN ? 1 : 0;
            unsent_.erase(0, written);
            counts_.bytes += written;
            return errno == EAGAIN || errno == EINTR;
        }
        written += static_cast<std::size_t>(put);
        if (one_byte && written % 1024 == 0) {
            break;  // answers are read between
        }
    }
    unsent_.erase(0, written);
    counts_.bytes += written;
    return true;
}

bool Flood::read_some() {
    const std::span<char> room = session_->read_room();
    const ssize_t got = ::recv(descriptor_, room.data(), room.size(), MSG_DONTWAIT);
    if (got > 0) {
        session_->received(static_cast<std::size_t>(got), now(), *this);
        fetch();
        return true;
    }
    return got < 0 && (errno == EAGAIN || errno == EINTR);
}

void Flood::on_message(std::uint32_t, const fix::Message& message, Stamp) {
    const std::string_view type = message.type();
    if (type == "8") {
        ++counts_.answers[message.value(39) != "8"
                              ? "report"
                              : "refused: " + without_numbers(message.value(58)).substr(0, 60)];
    } else if (type == "3") {
        ++counts_.answers["reject " + std::string(message.value(373))];
    } else if (type == "j") {
        ++counts_.answers["business reject " + std::string(message.value(380))];
    } else {
        ++counts_.answers["type " + std::string(type)];
    }
}

// --- the report

std::string text_of(const FloodCounts& counts, FloodKind kind) {
    std::string text = "flood of " + std::string(flood_name(kind)) + ": " + grouped(counts.messages) +
                       " messages, " + grouped(counts.bytes) + " bytes; " + grouped(counts.connections) +
                       " connections, " + grouped(counts.logons) + " logons, " + grouped(counts.lost) +
                       " lost without a Logout, " + grouped(counts.closed_before_logon) +
                       " closed before a logon, " + grouped(counts.connects_refused) +
                       " refused; the socket was full " + grouped(counts.socket_full) + " times\n";
    for (const auto& [name, count] : counts.answers) {
        text += "  answers    " + grouped(count) + "  " + name + "\n";
    }
    for (const auto& [name, count] : counts.logouts) {
        text += "  logged out " + grouped(count) + "  " + name + "\n";
    }
    return text;
}

std::string json_of(const FloodCounts& counts, FloodKind kind) {
    nlohmann::ordered_json json;
    json["kind"] = flood_name(kind);
    json["connections"] = counts.connections;
    json["connects_refused"] = counts.connects_refused;
    json["logons"] = counts.logons;
    json["messages"] = counts.messages;
    json["bytes"] = counts.bytes;
    json["socket_full"] = counts.socket_full;
    json["lost"] = counts.lost;
    json["closed_before_logon"] = counts.closed_before_logon;
    json["answers"] = counts.answers;
    json["logouts"] = counts.logouts;
    return json.dump(2) + "\n";
}

}  // namespace fairlead::load
