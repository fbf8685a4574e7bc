#include "bench/load/assess/forecast.hpp"

#include <cmath>
#include <cstdlib>

#include "bench/load/assess/words.hpp"

namespace fairlead::load {

GrowthRead read_growth(std::string_view text) {
    GrowthRead read;
    const std::string given(text);
    char* end = nullptr;
    const double value = std::strtod(given.c_str(), &end);
    if (end == given.c_str() || std::string_view(end) != "%" || !std::isfinite(value)) {
        read.error = "--growth-per-year = " + given + ": per cent, such as 30%";
    }
    read.per_year = value / 100;
    return read;
}

std::string check(const Growth& growth) {
    if (growth.per_year < 0 || growth.per_year > 10) {
        return "--growth-per-year = " + decimal(100 * growth.per_year, 1) + "%: from 0% to 1000%";
    }
    if (growth.years < 0 || growth.years > 50) {
        return "--years = " + decimal(growth.years, 1) + ": from 0 to 50";
    }
    return "";
}

double grown(double now, const Growth& growth, double years) {
    return now * std::pow(1 + growth.per_year, years);
}

Crossing forecast(double now, double knee, const Growth& growth) {
    Crossing crossing;
    crossing.now = now;
    crossing.at_horizon = grown(now, growth, growth.years);
    crossing.of_knee = now / knee;
    if (now >= knee) {
        crossing.years_left = 0;
    } else if (growth.per_year > 0 && now > 0) {
        crossing.years_left = std::log(knee / now) / std::log1p(growth.per_year);
    }
    return crossing;
}

}  // namespace fairlead::load
