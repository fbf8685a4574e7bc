// Witness: a message's fields picked out of its raw text in one pass.
#include "bench/exchange/witness.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>

#include "risk/assert.hpp"

namespace fairlead::exchange {
namespace {

constexpr char soh = '\x01';

// Tags in the order of their columns, from `number` to `ref_number`; 50 and 57 are told apart below.
enum Column : std::size_t {
    number,
    type,
    poss_dup,
    branch,
    ap_code,
    cl_ord_id,
    orig_cl_ord_id,
    order_number,
    account,
    symbol,
    side,
    quantity,
    price,
    ord_type,
    time_in_force,
    credit_type,
    exec_type,
    ord_status,
    exec_id,
    last_quantity,
    last_price,
    leaves,
    cumulated,
    code,
    ref_number,
    column_count
};

std::size_t column_of(int tag, bool incoming) {
    switch (tag) {
        case 34:
            return number;
        case 35:
            return type;
        case 43:
            return poss_dup;
        case 50:
            return incoming ? branch : ap_code;
        case 57:
            return incoming ? ap_code : branch;
        case 11:
            return cl_ord_id;
        case 41:
            return orig_cl_ord_id;
        case 37:
            return order_number;
        case 1:
            return account;
        case 55:
            return symbol;
        case 54:
            return side;
        case 38:
            return quantity;
        case 44:
            return price;
        case 40:
            return ord_type;
        case 59:
            return time_in_force;
        case 10001:
            return credit_type;
        case 150:
            return exec_type;
        case 39:
            return ord_status;
        case 17:
            return exec_id;
        case 32:
            return last_quantity;
        case 31:
            return last_price;
        case 151:
            return leaves;
        case 14:
            return cumulated;
        case 58:
            return code;
        case 45:
            return ref_number;
        default:
            return column_count;
    }
}

std::int64_t clock_ns(clockid_t clock) {
    timespec now{};
    ::clock_gettime(clock, &now);
    return now.tv_sec * 1'000'000'000 + now.tv_nsec;
}

// Nothing of a hostile message may look like a column or a line end.
void append_clean(std::string& into, std::string_view text) {
    for (const char c : text) {
        into += c == soh ? '|' : static_cast<unsigned char>(c) < 0x20 ? '?' : c;
    }
}

std::string begin_line(const Stamp& stamp, std::string_view line_name, std::string_view direction,
                       std::size_t more) {
    std::string text;
    text.reserve(96 + more);
    text += std::to_string(stamp.utc_ns);
    text += '\t';
    text += std::to_string(stamp.mono_ns);
    text += '\t';
    text += line_name;
    text += '\t';
    text += direction;
    return text;
}

}  // namespace

Stamp stamp_now() {
    return {clock_ns(CLOCK_REALTIME), clock_ns(CLOCK_MONOTONIC)};
}

std::string witness_line(const Stamp& stamp, std::string_view line_name, bool incoming,
                         std::string_view raw) {
    std::array<std::string_view, column_count> columns;
    std::string_view rest = raw;
    while (!rest.empty()) {
        const std::size_t end = rest.find(soh);
        const std::string_view field = rest.substr(0, end);
        rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
        int tag = 0;
        std::size_t at = 0;
        for (; at < field.size() && at < 5 && field[at] >= '0' && field[at] <= '9'; ++at) {
            tag = tag * 10 + (field[at] - '0');
        }
        if (at == field.size() || field[at] != '=') {
            continue;
        }
        const std::size_t column = column_of(tag, incoming);
        if (column != column_count && columns[column].data() == nullptr) {
            columns[column] = field.substr(at + 1);
        }
    }
    columns[code] = columns[code].substr(0, columns[code].find('-'));
    std::string text = begin_line(stamp, line_name, incoming ? "in" : "out", 2 * raw.size());
    for (const std::string_view value : columns) {
        text += '\t';
        append_clean(text, value);
    }
    text += '\t';
    append_clean(text, raw);
    text += '\n';
    return text;
}

std::string witness_event(const Stamp& stamp, std::string_view line_name, std::string_view event) {
    std::string text = begin_line(stamp, line_name, "event", event.size());
    text.append(column_count + 1, '\t');
    append_clean(text, event);
    text += '\n';
    return text;
}

Witness::~Witness() {
    if (descriptor_ >= 0) {
        ::close(descriptor_);
    }
}

bool Witness::open(const std::string& path, std::string& problem) {
    descriptor_ = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
    if (descriptor_ < 0) {
        problem = std::strerror(errno);
        return false;
    }
    struct stat facts {};
    if (::fstat(descriptor_, &facts) == 0 && facts.st_size == 0) {
        append(std::string(witness_first_line) + "\n" + std::string(witness_columns) + "\n");
    }
    return true;
}

void Witness::append(std::string_view text) {
    while (descriptor_ >= 0 && !text.empty()) {
        const ssize_t written = ::write(descriptor_, text.data(), text.size());
        if (written < 0 && errno == EINTR) {
            continue;
        }
        // A judge that cannot write must not go on as if it had.
        risk::require(written > 0, "the witness file takes every line");
        text.remove_prefix(static_cast<std::size_t>(written));
    }
}

}  // namespace fairlead::exchange
