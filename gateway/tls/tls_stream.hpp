// TlsStream: one TLS 1.3 connection by OpenSSL over two fixed buffers. The handshake runs on the thread of
// Handshakes; when it is done the object goes to the order thread, which opens and seals records with it: no
// socket, no clock, no lock, and no memory of the heap but for a peer's key update, whose number is bounded.
#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>

#include "gateway/sealed_stream.hpp"
#include "risk/record_operation.hpp"

namespace fairlead::gateway {

class TlsStream final : public SealedStream {
  public:
    // Larger than the largest record there may be (RFC 8446, 5.2), with what may go before and after it.
    static constexpr std::size_t text_max = 16384;
    static constexpr std::size_t record_max = 5 + text_max + 256;
    static constexpr std::size_t buffer_bytes = record_max + 512;
    // Of one connection, all its life. A peer needs one for some ten million records.
    static constexpr int key_updates_max = 64;

    enum class Role : std::uint8_t { server, client };
    // `context` must live while streams are made of it. Only TlsContext and tests make one.
    explicit TlsStream(SSL_CTX* context, Role role = Role::server);

    // unsaid: what is to be said was longer than the room; once sealed() has been sent, go on at once.
    enum class Step : std::uint8_t { again, unsaid, done, failed };
    // Goes on with the handshake; then sealed() has to be sent, also when it has failed.
    [[nodiscard]] Step shake();
    // Why it failed, as the journal has it, and in OpenSSL's words for the log.
    [[nodiscard]] risk::LogonVerdict verdict() const noexcept { return verdict_; }
    [[nodiscard]] const std::string& reason() const noexcept { return reason_; }
    void note_early_data() noexcept { verdict_ = risk::LogonVerdict::early_data; }
    // The name in the certificate being judged, which also a refused one has.
    void note_peer(std::string name) { peer_name_ = std::move(name); }
    [[nodiscard]] SSL* ssl() noexcept { return ssl_.get(); }

    [[nodiscard]] std::span<char> room() noexcept override;
    void received(std::size_t length) noexcept override;
    [[nodiscard]] bool holds_record() const noexcept override;
    [[nodiscard]] OpenResult open(std::span<char> into) noexcept override;
    [[nodiscard]] std::size_t seal(std::span<const char> text) noexcept override;
    [[nodiscard]] std::span<const char> sealed() const noexcept override;
    void sent(std::size_t length) noexcept override;
    void say_goodbye() noexcept override;
    [[nodiscard]] std::string_view peer_name() const noexcept override { return peer_name_; }

    // OpenSSL keeps its errors per thread and makes room for them at the first look: called at a thread's
    // start.
    static void prepare_thread() noexcept;

  private:
    friend struct TlsBio;
    struct Free {
        void operator()(SSL* ssl) const noexcept { SSL_free(ssl); }
    };
    void judge_failure();

    std::unique_ptr<char[]> in_;
    std::size_t in_head_ = 0;
    std::size_t in_tail_ = 0;
    std::unique_ptr<char[]> out_;
    std::size_t out_head_ = 0;
    std::size_t out_tail_ = 0;
    bool rest_in_record_ = false;  // the last record opened had more text than there was room for
    bool broken_ = false;
    bool handshaking_ = true;
    int key_updates_ = 0;
    risk::LogonVerdict verdict_ = risk::LogonVerdict::none;
    std::string reason_;
    std::string peer_name_;
    std::unique_ptr<SSL, Free> ssl_;  // last: it ends before its buffers
};

}  // namespace fairlead::gateway
