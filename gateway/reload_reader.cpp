// See reload_reader.hpp.
#include "gateway/reload_reader.hpp"

#include <sodium.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <tuple>

#include "config/changes.hpp"
#include "config/files.hpp"
#include "gateway/approved_programs.hpp"

namespace fairlead::gateway {
namespace {

// A Record has room for twice as much.
constexpr std::size_t text_bytes_max = 16'000;
constexpr std::size_t one_bytes_max = 1'000;
// Ten thousand sessions take some three million.
constexpr off_t file_bytes_max = 32 << 20;

// Changes whenever the file is written to or another is put in its place.
using Stamp = std::tuple<dev_t, ino_t, off_t, std::int64_t, std::int64_t, std::int64_t, std::int64_t>;
std::string look_at(const std::string& path, Stamp& stamp) {
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0) {
        return std::string("cannot be read: ") + std::strerror(errno);
    }
    if (info.st_size > file_bytes_max) {
        return "has more than " + std::to_string(file_bytes_max) + " bytes";
    }
    stamp = {info.st_dev,          info.st_ino,         info.st_size,        info.st_mtim.tv_sec,
             info.st_mtim.tv_nsec, info.st_ctim.tv_sec, info.st_ctim.tv_nsec};
    return {};
}

// As many of them as fit, and how many more there are.
template <class Row, class Tell>
std::string told(const std::vector<Row>& rows, Tell tell) {
    std::string text;
    for (std::size_t i = 0; i < rows.size(); ++i) {
        const std::string one = config::cut_short(tell(rows[i]), one_bytes_max);
        if (text.size() + one.size() > text_bytes_max) {
            return text + "; and " + std::to_string(rows.size() - i) + " more";
        }
        text += (i == 0 ? "" : "; ") + one;
    }
    return text;
}

// One line, whatever stands in the file: who reads a log or a trail takes each line for a word of ours.
std::string in_one_line(std::string text) {
    std::replace_if(
        text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; },
        '?');
    return text;
}

std::unique_ptr<Reload> refused(const std::vector<config::ConfigError>& errors) {
    auto reload = std::make_unique<Reload>();
    reload->text = in_one_line(told(errors, config::describe));
    return reload;
}

// The list in force counts, not one that the new file names.
std::string why_not_signed(const config::GatewayConfig& in_force, const config::GatewayConfig& asked) {
    config::GatewayConfig judged;
    judged.gateway.approvals = in_force.gateway.approvals;
    judged.gateway.approvals_key = in_force.gateway.approvals_key;
    judged.file_sha256 = asked.file_sha256;
    return why_not_approved(judged);
}

std::string text_of_taken(const config::GatewayConfig& asked, const config::Changes& found) {
    const std::size_t count = found.taken.size();
    std::string text = "configuration " + config::hex_of(asked.file_sha256) + " in force, revision " +
                       std::to_string(asked.gateway.revision) + ": ";
    text += count == 0   ? "no setting differs"
            : count == 1 ? "1 setting changed: "
                         : std::to_string(count) + " settings changed: ";
    return text + told(found.taken, [](const std::string& change) { return change; });
}

}  // namespace

std::string read_at_rest(const std::string& path, const std::function<void()>& pause, std::string& text) {
    std::string problem;
    std::string again;
    Stamp before;
    Stamp after;
    if (problem = look_at(path, before); !problem.empty()) {
        return problem;
    }
    const bool first = config::read_file(path, text, problem);
    pause();
    const bool second = first && config::read_file(path, again, problem);
    const bool same = second && look_at(path, after).empty() && before == after && text == again;
    sodium_memzero(again.data(), again.size());
    if (!second) {
        return "cannot be read: " + problem;
    }
    if (!same) {
        return "is being written: put a finished file in its place, by rename";
    }
    if (text.empty() || text.back() != '\n') {
        return "does not end with a whole line: a file that was cut short looks like this";
    }
    return {};
}

std::unique_ptr<Reload> read_again(const config::GatewayConfig& in_force,
                                   const std::function<void()>& pause) {
    const std::string& file = in_force.file;
    std::string text;
    if (const std::string problem = read_at_rest(file, pause, text); !problem.empty()) {
        return refused({{file, 0, "", "", problem}});
    }
    auto loaded = config::parse_gateway_config(text, file);
    sodium_memzero(text.data(), text.size());
    if (!loaded.ok()) {
        return refused(loaded.errors);
    }
    config::Changes found = config::changes(in_force, loaded.value);
    if (const std::string unsigned_by = why_not_signed(in_force, loaded.value); !unsigned_by.empty()) {
        found.refused.insert(found.refused.begin(), {file, 0, "", "", unsigned_by});
    }
    if (!found.refused.empty()) {
        return refused(found.refused);
    }
    auto reload = std::make_unique<Reload>();
    reload->good = true;
    reload->text = in_one_line(text_of_taken(loaded.value, found));
    reload->next = std::make_shared<const config::GatewayConfig>(loaded.value);
    for (const config::LineConfig& line : loaded.value.lines) {
        reload->rates.emplace_back(line.rate_per_second);
    }
    reload->config = std::move(loaded.value);
    return reload;
}

}  // namespace fairlead::gateway
