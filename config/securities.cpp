// Securities: the CSV of names, kinds and reference prices, and the exchange's T30 files, which win where
// both name a security. What neither prices is suspended.
#include <array>

#include "config/reference_parts.hpp"

namespace fairlead::config {
namespace {

using risk::SecurityRow;
using risk::TickClass;

struct Kind {
    std::string_view name;
    TickClass tick_class;
    std::uint16_t flags;
};
constexpr Kind kinds[] = {
    {"stock", TickClass::stock, 0},
    {"preferred", TickClass::stock, 0},
    {"tdr", TickClass::stock, 0},
    {"closed_end_fund", TickClass::stock, 0},
    {"etf", TickClass::fund, 0},
    {"etn", TickClass::fund, risk::security_no_odd_lot},
    {"reit", TickClass::fund, 0},
    {"abs", TickClass::fund, 0},
    {"warrant", TickClass::warrant, 0},
    {"convertible_bond", TickClass::convertible_bond, risk::security_no_odd_lot},
    {"corporate_bond", TickClass::corporate_bond, risk::security_no_odd_lot},
    {"government_bond", TickClass::government_bond, risk::security_no_odd_lot},
};
constexpr std::string_view kind_rule =
    "must be stock, preferred, tdr, closed_end_fund, etf, etn, reit, abs, warrant, convertible_bond, "
    "corporate_bond or government_bond";

constexpr FlagWord flag_words[] = {
    {"suspended", risk::security_suspended},           {"disposition", risk::security_disposition},
    {"attention", risk::security_attention},           {"full_delivery", risk::security_full_delivery},
    {"no_price_limit", risk::security_no_price_limit}, {"no_short_below", risk::security_no_short_below},
    {"no_sbl_below", risk::security_no_sbl_below},     {"innovation", risk::security_innovation},
    {"no_odd_lot", risk::security_no_odd_lot},         {"no_margin", risk::security_no_margin},
    {"periodic_call", risk::security_periodic_call},
};

enum : std::size_t {
    code_column,
    name_column,
    market_column,
    kind_column,
    reference_column,
    date_column,
    up_column,
    down_column,
    lot_column,
    day_trade_column,
    flags_column,
    interval_column,
};
constexpr std::array<Column, 12> columns = {{
    {"code", true},
    {"name", false},
    {"market", true},
    {"kind", true},
    {"reference_price", true},
    {"reference_date", false},
    {"limit_up", false},
    {"limit_down", false},
    {"lot", false},
    {"day_trade", false},
    {"flags", false},
    {"match_interval_minutes", false},
}};

// Empty text leaves `into` as it is.
void read_price(CsvReader& csv, std::size_t column, risk::Price& into) {
    if (!csv.field(column).empty() && (!parse_ntd(csv.field(column), 99'999, into) || into == 0)) {
        csv.error(column, "must be a price in NTD above 0 with at most five digits and four decimals");
    }
}

void read_identity(CsvReader& csv, SecurityRow& row) {
    if (!is_code(csv.field(code_column), 4, 6)) {
        csv.error(code_column, "must be four to six letters or digits");
    }
    row.symbol = risk::Symbol(csv.field(code_column));
    const std::string_view market = csv.field(market_column);
    if (market == "TWSE") {
        row.venue = risk::Venue::twse;
    } else if (market == "TPEx" || market == "TPEX") {
        row.venue = risk::Venue::tpex;
    } else {
        csv.error(market_column, "must be TWSE or TPEx");
    }
    for (const Kind& kind : kinds) {
        if (kind.name == csv.field(kind_column)) {
            row.tick_class = kind.tick_class;
            row.flags = kind.flags;
        }
    }
    if (row.tick_class == TickClass::none) {
        csv.error(kind_column, kind_rule);
    }
}

void read_marks(CsvReader& csv, SecurityRow& row) {
    std::uint16_t flags = 0;
    if (!parse_flags(csv.field(flags_column), flag_words, flags)) {
        csv.error(
            flags_column,
            "must be words parted by spaces: suspended, disposition, attention, full_delivery, "
            "no_price_limit, no_short_below, no_sbl_below, innovation, no_odd_lot, no_margin, periodic_call");
    }
    row.flags = static_cast<std::uint16_t>(row.flags | flags);
    std::int64_t lot = row.lot;
    if (!csv.field(lot_column).empty() && !parse_whole(csv.field(lot_column), 1, 1'000'000, lot)) {
        csv.error(lot_column, "must be a whole number of shares in 1..1000000");
    }
    row.lot = lot;
    std::int64_t interval = 0;
    if (!csv.field(interval_column).empty() && !parse_whole(csv.field(interval_column), 0, 999, interval)) {
        csv.error(interval_column, "must be minutes in 0..999");
    }
    row.match_interval_minutes = static_cast<std::uint16_t>(interval);
    const std::string_view day_trade = csv.field(day_trade_column);
    if (day_trade == "X") {
        row.day_trade = risk::DayTrade::either;
    } else if (day_trade == "Y") {
        row.day_trade = risk::DayTrade::buy_first;
    } else if (!day_trade.empty()) {
        csv.error(day_trade_column, "must be X (either side first), Y (buy first) or empty (barred)");
    }
}

void read_prices(CsvReader& csv, const risk::TickTable& ticks, SecurityRow& row) {
    read_price(csv, reference_column, row.reference);
    read_price(csv, up_column, row.limit_up);
    read_price(csv, down_column, row.limit_down);
    if (csv.field(up_column).empty() != csv.field(down_column).empty()) {
        csv.error(up_column, "must be given together with limit_down, or neither");
        return;
    }
    if ((row.flags & risk::security_no_price_limit) != 0) {
        if (row.limit_up != 0) {
            csv.error(up_column, "must be empty where flags say no_price_limit");
        }
        return;
    }
    if (row.limit_up != 0 && row.limit_up < row.limit_down) {
        csv.error(up_column, "must not be below limit_down");
        return;
    }
    if (row.reference == 0) {
        row.flags |= risk::security_suspended;
    } else if (row.limit_up == 0) {
        const DailyLimits limits = daily_limits(ticks, row.tick_class, row.reference);
        row.limit_up = limits.up;
        row.limit_down = limits.down;
    }
}

void load_csv(ReferenceParts& parts, std::string_view text) {
    CsvReader csv(text, parts.config.reference.securities, "securities", parts.errors, parts.progress);
    if (!csv.header(columns)) {
        return;
    }
    while (csv.next()) {
        SecurityRow row;
        const std::size_t errors_before = parts.errors.size();
        read_identity(csv, row);
        read_marks(csv, row);
        read_prices(csv, parts.reference.ticks, row);
        if (parts.errors.size() != errors_before) {
            continue;
        }
        if (parts.find_security(row.symbol) != 0) {
            csv.error(code_column, "must not be listed twice");
            continue;
        }
        parts.reference.securities.push_back(row);
        parts.securities.insert(row.symbol,
                                static_cast<std::uint32_t>(parts.reference.securities.size() - 1));
    }
}

// T30 has the day's prices and marks; the CSV knows kind, lot and what else it was given.
void merge(SecurityRow& into, const SecurityRow& t30) {
    constexpr std::uint16_t kept = risk::security_no_odd_lot | risk::security_no_margin;
    into.limit_up = t30.limit_up;
    into.limit_down = t30.limit_down;
    into.reference = t30.reference;
    into.flags = static_cast<std::uint16_t>((into.flags & kept) | t30.flags);
    into.match_interval_minutes = t30.match_interval_minutes;
    into.day_trade = t30.day_trade;
}

void load_t30(ReferenceParts& parts, const T30File& file, std::string_view text) {
    std::uint64_t record_number = 0;
    std::vector<bool> seen(parts.reference.securities.size() + text.size() / t30_bytes + 1);
    const auto fail = [&](std::string_view field, std::string_view value, std::string_view rule) {
        if (!parts.too_many()) {
            parts.errors.push_back(
                {file.path, record_number, std::string(field), std::string(value), std::string(rule)});
        }
    };
    while (!text.empty() && !parts.too_many()) {
        ++record_number;
        if (text.size() < t30_bytes) {
            fail("record", std::to_string(text.size()) + " bytes", "must be 100 bytes long");
            return;
        }
        const T30Record record = parse_t30(text.substr(0, t30_bytes), file.venue);
        text.remove_prefix(t30_bytes);
        const std::size_t line_end = text.starts_with("\r\n") ? 2 : text.starts_with('\n') ? 1 : 0;
        text.remove_prefix(line_end);
        if (!record.bad_field.empty()) {
            fail(record.bad_field, record.bad_value, record.bad_rule);
            continue;
        }
        std::uint32_t row = parts.find_security(record.row.symbol);
        if (row == 0) {
            parts.reference.securities.push_back(record.row);
            row = static_cast<std::uint32_t>(parts.reference.securities.size() - 1);
            parts.securities.insert(record.row.symbol, row);
        } else if (parts.reference.securities[row].venue != file.venue) {
            fail("STOCK-NO", record.row.symbol.view(), "is listed at the other venue by another file");
            continue;
        } else if (seen[row]) {
            fail("STOCK-NO", record.row.symbol.view(), "must not be listed twice");
            continue;
        } else {
            merge(parts.reference.securities[row], record.row);
        }
        seen[row] = true;
    }
    if (parts.progress) {
        parts.progress("T30", record_number, record_number);
    }
}

}  // namespace

risk::TickClass tick_class_of_code(std::string_view code) {
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    const std::string_view first_two = code.substr(0, 2);
    if (first_two == "00" || first_two == "01" || first_two == "02") {
        return TickClass::fund;
    }
    const bool listed_warrant = first_two >= "03" && first_two <= "08";
    const bool otc_warrant = first_two >= "70" && first_two <= "73";
    if (code.size() == 6 && (listed_warrant || otc_warrant)) {
        return TickClass::warrant;
    }
    if (first_two == "91" || code.size() == 4) {
        return TickClass::stock;
    }
    return is_digit(code[4]) && code[4] != '0' ? TickClass::convertible_bond : TickClass::stock;
}

void load_securities(ReferenceParts& parts) {
    const ReferenceSection& files = parts.config.reference;
    std::string csv;
    if (!files.securities.empty() && !parts.read(files.securities, "reference.securities", csv)) {
        return;
    }
    std::vector<std::string> t30_texts(files.t30.size());
    std::size_t bytes = csv.size();
    for (std::size_t i = 0; i < files.t30.size(); ++i) {
        if (!parts.read(files.t30[i].path, "reference.t30", t30_texts[i])) {
            return;
        }
        bytes += t30_texts[i].size();
    }
    // No row of either file is shorter than a code, a market and four commas.
    parts.securities = KeyIndex<risk::Symbol>(static_cast<std::uint32_t>(bytes / 12 + 1));
    if (!files.securities.empty()) {
        load_csv(parts, csv);
    }
    for (std::size_t i = 0; i < files.t30.size(); ++i) {
        load_t30(parts, files.t30[i], t30_texts[i]);
    }
    const std::size_t count = parts.reference.securities.size() - 1;
    if (count > parts.config.sizes.securities) {
        parts.errors.push_back(
            {files.securities, 0, "rows", std::to_string(count),
             "must not be more than sizes.securities = " + std::to_string(parts.config.sizes.securities)});
    }
}

}  // namespace fairlead::config
