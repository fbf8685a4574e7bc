// Accounts, investors and branches; and what refers to them: opening limits, inventory, and which
// accounts each client session may trade for.
#include <algorithm>
#include <array>

#include "config/reference_parts.hpp"

namespace fairlead::config {
namespace {

using risk::Dimension;
using risk::Scope;

constexpr FlagWord account_words[] = {
    {"disabled", risk::account_disabled},
    {"day_trade", risk::account_day_trade_signed},
    {"sell_first", risk::account_sell_first_signed},
    {"own", risk::account_own},
    {"strict_sells", risk::account_strict_sells},
    {"qualified", risk::account_qualified},
    {"no_inventory_check", risk::account_no_inventory_check},
};
constexpr FlagWord investor_words[] = {{"disabled", risk::account_disabled}};

constexpr std::string_view investor_rule = "must be 1 to 12 letters or digits";
constexpr std::string_view branch_rule = "must be four letters or digits";
constexpr std::string_view account_rule = "must be seven digits";

bool parse_account_number(std::string_view text, std::uint32_t& into) {
    std::int64_t number = 0;
    if (text.size() != 7 || text.front() == '-' || !parse_whole(text, 0, 9'999'999, number)) {
        return false;
    }
    into = static_cast<std::uint32_t>(number);
    return true;
}

void load_investors(ReferenceParts& parts, std::string_view text) {
    constexpr std::array<Column, 2> columns = {{{"investor", true}, {"flags", false}}};
    CsvReader csv(text, parts.config.reference.investors, "investors", parts.errors, parts.progress);
    if (!csv.header(columns)) {
        return;
    }
    parts.investors = KeyIndex<risk::InvestorId>(csv.rows_max());
    while (csv.next()) {
        risk::InvestorRow row;
        if (!is_code(csv.field(0), 1, 12)) {
            csv.error(0, investor_rule);
            continue;
        }
        row.id = risk::InvestorId(csv.field(0));
        if (!parse_flags(csv.field(1), investor_words, row.flags)) {
            csv.error(1, "must be empty or disabled");
            continue;
        }
        if (parts.find_investor(row.id) != 0) {
            csv.error(0, "must not be listed twice");
            continue;
        }
        parts.reference.investors.push_back(row);
        parts.investors.insert(row.id, static_cast<std::uint32_t>(parts.reference.investors.size() - 1));
    }
}

// The investor's row. Without an investors file the accounts name the investors; with one they must
// be in it. 0: an error has been noted.
std::uint32_t investor_of(ReferenceParts& parts, CsvReader& csv, std::size_t column) {
    if (!is_code(csv.field(column), 1, 12)) {
        csv.error(column, investor_rule);
        return 0;
    }
    const risk::InvestorId id(csv.field(column));
    const std::uint32_t found = parts.find_investor(id);
    if (found != 0) {
        return found;
    }
    if (!parts.config.reference.investors.empty()) {
        csv.error(column, "must be in the investors file");
        return 0;
    }
    parts.reference.investors.push_back({id, 0});
    const auto row = static_cast<std::uint32_t>(parts.reference.investors.size() - 1);
    parts.investors.insert(id, row);
    return row;
}

// 0: an error has been noted.
std::uint16_t branch_of(ReferenceParts& parts, CsvReader& csv, std::size_t column) {
    if (!is_code(csv.field(column), 4, 4)) {
        csv.error(column, branch_rule);
        return 0;
    }
    const risk::BranchId id(csv.field(column));
    std::uint32_t row = parts.find_branch(id);
    if (row == 0) {
        if (parts.reference.branches.size() > 1000) {
            csv.error(column, "must be one of at most 1000 branches");
            return 0;
        }
        parts.reference.branches.push_back({id});
        row = static_cast<std::uint32_t>(parts.reference.branches.size() - 1);
        parts.branches.insert(id, row);
    }
    return static_cast<std::uint16_t>(row);
}

bool parse_credit_types(std::string_view text, std::uint8_t& into) {
    into = 0;
    for (const char c : text) {
        const int type = c - '0';
        if (type < 0 || type >= static_cast<int>(risk::credit_type_count)) {
            return false;
        }
        into = static_cast<std::uint8_t>(into | 1U << type);
    }
    return !text.empty();
}

struct ScopeName {
    std::string_view name;
    Scope scope;
};
constexpr ScopeName scopes[] = {{"firm", Scope::firm},
                                {"branch", Scope::branch},
                                {"investor", Scope::investor},
                                {"account", Scope::account}};

struct DimensionName {
    std::string_view name;
    Dimension dimension;
    bool in_ntd;
};
constexpr DimensionName dimensions[] = {
    {"buy", Dimension::buy, true},
    {"sell", Dimension::sell, true},
    {"gross_day", Dimension::gross_day, true},
    {"net", Dimension::net, true},
    {"offset", Dimension::offset, true},
    {"symbol_long", Dimension::symbol_long, false},
    {"symbol_short", Dimension::symbol_short, false},
    {"order_value", Dimension::order_value, true},
    {"reported", Dimension::reported, true},
    {"message_rate", Dimension::message_rate, false},
};

constexpr std::int64_t ntd_max = 900'000'000'000'000;

// The row named by scope and target; false: an error has been noted.
bool limit_target(ReferenceParts& parts, CsvReader& csv, Scope scope, std::uint32_t& target) {
    const std::string_view text = csv.field(1);
    risk::AccountKey account;
    switch (scope) {
        case Scope::firm:
            if (!text.empty()) {
                csv.error(1, "must be empty for the firm");
                return false;
            }
            return true;
        case Scope::branch:
            target = is_code(text, 4, 4) ? parts.find_branch(risk::BranchId(text)) : 0;
            break;
        case Scope::investor:
            target = is_code(text, 1, 12) ? parts.find_investor(risk::InvestorId(text)) : 0;
            break;
        case Scope::account:
            target = parse_account(text, account) ? parts.find_account(account) : 0;
            break;
        default:
            break;
    }
    if (target == 0) {
        csv.error(1, "must name a branch, an investor or an account (8610-0000017) of the accounts file");
    }
    return target != 0;
}

bool limit_value(CsvReader& csv, const DimensionName& dimension, risk::Amount& into) {
    const std::string_view text = csv.field(4);
    if (text == "unlimited") {
        into = risk::unlimited;
        return true;
    }
    const bool good =
        dimension.in_ntd ? parse_ntd(text, ntd_max, into) : parse_whole(text, 0, INT64_MAX - 1, into);
    if (!good) {
        csv.error(4, dimension.in_ntd
                         ? "must be NTD in 0..900000000000000 with at most four decimals, or unlimited"
                         : "must be a whole number of shares or commands, or unlimited");
    }
    return good;
}

void load_limit(ReferenceParts& parts, CsvReader& csv) {
    const auto* scope = std::find_if(std::begin(scopes), std::end(scopes),
                                     [&](const auto& s) { return s.name == csv.field(0); });
    if (scope == std::end(scopes)) {
        csv.error(0, "must be firm, branch, investor or account");
        return;
    }
    const auto* dimension = std::find_if(std::begin(dimensions), std::end(dimensions),
                                         [&](const auto& d) { return d.name == csv.field(2); });
    if (dimension == std::end(dimensions)) {
        csv.error(2,
                  "must be buy, sell, gross_day, net, offset, symbol_long, symbol_short, order_value, "
                  "reported or message_rate");
        return;
    }
    const bool of_symbol =
        dimension->dimension == Dimension::symbol_long || dimension->dimension == Dimension::symbol_short;
    if ((of_symbol || dimension->dimension == Dimension::message_rate) && scope->scope != Scope::investor) {
        csv.error(2, "may only be given to an investor");
        return;
    }
    if (dimension->dimension == Dimension::reported && scope->scope != Scope::firm) {
        csv.error(2, "may only be given to the firm");
        return;
    }
    risk::OpeningLimitRow row;
    row.limit.scope = scope->scope;
    row.limit.dimension = dimension->dimension;
    if (!csv.field(3).empty()) {
        row.limit.symbol = risk::Symbol(csv.field(3));
        if (!of_symbol || !is_code(csv.field(3), 4, 6) || parts.find_security(row.limit.symbol) == 0) {
            csv.error(3, of_symbol ? "must be a security of the securities files, or empty for every one"
                                   : "must be empty but for symbol_long and symbol_short");
            return;
        }
    }
    if (limit_target(parts, csv, scope->scope, row.target) && limit_value(csv, *dimension, row.limit.value)) {
        parts.reference.opening_limits.push_back(row);
    }
}

}  // namespace

void load_accounts(ReferenceParts& parts) {
    const ReferenceSection& files = parts.config.reference;
    std::string investors;
    std::string text;
    if (!files.investors.empty()) {
        if (!parts.read(files.investors, "reference.investors", investors)) {
            return;
        }
        load_investors(parts, investors);
    }
    if (!parts.read(files.accounts, "reference.accounts", text)) {
        return;
    }
    constexpr std::array<Column, 5> columns = {
        {{"branch", true}, {"account", true}, {"investor", true}, {"flags", false}, {"credit_types", false}}};
    CsvReader csv(text, files.accounts, "accounts", parts.errors, parts.progress);
    if (!csv.header(columns)) {
        return;
    }
    parts.accounts = KeyIndex<risk::AccountKey>(csv.rows_max());
    parts.branches = KeyIndex<risk::BranchId>(1001);
    if (files.investors.empty()) {
        parts.investors = KeyIndex<risk::InvestorId>(csv.rows_max());
    }
    parts.reference.accounts.reserve(csv.rows_max() + 1);
    while (csv.next()) {
        risk::AccountRow row;
        const std::size_t errors_before = parts.errors.size();
        row.branch = branch_of(parts, csv, 0);
        row.key.branch = risk::BranchId(csv.field(0));
        if (!parse_account_number(csv.field(1), row.key.number)) {
            csv.error(1, account_rule);
        }
        row.investor = investor_of(parts, csv, 2);
        if (!parse_flags(csv.field(3), account_words, row.flags)) {
            csv.error(3,
                      "must be words parted by spaces: disabled, day_trade, sell_first, own, strict_sells, "
                      "qualified, no_inventory_check");
        }
        if (!csv.field(4).empty() && !parse_credit_types(csv.field(4), row.credit_types)) {
            csv.error(4, "must be the allowed order types, digits 0 to 6");
        }
        if (parts.errors.size() != errors_before) {
            continue;
        }
        if (parts.find_account(row.key) != 0) {
            csv.error(1, "must not be listed twice in one branch");
            continue;
        }
        parts.reference.accounts.push_back(row);
        parts.accounts.insert(row.key, static_cast<std::uint32_t>(parts.reference.accounts.size() - 1));
    }
    if (parts.reference.accounts.size() - 1 > parts.config.sizes.accounts) {
        parts.errors.push_back(
            {files.accounts, 0, "rows", std::to_string(parts.reference.accounts.size() - 1),
             "must not be more than sizes.accounts = " + std::to_string(parts.config.sizes.accounts)});
    }
}

void load_limits(ReferenceParts& parts) {
    const std::string& file = parts.config.reference.limits;
    std::string text;
    if (file.empty() || !parts.read(file, "reference.limits", text)) {
        return;
    }
    constexpr std::array<Column, 5> columns = {
        {{"scope", true}, {"target", true}, {"dimension", true}, {"symbol", true}, {"value", true}}};
    CsvReader csv(text, file, "limits", parts.errors, parts.progress);
    if (!csv.header(columns)) {
        return;
    }
    while (csv.next()) {
        load_limit(parts, csv);
    }
}

std::vector<ConfigError> replace_opening_limits(risk::Reference& reference, const std::string& file) {
    GatewayConfig config;
    config.reference.limits = file;
    std::vector<ConfigError> errors;
    const ProgressSink nobody;
    ReferenceParts parts{config, nobody, reference, errors};
    const auto index = [](auto& keys, const auto& rows, auto key_of) {
        keys = std::remove_reference_t<decltype(keys)>(static_cast<std::uint32_t>(rows.size()));
        for (std::uint32_t row = 1; row < rows.size(); ++row) {
            keys.insert(key_of(rows[row]), row);
        }
    };
    index(parts.securities, reference.securities, [](const auto& row) { return row.symbol; });
    index(parts.investors, reference.investors, [](const auto& row) { return row.id; });
    index(parts.branches, reference.branches, [](const auto& row) { return row.id; });
    index(parts.accounts, reference.accounts, [](const auto& row) { return row.key; });
    reference.opening_limits.clear();
    load_limits(parts);
    return errors;
}

void load_inventory(ReferenceParts& parts) {
    const std::string& file = parts.config.reference.inventory;
    std::string text;
    if (file.empty() || !parts.read(file, "reference.inventory", text)) {
        return;
    }
    constexpr std::array<Column, 5> columns = {
        {{"branch", true}, {"account", true}, {"symbol", true}, {"held", true}, {"borrow_quota", false}}};
    CsvReader csv(text, file, "inventory", parts.errors, parts.progress);
    if (!csv.header(columns)) {
        return;
    }
    struct Pair {
        std::uint32_t account;
        std::uint32_t security;
        auto operator<=>(const Pair&) const = default;
    };
    KeyIndex<Pair> pairs(csv.rows_max());
    std::vector<risk::InventoryRow>& rows = parts.reference.inventory;
    while (csv.next()) {
        risk::InventoryRow row;
        risk::AccountKey key;
        key.branch = risk::BranchId(csv.field(0));
        if (!parse_account_number(csv.field(1), key.number)) {
            csv.error(1, account_rule);
            continue;
        }
        row.account = is_code(csv.field(0), 4, 4) ? parts.find_account(key) : 0;
        row.security = is_code(csv.field(2), 4, 6) ? parts.find_security(risk::Symbol(csv.field(2))) : 0;
        if (row.account == 0) {
            csv.error(1, "must be an account of the accounts file");
            continue;
        }
        if (row.security == 0) {
            csv.error(2, "must be a security of the securities files");
            continue;
        }
        constexpr std::int64_t shares_max = 1'000'000'000'000;
        if (!parse_whole(csv.field(3), 0, shares_max, row.held)) {
            csv.error(3, "must be whole shares in 0..1000000000000");
            continue;
        }
        if (!csv.field(4).empty() && !parse_whole(csv.field(4), 0, shares_max, row.borrow_quota)) {
            csv.error(4, "must be whole shares in 0..1000000000000, or empty");
            continue;
        }
        const Pair pair{row.account, row.security};
        const auto pair_of = [&](std::uint32_t at) {
            return Pair{rows[at - 1].account, rows[at - 1].security};
        };
        if (pairs.find(pair, pair_of) != 0) {
            csv.error(2, "must not be listed twice for one account");
            continue;
        }
        rows.push_back(row);
        pairs.insert(pair, static_cast<std::uint32_t>(rows.size()));
    }
    if (rows.size() > parts.config.sizes.positions) {
        parts.errors.push_back(
            {file, 0, "rows", std::to_string(rows.size()),
             "must not be more than sizes.positions = " + std::to_string(parts.config.sizes.positions)});
    }
}

void load_sessions(ReferenceParts& parts) {
    const auto& accounts = parts.reference.accounts;
    for (const SessionConfig& session : parts.config.sessions) {
        risk::SessionRow row;
        row.id = session.id;
        row.message_rate = session.message_rate;
        row.all_accounts = session.all_accounts;
        for (const AccountPattern& pattern : session.accounts) {
            const std::size_t before = row.accounts.size();
            if (!pattern.whole_branch) {
                const std::uint32_t found = parts.find_account(pattern.key);
                if (found != 0) {
                    row.accounts.push_back(found);
                }
            } else {
                const std::uint32_t branch = parts.find_branch(pattern.key.branch);
                for (std::uint32_t i = 1; branch != 0 && i < accounts.size(); ++i) {
                    if (accounts[i].branch == branch) {
                        row.accounts.push_back(i);
                    }
                }
            }
            if (row.accounts.size() == before && !parts.too_many()) {
                std::string text(pattern.key.branch.view());
                text += '-';
                text += pattern.whole_branch ? std::string("*") : std::to_string(pattern.key.number);
                parts.errors.push_back(
                    {parts.config.file, 0, "session.accounts", text,
                     "must name accounts of the accounts file (session " + std::to_string(session.id) + ")"});
            }
        }
        std::sort(row.accounts.begin(), row.accounts.end());
        row.accounts.erase(std::unique(row.accounts.begin(), row.accounts.end()), row.accounts.end());
        parts.reference.sessions.push_back(std::move(row));
    }
}

}  // namespace fairlead::config
