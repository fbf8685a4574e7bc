#include "tests/simulation/processes.hpp"

#include <filesystem>
#include <new>

namespace fairlead::simulation {

namespace {

constexpr std::int64_t ntd = 10'000;
constexpr std::size_t inbox_capacity = 1'024;
constexpr std::size_t errands_capacity = 4'096;

risk::Sizes sizes_of(const config::GatewayConfig& config) {
    risk::Sizes sizes;
    sizes.orders_max = config.sizes.orders;
    sizes.commands_max = config.sizes.commands;
    sizes.executions_max = config.sizes.executions;
    sizes.positions_max = config.sizes.positions;
    sizes.accounts_max = sizes.investors_max = config.sizes.accounts;
    sizes.securities_max = config.sizes.securities;
    sizes.branches_max = 8;
    sizes.limits_max = config.sizes.limits;
    sizes.halts_max = 64;
    sizes.sessions_max = static_cast<std::uint32_t>(config.sessions.size()) + 1;
    sizes.hash_seed = 4711;
    return sizes;
}

risk::SecurityRow make_security(const char* symbol, risk::Venue venue, risk::DayTrade day_trade) {
    risk::SecurityRow row;
    row.symbol = risk::Symbol{symbol};
    row.reference = 100 * ntd;
    row.limit_up = 110 * ntd;
    row.limit_down = 90 * ntd;
    row.venue = venue;
    row.tick_class = risk::TickClass::stock;
    row.day_trade = day_trade;
    return row;
}

void give(risk::Reference& reference, risk::Scope scope, std::uint32_t target, risk::Dimension dimension,
          std::int64_t value) {
    risk::OpeningLimitRow row;
    row.limit.scope = scope;
    row.limit.dimension = dimension;
    row.limit.value = value;
    row.target = target;
    reference.opening_limits.push_back(row);
}

void give_all(risk::Reference& reference, std::uint32_t investor, std::int64_t amount, std::int64_t shares) {
    using enum risk::Dimension;
    for (const risk::Dimension dimension : {buy, sell, gross_day, net, offset}) {
        give(reference, risk::Scope::investor, investor, dimension, amount * ntd);
    }
    give(reference, risk::Scope::investor, investor, symbol_long, shares);
    give(reference, risk::Scope::investor, investor, symbol_short, shares);
}

}  // namespace

std::vector<std::string> accounts_of_client(unsigned client) {
    // Investor 1 has accounts at both branches; several clients trade for each.
    return client % 2 == 0 ? std::vector<std::string>{"8610-0000017", "8611-0000025", "8611-0000033"}
                           : std::vector<std::string>{"8611-0000033", "8610-0000041", "8611-0000025"};
}

risk::Reference make_reference(const Plan& plan) {
    using enum risk::Venue;
    risk::Reference reference;
    reference.branches = {{}, {risk::BranchId{"8610"}}, {risk::BranchId{"8611"}}};
    reference.investors = {
        {}, {risk::InvestorId{"A1"}, 0}, {risk::InvestorId{"B2"}, 0}, {risk::InvestorId{"C3"}, 0}};
    const std::uint16_t signed_flags = risk::account_day_trade_signed | risk::account_sell_first_signed;
    reference.accounts = {{},
                          {{risk::BranchId{"8610"}, 17}, 1, 1, signed_flags, 0x7F},
                          {{risk::BranchId{"8611"}, 25}, 1, 2, risk::account_strict_sells, 0x7F},
                          {{risk::BranchId{"8611"}, 33}, 2, 2, 0, 0x01},
                          {{risk::BranchId{"8610"}, 41}, 3, 1, signed_flags, 0x01}};
    reference.securities = {{},
                            make_security("2330", twse, risk::DayTrade::either),
                            make_security("2317", twse, risk::DayTrade::buy_first),
                            make_security("6488", tpex, risk::DayTrade::either),
                            make_security("2002", tpex, risk::DayTrade::barred)};
    for (const risk::Venue venue : {twse, tpex}) {
        reference.phases.push_back(
            {0, 24 * 3'600 * second_ns, venue, risk::SessionKind::regular, risk::Phase::continuous});
    }
    for (std::size_t tick_class = 1; tick_class < risk::tick_class_count; ++tick_class) {
        reference.ticks.rows[tick_class] = {{10 * ntd, 100},       {50 * ntd, 500},
                                            {100 * ntd, 1'000},    {500 * ntd, 5'000},
                                            {1'000 * ntd, 10'000}, {risk::price_max + 1, 50'000}};
    }
    give_all(reference, 1, 12'000'000, 90'000);
    give_all(reference, 2, 4'000'000, 40'000);
    give_all(reference, 3, 3'000'000, 25'000);
    give(reference, risk::Scope::account, 1, risk::Dimension::buy, 8'000'000 * ntd);
    give(reference, risk::Scope::account, 2, risk::Dimension::net, 3'000'000 * ntd);
    give(reference, risk::Scope::branch, 2, risk::Dimension::gross_day, 14'000'000 * ntd);
    give(reference, risk::Scope::firm, 0, risk::Dimension::gross_day, 30'000'000 * ntd);
    for (std::uint32_t account = 1; account <= 4; ++account) {
        for (std::uint32_t security = 1; security <= 4; ++security) {
            reference.inventory.push_back({account, security, 12'000, 3'000});
        }
    }
    for (unsigned client = 0; client < plan.clients; ++client) {
        const bool even = client % 2 == 0;
        reference.sessions.push_back({first_client_session + client, 0, client % 5 == 4,
                                      client % 5 == 4 ? std::vector<std::uint32_t>{}
                                      : even          ? std::vector<std::uint32_t>{1, 2, 3}
                                                      : std::vector<std::uint32_t>{2, 3, 4}});
    }
    reference.rules.collar_last_bp = 0;
    reference.rules.collar_reference_bp = 0;
    return reference;
}

config::GatewayConfig make_config(const Plan& plan, const Places& places) {
    config::GatewayConfig config;
    config.gateway.polling = true;
    config.gateway.connections_max = plan.clients + 24;
    config.gateway.out_buffer_bytes = plan.out_buffer_bytes;
    config.journal.directory = places.journal;
    config.journal.front_directory = places.front;
    config.journal.spare_directory = places.spare;
    config.journal.level = plan.disk_level ? config::JournalLevel::disk : config::JournalLevel::process;
    config.sizes = {plan.orders_max, 24'000, 12'000, 64, 16, 16, 64};
    config.control.proposals = 64;
    config.clock.unsynchronised_refuse_s = 0;
    for (unsigned client = 0; client < plan.clients; ++client) {
        config::SessionConfig session;
        session.id = first_client_session + client;
        session.sender_comp_id = "CLIENT" + std::to_string(client);
        session.target_comp_id = "FAIRLEAD";
        session.user = "user" + std::to_string(client);
        session.cancel_on_disconnect = client % 4 == 3;
        config.sessions.push_back(std::move(session));
    }
    std::uint32_t id = 1;
    for (const risk::Venue venue : {risk::Venue::twse, risk::Venue::tpex}) {
        for (unsigned line = 0; line < plan.lines_per_venue; ++line, ++id) {
            config::LineConfig made;
            made.id = id;
            made.venue = venue;
            made.sender_comp_id = (venue == risk::Venue::twse ? "T8610H" : "O8610H") + std::to_string(id);
            made.target_comp_id = venue == risk::Venue::twse ? "XTAI" : "ROCO";
            made.password = config::Secret("4711");
            made.term_id = std::string(1, static_cast<char>('A' + id));
            made.rate_per_second = plan.line_rate;
            made.wait_age_limit_ms = plan.wait_age_limit_ms;
            config.lines.push_back(std::move(made));
        }
    }
    return config;
}

// --- the gateway

struct GatewayProcess::Parts {
    Parts(Kernel& kernel, const config::GatewayConfig& config, audit::Front& front)
        : inbox(inbox_capacity),
          errands(errands_capacity),
          ledger(sizes_of(config)),
          journal(front, config.journal.level),
          core(config, ledger, journal, errands),
          sequencer(core.clock, journal, ledger, outbox),
          users(config::UserTable({config::User()}), {}),
          auth(users,
               [this, &kernel, life = kernel.gateway_life](const gateway::AuthResult& result) {
                   if (life == kernel.gateway_life) {
                       static_cast<void>(inbox.push(result));
                   }
               }),
          history(
              {{config.journal.directory, config.journal.spare_directory}, config.journal.front_directory},
              inbox),
          mass_effects(core),
          clients(core, auth, history, mass_effects),
          venues(core, kernel.entropy.next(), {2'100, 2'100, kernel.plan.made_unanswered}),
          control(core, clients, venues, mass_effects),
          recovery(core, clients, venues) {
        core.sequencer = &sequencer;
        outbox.join(clients, venues);
    }

    gateway::Inbox inbox;
    gateway::Errands errands;
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

GatewayProcess::GatewayProcess(Kernel& kernel, const config::GatewayConfig& config)
    : config_(config), kernel_(kernel) {}
GatewayProcess::~GatewayProcess() {
    ++kernel_.gateway_life;
}

std::string GatewayProcess::start(const risk::Reference& reference, risk::UtcNs day_origin) {
    audit::FrontOptions options;
    options.directory = config_.journal.front_directory;
    options.segment_count = kernel_.plan.front_segments;
    options.segment_bytes = kernel_.plan.front_segment_bytes;
    options.journal_directory = config_.journal.directory;
    options.spare_directory = config_.journal.spare_directory;
    auto opened = audit::Front::open(options);
    if (!opened.ok()) {
        return "front: " + opened.error;
    }
    front_ = std::move(opened.front);
    parts_ = std::make_unique<Parts>(kernel_, config_, *front_);
    replayed_ = parts_->recovery.replay({});
    if (!replayed_.error.empty()) {
        return "replay: " + replayed_.error;
    }
    parts_->sequencer.restore(replayed_.last);
    gateway::RunStart begin;
    begin.replayed = replayed_;
    begin.day_origin = day_origin;
    config::LoadedReference loaded;
    loaded.reference = reference;
    loaded.origin = config::DayOrigin::start;
    std::string error = gateway::start_run(parts_->core, parts_->recovery, parts_->clients, parts_->venues,
                                           parts_->mass_effects, std::move(loaded), begin);
    if (!error.empty()) {
        return "start: " + error;
    }
    parts_->road = std::make_unique<gateway::Road>(parts_->core, parts_->clients, parts_->venues,
                                                   parts_->mass_effects, parts_->control, parts_->inbox, -1);
    return {};
}

void GatewayProcess::pass() {
    in_pass_ = true;
    parts_->road->pass();
    in_pass_ = false;
}

gateway::Inbox& GatewayProcess::inbox() noexcept {
    return parts_->inbox;
}
gateway::Errands& GatewayProcess::errands() noexcept {
    return parts_->errands;
}
const risk::Ledger& GatewayProcess::ledger() const noexcept {
    return parts_->ledger;
}
const audit::Front& GatewayProcess::front() const noexcept {
    return *front_;
}
gateway::Core& GatewayProcess::core() noexcept {
    return parts_->core;
}
gateway::VenueSide& GatewayProcess::venues() noexcept {
    return parts_->venues;
}

// --- the keeper

std::string key_path(const Places& places) {
    return places.journal + "/checkpoint.key";
}

namespace {

// The same key for every keeper of a run. Empty text: loaded.
std::string load_key(const std::string& path, audit::SigningKey& into) {
    if (std::filesystem::exists(path)) {
        return audit::SigningKey::load(path, into);
    }
    std::string error = audit::SigningKey::make("fairlead.example/simulation", into);
    return error.empty() ? into.save(path) : error;
}

}  // namespace

void KeeperProcess::finish() {
    keeper_->finish();
    if (checkpointer_) {
        checkpointer_->finish();
    }
}

std::string KeeperProcess::start(const Plan& plan) {
    for (const std::string& directory : {places_.journal, places_.front, places_.spare}) {
        if (std::string error = directory.empty() ? "" : audit::make_directory(directory); !error.empty()) {
            return error;
        }
    }
    audit::MarkResult mark = audit::open_mark(places_.front, true);
    if (!mark.error.empty()) {
        return mark.error;
    }
    mark_ = std::move(mark.map);
    auto& page = *std::launder(reinterpret_cast<audit::KeeperMarkPage*>(mark_.data()));
    page.state.store(static_cast<std::uint32_t>(audit::KeeperState::recovering));
    audit::KeeperOptions options;
    options.journal_directory = places_.journal;
    options.spare_directory = places_.spare;
    options.front_directory = places_.front;
    options.segment_bytes = plan.disk_segment_bytes;
    store_ = std::make_unique<audit::SegmentStore>(audit::SegmentStoreOptions{
        places_.journal, plan.disk_segment_bytes, 2, [](const std::string&) {}, false});
    if (!places_.spare.empty()) {
        spare_ = std::make_unique<audit::SegmentStore>(audit::SegmentStoreOptions{
            places_.spare, plan.disk_segment_bytes, 2, [](const std::string&) {}, true});
    }
    if (plan.checkpoints) {
        audit::SigningKey key;
        if (std::string error = load_key(key_path(places_), key); !error.empty()) {
            return error;
        }
        audit::CheckpointerOptions checkpoints;
        checkpoints.place = {places_.journal, places_.spare};
        checkpointer_ = std::make_unique<audit::Checkpointer>(std::move(checkpoints), std::move(key));
        if (std::string error = checkpointer_->open(); !error.empty()) {
            return "checkpoints: " + error;
        }
    }
    const risk::Sequence floor =
        std::max(page.synced.load(), checkpointer_ ? checkpointer_->signed_size() : risk::Sequence{0});
    const audit::Recovered recovered = audit::recover_disk(options, floor, *store_, spare_.get());
    if (!recovered.error.empty()) {
        page.state.store(static_cast<std::uint32_t>(recovered.state));
        return recovered.error;
    }
    if (checkpointer_) {
        if (std::string error = checkpointer_->build(recovered.start.chain); !error.empty()) {
            return "checkpoints: " + error;
        }
        options.written = [this](const audit::WrittenFrame& frame) { checkpointer_->take(frame); };
        checkpointer_->start();
    }
    keeper_ = std::make_unique<audit::Keeper<audit::SegmentStore>>(options, *store_, page, recovered.start,
                                                                   spare_.get());
    return {};
}

audit::Keeper<audit::SegmentStore>::Step KeeperProcess::step(std::int64_t now_ns) {
    stepping_ = true;
    const auto done = keeper_->step(now_ns);
    stepping_ = false;
    return done;
}

std::string KeeperProcess::mark_bytes() const {
    return {reinterpret_cast<const char*>(mark_.data()), mark_.size()};
}

void KeeperProcess::restore_mark(const std::string& bytes) {
    std::memcpy(mark_.data(), bytes.data(), bytes.size());
}

}  // namespace fairlead::simulation
