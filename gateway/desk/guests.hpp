// Guests: connections over which nobody has shown a session yet, counted by address, so that one address
// cannot take all connections without a password. Room: the connections themselves. HTTP thread only.
#pragma once

#include <algorithm>
#include <cstddef>
#include <map>
#include <string>

namespace fairlead::desk {

class Guests {
  public:
    // A browser opens six at once before anybody has typed a password.
    static constexpr std::size_t of_one_address_min = 8;
    explicit Guests(std::size_t connections_max)
        : of_one_address_max_(std::max(of_one_address_min, connections_max / 4)) {}
    [[nodiscard]] bool room_for(const std::string& address) const {
        const auto found = counts_.find(address);
        return found == counts_.end() || found->second < of_one_address_max_;
    }

    // One connection, a guest until it is known: then it counts no more.
    class Visit {
      public:
        Visit(Guests& guests, std::string address) : guests_(guests), address_(std::move(address)) {
            ++guests_.counts_[address_];
        }
        ~Visit() { known(); }
        Visit(const Visit&) = delete;
        Visit& operator=(const Visit&) = delete;
        void known() {
            if (!guest_) {
                return;
            }
            guest_ = false;
            const auto found = guests_.counts_.find(address_);
            if (--found->second == 0) {
                guests_.counts_.erase(found);
            }
        }
        [[nodiscard]] bool guest() const noexcept { return guest_; }
        [[nodiscard]] const std::string& address() const noexcept { return address_; }

      private:
        Guests& guests_;
        std::string address_;
        bool guest_ = true;
    };

  private:
    std::size_t of_one_address_max_;
    std::map<std::string, std::size_t> counts_;
};

}  // namespace fairlead::desk
