// LeafPool: computes the leaf hashes of many records at once, on threads of its own beside the caller's,
// before the records are checked one by one. Only a store of hashes by place: who asks for one that is not
// there computes it. Used by FrameScan for readers of whole journals; not by the keeper, nor on the order
// thread.
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "audit/frame.hpp"

namespace fairlead::audit {

class LeafPool {
  public:
    // threads: with the caller's. They are started when there is enough to do.
    explicit LeafPool(std::size_t threads) : threads_(threads) {}
    ~LeafPool();
    LeafPool(const LeafPool&) = delete;
    LeafPool& operator=(const LeafPool&) = delete;

    // Hashes the records of all frames that lie whole at the front of `bytes`, which stay as they are until
    // forget(). What is no frame, or no record, ends it: the checker says what is wrong with that.
    void prepare(Bytes bytes, const SegmentId& segment, std::size_t block);
    // The bytes are about to change.
    void forget() noexcept { leaves_.clear(); }
    // Of the record that begins here; null: not hashed. Cheap when asked for in order.
    [[nodiscard]] const Hash* find(const std::byte* record) noexcept;

  private:
    // Fewer records are hashed by the caller alone: waking others costs more.
    static constexpr std::size_t worth_sharing = 64;

    struct Leaf {
        const std::byte* record = nullptr;
        Hash hash{};
    };
    struct Frame {
        Bytes payload;
        std::size_t first = 0;  // of its leaves
        std::size_t count = 0;
    };
    void work(Sha256Hasher& hasher);
    void help(const std::stop_token& stop);

    std::size_t threads_;
    std::vector<Frame> frames_;
    std::vector<Leaf> leaves_;  // ascending by place; each thread writes those of the frames it took
    std::size_t cursor_ = 0;
    Sha256Hasher hasher_;
    // Which frame is to be taken next. Relaxed: what a frame is, and its leaves, pass through the lock.
    std::atomic<std::size_t> next_{0};
    std::mutex lock_;
    std::condition_variable_any begun_;
    std::condition_variable ended_;
    std::uint64_t rounds_ = 0;
    std::size_t at_work_ = 0;
    std::vector<std::jthread> helpers_;  // last: they use all the others
};

}  // namespace fairlead::audit
