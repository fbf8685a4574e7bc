// Progress: one line for whoever waits for a pass longer than two seconds: how far, how fast, how long still.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "audit/read_watch.hpp"

namespace fairlead::audit {

class Progress : public ReadWatch {
  public:
    static constexpr std::int64_t silent_ns = 2'000'000'000;  // shorter passes say nothing
    static constexpr std::int64_t every_ns = 200'000'000;
    using Clock = std::function<std::int64_t()>;  // monotonic nanoseconds
    using Write = std::function<void(std::string_view)>;

    Progress(Write write, Clock clock);
    // Wipes its line.
    ~Progress() override;
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;

    // 1 ends a pass and wipes its line; a part smaller than before begins a new one.
    void at(double part, std::uint64_t records) override;

  private:
    void wipe();

    Write write_;
    Clock clock_;
    std::int64_t began_ns_;
    std::int64_t told_ns_ = 0;
    double part_ = 0;
    bool shown_ = false;
};

// "12 % of the journal, 71,000 records, 35,500 a second, 15 s left".
[[nodiscard]] std::string progress_text(double part, std::uint64_t records, std::int64_t spent_ns);

}  // namespace fairlead::audit
