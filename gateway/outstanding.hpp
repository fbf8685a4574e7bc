// Outstanding: the commands handed to one venue line that have no final word from the venue yet, in the
// order of their message numbers. After a cut these are the orders in doubt. Fixed capacity; order
// thread only.
#pragma once

#include <vector>

#include "risk/assert.hpp"
#include "risk/record.hpp"

namespace fairlead::gateway {

struct OutstandingCommand {
    std::uint64_t line_number = 0;
    risk::Sequence command = 0;
    risk::Sequence order_key = 0;
    std::uint32_t order_slot = 0;
    risk::RecordKind kind = risk::RecordKind::none;
    bool answered = false;
    bool in_doubt = false;
    bool status_asked = false;
    bool made = false;  // a cancel that the gateway made by itself
};

class Outstanding {
  public:
    explicit Outstanding(std::size_t capacity) : ring_(capacity) {}

    [[nodiscard]] bool full() const noexcept { return count_ == ring_.size(); }
    [[nodiscard]] std::size_t size() const noexcept { return count_; }
    [[nodiscard]] OutstandingCommand& at(std::size_t index) noexcept {
        return ring_[wrapped(first_ + index)];
    }

    // Numbers and commands ascend: a line sends in the order it was given work.
    void push(const OutstandingCommand& command) noexcept {
        risk::require(!full(), "a command is pushed only while there is room");
        risk::require(count_ == 0 || at(count_ - 1).line_number < command.line_number,
                      "line message numbers ascend");
        at(count_++) = command;
        made_ += command.made ? 1 : 0;
    }

    // Cancels of the gateway's own that the venue still owes an answer; those in doubt are not waited for.
    [[nodiscard]] std::size_t made() const noexcept { return made_; }
    // Nor are those there are now, from here on.
    void forget_made() noexcept {
        made_ = 0;
        made_from_ = count_ == 0 ? 0 : at(count_ - 1).line_number + 1;
    }

    // nullptr when the command is not outstanding on this line.
    [[nodiscard]] OutstandingCommand* find_command(risk::Sequence command) noexcept {
        return find([command](const OutstandingCommand& entry) { return entry.command < command; },
                    [command](const OutstandingCommand& entry) { return entry.command == command; });
    }
    [[nodiscard]] OutstandingCommand* find_number(std::uint64_t number) noexcept {
        return find([number](const OutstandingCommand& entry) { return entry.line_number < number; },
                    [number](const OutstandingCommand& entry) { return entry.line_number == number; });
    }

    // The venue has said its final word about this command.
    void answered(OutstandingCommand& entry) noexcept {
        mark_answered(entry);
        drop_answered();
    }
    // For loops over `at`: mark first, drop when done.
    void mark_answered(OutstandingCommand& entry) noexcept {
        entry.answered = true;
        uncount_made(entry);
    }
    void mark_in_doubt(OutstandingCommand& entry) noexcept {
        entry.in_doubt = true;
        uncount_made(entry);
    }
    void drop_answered() noexcept {
        while (count_ > 0 && ring_[first_].answered) {
            first_ = wrapped(first_ + 1);
            --count_;
        }
    }

    void clear() noexcept {
        first_ = count_ = made_ = 0;
        made_from_ = 0;
    }

  private:
    void uncount_made(OutstandingCommand& entry) noexcept {
        made_ -= entry.made && entry.line_number >= made_from_ ? 1 : 0;
        entry.made = false;
    }
    // A place at most once around the ring; a division costs more than all else here.
    [[nodiscard]] std::size_t wrapped(std::size_t place) const noexcept {
        return place < ring_.size() ? place : place - ring_.size();
    }

    template <class Before, class Same>
    OutstandingCommand* find(Before before, Same same) noexcept {
        // A venue mostly answers in the order it was asked.
        if (count_ > 0 && same(ring_[first_])) {
            return &ring_[first_];
        }
        std::size_t low = 0;
        std::size_t high = count_;
        while (low < high) {
            const std::size_t middle = (low + high) / 2;
            if (before(at(middle))) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low < count_ && same(at(low)) ? &at(low) : nullptr;
    }

    std::vector<OutstandingCommand> ring_;
    std::size_t first_ = 0;
    std::size_t count_ = 0;
    std::size_t made_ = 0;
    std::uint64_t made_from_ = 0;  // message number from which on they are counted
};

}  // namespace fairlead::gateway
