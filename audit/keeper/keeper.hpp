// Keeper: copies what the gateway publishes in the front to the journal on disk, one checked frame and
// one synchronous write at a time, and tells the gate how far it is. When a write fails it never touches
// that device again: it goes on on the spare, if there is one. Survives being killed anywhere: what
// counts is on the disk and in the front. `step` is the whole loop body; fairlead-keeper calls it.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "audit/frame.hpp"
#include "audit/journal_reader.hpp"
#include "audit/keeper/segment_store.hpp"
#include "audit/recovery.hpp"

namespace fairlead::audit {

// A frame that is on disk now.
struct WrittenFrame {
    std::span<const Hash> leaves;  // of its records; none in a seal
    const FrameChain& behind;      // what the next one must be
    SegmentName segment;
    std::uint64_t end = 0;  // offset behind it
    bool on_spare = false;
    bool last_of_segment = false;
};

struct KeeperOptions {
    std::string journal_directory;
    std::string spare_directory;  // empty: none
    std::string front_directory;
    std::uint64_t segment_bytes = std::uint64_t{256} << 20;
    std::uint32_t ready_segments = 2;
    std::int64_t gather_ns = 0;                // 0: written at once; else so long apart, unless much waits
    std::int64_t seal_after_ns = 10'000'000;   // idle time after which the last frame gets its witness
    std::int64_t look_again_ns = 100'000'000;  // how often an absent or replaced front is looked for
    std::int64_t slow_write_ns = 10'000'000;   // a write slower than this is told to the operator
    std::function<void(const std::string&)> say = [](const std::string&) {};    // operator log
    std::function<void(const std::string&)> alarm = [](const std::string&) {};  // ... as an error
    // Told of each frame, after the gate was.
    std::function<void(const WrittenFrame&)> written = [](const WrittenFrame&) {};
};

// What is written to. SegmentStore in production.
template <class T>
concept FrameStore = requires(T& store, std::uint64_t offset, Bytes bytes, std::span<std::byte> into,
                              const SegmentName& name, const SegmentCut& cut, const std::string& text) {
    { store.is_open() } -> std::convertible_to<bool>;
    { store.open_next() } -> std::convertible_to<bool>;
    { store.segment() } -> std::convertible_to<SegmentName>;
    { store.segment_bytes() } -> std::convertible_to<std::uint64_t>;
    { store.write(offset, bytes) } -> std::convertible_to<int>;
    { store.read_back(offset, into) } -> std::convertible_to<int>;
    store.close_segment();
    store.seal_segment();
    { store.ready() } -> std::convertible_to<std::uint32_t>;
    { store.prepare_error() } -> std::convertible_to<int>;
    { store.direct() } -> std::convertible_to<bool>;
    { store.note(name, text) } -> std::convertible_to<std::string>;
    { store.note_cut(cut, text) } -> std::convertible_to<std::string>;
    store.give_up(cut, text);
    store.number_from(offset);
};

// Where writing goes on, as recovery found it.
struct KeeperStart {
    FrameChain chain;
    std::uint64_t offset = 0;  // of the end; in the segment the store has open, if it has
    bool sealed = false;
    std::uint64_t cut_bytes = 0;
    std::uint64_t switched_to = 0;  // number of the spare's first segment; 0: not on the spare
    bool arrived = false;           // the spare has a frame already
    SegmentName last;               // the segment the journal ends in; number 0: there is none
};

template <FrameStore Store>
class Keeper {
  public:
    enum class Step : std::uint8_t {
        wrote = 0,    // a frame went out: ask again at once
        idle = 1,     // nothing to do
        waiting = 2,  // no front, or no segment ready
        halted = 3,   // an error an operator must look at; synced stands still
    };

    // spare may be null.
    Keeper(const KeeperOptions& options, Store& store, KeeperMarkPage& mark, const KeeperStart& start,
           Store* spare = nullptr);

    [[nodiscard]] Step step(risk::MonotonicNs now);
    // After the last step of an orderly end: seals, and says so in the mark.
    void finish();
    [[nodiscard]] KeeperState state() const noexcept { return state_; }
    [[nodiscard]] risk::Sequence synced() const noexcept { return chain_.records.sequence; }
    [[nodiscard]] const std::string& error() const noexcept { return error_; }
    // Everything published is on disk.
    [[nodiscard]] bool drained() const;
    // The last frame was large: more is likely waiting already.
    [[nodiscard]] bool much_waits() const noexcept { return builder_.payload_bytes() > frame_bytes_max / 2; }

  private:
    [[nodiscard]] bool attach(risk::MonotonicNs now);
    [[nodiscard]] bool segment_ready();
    [[nodiscard]] bool gather();
    [[nodiscard]] bool write_frame();
    [[nodiscard]] int put(std::uint64_t offset, Bytes frame);
    void on_failed_write(int error, const std::string& text);
    void leave_device(const SegmentName& last, int error, const std::string& text);
    [[nodiscard]] bool segment_missing();
    void tell_spare();
    [[nodiscard]] bool go_over();
    void arrive();
    [[nodiscard]] bool at_work() const noexcept {
        return state_ == KeeperState::running || state_ == KeeperState::disk_full ||
               state_ == KeeperState::switching || state_ == KeeperState::on_spare;
    }
    void halt(KeeperState state, int error, std::string text);
    void set_state(KeeperState state);

    KeeperOptions options_;
    Store* store_;   // the one written to
    Store* failed_;  // the journal's own, to be told that it is given up
    Store* spare_;
    KeeperMarkPage& mark_;
    FrontReader front_;
    bool attached_ = false;
    std::string waiting_for_;
    FrameBuilder builder_;
    FrameChain chain_;
    std::uint64_t offset_ = 0;
    bool sealed_ = true;
    KeeperState state_ = KeeperState::running;
    std::string error_;
    // The way over to the spare; it is gone when the record `go_over_to_` is there.
    SegmentCut cut_;
    std::string cut_reason_;
    bool cut_noted_ = false;
    std::uint64_t switched_to_ = 0;
    risk::Sequence go_over_to_ = 0;
    SegmentName last_segment_;
    bool segment_missed_ = false;  // and the operator was told
    bool spare_missed_ = false;    // the same
    risk::MonotonicNs slow_told_ns_ = 0;
    std::vector<std::byte> read_back_;
    risk::MonotonicNs last_write_ns_ = 0;
    risk::MonotonicNs last_look_ns_ = INT64_MIN / 2;
};

// Reads the disk, finds the end, opens or begins the segment to go on in: on the spare, once the journal
// has gone over to it. Empty error: `start` is good.
struct Recovered {
    KeeperStart start;
    std::string error;
    KeeperState state = KeeperState::running;  // of the error
};
[[nodiscard]] Recovered recover_disk(const KeeperOptions& options, risk::Sequence floor, SegmentStore& store,
                                     SegmentStore* spare = nullptr);

[[nodiscard]] risk::MonotonicNs monotonic_now() noexcept;

}  // namespace fairlead::audit
