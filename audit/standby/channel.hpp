// Channel: one connection between leader and standby, TLS 1.3 with a certificate on either side, carrying
// whole messages. Sending waits, for a bounded time; receiving does not. Used by one thread.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "audit/mapped_file.hpp"
#include "audit/standby/messages.hpp"

struct ssl_ctx_st;
struct ssl_st;

namespace fairlead::audit {

struct ChannelFiles {
    std::string authority;
    std::string certificate;
    std::string key;
};

// What both sides show and whom they believe. Empty text: loaded.
class ChannelContext {
  public:
    [[nodiscard]] std::string load(const ChannelFiles& files);
    [[nodiscard]] ssl_ctx_st* get() const noexcept { return context_.get(); }

  private:
    struct Free {
        void operator()(ssl_ctx_st* context) const noexcept;
    };
    std::unique_ptr<ssl_ctx_st, Free> context_;
};

struct ReceivedMessage {
    MessageKind kind = MessageKind::beat;
    std::vector<std::byte> content;
};

class Channel {
  public:
    Channel() = default;
    ~Channel();
    Channel(const Channel&) = delete;
    Channel& operator=(const Channel&) = delete;

    // Numeric address. Both wait at most `wait`; the peer's certificate must be of this common name.
    // Empty text: connected.
    [[nodiscard]] std::string connect(const ChannelContext& context, const std::string& address,
                                      std::uint16_t port, const std::string& peer,
                                      std::chrono::milliseconds wait);
    [[nodiscard]] std::string accept(const ChannelContext& context, Descriptor socket,
                                     const std::string& peer, std::chrono::milliseconds wait);
    // False: the connection is over, error() says why.
    [[nodiscard]] bool send(Bytes bytes, std::chrono::milliseconds wait);
    // The next whole message, if it is here. Nothing: not yet, or the connection is over (error() has text).
    [[nodiscard]] std::optional<ReceivedMessage> receive();
    // Until something comes, or so long.
    void wait(std::chrono::microseconds most);
    [[nodiscard]] const std::string& error() const noexcept { return error_; }

  private:
    [[nodiscard]] std::string shake_hands(const ChannelContext& context, const std::string& peer, bool client,
                                          std::chrono::milliseconds wait);
    // What OpenSSL wants before it goes on, waited for until the moment given. False: it is over.
    [[nodiscard]] bool wait_for(int result, std::chrono::steady_clock::time_point until);
    bool fail(std::string why);

    struct Free {
        void operator()(ssl_st* stream) const noexcept;
    };
    Descriptor socket_;
    std::unique_ptr<ssl_st, Free> stream_;
    std::vector<std::byte> in_;  // received, not yet a whole message
    std::string error_;
};

// Listens on a numeric address. Empty text: `into` does.
[[nodiscard]] std::string listen_on(const std::string& address, std::uint16_t port, Descriptor& into);

}  // namespace fairlead::audit
