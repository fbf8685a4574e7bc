// Options: what fairlead-exchange is started with: its TOML file, what the command line says instead,
// and the market's reference files named there. Read once, by main.
#pragma once

#include <string>
#include <vector>

#include "bench/exchange/exchange.hpp"
#include "config/error.hpp"
#include "config/reference_loader.hpp"
#include "risk/reference.hpp"

namespace fairlead::exchange {

struct ProgramOptions {
    ExchangeOptions exchange;
    std::string control_socket;  // empty: none
    std::string securities;      // CSV
    std::vector<config::T30File> t30;
    std::string calendar;
};

// Every error at once, with file, line, key, value and rule. The sample is bench/exchange/exchange.toml.
[[nodiscard]] config::Loaded<ProgramOptions> load_options(const std::string& path);

// "off" or "seeded:N".
[[nodiscard]] bool parse_liquidity(std::string_view text, std::optional<std::uint64_t>& seed);

struct LoadedMarket {
    risk::Reference reference;  // securities, ticks and phases only
    config::DayOrigin origin = config::DayOrigin::midnight;
    std::vector<config::ConfigError> errors;
};
[[nodiscard]] LoadedMarket load_market(const ProgramOptions& options);

}  // namespace fairlead::exchange
