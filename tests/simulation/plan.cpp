#include "tests/simulation/plan.hpp"

#include "tests/simulation/random.hpp"

namespace fairlead::simulation {

namespace {

constexpr std::array<std::string_view, fault_count> names{"gateway_killed",      "gateway_killed_in_pass",
                                                          "keeper_killed",       "keeper_killed_in_write",
                                                          "both_killed",         "power_lost",
                                                          "power_lost_in_write", "line_cut",
                                                          "line_half_open",      "client_cut",
                                                          "client_half_open",    "partial_write",
                                                          "split_read",          "late_readable",
                                                          "slow_reader",         "device_error",
                                                          "short_write",         "disk_full",
                                                          "slow_sync",           "utc_step",
                                                          "gateway_paused",      "keeper_paused",
                                                          "report_repeated",     "report_late",
                                                          "fill_before_ack",     "fill_after_cancel",
                                                          "quantity_cut",        "venue_refuses",
                                                          "unsolicited_cancel",  "status_later",
                                                          "logon_refused",       "client_garbage",
                                                          "client_gap",          "client_poss_dup",
                                                          "client_poss_resend",  "client_repeats_id",
                                                          "client_asks_resend",  "wrong_password",
                                                          "limit_change",        "halt",
                                                          "operator_disconnect", "leap_second",
                                                          "venue_asks_all",      "history_unreadable"};

}  // namespace

std::string_view fault_name(Fault fault) noexcept {
    return names[static_cast<std::size_t>(fault)];
}

Plan make_plan(std::uint64_t seed, bool with_faults) {
    constexpr std::int64_t second_ns = 1'000'000'000;
    constexpr std::uint64_t stream = 1;
    constexpr std::uint64_t checkpoints_stream = 40;
    constexpr std::uint64_t room_stream = 41;
    constexpr std::uint64_t made_stream = 42;
    Random random(seed, stream);
    Plan plan;
    plan.seed = seed;
    plan.clients = static_cast<unsigned>(random.chance(300) ? 1 + random.pick(2) : 2 + random.pick(7));
    plan.clients = random.chance(50) ? 16 : plan.clients;
    plan.lines_per_venue = 1 + static_cast<unsigned>(random.pick(2));
    plan.commands =
        static_cast<unsigned>(random.between(5, 160 / static_cast<std::int64_t>(plan.clients) + 10));
    plan.duration_ns = random.between(2, 12) * second_ns;
    plan.disk_level = random.chance(500);
    plan.spare = random.chance(400);
    plan.front_segments = static_cast<std::uint32_t>(random.between(2, 5));
    plan.front_segment_bytes = std::uint64_t{64 << 10} << random.pick(4);
    plan.disk_segment_bytes = std::uint64_t{320 << 10} + (random.pick(4) << 16);
    plan.out_buffer_bytes = random.chance(200) ? 16 << 10 : 256 << 10;
    plan.line_rate = static_cast<std::uint32_t>(random.chance(300) ? random.between(2, 20) : 160);
    plan.wait_age_limit_ms = static_cast<std::uint32_t>(random.between(50, 3'000));
    plan.faults_per_s = static_cast<std::uint32_t>(random.between(1, 6));
    plan.checkpoints = Random(seed, checkpoints_stream).chance(500);
    if (Random room(seed, room_stream); with_faults && room.chance(100)) {
        plan.orders_max = static_cast<std::uint32_t>(room.between(2, 40));
    }
    if (Random made(seed, made_stream); made.chance(500)) {
        plan.made_unanswered = static_cast<std::uint32_t>(made.between(1, 3));
    }
    if (with_faults) {
        const std::uint64_t permille = 150 + random.pick(500);
        for (std::size_t fault = 0; fault < fault_count; ++fault) {
            plan.faults[fault] = random.chance(permille);
        }
    }
    return plan;
}

}  // namespace fairlead::simulation
