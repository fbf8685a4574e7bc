#include "tests/simulation/peer.hpp"

#include <algorithm>

namespace fairlead::simulation {

namespace {

bool is_session_type(const std::string& type) {
    return type == "0" || type == "1" || type == "2" || type == "3" || type == "4" || type == "5" ||
           type == "A";
}

}  // namespace

Peer::Peer(Kernel& kernel, Network& network, std::string name, std::string gateway_name, std::uint64_t stream)
    : kernel_(kernel),
      network_(network),
      random_(kernel.plan.seed, stream),
      name_(std::move(name)),
      gateway_name_(std::move(gateway_name)) {}

// --- sending

void Peer::transmit(const std::string& type, std::uint64_t number, const Fields& fields,
                    std::int64_t original_ns) {
    if (fd_ < 0) {
        return;
    }
    Fields whole{{35, type}, {49, name_}, {56, gateway_name_}, {34, std::to_string(number)}};
    if (original_ns != 0) {
        whole.emplace_back(43, "Y");
    }
    whole.emplace_back(52, fix_time(kernel_.true_utc_ns()));
    if (original_ns != 0) {
        whole.emplace_back(122, fix_time(original_ns));
    }
    whole.insert(whole.end(), fields.begin(), fields.end());
    last_sent_ns_ = kernel_.monotonic_ns();
    kernel_.say(name_ + " says " + std::to_string(number) + ": " + FixMessage{whole}.content());
    network_.send(fd_, write_fix(whole));
}

std::uint64_t Peer::say(const std::string& type, Fields fields) {
    const std::uint64_t number = next_out_++;
    if (logged_on_ || is_session_type(type)) {  // else the gateway asks for it once it is logged on
        transmit(type, number, fields, 0);
    }
    sent_[number] = {type, std::move(fields), kernel_.true_utc_ns()};
    return number;
}

void Peer::say_again(std::uint64_t number) {
    const Sent& sent = sent_.at(number);
    transmit(sent.type, number, sent.fields, sent.utc_ns);
    on_said_again(number);
}

void Peer::leave(const std::string& text) {
    if (fd_ < 0) {
        return;
    }
    leaving_ = true;
    say("5", text.empty() ? Fields{} : Fields{{58, text}});
    kernel_.after(200 * ms_ns, [this, connection = connection_] {
        if (connection == connection_ && fd_ >= 0) {
            drop();
        }
    });
}

void Peer::drop() {
    const int fd = fd_;
    on_end();
    network_.close(fd);
}

// --- the connection

void Peer::adopt_connection(int fd) {
    fd_ = fd;
    ++connection_;
    in_.clear();
    early_.clear();
    logged_on_ = leaving_ = test_asked_ = false;
    gap_up_to_ = 0;
    last_sent_ns_ = last_received_ns_ = kernel_.monotonic_ns();
    watch_time();
}

void Peer::on_end() {
    if (fd_ >= 0) {
        kernel_.say(name_ + " has lost its connection");
        fd_ = -1;
        logged_on_ = false;
        ++connection_;
        on_lost();
    }
}

void Peer::watch_time() {
    kernel_.after(second_ns, [this, connection = connection_] {
        if (connection != connection_ || fd_ < 0) {
            return;
        }
        const std::int64_t now = kernel_.monotonic_ns();
        if (now - last_received_ns_ > 2 * heartbeat_ns_ + 3 * second_ns) {
            drop();
            return;
        }
        if (logged_on_ && !leaving_) {
            if (now - last_received_ns_ > heartbeat_ns_ + 2 * second_ns && !test_asked_) {
                test_asked_ = true;
                say("1", {{112, "T" + std::to_string(next_out_)}});
            } else if (now - last_sent_ns_ >= heartbeat_ns_) {
                say("0", {});
            }
        }
        watch_time();
    });
}

// --- receiving

void Peer::on_bytes(std::string_view bytes) {
    in_.append(bytes);
    last_received_ns_ = kernel_.monotonic_ns();
    test_asked_ = false;
    FixMessage message;
    std::string bad;
    const std::uint64_t connection = connection_;
    while (connection == connection_ && fd_ >= 0 && take_fix(in_, message, bad)) {
        kernel_.fold(message.content());
        kernel_.say(name_ + " hears " + message.get(34) + (message.get(43) == "Y" ? " again: " : ": ") +
                    message.content());
        if (message.get(49) != gateway_name_ || message.get(56) != name_) {
            kernel_.fail(12, name_ + ": a message of another conversation: " + message.content());
        }
        take(message);
        take_early();
    }
    if (!bad.empty()) {
        kernel_.fail(12, name_ + ": " + bad + ": " + in_.substr(0, 120));
    }
}

void Peer::take(const FixMessage& message) {
    const std::string type = message.type();
    const std::uint64_t number = message.number(34);
    const bool again = message.get(43) == "Y";
    if (type == "4") {
        take_sequence_reset(message);
        return;
    }
    if (number < next_in_) {
        if (!again) {
            too_low(message);
        } else if (const auto at = received_.find(number);
                   at != received_.end() && at->second != message.content() && !lost_seen) {
            kernel_.fail(12, name_ + ": number " + std::to_string(number) +
                                 " again with other contents: " + message.content() + " was " + at->second);
        }
        return;
    }
    if (number > next_in_) {
        early_[number] = message;
        if (type == "A" || type == "2") {  // at once; in its turn it only counts
            early_[number].fields.front().second = "0";
            if (type == "A") {
                on_logon(message);
            } else {
                on_resend_request(message);
            }
        } else if (type == "5") {
            on_logout(message);
            return;
        }
        ask_again(number);
        return;
    }
    next_in_ = number + 1;
    if (gap_up_to_ != 0 && next_in_ > gap_up_to_) {
        gap_up_to_ = 0;
    }
    take_in_turn(message);
}

void Peer::take_early() {
    const std::uint64_t connection = connection_;
    while (connection == connection_ && !early_.empty() && early_.begin()->first <= next_in_) {
        const FixMessage message = std::move(early_.begin()->second);
        early_.erase(early_.begin());
        if (message.number(34) == next_in_) {
            take(message);
        }
    }
}

void Peer::ask_again(std::uint64_t number) {
    if (fd_ < 0 || leaving_) {
        return;
    }
    if (gap_up_to_ == 0) {
        say("2", {{7, std::to_string(next_in_)}, {16, "0"}});
        kernel_.marks.hit("gap asked for by a peer");
    }
    gap_up_to_ = std::max(gap_up_to_, number);
}

void Peer::take_in_turn(const FixMessage& message) {
    const std::string type = message.type();
    if (type == "A") {
        on_logon(message);
    } else if (type == "1") {
        say("0", {{112, message.get(112)}});
    } else if (type == "2") {
        on_resend_request(message);
    } else if (type == "5") {
        on_logout(message);
    } else if (type != "0") {
        if (type != "3") {
            received_[message.number(34)] = message.content();
        }
        on_application(message);
    }
}

void Peer::take_sequence_reset(const FixMessage& message) {
    const std::uint64_t number = message.number(34);
    const std::uint64_t next = message.number(36);
    if (message.get(123) != "Y") {
        kernel_.fail(12, name_ + ": a SequenceReset that is no gap fill");
        return;
    }
    if (number > next_in_) {
        ask_again(number);
        return;
    }
    const bool as_asked = known_asked_ > 0 && number == 1;  // it may be told of gaps where messages were
    known_asked_ -= as_asked ? 1 : 0;
    for (std::uint64_t filled = number; filled < next && !lost_seen && !as_asked; ++filled) {
        if (received_.count(filled) != 0) {
            kernel_.fail(12,
                         name_ + ": number " + std::to_string(filled) + " was a message and is a gap now");
        }
    }
    if (number == next_in_) {
        next_in_ = std::max(next_in_, next);
        if (gap_up_to_ != 0 && next_in_ > gap_up_to_) {
            gap_up_to_ = 0;
        }
    }
}

// Below what was expected, and not sent again: only a journal that has lost its end may say so.
void Peer::too_low(const FixMessage& message) {
    if (!loss_allowed) {
        kernel_.fail(12, name_ + ": number " + message.get(34) + " where " + std::to_string(next_in_) +
                             " is next: " + message.content());
        return;
    }
    lost_seen = true;
    kernel_.marks.hit("peer ahead of the journal");
    leave("MsgSeqNum too low, expecting " + std::to_string(next_in_) + " but received " + message.get(34));
}

void Peer::on_resend_request(const FixMessage& message) {
    const std::uint64_t begin = message.number(7);
    std::uint64_t end = message.number(16);
    end = end == 0 || end >= next_out_ ? next_out_ - 1 : end;
    std::uint64_t fill_from = 0;
    const auto fill = [&](std::uint64_t up_to) {
        if (fill_from != 0) {
            transmit("4", fill_from, {{123, "Y"}, {36, std::to_string(up_to)}}, kernel_.true_utc_ns());
            fill_from = 0;
        }
    };
    for (std::uint64_t number = begin; number <= end; ++number) {
        const auto at = sent_.find(number);
        if (at == sent_.end() || is_session_type(at->second.type)) {
            fill_from = fill_from == 0 ? number : fill_from;
            continue;
        }
        fill(number);
        say_again(number);
    }
    fill(end + 1);
}

}  // namespace fairlead::simulation
