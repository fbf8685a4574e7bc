// What strikes a simulation: processes killed and started, power lost, devices, network, clocks; and what
// operators do. See simulation.hpp.
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/simulation/simulation.hpp"

namespace fairlead::simulation {

namespace {

std::string read_whole(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    return std::move(text).str();
}

constexpr std::array striking{Fault::gateway_killed,
                              Fault::gateway_killed_in_pass,
                              Fault::keeper_killed,
                              Fault::keeper_killed_in_write,
                              Fault::both_killed,
                              Fault::power_lost,
                              Fault::power_lost_in_write,
                              Fault::line_cut,
                              Fault::line_half_open,
                              Fault::client_cut,
                              Fault::client_half_open,
                              Fault::slow_reader,
                              Fault::device_error,
                              Fault::short_write,
                              Fault::disk_full,
                              Fault::slow_sync,
                              Fault::utc_step,
                              Fault::gateway_paused,
                              Fault::keeper_paused,
                              Fault::unsolicited_cancel};

}  // namespace

// --- the gateway

void Simulation::start_gateway() {
    if (gateway_ != nullptr) {
        return;
    }
    // As an operator does whose gateway says that it has no room for more orders today.
    config_.sizes.orders = std::min(orders_room_max, config_.sizes.orders + config_.sizes.orders / 2 + 1);
    gateway_ = std::make_unique<GatewayProcess>(kernel_, config_);
    starting_ = true;
    const std::string error = gateway_->start(reference_, day_origin_);
    starting_ = false;
    if (dying_) {
        kernel_.marks.hit("killed while starting");
        finish_death();
        // What it had begun is the front of the next one.
        if (std::filesystem::exists(audit::head_path(places_.front))) {
            judge_.attach(places_.front, power_lost_, disk_.durable());
            power_lost_ = false;
        }
        return;
    }
    if (!error.empty()) {
        gateway_.reset();
        kernel_.fail(17, "the gateway does not start: " + error);
        return;
    }
    kernel_.marks.hit(gateway_->replayed().last == 0 ? "started on an empty journal" : "started by replay");
    judge_.attach(places_.front, power_lost_, disk_.durable());
    power_lost_ = false;
    for (auto& client : clients_) {
        client->lost_seen = client->lost_seen || judge_.lost();
    }
    for (auto& line : lines_) {
        line->lost_seen = line->lost_seen || judge_.lost();
    }
    schedule_pass(0);
}

void Simulation::gateway_gone() {
    gateway_.reset();
    leaving_.clear();
    ++pass_number_;
    kill_in_looks_ = 0;
    kernel_.after(random_.between(5 * ms_ns, 900 * ms_ns), [this] { start_gateway(); });
}

void Simulation::kill_gateway() {
    if (gateway_ == nullptr || dying_ || gateway_->in_pass() || starting_) {
        return;
    }
    judge_.drain();
    judge_.on_killed(gateway_->ledger());
    gateway_gone();
}

// From here on the process has no effect; what the front held at this moment is put back when it is gone.
void Simulation::die_in_pass() {
    dying_ = true;
    network_.gateway_dead = true;
    front_at_death_.clear();
    if (!std::filesystem::exists(places_.front)) {
        return;
    }
    for (const auto& entry : std::filesystem::directory_iterator(places_.front)) {
        front_at_death_.emplace_back(entry.path().string(), read_whole(entry.path()));
    }
}

void Simulation::finish_death() {
    gateway_gone();
    network_.gateway_dead = false;
    dying_ = false;
    std::vector<std::filesystem::path> present;
    if (std::filesystem::exists(places_.front)) {
        for (const auto& entry : std::filesystem::directory_iterator(places_.front)) {
            present.push_back(entry.path());
        }
    }
    for (const auto& path : present) {
        bool was = false;
        for (const auto& [name, bytes] : front_at_death_) {
            was = was || name == path.string();
        }
        if (!was) {
            std::filesystem::remove(path);
        }
    }
    for (const auto& [path, bytes] : front_at_death_) {
        std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
        file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    }
    front_at_death_.clear();
    judge_.drain();
}

// --- the keeper

void Simulation::start_keeper() {
    if (keeper_ != nullptr) {
        return;
    }
    disk_.keeper_dead = false;
    ++kernel_.keeper_life;
    keeper_ = std::make_unique<KeeperProcess>(places_);
    if (const std::string error = keeper_->start(kernel_.plan); !error.empty()) {
        keeper_.reset();
        kernel_.fail(17, "the keeper does not start: " + error);
        return;
    }
    kernel_.marks.hit("keeper started");
    disk_.set_durable(std::max(disk_.durable(), keeper_->synced()));  // found on the disk
    keeper_later(0);
}

void Simulation::keeper_later(std::int64_t delay_ns) {
    kernel_.after(delay_ns, [this, life = kernel_.keeper_life] {
        if (life == kernel_.keeper_life && keeper_ != nullptr) {
            step_keeper();
        }
    });
}

void Simulation::step_keeper() {
    if (keeper_->stepping() || kernel_.monotonic_ns() < keeper_paused_until_ns_) {
        keeper_later(1 * ms_ns);
        return;
    }
    const auto done = keeper_->step(kernel_.monotonic_ns());
    clean_up_after_step();
    if (keeper_ == nullptr) {
        return;
    }
    using Step = audit::Keeper<audit::SegmentStore>::Step;
    if (done == Step::wrote) {
        wake();
    }
    kernel_.marks.hit("keeper " + std::string(audit::describe(keeper_->state())));
    keeper_later(done == Step::wrote ? random_.between(5 * us_ns, 400 * us_ns)
                                     : random_.between(200 * us_ns, 2 * ms_ns));
}

void Simulation::kill_keeper() {
    if (keeper_ == nullptr || keeper_doomed_) {
        return;
    }
    disk_.keeper_dead = true;
    mark_at_death_ = keeper_->mark_bytes();
    keeper_doomed_ = true;
    if (!keeper_->stepping()) {
        clean_up_after_step();
    }
}

void Simulation::lose_power() {
    if (disk_.durable() == 0) {
        return;  // a journal that is lost whole cannot be told from a new one: its lines stay stopped
    }
    kernel_.marks.hit("power lost");
    power_lost_ = wipe_front_ = true;
    if (gateway_ != nullptr && gateway_->in_pass()) {
        die_in_pass();
    } else {
        judge_.drain();
        if (gateway_ != nullptr) {
            gateway_gone();
        }
    }
    kill_keeper();
    clean_up_after_step();
}

// Whoever died within a step of its own is taken away now.
void Simulation::clean_up_after_step() {
    if (keeper_doomed_ && keeper_ != nullptr && !keeper_->stepping()) {
        keeper_->restore_mark(mark_at_death_);
        keeper_.reset();
        disk_.tear_checkpoints(places_.journal, wipe_front_);
        keeper_doomed_ = false;
        ++kernel_.keeper_life;
        kernel_.after(random_.between(1 * ms_ns, 700 * ms_ns), [this] { start_keeper(); });
    }
    if (wipe_front_ && gateway_ == nullptr && keeper_ == nullptr) {
        wipe_front_ = false;
        std::filesystem::remove_all(places_.front);
    }
}

void Simulation::while_writing(std::int64_t ns) {
    if (gateway_ != nullptr && (gateway_->in_pass() || starting_)) {
        return;
    }
    const std::int64_t until = kernel_.monotonic_ns() + ns;
    while (!disk_.keeper_dead && !kernel_.failed() && kernel_.run_one(until)) {
    }
}

// --- strikes

void Simulation::strike_later() {
    const std::int64_t mean = second_ns / kernel_.plan.faults_per_s;
    kernel_.after(random_.between(0, 2 * mean), [this] {
        if (kernel_.faults_on) {
            strike();
            strike_later();
        }
    });
}

void Simulation::strike() {
    const Fault fault = striking[random_.pick(striking.size())];
    if (!kernel_.plan.has(fault)) {
        return;
    }
    kernel_.say("strikes: " + std::string(fault_name(fault)));
    switch (fault) {
        case Fault::line_cut:
        case Fault::line_half_open:
        case Fault::client_cut:
        case Fault::client_half_open:
        case Fault::slow_reader:
        case Fault::unsolicited_cancel:
            strike_network(fault);
            break;
        default:
            strike_process(fault);
    }
}

// UTC has its last second twice, as the kernel does it: at the end of a second it is a second earlier again.
void Simulation::leap_later() {
    if (!kernel_.plan.has(Fault::leap_second)) {
        return;
    }
    const std::int64_t at = kernel_.started_ns() + kernel_.plan.duration_ns / 2;
    kernel_.at(at, [this] {
        kernel_.after(second_ns - kernel_.utc_ns() % second_ns, [this] {
            if (kernel_.faults_on) {
                kernel_.set_utc_off(kernel_.utc_ns() - kernel_.true_utc_ns() - second_ns);
                kernel_.hit(Fault::leap_second);
            }
        });
    });
}

void Simulation::strike_network(Fault fault) {
    VenueLine& line = *lines_[random_.pick(lines_.size())];
    Client& client = *clients_[random_.pick(clients_.size())];
    switch (fault) {
        case Fault::line_cut:
            line.cut_off();
            break;
        case Fault::line_half_open:
            line.fall_silent();
            break;
        case Fault::client_cut:
            client.cut_off();
            break;
        case Fault::client_half_open:
            client.fall_silent();
            break;
        case Fault::slow_reader:
            client.pause_reading();
            break;
        default:
            line.cancel_something();
            return;  // counts itself
    }
    kernel_.hit(fault);
}

void Simulation::strike_process(Fault fault) {
    switch (fault) {
        case Fault::gateway_killed:
            kill_gateway();
            break;
        case Fault::gateway_killed_in_pass:
            kill_in_looks_ = 1 + random_.pick(random_.chance(500) ? 20 : 2'000);
            break;
        case Fault::keeper_killed:
            kill_keeper();
            break;
        case Fault::both_killed:
            kill_gateway();
            kill_keeper();
            break;
        case Fault::power_lost:
            lose_power();
            break;
        case Fault::keeper_killed_in_write:
            disk_.fail_next(WriteEnd::keeper_killed);
            return;
        case Fault::power_lost_in_write:
            disk_.fail_next(WriteEnd::power_lost);
            return;
        case Fault::device_error:
            disk_.fail_next(WriteEnd::device_error);
            return;
        case Fault::short_write:
            disk_.fail_next(WriteEnd::short_write);
            return;
        case Fault::disk_full:
            disk_.set_full(true);
            kernel_.after(random_.between(100 * ms_ns, 2 * second_ns), [this] { disk_.set_full(false); });
            break;
        case Fault::slow_sync:
            disk_.set_slow(random_.between(1 * ms_ns, 400 * ms_ns));
            kernel_.after(random_.between(10 * ms_ns, second_ns), [this] { disk_.set_slow(0); });
            break;
        case Fault::utc_step:
            // Further off than two minutes no message would be believed (FIX SendingTime).
            kernel_.set_utc_off(random_.chance(500) ? random_.between(-second_ns, second_ns)
                                                    : random_.between(-100, 100) * second_ns);
            break;
        case Fault::gateway_paused:
            paused_until_ns_ = kernel_.monotonic_ns() + random_.between(10 * ms_ns, 3 * second_ns);
            break;
        case Fault::keeper_paused:
            keeper_paused_until_ns_ = kernel_.monotonic_ns() + random_.between(10 * ms_ns, 2 * second_ns);
            break;
        default:
            return;
    }
    kernel_.hit(fault);
}

// --- operators

gateway::ControlRequest Simulation::request_of(risk::ControlVerb verb) {
    gateway::ControlRequest request;
    request.request = ++requests_;
    request.facts.verb = verb;
    request.subject.user = risk::UserName{"ann"};
    request.subject.approver = risk::UserName{"bob"};
    return request;
}

void Simulation::ask(const gateway::ControlRequest& request) {
    if (gateway_ != nullptr && !starting_ && gateway_->inbox().push(request)) {
        wake();
    }
}

void Simulation::operate_later() {
    kernel_.after(random_.between(50 * ms_ns, 1500 * ms_ns), [this] {
        if (kernel_.faults_on) {
            operate();
            operate_later();
        }
    });
}

void Simulation::operate() {
    if (judge_.journal_waits() && random_.chance(500)) {
        ask(request_of(risk::ControlVerb::journal_resume));
    }
    if (kernel_.plan.has(Fault::limit_change)) {
        order_limit();
    }
    if (kernel_.plan.has(Fault::halt) && random_.chance(400)) {
        order_halt();
    }
    if (kernel_.plan.has(Fault::operator_disconnect) && random_.chance(200)) {
        gateway::ControlRequest request = request_of(risk::ControlVerb::session_disconnect);
        request.session = random_.chance(500) ? 1 + static_cast<std::uint32_t>(random_.pick(lines_.size()))
                                              : first_client_session +
                                                    static_cast<std::uint32_t>(random_.pick(clients_.size()));
        ask(request);
        kernel_.hit(Fault::operator_disconnect);
    }
    ask(request_of(risk::ControlVerb::status));
}

void Simulation::order_limit() {
    using enum risk::Dimension;
    gateway::ControlRequest request = request_of(risk::ControlVerb::limit_set);
    request.limit.scope = random_.chance(700) ? risk::Scope::investor : risk::Scope::account;
    request.limit.dimension = std::array{buy, sell, gross_day, net, offset}[random_.pick(5)];
    request.limit.value = random_.between(0, 14) * 1'000'000 * 10'000;
    request.subject.investor = reference_.investors[1 + random_.pick(3)].id;
    request.subject.account = reference_.accounts[1 + random_.pick(4)].key;
    if (random_.chance(200)) {
        request.subject.approver = request.subject.user;
    }
    ask(request);
    kernel_.hit(Fault::limit_change);
}

void Simulation::order_halt() {
    const bool on = random_.chance(400);
    gateway::ControlRequest request = request_of(on ? risk::ControlVerb::halt : risk::ControlVerb::resume);
    using enum risk::Scope;
    request.halt.scope = std::array{firm, investor, account, symbol}[random_.pick(4)];
    request.halt.cancel_open = random_.chance(300) ? 1 : 0;
    request.halt.symbol = risk::Symbol{random_.chance(500) ? "2330" : "6488"};
    request.subject.investor = reference_.investors[1 + random_.pick(3)].id;
    request.subject.account = reference_.accounts[1 + random_.pick(4)].key;
    ask(request);
    kernel_.hit(Fault::halt);
}

// Faults are over: devices work, who is halted is started again, and two persons let a spare go on.
void Simulation::mend() {
    disk_.mend();
    disk_.set_slow(0);
    kill_in_looks_ = 0;
    if (keeper_ != nullptr && !keeper_->stepping() &&
        (keeper_->state() == audit::KeeperState::io_error ||
         keeper_->state() == audit::KeeperState::stopped)) {
        kill_keeper();
    }
    if (judge_.journal_waits()) {
        ask(request_of(risk::ControlVerb::journal_resume));
    }
}

}  // namespace fairlead::simulation
