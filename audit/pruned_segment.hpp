// PrunedSegment: what stays of a segment whose retention has ended: the leaf hash of each of its records, how
// many each frame had, and what stood at its end. With these the tree, the checkpoints and the chain stay
// provable, and no record's content is left. Written by `fairlead journal prune`; read by the examiner and
// the keeper.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "audit/frame.hpp"
#include "audit/segment_directory.hpp"

namespace fairlead::audit {

struct PrunedSegment {
    SegmentName segment;
    std::string pruned_by;
    std::string approved_by;
    risk::UtcNs pruned_utc_ns = 0;
    std::uint64_t first_frame = 0;
    risk::Sequence first_record = 0;
    std::vector<std::uint32_t> frames;  // how many records each had, 0 a seal's
    std::vector<Hash> leaves;
    FrameChain behind;  // what the frame behind the segment must be
    Hash sha256{};      // of the segment's file, not compressed

    [[nodiscard]] std::string text() const;
    // Empty text: read, and its leaves and frames are as many as it says.
    [[nodiscard]] static std::string read(const std::string& path, PrunedSegment& into);

  private:
    [[nodiscard]] std::string head() const;
};

inline constexpr std::string_view pruned_end = ".pruned";
[[nodiscard]] std::string pruned_path(const std::string& directory, const SegmentName& name);

// Goes through all pruned segments of a journal, which are its first, and makes the chain of links again from
// their leaves. `chain` is then what the first segment that is left must begin with. Empty text: they fit
// together; the error names the file.
[[nodiscard]] std::string walk_pruned(const SegmentDirectory& source, FrameChain& chain,
                                      const std::function<void(const PrunedSegment&)>& visit);

}  // namespace fairlead::audit
