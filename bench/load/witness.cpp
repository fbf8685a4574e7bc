// The witness is lines of tab-separated fields; a line of their names comes before them. Columns are found
// by name, so the exchange may add some; rows of other runs in the same file join nothing.
#include "bench/load/witness.hpp"

#include <algorithm>
#include <fstream>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace fairlead::load {
namespace {

constexpr std::size_t absent = SIZE_MAX;

struct Columns {
    std::size_t monotonic = absent;
    std::size_t direction = absent;
    std::size_t type = absent;
    std::size_t identifier = absent;

    [[nodiscard]] bool complete() const {
        return monotonic != absent && direction != absent && type != absent && identifier != absent;
    }
};

void split(std::string_view line, std::vector<std::string_view>& fields) {
    fields.clear();
    for (std::size_t from = 0;;) {
        const std::size_t tab = line.find('\t', from);
        fields.push_back(line.substr(from, tab == std::string_view::npos ? tab : tab - from));
        if (tab == std::string_view::npos) {
            return;
        }
        from = tab + 1;
    }
}

Columns find_columns(const std::vector<std::string_view>& names) {
    Columns columns;
    for (std::size_t i = 0; i < names.size(); ++i) {
        std::string_view name = names[i];
        name.remove_prefix(std::min(name.find_first_not_of("# "), name.size()));
        if (name == "mono_ns") {
            columns.monotonic = i;
        } else if (name == "direction") {
            columns.direction = i;
        } else if (name == "type") {
            columns.type = i;
        } else if (name == "cl_ord_id") {
            columns.identifier = i;
        }
    }
    return columns;
}

// The venue pads ClOrdID with spaces.
std::uint64_t key_of(std::string_view identifier) {
    const std::size_t end = identifier.find_last_not_of(' ');
    return end == std::string_view::npos ? 0 : fix::parse_unsigned(identifier.substr(0, end + 1)).value;
}

}  // namespace

ArrivalResult join_witness(const std::string& path, const Outcomes& outcomes) {
    ArrivalResult result;
    result.given = true;
    result.by_session.resize(outcomes.sessions().size());
    std::ifstream file(path, std::ios::binary);
    std::string line;
    std::vector<std::string_view> fields;
    Columns columns;
    constexpr int heading_lines_max = 4;
    for (int i = 0; i < heading_lines_max && !columns.complete() && std::getline(file, line); ++i) {
        split(line, fields);
        columns = find_columns(fields);
    }
    if (!columns.complete()) {
        result.error =
            path + ": not a witness file: its heading must name mono_ns, direction, type and cl_ord_id";
        return result;
    }
    const std::size_t last =
        std::max({columns.monotonic, columns.direction, columns.type, columns.identifier});
    std::unordered_map<std::uint64_t, std::int64_t> arrivals;  // order key -> monotonic ns
    arrivals.reserve(outcomes.orders().size());
    while (std::getline(file, line)) {
        split(line, fields);
        if (fields.size() <= last || fields[columns.direction] != "in" || fields[columns.type] != "D") {
            continue;
        }
        arrivals.try_emplace(key_of(fields[columns.identifier]),
                             fix::parse_signed(fields[columns.monotonic]).value);
    }
    for (const OrderState& order : outcomes.orders()) {
        if (order.command == no_command || order.order_key == 0) {
            continue;
        }
        const SentCommand& sent = outcomes.commands()[order.command];
        const auto arrival = arrivals.find(order.order_key);
        // A venue's stamp before our sending belongs to an earlier run over the same file.
        const bool seen = arrival != arrivals.end() && arrival->second >= sent.sent_ns;
        if (sent.answer == Answer::accepted || sent.answer == Answer::refused_by_venue) {
            result.accepted_unseen += seen ? 0 : 1;
        } else if (sent.answer == Answer::refused) {
            result.refused_seen += seen ? 1 : 0;
        }
        if (seen) {
            ++result.orders_seen;
            result.wire_to_wire.record(arrival->second - sent.sent_ns);
            result.by_session[sent.session].record(arrival->second - sent.sent_ns);
        }
    }
    return result;
}

}  // namespace fairlead::load
