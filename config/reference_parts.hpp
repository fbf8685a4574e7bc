// The parts of load_reference, one per file kind, and what they share. Called by reference_loader.cpp
// in the order of the declarations: each part may refer to rows of those before it.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "config/csv.hpp"
#include "config/reference_loader.hpp"
#include "risk/flat_index.hpp"

namespace fairlead::config {

// Rows found by key, growing as they are read. Keys are fixed text, so equal keys have equal bytes.
template <class Key>
class KeyIndex {
  public:
    explicit KeyIndex(std::uint32_t rows_max) : index_(rows_max) {}
    // key_of(row) gives the key of a row already in.
    template <class KeyOf>
    [[nodiscard]] std::uint32_t find(const Key& key, KeyOf&& key_of) const {
        return index_.find(risk::hash_of(key, 0), [&](std::uint32_t row) { return key_of(row) == key; });
    }
    void insert(const Key& key, std::uint32_t row) { index_.insert(risk::hash_of(key, 0), row); }

  private:
    risk::FlatIndex index_;
};

struct ReferenceParts {
    const GatewayConfig& config;
    const ProgressSink& progress;
    risk::Reference& reference;
    std::vector<ConfigError>& errors;
    KeyIndex<risk::Symbol> securities{1};
    KeyIndex<risk::InvestorId> investors{1};
    KeyIndex<risk::BranchId> branches{1};
    KeyIndex<risk::AccountKey> accounts{1};

    [[nodiscard]] std::uint32_t find_security(const risk::Symbol& symbol) const {
        return securities.find(symbol, [&](std::uint32_t row) { return reference.securities[row].symbol; });
    }
    [[nodiscard]] std::uint32_t find_investor(const risk::InvestorId& id) const {
        return investors.find(id, [&](std::uint32_t row) { return reference.investors[row].id; });
    }
    [[nodiscard]] std::uint32_t find_branch(const risk::BranchId& id) const {
        return branches.find(id, [&](std::uint32_t row) { return reference.branches[row].id; });
    }
    [[nodiscard]] std::uint32_t find_account(const risk::AccountKey& key) const {
        return accounts.find(key, [&](std::uint32_t row) { return reference.accounts[row].key; });
    }
    // Reads a file whole, or adds the error and returns false.
    [[nodiscard]] bool read(const std::string& path, std::string_view key, std::string& into);
    [[nodiscard]] bool too_many() const { return errors.size() >= errors_max; }
};

void load_calendar(ReferenceParts& parts, DayOrigin& origin);
void load_securities(ReferenceParts& parts);
void load_accounts(ReferenceParts& parts);  // investors, branches and accounts
void load_limits(ReferenceParts& parts);
void load_inventory(ReferenceParts& parts);
void load_sessions(ReferenceParts& parts);

// Step of this class at this price; 0 where the table has none.
[[nodiscard]] risk::Price tick_at(const risk::TickTable& ticks, risk::TickClass tick_class,
                                  risk::Price price);

struct DailyLimits {
    risk::Price up = 0;
    risk::Price down = 0;
};
// Ten percent off the reference, rounded inward to a price of the tick table; at least one tick away,
// never below one tick.
[[nodiscard]] DailyLimits daily_limits(const risk::TickTable& ticks, risk::TickClass tick_class,
                                       risk::Price reference);

// What the six-character code says about a security that no other file classifies.
[[nodiscard]] risk::TickClass tick_class_of_code(std::string_view code);

// One record of a T30 file as read, before it meets the CSV's row.
struct T30Record {
    risk::SecurityRow row;
    std::string_view bad_field;  // not empty: this field breaks `bad_rule`
    std::string_view bad_value;
    std::string_view bad_rule;
};
inline constexpr std::size_t t30_bytes = 100;
[[nodiscard]] T30Record parse_t30(std::string_view record, risk::Venue venue);

}  // namespace fairlead::config
