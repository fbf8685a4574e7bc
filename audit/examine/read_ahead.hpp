// ReadAhead: a JournalReader on a thread of its own, so that checksums and hashes of what comes next are
// done while the records at hand are judged; the reader may hash on more threads (JournalPlace::hashers).
// Gives the same records in the same order with the same end.
#pragma once

#include <array>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "audit/journal_reader.hpp"

namespace fairlead::audit {

class ReadAhead {
  public:
    // reader: open, and left alone until next() has given something else than a record. on_leaf: called
    // on the other thread with each record's leaf, in journal order.
    ReadAhead(JournalReader& reader, std::function<void(const Hash& leaf)> on_leaf);
    ~ReadAhead();
    ReadAhead(const ReadAhead&) = delete;
    ReadAhead& operator=(const ReadAhead&) = delete;

    // The view stays good until the next call.
    [[nodiscard]] ReadStatus next(RecordView& view);
    // Of the record given last.
    [[nodiscard]] ReadPlace place() const;

  private:
    static constexpr std::size_t batch_bytes = 512 << 10;  // a largest record fits many times
    static constexpr std::size_t batches = 4;

    struct Item {
        RecordView view;
        std::size_t frame = 0;  // index of its frame's place
    };
    struct Batch {
        // Not zeroed: a small journal never touches it.
        std::unique_ptr<std::byte[]> bytes = std::make_unique_for_overwrite<std::byte[]>(batch_bytes);
        std::vector<Item> items;
        std::vector<ReadPlace> frames;
        ReadStatus last = ReadStatus::record;  // else: nothing comes behind this batch
    };

    void read_all(const std::stop_token& stop);
    void fill(Batch& batch, RecordView& held, bool& holds);

    JournalReader& reader_;
    std::function<void(const Hash&)> on_leaf_;
    std::array<Batch, batches> ring_;
    std::mutex lock_;
    std::condition_variable_any filled_or_emptied_;
    std::uint64_t filled_ = 0;   // batches, ever
    std::uint64_t emptied_ = 0;  // batches, ever
    Batch* at_hand_ = nullptr;
    std::size_t next_item_ = 0;
    std::jthread thread_;  // last: it uses all the others
};

}  // namespace fairlead::audit
