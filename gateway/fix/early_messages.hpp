// EarlyMessages: messages that came before their turn, kept as bytes until the gap before them is filled.
// Bounded in count and bytes, all memory taken at construction; what does not fit is not kept (the
// session asks for it again). Used by one Session.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

#include "risk/record.hpp"

namespace fairlead::fix {

class EarlyMessages {
  public:
    struct Entry {
        std::uint64_t number = 0;
        std::uint32_t offset = 0;
        std::uint32_t length = 0;
        risk::Arrival arrival;
        bool served = false;  // answered when it came; only its number is still to be used up
    };

    EarlyMessages(std::uint32_t messages_max, std::uint32_t bytes_max) : bytes_(bytes_max) {
        entries_.reserve(messages_max);
    }

    // False: no room. A number already kept is kept as it first came.
    bool keep(std::uint64_t number, std::string_view text, const risk::Arrival& arrival,
              bool served) noexcept {
        // Messages mostly come in ascending order, so the place is mostly the end.
        auto place = entries_.empty() || entries_.back().number < number ? entries_.end() : place_of(number);
        if (place != entries_.end() && place->number == number) {
            return true;
        }
        if (bytes_.size() - used_ < text.size()) {
            return false;
        }
        if (entries_.size() == entries_.capacity()) {
            if (first_ == 0) {
                return false;
            }
            const auto position = place - entries_.begin() - static_cast<std::ptrdiff_t>(first_);
            entries_.erase(entries_.begin(), entries_.begin() + static_cast<std::ptrdiff_t>(first_));
            first_ = 0;
            place = entries_.begin() + position;
        }
        if (!text.empty()) {
            std::memcpy(bytes_.data() + used_, text.data(), text.size());
        }
        entries_.insert(place, {number, static_cast<std::uint32_t>(used_),
                                static_cast<std::uint32_t>(text.size()), arrival, served});
        used_ += text.size();
        return true;
    }

    // Null when not kept. Valid until the next keep or drop.
    [[nodiscard]] const Entry* find(std::uint64_t number) const noexcept {
        const auto place =
            std::lower_bound(entries_.begin() + static_cast<std::ptrdiff_t>(first_), entries_.end(), number,
                             [](const Entry& entry, std::uint64_t wanted) { return entry.number < wanted; });
        return place != entries_.end() && place->number == number ? &*place : nullptr;
    }
    [[nodiscard]] std::span<const char> bytes(const Entry& entry) const noexcept {
        return {bytes_.data() + entry.offset, entry.length};
    }

    // Drops what lies below `number`. The bytes become free once nothing is kept: a gap closes as a
    // whole, so moving them would gain little.
    void drop_below(std::uint64_t number) noexcept {
        while (first_ < entries_.size() && entries_[first_].number < number) {
            ++first_;
        }
        if (empty()) {
            clear();
        }
    }
    void clear() noexcept {
        entries_.clear();
        first_ = 0;
        used_ = 0;
    }
    [[nodiscard]] bool empty() const noexcept { return first_ == entries_.size(); }

  private:
    [[nodiscard]] std::vector<Entry>::iterator place_of(std::uint64_t number) noexcept {
        return std::lower_bound(
            entries_.begin() + static_cast<std::ptrdiff_t>(first_), entries_.end(), number,
            [](const Entry& entry, std::uint64_t wanted) { return entry.number < wanted; });
    }

    // Ascending by number; those before first_ are dropped. Reserved in full: never grows beyond it.
    std::vector<Entry> entries_;
    std::size_t first_ = 0;
    std::vector<char> bytes_;
    std::size_t used_ = 0;
};

}  // namespace fairlead::fix
