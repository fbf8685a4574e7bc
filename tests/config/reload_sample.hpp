// A whole good configuration with settings of every kind written out, for tests of a reload.
#pragma once

#include <string>

namespace fairlead::tests {

inline const std::string reload_sample = R"(# of a test
[gateway]
name = "test"
revision = 7
logon_timeout_s = 5
[journal]
directory = "journal"
front_directory = "front"
keeper_lag_ms = 100
keeper_lag_mib = 16
sync_alarm_ms = 10
sync_refuse_ms = 250
front_refuse_percent = 80
front_disconnect_percent = 95
[clock]
alarm_us = 100
refuse_ms = 1000
unsynchronised_refuse_s = 60
[reference]
securities = "securities.csv"
accounts = "accounts.csv"
calendar = "calendar.toml"
[control]
socket = "control"
users = "users.toml"
[[session]]
id = 2
sender_comp_id = "CLIENT02"
target_comp_id = "FAIRLEAD"
user = "client2"
allowed_addresses = ["127.0.0.1"]
accounts = "all"
message_rate = 100
[[session]]
id = 1
sender_comp_id = "CLIENT01"
target_comp_id = "FAIRLEAD"
user = "client1"
allowed_addresses = ["10.1.2.0/24", "2001:db8::/32"]
accounts = ["8610-*", "8611-0000017"]
inbound_rate = 500
inbound_pause_s = 3
heartbeat_min_s = 5
heartbeat_max_s = 120
hours = ["08:00-14:00"]
[[line]]
id = 101
venue = "TWSE"
host = "127.0.0.1"
port = 9881
sender_comp_id = "T8610H3"
target_comp_id = "XTAI"
password = "9999"
term_id = "A"
[[line]]
id = 102
venue = "TPEx"
host = "127.0.0.1"
port = 9882
sender_comp_id = "O8610H3"
target_comp_id = "ROCO"
password = "1234"
term_id = "A"
rate_per_second = 160
wait_age_limit_ms = 1000
rejects_in_a_row_max = 100
)";

// With one text, which must be there, in place of another.
inline std::string replaced(std::string text, const std::string& from, const std::string& to) {
    const std::size_t at = text.find(from);
    return at == std::string::npos ? std::string("not there: ") + from : text.replace(at, from.size(), to);
}

}  // namespace fairlead::tests
