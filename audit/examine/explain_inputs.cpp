#include "audit/examine/explain_inputs.hpp"

#include <algorithm>
#include <array>

#include "audit/examine/replayer.hpp"

namespace fairlead::audit {

namespace {

using risk::Check;
using risk::Ledger;
using risk::RecordKind;

template <std::size_t N, class Enumeration>
std::string code_of(const std::array<std::string_view, N>& names, Enumeration value) {
    const auto at = static_cast<std::size_t>(value);
    return at < N && !names[at].empty() ? std::string(names[at]) : std::to_string(at);
}
std::string code_of(risk::OrderType type) {
    static constexpr std::array<std::string_view, 3> names{"none", "market", "limit"};
    return code_of(names, type);
}
std::string code_of(risk::TimeInForce time) {
    static constexpr std::array<std::string_view, 5> names{"rest_of_day", "", "", "immediate_or_cancel",
                                                           "fill_or_kill"};
    return code_of(names, time);
}
std::string code_of(risk::SessionKind kind) {
    static constexpr std::array<std::string_view, 4> names{"regular", "intraday_odd_lot", "after_hours_odd",
                                                           "after_hours_fixed"};
    return code_of(names, kind);
}
std::string code_of(risk::CreditType type) {
    static constexpr std::array<std::string_view, 7> names{
        "cash",      "margin_agency",  "short_agency",         "margin_own",
        "short_own", "borrowed_short", "borrowed_short_exempt"};
    return code_of(names, type);
}
std::string code_of(risk::Phase phase) {
    static constexpr std::array<std::string_view, 6> names{"closed",     "open_call", "continuous",
                                                           "close_call", "odd_lot",   "fixed_price"};
    return code_of(names, phase);
}
std::string yes_no(bool value) {
    return value ? "yes" : "no";
}

struct Bit {
    std::uint16_t flag;
    std::string_view name;
};
template <std::size_t N>
std::string flags_text(const std::array<Bit, N>& bits, std::uint16_t flags) {
    std::string text;
    for (const Bit& at : bits) {
        if ((flags & at.flag) != 0) {
            text.append(text.empty() ? "" : " ").append(at.name);
        }
    }
    return text.empty() ? "none" : text;
}
std::string account_flags(std::uint16_t flags) {
    static constexpr std::array<Bit, 7> bits{{{risk::account_disabled, "disabled"},
                                              {risk::account_day_trade_signed, "day_trade"},
                                              {risk::account_sell_first_signed, "sell_first"},
                                              {risk::account_own, "own"},
                                              {risk::account_strict_sells, "strict_sells"},
                                              {risk::account_qualified, "qualified"},
                                              {risk::account_no_inventory_check, "no_inventory_check"}}};
    return flags_text(bits, flags);
}
std::string security_flags(std::uint16_t flags) {
    static constexpr std::array<Bit, 11> bits{{{risk::security_suspended, "suspended"},
                                               {risk::security_disposition, "disposition"},
                                               {risk::security_attention, "attention"},
                                               {risk::security_full_delivery, "full_delivery"},
                                               {risk::security_no_price_limit, "no_price_limit"},
                                               {risk::security_no_short_below, "no_short_below"},
                                               {risk::security_no_sbl_below, "no_sbl_below"},
                                               {risk::security_innovation, "innovation"},
                                               {risk::security_no_odd_lot, "no_odd_lot"},
                                               {risk::security_no_margin, "no_margin"},
                                               {risk::security_periodic_call, "periodic_call"}}};
    return flags_text(bits, flags);
}

// The rows a command concerns, known or not, as the Ledger finds them.
struct Rows {
    risk::OrderTerms terms;
    risk::AccountKey key;
    risk::Symbol symbol;
    risk::ClientOrderId client_order_id;
    std::uint32_t session = 0;
    std::uint32_t account = 0;
    std::uint32_t investor = 0;
    std::uint32_t security = 0;
};

Rows rows_of(const Ledger& ledger, const risk::Record& record, const std::optional<AskedCredit>& asked) {
    Rows rows;
    rows.session = record.session;
    if (record.kind == RecordKind::new_order) {
        const auto& command = as_kind<risk::NewOrder>(record);
        const risk::NewOrderFacts& facts = command.facts;
        rows.terms = {facts.quantity,      facts.price,        facts.side,       facts.order_type,
                      facts.time_in_force, facts.session_kind, facts.credit_type};
        rows.key = command.person.account;
        rows.symbol = facts.symbol;
        rows.client_order_id = facts.client_order_id;
        const risk::AccountFound found = ledger.find_account(rows.key);
        rows.account = found.account;
        rows.investor = found.investor;
        rows.security = ledger.find_security(rows.symbol);
    } else if (asked) {
        rows.terms = asked->terms;
        rows.account = asked->account;
        rows.investor = asked->investor;
        rows.security = asked->security;
        rows.key = ledger.account_key(rows.account);
        rows.symbol = ledger.security(rows.security).symbol;
        rows.client_order_id = as_kind<risk::ReplaceOrder>(record).facts.client_order_id;
    }
    return rows;
}

class Inputs {
  public:
    Inputs(const Ledger& ledger, const risk::Record& record, Rows rows, Masking masking)
        : ledger_(ledger),
          record_(record),
          rows_(rows),
          security_(ledger.security(rows_.security)),
          reference_(ledger.reference()),
          masking_(masking) {}

    std::vector<CheckInput> of(Check check) {
        if (check <= Check::security_known) {
            who(check);
        } else if (reference_ != nullptr && check <= Check::collar) {
            what(check);
        } else if (reference_ != nullptr) {
            how_often(check);
        }
        return std::move(inputs_);
    }

  private:
    void add(const char* english, const char* chinese, std::string value) {
        inputs_.push_back({english, chinese, std::move(value)});
    }
    void add_price(const char* english, const char* chinese, risk::Price price) {
        add(english, chinese, price == 0 ? "none" : dollars_text(price));
    }
    void add_halt(const char* english, const char* chinese, risk::Scope scope, std::uint32_t row) {
        add(english, chinese, yes_no(ledger_.halted(scope, row)));
    }

    void who(Check check) {
        switch (check) {
            case Check::road_open:
                add("road to the venue", "往市場之通路",
                    ledger_.road(security_.venue) == risk::Reason::none
                        ? "open"
                        : std::string(risk::reason_text(ledger_.road(security_.venue)).code));
                break;
            case Check::halted:
                add_halt("firm halted", "公司暫停", risk::Scope::firm, 0);
                add_halt("venue halted", "市場暫停", risk::Scope::venue,
                         static_cast<std::uint32_t>(security_.venue));
                add_halt("investor halted", "投資人暫停", risk::Scope::investor, rows_.investor);
                add_halt("account halted", "帳號暫停", risk::Scope::account, rows_.account);
                add_halt("security halted", "證券暫停", risk::Scope::symbol, rows_.security);
                add_halt("session halted", "連線暫停", risk::Scope::session, rows_.session);
                break;
            case Check::session_account:
                add("session", "連線", std::to_string(rows_.session));
                add("account", "帳號", account_text(rows_.key, masking_));
                add("account known", "帳號存在", yes_no(rows_.account != 0));
                break;
            case Check::account_enabled:
                if (reference_ != nullptr) {
                    add("account flags", "帳號註記",
                        account_flags(reference_->accounts[rows_.account].flags));
                    add("investor flags", "投資人註記",
                        account_flags(reference_->investors[rows_.investor].flags));
                }
                break;
            default:
                add("security", "證券", std::string(rows_.symbol.view()));
                add("security known", "證券存在", yes_no(rows_.security != 0));
                break;
        }
    }

    void what(Check check) {
        switch (check) {
            case Check::security_tradable:
                add("security flags", "證券註記", security_flags(security_.flags));
                add("session kind", "交易時段別", code_of(rows_.terms.session_kind));
                add("credit type", "信用別", code_of(rows_.terms.credit_type));
                break;
            case Check::order_type:
                add("order type", "委託種類", code_of(rows_.terms.order_type));
                add("time in force", "有效期別", code_of(rows_.terms.time_in_force));
                break;
            case Check::trading_phase:
                add("time", "時間", taipei_text(record_.utc_ns));
                add("phase", "交易階段", code_of(phase()));
                break;
            case Check::quantity:
                add("quantity, shares", "委託股數", std::to_string(rows_.terms.quantity));
                add("board lot, shares", "交易單位股數", std::to_string(security_.lot));
                add("most board lots", "單筆交易單位上限", std::to_string(reference_->rules.board_lots_max));
                break;
            case Check::tick:
                add_price("price", "價格", rows_.terms.price);
                add_price("tick", "升降單位",
                          risk::tick_at(reference_->ticks, security_.tick_class, rows_.terms.price));
                break;
            case Check::price_limit:
                add_price("price", "價格", rows_.terms.price);
                add_price("upper limit", "漲停價", security_.limit_up);
                add_price("lower limit", "跌停價", security_.limit_down);
                add_price("reference price", "參考價", security_.reference);
                break;
            default:
                add_price("price", "價格", rows_.terms.price);
                add_price("reference price", "參考價", security_.reference);
                add("off the reference, basis points", "偏離參考價上限 (bp)",
                    std::to_string(reference_->rules.collar_reference_bp));
                add_price("last trade", "最近成交價", security_.last);
                add("off the last trade, basis points", "偏離成交價上限 (bp)",
                    std::to_string(reference_->rules.collar_last_bp));
                break;
        }
    }

    void how_often(Check check) {
        switch (check) {
            case Check::message_rate: {
                const std::uint32_t row = ledger_.find_session(rows_.session);
                add("session, commands a second", "連線每秒上限",
                    row == 0 ? "unknown" : std::to_string(reference_->sessions[row - 1].message_rate));
                add("rule, commands a second", "規則每秒上限",
                    std::to_string(reference_->rules.investor_message_rate));
                add("investor's limit, commands a second", "投資人每秒上限",
                    amount_text(
                        risk::Dimension::message_rate,
                        ledger_.limit(risk::Scope::investor, rows_.investor, risk::Dimension::message_rate)
                            .value));
                break;
            }
            case Check::duplicate: {
                const std::uint32_t slot = ledger_.find_order(rows_.session, rows_.client_order_id);
                add("ClOrdID", "ClOrdID", std::string(rows_.client_order_id.view()));
                add("used by order", "已用於委託",
                    slot == 0 ? "none" : std::to_string(ledger_.order(slot).key));
                break;
            }
            case Check::repeated:
                repeated();
                break;
            case Check::self_match:
                self_match();
                break;
            case Check::sellable:
                sellable();
                break;
            case Check::capacity:
                add("orders of the day", "當日委託數", std::to_string(ledger_.counts().orders));
                add("commands of the day", "當日指令數", std::to_string(ledger_.counts().commands));
                break;
            default:
                break;
        }
    }

    void repeated() {
        const auto* position = ledger_.account_position(rows_.account, rows_.security);
        add("most repeats", "重複上限", std::to_string(reference_->rules.repeat_count_max));
        add("window, ns", "時間窗 (ns)", std::to_string(reference_->rules.repeat_window_ns));
        add("last order of the account here", "此帳號前一筆",
            position == nullptr || position->repeat_key == 0 ? "none" : std::to_string(position->repeat_key));
        add("its repeats", "其重複次數", position == nullptr ? "0" : std::to_string(position->repeat_count));
    }

    // The best open price of the investor on the other side, by looking at all: the Ledger keeps a tree.
    void self_match() {
        const bool buy = rows_.terms.side == risk::Side::buy;
        risk::OpenFilter filter;
        filter.investor = rows_.investor;
        filter.security = rows_.security;
        filter.side = buy ? risk::Side::sell : risk::Side::buy;
        filter.with_pending_cancel = true;
        const risk::Order* best = nullptr;
        const bool known = rows_.investor != 0 && rows_.security != 0;
        for (std::uint32_t from = known ? 1 : 0; from != 0;) {
            const risk::OpenScan scan = ledger_.next_open(filter, from, UINT32_MAX - 1);
            const risk::Order* at = scan.slot != 0 ? &ledger_.order(scan.slot) : nullptr;
            if (at != nullptr && at->session_kind == rows_.terms.session_kind &&
                (best == nullptr ||
                 (buy ? at->book_price < best->book_price : at->book_price > best->book_price))) {
                best = at;
            }
            from = scan.next_slot;
        }
        add("best open opposite order of the investor", "同一投資人最佳反向委託",
            best == nullptr ? "none" : std::to_string(best->key) + " at " + dollars_text(best->book_price));
    }

    void sellable() {
        const auto* position = ledger_.account_position(rows_.account, rows_.security);
        const risk::AccountPosition held = position != nullptr ? *position : risk::AccountPosition{};
        add("side", "買賣別", std::string(name_of(rows_.terms.side)));
        add("held at day start, shares", "期初庫存股數", std::to_string(held.position.held));
        add("bought for cash today, shares", "當日現股買進股數", std::to_string(held.cash_bought));
        add("sold and open sells, shares", "已賣及委賣股數", std::to_string(held.delivered));
        add("borrowed sells, shares", "借券賣出股數", std::to_string(held.borrowed));
        add("borrow quota, shares", "可借券股數", std::to_string(held.borrow_quota));
    }

    [[nodiscard]] risk::Phase phase() const {
        const std::int64_t offset = record_.utc_ns - ledger_.day().origin_utc_ns;
        const auto& phases = reference_->phases;
        const auto found = std::find_if(phases.begin(), phases.end(), [&](const risk::PhaseRow& row) {
            return row.venue == security_.venue && row.session_kind == rows_.terms.session_kind &&
                   row.from_ns <= offset && offset < row.to_ns;
        });
        return found == phases.end() ? risk::Phase::closed : found->phase;
    }

    const Ledger& ledger_;
    const risk::Record& record_;
    Rows rows_;
    const risk::SecurityState& security_;
    const risk::Reference* reference_;
    Masking masking_;
    std::vector<CheckInput> inputs_;
};

std::string price_text(risk::Price price) {
    return price == 0 ? "none" : dollars_text(price);
}

}  // namespace

std::vector<CheckInput> command_terms(const risk::Record& record, Masking masking) {
    std::vector<CheckInput> terms;
    const auto common = [&](const auto& facts, const risk::Person& person) {
        terms = {{"session", "連線", std::to_string(record.session)},
                 {"ClOrdID", "ClOrdID", std::string(facts.client_order_id.view())},
                 {"investor", "投資人", std::string(person.investor.view())},
                 {"account", "帳號", account_text(person.account, masking)},
                 {"user", "使用者", std::string(person.user.view())},
                 {"security", "證券", std::string(facts.symbol.view())},
                 {"side", "買賣別", std::string(name_of(facts.side))}};
    };
    if (record.kind == RecordKind::new_order) {
        const auto& command = as_kind<risk::NewOrder>(record);
        common(command.facts, command.person);
        terms.push_back({"quantity, shares", "委託股數", std::to_string(command.facts.quantity)});
        terms.push_back({"price", "價格", price_text(command.facts.price)});
    } else if (record.kind == RecordKind::replace_order) {
        const auto& command = as_kind<risk::ReplaceOrder>(record);
        common(command.facts, command.person);
        terms.push_back(
            {"original ClOrdID", "原 ClOrdID", std::string(command.facts.original_client_order_id.view())});
        terms.push_back({"new quantity, shares", "新委託股數", std::to_string(command.facts.quantity)});
        terms.push_back({"new price", "新價格", price_text(command.facts.price)});
    } else {
        const auto& command = as_kind<risk::CancelOrder>(record);
        common(command.facts, command.person);
        terms.push_back(
            {"original ClOrdID", "原 ClOrdID", std::string(command.facts.original_client_order_id.view())});
        if (command.facts.order_key != 0) {
            terms.push_back({"order", "委託", std::to_string(command.facts.order_key)});
        }
    }
    return terms;
}

std::vector<CheckInput> check_inputs(const Ledger& ledger, const risk::Record& record,
                                     const std::optional<AskedCredit>& asked, Check check, Masking masking) {
    if (record.kind != RecordKind::new_order && !asked) {
        return {};
    }
    return Inputs(ledger, record, rows_of(ledger, record, asked), masking).of(check);
}

}  // namespace fairlead::audit
