// SegmentDirectory: the segment files of a journal, read in order. Names are segment-NUMBER-ID.flj: the
// number gives the order, the random id stands in every frame. Reads only; writing is the keeper's.
#pragma once

#include <string>
#include <vector>

#include "audit/format.hpp"
#include "audit/mapped_file.hpp"

namespace fairlead::audit {

struct SegmentName {
    std::uint64_t number = 0;
    SegmentId id{};
    [[nodiscard]] std::string text() const;
    // False: not the name of a segment.
    [[nodiscard]] static bool parse(const std::string& text, SegmentName& into);
};

class SegmentDirectory {
  public:
    // Lists the segments. Empty text: listed; a missing directory has none.
    [[nodiscard]] std::string open(const std::string& directory);
    // Looks for segments added since. Empty text: done.
    [[nodiscard]] std::string refresh();

    [[nodiscard]] std::size_t segment_count() const noexcept { return files_.size(); }
    [[nodiscard]] SegmentId segment_id(std::size_t index) const noexcept { return files_[index].name.id; }
    [[nodiscard]] std::uint64_t segment_number(std::size_t index) const noexcept {
        return files_[index].name.number;
    }
    [[nodiscard]] std::uint64_t segment_bytes(std::size_t index) const noexcept {
        return files_[index].bytes;
    }
    [[nodiscard]] std::string segment_name(std::size_t index) const { return files_[index].name.text(); }
    [[nodiscard]] bool read(std::size_t index, std::uint64_t offset, std::span<std::byte> into);
    [[nodiscard]] const std::string& error() const noexcept { return error_; }
    [[nodiscard]] const std::string& directory() const noexcept { return directory_; }

  private:
    struct File {
        SegmentName name;
        std::uint64_t bytes = 0;
        Descriptor handle;
    };
    std::string directory_;
    std::vector<File> files_;
    std::string error_;
};

}  // namespace fairlead::audit
