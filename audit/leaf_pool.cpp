#include "audit/leaf_pool.hpp"

#include <algorithm>

namespace fairlead::audit {

LeafPool::~LeafPool() = default;

void LeafPool::prepare(Bytes bytes, const SegmentId& segment, std::size_t block) {
    frames_.clear();
    cursor_ = 0;
    std::size_t records = 0;
    for (std::size_t at = 0; at < bytes.size();) {
        FrameHeader header;
        if (check_frame_header(bytes.subspan(at), segment, header) != FrameFault::none) {
            break;
        }
        const std::size_t whole = frame_disk_bytes(header, block);
        if (whole > bytes.size() - at || header.record_count > header.payload_bytes / sizeof(RecordHeader)) {
            break;
        }
        frames_.push_back(
            {bytes.subspan(at + sizeof(FrameHeader), header.payload_bytes), records, header.record_count});
        records += header.record_count;
        at += whole;
    }
    leaves_.resize(records);
    next_.store(0, std::memory_order_relaxed);
    const bool shared = threads_ > 1 && records >= worth_sharing;
    if (shared) {
        if (helpers_.empty()) {
            for (std::size_t i = 1; i < threads_; ++i) {
                helpers_.emplace_back([this](const std::stop_token& stop) { help(stop); });
            }
        }
        const std::lock_guard lock(lock_);
        ++rounds_;
        at_work_ = helpers_.size();
    }
    begun_.notify_all();
    work(hasher_);
    if (shared) {
        std::unique_lock lock(lock_);
        ended_.wait(lock, [this] { return at_work_ == 0; });
    }
}

void LeafPool::work(Sha256Hasher& hasher) {
    for (std::size_t i = 0; (i = next_.fetch_add(1, std::memory_order_relaxed)) < frames_.size();) {
        const Frame& frame = frames_[i];
        std::size_t at = 0;
        for (std::size_t n = 0; n < frame.count; ++n) {
            Leaf& leaf = leaves_[frame.first + n];
            RecordView view;
            if (parse_record(frame.payload.subspan(at), view) != RecordFault::none) {
                // No record begins at a payload's end: these are found by nobody.
                for (; n < frame.count; ++n) {
                    leaves_[frame.first + n].record = frame.payload.data() + frame.payload.size();
                }
                break;
            }
            leaf = {frame.payload.data() + at, leaf_hash(hasher, view)};
            at += view.header.length;
        }
    }
}

void LeafPool::help(const std::stop_token& stop) {
    Sha256Hasher hasher;
    std::uint64_t done = 0;
    while (true) {
        {
            std::unique_lock lock(lock_);
            if (!begun_.wait(lock, stop, [this, done] { return rounds_ != done; })) {
                return;
            }
            done = rounds_;
        }
        work(hasher);
        {
            const std::lock_guard lock(lock_);
            --at_work_;
        }
        ended_.notify_one();
    }
}

const Hash* LeafPool::find(const std::byte* record) noexcept {
    if (cursor_ >= leaves_.size() || leaves_[cursor_].record != record) {
        const auto found =
            std::lower_bound(leaves_.begin(), leaves_.end(), record,
                             [](const Leaf& leaf, const std::byte* place) { return leaf.record < place; });
        if (found == leaves_.end() || found->record != record) {
            return nullptr;
        }
        cursor_ = static_cast<std::size_t>(found - leaves_.begin());
    }
    return &leaves_[cursor_++].hash;
}

}  // namespace fairlead::audit
