// UsageLevels: which warning level each investor's use of each limit stands at, and who must be looked at
// again. Marking an investor costs the order road a bit and a place in a ring; judging is done on a timer. It
// moves by Records alone, so a replay rebuilds it; it makes none: ControlSide does. Order thread only.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "config/gateway_config.hpp"
#include "risk/ledger.hpp"

namespace fairlead::gateway {

class UsageLevels {
  public:
    static constexpr std::array dimensions{risk::Dimension::buy, risk::Dimension::sell,
                                           risk::Dimension::gross_day, risk::Dimension::net,
                                           risk::Dimension::offset};

    explicit UsageLevels(std::size_t investors_max);

    // The investor's usage or limit may have moved.
    void touch(std::uint32_t investor) noexcept {
        if (investor < marked_.size() && marked_[investor] == 0) {
            marked_[investor] = 1;
            const std::size_t place = first_ + waiting_++;
            ring_[place < ring_.size() ? place : place - ring_.size()] = investor;
        }
    }
    // The next one to look at; 0: nobody.
    [[nodiscard]] std::uint32_t take() noexcept;
    // To be looked at once more: a crossing was found, another one may stand behind it.
    void again(std::uint32_t investor) noexcept { touch(investor); }

    struct Crossing {
        risk::Dimension dimension = risk::Dimension::none;  // none: nothing has been crossed
        std::uint8_t level = 0;                             // it stands at from now on
        std::uint16_t permille = 0;
        bool rising = false;
        risk::Amount usage = 0;
        risk::LimitInForce limit;
    };
    // One level at a time, the nearest first.
    [[nodiscard]] Crossing judge(const risk::Ledger& ledger, std::uint32_t investor,
                                 const config::LadderSection& ladder) const noexcept;

    void follow(const risk::UsageLevel& crossed, std::uint32_t investor) noexcept;
    // Rows are numbered anew and nothing is used: every level is left, without a Record for each.
    void start_day() noexcept;

  private:
    std::vector<std::array<std::uint8_t, dimensions.size()>> levels_;
    std::vector<std::uint8_t> marked_;
    std::vector<std::uint32_t> ring_;
    std::size_t first_ = 0;
    std::size_t waiting_ = 0;
};

// limit x permille / 1000, rounded down, without leaving 64 bits.
[[nodiscard]] constexpr risk::Amount part_of(risk::Amount limit, std::uint32_t permille) noexcept {
    return limit / 1000 * permille + limit % 1000 * permille / 1000;
}

}  // namespace fairlead::gateway
