#include "audit/export/export.hpp"

#include <array>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

#include "audit/examine/limit_book.hpp"
#include "audit/examine/proof.hpp"
#include "audit/examine/tell_all.hpp"
#include "audit/export/tables.hpp"
#include "audit/merkle.hpp"
#include "config/files.hpp"

namespace fairlead::audit {

namespace {

using risk::RecordKind;

Cell number(std::int64_t value) {
    return value;
}
Cell number(std::uint64_t value) {
    return static_cast<std::int64_t>(value);
}
// 0 = there is none.
Cell some(std::uint64_t value) {
    return value == 0 ? Cell() : number(value);
}
Cell words(std::string_view text) {
    return text.empty() ? Cell() : Cell(std::string(text));
}

// What an order has come to.
struct OrderSoFar {
    Told first;  // its New
    risk::Quantity quantity = 0;
    risk::Price price = 0;
    risk::Quantity leaves = 0;
    risk::Quantity filled = 0;
    risk::Amount filled_value = 0;
    risk::Reason reason = risk::Reason::none;
    std::string_view status = "open";
    risk::OrderNumber order_number;
    std::uint32_t line = 0;
    risk::Sequence last_record = 0;
    risk::UtcNs last_at = 0;
};

std::string_view status_of(const risk::Decision& decision) {
    using enum risk::OrderStatus;
    switch (decision.order_status) {
        case filled:
            return "filled";
        case cancelled:
            return "cancelled";
        case expired:
            return "expired";
        case rejected:
            return "refused";
        default:
            return decision.leaves == 0 ? "ended" : decision.filled > 0 ? "part_filled" : "open";
    }
}

class Exporter {
  public:
    Exporter(const ExportOptions& options, TableWriter& writer, ExportResult& result)
        : options_(options), writer_(writer), result_(result) {}

    void take(const Told& told, const Source& source) {
        ++result_.records;
        if (told.kind == RecordKind::day_start) {
            write_orders();
        }
        follow_order(told, source.answered);
        const bool theirs = options_.investor.empty() || told.investor.view() == options_.investor;
        if (told.kind == RecordKind::limit_set) {
            limit(told, as_kind<risk::LimitSet>(source.record), theirs && in_time(told.at));
        }
        if (theirs && in_time(told.at)) {
            event(told);
            if (told.event == "fill" && told.outcome == risk::Outcome::applied) {
                fill(told);
            }
        }
    }
    // The orders still known. Empty text: everything was written.
    std::string end() {
        write_orders();
        return error_;
    }
    [[nodiscard]] const std::string& error() const noexcept { return error_; }

  private:
    [[nodiscard]] bool in_time(risk::UtcNs at) const noexcept {
        return at >= options_.from && at <= options_.to;
    }
    [[nodiscard]] Cell account(const risk::AccountKey& key) const {
        return key.number == 0 ? Cell() : Cell(account_text(key, options_.masking));
    }
    void put(TableId table, const std::vector<Cell>& cells, std::uint64_t& count) {
        if (error_.empty()) {
            error_ = writer_.row(table, cells);
            ++count;
        }
    }
    static Cell code_of(risk::Reason reason) {
        return reason == risk::Reason::none ? Cell() : words(risk::reason_text(reason).code);
    }
    static Cell text_of(risk::Reason reason) {
        return reason == risk::Reason::none ? Cell() : words(risk::reason_text(reason).english);
    }
    static Cell side_of(risk::Side side) { return side == risk::Side::none ? Cell() : words(name_of(side)); }

    void follow_order(const Told& told, const risk::Answered* answered) {
        if (told.order == 0) {
            return;
        }
        if (told.kind == RecordKind::new_order && told.order == told.record) {
            if (!options_.investor.empty() && told.investor.view() != options_.investor) {
                return;
            }
            orders_[told.order].first = told;
        }
        const auto found = orders_.find(told.order);
        if (found == orders_.end()) {
            return;
        }
        OrderSoFar& order = found->second;
        order.last_record = told.record;
        order.last_at = told.at;
        order.line = told.line != 0 ? told.line : order.line;
        order.order_number = told.order_number.empty() ? order.order_number : told.order_number;
        if (answered == nullptr) {
            return;
        }
        const risk::Decision& decision = answered->decision;
        if (told.kind == RecordKind::new_order && told.order == told.record) {
            order.quantity = told.quantity;
            order.price = told.price;
        }
        if (decision.order_key != told.order) {
            // A New refused before it became an order.
            order.status = "refused";
            order.reason = decision.reason;
            return;
        }
        const bool refused_command =
            decision.outcome == risk::Outcome::refused && told.kind != RecordKind::new_order;
        if (!refused_command) {
            order.status = decision.outcome == risk::Outcome::refused ? "refused" : status_of(decision);
            order.reason = decision.reason != risk::Reason::none ? decision.reason : order.reason;
        }
        order.quantity = decision.ordered != 0 ? decision.ordered : order.quantity;
        order.price = decision.price != 0 ? decision.price : order.price;
        order.leaves = decision.leaves;
        order.filled = decision.filled;
        order.filled_value = decision.filled_amount;
    }

    // In the order of their News, so that the same journal gives the same bytes.
    void write_orders() {
        for (const auto& [key, order] : orders_) {
            if (!in_time(order.last_at)) {
                continue;
            }
            const Told& first = order.first;
            put(TableId::orders,
                {number(key),
                 words(taipei_text(first.at)),
                 number(first.at),
                 some(first.session),
                 words(first.user),
                 words(first.investor.view()),
                 account(first.account),
                 words(first.symbol.view()),
                 side_of(first.side),
                 number(order.quantity),
                 words(dollars_text(order.price)),
                 words(order.status),
                 number(order.filled),
                 words(dollars_text(order.filled_value)),
                 number(order.leaves),
                 code_of(order.reason),
                 text_of(order.reason),
                 words(first.client_order_id.view()),
                 words(order.order_number.view()),
                 some(order.line),
                 number(order.last_record),
                 words(taipei_text(order.last_at))},
                result_.orders);
        }
        orders_.clear();
    }

    void event(const Told& told) {
        const bool order = told.order != 0;
        const auto of_order = [order](Cell cell) { return order ? std::move(cell) : Cell(); };
        const bool last = told.last_quantity != 0;
        put(TableId::events,
            {number(told.record),
             words(taipei_text(told.at)),
             number(told.at),
             words(told.event),
             words(name_of(told.outcome)),
             some(told.order),
             some(told.cause),
             some(told.session),
             some(told.line),
             some(told.line_number),
             words(told.user),
             words(told.approver),
             words(told.investor.view()),
             account(told.account),
             words(told.symbol.view()),
             side_of(told.side),
             of_order(number(told.quantity)),
             of_order(words(dollars_text(told.price))),
             of_order(number(told.leaves)),
             of_order(number(told.filled)),
             last ? number(told.last_quantity) : Cell(),
             last ? words(dollars_text(told.last_price)) : Cell(),
             words(told.client_order_id.view()),
             words(told.order_number.view()),
             code_of(told.reason),
             text_of(told.reason),
             some(told.venue_code),
             words(told.detail)},
            result_.events);
    }

    void fill(const Told& told) {
        const risk::Amount value = told.last_quantity * told.last_price;
        put(TableId::fills,
            {number(told.record), words(taipei_text(told.at)), number(told.at), number(told.order),
             words(told.investor.view()), account(told.account), words(told.symbol.view()),
             side_of(told.side), number(told.last_quantity), words(dollars_text(told.last_price)),
             words(dollars_text(value)), number(value)},
            result_.fills);
    }

    void limit(const Told& told, const risk::LimitSet& set, bool wanted) {
        const risk::LimitSetFacts& facts = set.facts;
        const auto before = limits_.take(set, told.outcome == risk::Outcome::accepted);
        if (!wanted) {
            return;
        }
        put(TableId::limits,
            {number(told.record), words(taipei_text(told.at)), number(told.at), words(name_of(facts.scope)),
             words(LimitBook::target(set, options_.masking)), words(name_of(facts.dimension)),
             words(facts.symbol.view()), words(amount_text(facts.dimension, facts.value)),
             before ? words(amount_text(facts.dimension, *before)) : Cell(),
             before ? number(std::int64_t{facts.value > *before ? 1 : 0}) : Cell(), words(told.user),
             words(told.approver), words(set.subject.reason.view()), words(name_of(told.outcome))},
            result_.limits);
    }

    const ExportOptions& options_;
    TableWriter& writer_;
    ExportResult& result_;
    std::map<risk::Sequence, OrderSoFar> orders_;
    LimitBook limits_;
    std::string error_;
};

// The tree over what was read, and what the newest checkpoint says of it.
class Witness {
  public:
    explicit Witness(const ExportOptions& options) : keys_(options.keys) {
        known_ = newest_checkpoint(options.place, checkpoint_).empty();
    }
    void take(const Hash& leaf) {
        tree_.add(hasher_, leaf);
        if (known_ && tree_.size() == checkpoint_.checkpoint.size) {
            same_ = tree_.root(hasher_) == checkpoint_.checkpoint.root;
        }
    }
    // Empty text: nothing speaks against the journal.
    [[nodiscard]] std::string problem() const {
        if (keys_.empty()) {
            return {};
        }
        if (!known_) {
            return "a key was given and there is no checkpoint beside the journal";
        }
        std::string error = verify_checkpoint(checkpoint_, keys_);
        if (error.empty() && !same_) {
            error = "the newest checkpoint, over " + std::to_string(checkpoint_.checkpoint.size) +
                    " records, is of another journal: run verify";
        }
        return error;
    }
    void tell(nlohmann::ordered_json& manifest) {
        manifest["merkle_root"] = to_hex(tree_.root(hasher_));
        manifest["checkpoint"] = known_ ? nlohmann::ordered_json(checkpoint_.note) : nlohmann::ordered_json();
        manifest["checkpoint_verified"] = !keys_.empty() && problem().empty();
    }

  private:
    const std::vector<VerifierKey>& keys_;
    SignedCheckpoint checkpoint_;
    Sha256Hasher hasher_;
    MerkleTree tree_;
    bool known_ = false;
    bool same_ = false;
};

std::string hash_of_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    Sha256Hasher hasher;
    hasher.begin();
    std::vector<char> buffer(1 << 20);
    while (file.read(buffer.data(), static_cast<std::streamsize>(buffer.size())) || file.gcount() > 0) {
        hasher.add(std::as_bytes(std::span(buffer).first(static_cast<std::size_t>(file.gcount()))));
    }
    return to_hex(hasher.end());
}

std::string manifest_of(const ExportOptions& options, const ExportResult& result, Witness& witness,
                        const std::vector<std::string>& files) {
    nlohmann::ordered_json manifest;
    manifest["what"] = "export of a Fairlead journal";
    manifest["records"] = result.records;
    witness.tell(manifest);
    using Json = nlohmann::ordered_json;
    manifest["investor"] = options.investor.empty() ? Json() : Json(options.investor);
    manifest["from"] = options.from == 0 ? Json() : Json(taipei_text(options.from));
    manifest["to"] = options.to == INT64_MAX ? Json() : Json(taipei_text(options.to));
    manifest["account_numbers"] = options.masking == Masking::masked ? "masked" : "revealed";
    manifest["tables"] = {{"orders", result.orders},
                          {"events", result.events},
                          {"fills", result.fills},
                          {"limits", result.limits}};
    for (const std::string& file : files) {
        manifest["files"][std::filesystem::path(file).filename().string()] = {
            {"bytes", std::filesystem::file_size(file)}, {"sha256", hash_of_file(file)}};
    }
    return manifest.dump(2) + "\n";
}

bool lies_within(const std::string& path, const std::string& folder) {
    std::error_code code;
    const auto outer = std::filesystem::weakly_canonical(folder, code);
    const auto inner = std::filesystem::weakly_canonical(path, code);
    return std::mismatch(outer.begin(), outer.end(), inner.begin(), inner.end()).first == outer.end();
}

}  // namespace

ExportResult export_journal(const ExportOptions& options) {
    ExportResult result;
    const bool sqlite = !options.sqlite_file.empty();
    const bool csv = !options.csv_folder.empty();
    const std::string& target = sqlite ? options.sqlite_file
                                : csv  ? options.csv_folder
                                       : options.parquet_folder;
    for (const std::string& kept : {options.place.directory, options.place.spare}) {
        if (!kept.empty() && lies_within(target, kept)) {
            result.error = "'" + target + "' lies within the journal, which is only read";
            return result;
        }
    }
    const auto write = sqlite ? write_sqlite : csv ? write_csv : write_parquet;
    const std::unique_ptr<TableWriter> writer = write(target, options.replace, result.error);
    if (writer == nullptr) {
        return result;
    }
    Exporter exporter(options, *writer, result);
    Witness witness(options);
    result.error = tell_all(options.place, Language::english, [&](const Told& told, const Source& source) {
        if (exporter.error().empty()) {
            witness.take(source.leaf);
            exporter.take(told, source);
        }
    });
    const std::string written = exporter.end();
    for (const std::string& problem : {written, witness.problem()}) {
        result.error = result.error.empty() ? problem : result.error;
    }
    if (!result.error.empty()) {
        return result;
    }
    result.error = writer->finish();
    if (result.error.empty()) {
        result.manifest_file = sqlite ? target + ".manifest.json" : target + "/manifest.json";
        result.manifest = manifest_of(options, result, witness, writer->files());
        result.error = config::write_file_atomically(result.manifest_file, result.manifest);
    }
    return result;
}

}  // namespace fairlead::audit
