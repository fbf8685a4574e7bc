#include "audit/examine/exposures.hpp"

#include <array>
#include <nlohmann/json.hpp>

#include "audit/examine/replayer.hpp"

namespace fairlead::audit {

namespace {

using risk::Dimension;
using risk::Scope;
using Json = nlohmann::ordered_json;

constexpr std::array dimensions{Dimension::buy, Dimension::sell,   Dimension::gross_day,
                                Dimension::net, Dimension::offset, Dimension::reported};

struct Row {
    Scope scope = Scope::none;
    std::uint32_t row = 0;
    std::string investor;
    std::string account;  // branch alone for a branch
};

bool has_business(const risk::Exposure& at) noexcept {
    return at.executed_buy != 0 || at.executed_sell != 0 || at.open_buy != 0 || at.open_sell != 0;
}

class Table {
  public:
    Table(const risk::Ledger& ledger, const ExposureOptions& options, const Sink& sink)
        : ledger_(ledger), options_(options), sink_(sink) {}

    void begin(risk::Sequence sequence, risk::UtcNs at) {
        if (options_.format == TableFormat::csv) {
            sink_(csv_header());
        } else if (options_.format == TableFormat::json) {
            sink_("{\"sequence\": " + std::to_string(sequence) + ", \"time\": \"" + taipei_text(at) +
                  "\", \"rows\": [");
        } else {
            sink_("after record " + std::to_string(sequence) + ", " + taipei_text(at) + ", amounts in NTD\n");
        }
    }
    void add(const Row& row) {
        const risk::Exposure& exposure = ledger_.exposure(row.scope, row.row);
        const bool halted = row.scope != Scope::branch && ledger_.halted(row.scope, row.row);
        const bool named = !options_.investor.empty() || options_.account.number != 0;
        if (row.scope != Scope::firm && !options_.all && !named && !halted && !has_business(exposure)) {
            ++left_out_;
            return;
        }
        if (options_.format == TableFormat::csv) {
            csv(row, exposure, halted);
        } else if (options_.format == TableFormat::json) {
            sink_(shown_ == 0 ? "\n" : ",\n");
            sink_(json(row, exposure, halted).dump());
        } else {
            text(row, exposure, halted);
        }
        ++shown_;
    }
    void end() {
        if (options_.format == TableFormat::json) {
            sink_("\n], \"left_out_without_business\": " + std::to_string(left_out_) + "}\n");
        } else if (options_.format == TableFormat::text && left_out_ > 0) {
            sink_(std::to_string(left_out_) + " more have no business and no halt: --all shows them\n");
        }
    }

  private:
    static std::string csv_header() {
        std::string line =
            "scope,investor,account,halted,executed_buy,executed_sell,open_buy,open_sell,limit_order_value";
        for (const Dimension dimension : dimensions) {
            const std::string name(name_of(dimension));
            line += ",usage_" + name + ",limit_" + name + ",version_" + name;
        }
        return line + "\n";
    }
    [[nodiscard]] risk::LimitInForce limit(const Row& row, Dimension dimension) const {
        return ledger_.limit(row.scope, row.row, dimension);
    }
    void csv(const Row& row, const risk::Exposure& at, bool halted) const {
        std::string line = std::string(name_of(row.scope)) + "," + row.investor + "," + row.account + "," +
                           (halted ? "yes" : "no");
        for (const risk::Amount amount : {at.executed_buy, at.executed_sell, at.open_buy, at.open_sell}) {
            line += "," + dollars_text(amount);
        }
        line += "," + dollars_text(limit(row, Dimension::order_value).value);
        for (const Dimension dimension : dimensions) {
            if (!risk::limit_kept(row.scope, dimension)) {
                line += ",,,";
                continue;
            }
            const risk::LimitInForce found = limit(row, dimension);
            line += "," + dollars_text(risk::usage(at, dimension)) + "," + dollars_text(found.value) + "," +
                    (found.given ? std::to_string(found.version) : std::string());
        }
        sink_(line + "\n");
    }
    [[nodiscard]] Json json(const Row& row, const risk::Exposure& at, bool halted) const {
        Json json;
        json["scope"] = name_of(row.scope);
        json["investor"] = row.investor;
        json["account"] = row.account;
        json["halted"] = halted;
        json["executed_buy"] = dollars_text(at.executed_buy);
        json["executed_sell"] = dollars_text(at.executed_sell);
        json["open_buy"] = dollars_text(at.open_buy);
        json["open_sell"] = dollars_text(at.open_sell);
        json["limit_order_value"] = dollars_text(limit(row, Dimension::order_value).value);
        for (const Dimension dimension : dimensions) {
            if (risk::limit_kept(row.scope, dimension)) {
                const risk::LimitInForce found = limit(row, dimension);
                json["dimensions"][std::string(name_of(dimension))] = {
                    {"usage", dollars_text(risk::usage(at, dimension))},
                    {"limit", dollars_text(found.value)},
                    {"given", found.given},
                    {"version", found.version}};
            }
        }
        return json;
    }
    void text(const Row& row, const risk::Exposure& at, bool halted) const {
        std::string line(name_of(row.scope));
        line += row.investor.empty() ? "" : " " + row.investor;
        line += row.account.empty() ? "" : " " + row.account;
        line += (halted ? " HALTED" : "") + std::string("\n    executed buy ") +
                dollars_text(at.executed_buy) + ", sell " + dollars_text(at.executed_sell) + "; open buy " +
                dollars_text(at.open_buy) + ", sell " + dollars_text(at.open_sell) + "\n";
        for (const Dimension dimension : dimensions) {
            const risk::LimitInForce found = limit(row, dimension);
            if (risk::limit_kept(row.scope, dimension) && (found.given || risk::usage(at, dimension) != 0)) {
                line += "    " + std::string(name_of(dimension)) + " " +
                        dollars_text(risk::usage(at, dimension)) + " of " + dollars_text(found.value) +
                        (found.given ? " (version " + std::to_string(found.version) + ")" : " (none given)") +
                        "\n";
            }
        }
        sink_(line);
    }

    const risk::Ledger& ledger_;
    const ExposureOptions& options_;
    const Sink& sink_;
    std::uint64_t shown_ = 0;
    std::uint64_t left_out_ = 0;
};

void add_rows(const risk::Ledger& ledger, const ExposureOptions& options, std::uint32_t investor,
              std::uint32_t account, Table& table) {
    const risk::Reference& reference = *ledger.reference();
    const bool whole = investor == 0 && account == 0;
    if (whole) {
        table.add({Scope::firm, 0, {}, {}});
        for (std::uint32_t row = 1; row < reference.branches.size(); ++row) {
            table.add({Scope::branch, row, {}, std::string(reference.branches[row].id.view())});
        }
    }
    for (std::uint32_t row = 1; row < reference.investors.size(); ++row) {
        if ((whole || row == investor) && account == 0) {
            table.add({Scope::investor, row, std::string(reference.investors[row].id.view()), {}});
        }
    }
    for (std::uint32_t row = 1; row < reference.accounts.size(); ++row) {
        const risk::AccountRow& at = reference.accounts[row];
        if ((investor == 0 || at.investor == investor) && (account == 0 || row == account)) {
            table.add({Scope::account, row, std::string(reference.investors[at.investor].id.view()),
                       account_text(at.key, options.masking)});
        }
    }
}

}  // namespace

std::string write_exposures(const ExposureOptions& options, const Sink& sink) {
    Replayer replayer;
    if (std::string error = replayer.open(options.place); !error.empty()) {
        return error;
    }
    if (options.until_sequence > replayer.last_sequence()) {
        return "--until " + std::to_string(options.until_sequence) + ": must be 1 to " +
               std::to_string(replayer.last_sequence()) + ", the records of this journal";
    }
    risk::UtcNs at = 0;
    const risk::Ledger& ledger = replayer.ledger();
    while (ledger.last_sequence() == 0 || ledger.last_sequence() != options.until_sequence) {
        if (!replayer.next()) {
            if (!replayer.error().empty()) {
                return replayer.error();
            }
            break;
        }
        if (options.until_sequence == 0 && replayer.record().utc_ns > options.until_utc_ns) {
            break;
        }
        at = replayer.record().utc_ns;
        static_cast<void>(replayer.apply());
    }
    if (ledger.reference() == nullptr) {
        return "no trading day has begun by then: nobody has an exposure";
    }
    const std::uint32_t investor =
        options.investor.empty() ? 0 : ledger.find_investor(risk::InvestorId(options.investor));
    const std::uint32_t account =
        options.account.number == 0 ? 0 : ledger.find_account(options.account).account;
    if (!options.investor.empty() && (investor == 0 || !risk::InvestorId::fits(options.investor))) {
        return "--investor " + options.investor + ": must be an investor of that day";
    }
    if (options.account.number != 0 && account == 0) {
        return "--account " + account_text(options.account, options.masking) +
               ": must be an account of that day, as BRANCH-NUMBER";
    }
    Table table(ledger, options, sink);
    table.begin(ledger.last_sequence(), at);
    add_rows(ledger, options, investor, account, table);
    table.end();
    return {};
}

}  // namespace fairlead::audit
