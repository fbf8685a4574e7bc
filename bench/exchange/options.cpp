// Options: the keys of the TOML file, and the market's part of the reference data.
#include "bench/exchange/options.hpp"

#include <charconv>

#include "config/files.hpp"
#include "config/reference_parts.hpp"
#include "config/toml_reader.hpp"

namespace fairlead::exchange {
namespace {

constexpr std::int64_t ns_per_ms = 1'000'000;

bool is_sender(std::string_view text) {
    bool good = text.size() == 7 && (text.front() == 'T' || text.front() == 'O');
    for (const char c : text) {
        good = good && ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'));
    }
    return good;
}

bool is_password(std::string_view text) {
    return text.size() == 4 && text.find_first_not_of("0123456789") == std::string_view::npos;
}

bool is_liquidity(std::string_view text) {
    std::optional<std::uint64_t> seed;
    return parse_liquidity(text, seed);
}

void read_line(config::TomlReader reader, ExchangeOptions& options) {
    LineOptions line;
    config::Secret password;
    reader.text("sender_comp_id", line.sender_comp_id, is_sender,
                "T (TWSE) or O (TPEx), four characters of the broker, two of the line",
                config::Need::required);
    reader.secret("password", password, is_password, "four digits");
    reader.integer("port", line.port, 1, 65'535, "TCP port", config::Need::required);
    reader.finish();
    const std::string_view digits = password.reveal();
    if (digits.empty()) {
        reader.error("password", "", "must be given, four digits");
    }
    std::from_chars(digits.data(), digits.data() + digits.size(), line.password);
    for (const LineOptions& other : options.lines) {
        if (other.sender_comp_id == line.sender_comp_id) {
            reader.error("sender_comp_id", line.sender_comp_id, "must not be another line's");
        }
        if (other.port == line.port) {
            reader.error("port", std::to_string(line.port), "must not be another line's");
        }
    }
    options.lines.push_back(line);
}

void read_market(config::TomlReader& top, const std::string& path, ProgramOptions& options) {
    top.text("securities", options.securities, nullptr, "path of the securities CSV");
    top.texts("t30", "\"TWSE:PATH\" or \"TPEx:PATH\"", "", config::Need::optional,
              [&](const std::string& text) {
                  const std::string market = text.substr(0, text.find(':'));
                  if ((market != "TWSE" && market != "TPEx") || market.size() + 1 >= text.size()) {
                      return false;
                  }
                  options.t30.push_back({market == "TWSE" ? risk::Venue::twse : risk::Venue::tpex,
                                         config::path_beside(path, text.substr(market.size() + 1))});
                  return true;
              });
    top.text("calendar", options.calendar, nullptr, "path of the calendar", config::Need::required);
    options.securities = config::path_beside(path, options.securities);
    options.calendar = config::path_beside(path, options.calendar);
    std::int64_t interval_ms = options.exchange.matching.odd_lot_interval_ns / ns_per_ms;
    std::int64_t first_ms = 0;
    std::int64_t periodic_ms = 0;
    top.integer("odd_lot_interval_ms", interval_ms, 1, 3'600'000, "ms");
    top.integer("odd_lot_first_ms", first_ms, 0, 3'600'000, "ms");
    top.integer("periodic_interval_ms", periodic_ms, 0, 3'600'000, "ms");
    options.exchange.matching = {interval_ms * ns_per_ms, first_ms * ns_per_ms, periodic_ms * ns_per_ms};
}

}  // namespace

bool parse_liquidity(std::string_view text, std::optional<std::uint64_t>& seed) {
    constexpr std::string_view prefix = "seeded:";
    if (text == "off") {
        seed.reset();
        return true;
    }
    if (!text.starts_with(prefix)) {
        return false;
    }
    text.remove_prefix(prefix.size());
    std::uint64_t value = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
    seed = value;
    return problem == std::errc{} && end == text.data() + text.size();
}

config::Loaded<ProgramOptions> load_options(const std::string& path) {
    config::Loaded<ProgramOptions> loaded;
    ProgramOptions& options = loaded.value;
    std::string text;
    std::string problem;
    if (!config::read_file(path, text, problem)) {
        loaded.errors.push_back({path, 0, "", "", "cannot be read: " + problem});
        return loaded;
    }
    const toml::table document = config::parse_toml(text, path, loaded.errors);
    if (!loaded.ok()) {
        return loaded;
    }
    config::TomlReader top(&document, "", path, 0, loaded.errors, nullptr);
    read_market(top, path, options);
    std::string liquidity = "off";
    top.text("witness", options.exchange.witness, nullptr, "path");
    top.text("store_directory", options.exchange.store_directory, nullptr, "path");
    top.text("control_socket", options.control_socket, nullptr, "path");
    top.text("liquidity", liquidity, is_liquidity, "\"off\" or \"seeded:N\"");
    top.integer("error_limit", options.exchange.error_limit, 0, 1'000'000'000, "refused commands");
    top.integer("orders_expected", options.exchange.orders_expected, 1, 100'000'000, "orders");
    top.texts("faults", "\"LINE VERB ARGUMENTS\"", "", config::Need::optional, [&](const std::string& fault) {
        options.exchange.faults.push_back(fault);
        return parse_fault(fault).error.empty();
    });
    static_cast<void>(parse_liquidity(liquidity, options.exchange.liquidity_seed));
    options.exchange.witness = config::path_beside(path, options.exchange.witness);
    options.exchange.store_directory = config::path_beside(path, options.exchange.store_directory);
    options.control_socket = config::path_beside(path, options.control_socket);
    if (const toml::array* lines = top.tables("line"); lines != nullptr) {
        for (const toml::node& node : *lines) {
            read_line({node.as_table(), "line", path, node.source().begin.line, loaded.errors, nullptr},
                      options.exchange);
        }
    } else {
        top.error("line", "", "at least one [[line]] must be given");
    }
    top.finish();
    return loaded;
}

LoadedMarket load_market(const ProgramOptions& options) {
    LoadedMarket market;
    config::GatewayConfig files;
    files.reference.securities = options.securities;
    files.reference.t30 = options.t30;
    files.reference.calendar = options.calendar;
    market.reference.securities.resize(1);
    const config::ProgressSink silent;
    config::ReferenceParts parts{files, silent, market.reference, market.errors};
    config::load_calendar(parts, market.origin);
    config::load_securities(parts);
    return market;
}

}  // namespace fairlead::exchange
