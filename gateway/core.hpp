// Core: what the parts of the order thread share: Ledger, journal, sequencer, clock, connections, and the
// ways out to other threads. It decides nothing. Everything here belongs to the order thread.
#pragma once

#include <memory>
#include <type_traits>
#include <vector>

#include "config/gateway_config.hpp"
#include "gateway/clock.hpp"
#include "gateway/connection.hpp"
#include "gateway/desk_books.hpp"
#include "gateway/fix/session.hpp"
#include "gateway/front_journal.hpp"
#include "gateway/inbox.hpp"
#include "gateway/order_routes.hpp"
#include "gateway/orders/venue_ids.hpp"
#include "gateway/outbox.hpp"
#include "gateway/outgoing_index.hpp"
#include "gateway/sequencer.hpp"

namespace fairlead::gateway {

using RoadSequencer = Sequencer<SystemClock, FrontJournal, Outbox>;

inline constexpr std::uint32_t no_connection = UINT32_MAX;
// By how many messages a peer may be ahead of a journal that lost its end: a front holds fewer Records.
inline constexpr std::uint64_t ahead_max = 10'000'000;

// An order to be cancelled that has no cancel under way, and the Record that ended the last one.
struct CancelAgain {
    std::uint32_t slot = 0;
    risk::Sequence cause = 0;
};

struct Core {
    Core(const config::GatewayConfig& configuration, risk::Ledger& the_ledger, FrontJournal& the_journal,
         Errands& the_errands);

    config::GatewayConfig config;  // a copy of its own: `fairlead reload` changes it, between two messages
    risk::Ledger& ledger;
    FrontJournal& journal;
    Errands& errands;
    SystemClock clock;
    OrderRoutes routes;
    VenueIds venue_ids;
    OutgoingIndex outgoing;
    DeskBooks desk;
    std::vector<std::unique_ptr<Connection>> connections;
    std::vector<std::uint32_t> dirty;       // connections with bytes to write; reserved in full
    std::vector<CancelAgain> cancel_again;  // for MassEffects; VenueSide reserves it in full
    RoadSequencer* sequencer = nullptr;
    risk::UtcNs stood_still_ns = 0;       // of whose message is being worked on; see Connection
    std::uint64_t dropped_log_lines = 0;  // no room on their way to who writes them; told by status

    // As of the message or Record being worked on.
    [[nodiscard]] fix::Now now() const noexcept { return {clock.last().utc_ns, clock.last().monotonic_ns}; }

    // A Record of ours or of a message received, through the Sequencer. session 0 = none.
    template <class RecordStruct>
    risk::Answered step(RecordStruct& record, std::span<const std::byte> raw = {}) noexcept {
        record.record.flags = static_cast<std::uint16_t>(record.record.flags | level_flag);
        const risk::Answered answered = sequencer->step(record, raw);
        desk.follow(record, answered.decision, ledger);
        if constexpr (ends_cancels<RecordStruct>) {
            if (follow_cancel(record.record, answered.decision)) {
                want_again({answered.decision.order_slot, record.record.sequence});
            }
        }
        return answered;
    }

    // What a Record says of the cancels of an order that somebody else than its client wants cancelled, live
    // and in replay. True: the last one came to nothing and another must be made. Not so where the venue has
    // refused one of ours: it would refuse the next.
    bool follow_cancel(const risk::Record& record, const risk::Decision& decision) noexcept;
    [[nodiscard]] bool lacks_cancel(std::uint32_t order_slot) const noexcept;

    // Room for one message in a connection's buffer; empty when the peer has fallen too far behind.
    [[nodiscard]] std::span<char> room(std::uint32_t connection) noexcept {
        return connections[connection]->out().room(message_room);
    }
    void commit(std::uint32_t connection, std::size_t length, risk::Sequence gate,
                std::uint64_t number) noexcept {
        Connection& target = *connections[connection];
        target.out().commit(length, gate, number);
        mark_dirty(connection);
    }
    void mark_dirty(std::uint32_t connection) noexcept {
        if (!connections[connection]->dirty) {
            connections[connection]->dirty = true;
            dirty.push_back(connection);
        }
    }

    void log(LogLevel level, const char* text, std::uint32_t session = 0, std::int64_t value = 0,
             std::string_view detail = {}) noexcept;

    // A TLS connection's stream is freed by the control thread: that is much work, and none of this thread's.
    // Null: nothing to do.
    void give_back(SealedStream* stream) noexcept {
        if (stream != nullptr && !errands.push(StreamEnded{stream})) {
            delete stream;
        }
    }

    // What may not be has happened: the road stops in good order, and the program says that it failed.
    void stop(const char* why, std::uint32_t session) noexcept;
    bool must_stop = false;

    // No message of ours is longer: the longest is an ExecutionReport with its Text.
    static constexpr std::size_t message_room = 2048;

  private:
    template <class T>
    static constexpr bool ends_cancels =
        std::is_same_v<T, risk::CancelOrder> || std::is_same_v<T, risk::WaitExpired> ||
        std::is_same_v<T, risk::Resolved> || std::is_same_v<T, risk::VenueReject> ||
        std::is_same_v<T, risk::VenueReport>;
    void want_again(const CancelAgain& again) noexcept;

    std::uint64_t told_dropped_ = 0;
    std::uint16_t level_flag;
};

// The bytes of a message as the journal keeps them: values of Password (554), NewPassword (925) and
// RawData (96) overwritten by '*'. `scratch` holds the copy when there is something to mask.
[[nodiscard]] std::span<const std::byte> masked(const fix::Message& message, std::span<char> scratch,
                                                bool& was_masked) noexcept;

}  // namespace fairlead::gateway
