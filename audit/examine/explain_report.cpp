// An Explanation as text or JSON. Names of checks and fields come in English or Chinese; codes, ids and keys
// of the JSON are the same in both.
#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "audit/examine/explain.hpp"

namespace fairlead::audit {

namespace {

using Json = nlohmann::ordered_json;

struct Name {
    std::string_view code;
    std::string_view chinese;
};

constexpr std::array<Name, risk::check_count> check_names{
    {{"road_open", "委託通路"},         {"halted", "暫停交易"},
     {"session_account", "連線與帳號"}, {"account_enabled", "帳號狀態"},
     {"security_known", "證券代號"},    {"security_tradable", "證券可交易"},
     {"order_type", "委託種類"},        {"trading_phase", "交易階段"},
     {"quantity", "委託數量"},          {"tick", "升降單位"},
     {"price_limit", "漲跌停"},         {"collar", "價格偏離"},
     {"order_value", "單筆委託金額"},   {"message_rate", "訊息頻率"},
     {"duplicate", "重複編號"},         {"repeated", "重複委託"},
     {"self_match", "自行成交"},        {"sellable", "可賣出庫存"},
     {"credit_account", "帳號額度"},    {"credit_branch", "分公司額度"},
     {"credit_investor", "投資人額度"}, {"credit_symbol", "單一證券額度"},
     {"credit_firm", "公司額度"},       {"capacity", "容量"}}};
constexpr std::array<Name, 4> verdict_names{
    {{"passed", "通過"}, {"refused", "拒絕"}, {"not reached", "未檢核"}, {"not run", "不適用"}}};
constexpr std::array<Name, 8> outcome_names{{{"none", "無"},
                                             {"noted", "已紀錄"},
                                             {"accepted", "接受"},
                                             {"refused", "拒絕"},
                                             {"applied", "已套用"},
                                             {"duplicate", "重複"},
                                             {"orphan", "無對應委託"},
                                             {"restated", "重述"}}};

struct KindName {
    risk::RecordKind kind;
    Name name;
};
constexpr std::array kind_names{
    KindName{risk::RecordKind::genesis, {"genesis", "日誌起始"}},
    KindName{risk::RecordKind::start, {"start", "系統啟動"}},
    KindName{risk::RecordKind::capacity, {"capacity", "系統容量"}},
    KindName{risk::RecordKind::stop, {"stop", "系統停止"}},
    KindName{risk::RecordKind::clock, {"clock", "時鐘"}},
    KindName{risk::RecordKind::device_event, {"device_event", "設備事件"}},
    KindName{risk::RecordKind::logon_attempt, {"logon_attempt", "登入要求"}},
    KindName{risk::RecordKind::logon_result, {"logon_result", "登入結果"}},
    KindName{risk::RecordKind::logout, {"logout", "登出"}},
    KindName{risk::RecordKind::sequence_reset, {"sequence_reset", "序號重設"}},
    KindName{risk::RecordKind::session_received, {"session_received", "收到連線訊息"}},
    KindName{risk::RecordKind::session_sent, {"session_sent", "送出連線訊息"}},
    KindName{risk::RecordKind::new_order, {"new_order", "新委託"}},
    KindName{risk::RecordKind::replace_order, {"replace_order", "改單"}},
    KindName{risk::RecordKind::cancel_order, {"cancel_order", "刪單"}},
    KindName{risk::RecordKind::order_status, {"order_status", "查詢委託"}},
    KindName{risk::RecordKind::mass_cancel, {"mass_cancel", "整批刪單"}},
    KindName{risk::RecordKind::released, {"released", "排隊後送出"}},
    KindName{risk::RecordKind::wait_expired, {"wait_expired", "排隊逾時"}},
    KindName{risk::RecordKind::halted_unsent, {"halted_unsent", "排隊中遭暫停"}},
    KindName{risk::RecordKind::handed_to_socket, {"handed_to_socket", "已交付網路"}},
    KindName{risk::RecordKind::in_doubt, {"in_doubt", "存疑"}},
    KindName{risk::RecordKind::resolved, {"resolved", "存疑已釐清"}},
    KindName{risk::RecordKind::venue_report, {"venue_report", "市場回報"}},
    KindName{risk::RecordKind::venue_reject, {"venue_reject", "市場拒絕"}},
    KindName{risk::RecordKind::venue_session, {"venue_session", "市場連線"}},
    KindName{risk::RecordKind::orphan_report, {"orphan_report", "無紀錄委託之回報"}},
    KindName{risk::RecordKind::fill_adjusted, {"fill_adjusted", "成交更正"}},
    KindName{risk::RecordKind::limit_set, {"limit_set", "額度設定"}},
    KindName{risk::RecordKind::halt, {"halt", "暫停"}},
    KindName{risk::RecordKind::resume, {"resume", "恢復"}},
    KindName{risk::RecordKind::user_event, {"user_event", "使用者事件"}},
    KindName{risk::RecordKind::denied_request, {"denied_request", "遭拒之控制要求"}},
    KindName{risk::RecordKind::proposal, {"proposal", "提案"}},
    KindName{risk::RecordKind::approval, {"approval", "核准"}},
    KindName{risk::RecordKind::limit_term, {"limit_term", "額度期限"}},
    KindName{risk::RecordKind::usage_level, {"usage_level", "額度使用警示"}},
    KindName{risk::RecordKind::maintenance_visit, {"maintenance_visit", "維護作業"}},
    KindName{risk::RecordKind::review, {"review", "覆核"}},
    KindName{risk::RecordKind::day_start, {"day_start", "開始交易日"}},
    KindName{risk::RecordKind::day_close, {"day_close", "結束交易日"}},
    KindName{risk::RecordKind::incident, {"incident", "異常事件"}}};

std::string pick(const Name& name, Language language) {
    return std::string(language == Language::chinese ? name.chinese : name.code);
}
std::string kind_text(risk::RecordKind kind, Language language) {
    const auto* found = std::find_if(kind_names.begin(), kind_names.end(),
                                     [&](const KindName& at) { return at.kind == kind; });
    return found == kind_names.end() ? "type " + std::to_string(static_cast<unsigned>(kind))
                                     : pick(found->name, language);
}
std::string say(Language language, const char* english, const char* chinese) {
    return language == Language::chinese ? chinese : english;
}
std::string label(const CheckInput& input, Language language) {
    return language == Language::chinese ? input.chinese : input.english;
}

// "1000, version 5 (2026-...: set by kuo, approved by lee: reason)"
std::string origin_text(const Explanation& explanation, const CreditUse& use, Language language) {
    if (use.by_rule) {
        return say(language, "by the rules of the day", "依當日規則");
    }
    if (!use.limit.given) {
        return say(language, "none given", "未設定");
    }
    std::string text = say(language, "version ", "版本 ") + std::to_string(use.limit.version);
    const auto found = explanation.origins.find(use.limit.version);
    if (found == explanation.origins.end()) {
        return text;
    }
    const LimitOrigin& origin = found->second;
    text += ", " + taipei_text(origin.at);
    if (origin.opening) {
        return text + say(language, ", opening limits", "，期初額度");
    }
    // A term that has ended, or the ladder.
    text += origin.user.empty() ? say(language, ", set by the gateway itself", "，由系統設定")
                                : say(language, ", set by ", "，設定者 ") + origin.user;
    if (!origin.approver.empty()) {
        text += say(language, ", approved by ", "，核准者 ") + origin.approver;
    }
    return origin.reason.empty() ? text : text + ": " + origin.reason;
}

std::string use_text(const Explanation& explanation, const ExplainedUse& at, Language language) {
    const CreditUse& use = at.use;
    const auto amount = [&](risk::Amount value) { return amount_text(use.dimension, value); };
    return "      " + std::string(name_of(use.scope, language)) + " " +
           std::string(name_of(use.dimension, language)) + ": " + say(language, "limit ", "額度 ") +
           amount(use.limit.value) + " (" + origin_text(explanation, use, language) + "), " +
           say(language, "before ", "之前 ") + amount(use.before) + ", " +
           say(language, "with it ", "含此筆 ") + amount(use.with) + ", " + say(language, "after ", "之後 ") +
           amount(at.after) + (use.exceeded() ? say(language, " <- exceeded", " <- 超過") : std::string()) +
           "\n";
}

std::string check_text(const Explanation& explanation, const ExplainedCheck& check, Language language) {
    const auto verdict = static_cast<std::size_t>(check.verdict);
    std::string text = std::to_string(static_cast<unsigned>(check.check));
    text.insert(0, text.size() < 2 ? 1 : 0, ' ');
    text += "  " + pick(check_names[static_cast<std::size_t>(check.check)], language) + ": " +
            pick(verdict_names[verdict], language);
    for (std::size_t i = 0; i < check.inputs.size(); ++i) {
        text += (i == 0 ? " (" : "; ") + label(check.inputs[i], language) + " " + check.inputs[i].value;
    }
    text += check.inputs.empty() ? "\n" : ")\n";
    for (const ExplainedUse& use : check.uses) {
        text += use_text(explanation, use, language);
    }
    return text;
}

std::string decision_text(const risk::Decision& decision, Language language) {
    const risk::ReasonText& reason = risk::reason_text(decision.reason);
    std::string text = pick(outcome_names[static_cast<std::size_t>(decision.outcome)], language);
    if (decision.reason != risk::Reason::none) {
        text += ": " + std::string(reason.code) + ", " +
                std::string(language == Language::chinese ? reason.chinese : reason.english) + " (" +
                std::string(reason.rule) + ")";
    }
    return text;
}

Json json_of(const ExplainedCheck& check, const Explanation& explanation, Language language) {
    Json json;
    json["check"] = check_names[static_cast<std::size_t>(check.check)].code;
    json["name"] = pick(check_names[static_cast<std::size_t>(check.check)], language);
    json["verdict"] = verdict_names[static_cast<std::size_t>(check.verdict)].code;
    json["inputs"] = Json::object();
    for (const CheckInput& input : check.inputs) {
        json["inputs"][label(input, language)] = input.value;
    }
    json["limits"] = Json::array();
    for (const ExplainedUse& at : check.uses) {
        const CreditUse& use = at.use;
        Json limit;
        limit["scope"] = name_of(use.scope);
        limit["dimension"] = name_of(use.dimension);
        limit["limit"] = amount_text(use.dimension, use.limit.value);
        limit["given"] = use.limit.given;
        limit["version"] = use.limit.version;
        const auto found = explanation.origins.find(use.limit.version);
        if (found != explanation.origins.end()) {
            limit["set_at"] = taipei_text(found->second.at);
            limit["opening"] = found->second.opening;
            limit["set_by"] = found->second.user;
            limit["approved_by"] = found->second.approver;
            limit["reason"] = found->second.reason;
        }
        limit["before"] = amount_text(use.dimension, use.before);
        limit["with_command"] = amount_text(use.dimension, use.with);
        limit["after"] = amount_text(use.dimension, at.after);
        limit["exceeded"] = use.exceeded();
        json["limits"].push_back(std::move(limit));
    }
    return json;
}

}  // namespace

std::string_view name_of(risk::Check check, Language language) noexcept {
    const Name& name = check_names[static_cast<std::size_t>(check)];
    return language == Language::chinese ? name.chinese : name.code;
}

std::string text_of(const Explanation& explanation, Language language) {
    const auto line = [&](const char* english, const char* chinese, const std::string& value) {
        return say(language, english, chinese) + ": " + value + "\n";
    };
    std::string text = line("record", "紀錄",
                            std::to_string(explanation.sequence) + ", " +
                                kind_text(explanation.kind, language) + ", " + taipei_text(explanation.at));
    for (const CheckInput& term : explanation.terms) {
        text += "    " + label(term, language) + ": " + term.value + "\n";
    }
    text += line("decision", "決定", decision_text(explanation.decision, language));
    if (explanation.decision.order_key != 0) {
        text += line("order", "委託", std::to_string(explanation.decision.order_key));
    }
    if (explanation.decision.related != 0 && explanation.decision.related != explanation.sequence) {
        text += line("related record", "相關紀錄", std::to_string(explanation.decision.related));
    }
    text += line("replay", "重演",
                 !explanation.has_decision
                     ? say(language, "the journal holds no decision of this record", "日誌中此紀錄無決定")
                 : explanation.equal
                     ? say(language, "decides byte for byte as the journal says", "與日誌之決定逐位元組相同")
                     : say(language, "DECIDES OTHERWISE than the journal says: ", "與日誌之決定不同：") +
                           decision_text(explanation.journaled, language));
    if (explanation.is_command && explanation.checks.empty()) {
        text += line("checks", "檢核",
                     say(language, "the check list was not run: its order or its terms decide",
                         "未執行檢核清單：依原委託或指令內容決定"));
    }
    for (const ExplainedCheck& check : explanation.checks) {
        text += check_text(explanation, check, language);
    }
    return text;
}

std::string json_of(const Explanation& explanation, Language language) {
    Json json;
    json["sequence"] = explanation.sequence;
    json["kind"] = kind_text(explanation.kind, Language::english);
    json["time"] = taipei_text(explanation.at);
    json["terms"] = Json::object();
    for (const CheckInput& term : explanation.terms) {
        json["terms"][label(term, language)] = term.value;
    }
    const risk::Decision& decision = explanation.decision;
    const risk::ReasonText& reason = risk::reason_text(decision.reason);
    json["outcome"] = outcome_names[static_cast<std::size_t>(decision.outcome)].code;
    json["reason"] = reason.code;
    json["reason_text"] = language == Language::chinese ? reason.chinese : reason.english;
    json["rule"] = reason.rule;
    json["order"] = decision.order_key;
    json["related"] = decision.related;
    json["journal_has_decision"] = explanation.has_decision;
    json["replays_equal"] = explanation.equal;
    json["checks"] = Json::array();
    for (const ExplainedCheck& check : explanation.checks) {
        json["checks"].push_back(json_of(check, explanation, language));
    }
    return json.dump(2) + "\n";
}

}  // namespace fairlead::audit
