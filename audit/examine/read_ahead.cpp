#include "audit/examine/read_ahead.hpp"

#include <cstring>

namespace fairlead::audit {

ReadAhead::ReadAhead(JournalReader& reader, std::function<void(const Hash&)> on_leaf)
    : reader_(reader),
      on_leaf_(std::move(on_leaf)),
      thread_([this](const std::stop_token& stop) { read_all(stop); }) {}

ReadAhead::~ReadAhead() = default;

void ReadAhead::read_all(const std::stop_token& stop) {
    RecordView held;  // read, and without room in the batch before
    bool holds = false;
    for (ReadStatus status = ReadStatus::record; status == ReadStatus::record;) {
        Batch* batch = nullptr;
        {
            std::unique_lock lock(lock_);
            if (!filled_or_emptied_.wait(lock, stop, [this] { return filled_ - emptied_ < batches; })) {
                return;
            }
            batch = &ring_[filled_ % batches];
        }
        fill(*batch, held, holds);
        status = batch->last;
        {
            const std::lock_guard lock(lock_);
            ++filled_;
        }
        filled_or_emptied_.notify_all();
    }
}

void ReadAhead::fill(Batch& batch, RecordView& held, bool& holds) {
    batch.items.clear();
    batch.frames.clear();
    batch.last = ReadStatus::record;
    std::size_t used = 0;
    std::uint64_t frame = 0;
    while (true) {
        if (!holds) {
            batch.last = reader_.next(held);
            if (batch.last != ReadStatus::record) {
                return;
            }
            on_leaf_(reader_.leaf());
        }
        holds = held.bytes.size() > batch_bytes - used;
        if (holds) {
            return;
        }
        if (batch.frames.empty() || reader_.frames() != frame) {
            frame = reader_.frames();
            batch.frames.push_back(reader_.place());
        }
        std::byte* const to = batch.bytes.get() + used;
        std::memcpy(to, held.bytes.data(), held.bytes.size());
        Item& item = batch.items.emplace_back(Item{held, batch.frames.size() - 1});
        item.view.bytes = {to, held.bytes.size()};
        for (std::size_t i = 0; i < held.header.sections; ++i) {
            const Bytes from = held.sections[i].bytes;
            item.view.sections[i].bytes = {to + (from.data() - held.bytes.data()), from.size()};
        }
        used += held.bytes.size();
    }
}

ReadStatus ReadAhead::next(RecordView& view) {
    while (at_hand_ == nullptr || next_item_ == at_hand_->items.size()) {
        std::unique_lock lock(lock_);
        if (at_hand_ != nullptr) {
            if (at_hand_->last != ReadStatus::record) {
                return at_hand_->last;
            }
            ++emptied_;
            at_hand_ = nullptr;
            filled_or_emptied_.notify_all();
        }
        filled_or_emptied_.wait(lock, [this] { return filled_ > emptied_; });
        at_hand_ = &ring_[emptied_ % batches];
        next_item_ = 0;
    }
    view = at_hand_->items[next_item_++].view;
    return ReadStatus::record;
}

ReadPlace ReadAhead::place() const {
    if (at_hand_ == nullptr || next_item_ == 0) {
        return {};
    }
    const Item& item = at_hand_->items[next_item_ - 1];
    ReadPlace place = at_hand_->frames[item.frame];
    place.sequence = item.view.header.sequence;
    return place;
}

}  // namespace fairlead::audit
