// The phases of a simulation, and the gateway's passes in it; see simulation.hpp. What strikes it is in
// simulation_faults.cpp.
#include "tests/simulation/simulation.hpp"

#include <filesystem>

#include "audit/examine/fairness.hpp"
#include "audit/examine/verify.hpp"
#include "tests/simulation/decay.hpp"

namespace fairlead::simulation {

namespace {

constexpr std::int64_t settle_max_ns = 150 * second_ns;
constexpr std::int64_t idle_pass_ns = 5 * ms_ns;
const Kernel* running_kernel = nullptr;

}  // namespace

std::uint64_t running_seed() noexcept {
    return running_kernel != nullptr ? running_kernel->plan.seed : 0;
}
std::uint64_t running_step() noexcept {
    return running_kernel != nullptr ? running_kernel->steps() : 0;
}

Outcome simulate(const Plan& plan, const std::string& root, bool trace) {
    Simulation simulation(plan, root);
    simulation.set_trace(trace);
    return simulation.run();
}

Simulation::Simulation(const Plan& plan, const std::string& root)
    : kernel_(plan),
      network_(kernel_),
      disk_(kernel_),
      random_(plan.seed, 4),
      directory_(root + "/" + std::to_string(plan.seed)),
      places_{directory_ + "/journal", plan.spare ? directory_ + "/spare" : "", directory_ + "/front"},
      config_(make_config(plan, places_)),
      reference_(make_reference(plan)),
      judge_(kernel_, reference_) {
    running_kernel = &kernel_;
    std::filesystem::remove_all(directory_);
    std::filesystem::create_directories(directory_);
    day_origin_ = kernel_.utc_ns() - 3 * 3'600 * second_ns;
    for (const config::LineConfig& line : config_.lines) {
        lines_.push_back(std::make_unique<VenueLine>(kernel_, network_, line.id, line.target_comp_id,
                                                     line.sender_comp_id));
    }
    for (unsigned client = 0; client < plan.clients; ++client) {
        const config::SessionConfig& session = config_.sessions[client];
        clients_.push_back(std::make_unique<Client>(kernel_, network_, session.id, session.sender_comp_id,
                                                    session.target_comp_id, session.user,
                                                    accounts_of_client(client)));
    }
    wire();
}

Simulation::~Simulation() {
    kernel_.on_look = nullptr;
    gateway_.reset();
    keeper_.reset();
    running_kernel = nullptr;
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
}

void Simulation::wire() {
    network_.on_ready = [this] { wake(); };
    network_.on_write = [this](int fd, std::string_view bytes) { on_write(fd, bytes); };
    disk_.while_writing = [this](std::int64_t ns) { while_writing(ns); };
    disk_.on_keeper_killed = [this] { kill_keeper(); };
    disk_.on_power_lost = [this] { lose_power(); };
    disk_.prepare_later = [this](std::function<void()> act) {
        kernel_.after(random_.between(1 * ms_ns, 60 * ms_ns),
                      [this, act = std::move(act), life = kernel_.keeper_life] {
                          if (life == kernel_.keeper_life && !disk_.keeper_dead) {
                              act();
                          }
                      });
    };
    kernel_.on_look = [this] { on_look(); };
    for (auto& line : lines_) {
        line->loss_allowed = !kernel_.plan.disk_level;
        line->on_command = [this](std::uint32_t id, const FixMessage& message) {
            ++commands_at_venues_;
            judge_.on_command(id, message);
        };
    }
    for (auto& client : clients_) {
        client->loss_allowed = !kernel_.plan.disk_level;
        client->unrecorded = [this](std::uint32_t session, std::uint64_t number) {
            judge_.stands_before(session, number);
        };
        client->offer = [this](int fd) {
            if (gateway_ == nullptr || starting_) {
                return false;
            }
            const bool taken = gateway_->inbox().push(
                gateway::ConnectionAccepted{fd, {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 127, 0, 0, 1}});
            wake();
            return taken;
        };
    }
}

Outcome Simulation::run() {
    start_keeper();
    start_gateway();
    for (auto& client : clients_) {
        client->start();
    }
    strike_later();
    operate_later();
    leap_later();
    run_until(kernel_.started_ns() + kernel_.plan.duration_ns);
    if (!kernel_.failed()) {
        let_settle();
    }
    if (!kernel_.failed()) {
        stop_in_order();
    }
    Outcome outcome;
    outcome.simulated_ns = kernel_.monotonic_ns() - kernel_.started_ns();
    if (!kernel_.failed()) {
        examine();
    }
    if (!kernel_.failed()) {
        try_decay(kernel_, {places_.journal, places_.spare}, kernel_.plan.disk_segment_bytes);
    }
    outcome.failed = kernel_.failed();
    outcome.failure = kernel_.failure();
    outcome.events = kernel_.steps();
    outcome.records = judge_.last();
    outcome.commands_at_venues = commands_at_venues_;
    outcome.hash = kernel_.hash();
    outcome.marks = kernel_.marks;
    return outcome;
}

void Simulation::run_until(std::int64_t time_ns) {
    while (!kernel_.failed() && kernel_.run_one(time_ns)) {
    }
}

// --- passes

void Simulation::schedule_pass(std::int64_t delay_ns) {
    next_pass_ns_ = std::max(kernel_.monotonic_ns() + delay_ns, paused_until_ns_);
    kernel_.at(next_pass_ns_, [this, number = ++pass_number_] {
        if (number == pass_number_) {
            do_pass();
        }
    });
}

void Simulation::wake() {
    if (gateway_ == nullptr || starting_ || gateway_->in_pass()) {
        return;
    }
    const std::int64_t delay = random_.between(1 * us_ns, 20 * us_ns);
    if (next_pass_ns_ > kernel_.monotonic_ns() + delay) {
        schedule_pass(delay);
    }
}

void Simulation::do_pass() {
    if (gateway_ == nullptr) {
        return;
    }
    const std::uint64_t io_before = network_.io_count;
    const std::uint64_t last_before = judge_.last();
    judge_.begin_pass();
    gateway_->pass();
    look_at_lines();
    if (dying_) {
        finish_death();
        clean_up_after_step();
        return;
    }
    clean_up_after_step();
    judge_.drain();
    if (judge_.last() != last_before) {
        judge_.compare(gateway_->ledger());
    }
    if (gateway_->core().must_stop) {
        kernel_.fail(17, "the gateway stops: a peer has had messages the journal does not hold");
    }
    do_errands();
    if (judge_.stopped()) {
        return;  // the order thread has ended
    }
    const bool busy = io_before != network_.io_count || judge_.last() != last_before;
    schedule_pass(busy ? random_.between(2 * us_ns, 30 * us_ns) : idle_pass_ns);
}

// How many cancels of its own the gateway has unanswered at a venue, counted one by one.
void Simulation::look_at_lines() {
    if (gateway_ == nullptr) {
        return;
    }
    using gateway::WaitLane;
    for (gateway::VenueLine& line : gateway_->venues().lines()) {
        std::size_t marked = 0;
        for (std::size_t i = 0; i < line.outstanding.size(); ++i) {
            const gateway::OutstandingCommand& entry = line.outstanding.at(i);
            marked += entry.made && !entry.answered && !entry.in_doubt ? 1 : 0;
        }
        const std::size_t made = line.outstanding.made();
        if (made > kernel_.plan.made_unanswered || made > marked) {
            kernel_.fail(23, std::to_string(made) +
                                 " own cancels without an answer on a line, counted one by one " +
                                 std::to_string(marked));
        }
        if (!line.waiting.lane(WaitLane::made).empty()) {
            if (made == kernel_.plan.made_unanswered) {
                kernel_.marks.hit("cancels of the gateway's own wait for an answer");
            }
            if (!line.waiting.lane(WaitLane::others).empty()) {
                kernel_.marks.hit("cancels of the gateway's own wait with others");
            }
        }
    }
}

void Simulation::do_errands() {
    gateway::Errand errand;
    while (gateway_->errands().pop(errand)) {
        if (const auto* line = std::get_if<gateway::ConnectLine>(&errand)) {
            connect_line(line->line);
        } else if (const auto* log = std::get_if<gateway::LogLine>(&errand)) {
            kernel_.say("log: " + std::string(log->text) + " [" + std::to_string(log->session) + "] " +
                        std::to_string(log->value) + " " + std::string(log->detail.view()));
        }
    }
}

void Simulation::connect_line(std::uint32_t id) {
    kernel_.after(random_.between(1 * ms_ns, 50 * ms_ns), [this, id, life = kernel_.gateway_life] {
        if (gateway_ == nullptr || life != kernel_.gateway_life) {
            return;
        }
        VenueLine& line = *lines_[id - 1];
        const int fd = network_.connect(line);
        if (!line.accept(fd) || !gateway_->inbox().push(gateway::LineConnected{id, fd, 0})) {
            network_.close_by_gateway(fd);
        }
        wake();
    });
}

// Within a pass the other processes are alive: the keeper may take a step, and the gateway may die.
void Simulation::on_look() {
    const bool at_work = gateway_ != nullptr && (gateway_->in_pass() || starting_);
    if (!at_work || dying_ || in_look_) {
        return;
    }
    in_look_ = true;
    if (kill_in_looks_ > 0 && --kill_in_looks_ == 0) {
        die_in_pass();
    } else if (!starting_ && keeper_ != nullptr && !keeper_->stepping() && !keeper_doomed_ &&
               random_.chance(8)) {
        judge_.drain();
        static_cast<void>(keeper_->step(kernel_.monotonic_ns()));
    }
    in_look_ = false;
}

void Simulation::on_write(int fd, std::string_view bytes) {
    kernel_.fold(bytes.size());
    std::string& held = leaving_[fd];
    held += bytes;
    FixMessage message;
    std::string bad;
    while (take_fix(held, message, bad)) {
        const std::string to = message.get(56);
        const std::string from = message.get(49);
        for (const config::SessionConfig& session : config_.sessions) {
            if (session.sender_comp_id == to) {
                judge_.on_message_out(session.id, false, message, disk_.durable());
            }
        }
        for (const config::LineConfig& line : config_.lines) {
            if (line.sender_comp_id == from) {
                judge_.on_message_out(line.id, true, message, disk_.durable());
            }
        }
    }
    if (!bad.empty()) {
        kernel_.fail(12, "the gateway writes " + bad);
    }
}

// --- without faults everything must come right

std::string Simulation::unsettled() {
    if (gateway_ == nullptr || keeper_ == nullptr) {
        return "a process is not at work";
    }
    if (gateway_->front().synced() != gateway_->front().published()) {
        return "the disk is behind the front: keeper " + std::string(audit::describe(keeper_->state())) +
               " " + keeper_->error();
    }
    for (const gateway::VenueLine& line : gateway_->venues().lines()) {
        if (line.state != gateway::LineState::open || !line.takes_new) {
            return "line " + std::to_string(line.config->id) + " is not open, state " +
                   std::to_string(static_cast<int>(line.state));
        }
        if (!line.waiting.empty()) {
            return "commands wait for line " + std::to_string(line.config->id);
        }
    }
    for (const auto& client : clients_) {
        if (!client->logged_on()) {
            return client->name() + " is not logged on";
        }
        if (std::string missing = client->unanswered(); !missing.empty() && !judge_.lost()) {
            return missing;
        }
    }
    if (const auto doubtful = gateway_->ledger().counts().in_doubt; doubtful != 0) {
        return std::to_string(doubtful) + " orders are in doubt";
    }
    return credit_differs();
}

// What was executed, by the exchanges' own books.
std::string Simulation::credit_differs() {
    std::map<std::pair<std::string, std::string>, std::int64_t> executed;
    for (const auto& line : lines_) {
        for (const auto& [number, order] : line->orders()) {
            executed[{order.account, order.side}] += order.amount;
        }
    }
    for (std::uint32_t row = 1; row < reference_.accounts.size(); ++row) {
        const std::string account =
            std::to_string(10'000'000 + reference_.accounts[row].key.number).substr(1);
        const risk::Exposure& exposure = gateway_->ledger().exposure(risk::Scope::account, row);
        if (exposure.executed_buy != executed[{account, "1"}] ||
            exposure.executed_sell != executed[{account, "2"}]) {
            return "account " + account + " has executed " + std::to_string(exposure.executed_buy) + "/" +
                   std::to_string(exposure.executed_sell) + ", by the exchange " +
                   std::to_string(executed[{account, "1"}]) + "/" + std::to_string(executed[{account, "2"}]);
        }
    }
    return {};
}

// What a stop in order must have waited for: the answers of venues that are up (R32: drain, keep reports).
// A fill may still come behind the Logout.
std::string Simulation::left_behind() {
    if (const auto doubtful = gateway_->ledger().counts().in_doubt; doubtful != 0) {
        return std::to_string(doubtful) + " orders are in doubt";
    }
    for (const auto& line : lines_) {
        for (const auto& [number, order] : line->orders()) {
            const std::uint32_t slot = gateway_->ledger().find_order(std::stoull(order.id));
            if (order.cancelled && slot != 0 && gateway_->ledger().order(slot).open()) {
                return "order " + order.id + " was cancelled by the venue and is open here";
            }
        }
    }
    return {};
}

void Simulation::let_settle() {
    kernel_.faults_on = false;
    mend();
    for (auto& client : clients_) {
        client->stop_sending();
    }
    const std::int64_t end = kernel_.monotonic_ns() + settle_max_ns;
    run_until(kernel_.monotonic_ns() + 4 * second_ns);
    std::int64_t asked_ns = kernel_.monotonic_ns();
    std::string why = unsettled();
    while (!why.empty() && !kernel_.failed() && kernel_.monotonic_ns() < end) {
        run_until(kernel_.monotonic_ns() + 100 * ms_ns);
        mend();
        // What stays in doubt is listed for a person, who has the line ask again.
        if (gateway_ != nullptr && kernel_.monotonic_ns() - asked_ns > 20 * second_ns &&
            gateway_->ledger().counts().in_doubt > 0) {
            asked_ns = kernel_.monotonic_ns();
            kernel_.marks.hit("a person has a line ask again");
            for (const config::LineConfig& line : config_.lines) {
                gateway::ControlRequest request = request_of(risk::ControlVerb::session_disconnect);
                request.session = line.id;
                ask(request);
            }
        }
        why = unsettled();
    }
    if (!why.empty()) {
        kernel_.fail(21, "without faults for " + std::to_string(settle_max_ns / second_ns) + " s: " + why);
        return;
    }
    for (const auto& client : clients_) {
        if (std::string more = client->overanswered(); !more.empty() && !judge_.lost()) {
            kernel_.fail(21, more);
        }
    }
    judge_.check_effects(gateway_->ledger(), config_);
    if (judge_.credit_known()) {
        for (const tests::OracleOrder& order : judge_.oracle().orders) {
            if (order.ended != 0 && order.reserve() != 0) {
                kernel_.fail(10, "order " + std::to_string(order.key) + " has ended and reserves still");
            }
        }
    }
}

// Clients that want it have their orders cancelled as they leave, and venues take their time to answer.
void Simulation::stop_in_order() {
    for (auto& line : lines_) {
        line->slow_down(random_.between(0, second_ns));
    }
    static_cast<void>(gateway_->inbox().push(gateway::ShutdownAsked{}));
    wake();
    // Of a line that is half open and not found out yet nobody hears an answer.
    const bool all_hear = std::none_of(network_.connections().begin(), network_.connections().end(),
                                       [](const auto& entry) { return entry.second->silent; });
    const std::int64_t end = kernel_.monotonic_ns() + 20 * second_ns;
    while (!judge_.stopped() && !kernel_.failed() && kernel_.monotonic_ns() < end) {
        run_until(kernel_.monotonic_ns() + 10 * ms_ns);
    }
    if (!judge_.stopped()) {
        kernel_.fail(21, "the gateway does not stop in order");
        return;
    }
    if (std::string why = left_behind(); all_hear && !why.empty() && !judge_.lost()) {
        kernel_.fail(21, "stopped in order and " + why);
    }
    ++pass_number_;  // no further pass
    while (!keeper_->drained() && !kernel_.failed()) {
        static_cast<void>(keeper_->step(kernel_.monotonic_ns()));
        clean_up_after_step();
    }
    keeper_->finish();
    gateway_.reset();
    keeper_.reset();
}

void Simulation::examine() {
    audit::VerifyOptions options;
    options.journal_directory = places_.journal;
    options.spare_directory = places_.spare;
    audit::SigningKey key;
    if (kernel_.plan.checkpoints && audit::SigningKey::load(key_path(places_), key).empty()) {
        options.keys.push_back(key.verifier());
    }
    const audit::VerifyReport report = audit::verify(options);
    if (!report.ok()) {
        kernel_.fail(16, "verify: " + report.findings.front());
    } else if (report.records != judge_.last()) {
        kernel_.fail(17, "verify has read " + std::to_string(report.records) + " records of " +
                             std::to_string(judge_.last()));
    }
    const audit::FairnessReport fairness = audit::measure_fairness({places_.journal, places_.spare});
    if (!fairness.error.empty() || fairness.out_of_turn.commands != 0 || fairness.unexplained.commands != 0) {
        kernel_.fail(19, "fairness: " + fairness.error + " out of turn " +
                             std::to_string(fairness.out_of_turn.commands) + ", unexplained " +
                             std::to_string(fairness.unexplained.commands) + " at record " +
                             std::to_string(fairness.unexplained.worst_record));
    }
}

}  // namespace fairlead::simulation
