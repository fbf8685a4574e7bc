// The archive of reference data: seven files of integers and codes, one line a row, in index order.
// Every line begins with the word of its kind; nothing is left out, so that the content decides the hash.
#include "config/reference_archive.hpp"

#include <sys/stat.h>

#include <array>
#include <charconv>
#include <cstring>
#include <filesystem>

#include "config/files.hpp"
#include "risk/assert.hpp"

namespace fairlead::config {
namespace {

using risk::DayStartFacts;
using risk::Reference;

class Writer {
  public:
    explicit Writer(std::string_view what) {
        text_ = "fairlead-reference,1,";
        text_ += what;
        text_ += '\n';
    }
    void row(std::string_view kind) { text_ += kind; }
    template <class T>
    requires std::is_integral_v<T> || std::is_enum_v<T>
    void number(T value) {
        std::array<char, 24> digits{};
        const auto end =
            std::to_chars(digits.data(), digits.data() + digits.size(), static_cast<std::int64_t>(value));
        text_ += ',';
        text_.append(digits.data(), end.ptr);
    }
    void code(std::string_view value) {
        risk::require(value.find_first_of(",\n") == std::string_view::npos,
                      "codes hold no comma and no newline");
        text_ += ',';
        text_ += value;
    }
    void end() { text_ += '\n'; }
    [[nodiscard]] const std::string& text() const { return text_; }

  private:
    std::string text_;
};

// Reads what Writer wrote; `good` turns false at the first field that is not as expected.
class Reader {
  public:
    Reader(std::string_view text, std::string_view what) : rest_(text) {
        good_ = next() && kind() == "fairlead-reference" && number<int>() == 1 && code() == what;
    }
    [[nodiscard]] bool next() {
        if (!good_ || rest_.empty()) {
            return false;
        }
        const std::size_t end = rest_.find('\n');
        good_ = end != std::string_view::npos;
        row_ = rest_.substr(0, end);
        rest_.remove_prefix(good_ ? end + 1 : rest_.size());
        kind_ = take();
        return good_;
    }
    [[nodiscard]] std::string_view kind() const { return kind_; }
    [[nodiscard]] std::string_view code() { return take(); }
    template <class T>
    [[nodiscard]] T number() {
        const std::string_view text = take();
        std::int64_t value = 0;
        const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
        if (problem != std::errc{} || end != text.data() + text.size()) {
            good_ = false;
        }
        return static_cast<T>(value);
    }
    void fail() { good_ = false; }
    [[nodiscard]] bool good() const { return good_; }

  private:
    std::string_view take() {
        const std::size_t comma = row_.find(',');
        const std::string_view field = row_.substr(0, comma);
        row_.remove_prefix(comma == std::string_view::npos ? row_.size() : comma + 1);
        return field;
    }
    std::string_view rest_;
    std::string_view row_;
    std::string_view kind_;
    bool good_ = true;
};

Writer write_securities(const Reference& reference) {
    Writer out("securities");
    for (std::size_t i = 1; i < reference.securities.size(); ++i) {
        const risk::SecurityRow& row = reference.securities[i];
        out.row("security");
        out.code(row.symbol.view());
        out.number(row.limit_up);
        out.number(row.reference);
        out.number(row.limit_down);
        out.number(row.lot);
        out.number(row.flags);
        out.number(row.match_interval_minutes);
        out.number(row.venue);
        out.number(row.tick_class);
        out.number(row.day_trade);
        out.end();
    }
    return out;
}
void read_securities(Reader& in, Reference& into) {
    while (in.next()) {
        risk::SecurityRow& row = into.securities.emplace_back();
        row.symbol = risk::Symbol(in.code());
        row.limit_up = in.number<risk::Price>();
        row.reference = in.number<risk::Price>();
        row.limit_down = in.number<risk::Price>();
        row.lot = in.number<risk::Quantity>();
        row.flags = in.number<std::uint16_t>();
        row.match_interval_minutes = in.number<std::uint16_t>();
        row.venue = in.number<risk::Venue>();
        row.tick_class = in.number<risk::TickClass>();
        row.day_trade = in.number<risk::DayTrade>();
    }
}

Writer write_accounts(const Reference& reference) {
    Writer out("accounts");
    for (std::size_t i = 1; i < reference.investors.size(); ++i) {
        out.row("investor");
        out.code(reference.investors[i].id.view());
        out.number(reference.investors[i].flags);
        out.end();
    }
    for (std::size_t i = 1; i < reference.branches.size(); ++i) {
        out.row("branch");
        out.code(reference.branches[i].id.view());
        out.end();
    }
    for (std::size_t i = 1; i < reference.accounts.size(); ++i) {
        const risk::AccountRow& row = reference.accounts[i];
        out.row("account");
        out.code(row.key.branch.view());
        out.number(row.key.number);
        out.number(row.investor);
        out.number(row.branch);
        out.number(row.flags);
        out.number(row.credit_types);
        out.end();
    }
    return out;
}
void read_accounts(Reader& in, Reference& into) {
    while (in.next()) {
        if (in.kind() == "account") {
            risk::AccountRow& row = into.accounts.emplace_back();
            row.key.branch = risk::BranchId(in.code());
            row.key.number = in.number<std::uint32_t>();
            row.investor = in.number<std::uint32_t>();
            row.branch = in.number<std::uint16_t>();
            row.flags = in.number<std::uint16_t>();
            row.credit_types = in.number<std::uint8_t>();
        } else if (in.kind() == "investor") {
            risk::InvestorRow& row = into.investors.emplace_back();
            row.id = risk::InvestorId(in.code());
            row.flags = in.number<std::uint16_t>();
        } else if (in.kind() == "branch") {
            into.branches.push_back({risk::BranchId(in.code())});
        } else {
            in.fail();
        }
    }
}

Writer write_limits(const Reference& reference) {
    Writer out("limits");
    for (const risk::OpeningLimitRow& row : reference.opening_limits) {
        out.row("limit");
        out.number(row.limit.scope);
        out.number(row.target);
        out.number(row.limit.dimension);
        out.code(row.limit.symbol.view());
        out.number(row.limit.value);
        out.end();
    }
    return out;
}
void read_limits(Reader& in, Reference& into) {
    while (in.next()) {
        risk::OpeningLimitRow& row = into.opening_limits.emplace_back();
        row.limit.scope = in.number<risk::Scope>();
        row.target = in.number<std::uint32_t>();
        row.limit.dimension = in.number<risk::Dimension>();
        row.limit.symbol = risk::Symbol(in.code());
        row.limit.value = in.number<risk::Amount>();
    }
}

Writer write_inventory(const Reference& reference) {
    Writer out("inventory");
    for (const risk::InventoryRow& row : reference.inventory) {
        out.row("held");
        out.number(row.account);
        out.number(row.security);
        out.number(row.held);
        out.number(row.borrow_quota);
        out.end();
    }
    return out;
}
void read_inventory(Reader& in, Reference& into) {
    while (in.next()) {
        risk::InventoryRow& row = into.inventory.emplace_back();
        row.account = in.number<std::uint32_t>();
        row.security = in.number<std::uint32_t>();
        row.held = in.number<risk::Quantity>();
        row.borrow_quota = in.number<risk::Quantity>();
    }
}

Writer write_calendar(const Reference& reference) {
    Writer out("calendar");
    for (std::size_t i = 0; i < reference.ticks.rows.size(); ++i) {
        for (const risk::TickRow& row : reference.ticks.rows[i]) {
            out.row("tick");
            out.number(i);
            out.number(row.below);
            out.number(row.tick);
            out.end();
        }
    }
    for (const risk::PhaseRow& row : reference.phases) {
        out.row("phase");
        out.number(row.venue);
        out.number(row.session_kind);
        out.number(row.phase);
        out.number(row.from_ns);
        out.number(row.to_ns);
        out.end();
    }
    return out;
}
void read_calendar(Reader& in, Reference& into) {
    while (in.next()) {
        if (in.kind() == "tick") {
            const auto tick_class = in.number<std::size_t>();
            if (tick_class >= into.ticks.rows.size()) {
                in.fail();
                return;
            }
            risk::TickRow& row = into.ticks.rows[tick_class].emplace_back();
            row.below = in.number<risk::Price>();
            row.tick = in.number<risk::Price>();
        } else if (in.kind() == "phase") {
            risk::PhaseRow& row = into.phases.emplace_back();
            row.venue = in.number<risk::Venue>();
            row.session_kind = in.number<risk::SessionKind>();
            row.phase = in.number<risk::Phase>();
            row.from_ns = in.number<std::int64_t>();
            row.to_ns = in.number<std::int64_t>();
        } else {
            in.fail();
        }
    }
}

Writer write_rules(const Reference& reference) {
    const risk::RuleSet& rules = reference.rules;
    Writer out("rules");
    out.row("rules");
    out.number(rules.board_lots_max);
    out.number(rules.collar_reference_bp);
    out.number(rules.collar_last_bp);
    out.number(rules.order_value_max);
    out.number(rules.investor_message_rate);
    out.number(rules.repeat_count_max);
    out.number(rules.repeat_window_ns);
    out.number(rules.firm_warning_1);
    out.number(rules.firm_warning_2);
    out.number(rules.refuse_self_match);
    out.end();
    return out;
}
void read_rules(Reader& in, Reference& into) {
    if (!in.next()) {
        in.fail();
        return;
    }
    risk::RuleSet& rules = into.rules;
    rules.board_lots_max = in.number<risk::Quantity>();
    rules.collar_reference_bp = in.number<std::int64_t>();
    rules.collar_last_bp = in.number<std::int64_t>();
    rules.order_value_max = in.number<risk::Amount>();
    rules.investor_message_rate = in.number<std::uint32_t>();
    rules.repeat_count_max = in.number<std::uint32_t>();
    rules.repeat_window_ns = in.number<std::int64_t>();
    rules.firm_warning_1 = in.number<risk::Amount>();
    rules.firm_warning_2 = in.number<risk::Amount>();
    rules.refuse_self_match = in.number<int>() != 0;
}

// Accounts of a session as runs of neighbouring indexes: a branch of a sorted file is one line.
Writer write_sessions(const Reference& reference) {
    Writer out("sessions");
    for (const risk::SessionRow& row : reference.sessions) {
        out.row("session");
        out.number(row.id);
        out.number(row.message_rate);
        out.number(row.all_accounts);
        out.end();
        for (std::size_t i = 0; i < row.accounts.size();) {
            std::size_t last = i;
            while (last + 1 < row.accounts.size() && row.accounts[last + 1] == row.accounts[last] + 1) {
                ++last;
            }
            out.row("accounts");
            out.number(row.accounts[i]);
            out.number(row.accounts[last]);
            out.end();
            i = last + 1;
        }
    }
    return out;
}
void read_sessions(Reader& in, Reference& into) {
    while (in.next()) {
        if (in.kind() == "session") {
            risk::SessionRow& row = into.sessions.emplace_back();
            row.id = in.number<std::uint32_t>();
            row.message_rate = in.number<std::uint32_t>();
            row.all_accounts = in.number<int>() != 0;
            continue;
        }
        const auto first = in.number<std::uint32_t>();
        const auto last = in.number<std::uint32_t>();
        if (in.kind() != "accounts" || into.sessions.empty() || last >= into.accounts.size()) {
            in.fail();
            return;
        }
        for (std::uint32_t account = first; account <= last; ++account) {
            into.sessions.back().accounts.push_back(account);
        }
    }
}

struct Part {
    std::string_view what;
    risk::Sha256 DayStartFacts::*hash;
    Writer (*write)(const Reference&);
    void (*read)(Reader&, Reference&);
};
// Sessions come last: they are checked against the accounts.
constexpr Part parts[] = {
    {"securities", &DayStartFacts::securities, write_securities, read_securities},
    {"accounts", &DayStartFacts::accounts, write_accounts, read_accounts},
    {"limits", &DayStartFacts::limits, write_limits, read_limits},
    {"inventory", &DayStartFacts::inventory, write_inventory, read_inventory},
    {"calendar", &DayStartFacts::calendar, write_calendar, read_calendar},
    {"rules", &DayStartFacts::rules, write_rules, read_rules},
    {"sessions", &DayStartFacts::sessions, write_sessions, read_sessions},
};

std::string path_of(const std::string& directory, const risk::Sha256& hash) {
    return directory + "/" + hex_of(hash) + ".csv";
}

}  // namespace

ArchivedReference archive_reference(const Reference& reference, const std::string& directory) {
    ArchivedReference archived;
    archived.day = reference.day;
    std::error_code problem;
    std::filesystem::create_directories(directory, problem);
    if (problem) {
        archived.error = "cannot create " + directory + ": " + problem.message();
        return archived;
    }
    for (const Part& part : parts) {
        const Writer written = part.write(reference);
        const risk::Sha256 hash = sha256_of(written.text());
        archived.day.*part.hash = hash;
        const std::string path = path_of(directory, hash);
        struct stat info {};
        // Files appear by rename, so one that is there with its full length is whole.
        if (::stat(path.c_str(), &info) == 0 &&
            static_cast<std::size_t>(info.st_size) == written.text().size()) {
            continue;
        }
        archived.error = write_file_atomically(path, written.text());
        if (!archived.error.empty()) {
            return archived;
        }
    }
    return archived;
}

RestoredReference load_archived_reference(const std::string& directory, const DayStartFacts& day) {
    RestoredReference restored;
    Reference& reference = restored.reference;
    reference.securities.resize(1);
    reference.investors.resize(1);
    reference.branches.resize(1);
    reference.accounts.resize(1);
    reference.day = day;
    for (const Part& part : parts) {
        const std::string path = path_of(directory, day.*part.hash);
        std::string text;
        std::string problem;
        if (!read_file(path, text, problem)) {
            restored.error = "reference data of the day is missing: ";
            restored.error.append(part.what).append(" in ").append(path).append(": ").append(problem);
            return restored;
        }
        if (sha256_of(text) != day.*part.hash) {
            restored.error =
                "reference data was changed: the content of " + path + " does not have the hash of its name";
            return restored;
        }
        Reader reader(text, part.what);
        part.read(reader, reference);
        if (!reader.good()) {
            restored.error =
                path + " is not an archived file of " + std::string(part.what) + " that this version reads";
            return restored;
        }
    }
    return restored;
}

}  // namespace fairlead::config
