// Warning levels of investors; see usage_levels.hpp.
#include "gateway/usage_levels.hpp"

#include <algorithm>

namespace fairlead::gateway {

UsageLevels::UsageLevels(std::size_t investors_max)
    : levels_(investors_max + 1), marked_(investors_max + 1), ring_(investors_max + 1) {}

std::uint32_t UsageLevels::take() noexcept {
    if (waiting_ == 0) {
        return 0;
    }
    const std::uint32_t investor = ring_[first_];
    first_ = (first_ + 1) % ring_.size();
    --waiting_;
    marked_[investor] = 0;
    return investor;
}

UsageLevels::Crossing UsageLevels::judge(const risk::Ledger& ledger, std::uint32_t investor,
                                         const config::LadderSection& ladder) const noexcept {
    const risk::Exposure& exposure = ledger.exposure(risk::Scope::investor, investor);
    Crossing crossing;
    for (std::size_t i = 0; i < dimensions.size(); ++i) {
        const std::uint8_t level = levels_[investor][i];
        crossing.usage = risk::usage(exposure, dimensions[i]);
        if (level == 0 && crossing.usage <= 0) {
            continue;
        }
        crossing.limit = ledger.limit(risk::Scope::investor, investor, dimensions[i]);
        const bool bound = crossing.limit.value != risk::unlimited;
        const auto above = [&](std::uint32_t percent) {
            return bound && crossing.usage >= part_of(crossing.limit.value, percent * 10);
        };
        if (level < ladder.levels.size() && crossing.usage > 0 && above(ladder.levels[level].set_percent)) {
            crossing.level = static_cast<std::uint8_t>(level + 1);
            crossing.permille = static_cast<std::uint16_t>(ladder.levels[level].set_percent * 10);
            crossing.rising = true;
        } else if (level > 0 && !above(ladder.levels[level - 1U].clear_percent)) {
            crossing.level = static_cast<std::uint8_t>(level - 1);
            crossing.permille = static_cast<std::uint16_t>(ladder.levels[level - 1U].clear_percent * 10);
        } else {
            continue;
        }
        crossing.dimension = dimensions[i];
        return crossing;
    }
    return {};
}

void UsageLevels::follow(const risk::UsageLevel& crossed, std::uint32_t investor) noexcept {
    for (std::size_t i = 0; i < dimensions.size(); ++i) {
        if (dimensions[i] == crossed.facts.dimension && investor != 0 && investor < levels_.size()) {
            levels_[investor][i] = crossed.facts.level;
        }
    }
}

void UsageLevels::start_day() noexcept {
    std::fill(levels_.begin(), levels_.end(), decltype(levels_)::value_type{});
    std::fill(marked_.begin(), marked_.end(), std::uint8_t{0});
    first_ = waiting_ = 0;
}

}  // namespace fairlead::gateway
