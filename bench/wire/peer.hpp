// Peer: one FIX end of the wire tester, client or venue: a non-blocking socket, its message numbers, and
// what the session needs answered. It checks that numbers received ascend by one. Not a FIX engine: it
// resends nothing and expects a middle that is right.
#pragma once

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "gateway/fix/encoder.hpp"
#include "gateway/fix/reader.hpp"
#include "gateway/tls/tls_stream.hpp"

namespace fairlead::wire {

inline std::int64_t clock_ns(clockid_t which = CLOCK_MONOTONIC) noexcept {
    timespec at{};
    ::clock_gettime(which, &at);
    return std::int64_t{at.tv_sec} * 1'000'000'000 + at.tv_nsec;
}

[[noreturn]] inline void fail(const std::string& what) {
    std::fprintf(stderr, "%s: %s\n", ::program_invocation_short_name, what.c_str());
    std::exit(1);
}

class Peer {
  public:
    Peer(const char* us, const char* them, std::size_t buffer_bytes = 1 << 20)
        : header_("FIX.4.4", us, them), in_(buffer_bytes) {}

    void adopt(int fd) {
        fd_ = fd;
        const int one = 1;
        ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        last_sent_ns_ = clock_ns();
    }
    // From here on in TLS, as a client. Text is sealed when it is made ready and opened after the moment of
    // its read: what is measured is the middle's cost alone, as it is for plain text.
    void shake_hands(SSL_CTX* context) {
        tls_ = std::make_unique<gateway::TlsStream>(context, gateway::TlsStream::Role::client);
        while (true) {
            const auto step = tls_->shake();
            send_all(tls_->sealed());
            tls_->sent(tls_->sealed().size());
            if (step == gateway::TlsStream::Step::done) {
                return;
            }
            const std::span<char> room = tls_->room();
            const ssize_t got = ::recv(fd_, room.data(), room.size(), 0);
            if (step == gateway::TlsStream::Step::failed || got <= 0) {
                fail("no TLS handshake: " + tls_->reason());
            }
            tls_->received(static_cast<std::size_t>(got));
        }
    }

    // A message of ours, begun; the caller adds fields and gives it to `ready`.
    fix::Encoder& begin(const char* type) {
        encoder_.begin(out_, header_, type, next_out_++, clock_ns(CLOCK_REALTIME));
        return encoder_;
    }
    void ready() {
        length_ = encoder_.finish();
        if (tls_ != nullptr && tls_->seal({out_.data(), length_}) != length_) {
            fail("a message could not be sealed");
        }
    }
    // Writes the message made ready; the moment right before the write.
    std::int64_t write() {
        const std::int64_t at = clock_ns();
        send_all(made_ready());
        gone();
        last_sent_ns_ = at;
        return at;
    }
    // Several messages in one write, as a busy client sends them.
    void queue() {
        const std::span<const char> bytes = made_ready();
        queued_.insert(queued_.end(), bytes.begin(), bytes.end());
        gone();
    }
    void flush() {
        send_all(queued_);
        queued_.clear();
    }
    void send(const char* type) {
        begin(type);
        ready();
        write();
    }

    // Reads what is there, without waiting. The moment right after the read that brought the message
    // now handed out is `read_ns`.
    const fix::Message* poll() {
        if (const fix::Message* message = next()) {
            return message;
        }
        if (taken_ > 0) {
            std::memmove(in_.data(), in_.data() + taken_, held_ - taken_);
            held_ -= taken_;
            taken_ = 0;
        }
        if (tls_ != nullptr && tls_->holds_record()) {
            return open_record();
        }
        const std::span<char> room = tls_ != nullptr ? tls_->room() : std::span(in_).subspan(held_);
        const ssize_t got = ::recv(fd_, room.data(), room.size(), MSG_DONTWAIT);
        if (got == 0) {
            fail("the middle closed the connection");
        }
        if (got < 0) {
            return nullptr;
        }
        read_ns_ = clock_ns();
        if (tls_ != nullptr) {
            tls_->received(static_cast<std::size_t>(got));
            return open_record();
        }
        held_ += static_cast<std::size_t>(got);
        return next();
    }
    [[nodiscard]] std::int64_t read_ns() const { return read_ns_; }

    // Answers what a session must; true: the message was of the session, not for the tester.
    bool serve(const fix::Message& message) {
        const std::string_view type = message.type();
        if (type == "1") {
            begin("0").add(112, message.value(112));
            ready();
            write();
            return true;
        }
        if (type == "3" || type == "5" || type == "j") {
            fail("unexpected: " + std::string(message.text()));
        }
        return type == "0" || type == "A";
    }
    void keep_alive(std::int64_t now_ns, std::int64_t quiet_ns_max = 4'000'000'000) {
        if (now_ns - last_sent_ns_ > quiet_ns_max) {
            send("0");
        }
    }

  private:
    void send_all(std::span<const char> bytes) const {
        for (std::size_t sent = 0; sent < bytes.size();) {
            const ssize_t put =
                ::send(fd_, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL | MSG_DONTWAIT);
            sent += put > 0 ? static_cast<std::size_t>(put) : 0;
        }
    }
    [[nodiscard]] std::span<const char> made_ready() const {
        return tls_ != nullptr ? tls_->sealed() : std::span<const char>(out_.data(), length_);
    }
    void gone() {
        if (tls_ != nullptr) {
            tls_->sent(tls_->sealed().size());
        }
    }
    const fix::Message* open_record() {
        const auto opened = tls_->open(std::span(in_).subspan(held_));
        if (opened.what == gateway::SealedStream::Opened::ended ||
            opened.what == gateway::SealedStream::Opened::broken) {
            fail("the middle ended the TLS connection");
        }
        held_ += opened.length;
        return next();
    }
    const fix::Message* next() {
        const auto read = reader_.read({in_.data() + taken_, held_ - taken_}, message_);
        if (read.status != fix::ReadStatus::complete) {
            if (read.status != fix::ReadStatus::incomplete) {
                fail("garbled bytes from the middle");
            }
            return nullptr;
        }
        taken_ += read.consumed;
        if (message_.number() != next_in_) {
            fail("MsgSeqNum " + std::to_string(message_.number()) + ", expected " + std::to_string(next_in_) +
                 ": " + std::string(message_.text()));
        }
        ++next_in_;
        return &message_;
    }

    fix::HeaderTemplate header_;
    fix::Encoder encoder_;
    fix::Reader reader_;
    fix::Message message_;
    std::unique_ptr<gateway::TlsStream> tls_;  // null: plain text
    std::array<char, 2048> out_{};
    std::vector<char> in_;
    std::vector<char> queued_;
    std::size_t length_ = 0;
    std::size_t held_ = 0;
    std::size_t taken_ = 0;
    std::uint64_t next_out_ = 1;
    std::uint64_t next_in_ = 1;
    std::int64_t read_ns_ = 0;
    std::int64_t last_sent_ns_ = 0;
    int fd_ = -1;
};

}  // namespace fairlead::wire
