// PlannedCommand: one message a source wants sent: what, for whom, when. Sources (profile.hpp,
// log_source.hpp) make them without knowing sockets; the player (player.hpp) sends them.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "risk/words.hpp"

namespace fairlead::load {

enum class CommandKind : std::uint8_t { new_order = 0, replace_price = 1, replace_quantity = 2, cancel = 3 };

// What is wrong with a command on purpose.
enum class Fault : std::uint8_t {
    none = 0,
    over_limit = 1,        // worth more than its investor may commit
    off_tick = 2,          // between two steps of the price table
    over_price_limit = 3,  // one step beyond the day's limit
    unknown_security = 4,
    wrong_lot = 5,             // a board lot order that is no multiple of the lot
    duplicate_identifier = 6,  // the ClOrdID of an earlier order of the session
    over_quantity = 7,         // more board lots than one order may have
};
inline constexpr std::size_t fault_count = 8;
[[nodiscard]] constexpr std::string_view fault_name(Fault fault) {
    constexpr std::array<std::string_view, fault_count> names{
        "none",      "over-limit",           "off-tick",     "over-price-limit", "unknown-security",
        "wrong-lot", "duplicate-identifier", "over-quantity"};
    return names[static_cast<std::size_t>(fault)];
}

// What a right gateway does with it, given that the venue takes what is legal.
enum class Expectation : std::uint8_t {
    accept = 0,
    refuse = 1,
    either = 2,  // depends on fills, limits already used or phases that the source does not know
};

inline constexpr std::uint32_t no_order = UINT32_MAX;

struct PlannedCommand {
    std::int64_t due_ns = 0;            // after the run's start
    risk::Price price = 0;              // new order and replace_price; 0 for a market order
    risk::Quantity quantity = 0;        // new order; replace_quantity: shares to take away
    std::uint32_t order = no_order;     // number of the order within the plan, from 0 in order of its News
    std::uint32_t original = no_order;  // duplicate_identifier: the earlier order whose ClOrdID is used
    std::uint32_t session = 0;          // index into the sessions played
    std::uint32_t account = 0;
    std::uint32_t security = 0;  // 0: `symbol` names one that the reference does not have
    risk::Symbol symbol;
    CommandKind kind = CommandKind::new_order;
    risk::Side side = risk::Side::buy;
    risk::OrderType type = risk::OrderType::limit;
    risk::TimeInForce time_in_force = risk::TimeInForce::rest_of_day;
    risk::SessionKind session_kind = risk::SessionKind::regular;
    risk::CreditType credit_type = risk::CreditType::cash;
    risk::Channel channel = risk::Channel::dma;
    Fault fault = Fault::none;
    Expectation expectation = Expectation::accept;
};

// Where planned commands come from, in order of due_ns. A source is a pure function of its input.
class CommandSource {
  public:
    CommandSource() = default;
    CommandSource(const CommandSource&) = delete;
    CommandSource& operator=(const CommandSource&) = delete;
    virtual ~CommandSource() = default;
    // False: no more.
    [[nodiscard]] virtual bool next(PlannedCommand& command) = 0;
    // How many commands there will be about; for sizing tables and for the progress line.
    [[nodiscard]] virtual std::uint64_t expected_count() const = 0;
};

// Commands made ahead, so that making them costs no time while they are sent.
class PlannedList final : public CommandSource {
  public:
    explicit PlannedList(std::vector<PlannedCommand> commands) : commands_(std::move(commands)) {}
    // Takes everything `source` has.
    explicit PlannedList(CommandSource& source) {
        commands_.reserve(source.expected_count());
        for (PlannedCommand command; source.next(command);) {
            commands_.push_back(command);
        }
    }
    [[nodiscard]] bool next(PlannedCommand& command) override {
        if (place_ == commands_.size()) {
            return false;
        }
        command = commands_[place_++];
        return true;
    }
    [[nodiscard]] std::uint64_t expected_count() const override { return commands_.size(); }

  private:
    std::vector<PlannedCommand> commands_;
    std::size_t place_ = 0;
};

}  // namespace fairlead::load
