// SegmentStore: one device of the keeper's. Zero-written segments made ready ahead by a thread of its own,
// one open for writing, one synchronous write at a time. Knows nothing of frames, nor of another device.
// Used by Keeper only; tests put a failing disk in its place.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "audit/segment_directory.hpp"

namespace fairlead::audit {

struct SegmentStoreOptions {
    std::string directory;
    std::uint64_t segment_bytes = std::uint64_t{256} << 20;  // multiple of 4096, at least 1 MiB
    std::uint32_t ready_target = 2;                          // zero-written segments kept waiting
    // Told to the operator log: from the preparing thread too.
    std::function<void(const std::string&)> say = [](const std::string&) {};
    // A spare's segments get their number when they are opened: before, nobody knows where it will begin.
    bool spare = false;
};

class SegmentStore {
  public:
    explicit SegmentStore(SegmentStoreOptions options);
    ~SegmentStore();
    SegmentStore(const SegmentStore&) = delete;
    SegmentStore& operator=(const SegmentStore&) = delete;

    // `unused`: complete segments behind the end of the log, in order. `next_number`: of the next one to
    // be made. Starts the preparing thread. Empty text: begun.
    [[nodiscard]] std::string begin(std::deque<SegmentName> unused, std::uint64_t next_number);
    // For a spare: the number of the segment to be opened next.
    void number_from(std::uint64_t number);
    // Goes on in a segment that has frames already. Empty text: open.
    [[nodiscard]] std::string continue_in(const SegmentName& name);
    // The next ready segment becomes the one written to. False: none is ready yet.
    [[nodiscard]] bool open_next();

    [[nodiscard]] const std::string& directory() const noexcept { return options_.directory; }
    [[nodiscard]] bool is_open() const noexcept { return file_.open(); }
    [[nodiscard]] const SegmentName& segment() const noexcept { return name_; }
    [[nodiscard]] std::uint64_t segment_bytes() const noexcept { return file_bytes_; }
    // One write, returned only when it is on the disk. 0, or errno; a short write is EIO.
    [[nodiscard]] int write(std::uint64_t offset, Bytes bytes) noexcept;
    // What the device holds, not what the page cache does. 0, or errno. `into` is aligned to a block.
    [[nodiscard]] int read_back(std::uint64_t offset, std::span<std::byte> into) noexcept;
    void close_segment() noexcept { file_.close(); }
    // After its last frame: nobody has a reason to write to it again, and its mode says so.
    void seal_segment() noexcept;

    [[nodiscard]] std::uint32_t ready() const noexcept {
        return ready_count_.load(std::memory_order_relaxed);
    }
    // errno of the last failure to make a segment, 0 once one has been made.
    [[nodiscard]] int prepare_error() const noexcept {
        return prepare_error_.load(std::memory_order_relaxed);
    }
    [[nodiscard]] bool direct() const noexcept { return direct_; }
    // A text beside the segment that says why it was closed before its end; from then on nothing is
    // written to it. Empty text: written and synced.
    [[nodiscard]] std::string note(const SegmentName& name, const std::string& text) const;
    // The note that cuts a segment of the other device: whole or not there at all. Empty text: on disk.
    [[nodiscard]] std::string note_cut(const SegmentCut& cut, const std::string& reason) const;
    // The device has failed: makes no more segments. The note is tried by the preparing thread, so that
    // the keeper never waits for a device that may hang; whether it gets there does not matter.
    void give_up(const SegmentCut& cut, const std::string& reason);

  private:
    void prepare_loop();
    [[nodiscard]] bool number_it(SegmentName& name);
    void take_ready_files();
    [[nodiscard]] int prepare_one(std::uint64_t number, SegmentName& made);
    [[nodiscard]] std::string open_for_writing(const SegmentName& name);

    SegmentStoreOptions options_;
    Descriptor file_;
    SegmentName name_;
    std::uint64_t file_bytes_ = 0;
    bool direct_ = true;

    std::mutex mutex_;  // guards unused_, next_number_, last_note_
    std::condition_variable wake_;
    std::deque<SegmentName> unused_;
    std::uint64_t next_number_ = 1;
    std::function<void()> last_note_;
    std::atomic<std::uint32_t> ready_count_{0};
    std::atomic<int> prepare_error_{0};
    std::atomic<bool> stopping_{false};
    std::thread preparer_;
};

}  // namespace fairlead::audit
