#include "audit/export/tables.hpp"

#include <array>

#include "risk/assert.hpp"

namespace fairlead::audit {

namespace {

constexpr std::array orders{
    Column{"order_key", "INTEGER", "the record of its New; refused ones too"},
    Column{"received_at", "TEXT", "Taipei"},
    Column{"received_utc_ns", "INTEGER", "nanoseconds since 1970"},
    Column{"session", "INTEGER", "client session"},
    Column{"user", "TEXT", ""},
    Column{"investor", "TEXT", ""},
    Column{"account", "TEXT", "branch-number; masked unless revealed"},
    Column{"symbol", "TEXT", ""},
    Column{"side", "TEXT", "buy or sell"},
    Column{"quantity", "INTEGER", "shares, as in force"},
    Column{"price_ntd", "TEXT", "as in force; 0: market"},
    Column{"status", "TEXT", "refused, open, filled, part_filled, cancelled, expired, ended"},
    Column{"filled", "INTEGER", "shares"},
    Column{"filled_value_ntd", "TEXT", "price times shares over its fills"},
    Column{"leaves", "INTEGER", "shares still open"},
    Column{"reason_code", "TEXT", "why it was refused or ended"},
    Column{"reason", "TEXT", ""},
    Column{"client_order_id", "TEXT", "ClOrdID of its New"},
    Column{"venue_order_number", "TEXT", ""},
    Column{"line", "INTEGER", "venue line; empty: never sent"},
    Column{"last_record", "INTEGER", "the last record that told of it"},
    Column{"last_at", "TEXT", "Taipei"}};

constexpr std::array events{Column{"record", "INTEGER", "place in the journal, from 1"},
                            Column{"at", "TEXT", "Taipei"},
                            Column{"utc_ns", "INTEGER", "nanoseconds since 1970"},
                            Column{"event", "TEXT", "new_order, fill, limit_set, logon_result ..."},
                            Column{"outcome", "TEXT", "accepted, refused, applied, duplicate ..."},
                            Column{"order_key", "INTEGER", "orders.order_key"},
                            Column{"cause", "INTEGER", "the record this one answers"},
                            Column{"session", "INTEGER", "client session or venue line"},
                            Column{"line", "INTEGER", "venue line a message went to"},
                            Column{"line_number", "INTEGER", "its MsgSeqNum"},
                            Column{"user", "TEXT", "who acted"},
                            Column{"approver", "TEXT", "the second person"},
                            Column{"investor", "TEXT", ""},
                            Column{"account", "TEXT", "branch-number; masked unless revealed"},
                            Column{"symbol", "TEXT", ""},
                            Column{"side", "TEXT", ""},
                            Column{"quantity", "INTEGER", "shares"},
                            Column{"price_ntd", "TEXT", ""},
                            Column{"leaves", "INTEGER", "shares, after this record"},
                            Column{"filled", "INTEGER", "shares, after this record"},
                            Column{"last_quantity", "INTEGER", "shares of this fill"},
                            Column{"last_price_ntd", "TEXT", "of this fill"},
                            Column{"client_order_id", "TEXT", ""},
                            Column{"venue_order_number", "TEXT", ""},
                            Column{"reason_code", "TEXT", ""},
                            Column{"reason", "TEXT", ""},
                            Column{"venue_code", "INTEGER", ""},
                            Column{"detail", "TEXT", ""}};

constexpr std::array fills{Column{"record", "INTEGER", "events.record"},
                           Column{"at", "TEXT", "Taipei"},
                           Column{"utc_ns", "INTEGER", "nanoseconds since 1970"},
                           Column{"order_key", "INTEGER", "orders.order_key"},
                           Column{"investor", "TEXT", ""},
                           Column{"account", "TEXT", "branch-number; masked unless revealed"},
                           Column{"symbol", "TEXT", ""},
                           Column{"side", "TEXT", ""},
                           Column{"quantity", "INTEGER", "shares"},
                           Column{"price_ntd", "TEXT", ""},
                           Column{"value_ntd", "TEXT", "exact"},
                           Column{"value_ntd_ten_thousandths", "INTEGER", "the same to be summed exactly"}};

constexpr std::array limits{Column{"record", "INTEGER", "events.record; the limit's version"},
                            Column{"at", "TEXT", "Taipei"},
                            Column{"utc_ns", "INTEGER", "nanoseconds since 1970"},
                            Column{"scope", "TEXT", "firm, branch, investor or account"},
                            Column{"target", "TEXT", "whose; an account masked unless revealed"},
                            Column{"dimension", "TEXT", "buy, sell, gross_day, net ..."},
                            Column{"symbol", "TEXT", ""},
                            Column{"value", "TEXT", "NTD, shares or a count, by dimension; or unlimited"},
                            Column{"previous", "TEXT", "as set by control before; empty: never"},
                            Column{"raised", "INTEGER", "1: above the previous one"},
                            Column{"user", "TEXT", "who asked"},
                            Column{"approver", "TEXT", "the second person"},
                            Column{"reason", "TEXT", "in their words"},
                            Column{"outcome", "TEXT", "accepted or refused"}};

constexpr std::array<Table, table_count> tables{
    {{"orders", "every New, refused ones too, as it stood at the end", orders},
     {"events", "every record of the journal", events},
     {"fills", "what was executed", fills},
     {"limits", "every change of a limit", limits}}};

}  // namespace

const Table& table_of(TableId table) noexcept {
    const auto at = static_cast<std::size_t>(table);
    risk::require(at < tables.size(), "a table of the export");
    return tables[at];
}

}  // namespace fairlead::audit
