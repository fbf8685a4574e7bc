// FrontJournal: the Sequencer's Journal in production: the front, and the gate at the configured level.
// What is on disk is the keeper's. Order thread only.
#pragma once

#include "audit/front.hpp"
#include "config/gateway_config.hpp"

namespace fairlead::gateway {

class FrontJournal {
  public:
    // Between two questions for room at most a dozen Records are written, each with a message at most.
    static constexpr std::size_t room_asked = 4 * audit::record_bytes_max;

    FrontJournal(audit::Front& front, config::JournalLevel level) : front_(front), level_(level) {}

    [[nodiscard]] bool has_room() noexcept { return front_.has_room(room_asked); }

    template <class RecordStruct>
    void append(const RecordStruct& record, std::span<const std::byte> received,
                const risk::Answered* answered) noexcept {
        front_.append(record, received, answered);
    }

    // Bytes caused by Records up to this one may leave (the output-commit rule).
    [[nodiscard]] risk::Sequence gate() const noexcept {
        return level_ == config::JournalLevel::disk ? front_.synced() : front_.published();
    }
    [[nodiscard]] const audit::Front& front() const noexcept { return front_; }

  private:
    audit::Front& front_;
    config::JournalLevel level_;
};

}  // namespace fairlead::gateway
