// LogonRule: the connection status codes a refused logon is told.
#include "bench/exchange/logon_rule.hpp"

#include <algorithm>

namespace fairlead::exchange {

std::string raw_data_for(std::uint32_t append_number, std::uint32_t password) {
    const std::uint32_t product = append_number * password;
    std::string text = std::to_string(1000 + append_number).substr(1);
    text += static_cast<char>('0' + product / 1000 % 10);
    text += static_cast<char>('0' + product / 100 % 10);
    return text;
}

std::string LogonRule::check(std::string_view raw_data_length, std::string_view raw_data) {
    if (raw_data_length != "5" || raw_data.size() != 5) {
        return "08-RAWDATALENGTH ERROR";
    }
    std::uint32_t append_number = 0;
    for (const char digit : raw_data.substr(0, 3)) {
        if (digit < '0' || digit > '9') {
            return "01-APPEND-NO ERROR";
        }
        append_number = append_number * 10 + static_cast<std::uint32_t>(digit - '0');
    }
    if (append_number == 0) {
        return "03-APPEND-NO IS ZERO";
    }
    if (std::find(used_.begin(), used_.end(), append_number) != used_.end()) {
        return "01-APPEND-NO ERROR";
    }
    // A wrong key uses the number up as well: nobody tries a hundred keys on one number.
    used_[next_] = append_number;
    next_ = (next_ + 1) % remembered;
    return raw_data == raw_data_for(append_number, password_) ? std::string() : "02-KEY-VALUE ERROR";
}

}  // namespace fairlead::exchange
