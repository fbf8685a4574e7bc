#include "audit/segment_directory.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "audit/hash.hpp"

namespace fairlead::audit {

namespace {
constexpr std::string_view name_start = "segment-";
constexpr std::string_view name_end = ".flj";
constexpr std::string_view note_end = ".note";
constexpr std::string_view pruned_mark = ".pruned";
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

// cut OFFSET frame NUMBER record SEQUENCE next NAME; the segment's own name is the note's.
std::string SegmentCut::text() const {
    return "cut " + std::to_string(offset) + " frame " + std::to_string(frame) + " record " +
           std::to_string(sequence) + " next " + next.text();
}

bool SegmentCut::parse(const std::string& line, SegmentCut& into) {
    unsigned long long offset = 0;
    unsigned long long frame = 0;
    unsigned long long sequence = 0;
    int name_at = 0;
    if (std::sscanf(line.c_str(), "cut %llu frame %llu record %llu next %n", &offset, &frame, &sequence,
                    &name_at) != 3 ||
        name_at == 0 || !SegmentName::parse(line.substr(static_cast<std::size_t>(name_at)), into.next)) {
        return false;
    }
    into.offset = offset;
    into.frame = frame;
    into.sequence = sequence;
    return true;
}

std::string note_path(const std::string& directory, const SegmentName& name) {
    return directory + "/" + name.text() + std::string(note_end);
}

struct SegmentDirectory::Listed {
    std::vector<File> files;
    std::vector<SegmentCut> cuts;
    std::vector<SegmentName> noted;
    std::vector<SegmentName> pruned;
};

std::string SegmentDirectory::open(const JournalPlace& place) {
    place_ = place;
    files_.clear();
    open_.clear();
    return refresh();
}

std::size_t SegmentDirectory::first_on_spare() const noexcept {
    std::size_t index = 0;
    while (index < files_.size() && !files_[index].on_spare) {
        ++index;
    }
    return index;
}

std::string SegmentDirectory::list(const std::string& directory, Listed& into) {
    std::error_code code;
    if (directory.empty() || !std::filesystem::exists(directory, code)) {
        return {};
    }
    const std::filesystem::directory_iterator entries(directory, code);
    if (code) {
        return "cannot list the journal directory '" + directory + "': " + code.message();
    }
    for (const auto& entry : entries) {
        const std::string text = entry.path().filename().string();
        SegmentCut cut;
        File file;
        file.compressed = text.ends_with(compressed_end);
        if (SegmentName::parse(text.substr(0, text.size() - (file.compressed ? compressed_end.size() : 0)),
                               file.name)) {
            into.files.push_back(file);
        } else if (text.ends_with(pruned_mark) &&
                   SegmentName::parse(text.substr(0, text.size() - pruned_mark.size()), cut.segment)) {
            into.pruned.push_back(cut.segment);
        } else if (text.ends_with(note_end) &&
                   SegmentName::parse(text.substr(0, text.size() - note_end.size()), cut.segment)) {
            into.noted.push_back(cut.segment);
            std::ifstream note(entry.path());
            std::string line;
            if (std::getline(note, line) && SegmentCut::parse(line, cut)) {
                into.cuts.push_back(cut);
            }
        }
    }
    std::sort(into.files.begin(), into.files.end(), [](const File& a, const File& b) {
        return a.name.number != b.name.number ? a.name.number < b.name.number : a.compressed < b.compressed;
    });
    // A segment that is there both ways was being compressed: until that is done the plain one counts.
    const auto both = [](const File& plain, const File& packed) {
        return plain.name == packed.name && packed.compressed;
    };
    into.files.erase(std::unique(into.files.begin(), into.files.end(), both), into.files.end());
    // One that is still there was being pruned: until that is done it counts.
    std::erase_if(into.pruned, [&into](const SegmentName& name) {
        return std::any_of(into.files.begin(), into.files.end(),
                           [&name](const File& file) { return file.name == name; });
    });
    std::sort(into.pruned.begin(), into.pruned.end(),
              [](const SegmentName& a, const SegmentName& b) { return a.number < b.number; });
    return {};
}

// One list out of two. What the first device has ready from the spare's first number on was never used:
// the spare's segments stand in its place.
std::string SegmentDirectory::join(const Listed& first, const Listed& spare, Listed& into) const {
    const std::uint64_t spare_from = spare.files.empty() ? UINT64_MAX : spare.files.front().name.number;
    for (const File& file : first.files) {
        if (file.name.number < spare_from) {
            into.files.emplace_back().name = file.name;
            into.files.back().compressed = file.compressed;
            continue;
        }
        std::array<std::byte, sizeof(std::uint64_t)> start{};
        const Descriptor handle(
            ::open((place_.directory + "/" + file.name.text()).c_str(), O_RDONLY | O_CLOEXEC));
        // One that cannot be read any more lies on the device that failed.
        if (handle.open() && ::pread(handle.get(), start.data(), start.size(), 0) > 0 &&
            start != decltype(start){}) {
            return "'" + place_.directory + "' and '" + place_.spare +
                   "' do not belong together: " + file.name.text() +
                   " holds frames, yet the spare begins with " + spare.files.front().name.text();
        }
    }
    for (const File& file : spare.files) {
        into.files.emplace_back().name = file.name;
        into.files.back().compressed = file.compressed;
        into.files.back().on_spare = true;
    }
    for (std::size_t i = 1; i < into.files.size(); ++i) {
        const SegmentName& before = into.files[i - 1].name;
        const SegmentName& name = into.files[i].name;
        if (name.number == before.number || (name.number != before.number + 1 && !place_.holes)) {
            return "the journal in '" + place_.directory + "'" +
                   (place_.spare.empty() ? "" : " and '" + place_.spare + "'") +
                   (name.number == before.number ? " has two segments of one number, "
                                                 : " lacks the segment between ") +
                   before.text() + " and " + name.text() + ": segment numbers must rise by one";
        }
    }
    into.pruned = first.pruned;
    for (std::size_t i = 0; i < into.pruned.size(); ++i) {
        const bool last = i + 1 == into.pruned.size();
        const SegmentName* behind = !last                ? &into.pruned[i + 1]
                                    : into.files.empty() ? nullptr
                                                         : &into.files[0].name;
        if (behind == nullptr || behind->number != into.pruned[i].number + 1) {
            return "the journal in '" + place_.directory + "' lacks the segment behind " +
                   into.pruned[i].text() + ", which was pruned: only the oldest may be";
        }
    }
    into.cuts = first.cuts;
    into.cuts.insert(into.cuts.end(), spare.cuts.begin(), spare.cuts.end());
    into.noted = first.noted;
    into.noted.insert(into.noted.end(), spare.noted.begin(), spare.noted.end());
    return {};
}

std::string SegmentDirectory::path(const File& file) const {
    return (file.on_spare ? place_.spare : place_.directory) + "/" + file.name.text();
}

std::string SegmentDirectory::measure(File& file) const {
    struct stat info {};
    if (!file.compressed && ::stat(path(file).c_str(), &info) == 0) {
        file.bytes = static_cast<std::uint64_t>(info.st_size);
        return {};
    }
    const int error = errno;
    CompressedSegment content;
    const std::string fault = content.open(path(file) + std::string(compressed_end));
    // It was listed before it was compressed.
    if (!file.compressed && !fault.empty()) {
        return system_error("open", path(file), error);
    }
    file.compressed = true;
    // One that cannot be read has room for a look at it, which then tells why.
    file.bytes = fault.empty() ? content.bytes() : frame_bytes_max;
    return {};
}

SegmentDirectory::OpenFile& SegmentDirectory::opened(std::size_t index) {
    const auto at =
        std::find_if(open_.begin(), open_.end(), [index](const auto& one) { return one->index == index; });
    if (at != open_.end()) {
        std::rotate(open_.begin(), at, at + 1);
        return *open_.front();
    }
    if (open_.size() == open_max) {
        open_.pop_back();
    }
    OpenFile& file = **open_.insert(open_.begin(), std::make_unique<OpenFile>());
    file.index = index;
    const std::string plain = path(files_[index]);
    if (!files_[index].compressed) {
        file.handle = Descriptor(::open(plain.c_str(), O_RDONLY | O_CLOEXEC));
        if (file.handle.open()) {
            return file;
        }
        file.fault = system_error("open", plain, errno);
    }
    const std::string fault = file.content.open(plain + std::string(compressed_end));
    if (files_[index].compressed || fault.empty()) {
        file.fault = fault;
        files_[index].compressed = true;  // since it was listed, perhaps
    }
    return file;
}

std::string SegmentDirectory::refresh() {
    Listed first;
    Listed spare;
    Listed found;
    for (std::string error : {list(place_.directory, first), list(place_.spare, spare)}) {
        if (!error.empty()) {
            return error;
        }
    }
    if (std::string error = join(first, spare, found); !error.empty()) {
        return error;
    }
    pruned_ = found.pruned;
    // From the first one that is another than before: the spare's take the place of what was only ready.
    std::size_t same = 0;
    while (same < files_.size() && same < found.files.size() && files_[same].name == found.files[same].name) {
        ++same;
    }
    files_.resize(same);
    std::erase_if(open_, [same](const auto& one) { return one->index >= same; });
    for (std::size_t i = same; i < found.files.size(); ++i) {
        if (std::string error = measure(found.files[i]); !error.empty()) {
            return error;
        }
        files_.push_back(found.files[i]);
    }
    for (File& file : files_) {
        file.noted = std::find(found.noted.begin(), found.noted.end(), file.name) != found.noted.end();
    }
    for (const SegmentCut& cut : found.cuts) {
        const auto is = [](const SegmentName& name) {
            return [&name](const File& file) { return file.name == name; };
        };
        const auto at = std::find_if(files_.begin(), files_.end(), is(cut.segment));
        if (at == files_.end()) {
            continue;
        }
        if (std::find_if(files_.begin(), files_.end(), is(cut.next)) == files_.end()) {
            return "the journal goes on on another device: behind record " + std::to_string(cut.sequence) +
                   ", where the device of " + cut.segment.text() + " failed, in " + cut.next.text() +
                   ", which is not in '" + place_.directory + "'" +
                   (place_.spare.empty() ? "; give the spare's directory as well"
                                         : " nor in '" + place_.spare + "'");
        }
        if (at->cut && at->bytes != cut.offset) {
            return "the notes on " + cut.segment.text() + " do not agree where it was cut";
        }
        at->cut = true;
        at->bytes = cut.offset;
    }
    return {};
}

bool SegmentDirectory::read(std::size_t index, std::uint64_t offset, std::span<std::byte> into) {
    const File& file = files_[index];
    if (file.cut) {
        const std::uint64_t real = file.bytes > offset ? file.bytes - offset : 0;
        if (real < into.size()) {
            std::memset(into.data() + real, 0, into.size() - real);
            into = into.first(real);
        }
    }
    OpenFile& from = opened(index);
    if (!from.fault.empty()) {
        error_ = from.fault;
        open_.erase(open_.begin());  // it may be there again when it is next asked for
        return false;
    }
    if (file.compressed) {
        error_ = offset + into.size() > from.content.bytes()
                     ? "segment " + segment_name(index) + " is shorter than it was"
                     : from.content.read(offset, into);
        return error_.empty();
    }
    std::size_t done = 0;
    while (done < into.size()) {
        const ssize_t got = ::pread(from.handle.get(), into.data() + done, into.size() - done,
                                    static_cast<off_t>(offset + done));
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got <= 0) {
            error_ = got < 0
                         ? system_error("read", segment_directory(index) + "/" + segment_name(index), errno)
                         : "segment " + segment_name(index) + " is shorter than it was";
            return false;
        }
        done += static_cast<std::size_t>(got);
    }
    return true;
}

}  // namespace fairlead::audit
