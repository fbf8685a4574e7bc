#include "audit/examine/what_if.hpp"

#include <nlohmann/json.hpp>

#include "audit/examine/credit_judge.hpp"
#include "audit/examine/replayer.hpp"
#include "config/reference_loader.hpp"

namespace fairlead::audit {

namespace {

using risk::RecordKind;
using Json = nlohmann::ordered_json;

// A Ledger that is told of days and Limits alone: it answers which Limits the proposal would have in force.
class ProposedLimits {
  public:
    explicit ProposedLimits(std::string file) : ledger_(few_rows()), file_(std::move(file)) {}

    [[nodiscard]] std::string start_day(const risk::Reference& reference) {
        day_ = std::move(next_day_);
        next_day_ = std::make_unique<risk::Reference>(reference);
        const auto errors = config::replace_opening_limits(*next_day_, file_);
        if (!errors.empty()) {
            return config::describe(errors.front());
        }
        make_room(ledger_, next_day_.get());
        return ledger_.stage(*next_day_);
    }
    void take(const risk::Record& record) {
        make_room(ledger_);
        if (record.kind == RecordKind::day_start || record.kind == RecordKind::limit_set) {
            static_cast<void>(ledger_.apply(record));
            return;
        }
        risk::Record other = record;
        other.kind = record.kind == RecordKind::start ? RecordKind::start : RecordKind::tick;
        static_cast<void>(ledger_.apply(other));
    }
    [[nodiscard]] const risk::Ledger& ledger() const noexcept { return ledger_; }

  private:
    risk::Ledger ledger_;
    std::string file_;
    std::unique_ptr<risk::Reference> day_;
    std::unique_ptr<risk::Reference> next_day_;
};

struct Refused {
    const risk::Record& record;
    const risk::Decision& decision;  // as journaled
    const CreditRefusal& refusal;
    std::string investor;
    std::string account;
};

Json json_of(const Refused& at) {
    const CreditUse& use = at.refusal.use;
    const auto amount = [&](risk::Amount value) { return amount_text(use.dimension, value); };
    Json json;
    json["sequence"] = at.record.sequence;
    json["time"] = taipei_text(at.record.utc_ns);
    json["command"] = at.record.kind == RecordKind::new_order ? "new" : "replace";
    json["order"] = at.decision.order_key;
    json["investor"] = at.investor;
    json["account"] = at.account;
    json["security"] = at.decision.symbol.view();
    json["side"] = name_of(at.decision.side);
    json["reason"] = risk::reason_text(at.refusal.reason).code;
    json["scope"] = name_of(use.scope);
    json["dimension"] = name_of(use.dimension);
    json["limit"] = amount(use.limit.value);
    json["usage_before"] = amount(use.before);
    json["usage_with"] = amount(use.with);
    return json;
}

class Listing {
  public:
    Listing(TableFormat format, const Sink& sink) : format_(format), sink_(sink) {}

    void begin() {
        if (format_ == TableFormat::csv) {
            sink_(
                "sequence,time,command,order,investor,account,security,side,reason,scope,dimension,limit,"
                "usage_before,usage_with\n");
        } else if (format_ == TableFormat::json) {
            sink_("{\"would_be_refused\": [");
        }
    }
    void add(const Refused& at) {
        const Json json = json_of(at);
        if (format_ == TableFormat::json) {
            sink_((first_ ? "\n" : ",\n") + json.dump());
        } else if (format_ == TableFormat::csv) {
            std::string line;
            for (const auto& value : json) {
                line +=
                    (line.empty() ? "" : ",") + (value.is_string() ? value.get<std::string>() : value.dump());
            }
            sink_(line + "\n");
        } else {
            const auto word = [&](const char* key) { return json[key].get<std::string>(); };
            sink_(word("time") + " record " + std::to_string(at.record.sequence) + ": " + word("command") +
                  " of order " + std::to_string(at.decision.order_key) + ", investor " + at.investor +
                  ", account " + at.account + ", " + word("side") + " " + word("security") + ": " +
                  word("reason") + ", " + word("scope") + " " + word("dimension") + " " +
                  word("usage_before") + " -> " + word("usage_with") + " of " + word("limit") + "\n");
        }
        first_ = false;
    }
    void end(const WhatIfResult& result) {
        if (format_ == TableFormat::csv) {
            return;
        }
        Json by_reason = Json::object();
        std::string text;
        for (const auto& [reason, count] : result.by_reason) {
            by_reason[std::string(risk::reason_text(reason).code)] = count;
            text += "  " + std::string(risk::reason_text(reason).code) + " " + std::to_string(count) + "\n";
        }
        if (format_ == TableFormat::json) {
            sink_("\n], \"accepted\": " + std::to_string(result.accepted) + ", \"refused\": " +
                  std::to_string(result.refused) + ", \"by_reason\": " + by_reason.dump() + "}\n");
            return;
        }
        sink_("of " + std::to_string(result.accepted) + " accepted orders and replaces, " +
              std::to_string(result.refused) + " would have been refused\n" + text);
    }

  private:
    TableFormat format_;
    const Sink& sink_;
    bool first_ = true;
};

}  // namespace

WhatIfResult write_what_if(const WhatIfOptions& options, const Sink& sink) {
    WhatIfResult result;
    Replayer replayer;
    std::unique_ptr<ProposedLimits> proposed;
    result.error = replayer.open(options.place, [&](const risk::Reference& reference, const risk::Record&) {
        return proposed->start_day(reference);
    });
    if (!result.error.empty()) {
        return result;
    }
    proposed = std::make_unique<ProposedLimits>(options.limits);
    const risk::Ledger& ledger = replayer.ledger();
    Listing listing(options.format, sink);
    listing.begin();
    while (replayer.next()) {
        const risk::Record& record = replayer.record();
        const auto& answered = replayer.answered();
        std::optional<AskedCredit> asked;
        if (answered && answered->decision.outcome == risk::Outcome::accepted) {
            asked = asked_credit(ledger, record);
        }
        if (asked) {
            ++result.accepted;
            result.disagreements += judge_credit(ledger, ledger, *asked) ? 1 : 0;
            if (const auto refusal = judge_credit(ledger, proposed->ledger(), *asked)) {
                ++result.refused;
                ++result.by_reason[refusal->reason];
                listing.add({record, answered->decision, *refusal,
                             std::string(ledger.investor_id(asked->investor).view()),
                             account_text(ledger.account_key(asked->account), options.masking)});
            }
        }
        static_cast<void>(replayer.apply());
        proposed->take(record);
    }
    result.error = replayer.error();
    listing.end(result);
    return result;
}

}  // namespace fairlead::audit
