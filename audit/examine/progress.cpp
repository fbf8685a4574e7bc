#include "audit/examine/progress.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace fairlead::audit {

namespace {

constexpr std::int64_t second_ns = 1'000'000'000;

std::string grouped(std::uint64_t value) {
    std::string text = std::to_string(value);
    for (std::size_t at = text.size(); at > 3; at -= 3) {
        text.insert(at - 3, ",");
    }
    return text;
}

}  // namespace

std::string progress_text(double part, std::uint64_t records, std::int64_t spent_ns) {
    part = std::clamp(part, 0.0, 1.0);
    const double seconds = static_cast<double>(std::max<std::int64_t>(spent_ns, 1)) / second_ns;
    std::string text = std::to_string(static_cast<int>(part * 100)) + " % of the journal, " +
                       grouped(records) + " records, " +
                       grouped(static_cast<std::uint64_t>(static_cast<double>(records) / seconds)) +
                       " a second";
    if (part > 0) {
        text +=
            ", " + grouped(static_cast<std::uint64_t>(std::llround(seconds * (1 - part) / part))) + " s left";
    }
    return text;
}

Progress::Progress(Write write, Clock clock)
    : write_(std::move(write)), clock_(std::move(clock)), began_ns_(clock_()) {}

Progress::~Progress() {
    wipe();
}

void Progress::wipe() {
    if (shown_) {
        write_("\r\x1b[K");
        shown_ = false;
    }
}

void Progress::at(double part, std::uint64_t records) {
    const std::int64_t now = clock_();
    if (part < part_) {
        began_ns_ = now;
    }
    part_ = part;
    if (part >= 1) {
        wipe();
        return;
    }
    if (now - began_ns_ < silent_ns || (shown_ && now - told_ns_ < every_ns)) {
        return;
    }
    told_ns_ = now;
    shown_ = true;
    write_("\r\x1b[K" + progress_text(part, records, now - began_ns_));
}

}  // namespace fairlead::audit
