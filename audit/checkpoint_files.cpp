#include "audit/checkpoint_files.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace fairlead::audit {

namespace {

constexpr std::string_view notes_start = "segment-";
constexpr std::string_view notes_end = ".notes";

bool read_whole(const std::string& path, std::string& into) {
    std::ifstream file(path, std::ios::binary);
    into.assign(std::istreambuf_iterator<char>(file), {});
    return file.good() || file.eof();
}

}  // namespace

std::string checkpoint_directory(const std::string& journal_directory) {
    return journal_directory + "/checkpoints";
}

std::string latest_checkpoint_path(const std::string& journal_directory) {
    return checkpoint_directory(journal_directory) + "/checkpoint";
}

std::string notes_path(const std::string& journal_directory, std::uint64_t segment_number) {
    std::array<char, 24> digits{};
    std::snprintf(digits.data(), digits.size(), "%010llu", static_cast<unsigned long long>(segment_number));
    return checkpoint_directory(journal_directory) + "/" + std::string(notes_start) + digits.data() +
           std::string(notes_end);
}

std::string list_notes(const JournalPlace& place, std::vector<std::string>& paths) {
    paths.clear();
    for (const std::string& journal : {place.directory, place.spare}) {
        const std::string directory = checkpoint_directory(journal);
        std::error_code code;
        if (journal.empty() || !std::filesystem::exists(directory, code)) {
            continue;
        }
        const std::filesystem::directory_iterator entries(directory, code);
        if (code) {
            return "cannot list '" + directory + "': " + code.message();
        }
        for (const auto& entry : entries) {
            const std::string name = entry.path().filename().string();
            if (name.starts_with(notes_start) && name.ends_with(notes_end)) {
                paths.push_back(entry.path().string());
            }
        }
    }
    // By segment; of one segment the spare's are the later.
    std::stable_sort(paths.begin(), paths.end(), [](const std::string& a, const std::string& b) {
        return std::filesystem::path(a).filename() < std::filesystem::path(b).filename();
    });
    return {};
}

StoredNotes read_notes(const std::string& path) {
    StoredNotes result;
    std::string bytes;
    if (!read_whole(path, bytes)) {
        result.error = "cannot read '" + path + "'";
        return result;
    }
    // Text, empty line, signatures, empty line.
    std::size_t at = 0;
    while (at < bytes.size()) {
        const std::size_t blank = bytes.find("\n\n", at);
        const std::size_t end = blank == std::string::npos ? blank : bytes.find("\n\n", blank + 2);
        if (end == std::string::npos) {
            break;
        }
        result.notes.push_back(bytes.substr(at, end + 1 - at));
        at = end + 2;
    }
    // Text has no zero byte: a last note with some is one whose first sector was not written when power
    // failed.
    if (!result.notes.empty() && result.notes.back().find('\0') != std::string::npos) {
        at -= result.notes.back().size() + 1;
        result.notes.pop_back();
    }
    result.complete_bytes = at;
    result.torn_bytes = bytes.size() - at;
    return result;
}

std::string read_checkpoint(const std::string& path, SignedCheckpoint& into) {
    std::string bytes;
    if (!read_whole(path, bytes)) {
        return "cannot read '" + path + "'";
    }
    if (std::string error = parse_checkpoint(bytes, into); !error.empty()) {
        return "'" + path + "' is not a checkpoint: " + error;
    }
    return {};
}

}  // namespace fairlead::audit
