// CsvReader: plain comma-separated rows under a header line, split in place without copies.
#include "config/csv.hpp"

#include <algorithm>
#include <charconv>

namespace fairlead::config {
namespace {

constexpr std::uint64_t progress_rows = 65'536;

}  // namespace

CsvReader::CsvReader(std::string_view text, std::string file, std::string_view what,
                     std::vector<ConfigError>& errors, const ProgressSink& progress)
    : rest_(text),
      file_(std::move(file)),
      what_(what),
      errors_(errors),
      progress_(progress),
      rows_total_(static_cast<std::uint64_t>(std::count(text.begin(), text.end(), '\n'))) {
    if (rest_.starts_with("\xEF\xBB\xBF")) {
        rest_.remove_prefix(3);
    }
}

std::uint32_t CsvReader::rows_max() const {
    return static_cast<std::uint32_t>(rows_total_ + 1);
}

bool CsvReader::next_line() {
    while (!rest_.empty()) {
        const std::size_t end = rest_.find('\n');
        row_ = rest_.substr(0, end);
        rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
        ++line_;
        if (!row_.empty() && row_.back() == '\r') {
            row_.remove_suffix(1);
        }
        if (!row_.empty() && row_.front() != '#') {
            return true;
        }
    }
    return false;
}

void CsvReader::row_error(std::string_view key, std::string_view value, std::string_view rule) {
    if (errors_.size() < errors_max) {
        errors_.push_back(
            {file_, line_, std::string(key), std::string(value.substr(0, 60)), std::string(rule)});
    }
}

void CsvReader::error(std::size_t column, std::string_view rule) {
    row_error(columns_[column].name, fields_[column], rule);
}

bool CsvReader::header(std::span<const Column> columns) {
    columns_ = columns;
    if (!next_line()) {
        row_error("", "", "must begin with a header line");
        return false;
    }
    std::array<bool, columns_max> seen{};
    const std::size_t errors_before = errors_.size();
    std::string_view rest = row_;
    bool more = true;
    while (more) {
        const std::size_t comma = rest.find(',');
        const std::string_view name = rest.substr(0, comma);
        more = comma != std::string_view::npos;
        rest.remove_prefix(more ? comma + 1 : rest.size());
        const auto found =
            std::find_if(columns.begin(), columns.end(), [&](const Column& c) { return c.name == name; });
        const auto index = static_cast<std::size_t>(found - columns.begin());
        if (found == columns.end() || seen[index] || width_ == columns_max) {
            row_error("header", name, "is not a column known here, or is given twice");
            continue;
        }
        seen[index] = true;
        place_[width_++] = static_cast<std::uint8_t>(index);
    }
    for (std::size_t index = 0; index < columns.size(); ++index) {
        if (columns[index].required && !seen[index]) {
            row_error("header", "", "must have a column " + std::string(columns[index].name));
        }
    }
    return errors_.size() == errors_before;
}

bool CsvReader::next() {
    while (errors_.size() < errors_max) {
        if (!next_line()) {
            if (progress_) {
                progress_(what_, rows_, rows_);
            }
            return false;
        }
        ++rows_;
        if (progress_ && rows_ % progress_rows == 0) {
            progress_(what_, rows_, rows_total_);
        }
        std::size_t count = 0;
        std::string_view rest = row_;
        bool more = true;
        while (more) {
            const std::size_t comma = rest.find(',');
            more = comma != std::string_view::npos;
            if (count < width_) {
                fields_[place_[count]] = rest.substr(0, comma);
            }
            ++count;
            rest.remove_prefix(more ? comma + 1 : rest.size());
        }
        if (row_.find('"') != std::string_view::npos) {
            row_error("row", row_, "must not hold quotes: no field is quoted here");
            continue;
        }
        if (count != width_) {
            row_error("row", row_,
                      "must have " + std::to_string(width_) + " fields as the header, not " +
                          std::to_string(count));
            continue;
        }
        return true;
    }
    return false;
}

bool parse_whole(std::string_view text, std::int64_t low, std::int64_t high, std::int64_t& into) {
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), into);
    return problem == std::errc{} && end == text.data() + text.size() && into >= low && into <= high;
}

bool parse_ntd(std::string_view text, std::int64_t ntd_max, risk::Amount& into) {
    const std::size_t point = text.find('.');
    std::int64_t whole = 0;
    if (!parse_whole(text.substr(0, point), 0, ntd_max, whole) || text.front() == '-') {
        return false;
    }
    std::int64_t part = 0;
    if (point != std::string_view::npos) {
        const std::string_view digits = text.substr(point + 1);
        if (digits.empty() || digits.size() > 4 || digits.front() == '-' ||
            !parse_whole(digits, 0, 9999, part)) {
            return false;
        }
        for (std::size_t i = digits.size(); i < 4; ++i) {
            part *= 10;
        }
    }
    into = whole * risk::price_unit + part;
    return true;
}

bool is_code(std::string_view text, std::size_t low, std::size_t high) {
    return text.size() >= low && text.size() <= high && std::all_of(text.begin(), text.end(), [](char c) {
               return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
           });
}

bool parse_flags(std::string_view text, std::span<const FlagWord> words, std::uint16_t& into) {
    into = 0;
    while (!text.empty()) {
        const std::size_t space = text.find(' ');
        const std::string_view word = text.substr(0, space);
        text.remove_prefix(space == std::string_view::npos ? text.size() : space + 1);
        if (word.empty()) {
            continue;
        }
        const auto found =
            std::find_if(words.begin(), words.end(), [&](const FlagWord& w) { return w.word == word; });
        if (found == words.end()) {
            return false;
        }
        into = static_cast<std::uint16_t>(into | found->bit);
    }
    return true;
}

}  // namespace fairlead::config
