#include "audit/retention/prune.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "audit/prune_note.hpp"
#include "audit/pruned_segment.hpp"
#include "audit/retention/closed_segment.hpp"

namespace fairlead::audit {

namespace {

constexpr std::int64_t day_ns = 86'400'000'000'000;
constexpr std::size_t classes = 3;
// The one a keeper writes to, and the two that it looks at when it starts.
constexpr std::size_t segments_kept = 3;

struct Dispute {
    risk::UtcNs from = 0;
    risk::UtcNs to = 0;  // the first moment behind it
    std::string text;
};

bool parse_day(const std::string& text, risk::UtcNs& at) {
    int year = 0;
    unsigned month = 0;
    unsigned day = 0;
    char rest = 0;
    if (text.size() != 10 || std::sscanf(text.c_str(), "%4d-%2u-%2u%c", &year, &month, &day, &rest) != 3) {
        return false;
    }
    const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(month),
                                           std::chrono::day(day)};
    at = std::chrono::sys_days(date).time_since_epoch().count() * day_ns;
    return date.ok();
}

std::string read_disputes(const std::string& path, bool must_exist, std::vector<Dispute>& into) {
    std::error_code code;
    if (path.empty() || (!must_exist && !std::filesystem::exists(path, code))) {
        return {};
    }
    std::ifstream file(path);
    if (!file) {
        return "the disputes in '" + path + "' cannot be read";
    }
    std::string line;
    for (int number = 1; std::getline(file, line); ++number) {
        if (line.empty() || line.front() == '#') {
            continue;
        }
        std::istringstream words(line);
        std::string from;
        std::string to;
        Dispute dispute;
        if (!(words >> from >> to) || !parse_day(from, dispute.from) || !parse_day(to, dispute.to) ||
            dispute.to < dispute.from) {
            return "'" + path + "' line " + std::to_string(number) + ", '" + line +
                   "': must be two UTC days, YYYY-MM-DD YYYY-MM-DD, and why";
        }
        dispute.to += day_ns;
        dispute.text = "'" + path + "' line " + std::to_string(number) + ": " + line;
        into.push_back(std::move(dispute));
    }
    return file.bad() ? "the disputes in '" + path + "' cannot be read" : "";
}

std::string day_text(risk::UtcNs at) {
    const std::chrono::year_month_day date{std::chrono::floor<std::chrono::days>(
        std::chrono::sys_time<std::chrono::nanoseconds>(std::chrono::nanoseconds(at)))};
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%04d-%02u-%02u", static_cast<int>(date.year()),
                  static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
    return text.data();
}

// What a segment holds, as far as retention asks.
struct Contents {
    PrunedSegment hashes;
    std::array<bool, classes> holds{};
    std::array<risk::UtcNs, classes> youngest{};
    risk::UtcNs oldest_ns = INT64_MAX;
    risk::UtcNs youngest_ns = INT64_MIN;
};

class Pruning {
  public:
    Pruning(const PruneOptions& options, SegmentDirectory& source, const FrameChain& chain)
        : options_(options), source_(source), chain_(chain) {}
    std::vector<Dispute> disputes;

    void run(PruneResult& result) {
        const std::size_t current = current_segment(source_);
        std::string before;
        for (std::size_t i = 0; i < source_.segment_count(); ++i) {
            const std::string name = source_.segment_name(i);
            Contents contents;
            std::string why;
            if (!before.empty()) {
                why = "behind " + before + ", which stays";
            } else if (i + segments_kept > current) {
                why = "a keeper starts from it";
            } else {
                why = read(i, contents);
            }
            why = why.empty() ? reason_to_keep(contents) : why;
            if (why.empty() && options_.apply) {
                result.error = remove(i, contents);
                if (!result.error.empty()) {
                    return;
                }
            }
            if (why.empty()) {
                result.pruned.push_back(name + ": " + std::to_string(contents.hashes.leaves.size()) +
                                        " records of " + day_text(contents.oldest_ns) + " to " +
                                        day_text(contents.youngest_ns) + (options_.apply ? ", pruned" : ""));
            } else {
                result.kept.push_back(name + ": " + why);
                before = before.empty() ? name : before;
            }
        }
    }

  private:
    // Empty text: every frame is sound and goes on from the segment before.
    [[nodiscard]] std::string read(std::size_t index, Contents& into) {
        PrunedSegment& hashes = into.hashes;
        hashes.segment = {source_.segment_number(index), source_.segment_id(index)};
        hashes.pruned_by = options_.apply ? options_.pruner->verifier().name() : "";
        hashes.approved_by = options_.apply ? options_.approver->verifier().name() : "";
        hashes.pruned_utc_ns = options_.now;
        hashes.first_frame = chain_.number;
        hashes.first_record = chain_.records.sequence + 1;
        const auto visit = [&](const FrameScan<SegmentDirectory>& scan,
                               const std::vector<RecordView>& records) {
            hashes.frames.push_back(static_cast<std::uint32_t>(records.size()));
            hashes.leaves.insert(hashes.leaves.end(), scan.leaves().begin(), scan.leaves().end());
            for (const RecordView& record : records) {
                const auto of = static_cast<std::size_t>(
                    retention_class(static_cast<risk::RecordKind>(record.header.kind)));
                into.youngest[of] =
                    into.holds[of] ? std::max(into.youngest[of], record.header.utc_ns) : record.header.utc_ns;
                into.holds[of] = true;
                into.oldest_ns = std::min(into.oldest_ns, record.header.utc_ns);
                into.youngest_ns = std::max(into.youngest_ns, record.header.utc_ns);
            }
        };
        std::string error = walk_closed_segment(source_, index, chain_, visit);
        if (!error.empty()) {
            return "not sound, see fairlead-examine verify: " + error;
        }
        hashes.behind = chain_;
        Sha256Hasher hasher;
        hasher.begin();
        std::vector<std::byte> bytes(compressed_part_bytes);
        for (std::uint64_t at = 0; at < source_.segment_bytes(index); at += bytes.size()) {
            bytes.resize(std::min<std::uint64_t>(bytes.size(), source_.segment_bytes(index) - at));
            if (!source_.read(index, at, bytes)) {
                return source_.error();
            }
            hasher.add(bytes);
        }
        hashes.sha256 = hasher.end();
        return {};
    }

    [[nodiscard]] std::string reason_to_keep(const Contents& contents) const {
        if (!contents.holds[static_cast<std::size_t>(options_.wanted)]) {
            return std::string("holds no records of class ") + name_of(options_.wanted);
        }
        for (std::size_t i = 0; i < classes; ++i) {
            const auto of = static_cast<RetentionClass>(i);
            if (contents.holds[i] && options_.now - contents.youngest[i] < retention_days(of) * day_ns) {
                return std::string("holds records of class ") + name_of(of) + " up to " +
                       day_text(contents.youngest[i]) + ", younger than " +
                       std::to_string(retention_days(of)) + " days";
            }
        }
        for (const Dispute& dispute : disputes) {
            if (contents.oldest_ns < dispute.to && contents.youngest_ns >= dispute.from) {
                return "in dispute, " + dispute.text;
            }
        }
        return {};
    }

    // Empty text: the file has these bytes, on the disk.
    [[nodiscard]] static std::string put_whole(const std::string& path, const std::string& text) {
        static_cast<void>(::unlink(path.c_str()));  // of one that died before: nobody may write it any more
        const Descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0640));
        if (!file.open()) {
            return system_error("create", path, errno);
        }
        if (::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()) ||
            ::fchmod(file.get(), 0440) != 0 || ::fsync(file.get()) != 0) {
            return system_error("write", path, errno);
        }
        static_cast<void>(::posix_fadvise(file.get(), 0, 0, POSIX_FADV_DONTNEED));
        return {};
    }

    // Empty text: the hashes are on the disk and the segment is gone.
    [[nodiscard]] std::string remove(std::size_t index, const Contents& contents) {
        const std::string path = pruned_path(options_.directory, contents.hashes.segment);
        const std::string part = path + ".part";
        const std::string text = contents.hashes.text();
        // The signatures first: without its hashes a note says nothing, hashes without their note are a
        // fault.
        const std::string note = prune_note_path(options_.directory, contents.hashes.segment);
        const std::string signed_text = sign_pruned(contents.hashes, *options_.pruner, *options_.approver);
        if (std::string error = put_whole(note + ".part", signed_text); !error.empty()) {
            return error;
        }
        if (::rename((note + ".part").c_str(), note.c_str()) != 0) {
            return system_error("rename", note, errno);
        }
        options_.behind("signed");
        if (std::string error = put_whole(part, text); !error.empty()) {
            return error;
        }
        options_.behind("synced");
        PrunedSegment again;
        if (std::string error = PrunedSegment::read(part, again); !error.empty()) {
            return error;
        }
        if (again.text() != text) {
            return "'" + part + "' does not read as it was written: the segment stays";
        }
        if (::rename(part.c_str(), path.c_str()) != 0) {
            return system_error("rename", part, errno);
        }
        const Descriptor directory(::open(options_.directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        if (!directory.open() || ::fsync(directory.get()) != 0) {
            return system_error("sync", options_.directory, errno);
        }
        options_.behind("named");
        // It may be there both ways, if compressing it was cut short. The plain one counts, so it goes last.
        const std::string segment = options_.directory + "/" + source_.segment_name(index);
        for (const std::string& name : {segment + std::string(compressed_end), segment}) {
            if (::unlink(name.c_str()) != 0 && errno != ENOENT) {
                return system_error("remove", name, errno);
            }
        }
        options_.behind("segment removed");
        return ::fsync(directory.get()) == 0 ? "" : system_error("sync", options_.directory, errno);
    }

    const PruneOptions& options_;
    SegmentDirectory& source_;
    FrameChain chain_;
};

}  // namespace

RetentionClass retention_class(risk::RecordKind kind) noexcept {
    using enum risk::RecordKind;
    switch (kind) {
        case logon_attempt:
        case logon_result:
        case logout:
        case user_event:
        case denied_request:
        case maintenance_visit:
        case review:
            return RetentionClass::logins;
        case session_received:
        case session_sent:
        case sequence_reset:
        case venue_session:
        case clock:
        case tick:
            return RetentionClass::connections;
        default:
            return RetentionClass::orders;  // and whatever a decision may have depended on
    }
}

const char* name_of(RetentionClass of) noexcept {
    constexpr std::array<const char*, classes> names{"orders", "logins", "connections"};
    return names[static_cast<std::size_t>(of)];
}

std::int64_t retention_days(RetentionClass of) noexcept {
    return (of == RetentionClass::connections ? 3 : 5) * std::int64_t{366};
}

PruneResult prune_segments(const PruneOptions& options) {
    PruneResult result;
    if (options.apply) {
        result.error = options.pruner == nullptr || options.approver == nullptr
                           ? "pruning needs the keys of two persons: --sign FILE, twice"
                           : two_persons(options.pruner->verifier(), options.approver->verifier());
        if (!result.error.empty()) {
            return result;
        }
    }
    const LockResult lock = take_lock(options.directory + "/retention.lock", "compress or prune");
    SegmentDirectory source;
    FrameChain chain;
    result.error = lock.ok() ? source.open(options.directory) : lock.error;
    if (result.error.empty()) {
        result.error = walk_pruned(source, chain, [](const PrunedSegment&) {});
    }
    Pruning pruning(options, source, chain);
    for (const auto& [path, must_exist] :
         {std::pair(options.disputes_file, true), std::pair(options.directory + "/disputes", false)}) {
        if (result.error.empty()) {
            result.error = read_disputes(path, must_exist, pruning.disputes);
        }
    }
    if (result.error.empty() && source.segment_count() > 0) {
        pruning.run(result);
    }
    return result;
}

}  // namespace fairlead::audit
