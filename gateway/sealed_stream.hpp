// SealedStream: what stands between a connection's bytes and its messages when its listener speaks TLS: bytes
// off the wire become text, text becomes bytes for the wire, in fixed buffers. It reads and writes no socket.
// Connection calls it on the order thread; gateway/tls has the one that there is. A plain connection has
// none.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace fairlead::gateway {

class SealedStream {
  public:
    enum class Opened : std::uint8_t {
        text,
        nothing,  // no whole record is here, or one without text
        ended,    // the peer has said that it sends no more
        broken    // nothing after this can be trusted
    };
    struct OpenResult {
        Opened what = Opened::nothing;
        std::size_t length = 0;
    };

    SealedStream() = default;
    SealedStream(const SealedStream&) = delete;
    SealedStream& operator=(const SealedStream&) = delete;
    virtual ~SealedStream() = default;

    // Where the next bytes off the wire go. Never empty while no whole record is here.
    [[nodiscard]] virtual std::span<char> room() noexcept = 0;
    virtual void received(std::size_t length) noexcept = 0;
    // A whole record, or the rest of one, can be opened without reading the wire.
    [[nodiscard]] virtual bool holds_record() const noexcept = 0;
    // Opens one record at most: what a peer makes of many small ones is work of many passes.
    [[nodiscard]] virtual OpenResult open(std::span<char> into) noexcept = 0;

    // Only while sealed() is empty: takes text from the front, as much as one record holds, and says how
    // much; 0: broken.
    [[nodiscard]] virtual std::size_t seal(std::span<const char> text) noexcept = 0;
    // What has to go onto the wire, and how much of it went.
    [[nodiscard]] virtual std::span<const char> sealed() const noexcept = 0;
    virtual void sent(std::size_t length) noexcept = 0;
    // The last that is sealed: nothing follows.
    virtual void say_goodbye() noexcept = 0;

    // Common name of the certificate the peer has shown.
    [[nodiscard]] virtual std::string_view peer_name() const noexcept = 0;
};

}  // namespace fairlead::gateway
