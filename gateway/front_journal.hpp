// FrontJournal: the Sequencer's Journal in production: the front, and the gate at the configured level.
// What is on disk is the keeper's. Order thread only.
#pragma once

#include <algorithm>

#include "audit/front.hpp"
#include "config/gateway_config.hpp"

namespace fairlead::gateway {

class FrontJournal {
  public:
    // Between two questions for room at most a dozen Records are written, each with a message at most.
    static constexpr std::size_t room_asked = 4 * audit::record_bytes_max;

    FrontJournal(audit::Front& front, config::JournalLevel level, std::uint32_t quorum = 1)
        : front_(front), level_(level), quorum_(quorum) {}

    [[nodiscard]] bool has_room() noexcept { return front_.has_room(room_asked); }

    template <class RecordStruct>
    void append(const RecordStruct& record, std::span<const std::byte> received,
                const risk::Answered* answered) noexcept {
        front_.append(record, received, answered);
    }

    // Bytes caused by Records up to this one may leave (the output-commit rule).
    [[nodiscard]] risk::Sequence gate() const noexcept {
        switch (level_) {
            case config::JournalLevel::process:
                break;
            case config::JournalLevel::disk:
                return front_.synced();
            case config::JournalLevel::replica:
                return std::min(front_.synced(), front_.acked(quorum_));
        }
        return front_.published();
    }
    // As far as the standbys asked for have acknowledged; all of it where none is asked.
    [[nodiscard]] risk::Sequence acked() const noexcept {
        return level_ == config::JournalLevel::replica ? front_.acked(quorum_) : front_.published();
    }
    [[nodiscard]] const audit::Front& front() const noexcept { return front_; }

  private:
    audit::Front& front_;
    config::JournalLevel level_;
    std::uint32_t quorum_;
};

}  // namespace fairlead::gateway
