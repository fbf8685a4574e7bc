// The peers' messages; see peers.hpp.
#include "tests/budget/peers.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <stdexcept>

#include "tests/budget/hooks.hpp"

namespace fairlead::budget {

fix::Encoder& Peer::begin(std::string_view type) {
    encoder_.begin(room_, header_, type, ++number_, utc_now_ns());
    return encoder_;
}

void Peer::say() {
    const std::size_t length = encoder_.finish();
    if (length == 0) {
        throw std::runtime_error("a peer's message does not fit");
    }
    out_.append(room_.data(), length);
}

void Peer::send() {
    if (tls_ != nullptr) {
        while (!out_.empty()) {
            out_.erase(0, tls_->seal(out_));
            const std::span<const char> bytes = tls_->sealed();
            if (::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(bytes.size())) {
                throw std::runtime_error("the gateway has ended the connection");
            }
            tls_->sent(bytes.size());
        }
    }
    while (!out_.empty()) {
        const ssize_t put = ::send(fd_, out_.data(), out_.size(), MSG_NOSIGNAL);
        if (put <= 0) {
            throw std::runtime_error("the gateway has ended the connection");
        }
        out_.erase(0, static_cast<std::size_t>(put));
    }
}

bool Peer::read(int wait_ms) {
    pollfd asked{fd_, POLLIN, 0};
    const bool sealed_here = tls_ != nullptr && tls_->holds_record();
    if (!sealed_here && ::poll(&asked, 1, wait_ms) <= 0) {
        return false;
    }
    in_.erase(in_.begin(), in_.begin() + static_cast<std::ptrdiff_t>(taken_));
    taken_ = 0;
    const std::size_t held = in_.size();
    in_.resize(held + 65'536);
    const std::span<char> room = tls_ != nullptr ? tls_->room() : std::span(in_).subspan(held);
    const ssize_t got = sealed_here ? 1 : ::recv(fd_, room.data(), room.size(), 0);
    if (tls_ != nullptr && got > 0) {
        tls_->received(sealed_here ? 0 : static_cast<std::size_t>(got));
        const auto opened = tls_->open(std::span(in_).subspan(held));
        in_.resize(held + opened.length);
        return true;
    }
    in_.resize(held + static_cast<std::size_t>(got > 0 ? got : 0));
    if (got <= 0) {
        throw std::runtime_error("the gateway has ended the connection");
    }
    return true;
}

const fix::Message* Peer::next(int wait_ms) {
    for (;;) {
        const auto result = reader_.read({in_.data() + taken_, in_.size() - taken_}, message_);
        if (result.status == fix::ReadStatus::incomplete) {
            if (!read(wait_ms)) {
                return nullptr;
            }
            continue;
        }
        if (result.status != fix::ReadStatus::complete) {
            throw std::runtime_error("the gateway's bytes are no FIX");
        }
        taken_ += result.consumed;
        if (message_.type() == "1") {
            begin("0").add(112, message_.value(112));
            say();
            send();
        } else if (message_.type() != "0") {
            return &message_;
        }
    }
}

namespace {

fix::Encoder& begin_command(Peer& client, std::string_view type, const Terms& terms) {
    fix::Encoder& encoder = client.begin(type);
    encoder.add(11, terms.id);
    encoder.add(41, terms.original);
    encoder.add(1, terms.account);
    encoder.add(55, terms.symbol);
    encoder.add(54, terms.side);
    encoder.add_time(60, utc_now_ns());
    return encoder;
}

void add_quantity_and_price(fix::Encoder& encoder, const Terms& terms) {
    encoder.add(38, terms.quantity);
    encoder.add(40, "2");
    encoder.add(44, terms.price);
}

}  // namespace

void say_new(Peer& client, const Terms& terms) {
    fix::Encoder& encoder = begin_command(client, "D", terms);
    add_quantity_and_price(encoder, terms);
    encoder.add(59, "0");
    client.say();
}

void say_replace(Peer& client, const Terms& terms) {
    add_quantity_and_price(begin_command(client, "G", terms), terms);
    client.say();
}

void say_cancel(Peer& client, const Terms& terms) {
    begin_command(client, "F", terms);
    client.say();
}

VenueOrder venue_order(const fix::Message& message) {
    const auto text = [&message](std::uint32_t tag) { return std::string(message.value(tag)); };
    return {text(50), text(37), text(11), text(41), text(1), text(55), text(54), text(38), text(44)};
}

void say_report(Peer& venue, const VenueOrder& order, char exec_type, std::uint64_t execution) {
    const bool cancelled = exec_type == '4';
    const bool filled = exec_type == 'F';
    const std::uint64_t lots = std::stoull(order.quantity);
    const std::uint64_t leaves = cancelled ? 0 : lots - (filled ? 1U : 0U);
    fix::Encoder& encoder = venue.begin("8");
    encoder.add(50, "0");
    encoder.add(57, order.branch);
    encoder.add(37, order.number);
    encoder.add(11, order.id);
    encoder.add(41, order.original);
    encoder.add(17, "B" + std::to_string(execution));
    encoder.add_char(150, exec_type);
    encoder.add_char(39, cancelled ? '4' : filled ? '1' : '0');
    encoder.add(1, order.account);
    encoder.add(55, order.symbol);
    encoder.add(54, order.side);
    encoder.add(38, order.quantity);
    encoder.add(40, "2");
    encoder.add(44, order.price);
    encoder.add(59, "0");
    if (filled) {
        encoder.add(32, "1");
        encoder.add(31, order.price);
    }
    encoder.add_unsigned(151, leaves);
    encoder.add(14, filled ? "1" : "0");
    encoder.add(6, filled ? order.price : "0.0000");
    encoder.add_time(60, utc_now_ns());
    encoder.add(10001, "0");
    venue.say();
}

}  // namespace fairlead::budget
