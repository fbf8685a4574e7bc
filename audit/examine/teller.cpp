#include "audit/examine/teller.hpp"

#include <array>
#include <tuple>

#include "audit/examine/replayer.hpp"

namespace fairlead::audit {

namespace {

using risk::RecordKind;
using Names = std::pair<std::string_view, std::string_view>;

// A venue's report by what it says happened.
Names names_of_report(risk::OrderStatus exec_type) {
    using enum risk::OrderStatus;
    switch (exec_type) {
        case created:
            return {"acknowledged", "交易所接受"};
        case trade:
            return {"fill", "成交"};
        case replaced:
            return {"replaced", "改單成功"};
        case cancelled:
            return {"cancelled", "刪單成功"};
        case expired:
            return {"expired", "委託失效"};
        case rejected:
            return {"venue_refused", "交易所拒絕"};
        case restated:
            return {"venue_restated", "交易所更新"};
        case trade_cancel:
            return {"fill_bust", "成交撤銷"};
        case trade_correct:
            return {"fill_corrected", "成交更正"};
        case order_status:
            return {"status_told", "交易所回覆狀態"};
        default:
            return {"venue_report", "交易所回報"};
    }
}

Names name_of(risk::Resolution resolution) {
    using enum risk::Resolution;
    switch (resolution) {
        case none:
            return {"none", "無"};
        case never_sent:
            return {"its bytes never left", "未曾送出"};
        case gap_filled:
            return {"the venue asked for its number, so it has not processed it",
                    "交易所要求重送該序號，未曾處理"};
        case venue_does_not_know:
            return {"the venue does not know it", "交易所無此委託"};
        case venue_knows:
            return {"the venue knows it", "交易所確認存在"};
        case by_operator:
            return {"by two persons", "由人員裁定"};
        case venue_did:
            return {"the venue has done it", "交易所已完成變更"};
        case venue_did_not:
            return {"the venue has not done it", "交易所未予變更"};
    }
    return {"unknown", "不明"};
}

Names name_of(risk::CancelOrigin origin) {
    using enum risk::CancelOrigin;
    switch (origin) {
        case client:
            return {"", ""};
        case mass_cancel:
            return {"of a mass cancel", "因整批刪單"};
        case disconnect:
            return {"since the session ended", "因連線結束"};
        case halt:
            return {"of a halt", "因暫停交易"};
        case limit_cut:
            return {"of a limit cut", "因額度調降"};
    }
    return {"", ""};
}

std::string raw_text(Bytes raw) {
    return raw.empty() ? "" : std::string(reinterpret_cast<const char*>(raw.data()), raw.size());
}

Names name_of(risk::DeviceCause cause) {
    using enum risk::DeviceCause;
    switch (cause) {
        case none:
            return {"none", "無"};
        case keeper_lost:
            return {"keeper lost", "留存程式中斷"};
        case keeper_lag:
            return {"keeper behind", "留存落後"};
        case front_full:
            return {"front full", "留存緩衝已滿"};
        case disk_error:
            return {"disk error", "磁碟錯誤"};
        case disk_space:
            return {"disk space", "磁碟空間不足"};
        case sync_slow:
            return {"a slow write", "寫入過慢"};
        case clock_untrusted:
            return {"clock not trusted", "時鐘不可信"};
        case recovered:
            return {"recovered", "已恢復"};
        case operator_close:
            return {"closed by an operator", "由人員關閉"};
        case spare_ready:
            return {"goes on on the spare", "改用備援裝置"};
        case spare_resumed:
            return {"resumed on the spare by two persons", "經兩人核准於備援恢復"};
        case stamps_missing:
            return {"no receive stamps", "無接收時戳"};
        case revocation_list:
            return {"list of revoked certificates in force", "憑證廢止清冊生效"};
        case revocation_list_refused:
            return {"list of revoked certificates not usable", "憑證廢止清冊無法使用"};
        case standby_lost:
            return {"too few standbys acknowledge", "備援主機未確認留存"};
        case taken_over:
            return {"a standby takes over", "備援主機接手"};
        case takeover_granted:
            return {"the takeover is granted by two persons", "經兩人核准接手"};
    }
    return {"unknown", "不明"};
}

}  // namespace

void Teller::tell_incident(risk::IncidentCause cause) {
    switch (cause) {
        case risk::IncidentCause::none:
            return;
        case risk::IncidentCause::journal_end_lost:
            return add(word("the journal's end may be lost", "紀錄尾端可能遺失"));
        case risk::IncidentCause::peer_ahead:
            return add(word("a peer is ahead of the journal", "對方序號超前紀錄"));
        case risk::IncidentCause::not_approved:
            return add(word("the program or its configuration is not approved", "程式或設定未經核准"));
        case risk::IncidentCause::venue_refuses_all:
            return add(word("the venue refuses every order of a line", "市場拒絕該線路全部委託"));
    }
}

std::string Teller::word(std::string_view english, std::string_view chinese) const {
    return std::string(language_ == Language::chinese ? chinese : english);
}

void Teller::add(const std::string& text) {
    if (!text.empty()) {
        told_.detail += (told_.detail.empty() ? "" : "; ") + text;
    }
}

const Told& Teller::tell(const risk::Record& record, const risk::Answered* answered, Bytes raw) {
    told_ = {};
    told_.record = record.sequence;
    told_.at = record.utc_ns;
    told_.kind = record.kind;
    told_.event = name_of(record.kind);
    told_.event_zh = name_of(record.kind, Language::chinese);
    told_.cause = record.cause;
    told_.session = record.session;
    if (record.kind == RecordKind::day_start) {
        owners_.clear();
    }
    tell_command(record);
    tell_venue(record);
    tell_control(record, raw);
    tell_session(record);
    tell_operation(record, raw);
    if (answered != nullptr) {
        take_answer(*answered);
    }
    take_owner();
    return told_;
}

void Teller::tell_person(const risk::Person& person) {
    if (!person.investor.empty() && person.account.number != 0) {
        investors_[person.account] = person.investor;
    }
    told_.investor = person.investor;
    told_.account = person.account;
    told_.user = person.user.view();
}

void Teller::tell_subject(const risk::Subject& subject) {
    told_.investor = subject.investor;
    told_.account = subject.account;
    if (const auto owner = investors_.find(subject.account);
        subject.investor.empty() && owner != investors_.end()) {
        told_.investor = owner->second;
    }
    told_.user = subject.user.view();
    told_.approver = subject.approver.view();
    add(subject.reason.empty()
            ? ""
            : word("reason \"", "理由「") + std::string(subject.reason.view()) + word("\"", "」"));
}

void Teller::tell_command(const risk::Record& record) {
    const auto take = [this](const auto& command) {
        told_.symbol = command.facts.symbol;
        told_.side = command.facts.side;
        told_.client_order_id = command.facts.client_order_id;
        tell_person(command.person);
    };
    switch (record.kind) {
        case RecordKind::new_order: {
            const auto& order = as_kind<risk::NewOrder>(record);
            take(order);
            told_.order = record.sequence;  // unless it was told before: then the answer says so
            told_.quantity = order.facts.quantity;
            told_.price = order.facts.price;
            break;
        }
        case RecordKind::replace_order: {
            const auto& replace = as_kind<risk::ReplaceOrder>(record);
            take(replace);
            told_.quantity = replace.facts.quantity;
            told_.price = replace.facts.price;
            break;
        }
        case RecordKind::cancel_order: {
            const auto& cancel = as_kind<risk::CancelOrder>(record);
            take(cancel);
            told_.order = cancel.facts.order_key;
            const Names origin = name_of(cancel.facts.origin);
            add(word(origin.first, origin.second));
            break;
        }
        case RecordKind::order_status:
            take(as_kind<risk::OrderStatusRequest>(record));
            break;
        case RecordKind::mass_cancel: {
            const auto& mass = as_kind<risk::MassCancel>(record);
            take(mass);
            const Names origin = name_of(mass.facts.origin);
            add(word(origin.first, origin.second));
            break;
        }
        case RecordKind::released:
        case RecordKind::wait_expired:
        case RecordKind::halted_unsent:
            add(word("waited ", "等候 ") +
                std::to_string(as_kind<risk::Released>(record).facts.waited_ns / 1'000'000) +
                word(" ms", " 毫秒"));
            break;
        default:
            break;
    }
}

void Teller::tell_venue(const risk::Record& record) {
    switch (record.kind) {
        case RecordKind::handed_to_socket: {
            const risk::HandedToSocketFacts& facts = as_kind<risk::HandedToSocket>(record).facts;
            told_.line = record.session;
            told_.line_number = facts.first_number;
            add(word("messages ", "訊息 ") + std::to_string(facts.first_number) + word(" to ", " 至 ") +
                std::to_string(facts.last_number));
            break;
        }
        case RecordKind::in_doubt:
            told_.order = as_kind<risk::InDoubt>(record).facts.order_key;
            break;
        case RecordKind::resolved: {
            const risk::ResolvedFacts& facts = as_kind<risk::Resolved>(record).facts;
            told_.order = facts.order_key;
            const Names how = name_of(facts.resolution);
            add(word(how.first, how.second));
            break;
        }
        case RecordKind::venue_report:
        case RecordKind::orphan_report: {
            const risk::VenueReportFacts& facts = as_kind<risk::VenueReport>(record).facts;
            if (record.kind == RecordKind::venue_report) {
                std::tie(told_.event, told_.event_zh) = names_of_report(facts.exec_type);
            }
            told_.order = facts.order_key;
            told_.symbol = facts.symbol;
            told_.side = facts.side;
            told_.account = facts.account;
            told_.order_number = facts.order_number;
            told_.price = facts.price;
            told_.leaves = facts.leaves_quantity;
            told_.last_quantity = facts.last_quantity;
            told_.last_price = facts.last_price;
            told_.venue_code = facts.venue_code;
            add(facts.execution_id.empty() ? "" : "ExecID " + std::string(facts.execution_id.view()));
            break;
        }
        case RecordKind::venue_reject: {
            const risk::VenueRejectFacts& facts = as_kind<risk::VenueReject>(record).facts;
            told_.order = facts.order_key;
            told_.venue_code = facts.venue_code;
            break;
        }
        case RecordKind::venue_session:
            add(as_kind<risk::VenueSession>(record).facts.open != 0 ? word("open", "開啟")
                                                                    : word("closed", "關閉"));
            break;
        default:
            break;
    }
}

void Teller::tell_limit(const risk::LimitSetFacts& limit) {
    add(std::string(name_of(limit.scope, language_)) + " " +
        std::string(name_of(limit.dimension, language_)) + " " + amount_text(limit.dimension, limit.value));
}

void Teller::tell_proposal(const risk::ProposalFacts& facts) {
    if (facts.act == risk::ProposalAct::limit_set) {
        told_.symbol = facts.limit.symbol;
        tell_limit(facts.limit);
    } else {
        told_.symbol = facts.halt.symbol;
        add(word("resume ", "恢復交易 ") + std::string(name_of(facts.halt.scope, language_)));
        add(facts.halt.session == 0 ? "" : word("session ", "連線 ") + std::to_string(facts.halt.session));
    }
    add(facts.effective_ns == 0 ? "" : word("from ", "自 ") + taipei_text(facts.effective_ns));
    add(facts.expires_ns == 0 ? "" : word("until ", "至 ") + taipei_text(facts.expires_ns));
    add(facts.batch == 0 ? "" : word("batch ", "批次 ") + std::to_string(facts.batch));
    add(facts.alone == 0 ? "" : word("a lowering: needs no approval", "調降：無須核准"));
}

void Teller::tell_control(const risk::Record& record, Bytes raw) {
    switch (record.kind) {
        case RecordKind::limit_set: {
            const auto& set = as_kind<risk::LimitSet>(record);
            tell_subject(set.subject);
            told_.symbol = set.facts.symbol;
            tell_limit(set.facts);
            break;
        }
        case RecordKind::halt:
        case RecordKind::resume: {
            const auto& halt = as_kind<risk::Halt>(record);
            tell_subject(halt.subject);
            told_.symbol = halt.facts.symbol;
            add(std::string(name_of(halt.facts.scope, language_)));
            add(halt.facts.session == 0 ? ""
                                        : word("session ", "連線 ") + std::to_string(halt.facts.session));
            add(halt.facts.cancel_open == 0 ? "" : word("open orders cancelled", "並刪除未成交委託"));
            break;
        }
        case RecordKind::fill_adjusted: {
            const auto& adjusted = as_kind<risk::FillAdjusted>(record);
            tell_subject(adjusted.subject);
            told_.order = adjusted.facts.order_key;
            told_.last_price = adjusted.facts.price;
            add("ExecID " + std::string(adjusted.facts.execution_id.view()));
            add(adjusted.facts.price == 0 ? word("bust", "撤銷") : word("corrected", "更正"));
            break;
        }
        case RecordKind::proposal: {
            const auto& proposal = as_kind<risk::Proposal>(record);
            tell_subject(proposal.subject);
            tell_proposal(proposal.facts);
            break;
        }
        case RecordKind::approval: {
            const risk::ApprovalFacts& facts = as_kind<risk::Approval>(record).facts;
            tell_subject(as_kind<risk::Approval>(record).subject);
            add(std::string(name_of(facts.verdict, language_)));
            add(word("proposal ", "提案 ") + std::to_string(facts.proposal));
            add(facts.whole_batch == 0 ? "" : word("and its whole batch", "及其整批"));
            break;
        }
        case RecordKind::limit_term: {
            const auto& term = as_kind<risk::LimitTerm>(record);
            tell_subject(term.subject);
            told_.symbol = term.facts.back.symbol;
            tell_limit(term.facts.back);
            add(word("again from ", "恢復於 ") + taipei_text(term.facts.expires_ns));
            break;
        }
        case RecordKind::usage_level: {
            const auto& crossed = as_kind<risk::UsageLevel>(record);
            const risk::UsageLevelFacts& facts = crossed.facts;
            tell_subject(crossed.subject);
            add(facts.scope == risk::Scope::none ? "" : std::string(name_of(facts.scope, language_)));
            add(std::string(name_of(facts.dimension, language_)) + " " +
                amount_text(facts.dimension, facts.usage) + word(" of ", " / ") +
                amount_text(facts.dimension, facts.limit));
            add(word(facts.rising != 0 ? "reached " : "below ", facts.rising != 0 ? "達 " : "低於 ") +
                std::to_string(facts.permille / 10) + " %");
            add(std::string(name_of(facts.step, language_)));
            break;
        }
        case RecordKind::maintenance_visit: {
            const auto& visit = as_kind<risk::Visit>(record);
            tell_subject(visit.subject);
            add(std::string(name_of(visit.facts.act, language_)));
            add(word("ticket ", "單號 ") + std::string(visit.facts.ticket.view()));
            add(visit.facts.until_ns == 0 ? "" : word("until ", "至 ") + taipei_text(visit.facts.until_ns));
            add(raw_text(raw));
            break;
        }
        case RecordKind::review: {
            const auto& review = as_kind<risk::Review>(record);
            tell_subject(review.subject);
            const bool kept = review.facts.decision == risk::ReviewDecision::kept;
            add(std::to_string(review.facts.half_year));
            add(kept ? word("rights kept", "保留權限") : word("rights removed", "移除權限"));
            add(raw_text(raw));
            break;
        }
        case RecordKind::user_event:
        case RecordKind::denied_request: {
            const auto& event = as_kind<risk::ControlEvent>(record);
            tell_subject(event.subject);
            add(std::string(name_of(event.facts.verb, language_)));
            static constexpr std::array<Names, 5> denials{
                {{"", ""},
                 {"no right to it", "無此權限"},
                 {"unknown user or wrong password", "使用者不明或密碼錯誤"},
                 {"malformed or impossible", "內容錯誤或不可行"},
                 {"recorded and not done", "已留存但未執行"}}};
            const Names& denial = denials[event.facts.denied < denials.size() ? event.facts.denied : 0];
            add(word(denial.first, denial.second));
            add(raw_text(raw));
            break;
        }
        default:
            break;
    }
}

void Teller::tell_session(const risk::Record& record) {
    switch (record.kind) {
        case RecordKind::logon_attempt: {
            const auto& attempt = as_kind<risk::LogonAttempt>(record);
            tell_person(attempt.person);
            add(attempt.facts.password_change != 0 ? word("with a new password", "含新密碼") : "");
            break;
        }
        case RecordKind::logon_result: {
            const auto& result = as_kind<risk::LogonResult>(record);
            tell_person(result.person);
            add(std::string(name_of(result.facts.verdict, language_)));
            if (result.facts.verdict == risk::LogonVerdict::accepted && !result.person.user.empty()) {
                logged_on_[record.session] = result.person.user;
            }
            break;
        }
        case RecordKind::logout: {
            const auto& logout = as_kind<risk::Logout>(record);
            tell_person(logout.person);
            add(std::string(name_of(logout.facts.cause, language_)));
            if (const auto user = logged_on_.find(record.session); user != logged_on_.end()) {
                told_.user = told_.user.empty() ? user->second.view() : told_.user;
                logged_on_.erase(user);
            }
            break;
        }
        case RecordKind::session_received:
        case RecordKind::session_sent: {
            const risk::SessionMessageFacts& facts = as_kind<risk::SessionMessage>(record).facts;
            add(word("type ", "類別 ") + std::string(facts.message_type.view()) +
                word(", number ", "，序號 ") + std::to_string(facts.arrival.message_number));
            add(facts.reject_reason == 0
                    ? ""
                    : word("refused, reason ", "拒絕，原因 ") + std::to_string(facts.reject_reason - 1) +
                          word(", tag ", "，欄位 ") + std::to_string(facts.reject_tag));
            break;
        }
        case RecordKind::sequence_reset: {
            const risk::SequenceResetFacts& facts = as_kind<risk::SequenceReset>(record).facts;
            add(word("expects ", "預期 ") + std::to_string(facts.next_in) + word(", sends ", "，送出 ") +
                std::to_string(facts.next_out));
            break;
        }
        default:
            break;
    }
}

void Teller::tell_operation(const risk::Record& record, Bytes raw) {
    switch (record.kind) {
        case RecordKind::start:
            logged_on_.clear();
            add(word("replayed ", "重播 ") +
                std::to_string(as_kind<risk::Start>(record).facts.replayed_records) +
                word(" records", " 筆"));
            break;
        case RecordKind::capacity: {
            const risk::CapacityFacts& facts = as_kind<risk::Capacity>(record).facts;
            add(std::to_string(facts.orders) + word(" orders a day, ", " 筆委託，") +
                std::to_string(facts.commands) + word(" commands, ", " 筆指令，") +
                std::to_string(facts.executions) + word(" executions, ", " 筆成交，") +
                std::to_string(facts.positions) + word(" positions, ", " 筆部位，") +
                std::to_string(facts.limits) + word(" limits, ", " 筆額度，") + std::to_string(facts.halts) +
                word(" halts", " 筆停單"));
            break;
        }
        case RecordKind::clock: {
            const risk::ClockFacts& facts = as_kind<risk::Clock>(record).facts;
            add(word("step of ", "偏移 ") + std::to_string(facts.offset_ns) + " ns");
            add(facts.synchronised != 0 ? word("synchronised", "已校時")
                                        : word("not synchronised", "未校時"));
            break;
        }
        case RecordKind::device_event: {
            const risk::DeviceEventFacts& facts = as_kind<risk::DeviceEvent>(record).facts;
            const Names cause = name_of(facts.cause);
            add(word(cause.first, cause.second));
            add(facts.orders_closed != 0 ? word("new orders refused", "拒收新委託") : "");
            add(std::string(reinterpret_cast<const char*>(raw.data()), raw.size()));
            break;
        }
        case RecordKind::incident:
            tell_incident(as_kind<risk::Incident>(record).facts.cause);
            break;
        case RecordKind::day_start:
            add(std::to_string(as_kind<risk::DayStart>(record).facts.date));
            break;
        default:
            break;
    }
}

void Teller::take_answer(const risk::Answered& answered) {
    const risk::Decision& decision = answered.decision;
    const risk::Routing& routing = answered.routing;
    told_.outcome = decision.outcome;
    told_.reason = decision.reason;
    told_.venue_code = decision.venue_code != 0 ? decision.venue_code : told_.venue_code;
    told_.order = decision.order_key != 0 ? decision.order_key : told_.order;
    told_.client_session = decision.client_session;
    if (decision.order_key != 0) {
        told_.symbol = decision.symbol;
        told_.side = decision.side;
        told_.leaves = decision.leaves;
        told_.filled = decision.filled;
        told_.account = decision.account.number != 0 ? decision.account : told_.account;
        told_.client_order_id =
            told_.client_order_id.empty() ? decision.client_order_id : told_.client_order_id;
        if (told_.kind != RecordKind::new_order && told_.kind != RecordKind::replace_order) {
            told_.quantity = decision.ordered;
            told_.price = decision.price;
        }
        if (told_.last_quantity == 0) {
            told_.last_quantity = decision.last_quantity;
            told_.last_price = decision.last_price;
        }
    }
    if (!routing.order_number.empty()) {
        told_.order_number = routing.order_number;
    }
    if (routing.line_number != 0) {
        told_.line = routing.line;
        told_.line_number = routing.line_number;
        add(word("to line ", "送線路 ") + std::to_string(routing.line) + word(" as message ", " 訊息 ") +
            std::to_string(routing.line_number));
    } else if (routing.choice == risk::LineChoice::waiting) {
        add(word("waits for its line's rate", "等候線路流量"));
    }
}

// What the record does not say of its order, from what was said before.
void Teller::take_owner() {
    const bool orphan = told_.kind == RecordKind::orphan_report;
    if (const auto investor = investors_.find(told_.account); orphan && investor != investors_.end()) {
        told_.investor = investor->second;
    }
    if (told_.order == 0) {
        return;
    }
    if (told_.order == told_.record && (orphan || told_.kind == RecordKind::new_order)) {
        owners_[told_.order] = {told_.investor, told_.account, told_.symbol, told_.side, told_.order_number};
        return;
    }
    const auto found = owners_.find(told_.order);
    if (found == owners_.end()) {
        return;
    }
    Owner& owner = found->second;
    if (!told_.order_number.empty()) {
        owner.order_number = told_.order_number;
    }
    told_.order_number = owner.order_number;
    told_.investor = owner.investor;
    told_.account = owner.account;
    told_.symbol = owner.symbol;
    told_.side = owner.side;
}

}  // namespace fairlead::audit
