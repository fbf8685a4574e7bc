// Forecast: when traffic that grows by the same share every year reaches a capacity. Pure arithmetic; it
// knows nothing of why traffic grows. Called by the assessment and its report.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace fairlead::load {

struct Growth {
    double per_year = 0.3;  // 0.3: 30 per cent more every year
    double years = 3;       // how far capacity must last
};

struct GrowthRead {
    double per_year = 0;
    std::string error;
};
// "30%", "7.5%", "0%".
[[nodiscard]] GrowthRead read_growth(std::string_view text);
// Empty: it makes sense. Otherwise option, value and rule.
[[nodiscard]] std::string check(const Growth& growth);

struct Crossing {
    double now = 0;         // commands a second today
    double at_horizon = 0;  // and after the years asked for
    double of_knee = 0;     // today's share of the knee
    // Until it reaches the knee: 0 when it is there today, none when it never will be.
    std::optional<double> years_left;
    [[nodiscard]] bool lasts(const Growth& growth) const { return !years_left || *years_left > growth.years; }
};

[[nodiscard]] double grown(double now, const Growth& growth, double years);
[[nodiscard]] Crossing forecast(double now, double knee, const Growth& growth);

}  // namespace fairlead::load
