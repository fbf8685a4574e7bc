#include "gateway/desk/batch.hpp"

#include <set>

#include "config/csv.hpp"
#include "gateway/control/protocol.hpp"
#include "risk/state.hpp"

namespace fairlead::desk {
namespace {

using risk::Dimension;
using risk::Scope;

constexpr std::int64_t ntd_max = 900'000'000'000'000;
enum Field : std::size_t {
    scope_field,
    key_field,
    dimension_field,
    symbol_field,
    value_field,
    expires_field
};
constexpr config::Column columns[] = {{"scope"},         {"key", false}, {"dimension"},
                                      {"symbol", false}, {"value"},      {"expires_at", false}};

bool parse_value(Dimension dimension, const std::string& text, risk::Amount& value) {
    if (text == "unlimited") {
        value = risk::unlimited;
        return true;
    }
    return gateway::in_ntd(dimension) ? config::parse_ntd(text, ntd_max, value)
                                      : config::parse_whole(text, 0, INT64_MAX - 1, value);
}

class BatchReader {
  public:
    BatchReader(const DeskState& state, audit::Masking masking) : state_(state), masking_(masking) {}

    void row(const config::CsvReader& csv) {
        BatchLine line;
        line.line = csv.line();
        line.scope = gateway::parse_scope(csv.field(scope_field));
        line.key = std::string(csv.field(key_field));
        line.dimension = gateway::parse_dimension(csv.field(dimension_field));
        line.symbol = std::string(csv.field(symbol_field));
        line.value = std::string(csv.field(value_field));
        line.expires_at = std::string(csv.field(expires_field));
        if (line.scope == Scope::none || line.scope > Scope::account) {
            fail(line, "scope", "must be firm, branch, investor or account");
            return;
        }
        if (!risk::limit_kept(line.scope, line.dimension)) {
            fail(line, "dimension",
                 "there is no such Limit of a " + std::string(gateway::scope_name(line.scope)));
            return;
        }
        const Target target = find_target(state_.ledger(), line.scope, line.key);
        if (!target.found) {
            fail(line, "key", "'" + line.key + "' is none of this day's");
            return;
        }
        const bool of_symbol =
            line.dimension == Dimension::symbol_long || line.dimension == Dimension::symbol_short;
        const std::uint32_t security = line.symbol.empty() || !risk::Symbol::fits(line.symbol)
                                           ? 0
                                           : state_.ledger().find_security(risk::Symbol(line.symbol));
        if (!line.symbol.empty() && (!of_symbol || security == 0)) {
            fail(line, "symbol",
                 "'" + line.symbol + "' must be a security of the day, of a symbol dimension");
            return;
        }
        risk::Amount value = 0;
        if (!parse_value(line.dimension, line.value, value)) {
            fail(line, "value",
                 "'" + line.value + "' must be NTD with at most four decimals, a whole number, or unlimited");
            return;
        }
        risk::UtcNs expires = 0;
        if (!line.expires_at.empty() &&
            (!audit::parse_taipei(line.expires_at, expires) || expires <= state_.last_at())) {
            fail(line, "expires_at", "'" + line.expires_at + "' must be a time to come");
            return;
        }
        if (!seen_
                 .insert(std::string(csv.field(scope_field)) + '/' + line.key + '/' +
                         std::string(csv.field(dimension_field)) + '/' + line.symbol)
                 .second) {
            fail(line, "key", "stands twice in the file");
            return;
        }
        add(std::move(line), target, security, value, expires);
    }
    void fail(const BatchLine& line, const char* field, std::string text) {
        batch.errors.push_back({line.line, field, std::string(field) + ": " + std::move(text)});
    }
    Batch batch;

  private:
    void add(BatchLine line, const Target& target, std::uint32_t security, risk::Amount value,
             risk::UtcNs expires) {
        const risk::Ledger& ledger = state_.ledger();
        const risk::Amount current = ledger.limit(line.scope, target.row, line.dimension, security).value;
        risk::Amount used = 0;
        const bool known = usage_of(ledger, line.scope, target.row, line.dimension, security, used);
        line.change = value > current   ? BatchLine::Change::raise
                      : value < current ? BatchLine::Change::lower
                                        : BatchLine::Change::same;
        constexpr std::string_view words[] = {"same", "lower", "raise"};
        line.shown = {{"line", line.line},
                      {"scope", gateway::scope_name(line.scope)},
                      {"key", line.scope == Scope::account
                                  ? audit::account_text(ledger.account_key(target.row), masking_)
                                  : line.key},
                      {"dimension", gateway::dimension_name(line.dimension)},
                      {"symbol", line.symbol},
                      {"value", audit::amount_text(line.dimension, value)},
                      {"current", audit::amount_text(line.dimension, current)},
                      {"used", known ? Json(audit::amount_text(line.dimension, used)) : Json(nullptr)},
                      {"change", words[static_cast<std::size_t>(line.change)]},
                      {"over", known && value != risk::unlimited && used > value},
                      {"expires_at", expires == 0 ? Json(nullptr) : Json(audit::taipei_text(expires))},
                      {"proposal", nullptr}};
        batch.lines.push_back(std::move(line));
    }
    const DeskState& state_;
    audit::Masking masking_;
    std::set<std::string> seen_;
};

}  // namespace

Batch read_batch(const DeskState& state, const std::string& csv, audit::Masking masking) {
    BatchReader reader(state, masking);
    std::vector<config::ConfigError> errors;
    const config::ProgressSink silent;
    config::CsvReader rows(csv, "csv", "limits", errors, silent);
    if (rows.header(columns)) {
        while (reader.batch.lines.size() + reader.batch.errors.size() < batch_lines_max && rows.next()) {
            reader.row(rows);
        }
        if (rows.rows() >= batch_lines_max && rows.next()) {
            reader.batch.errors.push_back(
                {rows.line(), "csv", "csv: must have at most " + std::to_string(batch_lines_max) + " lines"});
        }
    }
    for (const config::ConfigError& error : errors) {
        reader.batch.errors.push_back({error.line, error.key, config::describe(error)});
    }
    if (reader.batch.lines.empty() && reader.batch.errors.empty()) {
        reader.batch.errors.push_back({0, "csv", "csv: must have at least one line behind its header"});
    }
    return std::move(reader.batch);
}

Json batch_answer(const Batch& batch) {
    Json changes = Json::array();
    Json errors = Json::array();
    std::array<std::size_t, 3> counts{};
    std::size_t over = 0;
    for (const BatchLine& line : batch.lines) {
        ++counts[static_cast<std::size_t>(line.change)];
        over += line.shown["over"].get<bool>() ? 1 : 0;
        changes.push_back(line.shown);
    }
    for (const BatchError& error : batch.errors) {
        errors.push_back({{"line", error.line}, {"field", error.field}, {"text", error.text}});
    }
    return {{"applied", false},
            {"batch", nullptr},
            {"raises", counts[2]},
            {"lowers", counts[1]},
            {"same", counts[0]},
            {"over", over},
            {"changes", std::move(changes)},
            {"errors", std::move(errors)}};
}

GatewayReply propose_batch(const Batch& batch, const std::string& token, const std::string& reason,
                           GatewayAsker& gateway, Json& answer) {
    std::uint64_t first = 0;
    for (std::size_t i = 0; i < batch.lines.size(); ++i) {
        const BatchLine& line = batch.lines[i];
        if (line.change == BatchLine::Change::same && line.expires_at.empty()) {
            continue;
        }
        Json question = {{"verb", "propose"},
                         {"token", token},
                         {"act", "limit_set"},
                         {"scope", gateway::scope_name(line.scope)},
                         {"dimension", gateway::dimension_name(line.dimension)},
                         {"value", line.value},
                         {"reason", reason}};
        for (const auto& [name, value] : {std::pair{"target", &line.key}, std::pair{"symbol", &line.symbol},
                                          std::pair{"expires_at", &line.expires_at}}) {
            if (!value->empty()) {
                question[name] = *value;
            }
        }
        if (first != 0) {
            question["batch"] = first;
        }
        GatewayReply reply;
        if (gateway.stopping()) {
            reply.text = "the desk is ending";
        } else {
            reply = gateway.ask_patiently(question, batch_tries);
        }
        if (!reply.ok) {
            reply.text =
                "line " + std::to_string(line.line) + ": " + reply.text +
                (first == 0 ? "" : "; reject batch " + std::to_string(first) + " and correct the file");
            return reply;
        }
        first = first == 0 ? reply.sequence : first;
        answer["changes"][i]["proposal"] = reply.sequence;
    }
    GatewayReply all;
    all.reached = all.ok = true;
    answer["applied"] = true;
    answer["batch"] = first == 0 ? Json(nullptr) : Json(first);
    return all;
}

}  // namespace fairlead::desk
