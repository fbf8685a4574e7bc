// Simulation: one seed from start to verdict: the gateway and the keeper with clients, venue lines and
// operators around them; faults; then no more faults and everything must come right; then the examiner.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tests/simulation/client.hpp"
#include "tests/simulation/disk.hpp"
#include "tests/simulation/judge.hpp"
#include "tests/simulation/processes.hpp"
#include "tests/simulation/venue.hpp"

namespace fairlead::simulation {

struct Outcome {
    bool failed = false;
    Failure failure;
    std::uint64_t events = 0;
    std::uint64_t records = 0;
    std::uint64_t commands_at_venues = 0;
    std::int64_t simulated_ns = 0;
    std::uint64_t hash = 0;
    Marks marks;
};

// Runs the plan in a directory of its own under `root`, which should lie in memory.
[[nodiscard]] Outcome simulate(const Plan& plan, const std::string& root, bool trace = false);
// The seed that runs, and how far it is, for a crash handler. 0 = none.
[[nodiscard]] std::uint64_t running_seed() noexcept;
[[nodiscard]] std::uint64_t running_step() noexcept;

class Simulation {
  public:
    Simulation(const Plan& plan, const std::string& root);
    ~Simulation();
    Simulation(const Simulation&) = delete;
    Simulation& operator=(const Simulation&) = delete;
    [[nodiscard]] Outcome run();
    void set_trace(bool on) noexcept { kernel_.trace = on; }

  private:
    // simulation.cpp: the phases, passes, and what the gateway asks of others
    void wire();
    void run_until(std::int64_t time_ns);
    void schedule_pass(std::int64_t delay_ns);
    void wake();
    void do_pass();
    void do_errands();
    void look_at_lines();
    void connect_line(std::uint32_t line);
    void on_look();
    void on_write(int fd, std::string_view bytes);
    void let_settle();
    void stop_in_order();
    void examine();
    [[nodiscard]] std::string unsettled();
    [[nodiscard]] std::string credit_differs();
    [[nodiscard]] std::string left_behind();

    // simulation_faults.cpp: processes started and killed, faults, operators
    void start_gateway();
    void gateway_gone();
    void kill_gateway();
    void die_in_pass();
    void finish_death();
    void start_keeper();
    void step_keeper();
    void keeper_later(std::int64_t delay_ns);
    void kill_keeper();
    void lose_power();
    void clean_up_after_step();
    void while_writing(std::int64_t ns);
    void strike_later();
    void strike();
    void strike_process(Fault fault);
    void strike_network(Fault fault);
    void leap_later();
    void operate_later();
    void operate();
    void order_limit();
    void order_halt();
    void mend();
    [[nodiscard]] gateway::ControlRequest request_of(risk::ControlVerb verb);
    void ask(const gateway::ControlRequest& request);

    Kernel kernel_;
    Network network_;
    Disk disk_;
    Random random_;
    std::string directory_;
    Places places_;
    config::GatewayConfig config_;
    risk::Reference reference_;
    Judge judge_;
    std::vector<std::unique_ptr<VenueLine>> lines_;
    std::vector<std::unique_ptr<Client>> clients_;
    std::unique_ptr<GatewayProcess> gateway_;
    std::unique_ptr<KeeperProcess> keeper_;
    risk::UtcNs day_origin_ = 0;

    std::uint64_t pass_number_ = 0;
    std::int64_t next_pass_ns_ = 0;
    std::int64_t paused_until_ns_ = 0;
    std::int64_t keeper_paused_until_ns_ = 0;
    bool starting_ = false;
    bool dying_ = false;               // killed within a pass: its rest has no effect
    bool power_lost_ = false;          // since the last start of a gateway
    bool wipe_front_ = false;          // the power is gone and the front with it, once nobody is in a step
    bool keeper_doomed_ = false;       // killed within a step
    std::uint64_t kill_in_looks_ = 0;  // looks at a clock before the gateway dies; 0 = it does not
    std::vector<std::pair<std::string, std::string>> front_at_death_;
    std::string mark_at_death_;
    std::map<int, std::string> leaving_;  // bytes of a message not whole yet, by connection
    std::uint64_t requests_ = 0;
    bool waiting_for_resume_ = false;
    bool in_look_ = false;
    std::uint64_t commands_at_venues_ = 0;
};

}  // namespace fairlead::simulation
