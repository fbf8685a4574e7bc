#include "tests/lifecycle/stage.hpp"

#include <filesystem>
#include <stdexcept>

#include "audit/examine/verify.hpp"
#include "tests/simulation/threads.hpp"

namespace fairlead::lifecycle {

namespace {

using simulation::ms_ns;
using simulation::second_ns;

constexpr std::int64_t pass_ns = ms_ns / 2;
constexpr std::int64_t settle_ns = 40 * ms_ns;
constexpr std::int64_t patience_ns = 20 * second_ns;
constexpr risk::Amount ntd = 10'000;
constexpr std::uint64_t first_stream = 100;
constexpr std::uint32_t only_investor = 1;
constexpr std::uint32_t only_account = 1;
constexpr std::uint32_t only_branch = 1;

simulation::Plan plan_of_stage(std::uint32_t line_rate, std::uint32_t own_cancels) {
    simulation::Plan plan = simulation::make_plan(1, false);
    plan.clients = 2;
    plan.lines_per_venue = 1;
    plan.disk_level = false;
    plan.spare = false;
    plan.line_rate = line_rate;
    plan.made_unanswered = own_cancels;
    plan.wait_age_limit_ms = 1'000;
    plan.out_buffer_bytes = 256 << 10;
    return plan;
}

config::GatewayConfig config_of_stage(const simulation::Plan& plan, const simulation::Places& places) {
    config::GatewayConfig config = simulation::make_config(plan, places);
    config.sessions[1].cancel_on_disconnect = true;
    return config;
}

// The simulator's broker, where one investor alone trades; he holds shares in one account only.
risk::Reference reference_of_stage(const simulation::Plan& plan, std::int64_t since_origin_ns) {
    risk::Reference reference = simulation::make_reference(plan);
    reference.inventory.clear();
    for (std::uint32_t security = 1; security < reference.securities.size(); ++security) {
        reference.inventory.push_back({only_account, security, Stage::held, 0});
    }
    for (risk::PhaseRow& phase : reference.phases) {
        phase.to_ns = since_origin_ns + Stage::closes_after_s * second_ns;
    }
    for (risk::SessionRow& session : reference.sessions) {
        session.accounts = {only_account};
    }
    reference.rules.refuse_self_match = false;
    return reference;
}

}  // namespace

// --- the ends

void End::on_logon(const FixMessage& message) {
    if (is_venue_) {
        heartbeat_ns_ = static_cast<std::int64_t>(message.number(108)) * second_ns;
        logged_on_ = true;
        say("A", {{98, "0"}, {108, message.get(108)}, {95, "5"}, {96, message.get(96)}});
    } else {
        logged_on_ = true;
    }
}

void End::on_logout(const FixMessage&) {
    if (leaving_) {
        drop();
    } else {
        leave("");
    }
}

// --- the stage

Stage::Stage(const std::string& directory, std::uint32_t line_rate, std::uint32_t own_cancels)
    : kernel_(plan_of_stage(line_rate, own_cancels)),
      network_(kernel_),
      disk_(kernel_),
      directory_(directory),
      places_{directory + "/journal", "", directory + "/front"},
      config_(config_of_stage(kernel_.plan, places_)),
      reference_(reference_of_stage(kernel_.plan, 3 * 3'600 * second_ns)) {
    kernel_.faults_on = false;
    std::filesystem::remove_all(directory_);
    std::filesystem::create_directories(directory_);
    network_.on_ready = [] {};
    network_.on_write = [](int, std::string_view) {};
    disk_.while_writing = [](std::int64_t) {};
    disk_.on_keeper_killed = disk_.on_power_lost = [] {};
    disk_.prepare_later = [this](std::function<void()> act) { kernel_.after(ms_ns, std::move(act)); };
    for (const config::LineConfig& line : config_.lines) {
        venues_.push_back(std::make_unique<End>(kernel_, network_, line.target_comp_id, line.sender_comp_id,
                                                first_stream + line.id, true));
    }
    for (const config::SessionConfig& session : config_.sessions) {
        clients_.push_back(std::make_unique<End>(kernel_, network_, session.sender_comp_id,
                                                 session.target_comp_id, first_stream + session.id, false));
    }
    ++kernel_.keeper_life;
    keeper_ = std::make_unique<simulation::KeeperProcess>(places_);
    if (const std::string error = keeper_->start(kernel_.plan); !error.empty()) {
        throw std::runtime_error("the stage does not start: " + error);
    }
    day_origin_ = kernel_.utc_ns() - 3 * 3'600 * second_ns;
    restart();
    settle();
    const std::int64_t until = kernel_.monotonic_ns() + patience_ns;
    while ((!venue_takes_orders(0) || !venue_takes_orders(1)) && kernel_.monotonic_ns() < until) {
        run_for(settle_ns);
    }
    log_on(0);
    log_on(1);
}

Stage::~Stage() {
    gateway_.reset();
    keeper_.reset();
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
}

void Stage::restart() {
    gateway_.reset();
    gateway_ = std::make_unique<simulation::GatewayProcess>(kernel_, config_);
    if (const std::string error = gateway_->start(reference_, day_origin_); !error.empty()) {
        throw std::runtime_error("the gateway does not start: " + error);
    }
}

bool Stage::venue_takes_orders(std::size_t index) {
    const gateway::VenueLine& line = *gateway_->venues().find(config_.lines[index].id);
    return line.state == gateway::LineState::open && line.takes_new;
}

void Stage::log_on(std::size_t client) {
    End& end = *clients_[client];
    const int fd = network_.connect(end);
    if (!gateway_->inbox().push(
            gateway::ConnectionAccepted{fd, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 127, 0, 0, 1}})) {
        throw std::runtime_error("the gateway takes no connection");
    }
    end.adopt_connection(fd);
    const std::string& user = config_.sessions[client].user;
    end.say("A", {{98, "0"}, {108, "10"}, {553, user}, {554, simulation::password_of(user)}});
    const std::int64_t until = kernel_.monotonic_ns() + patience_ns;
    while (!end.logged_on() && kernel_.monotonic_ns() < until) {
        run_for(settle_ns);
    }
    if (!end.logged_on()) {
        throw std::runtime_error("a client is not logged on");
    }
    run_for(settle_ns);
}

void Stage::settle() {
    run_for(settle_ns);
}

void Stage::run_for(std::int64_t ns) {
    const std::int64_t end = kernel_.monotonic_ns() + ns;
    while (kernel_.monotonic_ns() < end && !kernel_.failed()) {
        if (!stopped_) {
            gateway_->pass();
            do_errands();
        }
        static_cast<void>(keeper_->step(kernel_.monotonic_ns()));
        const std::int64_t until = kernel_.monotonic_ns() + pass_ns;
        while (kernel_.run_one(until)) {
        }
    }
    if (kernel_.failed()) {
        throw std::runtime_error(kernel_.failure().text);
    }
}

void Stage::do_errands() {
    gateway::Errand errand;
    while (gateway_->errands().pop(errand)) {
        const auto* asked = std::get_if<gateway::ConnectLine>(&errand);
        if (asked == nullptr) {
            continue;
        }
        kernel_.after(ms_ns, [this, id = asked->line] {
            End& venue = *venues_[id - 1];
            const int fd = network_.connect(venue);
            venue.adopt_connection(fd);
            static_cast<void>(gateway_->inbox().push(gateway::LineConnected{id, fd, 0}));
        });
    }
}

void Stage::ask(gateway::ControlRequest request) {
    request.request = ++requests_;
    request.subject.user = risk::UserName{"ann"};
    request.subject.approver = risk::UserName{"bob"};
    if (!gateway_->inbox().push(request)) {
        throw std::runtime_error("the gateway takes no request");
    }
}

Credit Stage::credit(const std::string& symbol) const {
    const risk::Ledger& ledger = gateway_->ledger();
    const risk::Exposure& used = ledger.exposure(risk::Scope::investor, only_investor);
    const std::uint32_t security = ledger.find_security(risk::Symbol{symbol});
    Credit credit;
    credit.buy = risk::usage(used, risk::Dimension::buy) / ntd;
    credit.sell = risk::usage(used, risk::Dimension::sell) / ntd;
    credit.gross = risk::usage(used, risk::Dimension::gross_day) / ntd;
    credit.net = risk::usage(used, risk::Dimension::net) / ntd;
    credit.offset = risk::usage(used, risk::Dimension::offset) / ntd;
    if (const risk::InvestorPosition* position = ledger.investor_position(only_investor, security)) {
        credit.symbol_long = position->position.long_usage();
        credit.symbol_short = position->position.short_usage();
    }
    if (const risk::AccountPosition* shares = ledger.account_position(only_account, security)) {
        credit.sellable = shares->position.held + shares->cash_bought - shares->delivered;
    }
    return credit;
}

std::string Stage::scopes_differ() const {
    const risk::Ledger& ledger = gateway_->ledger();
    const auto numbers = [](const risk::Exposure& exposure) {
        return std::array{exposure.executed_buy, exposure.executed_sell, exposure.open_buy,
                          exposure.open_sell};
    };
    const auto investor = numbers(ledger.exposure(risk::Scope::investor, only_investor));
    if (numbers(ledger.exposure(risk::Scope::firm, 0)) != investor) {
        return "the firm's exposure is not its only investor's";
    }
    if (numbers(ledger.exposure(risk::Scope::branch, only_branch)) != investor) {
        return "the branch's exposure is not its only investor's";
    }
    if (numbers(ledger.exposure(risk::Scope::account, only_account)) != investor) {
        return "the account's exposure is not its investor's, who has no other";
    }
    return {};
}

std::string Stage::stop_and_replay() {
    static_cast<void>(gateway_->inbox().push(gateway::ShutdownAsked{}));
    run_for(patience_ns);
    const risk::Sequence last = gateway_->ledger().last_sequence();
    const std::string digest = audit::digest_text(gateway_->ledger().digest());
    stopped_ = true;
    while (!keeper_->drained()) {
        static_cast<void>(keeper_->step(kernel_.monotonic_ns()));
    }
    keeper_->finish();
    audit::VerifyOptions options;
    options.journal_directory = places_.journal;
    const audit::VerifyReport report = audit::verify(options);
    if (!report.ok()) {
        return "verify: " + report.findings.front();
    }
    if (!report.replayed || report.records != last) {
        return "verify has replayed " + std::to_string(report.records) + " of " + std::to_string(last) +
               " records";
    }
    if (report.decisions_compared < gateway_->ledger().counts().orders) {
        return "verify has compared fewer Decisions than there are orders";
    }
    return audit::digest_text(report.digest) == digest ? "" : "replay ends with another digest";
}

}  // namespace fairlead::lifecycle
