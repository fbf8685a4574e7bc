#include "gateway/orders/venue_status.hpp"

namespace fairlead::gateway {
namespace {

using enum VenueMeaning;

// The regular sub-system of TWSE; what holds elsewhere too unless a table below says otherwise.
// Ascending, so that a look-up may halve.
constexpr std::array common{
    VenueStatus{1, session_closed, "The venue no longer takes orders of this session.", "已逾委託時間"},
    VenueStatus{2, session_closed, "The venue does not take orders of this session yet.", "尚未開始委託"},
    VenueStatus{3, retry_later, "The venue is matching: ask again later.", "撮合處理中, 請稍後查詢"},
    VenueStatus{4, retry_later, "The venue is busy: wait.", "處理中, 請稍候"},
    VenueStatus{5, order_not_found, "The venue does not have this order.", "委託書不存在"},
    VenueStatus{11, wrong_locally, "The change names a price and a quantity, or neither.",
                "更改委託內容錯誤"},
    VenueStatus{12, wrong_locally, "The broker code is wrong.", "證券商代號錯誤"},
    VenueStatus{13, wrong_locally, "The branch code is wrong.", "分公司代號錯誤"},
    VenueStatus{14, wrong_locally, "The account number is wrong.", "投資人帳號錯誤"},
    VenueStatus{15, wrong_locally, "The line id is wrong.", "PVC 代號錯誤"},
    VenueStatus{16, wrong_locally, "The terminal id of the order number is wrong.", "櫃號錯誤"},
    VenueStatus{18, wrong_locally, "The serial of the order number is wrong.", "委託書序號錯誤"},
    VenueStatus{19, wrong_locally, "The channel flag is wrong.", "委託管道別錯誤"},
    VenueStatus{20, wrong_locally, "The security code is wrong.", "證券代號錯誤"},
    VenueStatus{21, wrong_locally, "The price is wrong.", "委託價格錯誤"},
    VenueStatus{22, wrong_locally, "The quantity is wrong.", "委託數量錯誤"},
    VenueStatus{24, wrong_locally, "The side is wrong.", "買賣別錯誤"},
    VenueStatus{25, wrong_locally, "The order type is wrong.", "委託種類錯誤"},
    VenueStatus{26, wrong_locally, "The exchange code is wrong.", "交易別錯誤"},
    VenueStatus{28, refused, "Foreign investors may not trade this security.", "外資不得買賣此證券"},
    VenueStatus{29, refused, "The order breaks a trust account's rule.", "信託專戶違規"},
    VenueStatus{30, refused, "The foreign or securities-lending quota is used up.", "超過外資或借券賣出額度"},
    VenueStatus{31, quantity_cut, "The quantity was cut to what the quota or the book allowed.",
                "委託數量遭刪減"},
    VenueStatus{32, wrong_locally, "The cut is greater than what is left.", "刪減數量大於剩餘數量"},
    VenueStatus{
        33, broker_limit,
        "The broker's order amount is over its limit at the venue: only cancels, cuts and queries pass.",
        "證券商委託總金額超過上限, 僅能取消, 更改, 查詢"},
    VenueStatus{34, refused, "The broker is in an area closed by a typhoon.", "證券商位於颱風停市地區"},
    VenueStatus{35, refused, "The broker's limit for buying this watched security is used up.",
                "異常證券買進金額超過上限"},
    VenueStatus{36, refused, "The broker's limit for selling this watched security is used up.",
                "異常證券賣出金額超過上限"},
    VenueStatus{38, refused, "Short selling of this security is forbidden.", "此證券不得融券或借券賣出"},
    VenueStatus{40, wrong_locally, "The order number was used before.", "委託書號重複"},
    VenueStatus{43, refused, "Trading in this security is suspended.", "證券暫停交易"},
    VenueStatus{45, refused, "Trading in this security is closed.", "證券停止交易"},
    VenueStatus{46, wrong_locally, "The price type or time in force is wrong.", "價格別或時效別錯誤"},
    VenueStatus{47, wrong_locally, "Market orders are forbidden in a call auction.", "集合競價不得市價委託"},
    VenueStatus{48, treat_as_cancel, "Nothing, or not everything, could be matched at once.",
                "立即成交或全部成交委託未能成交"},
    VenueStatus{49, wrong_locally, "IOC and FOK are forbidden in a call auction.",
                "集合競價不得 IOC 或 FOK 委託"},
    VenueStatus{50, no_leaves, "Nothing is left of this order: it is filled or cancelled.",
                "委託已全部成交或取消, 無剩餘數量"},
    VenueStatus{51, quantity_cut, "The part beyond the volatility band was cut.",
                "超過穩定措施範圍數量遭刪減"},
    VenueStatus{52, treat_as_cancel, "The order met the volatility interruption and was ended.",
                "瞬間價格穩定措施退回"},
    VenueStatus{53, wrong_locally, "The price of this order may not be changed.", "此委託不得改價"},
    VenueStatus{89, stop_line, "Too many errors on this line: call the venue.",
                "錯誤次數超過上限, 請洽交易所"},
    VenueStatus{97, wrong_locally, "TransactTime is too old for the venue.", "委託時間差異過大"},
    VenueStatus{99, in_doubt, "The venue does not know: query the order, or phone.",
                "狀態不明, 請查詢或電洽"},
    VenueStatus{200, front_end_down, "The venue's front end is not ready.", "FIX 前端主機尚未就緒"},
};

// What TPEx means otherwise.
constexpr std::array tpex{
    VenueStatus{27, refused, "Mainland investors may not trade this security.", "陸資不得買賣此證券"},
    VenueStatus{28, refused, "A dealer may not buy shares of securities firms.", "自營商不得買進證券商股票"},
    VenueStatus{37, refused, "The amount limit of this monitored security is used up.",
                "監視證券金額超過上限"},
    VenueStatus{38, refused, "Margin and short trading of this security is forbidden.", "此證券不得信用交易"},
    VenueStatus{39, refused, "Trust funds may not trade this security.", "信託基金不得買賣此證券"},
    VenueStatus{41, wrong_locally, "The order number was used before.", "委託書號重複"},
};

constexpr std::array odd_lot{
    VenueStatus{14, wrong_locally, "The quantity of an odd lot must be 1 to 999 shares.",
                "零股委託數量應為 1 至 999 股"},
    VenueStatus{35, broker_limit, "The broker's odd-lot order amount is over its limit.",
                "零股委託金額超過上限"},
};

constexpr std::array fixed_price{
    VenueStatus{38, refused, "Short selling below the reference price is forbidden.", "平盤以下不得放空"},
    VenueStatus{39, refused, "A dealer may not trade at the limit price.", "自營商不得以漲跌停價委託"},
};

constexpr VenueStatus field_length{221, broken_encoder, "A field has the wrong length.", "欄位長度錯誤"};
constexpr VenueStatus field_missing{241, broken_encoder, "A required field is missing.", "必要欄位缺漏"};
constexpr VenueStatus not_in_table{0, unknown, "A status this gateway does not know.", "未知的狀態碼"};

template <std::size_t N>
constexpr const VenueStatus* find(const std::array<VenueStatus, N>& table, std::uint16_t code) noexcept {
    for (const VenueStatus& status : table) {
        if (status.code == code) {
            return &status;
        }
    }
    return nullptr;
}

constexpr std::uint16_t odd_lot_prefix = 2;
constexpr std::uint16_t fixed_price_prefix = 7;
constexpr std::uint16_t intraday_odd_prefix = 12;  // 'C'

}  // namespace

const VenueStatus& venue_status(risk::Venue venue, std::uint16_t venue_code) noexcept {
    const auto prefix = static_cast<std::uint16_t>(venue_code / 1000);
    const auto code = static_cast<std::uint16_t>(venue_code % 1000);
    const VenueStatus* found = nullptr;
    if (prefix == odd_lot_prefix || prefix == intraday_odd_prefix) {
        found = find(odd_lot, code);
    } else if (prefix == fixed_price_prefix) {
        found = find(fixed_price, code);
    } else if (prefix != 0) {
        return not_in_table;
    }
    if (found == nullptr && venue == risk::Venue::tpex) {
        found = find(tpex, code);
    }
    if (found == nullptr) {
        found = find(common, code);
    }
    if (found == nullptr && code >= 221 && code <= 233) {
        found = &field_length;
    }
    if (found == nullptr && code >= 241 && code <= 256) {
        found = &field_missing;
    }
    return found == nullptr ? not_in_table : *found;
}

std::array<char, 4> venue_code_text(std::uint16_t venue_code) noexcept {
    const auto prefix = static_cast<unsigned>(venue_code / 1000);
    const auto digit = [venue_code](unsigned divisor) {
        return static_cast<char>('0' + venue_code / divisor % 10);
    };
    const char first = prefix < 10 ? static_cast<char>('0' + prefix) : static_cast<char>('A' + prefix - 10);
    return {first, digit(100), digit(10), digit(1)};
}

std::uint16_t venue_code_of(std::string_view text) noexcept {
    if (text.size() < 4 || (text.size() > 4 && text[4] >= '0' && text[4] <= '9')) {
        return 0;
    }
    unsigned code = 0;
    const char first = text[0];
    if (first >= '0' && first <= '9') {
        code = static_cast<unsigned>(first - '0');
    } else if (first >= 'A' && first <= 'Z') {
        code = static_cast<unsigned>(first - 'A') + 10;
    } else {
        return 0;
    }
    for (std::size_t i = 1; i < 4; ++i) {
        if (text[i] < '0' || text[i] > '9') {
            return 0;
        }
        code = code * 10 + static_cast<unsigned>(text[i] - '0');
    }
    return static_cast<std::uint16_t>(code);
}

}  // namespace fairlead::gateway
