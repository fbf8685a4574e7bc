// OutgoingIndex: for each client session, which Record each outgoing message number came from, so that
// a resend can be encoded again from the journal. 0 stands for a session-level message (gap-filled).
// All memory is taken at construction, in chunks that sessions draw from one pool.
#pragma once

#include <algorithm>
#include <vector>

#include "risk/assert.hpp"
#include "risk/words.hpp"

namespace fairlead::gateway {

class OutgoingIndex {
  public:
    static constexpr std::uint32_t chunk_entries = 1024;

    // sessions: highest slot + 1. entries_max: message numbers kept, all sessions of a day together.
    OutgoingIndex(std::size_t sessions, std::size_t entries_max)
        : pool_((entries_max / chunk_entries + sessions + 1) * chunk_entries), tables_(sessions) {
        const std::size_t chunks = pool_.size() / chunk_entries;
        for (Table& table : tables_) {
            table.chunks.reserve(chunks);
        }
    }

    // Numbers are added in order: `number` is the session's highest so far plus one, or a reset to 1.
    // False when the pool is exhausted; the number then answers 0 and is gap-filled.
    bool add(std::uint32_t session, std::uint64_t number, risk::Sequence sequence) noexcept {
        Table& table = tables_[session];
        const std::uint64_t position = number - 1;
        const std::uint64_t chunk = position / chunk_entries;
        while (table.chunks.size() <= chunk) {
            if (std::size_t{next_chunk_} * chunk_entries >= pool_.size()) {
                return false;
            }
            table.chunks.push_back(next_chunk_++);
        }
        pool_[table.chunks[chunk] * std::size_t{chunk_entries} + position % chunk_entries] = sequence;
        return true;
    }

    // 0 for a session-level message and for numbers never added.
    [[nodiscard]] risk::Sequence find(std::uint32_t session, std::uint64_t number) const noexcept {
        const Table& table = tables_[session];
        const std::uint64_t position = number - 1;
        if (number == 0 || position / chunk_entries >= table.chunks.size()) {
            return 0;
        }
        return pool_[table.chunks[position / chunk_entries] * std::size_t{chunk_entries} +
                     position % chunk_entries];
    }

    // The session starts again at 1. Its chunks are kept and written over.
    void reset(std::uint32_t session) noexcept {
        for (const std::uint32_t chunk : tables_[session].chunks) {
            const auto from = pool_.begin() + static_cast<std::ptrdiff_t>(chunk) * chunk_entries;
            std::fill(from, from + chunk_entries, risk::Sequence{0});
        }
    }

  private:
    struct Table {
        std::vector<std::uint32_t> chunks;  // reserved in full: never grows beyond it
    };
    std::vector<risk::Sequence> pool_;
    std::vector<Table> tables_;
    std::uint32_t next_chunk_ = 0;
};

}  // namespace fairlead::gateway
