// Connection: one TCP connection of a client or a venue line as the order thread has it: bytes read and
// not yet taken, the message at their head with its arrival stamps, and bytes waiting to leave. It knows
// no FIX session: that is whoever owns it. Slots are made once and used again.
#pragma once

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <span>
#include <utility>

#include "gateway/clock.hpp"
#include "gateway/fix/reader.hpp"
#include "gateway/out_buffer.hpp"
#include "gateway/sealed_stream.hpp"
#include "gateway/socket.hpp"
#include "risk/record_operation.hpp"

namespace fairlead::gateway {

enum class Owner : std::uint8_t { none, pending_client, client, line };

// How a connection ended whose last read was this.
[[nodiscard]] inline risk::LogoutCause cause_of(ReadResult::Status status) noexcept {
    return status == ReadResult::Status::cut_off  ? risk::LogoutCause::cut_off
           : status == ReadResult::Status::broken ? risk::LogoutCause::broken_record
                                                  : risk::LogoutCause::disconnected;
}

class Connection {
  public:
    enum class Head : std::uint8_t { none, ready, oversize };

    Connection(std::size_t in_capacity, std::size_t out_capacity)
        : out_(out_capacity),
          in_capacity_(in_capacity),
          in_(std::make_unique_for_overwrite<char[]>(in_capacity)) {}

    void open(Socket socket, const std::array<std::uint8_t, 16>& address, risk::MonotonicNs now) noexcept {
        socket_ = std::move(socket);
        address_ = address;
        opened_ns_ = now;
        in_head_ = in_tail_ = 0;
        out_.clear();
        head_ = Head::none;
        head_length_ = 0;
        kernel_ns_ = effective_ns_ = behind_ns_ = 0;
        fresh_ = unfinished_ = false;
        skipped_ = 0;
        closing_ns = 0;
        stood_still_ns = 0;
        closed_by_peer = close_when_flushed = overflowed = listed = maybe_readable = false;
        linger = half_closed = false;
        ++generation_;
    }
    // Just opened: a TLS connection by this stream, until take_stream(); null for a plain one. stamp_ns is of
    // the bytes the stream holds already.
    void seal_with(SealedStream* stream, risk::UtcNs stamp_ns) noexcept {
        stream_ = stream;
        sealed_text_ = 0;
        if (stream != nullptr) {
            kernel_ns_ = stamp_ns;
            stamp_ns_ = stamp_ns != 0 ? stamp_ns : SystemClock::utc_ns();
            fresh_ = true;
        }
    }
    // The slot is free again; what was waiting to leave is gone.
    void close() noexcept {
        socket_.close();
        head_ = Head::none;
        owner = Owner::none;
        owner_index = 0;
    }

    // Reads once into what room there is. The caller looks at status; data is then at the end of pending
    // bytes, stamped: by the kernel, or where it gives no stamp by our own clock.
    [[nodiscard]] ReadResult read() noexcept {
        if (in_head_ != 0 && in_capacity_ - in_tail_ < in_capacity_ / 2) {
            std::memmove(in_.get(), in_.get() + in_head_, in_tail_ - in_head_);
            in_tail_ -= in_head_;
            in_head_ = 0;
        }
        const std::span<char> room(in_.get() + in_tail_, in_capacity_ - in_tail_);
        const ReadResult result = stream_ == nullptr ? read_stamped(socket_.fd(), room) : read_sealed(room);
        if (result.status == ReadResult::Status::data) {
            in_tail_ += result.length;
            if (stream_ == nullptr) {
                note_stamp(result);
            }
        }
        return result;
    }

    // Hands bytes to the socket, as many as it takes; of a TLS connection those count whose record has left
    // whole. Writes are then gone on with when there is room.
    [[nodiscard]] WriteResult write(std::span<const char> bytes) noexcept {
        return stream_ == nullptr ? write_some(socket_.fd(), bytes) : write_sealed(bytes);
    }
    // The last a TLS peer is told, once everything else has left; for a plain one there is nothing to say. A
    // socket that has no room for it is closed all the same.
    void say_goodbye() noexcept {
        if (stream_ != nullptr && stream_->sealed().empty()) {
            stream_->say_goodbye();
            static_cast<void>(write_some(socket_.fd(), stream_->sealed()));
        }
    }
    // Null for a plain connection.
    [[nodiscard]] const SealedStream* stream() const noexcept { return stream_; }
    [[nodiscard]] SealedStream* take_stream() noexcept { return std::exchange(stream_, nullptr); }

    // Frames the message at the head of the pending bytes. The first message of a read competes at the
    // read's stamp. One that stood behind an earlier message of its own connection, in the same read or
    // still in the kernel, competes at `horizon_ns` of the pass that finds it: late, never early. Text that
    // is no message takes a turn like one: it is skipped once a pass, and counted.
    Head frame(const fix::Reader& reader, fix::Message& message, risk::UtcNs horizon_ns) noexcept {
        if (head_ != Head::none) {
            return head_;
        }
        unfinished_ = false;
        if (in_head_ == in_tail_) {
            return Head::none;
        }
        const std::span<const char> bytes(in_.get() + in_head_, in_tail_ - in_head_);
        const fix::ReadResult result = reader.read(bytes, message);
        if (result.status == fix::ReadStatus::incomplete) {
            return Head::none;
        }
        if (result.status == fix::ReadStatus::oversize) {
            return head_ = Head::oversize;
        }
        if (result.status == fix::ReadStatus::complete) {
            head_length_ = result.consumed;
            const bool behind = !fresh_ || stamp_ns_ <= behind_ns_;
            effective_ns_ = behind ? std::max(stamp_ns_, horizon_ns) : stamp_ns_;
            fresh_ = false;
            return head_ = Head::ready;
        }
        in_head_ += result.consumed;
        ++skipped_;
        fresh_ = false;
        unfinished_ = in_head_ < in_tail_;
        return Head::none;
    }
    // Text was skipped and what is behind it has not been looked at: another pass is due without a read.
    [[nodiscard]] bool unfinished() const noexcept { return unfinished_; }
    // How often text was skipped since last asked.
    [[nodiscard]] std::uint32_t take_skipped() noexcept { return std::exchange(skipped_, 0); }
    // The head message has been taken, in the pass that began at `pass_ns`.
    void take_head(risk::UtcNs pass_ns) noexcept {
        in_head_ += head_length_;
        head_length_ = 0;
        head_ = Head::none;
        stay_behind(pass_ns);
    }
    // What was stamped up to then had to wait for this connection's own business, not for others.
    void stay_behind(risk::UtcNs pass_ns) noexcept { behind_ns_ = pass_ns; }

    [[nodiscard]] bool is_open() const noexcept { return socket_.open(); }
    [[nodiscard]] int fd() const noexcept { return socket_.fd(); }
    [[nodiscard]] Head head() const noexcept { return head_; }
    [[nodiscard]] std::span<const char> head_bytes() const noexcept {
        return {in_.get() + in_head_, head_length_};
    }
    [[nodiscard]] bool has_pending_bytes() const noexcept { return in_head_ < in_tail_; }
    [[nodiscard]] risk::UtcNs kernel_ns() const noexcept { return kernel_ns_; }
    // What the head message competes with.
    [[nodiscard]] risk::UtcNs effective_ns() const noexcept { return effective_ns_; }
    [[nodiscard]] const std::array<std::uint8_t, 16>& address() const noexcept { return address_; }
    [[nodiscard]] risk::MonotonicNs opened_ns() const noexcept { return opened_ns_; }
    // Tells this use of the slot from the ones before.
    [[nodiscard]] std::uint32_t generation() const noexcept { return generation_; }
    [[nodiscard]] OutBuffer& out() noexcept { return out_; }

    Owner owner = Owner::none;
    std::uint32_t owner_index = 0;
    bool listed = false;          // readable, or holding bytes: looked at in each pass
    bool maybe_readable = false;  // an edge was told and no read has found the socket empty since
    bool closed_by_peer = false;  // told by epoll: read until the read says so too
    bool close_when_flushed = false;
    bool overflowed = false;  // its reader fell too far behind: to be ended
    bool dirty = false;       // on the list of connections with bytes to write
    bool linger = false;      // once flushed it is closed for writing only: the peer has time to read why
    bool half_closed = false;
    // What is read may have lain in the kernel since then, UTC: the order thread stood still. A read of many
    // bytes has the kernel's stamp of the last of them only. 0 = the stamp tells how old it is.
    risk::UtcNs stood_still_ns = 0;
    risk::MonotonicNs closing_ns = 0;  // when a timer first saw close_when_flushed; 0 = none has

  private:
    void note_stamp(const ReadResult& result) noexcept {
        kernel_ns_ = result.stamp_ns;
        stamp_ns_ = result.stamp_ns != 0 ? result.stamp_ns : SystemClock::utc_ns();
        fresh_ = true;
    }

    // One record at most. Records behind it, from the same read, wait here for the next look.
    [[nodiscard]] ReadResult read_sealed(std::span<char> room) noexcept {
        ReadResult result;
        if (!stream_->holds_record()) {
            result = read_stamped(socket_.fd(), stream_->room());
            if (result.status != ReadResult::Status::data) {
                if (result.status == ReadResult::Status::closed) {
                    result.status = ReadResult::Status::cut_off;  // its close_notify would have been opened
                }
                return result;
            }
            stream_->received(result.length);
            note_stamp(result);
        }
        const SealedStream::OpenResult opened = stream_->open(room);
        result.length = opened.length;
        switch (opened.what) {
            case SealedStream::Opened::text:
                result.status = ReadResult::Status::data;
                break;
            case SealedStream::Opened::nothing:
                result.status = ReadResult::Status::empty;
                break;
            case SealedStream::Opened::ended:
                result.status = ReadResult::Status::closed;
                break;
            case SealedStream::Opened::broken:
                result.status = ReadResult::Status::broken;
                static_cast<void>(
                    write_some(socket_.fd(), stream_->sealed()));  // why, for who is still there
                break;
        }
        result.drained = result.drained && !stream_->holds_record();
        return result;
    }

    [[nodiscard]] WriteResult write_sealed(std::span<const char> bytes) noexcept {
        WriteResult result;
        while (true) {
            if (stream_->sealed().empty()) {
                if (result.length == bytes.size()) {
                    return result;
                }
                sealed_text_ = stream_->seal(bytes.subspan(result.length));
                if (sealed_text_ == 0) {
                    result.error = EPROTO;
                    return result;
                }
            }
            const WriteResult part = write_some(socket_.fd(), stream_->sealed());
            stream_->sent(part.length);
            if (part.error != 0 || !stream_->sealed().empty()) {
                result.error = part.error;
                return result;
            }
            result.length += std::exchange(sealed_text_, 0);
        }
    }

    Socket socket_;
    SealedStream* stream_ = nullptr;
    std::size_t sealed_text_ = 0;  // bytes of text in the record that is leaving
    std::array<std::uint8_t, 16> address_{};
    risk::MonotonicNs opened_ns_ = 0;
    std::uint32_t generation_ = 0;
    OutBuffer out_;
    std::size_t in_capacity_;
    std::unique_ptr<char[]> in_;
    std::size_t in_head_ = 0;
    std::size_t in_tail_ = 0;
    std::size_t head_length_ = 0;
    Head head_ = Head::none;
    bool fresh_ = false;  // no message has competed at the last read's stamp yet
    bool unfinished_ = false;
    std::uint32_t skipped_ = 0;
    risk::UtcNs kernel_ns_ = 0;
    risk::UtcNs stamp_ns_ = 0;
    risk::UtcNs effective_ns_ = 0;
    risk::UtcNs behind_ns_ = 0;
};

}  // namespace fairlead::gateway
