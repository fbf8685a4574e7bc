// load_reference: the parts in the order in which they refer to each other.
#include "config/reference_loader.hpp"

#include <chrono>

#include "config/files.hpp"
#include "config/reference_parts.hpp"

namespace fairlead::config {
namespace {

constexpr risk::UtcNs ns_per_second = 1'000'000'000;
constexpr risk::UtcNs ns_per_day = 86'400 * ns_per_second;
constexpr risk::UtcNs taipei_ahead = std::int64_t{8} * 3600 * ns_per_second;

std::uint32_t date_of(std::int64_t days) noexcept {
    const std::chrono::year_month_day date{std::chrono::sys_days{std::chrono::days{days}}};
    return static_cast<std::uint32_t>(static_cast<int>(date.year())) * 10'000U +
           static_cast<unsigned>(date.month()) * 100U + static_cast<unsigned>(date.day());
}

}  // namespace

bool ReferenceParts::read(const std::string& path, std::string_view key, std::string& into) {
    std::string problem;
    if (!read_file(path, into, problem)) {
        errors.push_back({path, 0, std::string(key), "", "cannot be read: " + problem});
        return false;
    }
    return true;
}

LoadedReference load_reference(const GatewayConfig& config, const ProgressSink& progress) {
    LoadedReference loaded;
    risk::Reference& reference = loaded.reference;
    reference.securities.resize(1);
    reference.investors.resize(1);
    reference.branches.resize(1);
    reference.accounts.resize(1);
    reference.rules = config.rules;
    ReferenceParts parts{config, progress, reference, loaded.errors};
    load_calendar(parts, loaded.origin);
    load_securities(parts);
    load_accounts(parts);
    // What refers to accounts and securities would only repeat their errors.
    if (loaded.errors.empty()) {
        load_limits(parts);
        load_inventory(parts);
        load_sessions(parts);
    }
    return loaded;
}

void set_day(risk::DayStartFacts& day, DayOrigin origin, risk::UtcNs now) noexcept {
    const std::int64_t days = (now + taipei_ahead) / ns_per_day;
    day.date = date_of(days);
    day.origin_utc_ns = origin == DayOrigin::start ? now : days * ns_per_day - taipei_ahead;
}

}  // namespace fairlead::config
