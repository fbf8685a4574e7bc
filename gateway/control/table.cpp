// How the `fairlead` program shows answers to people.
#include "gateway/control/table.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace fairlead::gateway {
namespace {

using nlohmann::json;

std::string field_text(const json& value) {
    if (value.is_null()) {
        return "-";
    }
    if (value.is_boolean()) {
        return value.get<bool>() ? "yes" : "no";
    }
    std::string text = value.is_string() ? value.get<std::string>() : value.dump();
    return text.empty() ? "-" : text;
}

bool is_number(const std::string& text) {
    return !text.empty() && text.find_first_not_of("0123456789.-") == std::string::npos &&
           text.find_first_of("0123456789") != std::string::npos;
}

// Which fields of a kind are shown, and under which heading.
struct Shown {
    const char* field;
    const char* heading;
};
constexpr Shown limit_columns[] = {{"dimension", "dimension"}, {"symbol", "security"},
                                   {"limit", "limit"},         {"used", "used"},
                                   {"given", "given"},         {"version", "set by record"}};
constexpr Shown session_columns[] = {
    {"id", "id"},           {"side", "side"},         {"venue", "venue"},    {"sender", "sender"},
    {"target", "target"},   {"user", "user"},         {"logged_on", "on"},   {"address", "address"},
    {"next_in", "next in"}, {"next_out", "next out"}, {"waiting", "waiting"}};

constexpr Shown user_columns[] = {{"name", "name"},
                                  {"role", "role"},
                                  {"state", "state"},
                                  {"locked", "locked"},
                                  {"password_age_days", "password days"},
                                  {"used", "last used"},
                                  {"ends", "ends"}};

constexpr Shown proposal_columns[] = {
    {"proposal", "proposal"}, {"state", "state"},          {"act", "act"},           {"scope", "scope"},
    {"target", "target"},     {"dimension", "dimension"},  {"in_force", "in force"}, {"value", "asked for"},
    {"proposer", "proposer"}, {"answered_by", "answered"}, {"batch", "batch"},       {"effective_at", "from"},
    {"expires_at", "until"},  {"reason", "reason"}};
constexpr Shown review_columns[] = {
    {"name", "name"}, {"role", "role"},       {"half_year", "half-year"}, {"decision", "decision"},
    {"by", "by"},     {"decided", "decided"}, {"used", "last used"},      {"overdue", "overdue"}};
constexpr Shown visit_columns[] = {
    {"vendor", "vendor"},       {"ticket", "ticket"},  {"purpose", "purpose"}, {"opened_by", "opened by"},
    {"approved_by", "with"},    {"opened", "opened"},  {"until", "until"},     {"closed", "closed"},
    {"signed_by", "signed by"}, {"overdue", "overdue"}};

template <std::size_t N>
std::string columns_text(const std::vector<json>& rows, const Shown (&columns)[N]) {
    std::vector<std::string> header;
    for (const Shown& column : columns) {
        header.emplace_back(column.heading);
    }
    std::vector<std::vector<std::string>> fields;
    for (const json& row : rows) {
        std::vector<std::string>& line = fields.emplace_back();
        for (const Shown& column : columns) {
            line.push_back(field_text(row.value(column.field, json())));
        }
    }
    return table_text(header, fields);
}

std::string names_text(const json& row) {
    std::size_t width = 0;
    for (const auto& item : row.items()) {
        width = std::max(width, item.key().size());
    }
    std::string text;
    for (const auto& item : row.items()) {
        if (item.key() == "kind") {
            continue;
        }
        std::string name = item.key();
        std::replace(name.begin(), name.end(), '_', ' ');
        text += name + std::string(width + 2 - name.size(), ' ') + field_text(item.value()) + "\n";
    }
    return text;
}

}  // namespace

std::string table_text(const std::vector<std::string>& header,
                       const std::vector<std::vector<std::string>>& rows) {
    std::vector<std::size_t> widths(header.size());
    std::vector<bool> numeric(header.size(), !rows.empty());
    for (std::size_t column = 0; column < header.size(); ++column) {
        widths[column] = header[column].size();
        for (const auto& row : rows) {
            widths[column] = std::max(widths[column], row[column].size());
            numeric[column] = numeric[column] &&
                              (is_number(row[column]) || row[column] == "-" || row[column] == "unlimited");
        }
    }
    const auto line = [&](const std::vector<std::string>& fields) {
        std::string text;
        for (std::size_t column = 0; column < fields.size(); ++column) {
            const std::string padding(widths[column] - fields[column].size(), ' ');
            text += numeric[column] ? padding + fields[column] : fields[column] + padding;
            text += "  ";
        }
        text.erase(text.find_last_not_of(' ') + 1);
        return text + "\n";
    };
    std::string text = line(header);
    for (const auto& row : rows) {
        text += line(row);
    }
    return text;
}

std::string rows_text(const std::vector<json>& rows) {
    if (rows.empty()) {
        return {};
    }
    const std::string kind = rows.front().value("kind", "");
    if (kind == "limit") {
        return columns_text(rows, limit_columns);
    }
    if (kind == "session") {
        return columns_text(rows, session_columns);
    }
    if (kind == "user") {
        return columns_text(rows, user_columns);
    }
    if (kind == "proposal") {
        return columns_text(rows, proposal_columns);
    }
    if (kind == "review") {
        return columns_text(rows, review_columns);
    }
    if (kind == "visit") {
        return columns_text(rows, visit_columns);
    }
    if (kind == "token") {
        return rows.front().value("token", "") + "\n";
    }
    std::string text;
    for (const json& row : rows) {
        text += names_text(row);
    }
    return text;
}

}  // namespace fairlead::gateway
