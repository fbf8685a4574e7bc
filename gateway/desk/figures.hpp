// The desk's running figures: rates, waits and races over sliding windows, each in fixed room. They count
// what the journal says and judge nothing else. Time is a parameter. Used by DeskState alone.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <vector>

#include "risk/words.hpp"

namespace fairlead::desk {

inline constexpr std::int64_t second_ns = 1'000'000'000;

// How often something happened in each of the last `Seconds` seconds, in `Kinds` kinds. Room: fixed.
template <std::size_t Seconds, std::size_t Kinds>
class PerSecond {
  public:
    void add(risk::UtcNs at, std::size_t kind) noexcept {
        const std::int64_t second = at / second_ns;
        Slot& slot = slots_[static_cast<std::size_t>(second) % Seconds];
        if (slot.second != second) {
            if (slot.second > second) {
                return;  // the clock went back further than the window: not counted twice
            }
            slot.second = second;
            slot.counts.fill(0);
        }
        ++slot.counts[kind];
    }
    [[nodiscard]] std::uint32_t in(std::int64_t second, std::size_t kind) const noexcept {
        const Slot& slot = slots_[static_cast<std::size_t>(second) % Seconds];
        return slot.second == second ? slot.counts[kind] : 0;
    }
    // Of the `seconds` whole seconds before the one `now` lies in.
    [[nodiscard]] std::uint64_t before(risk::UtcNs now, std::size_t seconds,
                                       std::size_t kind) const noexcept {
        std::uint64_t sum = 0;
        for (std::size_t i = 1; i <= std::min(seconds, Seconds - 1); ++i) {
            sum += in(now / second_ns - static_cast<std::int64_t>(i), kind);
        }
        return sum;
    }

  private:
    struct Slot {
        std::int64_t second = 0;
        std::array<std::uint32_t, Kinds> counts{};
    };
    std::array<Slot, Seconds> slots_{};
};

// Counts of waits by size, 16 steps to each doubling: a percentile is at most 1/16 too high. Room: fixed.
class WaitCounts {
  public:
    static constexpr std::size_t bins = std::size_t{16} * 48;
    void add(std::int64_t wait_ns) noexcept {
        const auto wait = static_cast<std::uint64_t>(std::max<std::int64_t>(wait_ns, 0));
        ++counts_[bin_of(wait)];
        ++count_;
        max_ns_ = std::max(max_ns_, wait);
    }
    void add(const WaitCounts& other) noexcept {
        for (std::size_t i = 0; i < bins; ++i) {
            counts_[i] += other.counts_[i];
        }
        count_ += other.count_;
        max_ns_ = std::max(max_ns_, other.max_ns_);
    }
    [[nodiscard]] std::uint64_t count() const noexcept { return count_; }
    [[nodiscard]] std::uint64_t max_ns() const noexcept { return max_ns_; }
    // Nearest rank; the upper edge of its bin, never above the largest. 0 when there is none.
    [[nodiscard]] std::uint64_t at_permille(std::uint64_t permille) const noexcept {
        const std::uint64_t rank = (count_ * permille + 999) / 1000;
        std::uint64_t seen = 0;
        for (std::size_t i = 0; i < bins; ++i) {
            seen += counts_[i];
            if (seen >= rank && seen > 0) {
                return std::min(edge_of(i), max_ns_);
            }
        }
        return 0;
    }
    [[nodiscard]] static std::size_t bin_of(std::uint64_t wait) noexcept {
        if (wait < 16) {
            return static_cast<std::size_t>(wait);
        }
        const auto shift = static_cast<std::size_t>(std::bit_width(wait) - 5);
        return std::min(bins - 1, 16 * (shift + 1) + static_cast<std::size_t>((wait >> shift) & 15U));
    }
    [[nodiscard]] static std::uint64_t edge_of(std::size_t bin) noexcept {
        if (bin < 16) {
            return bin;
        }
        const std::size_t shift = bin / 16 - 1;
        return ((17 + bin % 16) << shift) - 1;
    }

  private:
    std::array<std::uint32_t, bins> counts_{};
    std::uint64_t count_ = 0;
    std::uint64_t max_ns_ = 0;
};

// Waits of the last minute, in twelve parts of five seconds.
class SlidingWaits {
  public:
    static constexpr std::int64_t part_ns = 5 * second_ns;
    static constexpr std::size_t parts = 12;
    void add(risk::UtcNs at, std::int64_t wait_ns) noexcept {
        Part& part = parts_[static_cast<std::size_t>(at / part_ns) % parts];
        if (part.number != at / part_ns) {
            part.number = at / part_ns;
            part.waits = {};
        }
        part.waits.add(wait_ns);
    }
    [[nodiscard]] WaitCounts last_minute(risk::UtcNs now) const noexcept {
        WaitCounts sum;
        for (const Part& part : parts_) {
            if (part.number > now / part_ns - static_cast<std::int64_t>(parts)) {
                sum.add(part.waits);
            }
        }
        return sum;
    }

  private:
    struct Part {
        std::int64_t number = 0;
        WaitCounts waits;
    };
    std::array<Part, parts> parts_{};
};

// Races of the last minute, as audit/examine/fairness judges them over a whole journal: two investors'
// commands on one line and in one security that arrived at most 50 us apart. A command is held against the
// last 64 that were given a place on its line: at a million commands a second on one line that is more than
// the window. Room: fixed.
class RaceWatch {
  public:
    static constexpr std::size_t behind = 64;
    static constexpr std::int64_t window_ns = 50'000;
    static constexpr std::size_t lines = 64;
    static constexpr std::size_t parts = 12;
    struct Found {
        std::uint64_t commands = 0;
        std::uint64_t races = 0;
        std::uint64_t inversions = 0;
        std::uint64_t out_of_turn = 0;
        std::int64_t worst_ns = 0;
        risk::Sequence worst_record = 0;
    };
    struct Command {
        risk::Sequence sequence = 0;
        risk::UtcNs effective_ns = 0;
        std::uint32_t investor = 0;
        std::uint32_t security = 0;
    };

    // Decided: in the order of serial numbers, of one session.
    void decided(risk::UtcNs at, std::uint32_t session, risk::UtcNs effective_ns) noexcept {
        Found& part = part_at(at);
        ++part.commands;
        const risk::UtcNs others = first_.session == session ? second_.at : first_.at;
        part.out_of_turn += others > effective_ns ? 1 : 0;
        if (first_.session == session || first_.at == 0) {
            first_ = {std::max(first_.at, effective_ns), session};
        } else if (effective_ns > first_.at) {
            second_ = first_;
            first_ = {effective_ns, session};
        } else {
            second_.at = std::max(second_.at, effective_ns);
        }
    }
    // Given a place on a line.
    void placed(risk::UtcNs at, std::uint32_t line, const Command& command) noexcept {
        Line& rivals = lines_[line % lines];
        Found& part = part_at(at);
        for (const Command& other : rivals.last) {
            const std::int64_t later_ns = command.effective_ns - other.effective_ns;
            if (other.sequence == 0 || other.security != command.security ||
                other.investor == command.investor || later_ns > window_ns || later_ns < -window_ns) {
                continue;
            }
            ++part.races;
            if (later_ns < 0) {
                ++part.inversions;
                if (-later_ns > part.worst_ns) {
                    part.worst_ns = -later_ns;
                    part.worst_record = command.sequence;
                }
            }
        }
        rivals.last[rivals.next++ % behind] = command;
    }
    // What the clock showed before it went back says nothing of who was first.
    void clock_stepped() noexcept {
        first_ = {};
        second_ = {};
        for (Line& line : lines_) {
            line.last.fill({});
        }
    }
    [[nodiscard]] Found last_minute(risk::UtcNs now) const noexcept {
        Found sum;
        for (std::size_t i = 0; i < parts; ++i) {
            if (numbers_[i] <= now / SlidingWaits::part_ns - static_cast<std::int64_t>(parts)) {
                continue;
            }
            const Found& part = found_[i];
            sum.commands += part.commands;
            sum.races += part.races;
            sum.inversions += part.inversions;
            sum.out_of_turn += part.out_of_turn;
            if (part.worst_ns > sum.worst_ns) {
                sum.worst_ns = part.worst_ns;
                sum.worst_record = part.worst_record;
            }
        }
        return sum;
    }

  private:
    struct Latest {
        risk::UtcNs at = 0;
        std::uint32_t session = 0;
    };
    struct Line {
        std::array<Command, behind> last{};
        std::size_t next = 0;
    };
    Found& part_at(risk::UtcNs at) noexcept {
        const std::int64_t number = at / SlidingWaits::part_ns;
        const std::size_t slot = static_cast<std::size_t>(number) % parts;
        if (numbers_[slot] != number) {
            numbers_[slot] = number;
            found_[slot] = {};
        }
        return found_[slot];
    }
    std::array<std::int64_t, parts> numbers_{};
    std::array<Found, parts> found_{};
    Latest first_;   // latest arrival decided so far
    Latest second_;  // the latest of any other session than first_'s
    std::array<Line, lines> lines_{};
};

// The last `room` of something, oldest first. Each has a number that never comes again.
template <class T>
class LastOf {
  public:
    explicit LastOf(std::size_t room) : room_(room) {}
    void add(T value) {
        if (kept_.size() < room_) {
            kept_.push_back(std::move(value));
        } else {
            kept_[static_cast<std::size_t>(end_ % room_)] = std::move(value);
        }
        ++end_;
    }
    [[nodiscard]] std::uint64_t end() const noexcept { return end_; }
    [[nodiscard]] std::uint64_t begin() const noexcept { return end_ - kept_.size(); }
    [[nodiscard]] std::size_t size() const noexcept { return kept_.size(); }
    [[nodiscard]] bool holds(std::uint64_t number) const noexcept {
        return number >= begin() && number < end_;
    }
    [[nodiscard]] T& at(std::uint64_t number) noexcept {
        return kept_[static_cast<std::size_t>(number % room_)];
    }
    [[nodiscard]] const T& at(std::uint64_t number) const noexcept {
        return kept_[static_cast<std::size_t>(number % room_)];
    }
    void clear() noexcept {
        kept_.clear();
        end_ = 0;
    }

  private:
    std::size_t room_;
    std::vector<T> kept_;
    std::uint64_t end_ = 0;
};

}  // namespace fairlead::desk
