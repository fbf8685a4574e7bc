#include "audit/replicate/message.hpp"

#include <bit>
#include <charconv>

namespace fairlead::audit {

namespace {

constexpr std::string_view beginning_title = "fairlead archive 1\n";
constexpr std::string_view first_word = "first-record ";
constexpr std::string_view edge_word = "edge ";

}  // namespace

std::string ArchiveBeginning::text() const {
    std::string result(beginning_title);
    result.append(first_word).append(std::to_string(first)).append("\n");
    for (const Hash& root : edge) {
        result.append(edge_word).append(to_hex(root)).append("\n");
    }
    return result;
}

std::string ArchiveBeginning::parse(std::string_view text, ArchiveBeginning& into) {
    into = {};
    if (!text.starts_with(beginning_title)) {
        return "its first line is not 'fairlead archive 1'";
    }
    text.remove_prefix(beginning_title.size());
    bool first_read = false;
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        if (end == std::string_view::npos) {
            return "its last line has no end";
        }
        std::string_view line = text.substr(0, end);
        text.remove_prefix(end + 1);
        if (!first_read && line.starts_with(first_word)) {
            line.remove_prefix(first_word.size());
            const auto [stop, error] = std::from_chars(line.data(), line.data() + line.size(), into.first);
            if (error != std::errc() || stop != line.data() + line.size() || into.first == 0) {
                return "its first-record is not a number from 1";
            }
            first_read = true;
        } else if (first_read && line.starts_with(edge_word)) {
            if (!from_hex(line.substr(edge_word.size()), into.edge.emplace_back())) {
                return "a hash in it has not 64 hexadecimal digits";
            }
        } else {
            return "it has a line '" + std::string(line.substr(0, 40)) + "'";
        }
    }
    if (!first_read) {
        return "it does not say which record is the first";
    }
    if (into.edge.size() != static_cast<std::size_t>(std::popcount(into.first - 1))) {
        return "it has " + std::to_string(into.edge.size()) + " hashes for the records before record " +
               std::to_string(into.first);
    }
    return {};
}

Bytes bytes_of(std::string_view text) noexcept {
    return std::as_bytes(std::span(text.data(), text.size()));
}

std::string split_records(std::string_view message, std::vector<RecordView>& into) {
    into.clear();
    std::size_t at = 0;
    while (at < message.size()) {
        RecordView view;
        const RecordFault fault = parse_record(bytes_of(message.substr(at)), view);
        if (fault != RecordFault::none) {
            return "offset " + std::to_string(at) + ": " + describe(fault);
        }
        at += view.header.length;
        into.push_back(view);
    }
    return into.empty() ? "it holds no record" : "";
}

std::string records_id(risk::Sequence first, risk::Sequence last, const Hash& last_leaf) {
    return std::to_string(first) + "-" + std::to_string(last) + "-" + to_hex(last_leaf);
}

std::string range_text(risk::Sequence first, risk::Sequence last) {
    return first == last ? "record " + std::to_string(first)
                         : "records " + std::to_string(first) + " to " + std::to_string(last);
}

}  // namespace fairlead::audit
