// OutBuffer: bytes waiting to leave on one connection, each message marked with the Record that caused
// it. Nothing behind a mark is offered for sending before the gate has reached that Record (the
// output-commit rule). Fixed capacity, taken at construction; a message that does not fit is refused
// whole. Owned and used by the order thread alone.
#pragma once

#include <cstring>
#include <memory>
#include <span>

#include "risk/assert.hpp"
#include "risk/words.hpp"

namespace fairlead::gateway {

class OutBuffer {
  public:
    // capacity: bytes. Marks are bounded by capacity / 64, the size of the smallest FIX message.
    explicit OutBuffer(std::size_t capacity)
        : capacity_(capacity),
          mark_capacity_(capacity / 64 + 1),
          bytes_(std::make_unique_for_overwrite<char[]>(capacity_)),
          marks_(std::make_unique_for_overwrite<Mark[]>(mark_capacity_)) {}

    // Room for at most `length` contiguous bytes, or an empty span when the peer has fallen behind.
    [[nodiscard]] std::span<char> room(std::size_t length) noexcept {
        if (mark_count_ == mark_capacity_) {
            return {};
        }
        if (capacity_ - tail_ < length) {
            compact();
            if (capacity_ - tail_ < length) {
                return {};
            }
        }
        return {bytes_.get() + tail_, length};
    }

    // Takes the first `length` bytes of the last room() as one message with number `number` (0 = none).
    void commit(std::size_t length, risk::Sequence gate, std::uint64_t number) noexcept {
        risk::require(mark_count_ < mark_capacity_ && tail_ + length <= capacity_,
                      "a message is committed into room that was given");
        tail_ += length;
        written_ += length;
        mark(mark_count_) = {written_, gate, number};
        ++mark_count_;
    }

    // The bytes that may leave now that every Record up to `gate` is safe.
    [[nodiscard]] std::span<const char> sendable(risk::Sequence gate) noexcept {
        while (open_marks_ < mark_count_ && mark(open_marks_).gate <= gate) {
            open_end_ = mark(open_marks_).end;
            ++open_marks_;
        }
        return {bytes_.get() + head_, static_cast<std::size_t>(open_end_ - sent_)};
    }

    // `length` bytes have been handed to the socket. Returns the number of the last message that left
    // whole with this call, 0 if none did or it carries none.
    std::uint64_t sent(std::size_t length) noexcept {
        head_ += length;
        sent_ += length;
        std::uint64_t last_number = 0;
        while (mark_count_ > 0 && mark(0).end <= sent_) {
            last_number = mark(0).number != 0 ? mark(0).number : last_number;
            first_mark_ = wrapped(first_mark_ + 1);
            --mark_count_;
            open_marks_ -= open_marks_ > 0 ? 1 : 0;
        }
        if (head_ == tail_) {
            head_ = tail_ = 0;
        }
        return last_number;
    }

    void clear() noexcept {
        head_ = tail_ = 0;
        written_ = sent_ = open_end_ = 0;
        first_mark_ = mark_count_ = open_marks_ = 0;
    }

    [[nodiscard]] bool empty() const noexcept { return head_ == tail_; }
    [[nodiscard]] std::size_t size() const noexcept { return tail_ - head_; }
    [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }

  private:
    struct Mark {
        std::uint64_t end;  // in bytes ever written
        risk::Sequence gate;
        std::uint64_t number;
    };

    Mark& mark(std::size_t index) noexcept { return marks_[wrapped(first_mark_ + index)]; }
    // A place at most once around the ring: cheaper than a division.
    [[nodiscard]] std::size_t wrapped(std::size_t place) const noexcept {
        return place < mark_capacity_ ? place : place - mark_capacity_;
    }

    void compact() noexcept {
        std::memmove(bytes_.get(), bytes_.get() + head_, tail_ - head_);
        tail_ -= head_;
        head_ = 0;
    }

    // Untouched until used: a thousand idle connections cost address space, not memory.
    std::size_t capacity_;
    std::size_t mark_capacity_;
    std::unique_ptr<char[]> bytes_;
    std::unique_ptr<Mark[]> marks_;
    std::size_t head_ = 0;
    std::size_t tail_ = 0;
    std::uint64_t written_ = 0;
    std::uint64_t sent_ = 0;
    std::uint64_t open_end_ = 0;  // in bytes ever written: what the gate has opened
    std::size_t first_mark_ = 0;
    std::size_t mark_count_ = 0;
    std::size_t open_marks_ = 0;  // of mark_count_, how many the gate has opened
};

}  // namespace fairlead::gateway
