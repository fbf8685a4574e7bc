// EarlyMessages: messages that came before their turn, kept as bytes until the gap before them is filled.
// Bounded in count and bytes, all memory taken at construction; what does not fit is not kept (the
// session asks for it again). Used by one Session.
#pragma once

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
        if (find(number) != nullptr) {
            return true;
        }
        if (entries_.size() == entries_.capacity() || bytes_.size() - used_ < text.size()) {
            return false;
        }
        if (!text.empty()) {
            std::memcpy(bytes_.data() + used_, text.data(), text.size());
        }
        entries_.push_back({number, static_cast<std::uint32_t>(used_),
                            static_cast<std::uint32_t>(text.size()), arrival, served});
        used_ += text.size();
        return true;
    }

    [[nodiscard]] const Entry* find(std::uint64_t number) const noexcept {
        for (const Entry& entry : entries_) {
            if (entry.number == number) {
                return &entry;
            }
        }
        return nullptr;
    }
    [[nodiscard]] std::span<const char> bytes(const Entry& entry) const noexcept {
        return {bytes_.data() + entry.offset, entry.length};
    }

    // Drops what lies below `number`. The bytes become free once nothing is kept: a gap closes as a
    // whole, so moving them would gain little.
    void drop_below(std::uint64_t number) noexcept {
        std::size_t kept = 0;
        for (const Entry& entry : entries_) {
            if (entry.number >= number) {
                entries_[kept++] = entry;
            }
        }
        entries_.resize(kept);
        if (entries_.empty()) {
            used_ = 0;
        }
    }
    void clear() noexcept {
        entries_.clear();
        used_ = 0;
    }
    [[nodiscard]] bool empty() const noexcept { return entries_.empty(); }

  private:
    std::vector<Entry> entries_;  // reserved in full: never grows beyond it
    std::vector<char> bytes_;
    std::size_t used_ = 0;
};

}  // namespace fairlead::fix
