// The assessment's chart, as an <svg> element to stand in a page. See assessment.hpp.
#include <algorithm>
#include <cmath>

#include "bench/load/assess/assessment.hpp"
#include "bench/load/assess/words.hpp"

namespace fairlead::load {
namespace {

constexpr double left = 80;
constexpr double right = 830;
constexpr double top = 110;  // above it: what the vertical lines are
constexpr double bottom = 420;
constexpr const char* p50_colour = "#1b6ca8";
constexpr const char* p99_colour = "#c0392b";

// Values laid on a logarithmic scale between two pixels.
struct Scale {
    double low = 1;
    double high = 10;
    double from = 0;
    double to = 1;

    [[nodiscard]] double at(double value) const {
        const double share = std::log(std::clamp(value, low, high) / low) / std::log(high / low);
        return from + share * (to - from);
    }
};

std::string text(double x, double y, const std::string& what, const std::string& more = "") {
    return "<text x=\"" + decimal(x, 1) + "\" y=\"" + decimal(y, 1) + "\" " + more + ">" + what + "</text>\n";
}

std::string line(double x1, double y1, double x2, double y2, const std::string& style) {
    return "<line x1=\"" + decimal(x1, 1) + "\" y1=\"" + decimal(y1, 1) + "\" x2=\"" + decimal(x2, 1) +
           "\" y2=\"" + decimal(y2, 1) + "\" " + style + "/>\n";
}

// 1, 2 and 5 times the powers of ten within the scale.
template <class Draw>
std::string ticks(const Scale& scale, Draw draw) {
    std::string made;
    const int first = static_cast<int>(std::floor(std::log10(scale.low)));
    const int last = static_cast<int>(std::floor(std::log10(scale.high)));
    for (int exponent = first; exponent <= last; ++exponent) {
        const double power = std::pow(10, exponent);
        for (const double step : {1.0, 2.0, 5.0}) {
            if (step * power >= scale.low && step * power <= scale.high) {
                made += draw(step * power);
            }
        }
    }
    return made;
}

std::string axes(const Scale& rates, const Scale& latencies) {
    std::string made = "<rect x=\"" + decimal(left, 0) + "\" y=\"" + decimal(top, 0) + "\" width=\"" +
                       decimal(right - left, 0) + "\" height=\"" + decimal(bottom - top, 0) +
                       "\" fill=\"none\" stroke=\"#888\"/>\n";
    made += ticks(rates, [&](double rate) {
        return line(rates.at(rate), top, rates.at(rate), bottom, "stroke=\"#eee\"") +
               text(rates.at(rate), bottom + 18, decimal(rate, 0), "text-anchor=\"middle\"");
    });
    made += ticks(latencies, [&](double us) {
        return line(left, latencies.at(us), right, latencies.at(us), "stroke=\"#eee\"") +
               text(left - 8, latencies.at(us) + 4, decimal(us, 0), "text-anchor=\"end\"");
    });
    made += text((left + right) / 2, bottom + 40, "commands a second", "text-anchor=\"middle\"");
    const double middle = (top + bottom) / 2;
    return made + text(20, middle, "microseconds",
                       "text-anchor=\"middle\" transform=\"rotate(-90 20 " + decimal(middle, 0) + ")\"");
}

template <class Of, class Median>
std::string curve(const std::vector<RateResult>& results, const Scale& rates, const Scale& latencies,
                  const char* colour, Of of, Median median) {
    std::string points;
    std::string dots;
    for (const RateResult& result : results) {
        const double x = rates.at(result.median_sent_rate());
        points +=
            decimal(x, 1) + "," + decimal(latencies.at(static_cast<double>(median(result)) / 1000), 1) + " ";
        for (const Trial& trial : result.trials) {
            dots += "<circle cx=\"" + decimal(x, 1) + "\" cy=\"" +
                    decimal(latencies.at(static_cast<double>(of(trial)) / 1000), 1) + "\" r=\"3\" fill=\"" +
                    colour + "\" fill-opacity=\"0.6\"/>\n";
        }
    }
    return "<polyline points=\"" + points + "\" fill=\"none\" stroke=\"" + colour +
           "\" stroke-width=\"2\"/>\n" + dots;
}

// A rate of interest: a vertical line with its name above the frame, each on a row of its own.
std::string mark(const Scale& rates, double rate, int row, const std::string& name,
                 const std::string& style) {
    const double x = rates.at(rate);
    const double y = 40 + 16 * row;
    const bool late = x > (left + right) / 2;
    return line(x, y + 4, x, bottom, style) +
           text(late ? x - 5 : x + 5, y + 4, name + " " + decimal(rate, 0),
                std::string(late ? "text-anchor=\"end\"" : "text-anchor=\"start\"") +
                    " paint-order=\"stroke\" stroke=\"white\" stroke-width=\"4\"");
}

}  // namespace

std::string chart_of(const Assessment& assessment) {
    const Knee& knee = assessment.knee;
    const double bound_us = static_cast<double>(assessment.options.p99_max_ns) / 1000;
    double most_us = bound_us;
    double least_us = bound_us;
    for (const RateResult& result : assessment.rates) {
        for (const Trial& trial : result.trials) {
            most_us = std::max(most_us, static_cast<double>(trial.p99_ns) / 1000);
            least_us = std::min(least_us, std::max(1.0, static_cast<double>(trial.p50_ns) / 1000));
        }
    }
    const double least_rate =
        std::min({assessment.minute.now, assessment.second.now, assessment.rates.front().median_sent_rate()});
    const double most_rate = std::max({assessment.rates.back().median_sent_rate(),
                                       assessment.minute.at_horizon, assessment.second.at_horizon});
    const Scale rates{std::max(0.1, least_rate / 1.2), most_rate * 1.2, left, right};
    const Scale latencies{least_us / 1.5, most_us * 1.5, bottom, top};

    std::string made =
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 860 480\" width=\"860\" height=\"480\" "
        "font-family=\"sans-serif\" font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" "
        "fill=\"white\"/>\n";
    made += text(left, 20,
                 std::string("Order to first answer, from when it was due: <tspan fill=\"") + p50_colour +
                     "\">p50</tspan>, <tspan fill=\"" + p99_colour +
                     "\">p99</tspan>; dots are trials, lines their medians",
                 "font-size=\"14\"");
    made += axes(rates, latencies);
    made += "<rect x=\"" + decimal(rates.at(knee.least), 1) + "\" y=\"" + decimal(top, 0) + "\" width=\"" +
            decimal(rates.at(knee.most) - rates.at(knee.least), 1) + "\" height=\"" +
            decimal(bottom - top, 0) + "\" fill=\"#e3d9b5\" fill-opacity=\"0.5\"/>\n";
    made += line(left, latencies.at(bound_us), right, latencies.at(bound_us),
                 "stroke=\"#c0392b\" stroke-dasharray=\"6 4\"");
    made += text(left + 6, latencies.at(bound_us) - 5, "bound of p99, " + decimal(bound_us, 0) + " us");
    made += mark(rates, assessment.minute.now, 0, "busiest minute's mean", "stroke=\"#2d7d46\"");
    made += mark(rates, assessment.second.now, 1, "busiest second", "stroke=\"#2d7d46\" stroke-width=\"2\"");
    made += mark(rates, assessment.second.at_horizon, 2,
                 "busiest second in " + decimal(assessment.growth.years, 1) + " years",
                 "stroke=\"#2d7d46\" stroke-dasharray=\"4 3\"");
    made += mark(rates, knee.rate, 3, "knee", "stroke=\"#8a6d00\" stroke-width=\"2\"");
    made += curve(
        assessment.rates, rates, latencies, p50_colour, [](const Trial& trial) { return trial.p50_ns; },
        [](const RateResult& result) { return result.median_p50_ns(); });
    made += curve(
        assessment.rates, rates, latencies, p99_colour, [](const Trial& trial) { return trial.p99_ns; },
        [](const RateResult& result) { return result.median_p99_ns(); });
    return made + "</svg>\n";
}

}  // namespace fairlead::load
