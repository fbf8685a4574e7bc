// Marks: how often each fault, reason and way of recovery was really met, over all seeds of a run.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace fairlead::simulation {

class Marks {
  public:
    void hit(std::string_view name) { ++counts_[std::string(name)]; }
    void add(const Marks& other) {
        for (const auto& [name, count] : other.counts_) {
            counts_[name] += count;
        }
    }
    [[nodiscard]] std::uint64_t count(std::string_view name) const {
        const auto at = counts_.find(std::string(name));
        return at == counts_.end() ? 0 : at->second;
    }
    [[nodiscard]] const std::map<std::string, std::uint64_t>& counts() const noexcept { return counts_; }

  private:
    std::map<std::string, std::uint64_t> counts_;
};

}  // namespace fairlead::simulation
