// What retention must know of a segment before it touches it: that the journal goes on behind it, that every
// frame of it is sound, and how old its records are. Used by compress and prune.
#pragma once

#include <string>

#include "audit/recovery.hpp"
#include "audit/segment_directory.hpp"

namespace fairlead::audit {

// Index of the last segment that begins with a frame: the one a keeper writes to, or would go on in. Equal to
// segment_count() when none does. An unreadable one counts as one that does.
[[nodiscard]] std::size_t current_segment(SegmentDirectory& source);

// Visits every frame of one segment, and says whether the next one goes on behind it.
template <class Visit>
[[nodiscard]] std::string walk_closed_segment(SegmentDirectory& source, std::size_t index, FrameChain& chain,
                                              Visit&& visit) {
    FrameScan<SegmentDirectory> scan(source, index, chain);
    using Step = FrameScan<SegmentDirectory>::Step;
    std::vector<RecordView> records;
    while (true) {
        const Step step = scan.next(&records);
        if (step == Step::frame && scan.frame_segment() == index) {
            chain = scan.chain();
            visit(scan, records);
            continue;
        }
        if (step == Step::frame) {
            return {};
        }
        return step == Step::unreadable ? source.error() : scan.end({}).text;
    }
}

}  // namespace fairlead::audit
