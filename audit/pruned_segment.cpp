#include "audit/pruned_segment.hpp"

#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace fairlead::audit {

namespace {

constexpr std::string_view first_line = "fairlead pruned segment 1";

template <class T>
bool take(std::istream& lines, const char* name, T& value) {
    std::string word;
    return static_cast<bool>(lines >> word >> value) && word == name;
}

bool take_hash(std::istream& lines, const char* name, Hash& hash) {
    std::string hex;
    return take(lines, name, hex) && from_hex(hex, hash);
}

}  // namespace

std::string pruned_path(const std::string& directory, const SegmentName& name) {
    return directory + "/" + name.text() + std::string(pruned_end);
}

// Ends with its own hash: an accident to what is told nowhere else, such as who pruned it, is found.
std::string PrunedSegment::head() const {
    const ChainEnd& end = behind.records;
    std::ostringstream lines;
    lines << first_line << "\nsegment " << segment.text() << "\npruned-utc-ns " << pruned_utc_ns
          << "\npruned-by " << pruned_by << "\napproved-by " << approved_by << "\nfirst-frame " << first_frame
          << "\nframes " << frames.size() << "\nfirst-record " << first_record << "\nrecords "
          << leaves.size() << "\ncrc " << end.crc << "\nepoch " << end.epoch << "\nutc-ns " << end.utc_ns
          << "\nmonotonic-ns " << end.monotonic_ns << "\nlink " << to_hex(behind.link) << "\nsha256 "
          << to_hex(sha256) << "\n";
    Sha256Hasher hasher;
    const std::string head = lines.str();
    return head + "check " + to_hex(hasher.of(std::as_bytes(std::span(head)))) + "\n\n";
}

std::string PrunedSegment::text() const {
    std::string text = head();
    text.append(reinterpret_cast<const char*>(frames.data()), frames.size() * sizeof frames[0]);
    text.append(reinterpret_cast<const char*>(leaves.data()), leaves.size() * sizeof leaves[0]);
    return text;
}

std::string PrunedSegment::read(const std::string& path, PrunedSegment& into) {
    into = {};
    std::error_code code;
    const std::uint64_t size = std::filesystem::file_size(path, code);
    std::ifstream file(path, std::ios::binary);
    const auto wrong = [&path](const char* what) { return "'" + path + "': " + what; };
    if (code || !file) {
        return wrong("cannot be read");
    }
    std::string head;
    std::string line;
    while (head.size() < block_bytes && std::getline(file, line) && !line.empty()) {
        head += line + "\n";
    }
    std::istringstream lines(head);
    std::string segment;
    std::uint64_t frames = 0;
    std::uint64_t records = 0;
    ChainEnd& end = into.behind.records;
    if (!std::getline(lines, line) || line != first_line || !take(lines, "segment", segment) ||
        !SegmentName::parse(segment, into.segment) || !take(lines, "pruned-utc-ns", into.pruned_utc_ns) ||
        !take(lines, "pruned-by", into.pruned_by) || !take(lines, "approved-by", into.approved_by) ||
        !take(lines, "first-frame", into.first_frame) || !take(lines, "frames", frames) ||
        !take(lines, "first-record", into.first_record) || !take(lines, "records", records) ||
        !take(lines, "crc", end.crc) || !take(lines, "epoch", end.epoch) ||
        !take(lines, "utc-ns", end.utc_ns) || !take(lines, "monotonic-ns", end.monotonic_ns) ||
        !take_hash(lines, "link", into.behind.link) || !take_hash(lines, "sha256", into.sha256)) {
        return wrong("is not what stays of a pruned segment: its head cannot be read");
    }
    // Before any memory is asked for.
    if (frames > size || records > size ||
        head.size() + 1 + frames * sizeof(std::uint32_t) + records * sizeof(Hash) != size) {
        return wrong("has not as many hashes as its head says");
    }
    into.frames.resize(frames);
    into.leaves.resize(records);
    into.behind.number = into.first_frame + frames;
    end.sequence = into.first_record + records - 1;
    if (into.head() != head + "\n") {
        return wrong("its head is not as it was written");
    }
    file.read(reinterpret_cast<char*>(into.frames.data()),
              static_cast<std::streamsize>(frames * sizeof(std::uint32_t)));
    file.read(reinterpret_cast<char*>(into.leaves.data()),
              static_cast<std::streamsize>(records * sizeof(Hash)));
    if (!file) {
        return wrong("cannot be read to its end");
    }
    return {};
}

std::string walk_pruned(const SegmentDirectory& source, FrameChain& chain,
                        const std::function<void(const PrunedSegment&)>& visit) {
    Sha256Hasher hasher;
    for (const SegmentName& name : source.pruned()) {
        const std::string path = pruned_path(source.place().directory, name);
        PrunedSegment part;
        if (std::string error = PrunedSegment::read(path, part); !error.empty()) {
            return error;
        }
        const auto wrong = [&path](const char* what) { return "'" + path + "': " + what; };
        if (part.segment != name) {
            return wrong("names another segment");
        }
        if (part.first_frame != chain.number || part.first_record != chain.records.sequence + 1) {
            return wrong("does not go on where the one before ends");
        }
        Hash link = chain.link;
        std::size_t at = 0;
        for (const std::uint32_t count : part.frames) {
            if (count > part.leaves.size() - at) {
                return wrong("its frames have more records than it has hashes");
            }
            link = next_link(hasher, link, std::span(part.leaves).subspan(at, count));
            at += count;
        }
        if (at != part.leaves.size() || link != part.behind.link) {
            return wrong("its hashes do not give the link it ends with");
        }
        chain = part.behind;
        visit(part);
    }
    return {};
}

}  // namespace fairlead::audit
