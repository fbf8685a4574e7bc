// Warning levels; see usage_levels.hpp.
#include "gateway/usage_levels.hpp"

#include <algorithm>

namespace fairlead::gateway {

UsageLevels::UsageLevels(std::size_t accounts_max, std::size_t branches_max)
    : accounts_(accounts_max),
      branches_(branches_max),
      levels_(1 + firm_place + branches_max + 2 * accounts_max),
      marked_(levels_.size()),
      ring_(levels_.size()) {}

LimitOwner UsageLevels::owner_at(std::size_t place) const noexcept {
    if (place == firm_place) {
        return {risk::Scope::firm, 0};
    }
    std::size_t row = place - firm_place;
    if (row <= branches_) {
        return {risk::Scope::branch, static_cast<std::uint32_t>(row)};
    }
    row -= branches_;
    return row <= accounts_ ? LimitOwner{risk::Scope::investor, static_cast<std::uint32_t>(row)}
                            : LimitOwner{risk::Scope::account, static_cast<std::uint32_t>(row - accounts_)};
}

LimitOwner UsageLevels::take() noexcept {
    if (waiting_ == 0) {
        return {};
    }
    const std::uint32_t place = ring_[first_];
    first_ = (first_ + 1) % ring_.size();
    --waiting_;
    marked_[place] = 0;
    return owner_at(place);
}

UsageLevels::Crossing UsageLevels::judge(const risk::Ledger& ledger, LimitOwner owner,
                                         const config::LadderSection& ladder) const noexcept {
    const risk::Exposure& exposure = ledger.exposure(owner.scope, owner.row);
    const auto& levels = levels_[place_of(owner)];
    Crossing crossing;
    for (std::size_t i = 0; i < dimensions.size(); ++i) {
        const std::uint8_t level = levels[i];
        crossing.usage = risk::usage(exposure, dimensions[i]);
        if (level == 0 && crossing.usage <= 0) {
            continue;
        }
        crossing.limit = ledger.limit(owner.scope, owner.row, dimensions[i]);
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

void UsageLevels::follow(const risk::UsageLevel& crossed, LimitOwner owner) noexcept {
    const std::size_t place = place_of(owner);
    for (std::size_t i = 0; i < dimensions.size() && place != 0; ++i) {
        if (dimensions[i] == crossed.facts.dimension) {
            levels_[place][i] = crossed.facts.level;
        }
    }
}

void UsageLevels::start_day() noexcept {
    std::fill(levels_.begin(), levels_.end(), decltype(levels_)::value_type{});
    std::fill(marked_.begin(), marked_.end(), std::uint8_t{0});
    first_ = waiting_ = 0;
}

LimitOwner owner_of(const risk::Ledger& ledger, risk::Scope scope, const risk::Subject& subject) noexcept {
    switch (scope) {
        case risk::Scope::none:
        case risk::Scope::symbol:
        case risk::Scope::investor:
            return {risk::Scope::investor, ledger.find_investor(subject.investor)};
        case risk::Scope::account:
            return {scope, ledger.find_account(subject.account).account};
        case risk::Scope::branch:
            return {scope, ledger.find_branch(subject.account.branch)};
        case risk::Scope::firm:
        case risk::Scope::venue:
        case risk::Scope::session:
            return {scope, 0};
    }
    return {};
}

}  // namespace fairlead::gateway
