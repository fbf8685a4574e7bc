#include "tests/load/fake_gateway.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <ctime>

#include "risk/assert.hpp"

namespace fairlead::load_test {
namespace {

std::int64_t utc_now() {
    timespec time{};
    clock_gettime(CLOCK_REALTIME, &time);
    return static_cast<std::int64_t>(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
}

bool is_nth(std::uint64_t count, std::uint64_t every) {
    return every != 0 && count % every == 0;
}

}  // namespace

FakeGateway::FakeGateway(FakeRules rules) : rules_(rules) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    risk::require(::bind(listener_, reinterpret_cast<const sockaddr*>(&address), size) == 0 &&
                      ::listen(listener_, 64) == 0 &&
                      ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) == 0,
                  "the test needs a loopback port");
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { run(); });
}

FakeGateway::~FakeGateway() {
    stop_ = true;
    thread_.join();
    for (const Peer& peer : peers_) {
        ::close(peer.descriptor);
    }
    ::close(listener_);
}

void FakeGateway::run() {
    while (!stop_) {
        std::vector<pollfd> polled{{listener_, POLLIN, 0}};
        for (const Peer& peer : peers_) {
            polled.push_back({peer.descriptor, POLLIN, 0});
        }
        if (::poll(polled.data(), polled.size(), 20) <= 0) {
            continue;
        }
        for (std::size_t i = polled.size() - 1; i >= 1; --i) {
            if (polled[i].revents != 0 && !serve(peers_[i - 1])) {
                ::close(peers_[i - 1].descriptor);
                peers_.erase(peers_.begin() + static_cast<std::ptrdiff_t>(i - 1));
            }
        }
        if (polled[0].revents != 0) {
            Peer peer;
            peer.descriptor = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
            const int one = 1;
            ::setsockopt(peer.descriptor, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
            peers_.push_back(std::move(peer));
        }
    }
}

bool FakeGateway::serve(Peer& peer) {
    char room[65536];
    const ssize_t size = ::recv(peer.descriptor, room, sizeof(room), 0);
    if (size <= 0) {
        return false;
    }
    peer.in.append(room, static_cast<std::size_t>(size));
    const fix::Reader reader;
    std::size_t used = 0;
    bool stays = true;
    while (stays) {
        fix::Message message;
        const fix::ReadResult result = reader.read({peer.in.data() + used, peer.in.size() - used}, message);
        used += result.consumed;
        if (result.status != fix::ReadStatus::complete) {
            break;
        }
        stays = on_message(peer, message);
    }
    peer.in.erase(0, used);
    (void)::send(peer.descriptor, peer.out.data(), peer.out.size(), MSG_NOSIGNAL);
    peer.out.clear();
    return stays;
}

bool FakeGateway::on_message(Peer& peer, const fix::Message& message) {
    const std::string_view type = message.type();
    if (type == "A") {
        return on_logon(peer, message);
    }
    Numbers& numbers = numbers_[peer.sender];
    if (type == "4") {
        ++gap_fills_;
        numbers.next_in = fix::parse_unsigned(message.value(36)).value;
        return true;
    }
    if (message.number() != numbers.next_in) {
        return true;
    }
    ++numbers.next_in;
    if (type == "5") {
        begin(peer, "5");
        send(peer);
        return false;
    }
    if (type == "1") {
        begin(peer, "0").add(112, message.value(112));
        send(peer);
    } else if (type == "2") {
        // The first number asked for is gap-filled; the later ones have all arrived.
        encoder_.begin(out_, fix::HeaderTemplate("FIX.4.4", "FAIRLEAD", peer.sender), "4",
                       fix::parse_unsigned(message.value(7)).value, utc_now(), {true, utc_now()});
        encoder_.add_boolean(123, true);
        encoder_.add_unsigned(36, fix::parse_unsigned(message.value(7)).value + 1);
        send(peer);
    } else if (type == "D") {
        return on_new(peer, message);
    } else if (type == "F" || type == "G") {
        on_change(peer, message);
    }
    return true;
}

bool FakeGateway::on_logon(Peer& peer, const fix::Message& message) {
    peer.sender = message.sender();
    Numbers& numbers = numbers_[peer.sender];
    numbers.next_in = std::max(numbers.next_in, rules_.expected_number);
    if (rules_.refuse_logon || message.value(554) != "secret") {
        begin(peer, "5").add(58, "Logon refused.");
        send(peer);
        return false;
    }
    if (message.value(141) == "Y") {
        numbers = Numbers{};
    }
    if (message.number() < numbers.next_in) {
        begin(peer, "5").add(58, "MsgSeqNum too low, expecting " + std::to_string(numbers.next_in) +
                                     " but received " + std::to_string(message.number()));
        send(peer);
        return false;
    }
    const std::uint64_t missing = numbers.next_in;
    begin(peer, "A").add_unsigned(98, 0);
    encoder_.add(108, message.value(108));
    if (message.value(141) == "Y") {
        encoder_.add_boolean(141, true);
    }
    send(peer);
    if (message.number() > missing) {
        begin(peer, "2").add_unsigned(7, missing);
        encoder_.add_unsigned(16, 0);
        send(peer);
    } else {
        numbers.next_in = message.number() + 1;
    }
    return true;
}

bool FakeGateway::on_new(Peer& peer, const fix::Message& message) {
    const std::uint64_t count = ++orders_;
    if (count == rules_.disconnect_at) {
        // As if the connection broke before the order was read.
        --numbers_[peer.sender].next_in;
        return false;
    }
    if (is_nth(count, rules_.silent_every)) {
        return true;
    }
    if (count == rules_.skip_number_at) {
        ++numbers_[peer.sender].next_out;
    }
    const std::string identifier(message.value(11));
    const std::uint64_t key = 1000 + count;
    if (keys_.count(identifier) != 0 && !rules_.refuse_before_duplicates) {
        report(peer, message, key, '8', '8');
        return true;
    }
    keys_[identifier] = key;
    book_[key] = {std::string(message.value(55)), std::string(message.value(54)),
                  fix::parse_quantity(message.value(38)).value, false};
    if (is_nth(count, rules_.refuse_every) || is_nth(count, rules_.venue_refuse_every)) {
        book_[key].ended = true;
        report(peer, message, key, '8', '8');
        return true;
    }
    report(peer, message, key, '0', '0', count == rules_.garble_at);
    if (is_nth(count, rules_.fill_every)) {
        book_[key].ended = true;
        report(peer, message, key, 'F', '2');
    }
    return true;
}

void FakeGateway::on_change(Peer& peer, const fix::Message& message) {
    ++changes_;
    const auto known = keys_.find(std::string(message.value(41)));
    if (known == keys_.end() || book_[known->second].ended) {
        begin(peer, "9").add(37, "NONE");
        encoder_.add(11, message.value(11));
        encoder_.add(41, message.value(41));
        encoder_.add_char(39, '8');
        encoder_.add_char(434, message.type() == "F" ? '1' : '2');
        encoder_.add_unsigned(102, 0);
        encoder_.add_unsigned(10006, 101);
        encoder_.add(58, "Too late: the order has ended.");
        send(peer);
        return;
    }
    keys_[std::string(message.value(11))] = known->second;
    if (message.type() == "F") {
        book_[known->second].ended = true;
        report(peer, message, known->second, '4', '4');
    } else {
        book_[known->second].quantity = fix::parse_quantity(message.value(38)).value;
        report(peer, message, known->second, '5', '0');
    }
}

void FakeGateway::report(Peer& peer, const fix::Message& message, std::uint64_t key, char execution,
                         char status, bool garble) {
    fix::Encoder& encoder = begin(peer, "8");
    encoder.add_padded(37, key, 12);
    encoder.add(11, message.value(11));
    encoder.add(41, message.value(41));
    encoder.add_unsigned(17, ++execution_);
    encoder.add_char(150, execution);
    encoder.add_char(39, status);
    encoder.add(55, message.value(55));
    encoder.add(54, message.value(54));
    const bool ended = status == '2' || status == '4' || status == '8';
    const std::int64_t quantity = execution == '4' ? 0 : fix::parse_quantity(message.value(38)).value;
    encoder.add_quantity(38, quantity);
    encoder.add(44, message.value(44));
    if (execution == '8' && keys_[std::string(message.value(11))] != key) {
        encoder.add_unsigned(103, 6);
        encoder.add_unsigned(10006, 72);
        encoder.add(58, "ClOrdID was used before: " + std::string(message.value(11)));
    } else if (execution == '8' && is_nth(key - 1000, rules_.venue_refuse_every)) {
        encoder.add(10007, "0013");
        encoder.add(58, "0013-PVC ERROR");
    } else if (execution == '8') {
        encoder.add_unsigned(10006, 55);
        encoder.add(58, "Price is between two ticks.");
    } else if (execution == 'F') {
        encoder.add_quantity(32, quantity);
        encoder.add_price(31, 100'000);
    }
    encoder.add_quantity(151, ended ? 0 : quantity);
    encoder.add_quantity(14, execution == 'F' ? quantity : 0);
    encoder.add_char(6, '0');
    send(peer, garble);
}

fix::Encoder& FakeGateway::begin(Peer& peer, std::string_view type) {
    encoder_.begin(out_, fix::HeaderTemplate("FIX.4.4", "FAIRLEAD", peer.sender), type,
                   numbers_[peer.sender].next_out++, utc_now());
    return encoder_;
}

void FakeGateway::send(Peer& peer, bool garble) {
    const std::size_t size = encoder_.finish();
    risk::require(size != 0, "the test's message does not fit");
    if (garble) {
        out_[size - 2] = out_[size - 2] == '0' ? '1' : '0';
    }
    peer.out.append(out_.data(), size);
}

}  // namespace fairlead::load_test
