// OpenSSL over fixed buffers; see tls_stream.hpp.
#include "gateway/tls/tls_stream.hpp"

#include <openssl/bio.h>
#include <openssl/err.h>

#include <algorithm>
#include <cstring>

#include "gateway/tls/tls_memory.hpp"
#include "risk/assert.hpp"

namespace fairlead::gateway {

namespace {

constexpr std::size_t header_bytes = 5;

}  // namespace

// OpenSSL's way to the two buffers.
struct TlsBio {
    static int read(BIO* bio, char* into, int length) noexcept {
        auto& stream = *static_cast<TlsStream*>(BIO_get_data(bio));
        BIO_clear_retry_flags(bio);
        const std::size_t part =
            std::min(static_cast<std::size_t>(length), stream.in_tail_ - stream.in_head_);
        if (part == 0) {
            BIO_set_retry_read(bio);
            return -1;
        }
        std::memcpy(into, stream.in_.get() + stream.in_head_, part);
        stream.in_head_ += part;
        return static_cast<int>(part);
    }
    static int write(BIO* bio, const char* from, int length) noexcept {
        auto& stream = *static_cast<TlsStream*>(BIO_get_data(bio));
        BIO_clear_retry_flags(bio);
        const std::size_t part =
            std::min(static_cast<std::size_t>(length), TlsStream::buffer_bytes - stream.out_tail_);
        if (part == 0) {
            BIO_set_retry_write(bio);
            return -1;
        }
        std::memcpy(stream.out_.get() + stream.out_tail_, from, part);
        stream.out_tail_ += part;
        return static_cast<int>(part);
    }
    static long control(BIO*, int command, long, void*) noexcept { return command == BIO_CTRL_FLUSH ? 1 : 0; }

    static const BIO_METHOD* method() {
        static const BIO_METHOD* const made = [] {
            BIO_METHOD* method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "fairlead");
            risk::require(method != nullptr && BIO_meth_set_read(method, read) == 1 &&
                              BIO_meth_set_write(method, write) == 1 &&
                              BIO_meth_set_ctrl(method, control) == 1,
                          "OpenSSL takes buffers of ours");
            return method;
        }();
        return made;
    }
    static void count_key_updates(const SSL* ssl, int where, int) noexcept {
        if ((where & SSL_CB_LOOP) != 0 && SSL_get_state(ssl) == TLS_ST_SR_KEY_UPDATE) {
            ++static_cast<TlsStream*>(SSL_get_app_data(ssl))->key_updates_;
        }
    }
};

TlsStream::TlsStream(SSL_CTX* context, Role role)
    : in_(std::make_unique_for_overwrite<char[]>(buffer_bytes)),
      out_(std::make_unique_for_overwrite<char[]>(buffer_bytes)),
      ssl_(SSL_new(context)) {
    BIO* bio = BIO_new(TlsBio::method());
    risk::require(ssl_ != nullptr && bio != nullptr, "there is memory for a TLS connection");
    BIO_set_data(bio, this);
    BIO_set_init(bio, 1);
    SSL_set_bio(ssl_.get(), bio, bio);
    SSL_set_app_data(ssl_.get(), this);
    SSL_set_info_callback(ssl_.get(), TlsBio::count_key_updates);
    // One record a call, whatever kind it is of.
    SSL_clear_mode(ssl_.get(), SSL_MODE_AUTO_RETRY);
    if (role == Role::server) {
        SSL_set_accept_state(ssl_.get());
    } else {
        SSL_set_connect_state(ssl_.get());
    }
}

void TlsStream::prepare_thread() noexcept {
    ERR_clear_error();
    TlsMemory::serve_this_thread();
}

TlsStream::Step TlsStream::shake() {
    ERR_clear_error();
    const int done = SSL_do_handshake(ssl_.get());
    if (done == 1) {
        handshaking_ = false;
        return Step::done;
    }
    const int why = SSL_get_error(ssl_.get(), done);
    if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE) {
        return why == SSL_ERROR_WANT_WRITE ? Step::unsaid : Step::again;
    }
    judge_failure();
    return Step::failed;
}

void TlsStream::judge_failure() {
    using enum risk::LogonVerdict;
    const unsigned long error = ERR_peek_last_error();
    const char* text = ERR_reason_error_string(error);
    reason_ = text != nullptr ? text : "no reason given";
    broken_ = true;
    if (verdict_ != none) {
        return;  // seen earlier, by who refused
    }
    const long certificate = SSL_get_verify_result(ssl_.get());
    const int reason = ERR_GET_REASON(error);
    if (certificate != X509_V_OK) {
        reason_ = X509_verify_cert_error_string(certificate);
        const bool expired =
            certificate == X509_V_ERR_CERT_HAS_EXPIRED || certificate == X509_V_ERR_CERT_NOT_YET_VALID;
        verdict_ = expired                                  ? certificate_expired
                   : certificate == X509_V_ERR_CERT_REVOKED ? certificate_revoked
                                                            : certificate_untrusted;
    } else if (reason == SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE) {
        verdict_ = no_certificate;
    } else if (reason == SSL_R_UNSUPPORTED_PROTOCOL) {
        verdict_ = old_tls_version;
    } else {
        verdict_ = handshake_failed;
    }
    ERR_clear_error();
}

// --- off the wire

std::span<char> TlsStream::room() noexcept {
    if (in_head_ != 0) {
        std::memmove(in_.get(), in_.get() + in_head_, in_tail_ - in_head_);
        in_tail_ -= in_head_;
        in_head_ = 0;
    }
    return {in_.get() + in_tail_, buffer_bytes - in_tail_};
}

void TlsStream::received(std::size_t length) noexcept {
    in_tail_ += length;
}

// OpenSSL is given whole records only, so that a part of one is never where this does not see it. A header
// that begins no record is given to it at once: it ends the connection.
bool TlsStream::holds_record() const noexcept {
    if (rest_in_record_) {
        return true;
    }
    const std::size_t here = in_tail_ - in_head_;
    if (here < header_bytes) {
        return false;
    }
    const auto* header = reinterpret_cast<const unsigned char*>(in_.get() + in_head_);
    const std::size_t length = std::size_t{header[3]} << 8U | header[4];
    const bool possible = header[0] >= SSL3_RT_CHANGE_CIPHER_SPEC && header[0] <= SSL3_RT_APPLICATION_DATA &&
                          header[1] == SSL3_VERSION_MAJOR && header_bytes + length <= record_max;
    return !possible || here >= header_bytes + length;
}

SealedStream::OpenResult TlsStream::open(std::span<char> into) noexcept {
    if (broken_) {
        return {Opened::broken, 0};
    }
    if (!holds_record() || into.empty()) {
        return {};
    }
    const int length = SSL_read(ssl_.get(), into.data(), static_cast<int>(into.size()));
    if (length > 0) {
        rest_in_record_ = static_cast<std::size_t>(length) == into.size() && SSL_pending(ssl_.get()) > 0;
        return {Opened::text, static_cast<std::size_t>(length)};
    }
    rest_in_record_ = false;
    switch (SSL_get_error(ssl_.get(), length)) {
        case SSL_ERROR_WANT_READ:
            broken_ = key_updates_ > key_updates_max;
            return {broken_ ? Opened::broken : Opened::nothing, 0};
        case SSL_ERROR_ZERO_RETURN:
            return {Opened::ended, 0};
        default:
            broken_ = true;
            ERR_clear_error();
            return {Opened::broken, 0};
    }
}

// --- onto the wire

std::size_t TlsStream::seal(std::span<const char> text) noexcept {
    if (broken_) {
        return 0;
    }
    risk::require(out_head_ == out_tail_, "a record is sealed when the one before has left");
    const std::size_t part = std::min(text.size(), text_max);
    const int taken = SSL_write(ssl_.get(), text.data(), static_cast<int>(part));
    if (taken <= 0) {
        broken_ = true;
        ERR_clear_error();
        return 0;
    }
    return static_cast<std::size_t>(taken);
}

std::span<const char> TlsStream::sealed() const noexcept {
    return {out_.get() + out_head_, out_tail_ - out_head_};
}

void TlsStream::sent(std::size_t length) noexcept {
    out_head_ += length;
    if (out_head_ == out_tail_) {
        out_head_ = out_tail_ = 0;
    }
}

void TlsStream::say_goodbye() noexcept {
    if (!broken_ && !handshaking_ && SSL_shutdown(ssl_.get()) < 0) {
        ERR_clear_error();
    }
}

}  // namespace fairlead::gateway
