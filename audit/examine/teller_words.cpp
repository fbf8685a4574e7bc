// The names of records, outcomes and causes, English and Chinese.
#include <array>

#include "audit/examine/teller.hpp"

namespace fairlead::audit {

namespace {

using Names = std::array<std::string_view, 2>;

std::string_view pick(const Names& names, Language language) {
    return names[static_cast<std::size_t>(language)];
}

Names names_of(risk::RecordKind kind) {
    using enum risk::RecordKind;
    switch (kind) {
        case none:
            return {"none", "無"};
        case genesis:
            return {"genesis", "紀錄開始"};
        case start:
            return {"start", "系統啟動"};
        case stop:
            return {"stop", "系統停止"};
        case clock:
            return {"clock", "時鐘紀錄"};
        case level_change:
            return {"level_change", "留存等級變更"};
        case device_event:
            return {"device_event", "設備事件"};
        case key_change:
            return {"key_change", "金鑰變更"};
        case checkpoint_signed:
            return {"checkpoint_signed", "檢查點簽章"};
        case tick:
            return {"tick", "時間紀錄"};
        case capacity:
            return {"capacity", "系統容量"};
        case logon_attempt:
            return {"logon_attempt", "登入請求"};
        case logon_result:
            return {"logon_result", "登入結果"};
        case logout:
            return {"logout", "登出"};
        case sequence_reset:
            return {"sequence_reset", "訊息序號重設"};
        case session_received:
            return {"session_received", "收到連線訊息"};
        case session_sent:
            return {"session_sent", "送出連線訊息"};
        case new_order:
            return {"new_order", "新委託"};
        case replace_order:
            return {"replace_order", "改單"};
        case cancel_order:
            return {"cancel_order", "刪單"};
        case order_status:
            return {"order_status", "查詢委託"};
        case mass_cancel:
            return {"mass_cancel", "整批刪單"};
        case released:
            return {"released", "等候後送出"};
        case wait_expired:
            return {"wait_expired", "等候逾時"};
        case halted_unsent:
            return {"halted_unsent", "等候中遭暫停"};
        case handed_to_socket:
            return {"handed_to_socket", "交付線路"};
        case in_doubt:
            return {"in_doubt", "狀態不明"};
        case resolved:
            return {"resolved", "狀態釐清"};
        case venue_report:
            return {"venue_report", "交易所回報"};
        case venue_reject:
            return {"venue_reject", "交易所拒絕指令"};
        case venue_session:
            return {"venue_session", "交易所線路"};
        case orphan_report:
            return {"orphan_report", "無委託紀錄之回報"};
        case fill_adjusted:
            return {"fill_adjusted", "成交調整"};
        case proposal:
            return {"proposal", "提案"};
        case approval:
            return {"approval", "核准"};
        case limit_set:
            return {"limit_set", "額度設定"};
        case halt:
            return {"halt", "暫停交易"};
        case resume:
            return {"resume", "恢復交易"};
        case user_event:
            return {"user_event", "使用者作業"};
        case denied_request:
            return {"denied_request", "拒絕之請求"};
        case limit_term:
            return {"limit_term", "額度期限"};
        case usage_level:
            return {"usage_level", "額度使用警示"};
        case day_start:
            return {"day_start", "交易日開始"};
        case day_close:
            return {"day_close", "交易日結束"};
        case incident:
            return {"incident", "異常事件"};
        case maintenance_visit:
            return {"maintenance_visit", "維護作業"};
        case review:
            return {"review", "覆核"};
    }
    return {"unknown", "不明"};
}

Names names_of(risk::LogonVerdict verdict) {
    using enum risk::LogonVerdict;
    switch (verdict) {
        case none:
            return {"none", "無"};
        case accepted:
            return {"accepted", "接受"};
        case malformed:
            return {"malformed", "格式錯誤"};
        case unknown_session:
            return {"unknown session", "無此連線"};
        case bad_credentials:
            return {"unknown user or wrong password", "使用者不明或密碼錯誤"};
        case address_not_allowed:
            return {"address not allowed", "位址不允許"};
        case already_logged_on:
            return {"already logged on", "已登入"};
        case locked:
            return {"locked after failures", "多次失敗鎖定"};
        case outside_hours:
            return {"outside hours", "非允許時段"};
        case reset_not_permitted:
            return {"reset of numbers not permitted", "不允許重設序號"};
        case number_too_low:
            return {"message number too low", "訊息序號過小"};
        case password_expired:
            return {"password expired", "密碼逾期"};
        case sending_time:
            return {"SendingTime out of range", "發送時間超出範圍"};
        case timed_out:
            return {"connected and never logged on", "連線後未登入"};
        case refused_by_venue:
            return {"refused by the venue", "交易所拒絕"};
        case new_password_refused:
            return {"new password refused", "新密碼不合規定"};
        case left:
            return {"left while checked", "檢核中離線"};
        case account_disabled:
            return {"account disabled", "帳號停用"};
        case still_checking:
            return {"an earlier logon still checked", "前次登入檢核中"};
        case not_certified:
            return {"client program not certified", "客戶程式未通過認證"};
        case no_certificate:
            return {"no client certificate", "未出示客戶憑證"};
        case certificate_untrusted:
            return {"client certificate not trusted", "客戶憑證不受信任"};
        case certificate_expired:
            return {"client certificate expired or not yet valid", "客戶憑證逾期或尚未生效"};
        case certificate_revoked:
            return {"client certificate revoked", "客戶憑證已廢止"};
        case other_certificate:
            return {"another client's certificate", "非本連線之憑證"};
        case old_tls_version:
            return {"TLS older than 1.3", "TLS 版本低於 1.3"};
        case early_data:
            return {"TLS early data asked for", "要求 TLS 提前資料"};
        case handshake_stalled:
            return {"TLS handshake not finished in time", "TLS 交握逾時"};
        case handshake_failed:
            return {"TLS handshake failed", "TLS 交握失敗"};
    }
    return {"unknown", "不明"};
}

Names names_of(risk::LogoutCause cause) {
    using enum risk::LogoutCause;
    switch (cause) {
        case none:
            return {"none", "無"};
        case by_peer:
            return {"by the peer", "對方登出"};
        case by_us:
            return {"by the gateway, for a protocol reason", "違反協定由系統登出"};
        case disconnected:
            return {"disconnected", "斷線"};
        case heartbeat_lost:
            return {"heartbeat lost", "心跳中斷"};
        case by_operator:
            return {"by an operator", "操作人員登出"};
        case slow_reader:
            return {"slow reader", "讀取過慢"};
        case shutdown:
            return {"shutdown", "系統停止"};
        case crash_recovery:
            return {"was logged on when the gateway died", "系統異常中止時仍登入"};
        case over_rate:
            return {"over its rate", "超過訊息速率"};
        case cut_off:
            return {"cut off: TLS ended without close_notify", "TLS 未正常結束即斷線"};
        case broken_record:
            return {"broken TLS record", "TLS 資料毀損"};
    }
    return {"unknown", "不明"};
}

Names names_of(risk::ControlVerb verb) {
    using enum risk::ControlVerb;
    switch (verb) {
        case none:
            return {"none", "無"};
        case status:
            return {"status", "查詢狀態"};
        case limit_show:
            return {"limit_show", "查詢額度"};
        case limit_set:
            return {"limit_set", "設定額度"};
        case halt:
            return {"halt", "暫停交易"};
        case resume:
            return {"resume", "恢復交易"};
        case session_list:
            return {"session_list", "查詢連線"};
        case session_disconnect:
            return {"session_disconnect", "中斷連線"};
        case order_show:
            return {"order_show", "查詢委託"};
        case stop:
            return {"stop", "停止系統"};
        case day_close:
            return {"day_close", "結束交易日"};
        case login:
            return {"login", "登入"};
        case resolve:
            return {"resolve", "釐清狀態"};
        case journal_resume:
            return {"journal_resume", "恢復留存"};
        case password_change:
            return {"password_change", "變更密碼"};
        case user_list:
            return {"user_list", "查詢使用者"};
        case user_disable:
            return {"user_disable", "停用使用者"};
        case user_enable:
            return {"user_enable", "啟用使用者"};
        case user_unlock:
            return {"user_unlock", "解除鎖定"};
        case user_reset:
            return {"user_reset", "重設密碼"};
        case fill_adjust:
            return {"fill_adjust", "調整成交"};
        case logout:
            return {"logout", "登出"};
        case propose:
            return {"propose", "提案"};
        case approve:
            return {"approve", "核准"};
        case reject:
            return {"reject", "否決"};
        case withdraw:
            return {"withdraw", "撤回提案"};
        case proposal_list:
            return {"proposal_list", "查詢提案"};
        case user_add:
            return {"user_add", "新增使用者"};
        case user_set_role:
            return {"user_set_role", "變更角色"};
        case totp_enrol:
            return {"totp_enrol", "登錄第二因子"};
        case totp_confirm:
            return {"totp_confirm", "確認第二因子"};
        case totp_remove:
            return {"totp_remove", "移除第二因子"};
        case review_list:
            return {"review_list", "查詢權限覆核"};
        case review_decide:
            return {"review_decide", "權限覆核決定"};
        case visit_list:
            return {"visit_list", "查詢維護作業"};
        case visit_open:
            return {"visit_open", "開啟維護作業"};
        case visit_close:
            return {"visit_close", "結束維護作業"};
        case visit_sign:
            return {"visit_sign", "覆核維護作業"};
        case reload:
            return {"reload", "重新載入設定"};
    }
    return {"unknown", "不明"};
}

Names names_of(risk::ApprovalVerdict verdict) {
    using enum risk::ApprovalVerdict;
    switch (verdict) {
        case none:
            return {"none", "無"};
        case approved:
            return {"approved", "核准"};
        case rejected:
            return {"rejected", "否決"};
        case withdrawn:
            return {"withdrawn", "撤回"};
        case lapsed:
            return {"lapsed: not answered in time", "逾時未核，失效"};
    }
    return {"unknown", "不明"};
}

Names names_of(risk::LadderStep step) {
    using enum risk::LadderStep;
    switch (step) {
        case none:
            return {"", ""};
        case warn:
            return {"warning", "警示"};
        case slow:
            return {"slowed", "減速"};
        case block:
            return {"blocked", "暫停新委託"};
        case block_and_cancel:
            return {"blocked, open orders cancelled", "暫停新委託並刪除未成交委託"};
    }
    return {"unknown", "不明"};
}

Names names_of(risk::VisitAct act) {
    using enum risk::VisitAct;
    switch (act) {
        case none:
            return {"none", "無"};
        case opened:
            return {"opened", "開啟"};
        case closed:
            return {"closed", "結束"};
        case signed_off:
            return {"signed off", "覆核完成"};
    }
    return {"unknown", "不明"};
}

}  // namespace

std::string_view name_of(risk::RecordKind kind, Language language) {
    return pick(names_of(kind), language);
}
std::string_view name_of(risk::LogonVerdict verdict, Language language) {
    return pick(names_of(verdict), language);
}
std::string_view name_of(risk::LogoutCause cause, Language language) {
    return pick(names_of(cause), language);
}
std::string_view name_of(risk::ControlVerb verb, Language language) {
    return pick(names_of(verb), language);
}
std::string_view name_of(risk::ApprovalVerdict verdict, Language language) {
    return pick(names_of(verdict), language);
}
std::string_view name_of(risk::LadderStep step, Language language) {
    return pick(names_of(step), language);
}
std::string_view name_of(risk::VisitAct act, Language language) {
    return pick(names_of(act), language);
}
std::string_view name_of(risk::Outcome outcome, Language language) {
    static constexpr std::array<Names, 8> names{{{"", ""},
                                                 {"noted", "留存"},
                                                 {"accepted", "接受"},
                                                 {"refused", "拒絕"},
                                                 {"applied", "生效"},
                                                 {"duplicate", "重複"},
                                                 {"orphan", "無主"},
                                                 {"restated", "重述"}}};
    const auto at = static_cast<std::size_t>(outcome);
    return pick(names[at < names.size() ? at : 0], language);
}

}  // namespace fairlead::audit
