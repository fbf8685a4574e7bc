// The control thread at work; see outside.hpp.
#include "gateway/outside.hpp"

#include <spdlog/async.h>
#include <spdlog/spdlog.h>
#include <sys/timex.h>
#include <unistd.h>

#include <csignal>

#include "gateway/listening.hpp"
#include "gateway/sealed_stream.hpp"

namespace fairlead::gateway {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

// How often errands are looked for: less often once none have come for a while, since each look takes a
// processor from somebody for a moment.
constexpr auto errand_pause = std::chrono::milliseconds(2);
constexpr auto quiet_errand_pause = std::chrono::milliseconds(10);
constexpr unsigned quiet_looks = 250;
constexpr auto clock_pause = std::chrono::seconds(1);
constexpr auto connect_wait = std::chrono::seconds(5);
// After an accept that failed: without descriptors it fails again at once, the connect stays in its queue.
constexpr auto accept_pause = std::chrono::milliseconds(250);

ControlOptions control_options(const config::GatewayConfig& config, Reloader& reloader) {
    ControlOptions options;
    options.socket_path = config.control.socket;
    options.token_idle_s = config.control.token_idle_minutes * 60;
    options.totp_for_approvers = config.control.totp_for_approvers;
    options.read_again = [&reloader](std::uint64_t request) { return reloader.begin(request); };
    options.reload_over = [&reloader](std::unique_ptr<Reload> reload) { reloader.over(std::move(reload)); };
    return options;
}

}  // namespace

bool InboxDoor::push(const InboxItem& item) noexcept {
    if (!inbox_.push(item)) {
        return false;
    }
    if (ring_) {
        const std::uint64_t one = 1;
        static_cast<void>(!::write(wakeup_fd_, &one, sizeof one));
    }
    return true;
}

// One attempt to reach a venue line, with its time-out.
struct Outside::Connecting : std::enable_shared_from_this<Outside::Connecting> {
    Connecting(asio::io_context& context, std::uint32_t line_id)
        : socket(context), timer(context), line(line_id) {}
    tcp::socket socket;
    asio::steady_timer timer;
    std::uint32_t line;
    bool done = false;
};

Outside::Outside(const config::GatewayConfig& config, UserStore& users, InboxDoor& door, Errands& errands)
    : config_(config),
      door_(door),
      errands_(errands),
      reloader_(context_, config,
                [this](std::uint64_t request, std::unique_ptr<Reload> reload) {
                    control_.on_read_again(request, std::move(reload));
                }),
      control_(context_, control_options(config, reloader_), users,
               [this](const ControlRequest& request) { return door_.push(request); }) {}

Outside::~Outside() = default;

std::string Outside::start() {
    for (const config::ListenAddress& listen : config_.gateway.listen) {
        tcp::acceptor acceptor(context_);
        if (std::string error = listen_on(acceptor, listen, "gateway.listen"); !error.empty()) {
            return error;
        }
        addresses_.push_back(listen.address + ":" + std::to_string(acceptor.local_endpoint().port()));
        listeners_.push_back(std::move(acceptor));
    }
    if (std::string error = control_.start(); !error.empty()) {
        return error;
    }
    for (std::size_t i = 0; i < listeners_.size(); ++i) {
        accept(i);
    }
    signals_.add(SIGINT);
    signals_.add(SIGTERM);
    wait_for_signal();
    poll_errands();
    read_clock();
    return {};
}

// The kernel's own word on its clock; asks only, sets nothing. Lost when the order thread is behind: the next
// comes in a second.
void Outside::read_clock() {
    timex state{};
    const int answer = ::adjtimex(&state);
    static_cast<void>(door_.push(ClockReading{answer >= 0 && answer != TIME_ERROR}));
    clock_timer_.expires_after(clock_pause);
    clock_timer_.async_wait([this](const boost::system::error_code& error) {
        if (!error && !stopped_) {
            read_clock();
        }
    });
}

void Outside::run() {
    context_.run();
}

void Outside::accept(std::size_t listener) {
    auto socket = std::make_shared<tcp::socket>(context_);
    listeners_[listener].async_accept(
        *socket, [this, socket, listener](const boost::system::error_code& error) {
            if (error == asio::error::operation_aborted) {
                return;
            }
            if (!error) {
                boost::system::error_code ignored;
                const auto address = mapped(socket->remote_endpoint(ignored).address());
                if (!ignored) {
                    hand_over(listener, {socket->release(), address, nullptr, 0});
                    return;
                }
            } else {
                spdlog::warn("accept failed: {}", error.message());
                accept_later(listener);
                return;
            }
            accept(listener);
        });
}

void Outside::accept_later(std::size_t listener) {
    auto timer = std::make_shared<asio::steady_timer>(context_, accept_pause);
    timer->async_wait([this, timer, listener](const boost::system::error_code& error) {
        if (!error) {
            accept(listener);
        }
    });
}

// While the order thread is behind, nobody more is accepted: connects wait in the kernel's queue, in order.
void Outside::hand_over(std::size_t listener, const ConnectionAccepted& accepted) {
    if (door_.push(accepted)) {
        accept(listener);
        return;
    }
    auto timer = std::make_shared<asio::steady_timer>(context_, std::chrono::milliseconds(1));
    timer->async_wait([this, timer, listener, accepted](const boost::system::error_code& error) {
        if (error) {
            ::close(accepted.fd);
        } else {
            hand_over(listener, accepted);
        }
    });
}

void Outside::connect(const ConnectLine& errand) {
    const config::LineConfig* line = nullptr;
    for (const config::LineConfig& candidate : config_.lines) {
        line = candidate.id == errand.line ? &candidate : line;
    }
    auto attempt = std::make_shared<Connecting>(context_, errand.line);
    const auto finish = [this, attempt](const boost::system::error_code& error) {
        if (attempt->done) {
            return;
        }
        attempt->done = true;
        attempt->timer.cancel();
        LineConnected connected;
        connected.line = attempt->line;
        connected.error = error.value();
        if (!error) {
            connected.fd = attempt->socket.release();
        } else {
            boost::system::error_code ignored;
            attempt->socket.close(ignored);
        }
        if (!door_.push(connected) && connected.fd >= 0) {
            ::close(connected.fd);
        }
    };
    boost::system::error_code error;
    const asio::ip::address address = asio::ip::make_address(line->host, error);
    if (!error) {
        attempt->socket.open(address.is_v6() ? tcp::v6() : tcp::v4(), error);
    }
    if (!error && line->local_port != 0) {
        attempt->socket.set_option(tcp::socket::reuse_address(true), error);
        attempt->socket.bind(tcp::endpoint(address.is_v6() ? tcp::v6() : tcp::v4(), line->local_port), error);
    }
    if (error) {
        finish(error);
        return;
    }
    attempt->timer.expires_after(connect_wait);
    attempt->timer.async_wait([finish](const boost::system::error_code& cancelled) {
        if (!cancelled) {
            finish(asio::error::timed_out);
        }
    });
    attempt->socket.async_connect(tcp::endpoint(address, line->port), finish);
}

void Outside::wait_for_signal() {
    signals_.async_wait([this](const boost::system::error_code& error, int number) {
        if (error) {
            return;
        }
        spdlog::info("signal {}: stopping in order", number);
        if (!door_.push(ShutdownAsked{})) {
            spdlog::error("the order thread does not take the stop: try again");
        }
        wait_for_signal();
    });
}

void Outside::poll_errands() {
    Errand errand;
    ++looks_in_vain_;
    while (errands_.pop(errand)) {
        looks_in_vain_ = 0;
        if (const auto* line = std::get_if<ConnectLine>(&errand)) {
            connect(*line);
        } else if (const auto* reply = std::get_if<ControlReply>(&errand)) {
            control_.reply(*reply);
        } else if (const auto* log = std::get_if<LogLine>(&errand)) {
            write_log(*log);
        } else if (const auto* ended = std::get_if<StreamEnded>(&errand)) {
            delete ended->stream;
        } else if (const auto* read = std::get_if<ReloadOver>(&errand)) {
            reloader_.over(std::unique_ptr<Reload>(read->reload));
        } else if (std::holds_alternative<Stopped>(errand)) {
            stopped_ = true;
        }
    }
    if (stopped_) {
        control_.stop();
        context_.stop();
        return;
    }
    errand_timer_.expires_after(looks_in_vain_ > quiet_looks ? quiet_errand_pause : errand_pause);
    errand_timer_.async_wait([this](const boost::system::error_code& error) {
        if (!error) {
            poll_errands();
        }
    });
}

void Outside::write_log(const LogLine& line) {
    // The writing thread may be blocked too: then spdlog lets go of its oldest lines.
    const auto writer = spdlog::thread_pool();
    if (const std::size_t overrun = writer ? writer->overrun_counter() : 0; overrun != overrun_told_) {
        spdlog::warn("{} log lines were lost: the log could not be written", overrun - overrun_told_);
        overrun_told_ = overrun;
    }
    static constexpr std::array levels{spdlog::level::info, spdlog::level::warn, spdlog::level::err};
    spdlog::log(levels[static_cast<std::size_t>(line.level)],
                "{} [session {}] [value {}] {} (after record {})", line.text, line.session, line.value,
                line.detail.view(), line.sequence);
}

}  // namespace fairlead::gateway
