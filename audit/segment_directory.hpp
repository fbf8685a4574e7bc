// SegmentDirectory: the segment files of a journal, read in order. Names are segment-NUMBER-ID.flj: the
// number gives the order, the random id stands in every frame; .zst behind it when the segment is compressed.
// A journal may lie on two devices: behind a cut segment it goes on in the spare's directory. Reads only;
// writing is the keeper's.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "audit/compressed_segment.hpp"
#include "audit/format.hpp"
#include "audit/mapped_file.hpp"
#include "audit/read_watch.hpp"

namespace fairlead::audit {

// Where a journal lies. A text alone is a journal without a spare device.
struct JournalPlace {
    JournalPlace() = default;
    JournalPlace(std::string journal, std::string spare_device = {})  // NOLINT(google-explicit-constructor)
        : directory(std::move(journal)), spare(std::move(spare_device)) {}
    JournalPlace(const char* journal) : directory(journal) {}  // NOLINT(google-explicit-constructor)
    std::string directory;
    std::string spare;  // empty: none
    // Segments may be missing in the middle: for an examiner, who wants to know what else there is.
    bool holes = false;
    // The first segments may have been pruned: for those who can go on from the hashes that are kept of them.
    bool pruned = false;
    // Told by a JournalReader how far it has come; null: nobody asks.
    std::shared_ptr<ReadWatch> watch = nullptr;
    // Threads a JournalReader hashes records with, its caller's included.
    std::size_t hashers = 1;
};

struct SegmentName {
    std::uint64_t number = 0;
    SegmentId id{};
    [[nodiscard]] std::string text() const;
    // False: not the name of a segment.
    [[nodiscard]] static bool parse(const std::string& text, SegmentName& into);
    bool operator==(const SegmentName&) const = default;
};

// Why and where a segment ends before its time: its device failed, and the journal goes on in `next`, on
// another one. What lies behind `offset` is no part of the journal, whatever it looks like: the write
// there failed, and a failed write is never believed afterwards. First line of the segment's note.
struct SegmentCut {
    SegmentName segment;
    std::uint64_t offset = 0;
    std::uint64_t frame = 0;      // the one that could not be written; `next` begins with it
    risk::Sequence sequence = 0;  // last record before
    SegmentName next;
    [[nodiscard]] std::string text() const;
    // False: the line is not a cut (a torn write, say, is told in words only).
    [[nodiscard]] static bool parse(const std::string& line, SegmentCut& into);
    bool operator==(const SegmentCut&) const = default;
};

[[nodiscard]] std::string note_path(const std::string& directory, const SegmentName& name);

class SegmentDirectory {
  public:
    // Lists the segments. Empty text: listed; a missing directory has none.
    [[nodiscard]] std::string open(const JournalPlace& place);
    // Looks for segments added since. Empty text: done.
    [[nodiscard]] std::string refresh();

    [[nodiscard]] std::size_t segment_count() const noexcept { return files_.size(); }
    [[nodiscard]] SegmentId segment_id(std::size_t index) const noexcept { return files_[index].name.id; }
    [[nodiscard]] std::uint64_t segment_number(std::size_t index) const noexcept {
        return files_[index].name.number;
    }
    // Up to the cut, in a segment that was cut.
    [[nodiscard]] std::uint64_t segment_bytes(std::size_t index) const noexcept {
        return files_[index].bytes;
    }
    [[nodiscard]] bool segment_cut(std::size_t index) const noexcept { return files_[index].cut; }
    // It has a note: who wrote it went on elsewhere, for a torn or a failed write.
    [[nodiscard]] bool segment_noted(std::size_t index) const noexcept { return files_[index].noted; }
    [[nodiscard]] std::string segment_name(std::size_t index) const { return files_[index].name.text(); }
    // The directory it lies in.
    [[nodiscard]] const std::string& segment_directory(std::size_t index) const noexcept {
        return files_[index].on_spare ? place_.spare : place_.directory;
    }
    [[nodiscard]] bool segment_compressed(std::size_t index) const noexcept {
        return files_[index].compressed;
    }
    [[nodiscard]] bool on_spare(std::size_t index) const noexcept { return files_[index].on_spare; }
    // The journal has gone over to the spare: index of its first segment there; segment_count() if not.
    [[nodiscard]] std::size_t first_on_spare() const noexcept;
    [[nodiscard]] const JournalPlace& place() const noexcept { return place_; }
    // The journal's first segments, of which only hashes are left.
    [[nodiscard]] const std::vector<SegmentName>& pruned() const noexcept { return pruned_; }
    // Behind a cut every byte is zero.
    [[nodiscard]] bool read(std::size_t index, std::uint64_t offset, std::span<std::byte> into);
    [[nodiscard]] const std::string& error() const noexcept { return error_; }

  private:
    struct File {
        SegmentName name;
        std::uint64_t bytes = 0;
        bool on_spare = false;
        bool cut = false;
        bool noted = false;
        bool compressed = false;
    };
    // A file that is being read. A journal has more of them than a process may hold open.
    struct OpenFile {
        std::size_t index = 0;
        Descriptor handle;
        CompressedSegment content;  // if it is compressed
        std::string fault;          // why it cannot be read, if so
    };
    static constexpr std::size_t open_max = 4;
    struct Listed;
    [[nodiscard]] static std::string list(const std::string& directory, Listed& into);
    [[nodiscard]] std::string join(const Listed& first, const Listed& spare, Listed& into) const;
    [[nodiscard]] std::string path(const File& file) const;
    [[nodiscard]] std::string measure(File& file) const;
    [[nodiscard]] OpenFile& opened(std::size_t index);

    JournalPlace place_;
    std::vector<File> files_;
    std::vector<std::unique_ptr<OpenFile>> open_;  // the last used first
    std::vector<SegmentName> pruned_;
    std::string error_;
};

}  // namespace fairlead::audit
