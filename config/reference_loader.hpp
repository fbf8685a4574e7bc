// Reads the files of a trading day into risk::Reference: securities, accounts, limits, inventory,
// calendar. It decides nothing about orders; a bad row is named by file, line, field, value and rule
// and stops the start. Called by the gateway before the day and by --check.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "config/error.hpp"
#include "config/gateway_config.hpp"
#include "risk/reference.hpp"

namespace fairlead::config {

// Told about every 65,536 rows and at the end of each file. total 0 = not known.
using ProgressSink = std::function<void(std::string_view what, std::uint64_t done, std::uint64_t total)>;

// What phases count from: local midnight in Taipei (UTC+8, no summer time since 1979), or the moment
// the gateway starts the day (demos and tests).
enum class DayOrigin : std::uint8_t { midnight = 0, start = 1 };

struct LoadedReference {
    risk::Reference reference;  // `day` has no hashes yet: see reference_archive.hpp
    DayOrigin origin = DayOrigin::midnight;
    std::vector<ConfigError> errors;
    [[nodiscard]] bool ok() const { return errors.empty(); }
};

[[nodiscard]] LoadedReference load_reference(const GatewayConfig& config, const ProgressSink& progress = {});

// Puts the limits of this file (the format of reference.limits) in place of the reference's opening limits,
// for an examiner's question; targets must be rows of the reference. With errors nothing is to be used.
[[nodiscard]] std::vector<ConfigError> replace_opening_limits(risk::Reference& reference,
                                                              const std::string& file);

// Fills date (Taipei) and origin of a day that starts now; hashes stay as they are.
void set_day(risk::DayStartFacts& day, DayOrigin origin, risk::UtcNs now) noexcept;

}  // namespace fairlead::config
