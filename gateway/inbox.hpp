// Inbox and Errands: what other threads bring to the order thread, and what it asks of them. Bounded
// moodycamel queues, filled and emptied without lock or heap after construction. They are not linearizable
// between producers, so nothing here carries an order: an item gets its place in the one order when the
// Sequencer makes it a Record.
#pragma once

#include <concurrentqueue/concurrentqueue.h>
#include <atomic>

#include <array>
#include <cstdint>
#include <variant>

#include "gateway/control/auth.hpp"
#include "gateway/control/protocol.hpp"
#include "risk/record_operation.hpp"

namespace fairlead::gateway {

struct HistoryAnswer;
class SealedStream;

// A client connected to a listener; the descriptor is the order thread's from here on, and so is the stream
// of a TLS connection, until it is given back.
struct ConnectionAccepted {
    int fd = -1;
    std::array<std::uint8_t, 16> address{};
    SealedStream* stream = nullptr;
    risk::UtcNs stamp_ns = 0;  // of the last bytes the stream has been given
};
// A TLS handshake that failed; `name` is the certificate's, if one was shown and its name is short enough.
struct HandshakeRefused {
    std::array<std::uint8_t, 16> address{};
    risk::LogonVerdict verdict = risk::LogonVerdict::none;
    risk::UserName name;
};
// A list of revoked client certificates was read.
struct RevocationListRead {
    bool taken = false;        // false: not usable, the one before stays in force
    std::int64_t revoked = 0;  // certificates on it
    risk::Text<192> text;      // which listener, which list; or why it is not usable
};
// A line's connect ended: fd, or -1 and the errno.
struct LineConnected {
    std::uint32_t line = 0;
    int fd = -1;
    int error = 0;
};
struct ShutdownAsked {};
// What the kernel says of its clock, once a second.
struct ClockReading {
    bool synchronised = false;
};
// Messages read back from the journal for a resend; given back to the history thread when sent.
struct HistoryReady {
    HistoryAnswer* answer = nullptr;
};

using InboxItem =
    std::variant<std::monostate, ConnectionAccepted, LineConnected, AuthResult, ControlRequest, HistoryReady,
                 ShutdownAsked, ClockReading, HandshakeRefused, RevocationListRead>;

// The order thread asks for a line's connection, after a pause.
struct ConnectLine {
    std::uint32_t line = 0;
    std::uint32_t pause_ms = 0;
};
// Something an operator should read. Formatted and written by the control thread.
enum class LogLevel : std::uint8_t { info, warning, error };
struct LogLine {
    LogLevel level = LogLevel::info;
    risk::Sequence sequence = 0;
    std::uint32_t session = 0;
    std::int64_t value = 0;
    const char* text = nullptr;  // a literal
    risk::Text<96> detail;
};
// The stream of a connection that has ended, to be freed where that delays nobody.
struct StreamEnded {
    SealedStream* stream = nullptr;
};
// The order thread needs it no more.
struct ReloadOver {
    Reload* reload = nullptr;
};
struct Stopped {};  // the order thread has ended its work

using Errand =
    std::variant<std::monostate, ConnectLine, ControlReply, LogLine, StreamEnded, ReloadOver, Stopped>;

// Many producers, one consumer. push answers false when the queue is full: the producer keeps the item.
template <class Item>
class BoundedQueue {
  public:
    explicit BoundedQueue(std::size_t capacity) : queue_(capacity, 0, producers_max) {}

    // Never takes memory: what does not fit into the blocks taken at construction is refused.
    [[nodiscard]] bool push(const Item& item) noexcept {
        if (!queue_.try_enqueue(item)) {
            return false;
        }
        pushed_.fetch_add(1, std::memory_order_release);
        return true;
    }
    // The consumer's: costs one look at a counter.
    [[nodiscard]] bool empty() const noexcept { return pushed_.load(std::memory_order_acquire) == popped_; }
    // The consumer's, for gauges.
    [[nodiscard]] std::uint64_t depth() const noexcept {
        return pushed_.load(std::memory_order_acquire) - popped_;  // pairs with push
    }
    [[nodiscard]] bool pop(Item& into) noexcept {
        if (empty() || !queue_.try_dequeue(into)) {
            return false;
        }
        ++popped_;
        return true;
    }

  private:
    static constexpr std::size_t producers_max = 8;
    moodycamel::ConcurrentQueue<Item> queue_;
    alignas(64) std::atomic<std::uint64_t> pushed_{0};
    std::uint64_t popped_ = 0;  // the consumer's
};

using Inbox = BoundedQueue<InboxItem>;
using Errands = BoundedQueue<Errand>;

}  // namespace fairlead::gateway
