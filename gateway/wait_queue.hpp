// WaitQueue: accepted commands that wait for their line's rate, in arrival order. A copy of the command's
// Record stands in it, since the venue message is encoded only when the line takes it. Fixed capacity;
// order thread only. Who leaves by age is the caller's decision and a Record.
#pragma once

#include <array>
#include <cstring>
#include <optional>
#include <vector>

#include "risk/assert.hpp"
#include "risk/record.hpp"

namespace fairlead::gateway {

// Any command that goes to a venue, by value.
class CommandCopy {
  public:
    CommandCopy() = default;
    explicit CommandCopy(const risk::Record& record) noexcept {
        std::memcpy(bytes_, &record, size_of(record.kind));
    }
    [[nodiscard]] const risk::Record& record() const noexcept {
        return *reinterpret_cast<const risk::Record*>(bytes_);
    }

  private:
    static std::size_t size_of(risk::RecordKind kind) noexcept {
        switch (kind) {
            case risk::RecordKind::new_order:
                return sizeof(risk::NewOrder);
            case risk::RecordKind::replace_order:
                return sizeof(risk::ReplaceOrder);
            case risk::RecordKind::cancel_order:
                return sizeof(risk::CancelOrder);
            default:
                risk::require(false, "only New, Replace and Cancel go to a venue");
                return 0;
        }
    }
    alignas(8) std::byte bytes_[sizeof(risk::ReplaceOrder)]{};
};

struct WaitingCommand {
    CommandCopy command;
    std::uint32_t order_slot = 0;
    risk::Sequence order_key = 0;
    risk::MonotonicNs since_ns = 0;
};

class WaitQueue {
  public:
    explicit WaitQueue(std::size_t capacity) : ring_(capacity) {}

    [[nodiscard]] bool empty() const noexcept { return count_ == 0; }
    [[nodiscard]] bool full() const noexcept { return count_ == ring_.size(); }
    [[nodiscard]] std::size_t size() const noexcept { return count_; }
    [[nodiscard]] const WaitingCommand& front() const noexcept { return ring_[first_]; }

    void push(const WaitingCommand& waiting) noexcept {
        risk::require(!full(), "a command waits only while there is room");
        ring_[(first_ + count_) % ring_.size()] = waiting;
        ++count_;
    }
    void pop() noexcept {
        risk::require(count_ > 0, "only a waiting command leaves the queue");
        first_ = (first_ + 1) % ring_.size();
        --count_;
    }

  private:
    std::vector<WaitingCommand> ring_;
    std::size_t first_ = 0;
    std::size_t count_ = 0;
};

// A client's cancels have a lane of their own, which new orders cannot block. So have the cancels that the
// gateway makes itself (a halt, a lost connection, a mass cancel): they come in thousands, a client's does
// not wait behind them, and while all else waits too, in arrival order, each of the two has every other turn:
// what one investor has cancelled takes no more than half of a line from the others.
enum class WaitLane : std::uint8_t { cancels = 0, made = 1, others = 2 };

class WaitLanes {
  public:
    explicit WaitLanes(std::size_t capacity)
        : lanes_{WaitQueue(capacity), WaitQueue(capacity), WaitQueue(capacity)} {}

    [[nodiscard]] bool empty() const noexcept { return size() == 0; }
    [[nodiscard]] std::size_t size() const noexcept {
        return lanes_[0].size() + lanes_[1].size() + lanes_[2].size();
    }
    [[nodiscard]] WaitQueue& lane(WaitLane which) noexcept { return lanes_[static_cast<std::size_t>(which)]; }
    [[nodiscard]] const WaitQueue& lane(WaitLane which) const noexcept {
        return lanes_[static_cast<std::size_t>(which)];
    }
    // Whose front leaves next; none if nothing may. `made_may`: whether the line takes a made cancel now.
    [[nodiscard]] std::optional<WaitLane> next(bool made_may) const noexcept {
        if (!lane(WaitLane::cancels).empty()) {
            return WaitLane::cancels;
        }
        const bool made = made_may && !lane(WaitLane::made).empty();
        if (!lane(WaitLane::others).empty() && (!made || made_had_its_turn_)) {
            return WaitLane::others;
        }
        return made ? std::optional(WaitLane::made) : std::nullopt;
    }
    // The front of this lane leaves for the venue, in its turn.
    void take_turn(WaitLane which) noexcept {
        made_had_its_turn_ = which == WaitLane::cancels ? made_had_its_turn_ : which == WaitLane::made;
    }
    // The lane whose front this command is.
    [[nodiscard]] WaitLane holding(risk::Sequence command) const noexcept {
        const auto is_front = [&](WaitLane which) {
            return !lane(which).empty() && lane(which).front().command.record().sequence == command;
        };
        for (const WaitLane which : {WaitLane::cancels, WaitLane::made}) {
            if (is_front(which)) {
                return which;
            }
        }
        risk::require(is_front(WaitLane::others), "only the front of a lane leaves it");
        return WaitLane::others;
    }
    // Where a command waits: a Cancel does not overtake what waits of its own order.
    [[nodiscard]] static WaitLane of(const risk::Record& command, unsigned waiting_of_order) noexcept {
        if (command.kind != risk::RecordKind::cancel_order || waiting_of_order != 0) {
            return WaitLane::others;
        }
        const auto& cancel = reinterpret_cast<const risk::CancelOrder&>(command);
        return cancel.facts.origin == risk::CancelOrigin::client ? WaitLane::cancels : WaitLane::made;
    }
    // Whether a command for this lane would be the next to leave, with nobody whose turn comes before it.
    [[nodiscard]] bool open(WaitLane which, bool made_may) const noexcept {
        if (!lane(WaitLane::cancels).empty() || which == WaitLane::cancels) {
            return lane(WaitLane::cancels).empty();
        }
        const bool made_waits = !lane(WaitLane::made).empty();
        return lane(WaitLane::others).empty() &&
               (which == WaitLane::made ? made_may && !made_waits : !(made_may && made_waits));
    }

  private:
    std::array<WaitQueue, 3> lanes_;
    bool made_had_its_turn_ = false;
};

}  // namespace fairlead::gateway
