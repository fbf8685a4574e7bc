// The wiring of the Rig; see rig.hpp.
#include "tests/budget/rig.hpp"

#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <thread>

#include "config/gateway_config.hpp"
#include "gateway/control/user_store.hpp"
#include "gateway/recovery.hpp"
#include "gateway/start_day.hpp"
#include "gateway/tls/tls_stream.hpp"
#include "tests/budget/hooks.hpp"

namespace fairlead::budget {

namespace {

constexpr std::int64_t timer_ns = 6'000'000;
constexpr int patience_ms = 20'000;

[[noreturn]] void fail(const std::string& what) {
    throw std::runtime_error(what);
}

template <class Loaded>
auto good(Loaded loaded) {
    if (!loaded.ok()) {
        fail(config::describe(loaded.errors.front()));
    }
    return std::move(loaded.value);
}

risk::Sizes sizes_of(const config::GatewayConfig& config) {
    risk::Sizes sizes;
    sizes.orders_max = config.sizes.orders;
    sizes.commands_max = config.sizes.commands;
    sizes.executions_max = config.sizes.executions;
    sizes.positions_max = config.sizes.positions;
    sizes.accounts_max = sizes.investors_max = config.sizes.accounts;
    sizes.securities_max = config.sizes.securities;
    sizes.limits_max = config.sizes.limits;
    sizes.sessions_max = static_cast<std::uint32_t>(config.sessions.size()) + 1;
    sizes.hash_seed = 4711;  // the same tables in every run
    return sizes;
}

audit::FrontOptions front_options(const config::GatewayConfig& config) {
    audit::FrontOptions options;
    options.directory = config.journal.front_directory;
    options.segment_count = config.journal.front_segments;
    options.segment_bytes = std::uint64_t{config.journal.front_segment_mib} << 20;
    return options;
}

// Two ends of one TCP connection on loopback.
std::pair<int, int> connection() {
    const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    const int ours = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (::bind(listener, generic, length) != 0 || ::listen(listener, 1) != 0 ||
        ::getsockname(listener, generic, &length) != 0 || ::connect(ours, generic, length) != 0) {
        fail("no TCP connection on loopback");
    }
    const int theirs = ::accept(listener, nullptr, nullptr);
    ::close(listener);
    return {ours, theirs};
}

void await_bytes(int fd) {
    pollfd asked{fd, POLLIN, 0};
    if (::poll(&asked, 1, patience_ms) != 1) {
        fail("what was sent does not arrive");
    }
}

std::array<std::uint8_t, 16> loopback_address() {
    return {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 127, 0, 0, 1};
}

}  // namespace

struct Rig::Parts {
    Parts(const config::GatewayConfig& config, audit::Front& front)
        : inbox(4096),
          errands(8192),
          wakeup_fd(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)),
          ledger(sizes_of(config)),
          journal(front, config.journal.level),
          core(config, ledger, journal, errands),
          sequencer(core.clock, journal, ledger, outbox),
          users(good(config::load_users(config.control.users)), {}),
          auth(users,
               [this](const gateway::AuthResult& result) {
                   while (!inbox.push(result)) {
                       std::this_thread::yield();
                   }
               }),
          history({{config.journal.directory, ""}, config.journal.front_directory}, inbox),
          mass_effects(core),
          clients(core, auth, history, mass_effects),
          venues(core, 4711),
          control(core, clients, venues, mass_effects),
          recovery(core, clients, venues) {
        core.sequencer = &sequencer;
        outbox.join(clients, venues);
    }

    gateway::Inbox inbox;
    gateway::Errands errands;
    int wakeup_fd;
    risk::Ledger ledger;
    gateway::FrontJournal journal;
    gateway::Core core;
    gateway::Outbox outbox;
    gateway::RoadSequencer sequencer;
    gateway::UserStore users;
    gateway::AuthWorker auth;
    gateway::History history;
    gateway::MassEffects mass_effects;
    gateway::ClientSide clients;
    gateway::VenueSide venues;
    gateway::ControlSide control;
    gateway::Recovery recovery;
    std::unique_ptr<gateway::Road> road;
};

Rig::Rig(const RigOptions& options) : config_(good(config::load_gateway_config(options.config_file))) {
    config_.journal.front_directory = options.front_directory;
    config_.gateway.polling = true;  // a pass never sleeps
    if (options.orders_max != 0) {
        config_.sizes.orders = options.orders_max;
        config_.sizes.commands = 2 * options.orders_max;
        config_.sizes.executions = options.orders_max;
    }
    if (!options.tls.empty()) {
        config::TlsListener listener;
        listener.certificate.path = options.tls + "/server.pem";
        listener.key.path = options.tls + "/server.key";
        listener.client_ca.path = options.tls + "/ca.pem";
        listener.revocation_list.path = options.tls + "/revoked.crl";
        config_.tls_listeners = {listener};
        for (config::SessionConfig& session : config_.sessions) {
            session.tls_name = "client.test";
        }
        tls_ = good(gateway::open_tls(config_));
        client_tls_ = SSL_CTX_new(TLS_client_method());
        if (SSL_CTX_use_certificate_chain_file(client_tls_, (options.tls + "/client.pem").c_str()) != 1 ||
            SSL_CTX_use_PrivateKey_file(client_tls_, (options.tls + "/client.key").c_str(),
                                        SSL_FILETYPE_PEM) != 1) {
            fail("no client certificate in " + options.tls);
        }
    }
    auto opened = audit::Front::open(front_options(config_));
    if (!opened.ok()) {
        fail(opened.error);
    }
    front_ = std::move(opened.front);
    auto mark = audit::open_mark(options.front_directory, true);
    if (!mark.error.empty()) {
        fail(mark.error);
    }
    mark_ = std::move(mark.map);
    keep();
    parts_ = std::make_unique<Parts>(config_, *front_);
    if (const std::string error = parts_->users.open(); !error.empty()) {
        fail(error);
    }
    auto loaded = config::load_reference(config_, {});
    if (!loaded.ok()) {
        fail(config::describe(loaded.errors.front()));
    }
    reference_ = loaded.reference;
    gateway::RunStart begin;
    begin.day_origin = utc_now_ns();
    const std::string problem =
        gateway::start_run(parts_->core, parts_->recovery, parts_->clients, parts_->venues,
                           parts_->mass_effects, std::move(loaded), begin);
    if (!problem.empty()) {
        fail(problem);
    }
    parts_->road =
        std::make_unique<gateway::Road>(parts_->core, parts_->clients, parts_->venues, parts_->mass_effects,
                                        parts_->control, parts_->inbox, parts_->wakeup_fd);
    road_ = parts_->road.get();
}

Rig::~Rig() {
    ::close(parts_->wakeup_fd);
}

// As if a keeper had written all there is.
void Rig::keep() noexcept {
    auto* const page = reinterpret_cast<audit::KeeperMarkPage*>(mark_.data());
    page->magic.store(audit::mark_magic);
    page->state.store(static_cast<std::uint32_t>(audit::KeeperState::running));
    page->ready_segments.store(4);
    page->synced_position.fetch_add(front_->lag_bytes());
    page->synced.store(front_->published());
}

void Rig::idle(std::int64_t gone_on_ns) {
    advance_ns(gone_on_ns);
    keep();
    road_->pass();
}

void Rig::await(std::size_t client) const {
    await_bytes(clients_[client].gateway_fd);
}
void Rig::await_venue() const {
    await_bytes(venue_gateway_fd_);
}

void Rig::log_on(std::size_t count) {
    log_on_line();
    for (std::size_t i = 0; i < count; ++i) {
        log_on_client(i);
    }
    if (!tls_.empty()) {
        // Handshakes are another thread's in the gateway: what they keep must not fill this thread's slots.
        gateway::TlsStream::prepare_thread();
    }
}

void Rig::log_on_line() {
    const config::LineConfig& line = config_.lines.front();
    venue_ = Peer(line.target_comp_id, line.sender_comp_id);
    idle(timer_ns);  // the line asks to be connected
    const auto [ours, theirs] = connection();
    venue_.connect(ours);
    venue_gateway_fd_ = theirs;
    if (!parts_->inbox.push(gateway::LineConnected{line.id, theirs, 0})) {
        fail("the inbox is full");
    }
    idle(timer_ns);
    const fix::Message* logon = venue_.next(patience_ms);
    if (logon == nullptr || logon->type() != "A") {
        fail("the line does not log on");
    }
    const std::string raw_data(logon->value(96));
    fix::Encoder& encoder = venue_.begin("A");
    encoder.add(98, "0");
    encoder.add(108, logon->value(108));
    encoder.add_data(95, 96, raw_data);
    venue_.say();
    venue_.send();
    await_venue();
    // Its question, answered while looking for a message that does not come; then the answer taken.
    for (int i = 0; i < 3; ++i) {
        idle(timer_ns);
        static_cast<void>(venue_.next(0) == nullptr);
    }
    const gateway::VenueLine& opened = *parts_->venues.find(line.id);
    if (opened.state != gateway::LineState::open || !opened.takes_new) {
        fail("the line does not open");
    }
}

gateway::SealedStream* Rig::shake_hands(Peer& peer) {
    if (tls_.empty()) {
        return nullptr;
    }
    using gateway::TlsStream;
    auto client = std::make_unique<TlsStream>(client_tls_, TlsStream::Role::client);
    auto server = std::make_unique<TlsStream>(tls_[0].get());
    const auto carry = [](TlsStream& from, TlsStream& to) {
        while (!from.sealed().empty()) {
            const std::size_t part = std::min(from.sealed().size(), to.room().size());
            std::copy_n(from.sealed().data(), part, to.room().data());
            to.received(part);
            from.sent(part);
        }
    };
    for (auto step = TlsStream::Step::again; step != TlsStream::Step::done;) {
        static_cast<void>(client->shake());
        carry(*client, *server);
        step = server->shake();
        carry(*server, *client);
        if (step == TlsStream::Step::failed) {
            fail("no TLS handshake: " + server->reason());
        }
    }
    peer.seal_with(std::move(client));
    return server.release();
}

void Rig::log_on_client(std::size_t index) {
    const config::SessionConfig& session = config_.sessions[index];
    clients_.push_back({Peer(session.sender_comp_id, session.target_comp_id), -1});
    End& end = clients_.back();
    const auto [ours, theirs] = connection();
    end.peer.connect(ours);
    end.gateway_fd = theirs;
    gateway::ConnectionAccepted accepted{theirs, loopback_address()};
    accepted.stream = shake_hands(end.peer);
    if (!parts_->inbox.push(accepted)) {
        fail("the inbox is full");
    }
    idle(timer_ns);
    fix::Encoder& encoder = end.peer.begin("A");
    encoder.add(98, "0");
    encoder.add(108, "30");
    encoder.add(553, session.user);
    encoder.add(554, "demo-" + session.user);
    end.peer.say();
    end.peer.send();
    await(index);
    // The check is another thread's; the day stands still meanwhile.
    for (int waited_ms = 0; waited_ms < patience_ms; ++waited_ms) {
        idle(0);
        if (const fix::Message* answer = end.peer.next(1); answer != nullptr) {
            if (answer->type() != "A") {
                fail("session " + session.sender_comp_id + ": " + std::string(answer->text()));
            }
            return;
        }
    }
    fail("session " + session.sender_comp_id + " is not logged on");
}

std::vector<std::string> Rig::accounts_of(std::size_t client, std::size_t count) const {
    const config::AccountPattern& own = config_.sessions[client].accounts.front();
    std::vector<std::string> names;
    for (std::size_t i = 1; i < reference_.accounts.size() && names.size() < count; ++i) {
        const risk::AccountRow& row = reference_.accounts[i];
        if (row.key.branch == own.key.branch && (row.flags & risk::account_disabled) == 0) {
            const std::string digits = std::to_string(10'000'000 + row.key.number).substr(1);
            names.push_back(std::string(row.key.branch.view()) + "-" + digits);
        }
    }
    return names;
}

std::vector<Security> Rig::securities(std::size_t count) const {
    constexpr risk::Price from = 20 * risk::price_unit;
    constexpr risk::Price to = 45 * risk::price_unit;
    constexpr risk::Price tick = risk::price_unit / 20;
    std::vector<Security> chosen;
    for (std::size_t i = 1; i < reference_.securities.size() && chosen.size() < count; ++i) {
        const risk::SecurityRow& row = reference_.securities[i];
        if (row.venue == config_.lines.front().venue && row.tick_class == risk::TickClass::stock &&
            row.flags == 0 && row.reference > from && row.reference < to) {
            const risk::Price price = row.reference / tick * tick;
            chosen.push_back({std::string(row.symbol.view()), price, price - tick, row.limit_up + tick});
        }
    }
    return chosen;
}

}  // namespace fairlead::budget
