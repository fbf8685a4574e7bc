// LimitBook: which value each limit set by control had, so that a change can be told with what it changed.
#pragma once

#include <optional>
#include <string>
#include <unordered_map>

#include "audit/examine/words.hpp"
#include "risk/record.hpp"

namespace fairlead::audit {

class LimitBook {
  public:
    // Whose limit it is: an investor, a branch, an account as masked or revealed; empty for the firm.
    [[nodiscard]] static std::string target(const risk::LimitSet& set, Masking masking) {
        switch (set.facts.scope) {
            case risk::Scope::investor:
                return std::string(set.subject.investor.view());
            case risk::Scope::account:
                return account_text(set.subject.account, masking);
            case risk::Scope::branch:
                return std::string(set.subject.account.branch.view());
            default:
                return {};
        }
    }
    // The value before, if control had ever set it. `accepted`: this one is in force from here on.
    std::optional<risk::Amount> take(const risk::LimitSet& set, bool accepted) {
        const std::string key = std::string(name_of(set.facts.scope)) + "/" + target(set, Masking::revealed) +
                                "/" + std::string(set.facts.symbol.view()) + "/" +
                                std::string(name_of(set.facts.dimension));
        const auto known = values_.find(key);
        const std::optional<risk::Amount> before =
            known == values_.end() ? std::nullopt : std::optional(known->second);
        if (accepted) {
            values_[key] = set.facts.value;
        }
        return before;
    }

  private:
    std::unordered_map<std::string, risk::Amount> values_;
};

}  // namespace fairlead::audit
