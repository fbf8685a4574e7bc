// The loop first, then sending, then the sockets.
#include "bench/load/player.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <utility>

#include "risk/assert.hpp"

namespace fairlead::load {
namespace {

constexpr std::int64_t second_ns = 1'000'000'000;
constexpr std::int64_t timer_every_ns = 50'000'000;
constexpr std::int64_t progress_every_ns = 2 * second_ns;
constexpr std::int64_t retry_every_ns = 200'000'000;
constexpr std::int64_t log_on_wait_ns = 15 * second_ns;  // and one second a session
constexpr std::uint32_t logons_at_once = 4;
constexpr std::int64_t wake_late_ns = 70'000;  // a sleep wakes about this late; the rest is spun
constexpr int batch_max = 64;                  // commands between two looks at the sockets

std::int64_t read_clock(clockid_t clock) {
    timespec time{};
    clock_gettime(clock, &time);
    return static_cast<std::int64_t>(time.tv_sec) * second_ns + time.tv_nsec;
}

std::string_view account_text(const risk::AccountRow& account, std::array<char, 16>& room) {
    const std::string_view branch = account.key.branch.view();
    char* out = std::copy(branch.begin(), branch.end(), room.data());
    *out++ = '-';
    out = fix::format_padded(out, account.key.number, 7);
    return {room.data(), static_cast<std::size_t>(out - room.data())};
}

char session_kind_code(risk::SessionKind kind) {
    constexpr std::array<char, risk::session_kind_count> codes{'0', 'C', '2', '7'};
    return codes[static_cast<std::size_t>(kind)];
}

}  // namespace

Stamp now() {
    return {read_clock(CLOCK_REALTIME), read_clock(CLOCK_MONOTONIC)};
}

Player::Player(const Market& market, std::vector<SessionPlan> plans, PlayerOptions options)
    : market_(market), options_(std::move(options)), outcomes_(plans.size(), options_.tag) {
    epoll_ = epoll_create1(EPOLL_CLOEXEC);
    risk::require(epoll_ >= 0, "the system gives no epoll");
    for (std::uint32_t i = 0; i < plans.size(); ++i) {
        Link link;
        link.session = std::make_unique<ClientSession>(i, plans[i].identity, plans[i].numbers);
        link.plan = std::move(plans[i]);
        links_.push_back(std::move(link));
    }
}

Player::~Player() {
    for (const Link& link : links_) {
        if (link.descriptor >= 0) {
            ::close(link.descriptor);
        }
    }
    ::close(epoll_);
}

bool Player::all_links(bool (*predicate)(const Link&)) const {
    return std::all_of(links_.begin(), links_.end(), predicate);
}

// A few at a time, as clients do: a gateway checks passwords slowly on purpose, and a logon that waits
// long is cut off.
bool Player::log_on() {
    const std::int64_t until_ns =
        now().monotonic_ns + log_on_wait_ns + static_cast<std::int64_t>(links_.size()) * second_ns;
    next_progress_ns_ = now().monotonic_ns + progress_every_ns;
    const auto settled = [](const Link& link) {
        return link.session->state() == ClientSession::State::active ||
               (link.session->state() == ClientSession::State::failed && !link.session->may_retry_logon());
    };
    std::uint32_t opened = 0;
    while (now().monotonic_ns < until_ns && !(interrupted_ && interrupted_())) {
        const auto on = std::count_if(links_.begin(), links_.end(), settled);
        while (opened < links_.size() && opened < on + logons_at_once) {
            open_link(opened++);
        }
        if (static_cast<std::size_t>(on) == links_.size()) {
            break;
        }
        turn(10'000'000);
    }
    logged_on_ = true;
    return all_links([](const Link& link) { return link.session->state() == ClientSession::State::active; });
}

void Player::begin_anew(std::string tag) {
    outcomes_ = Outcomes(links_.size(), std::move(tag));
    not_sent_ = {};
    lateness_ = {};
    held_.clear();
    for (Link& link : links_) {
        link.unwritten.clear();
    }
    first_sent_ns_ = last_sent_ns_ = 0;
    taken_ = progress_sent_ = 0;
}

void Player::play(CommandSource& source, Stamp start) {
    expected_ = source.expected_count();
    outcomes_.reserve(expected_ + expected_ / 8);
    start_ns_ = start.monotonic_ns;
    next_progress_ns_ = start_ns_ + progress_every_ns;
    PlannedCommand next;
    bool more = source.next(next);
    std::int64_t quiet_until_ns = 0;
    std::uint64_t waited_for = UINT64_MAX;
    while (!(interrupted_ && interrupted_())) {
        std::int64_t wait_ns = timer_every_ns;
        for (int sent = 0; more && sent < batch_max; ++sent) {
            if (options_.outstanding_max != 0 && outcomes_.unanswered() >= options_.outstanding_max) {
                break;
            }
            if (!options_.as_fast_as_possible) {
                const std::int64_t late_ns = now().monotonic_ns - start_ns_ - next.due_ns;
                if (late_ns < 0) {
                    wait_ns = -late_ns;
                    break;
                }
                lateness_.record(late_ns);
            } else if (!links_[next.session].session->has_room()) {
                wait_ns = timer_every_ns;
                break;
            }
            wait_ns = 0;
            ++taken_;
            dispatch(next);
            more = source.next(next);
        }
        write_dirty();
        if (!more) {
            const std::int64_t time_ns = now().monotonic_ns;
            // Each answer gives the others more time: a resend after a restart takes its while.
            if (outcomes_.unanswered() < waited_for) {
                waited_for = outcomes_.unanswered();
                quiet_until_ns = time_ns + options_.answer_wait_ns;
            }
            if (outcomes_.unanswered() == 0 || time_ns >= quiet_until_ns) {
                return;
            }
        }
        turn(wait_ns);
    }
}

void Player::linger(std::int64_t wait_ns) {
    const std::int64_t until_ns = now().monotonic_ns + wait_ns;
    while (now().monotonic_ns < until_ns && !(interrupted_ && interrupted_())) {
        turn(std::min(timer_every_ns, until_ns - now().monotonic_ns));
    }
}

void Player::log_out() {
    for (std::uint32_t i = 0; i < links_.size(); ++i) {
        links_[i].session->logout(now());
        mark_dirty(i);
    }
    write_dirty();
    const std::int64_t until_ns = now().monotonic_ns + 6 * second_ns;
    while (now().monotonic_ns < until_ns && !all_links([](const Link& link) {
               return link.session->state() != ClientSession::State::logout_sent;
           })) {
        turn(10'000'000);
    }
    for (std::uint32_t i = 0; i < links_.size(); ++i) {
        close_link(i);
    }
}

void Player::turn(std::int64_t wait_ns) {
    // A short wait, or a run that must not be late, spins; a long one sleeps short of its end.
    const bool sleeps = wait_ns > wake_late_ns && !options_.spin;
    timespec wait{};
    if (sleeps) {
        const std::int64_t sleep_ns = std::min(wait_ns - wake_late_ns, timer_every_ns);
        wait.tv_sec = sleep_ns / second_ns;
        wait.tv_nsec = sleep_ns % second_ns;
    }
    std::array<epoll_event, 128> events;
    const int ready = epoll_pwait2(epoll_, events.data(), static_cast<int>(events.size()), &wait, nullptr);
    for (int i = 0; i < ready; ++i) {
        const std::uint32_t index = events[static_cast<std::size_t>(i)].data.u32;
        const std::uint32_t what = events[static_cast<std::size_t>(i)].events;
        if (links_[index].state == LinkState::connecting) {
            finish_connect(index);
            continue;
        }
        if ((what & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) {
            read_link(index);
        }
        if ((what & EPOLLOUT) != 0 && links_[index].state == LinkState::open) {
            write_link(index);
        }
    }
    write_dirty();
    const Stamp time = now();
    if (time.monotonic_ns >= next_timer_ns_) {
        next_timer_ns_ = time.monotonic_ns + timer_every_ns;
        run_timers(time);
    }
}

void Player::run_timers(Stamp time) {
    for (std::uint32_t i = 0; i < links_.size(); ++i) {
        Link& link = links_[i];
        link.session->on_timer(time);
        if (link.state != LinkState::closed) {
            if (link.session->wants_close()) {
                write_link(i);
                close_link(i);
            } else if (!link.session->pending().empty()) {
                mark_dirty(i);
            }
        }
        const ClientSession::State state = link.session->state();
        const bool lost = state == ClientSession::State::down ||
                          (state == ClientSession::State::failed && link.session->may_retry_logon());
        const bool tried = logged_on_ || link.retry_at_ns != 0;  // not before log_on comes to it
        if (link.state == LinkState::closed && lost && tried && time.monotonic_ns >= link.retry_at_ns) {
            const bool give_up = link.was_active && link.lost_at_ns != 0 &&
                                 time.monotonic_ns - link.lost_at_ns > options_.reconnect_wait_ns;
            if (!give_up) {
                reconnects_ += link.was_active ? 1 : 0;
                open_link(i);
            }
        }
    }
    write_dirty();
    if (time.monotonic_ns >= next_progress_ns_) {
        next_progress_ns_ += progress_every_ns;
        say_progress(time);
    }
}

void Player::say_progress(Stamp time) {
    if (!progress_) {
        return;
    }
    const Totals& totals = outcomes_.totals();
    const std::uint64_t sent = outcomes_.commands().size();
    std::size_t active = 0;
    for (const Link& link : links_) {
        active += link.session->state() == ClientSession::State::active ? 1 : 0;
    }
    std::string line = std::to_string(active) + " of " + std::to_string(links_.size()) + " sessions on";
    if (start_ns_ != 0) {
        line = std::to_string((time.monotonic_ns - start_ns_) / second_ns) + " s: " + std::to_string(taken_) +
               " of about " + std::to_string(expected_) + " commands, " +
               std::to_string((sent - progress_sent_) / 2) + "/s; " + std::to_string(outcomes_.unanswered()) +
               " without answer, " + std::to_string(totals.fills) + " fills; " + line;
    }
    progress_sent_ = sent;
    progress_(line);
}

// A change must wait for the order's acknowledgement and for the change before it.
void Player::dispatch(const PlannedCommand& plan) {
    if (plan.kind == CommandKind::new_order) {
        if (plan.fault == Fault::duplicate_identifier &&
            outcomes_.orders()[plan.original].command == no_command) {
            ++not_sent_.session_down;
            return;
        }
        send(plan);
        return;
    }
    std::vector<OrderState>& orders = outcomes_.orders();
    if (plan.order >= orders.size() || orders[plan.order].command == no_command) {
        ++not_sent_.session_down;
        return;
    }
    OrderState& order = orders[plan.order];
    if (order.ended) {
        ++not_sent_.order_ended;
    } else if (order.waiting != no_command) {
        ++not_sent_.change_pending;
    } else if (!order.answered || order.pending != no_command) {
        order.waiting = static_cast<std::uint32_t>(held_.size());
        held_.push_back(plan);
    } else {
        send(plan);
    }
}

void Player::send(const PlannedCommand& plan) {
    Link& link = links_[plan.session];
    std::vector<OrderState>& orders = outcomes_.orders();
    if (plan.kind == CommandKind::new_order && orders.size() <= plan.order) {
        orders.resize(plan.order + 1);
    }
    if (link.session->state() != ClientSession::State::active) {
        ++not_sent_.session_down;
        return;
    }
    if (!link.session->has_room()) {
        ++not_sent_.no_room;
        return;
    }
    if (plan.kind == CommandKind::replace_quantity &&
        plan.quantity >= orders[plan.order].plan.quantity - orders[plan.order].cumulative) {
        // Fills left less than the cut: nothing would remain.
        ++not_sent_.order_ended;
        return;
    }
    const Stamp time = now();
    const std::uint32_t command = outcomes_.add(plan);
    if (plan.kind == CommandKind::new_order) {
        encode_new(link.session->begin_message("D", time), plan, command, time);
    } else {
        encode_change(link.session->begin_message(plan.kind == CommandKind::cancel ? "F" : "G", time), plan,
                      command, time);
    }
    const std::uint64_t number = link.session->finish_message();
    risk::require(number != 0, "an encoded order exceeds its room");
    outcomes_.set_number(command, number);
    if (!options_.as_fast_as_possible) {
        outcomes_.set_due(command, start_ns_ + plan.due_ns);
    }
    link.unwritten.push_back(command);
    mark_dirty(plan.session);
}

void Player::encode_new(fix::Encoder& encoder, const PlannedCommand& plan, std::uint32_t command,
                        Stamp time) {
    std::array<char, 24> identifier;
    std::array<char, 16> account;
    const bool repeated = plan.fault == Fault::duplicate_identifier;
    encoder.add(
        11, outcomes_.identifier(repeated ? outcomes_.orders()[plan.original].command : command, identifier));
    encoder.add(1, account_text(market_.account(plan.account), account));
    encoder.add(55, plan.security == 0 ? plan.symbol.view() : market_.security(plan.security).symbol.view());
    encoder.add_char(54, plan.side == risk::Side::buy ? '1' : '2');
    encoder.add_time(60, time.utc_ns);
    encoder.add_quantity(38, plan.quantity);
    encoder.add_char(40, plan.type == risk::OrderType::market ? '1' : '2');
    if (plan.type == risk::OrderType::limit) {
        encoder.add_price(44, plan.price);
    }
    encoder.add_char(59, static_cast<char>('0' + static_cast<int>(plan.time_in_force)));
    encoder.add_char(10000, static_cast<char>('0' + static_cast<int>(plan.channel)));
    encoder.add_char(10001, static_cast<char>('0' + static_cast<int>(plan.credit_type)));
    encoder.add_char(10005, session_kind_code(plan.session_kind));
}

void Player::encode_change(fix::Encoder& encoder, const PlannedCommand& plan, std::uint32_t command,
                           Stamp time) {
    std::array<char, 24> identifier;
    std::array<char, 24> original;
    std::array<char, 16> account;
    std::array<char, 12> order_key;
    const OrderState& order = outcomes_.orders()[plan.order];
    if (order.order_key != 0) {
        const char* end = fix::format_padded(order_key.data(), order.order_key % 1'000'000'000'000, 12);
        encoder.add(37, {order_key.data(), static_cast<std::size_t>(end - order_key.data())});
    }
    encoder.add(11, outcomes_.identifier(command, identifier));
    encoder.add(41, outcomes_.identifier(order.current, original));
    encoder.add(1, account_text(market_.account(order.plan.account), account));
    encoder.add(55, market_.security(order.plan.security).symbol.view());
    encoder.add_char(54, order.plan.side == risk::Side::buy ? '1' : '2');
    encoder.add_time(60, time.utc_ns);
    if (plan.kind == CommandKind::cancel) {
        return;
    }
    const bool price_change = plan.kind == CommandKind::replace_price;
    encoder.add_quantity(38, price_change ? order.plan.quantity : order.plan.quantity - plan.quantity);
    encoder.add_char(40, order.plan.type == risk::OrderType::market ? '1' : '2');
    if (order.plan.type == risk::OrderType::limit) {
        encoder.add_price(44, price_change ? plan.price : order.plan.price);
    }
    encoder.add_char(59, static_cast<char>('0' + static_cast<int>(order.plan.time_in_force)));
    encoder.add_char(10001, static_cast<char>('0' + static_cast<int>(order.plan.credit_type)));
    encoder.add_char(10005, session_kind_code(order.plan.session_kind));
}

void Player::on_message(std::uint32_t session, const fix::Message& message, Stamp received) {
    const std::uint32_t number = outcomes_.on_message(session, message, received);
    if (number == no_order) {
        return;
    }
    OrderState& order = outcomes_.orders()[number];
    if (order.waiting == no_command) {
        return;
    }
    const PlannedCommand plan = held_[std::exchange(order.waiting, no_command)];
    if (order.ended) {
        ++not_sent_.order_ended;
    } else {
        send(plan);
    }
}

void Player::on_withdrawn(std::uint32_t session, std::uint64_t first, std::uint64_t last) {
    outcomes_.on_withdrawn(session, first, last);
}

void Player::mark_dirty(std::uint32_t index) {
    Link& link = links_[index];
    if (!link.dirty && link.state == LinkState::open && !link.session->pending().empty()) {
        link.dirty = true;
        dirty_.push_back(index);
    }
}

void Player::write_dirty() {
    // write_link never adds to the list.
    for (const std::uint32_t index : dirty_) {
        links_[index].dirty = false;
        if (links_[index].state == LinkState::open && !links_[index].wants_write) {
            write_link(index);
        }
    }
    dirty_.clear();
}

void Player::write_link(std::uint32_t index) {
    Link& link = links_[index];
    // Right before the write, as close to the wire as a program gets.
    const Stamp time = now();
    for (const std::uint32_t command : link.unwritten) {
        outcomes_.sent(command, time);
    }
    if (!link.unwritten.empty()) {
        first_sent_ns_ = first_sent_ns_ == 0 ? time.monotonic_ns : first_sent_ns_;
        last_sent_ns_ = time.monotonic_ns;
        link.unwritten.clear();
    }
    const std::span<const char> pending = link.session->pending();
    const ssize_t size =
        pending.empty() ? 0 : ::send(link.descriptor, pending.data(), pending.size(), MSG_NOSIGNAL);
    if (size > 0) {
        link.session->written(static_cast<std::size_t>(size), time);
    } else if (size < 0 && errno != EAGAIN && errno != EINTR) {
        close_link(index);
        return;
    }
    const bool full = !link.session->pending().empty();
    if (full != link.wants_write) {
        link.wants_write = full;
        watch(link, index);
    }
}

void Player::read_link(std::uint32_t index) {
    Link& link = links_[index];
    for (int reads = 0; reads < 16; ++reads) {
        const std::span<char> room = link.session->read_room();
        const ssize_t size = ::recv(link.descriptor, room.data(), room.size(), 0);
        if (size == 0 || (size < 0 && errno != EAGAIN && errno != EINTR)) {
            close_link(index);
            return;
        }
        if (size < 0) {
            break;
        }
        link.session->received(static_cast<std::size_t>(size), now(), *this);
        if (link.session->wants_close()) {
            write_link(index);
            if (link.state == LinkState::open) {
                close_link(index);
            }
            return;
        }
        if (static_cast<std::size_t>(size) < room.size()) {
            break;
        }
    }
    link.was_active = link.was_active || link.session->state() == ClientSession::State::active;
    if (link.session->state() == ClientSession::State::active) {
        link.lost_at_ns = 0;
    }
    mark_dirty(index);
}

void Player::watch(Link& link, std::uint32_t index) {
    epoll_event event{};
    event.events = EPOLLIN | (link.wants_write || link.state == LinkState::connecting ? EPOLLOUT : 0U);
    event.data.u32 = index;
    epoll_ctl(epoll_, EPOLL_CTL_MOD, link.descriptor, &event);
}

void Player::open_link(std::uint32_t index) {
    Link& link = links_[index];
    link.retry_at_ns = now().monotonic_ns + retry_every_ns;
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_NUMERICSERV;
    addrinfo* found = nullptr;
    const int error =
        getaddrinfo(link.plan.host.c_str(), std::to_string(link.plan.port).c_str(), &hints, &found);
    if (error != 0) {
        link.connect_error = gai_strerror(error);
        return;
    }
    link.descriptor = ::socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    risk::require(link.descriptor >= 0, "no socket left: raise the limit of open files");
    const int one = 1;
    setsockopt(link.descriptor, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    const int result = ::connect(link.descriptor, found->ai_addr, found->ai_addrlen);
    freeaddrinfo(found);
    link.state = LinkState::connecting;
    link.wants_write = false;
    epoll_event event{};
    event.events = EPOLLIN | EPOLLOUT;
    event.data.u32 = index;
    epoll_ctl(epoll_, EPOLL_CTL_ADD, link.descriptor, &event);
    if (result == 0) {
        finish_connect(index);
    } else if (errno != EINPROGRESS) {
        link.connect_error = std::strerror(errno);
        close_link(index);
    }
}

void Player::finish_connect(std::uint32_t index) {
    Link& link = links_[index];
    int error = 0;
    socklen_t size = sizeof(error);
    getsockopt(link.descriptor, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) {
        link.connect_error = std::strerror(error);
        close_link(index);
        return;
    }
    link.connect_error.clear();
    link.state = LinkState::open;
    watch(link, index);
    link.session->connected(now());
    mark_dirty(index);
    write_link(index);
}

void Player::close_link(std::uint32_t index) {
    Link& link = links_[index];
    if (link.descriptor >= 0) {
        ::close(link.descriptor);
        link.descriptor = -1;
    }
    if (link.state == LinkState::closed) {
        return;
    }
    link.state = LinkState::closed;
    link.dirty = false;
    link.wants_write = false;
    link.unwritten.clear();
    link.session->disconnected();
    const std::int64_t time_ns = now().monotonic_ns;
    link.lost_at_ns = link.lost_at_ns == 0 ? time_ns : link.lost_at_ns;
    link.retry_at_ns = time_ns + (link.session->may_retry_logon() ? 0 : retry_every_ns);
}

}  // namespace fairlead::load
