// The calendar: tick tables and the phases of the day, from TOML; and the price arithmetic of ticks.
#include <algorithm>
#include <array>

#include "config/reference_parts.hpp"
#include "config/toml_reader.hpp"

namespace fairlead::config {
namespace {

using risk::Price;

constexpr std::array<std::string_view, risk::tick_class_count> tick_class_names = {
    "", "stock", "fund", "warrant", "convertible_bond", "corporate_bond", "government_bond"};

struct PhaseName {
    std::string_view session;
    std::string_view phase;
    risk::SessionKind kind;
    risk::Phase value;
};
// Which phases a session kind has; nothing else is accepted.
constexpr PhaseName phase_names[] = {
    {"regular", "open_call", risk::SessionKind::regular, risk::Phase::open_call},
    {"regular", "continuous", risk::SessionKind::regular, risk::Phase::continuous},
    {"regular", "close_call", risk::SessionKind::regular, risk::Phase::close_call},
    {"intraday_odd_lot", "odd_lot", risk::SessionKind::intraday_odd_lot, risk::Phase::odd_lot},
    {"after_hours_odd", "odd_lot", risk::SessionKind::after_hours_odd, risk::Phase::odd_lot},
    {"after_hours_fixed", "fixed_price", risk::SessionKind::after_hours_fixed, risk::Phase::fixed_price},
};

// "08:30:00" or "00:00:02.500" after the origin; at most 48 hours, so that a day may pass midnight.
bool parse_offset(std::string_view text, std::int64_t& ns) {
    std::int64_t hours = 0;
    std::int64_t minutes = 0;
    std::int64_t seconds = 0;
    std::int64_t milliseconds = 0;
    if ((text.size() != 8 && text.size() != 12) || text[2] != ':' || text[5] != ':' ||
        !parse_whole(text.substr(0, 2), 0, 48, hours) || !parse_whole(text.substr(3, 2), 0, 59, minutes) ||
        !parse_whole(text.substr(6, 2), 0, 59, seconds)) {
        return false;
    }
    if (text.size() == 12 && (text[8] != '.' || !parse_whole(text.substr(9), 0, 999, milliseconds))) {
        return false;
    }
    ns = ((hours * 3600 + minutes * 60 + seconds) * 1000 + milliseconds) * 1'000'000;
    return true;
}

// "50: 0.05" or "rest: 5".
bool parse_tick_row(std::string_view text, risk::TickRow& row) {
    const std::size_t colon = text.find(": ");
    if (colon == std::string_view::npos) {
        return false;
    }
    const std::string_view below = text.substr(0, colon);
    if (!parse_ntd(text.substr(colon + 2), 99'999, row.tick) || row.tick == 0) {
        return false;
    }
    if (below == "rest") {
        row.below = risk::price_max + 1;
        return true;
    }
    return parse_ntd(below, 99'999, row.below) && row.below > 0 && row.below % row.tick == 0;
}

void load_ticks(ReferenceParts& parts, TomlReader& top, const std::string& file) {
    TomlReader reader(top.table("ticks"), "ticks", file, top.line_of("ticks"), parts.errors, nullptr);
    for (std::size_t i = 1; i < risk::tick_class_count; ++i) {
        std::vector<risk::TickRow>& rows = parts.reference.ticks.rows[i];
        constexpr std::string_view rule =
            "\"BELOW: STEP\" in NTD, ascending, BELOW a whole number of steps, the last one \"rest: STEP\"";
        reader.texts(tick_class_names[i], rule, "", Need::required, [&](const std::string& text) {
            risk::TickRow row;
            if (!parse_tick_row(text, row) || (!rows.empty() && row.below <= rows.back().below)) {
                return false;
            }
            rows.push_back(row);
            return true;
        });
        if (!rows.empty() && rows.back().below <= risk::price_max) {
            reader.error(tick_class_names[i], "", "must end with \"rest: STEP\"");
        }
    }
    reader.finish();
}

void load_phase(ReferenceParts& parts, TomlReader reader) {
    std::vector<risk::Venue> venues;
    std::string session;
    std::string phase;
    std::string from;
    std::string to;
    reader.texts("venues", "\"TWSE\" or \"TPEx\"", "", Need::required, [&](const std::string& text) {
        venues.push_back(text == "TWSE" ? risk::Venue::twse : risk::Venue::tpex);
        return text == "TWSE" || text == "TPEx";
    });
    const auto is_offset = [](std::string_view text) {
        std::int64_t ns = 0;
        return parse_offset(text, ns);
    };
    constexpr std::string_view offset_rule = "\"HH:MM:SS\" or \"HH:MM:SS.mmm\" after the origin";
    reader.text("session", session, nullptr, "a kind of session", Need::required);
    reader.text("phase", phase, nullptr, "a phase of that session", Need::required);
    reader.text("from", from, is_offset, offset_rule, Need::required);
    reader.text("to", to, is_offset, offset_rule, Need::required);
    reader.finish();
    const auto* found =
        std::find_if(std::begin(phase_names), std::end(phase_names),
                     [&](const PhaseName& name) { return name.session == session && name.phase == phase; });
    if (found == std::end(phase_names)) {
        reader.error("phase", session + "/" + phase,
                     "must be one of regular/open_call, regular/continuous, regular/close_call, "
                     "intraday_odd_lot/odd_lot, after_hours_odd/odd_lot, after_hours_fixed/fixed_price");
        return;
    }
    risk::PhaseRow row;
    row.session_kind = found->kind;
    row.phase = found->value;
    if (!parse_offset(from, row.from_ns) || !parse_offset(to, row.to_ns)) {
        return;
    }
    if (row.to_ns <= row.from_ns) {
        reader.error("to", to, "must be later than from = " + from);
        return;
    }
    for (const risk::Venue venue : venues) {
        row.venue = venue;
        const bool overlaps =
            std::any_of(parts.reference.phases.begin(), parts.reference.phases.end(), [&](const auto& other) {
                return other.venue == row.venue && other.session_kind == row.session_kind &&
                       row.from_ns < other.to_ns && other.from_ns < row.to_ns;
            });
        if (overlaps) {
            reader.error("from", from, "must not overlap another phase of the same venue and session");
            return;
        }
        parts.reference.phases.push_back(row);
    }
}

Price floor_to_tick(const risk::TickTable& ticks, risk::TickClass tick_class, Price price) {
    const Price tick = tick_at(ticks, tick_class, price);
    return tick == 0 ? price : price - price % tick;
}

}  // namespace

void load_calendar(ReferenceParts& parts, DayOrigin& origin) {
    const std::string& file = parts.config.reference.calendar;
    std::string text;
    if (!parts.read(file, "reference.calendar", text)) {
        return;
    }
    const std::size_t errors_before = parts.errors.size();
    const toml::table document = parse_toml(text, file, parts.errors);
    if (parts.errors.size() != errors_before) {
        return;
    }
    TomlReader top(&document, "", file, 0, parts.errors, nullptr);
    std::string origin_text = "midnight";
    top.text(
        "origin", origin_text, [](std::string_view t) { return t == "midnight" || t == "start"; },
        "\"midnight\" (Asia/Taipei) or \"start\"");
    origin = origin_text == "start" ? DayOrigin::start : DayOrigin::midnight;
    load_ticks(parts, top, file);
    const toml::array* phases = top.tables("phase");
    if (phases == nullptr) {
        top.error("phase", "", "at least one [[phase]] must be given");
    } else {
        for (const toml::node& node : *phases) {
            load_phase(parts,
                       {node.as_table(), "phase", file, node.source().begin.line, parts.errors, nullptr});
        }
    }
    top.finish();
    if (parts.progress) {
        parts.progress("calendar", parts.reference.phases.size(), parts.reference.phases.size());
    }
}

Price tick_at(const risk::TickTable& ticks, risk::TickClass tick_class, Price price) {
    for (const risk::TickRow& row : ticks.rows[static_cast<std::size_t>(tick_class)]) {
        if (price < row.below) {
            return row.tick;
        }
    }
    return 0;
}

DailyLimits daily_limits(const risk::TickTable& ticks, risk::TickClass tick_class, Price reference) {
    DailyLimits limits;
    const Price step_up = tick_at(ticks, tick_class, reference);
    const Price step_down = tick_at(ticks, tick_class, std::max<Price>(reference - 1, 0));
    if (step_up == 0) {
        return limits;
    }
    limits.up = std::max(floor_to_tick(ticks, tick_class, reference + reference / 10),
                         floor_to_tick(ticks, tick_class, reference) + step_up);
    // Rounded up: one less, floored, plus the step that holds there.
    const Price lowest = reference - reference / 10;
    const Price floored = floor_to_tick(ticks, tick_class, lowest - 1);
    limits.down = floored + tick_at(ticks, tick_class, floored);
    limits.down = std::min(limits.down, reference - step_down);
    limits.down = std::max(limits.down, tick_at(ticks, tick_class, 0));
    limits.up = std::min(limits.up, risk::price_max - risk::price_max % step_up);
    return limits;
}

}  // namespace fairlead::config
