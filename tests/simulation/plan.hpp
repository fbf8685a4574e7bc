// Plan: what one seed means: sizes, and which kinds of fault happen in it (swarm choice: each is on or off).
// The shrinker runs the same seed with less of it.
#pragma once

#include <array>
#include <bitset>
#include <cstdint>
#include <string_view>

namespace fairlead::simulation {

// The numbers have no meaning outside one build; the names stand in the table of marks.
enum class Fault : std::uint8_t {
    gateway_killed,
    gateway_killed_in_pass,
    keeper_killed,
    keeper_killed_in_write,
    both_killed,
    power_lost,
    power_lost_in_write,
    line_cut,
    line_half_open,
    client_cut,
    client_half_open,
    partial_write,
    split_read,
    late_readable,
    slow_reader,
    device_error,
    short_write,
    disk_full,
    slow_sync,
    utc_step,
    gateway_paused,
    keeper_paused,
    report_repeated,
    report_late,
    fill_before_ack,
    fill_after_cancel,
    quantity_cut,
    venue_refuses,
    unsolicited_cancel,
    status_later,
    logon_refused,
    client_garbage,
    client_gap,
    client_poss_dup,
    client_poss_resend,
    client_repeats_id,
    client_asks_resend,
    wrong_password,
    limit_change,
    halt,
    operator_disconnect,
    leap_second,
    venue_asks_all,
    history_unreadable,
    count,
};
inline constexpr std::size_t fault_count = static_cast<std::size_t>(Fault::count);
[[nodiscard]] std::string_view fault_name(Fault fault) noexcept;

inline constexpr std::uint32_t orders_room_max = 6'000;

struct Plan {
    std::uint64_t seed = 0;
    std::bitset<fault_count> faults;
    unsigned clients = 1;
    unsigned lines_per_venue = 1;
    unsigned commands = 20;  // of each client
    std::int64_t duration_ns = 0;
    bool disk_level = false;
    bool spare = false;
    bool checkpoints = false;  // the keeper signs
    std::uint32_t front_segments = 4;
    std::uint64_t front_segment_bytes = 256 << 10;
    std::uint64_t disk_segment_bytes = 512 << 10;
    std::uint32_t out_buffer_bytes = 64 << 10;
    std::uint32_t line_rate = 160;
    std::uint32_t wait_age_limit_ms = 1000;
    std::uint32_t orders_max = orders_room_max;  // less: a little more with each start
    std::uint32_t made_unanswered = 64;          // VenueSide::Capacity::made
    std::uint32_t faults_per_s = 2;              // of those that strike now and then

    [[nodiscard]] bool has(Fault fault) const noexcept { return faults[static_cast<std::size_t>(fault)]; }
    void drop(Fault fault) noexcept { faults.reset(static_cast<std::size_t>(fault)); }
};

// with_faults false: everything goes well.
[[nodiscard]] Plan make_plan(std::uint64_t seed, bool with_faults);

}  // namespace fairlead::simulation
