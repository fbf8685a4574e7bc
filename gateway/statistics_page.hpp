// StatisticsPage: the gateway's own figures in shared memory, beside the front: what no Record holds. The
// order thread writes it every few milliseconds among its timers, never on an order's way; anybody may map it
// for reading and costs the gateway nothing. Each figure stands for itself: they are not of one moment.
#pragma once

#include <array>
#include <atomic>
#include <string>

#include "audit/mapped_file.hpp"

namespace fairlead::gateway {

inline constexpr std::uint64_t statistics_magic = 0x3130544154534C46;  // "FLSTAT01"
inline constexpr std::size_t statistics_lines_max = 64;

struct StatisticsPage {
    // The writer stores it last, when the page is made (release; readers load it with acquire).
    std::atomic<std::uint64_t> magic{0};
    // All below: order thread stores relaxed, readers load relaxed.
    alignas(64) std::atomic<std::int64_t> beat_monotonic_ns{0};  // when it was last written
    std::atomic<std::int64_t> started_utc_ns{0};
    std::atomic<std::uint64_t> passes{0};
    std::atomic<std::uint64_t> epoll_questions{0};
    std::atomic<std::uint64_t> messages_in{0};   // FIX messages read, both sides
    std::atomic<std::uint64_t> messages_out{0};  // ... written
    std::atomic<std::uint64_t> inbox_depth{0};
    std::atomic<std::uint64_t> out_buffer_bytes{0};  // not yet taken by the kernel, all connections
    std::atomic<std::uint64_t> connections{0};
    std::atomic<std::uint64_t> log_lines_dropped{0};
    std::atomic<std::uint64_t> front_permille{0};  // of the front filled with what is not on disk
    struct Line {
        std::atomic<std::uint32_t> id{0};  // 0: none behind this one
        std::atomic<std::uint32_t> waiting{0};
    };
    std::array<Line, statistics_lines_max> lines{};
};
static_assert(sizeof(StatisticsPage) <= 4096);
static_assert(std::atomic<std::uint64_t>::is_always_lock_free);

[[nodiscard]] inline std::string statistics_path(const std::string& front_directory) {
    return front_directory + "/statistics";
}

}  // namespace fairlead::gateway
