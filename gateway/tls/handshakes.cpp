// The thread of the TLS handshakes; see handshakes.hpp.
#include "gateway/tls/handshakes.hpp"

#include <spdlog/spdlog.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>

#include "gateway/listening.hpp"
#include "gateway/socket.hpp"

namespace fairlead::gateway {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

constexpr auto bring_pause = std::chrono::milliseconds(1);
constexpr auto accept_pause = std::chrono::milliseconds(250);
// How long a peer has to read why it was refused.
constexpr auto linger_wait = std::chrono::seconds(1);
// Signatures take what processors the order thread leaves.
constexpr int politeness = 10;

}  // namespace

struct Handshakes::Attempt {
    Attempt(asio::io_context& context, tcp::socket&& accepted, TlsContext& tls)
        : socket(std::move(accepted)), timer(context), stream(std::make_unique<TlsStream>(tls.get())) {}

    enum class State : std::uint8_t { shaking, leaving, over };
    tcp::socket socket;
    asio::steady_timer timer;
    std::unique_ptr<TlsStream> stream;
    std::array<std::uint8_t, 16> address{};
    risk::UtcNs stamp_ns = 0;
    State state = State::shaking;
    bool heard = false;  // it has sent something
};

Handshakes::Handshakes(std::vector<TlsContext>& contexts, Push push)
    : contexts_(contexts), push_(std::move(push)) {}

Handshakes::~Handshakes() {
    stop();
}

std::string Handshakes::start() {
    listeners_.reserve(contexts_.size());  // they are referred to
    for (TlsContext& context : contexts_) {
        const config::ListenAddress& listen = context.listener().listen;
        tcp::acceptor acceptor(context_);
        if (std::string error = listen_on(acceptor, listen, "tls_listener.address"); !error.empty()) {
            return error;
        }
        addresses_.push_back(listen.address + ":" + std::to_string(acceptor.local_endpoint().port()));
        listeners_.push_back({&context, std::move(acceptor)});
        record(context.revocation_list());
    }
    if (listeners_.empty()) {
        return {};
    }
    for (Listener& listener : listeners_) {
        accept(listener);
    }
    thread_ = std::thread([this] {
        static_cast<void>(::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), politeness));
        context_.run();
    });
    return {};
}

void Handshakes::stop() {
    context_.stop();
    if (thread_.joinable()) {
        thread_.join();
    }
    attempts_.clear();
    for (const InboxItem& item : waiting_) {
        if (const auto* accepted = std::get_if<ConnectionAccepted>(&item)) {
            ::close(accepted->fd);
            delete accepted->stream;
        }
    }
    waiting_.clear();
}

// --- accepting

void Handshakes::accept(Listener& listener) {
    // At the bound, or with an order thread that is behind, connects wait in the kernel's queue, in order.
    if (listener.accepting || attempts_.size() >= attempts_max || waiting_.size() >= attempts_max) {
        return;
    }
    listener.accepting = true;
    listener.acceptor.async_accept(
        [this, &listener](const boost::system::error_code& error, tcp::socket socket) {
            listener.accepting = false;
            if (error == asio::error::operation_aborted) {
                return;
            }
            if (error) {
                spdlog::warn("accept failed: {}", error.message());
                accept_later(listener);
                return;
            }
            begin(listener, std::move(socket));
            accept(listener);
        });
}

void Handshakes::accept_later(Listener& listener) {
    auto timer = std::make_shared<asio::steady_timer>(context_, accept_pause);
    timer->async_wait([this, timer, &listener](const boost::system::error_code& error) {
        if (!error) {
            accept(listener);
        }
    });
}

void Handshakes::begin(Listener& listener, tcp::socket socket) {
    boost::system::error_code error;
    const auto address = mapped(socket.remote_endpoint(error).address());
    bool stamped = false;
    if (error || prepare_socket(socket.native_handle(), stamped) != 0) {
        return;  // it has gone already
    }
    make_room(address);
    refresh(*listener.context);
    auto attempt = std::make_shared<Attempt>(context_, std::move(socket), *listener.context);
    attempt->address = address;
    attempts_.push_back(attempt);
    attempt->timer.expires_after(
        std::chrono::milliseconds(listener.context->listener().handshake_timeout_ms));
    attempt->timer.async_wait([this, attempt](const boost::system::error_code& cancelled) {
        if (!cancelled && attempt->state == Attempt::State::shaking) {
            refuse(attempt, risk::LogonVerdict::handshake_stalled, "not finished in time");
        }
    });
    read(attempt);
}

// As the Road does with connections that say nothing.
void Handshakes::make_room(const std::array<std::uint8_t, 16>& newcomer) {
    constexpr std::size_t eighth = attempts_max / 8;
    for (int lost = 0; lost < 2; ++lost) {
        const auto from_there = [&newcomer](const auto& attempt) { return attempt->address == newcomer; };
        const auto many =
            static_cast<std::size_t>(std::count_if(attempts_.begin(), attempts_.end(), from_there));
        if (attempts_.size() + eighth < attempts_max || many <= eighth) {
            return;
        }
        const auto oldest = *std::find_if(attempts_.begin(), attempts_.end(), from_there);
        if (oldest->state == Attempt::State::leaving) {
            end(oldest);
        } else {
            refuse(oldest, risk::LogonVerdict::handshake_stalled, "its address has too many of them open");
        }
    }
}

// A changed list holds from this handshake on.
void Handshakes::refresh(TlsContext& context) {
    if (const auto list = context.refresh()) {
        record(*list);
    }
}

// --- shaking hands

void Handshakes::read(const std::shared_ptr<Attempt>& attempt) {
    attempt->socket.async_wait(
        tcp::socket::wait_read, [this, attempt](const boost::system::error_code& error) {
            if (error || attempt->state == Attempt::State::over) {
                return;
            }
            if (attempt->state == Attempt::State::leaving) {
                std::array<char, 4096> unread;  // NOLINT: of no use
                const ReadResult result = read_stamped(attempt->socket.native_handle(), unread);
                if (result.status == ReadResult::Status::data || result.status == ReadResult::Status::empty) {
                    read(attempt);
                } else {
                    end(attempt);
                }
                return;
            }
            const ReadResult result = read_stamped(attempt->socket.native_handle(), attempt->stream->room());
            if (result.status == ReadResult::Status::data) {
                attempt->heard = true;
                attempt->stamp_ns = result.stamp_ns;
                attempt->stream->received(result.length);
                shake(attempt);
            } else if (result.status == ReadResult::Status::empty) {
                read(attempt);
            } else if (attempt->heard) {
                refuse(attempt, risk::LogonVerdict::handshake_failed, "the peer went away");
            } else {
                end(attempt);  // a connect and nothing else, as on a plain listener
            }
        });
}

void Handshakes::shake(const std::shared_ptr<Attempt>& attempt) {
    const TlsStream::Step step = attempt->stream->shake();
    if (step == TlsStream::Step::failed) {
        refuse(attempt, attempt->stream->verdict(), attempt->stream->reason());
        return;
    }
    if (!flush(attempt)) {
        refuse(attempt, risk::LogonVerdict::handshake_failed, "the peer went away");
    } else if (!attempt->stream->sealed().empty()) {
        attempt->socket.async_wait(tcp::socket::wait_write,
                                   [this, attempt](const boost::system::error_code& error) {
                                       if (!error && attempt->state == Attempt::State::shaking) {
                                           shake(attempt);
                                       }
                                   });
    } else if (step == TlsStream::Step::done) {
        hand_over(attempt);
    } else if (step == TlsStream::Step::unsaid) {
        shake(attempt);  // the rest of a flight that was longer than the buffer
    } else {
        read(attempt);
    }
}

bool Handshakes::flush(const std::shared_ptr<Attempt>& attempt) {
    const WriteResult result = write_some(attempt->socket.native_handle(), attempt->stream->sealed());
    attempt->stream->sent(result.length);
    return result.error == 0;
}

// --- how it ended

void Handshakes::hand_over(const std::shared_ptr<Attempt>& attempt) {
    ConnectionAccepted accepted;
    accepted.address = attempt->address;
    accepted.stamp_ns = attempt->stamp_ns;
    boost::system::error_code error;
    accepted.fd = attempt->socket.release(error);
    if (!error) {
        accepted.stream = attempt->stream.release();
        record(accepted);
    }
    end(attempt);
}

void Handshakes::refuse(const std::shared_ptr<Attempt>& attempt, risk::LogonVerdict verdict,
                        const std::string& reason) {
    HandshakeRefused refused;
    refused.address = attempt->address;
    refused.verdict = verdict;
    const std::string_view name = attempt->stream->peer_name();
    if (risk::UserName::fits(name)) {
        refused.name = risk::UserName(name);
    }
    spdlog::warn("TLS handshake refused [from {}] [certificate of '{}']: {}",
                 config::format_address(attempt->address), name, reason);
    record(refused);
    if (verdict != risk::LogonVerdict::handshake_stalled && flush(attempt)) {
        linger(attempt);
    } else {
        end(attempt);
    }
}

void Handshakes::linger(const std::shared_ptr<Attempt>& attempt) {
    attempt->state = Attempt::State::leaving;
    end_writing(attempt->socket.native_handle());
    attempt->timer.expires_after(linger_wait);
    attempt->timer.async_wait([this, attempt](const boost::system::error_code& cancelled) {
        if (!cancelled && attempt->state == Attempt::State::leaving) {
            end(attempt);
        }
    });
    read(attempt);
}

void Handshakes::end(const std::shared_ptr<Attempt>& attempt) {
    attempt->state = Attempt::State::over;
    attempt->timer.cancel();
    boost::system::error_code ignored;
    attempt->socket.close(ignored);
    attempts_.remove(attempt);
    for (Listener& listener : listeners_) {
        accept(listener);
    }
}

// --- to the order thread

void Handshakes::record(const InboxItem& item) {
    waiting_.push_back(item);
    if (waiting_.size() == 1) {
        bring();
    }
}

void Handshakes::bring() {
    while (!waiting_.empty() && push_(waiting_.front())) {
        waiting_.pop_front();
    }
    if (waiting_.empty()) {
        for (Listener& listener : listeners_) {
            accept(listener);
        }
        return;
    }
    bring_timer_.expires_after(bring_pause);
    bring_timer_.async_wait([this](const boost::system::error_code& error) {
        if (!error) {
            bring();
        }
    });
}

}  // namespace fairlead::gateway
