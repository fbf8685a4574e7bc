#include "audit/segment_directory.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>

#include "audit/hash.hpp"

namespace fairlead::audit {

namespace {
constexpr std::string_view name_start = "segment-";
constexpr std::string_view name_end = ".flj";
constexpr std::size_t number_digits = 10;
}  // namespace

std::string SegmentName::text() const {
    std::array<char, 24> digits{};
    std::snprintf(digits.data(), digits.size(), "%010llu", static_cast<unsigned long long>(number));
    return std::string(name_start) + digits.data() + "-" + to_hex(id) + std::string(name_end);
}

bool SegmentName::parse(const std::string& text, SegmentName& into) {
    const std::size_t id_at = name_start.size() + number_digits + 1;
    if (text.size() != id_at + 2 * sizeof(SegmentId) + name_end.size() || !text.starts_with(name_start) ||
        !text.ends_with(name_end) || text[id_at - 1] != '-') {
        return false;
    }
    into.number = 0;
    for (std::size_t i = 0; i < number_digits; ++i) {
        const char digit = text[name_start.size() + i];
        if (digit < '0' || digit > '9') {
            return false;
        }
        into.number = into.number * 10 + static_cast<std::uint64_t>(digit - '0');
    }
    return from_hex(std::string_view(text).substr(id_at, 2 * sizeof(SegmentId)), into.id);
}

std::string SegmentDirectory::open(const std::string& directory) {
    directory_ = directory;
    files_.clear();
    return refresh();
}

std::string SegmentDirectory::refresh() {
    std::error_code code;
    if (!std::filesystem::exists(directory_, code)) {
        return {};
    }
    std::vector<SegmentName> names;
    std::filesystem::directory_iterator entries(directory_, code);
    if (code) {
        return "cannot list the journal directory '" + directory_ + "': " + code.message();
    }
    for (const auto& entry : entries) {
        SegmentName name;
        if (SegmentName::parse(entry.path().filename().string(), name)) {
            names.push_back(name);
        }
    }
    std::sort(names.begin(), names.end(),
              [](const SegmentName& a, const SegmentName& b) { return a.number < b.number; });
    for (std::size_t i = 1; i < names.size(); ++i) {
        if (names[i].number != names[i - 1].number + 1) {
            return "the journal in '" + directory_ + "' lacks the segment between " + names[i - 1].text() +
                   " and " + names[i].text() + ": segment numbers must rise by one";
        }
    }
    for (std::size_t i = files_.size(); i < names.size(); ++i) {
        const std::string path = directory_ + "/" + names[i].text();
        File file{names[i], 0, Descriptor(::open(path.c_str(), O_RDONLY | O_CLOEXEC))};
        struct stat info {};
        if (!file.handle.open() || ::fstat(file.handle.get(), &info) != 0) {
            return system_error("open", path, errno);
        }
        file.bytes = static_cast<std::uint64_t>(info.st_size);
        files_.push_back(std::move(file));
    }
    return {};
}

bool SegmentDirectory::read(std::size_t index, std::uint64_t offset, std::span<std::byte> into) {
    std::size_t done = 0;
    while (done < into.size()) {
        const ssize_t got = ::pread(files_[index].handle.get(), into.data() + done, into.size() - done,
                                    static_cast<off_t>(offset + done));
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            error_ = got < 0 ? system_error("read", directory_ + "/" + segment_name(index), errno)
                             : "segment " + segment_name(index) + " is shorter than it was";
            return false;
        }
        done += static_cast<std::size_t>(got);
    }
    return true;
}

}  // namespace fairlead::audit
