// UsageLevels: which warning level the use of each limit stands at, of each account, investor, branch and of
// the firm, and who must be looked at again. Marking an account costs the order road a bit and a place in a
// ring; whose it is, is found when it is looked at, on a timer. It moves by Records alone, so a replay
// rebuilds it; it makes none: ControlSide does. Order thread only.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "config/gateway_config.hpp"
#include "risk/ledger.hpp"

namespace fairlead::gateway {

// Whose limits: a row of the Ledger by scope; of the firm, 0.
struct LimitOwner {
    risk::Scope scope = risk::Scope::none;
    std::uint32_t row = 0;
};

class UsageLevels {
  public:
    static constexpr std::array dimensions{risk::Dimension::buy, risk::Dimension::sell,
                                           risk::Dimension::gross_day, risk::Dimension::net,
                                           risk::Dimension::offset};

    // Room for so many accounts, as many investors, and so many branches.
    UsageLevels(std::size_t accounts_max, std::size_t branches_max);

    // The owner's usage or limit may have moved. Of an account: those above it are looked at with it.
    void touch(LimitOwner owner) noexcept {
        const std::size_t place = place_of(owner);
        if (place != 0 && marked_[place] == 0) {
            marked_[place] = 1;
            const std::size_t at = first_ + waiting_++;
            ring_[at < ring_.size() ? at : at - ring_.size()] = static_cast<std::uint32_t>(place);
        }
    }
    // The next one to look at; scope none: nobody.
    [[nodiscard]] LimitOwner take() noexcept;

    struct Crossing {
        risk::Dimension dimension = risk::Dimension::none;  // none: nothing has been crossed
        std::uint8_t level = 0;                             // it stands at from now on
        std::uint16_t permille = 0;
        bool rising = false;
        risk::Amount usage = 0;
        risk::LimitInForce limit;
    };
    // One level at a time, the nearest first.
    [[nodiscard]] Crossing judge(const risk::Ledger& ledger, LimitOwner owner,
                                 const config::LadderSection& ladder) const noexcept;

    void follow(const risk::UsageLevel& crossed, LimitOwner owner) noexcept;
    // Rows are numbered anew and nothing is used: every level is left, without a Record for each.
    void start_day() noexcept;

  private:
    static constexpr std::size_t firm_place = 1;
    // Where it stands among all: the firm, branches, investors, accounts; 0: nowhere.
    [[nodiscard]] std::size_t place_of(LimitOwner owner) const noexcept {
        switch (owner.scope) {
            case risk::Scope::firm:
                return firm_place;
            case risk::Scope::branch:
                return owner.row == 0 || owner.row > branches_ ? 0 : firm_place + owner.row;
            case risk::Scope::investor:
                return owner.row == 0 || owner.row > accounts_ ? 0 : firm_place + branches_ + owner.row;
            case risk::Scope::account:
                return owner.row == 0 || owner.row > accounts_
                           ? 0
                           : firm_place + branches_ + accounts_ + owner.row;
            default:
                return 0;
        }
    }
    [[nodiscard]] LimitOwner owner_at(std::size_t place) const noexcept;

    std::size_t accounts_;
    std::size_t branches_;
    std::vector<std::array<std::uint8_t, dimensions.size()>> levels_;
    std::vector<std::uint8_t> marked_;
    std::vector<std::uint32_t> ring_;
    std::size_t first_ = 0;
    std::size_t waiting_ = 0;
};

// Whose limits a subject names in this scope: row 0 of any but the firm is nobody. A limit on a security is
// its investor's, and so is a level without a scope, as they were written of old.
[[nodiscard]] LimitOwner owner_of(const risk::Ledger& ledger, risk::Scope scope,
                                  const risk::Subject& subject) noexcept;

// limit x permille / 1000, rounded down, without leaving 64 bits.
[[nodiscard]] constexpr risk::Amount part_of(risk::Amount limit, std::uint32_t permille) noexcept {
    return limit / 1000 * permille + limit % 1000 * permille / 1000;
}

}  // namespace fairlead::gateway
