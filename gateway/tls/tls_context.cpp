// What a TLS listener goes by; see tls_context.hpp.
#include "gateway/tls/tls_context.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>

#include "config/files.hpp"
#include "gateway/tls/tls_stream.hpp"
#include "risk/assert.hpp"

namespace fairlead::gateway {

namespace {

struct FreeBio {
    void operator()(BIO* bio) const noexcept { BIO_free(bio); }
};
struct FreeStore {
    void operator()(X509_STORE* store) const noexcept { X509_STORE_free(store); }
};
struct FreeCertificate {
    void operator()(X509* certificate) const noexcept { X509_free(certificate); }
};
using Store = std::unique_ptr<X509_STORE, FreeStore>;
struct FreeList {
    void operator()(X509_CRL* list) const noexcept { X509_CRL_free(list); }
};

// What OpenSSL complained of, and its complaints forgotten.
std::string complaint() {
    const char* text = ERR_reason_error_string(ERR_peek_last_error());
    std::string said = text != nullptr ? text : "no reason given";
    ERR_clear_error();
    return said;
}

// Common name of a certificate's subject; empty unless there is one alone, of printable characters.
std::string common_name(const X509* certificate) {
    const X509_NAME* subject = X509_get_subject_name(certificate);
    const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
    if (at < 0 || X509_NAME_get_index_by_NID(subject, NID_commonName, at) >= 0) {
        return {};
    }
    const ASN1_STRING* data = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at));
    std::string name(reinterpret_cast<const char*>(ASN1_STRING_get0_data(data)),
                     static_cast<std::size_t>(ASN1_STRING_length(data)));
    return config::is_tls_name(name) ? name : std::string();
}

// Called for each certificate of a chain, and for what is wrong with it. OpenSSL's finding stands.
int on_certificate(int good, X509_STORE_CTX* chain) {
    const auto* ssl =
        static_cast<const SSL*>(X509_STORE_CTX_get_ex_data(chain, SSL_get_ex_data_X509_STORE_CTX_idx()));
    if (const X509* shown = X509_STORE_CTX_get0_cert(chain); ssl != nullptr && shown != nullptr) {
        static_cast<TlsStream*>(SSL_get_app_data(ssl))->note_peer(common_name(shown));
    }
    return good;
}

// Early data is what anybody who has seen it can send again: who asks for it is not served at all.
int on_client_hello(SSL* ssl, int* alert, void*) {
    const unsigned char* data = nullptr;
    std::size_t length = 0;
    if (SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_early_data, &data, &length) == 0) {
        return SSL_CLIENT_HELLO_SUCCESS;
    }
    static_cast<TlsStream*>(SSL_get_app_data(ssl))->note_early_data();
    *alert = SSL_AD_HANDSHAKE_FAILURE;
    return SSL_CLIENT_HELLO_ERROR;
}

// A store that trusts the certificates in this PEM text; none when there is none in it, or something else.
Store store_of(const std::string& authority) {
    Store store(X509_STORE_new());
    const std::unique_ptr<BIO, FreeBio> in(
        BIO_new_mem_buf(authority.data(), static_cast<int>(authority.size())));
    bool any = false;
    while (store != nullptr && in != nullptr) {
        const std::unique_ptr<X509, FreeCertificate> one(
            PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr));
        if (one == nullptr) {
            break;
        }
        any = true;
        if (X509_STORE_add_cert(store.get(), one.get()) != 1) {
            return nullptr;
        }
    }
    const bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
    if (!any || !at_end) {
        return nullptr;
    }
    ERR_clear_error();
    return store;
}

std::string utc_text(const ASN1_TIME* time) {
    tm parts{};
    std::array<char, 32> text{};
    if (time == nullptr || ASN1_TIME_to_tm(time, &parts) != 1) {
        return "never";
    }
    text[std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts)] = '\0';
    return text.data();
}

}  // namespace

TlsContext::TlsContext(const config::GatewayConfig& config, const config::TlsListener& listener,
                       std::vector<config::ConfigError>& errors)
    : listener_(&listener), context_(SSL_CTX_new(TLS_server_method())) {
    const auto wrong = [&](const char* key, const config::NamedFile& file, const std::string& rule) {
        errors.push_back({config.file, file.line, std::string("tls_listener.") + key, file.path, rule});
    };
    SSL_CTX* context = context_.get();
    risk::require(
        context != nullptr && SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) == 1 &&
            SSL_CTX_set_max_proto_version(context, TLS1_3_VERSION) == 1 &&
            SSL_CTX_set_ciphersuites(context, "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384") == 1 &&
            SSL_CTX_set_num_tickets(context, 0) == 1,
        "OpenSSL has TLS 1.3 with AES-GCM");
    SSL_CTX_set_options(context, SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
                                     SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_client_hello_cb(context, on_client_hello, nullptr);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, on_certificate);
    // The names of the authority go to the client, so that it can choose among its certificates.
    SSL_CTX_set_client_CA_list(context, SSL_load_client_CA_file(listener.client_ca.path.c_str()));
    const bool certified =
        SSL_CTX_use_certificate_chain_file(context, listener.certificate.path.c_str()) == 1;
    if (!certified) {
        wrong("certificate", listener.certificate,
              "must be a PEM file with a certificate, and those between it and its authority behind it: " +
                  complaint());
    }
    struct stat key {};
    if (::stat(listener.key.path.c_str(), &key) == 0 && (key.st_mode & S_IRWXO) != 0) {
        wrong("key", listener.key, "must not be open to others: chmod o= it");
    } else if (SSL_CTX_use_PrivateKey_file(context, listener.key.path.c_str(), SSL_FILETYPE_PEM) != 1 ||
               (certified && SSL_CTX_check_private_key(context) != 1)) {
        wrong("key", listener.key,
              "must be a PEM file with the certificate's private key, not encrypted: " + complaint());
    }
    std::string problem;
    if (!config::read_file(listener.client_ca.path, authority_, problem)) {
        wrong("client_ca", listener.client_ca, "cannot be read: " + problem);
    } else if (store_of(authority_) == nullptr) {
        wrong("client_ca", listener.client_ca,
              "must be a PEM file with authorities' certificates: " + complaint());
    } else if (problem = read_list(); !problem.empty()) {
        wrong("revocation_list", listener.revocation_list, problem);
    }
    ERR_clear_error();
}

std::string TlsContext::where() const {
    return listener_->listen.address + ":" + std::to_string(listener_->listen.port);
}

std::string TlsContext::read_list() {
    static_cast<void>(list_changed());  // as it is from here on
    const std::string& path = listener_->revocation_list.path;
    std::string bytes;
    std::string problem;
    if (!config::read_file(path, bytes, problem)) {
        return "cannot be read: " + problem;
    }
    // A store of its own: lists are only ever added to one.
    Store store = store_of(authority_);
    const std::unique_ptr<BIO, FreeBio> in(BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size())));
    if (store == nullptr || in == nullptr) {
        return "cannot be used: there is no memory for it";
    }
    std::size_t lists = 0;
    std::int64_t revoked = 0;
    std::string until;
    while (true) {
        const std::unique_ptr<X509_CRL, FreeList> list(
            PEM_read_bio_X509_CRL(in.get(), nullptr, nullptr, nullptr));
        if (list == nullptr) {
            break;
        }
        const auto* entries = X509_CRL_get_REVOKED(list.get());
        revoked += entries == nullptr ? 0 : sk_X509_REVOKED_num(entries);
        const std::string next = utc_text(X509_CRL_get0_nextUpdate(list.get()));
        until = lists == 0 ? next : std::min(until, next);
        ++lists;
        if (X509_STORE_add_crl(store.get(), list.get()) != 1) {
            return "holds a list that cannot be used: " + complaint();
        }
    }
    const bool at_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
    if (lists == 0 || !at_end) {
        return "must be a PEM file with the authority's list of revoked certificates (X509 CRL): " +
               complaint();
    }
    ERR_clear_error();
    X509_STORE_set_flags(store.get(), X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
    SSL_CTX_set_cert_store(context_.get(), store.release());
    list_.taken = true;
    list_.revoked = revoked;
    list_.text = risk::Text<192>("TLS listener " + where() + ", SHA-256 " +
                                 config::hex_of(config::sha256_of(bytes)) + ", good until " + until);
    return {};
}

bool TlsContext::list_changed() noexcept {
    struct stat now {};
    if (::stat(listener_->revocation_list.path.c_str(), &now) != 0) {
        now = {};
    }
    const bool same = now.st_ino == seen_.st_ino && now.st_size == seen_.st_size &&
                      now.st_mtim.tv_sec == seen_.st_mtim.tv_sec &&
                      now.st_mtim.tv_nsec == seen_.st_mtim.tv_nsec;
    seen_ = now;
    return !same;
}

std::optional<RevocationListRead> TlsContext::refresh() {
    if (!list_changed()) {
        return {};
    }
    const std::string problem = read_list();
    if (problem.empty()) {
        return list_;
    }
    RevocationListRead refused;
    refused.text = risk::Text<192>("TLS listener " + where() + ": its file " + problem);
    return refused;
}

config::Loaded<std::vector<TlsContext>> open_tls(const config::GatewayConfig& config) {
    config::Loaded<std::vector<TlsContext>> opened;
    for (const config::TlsListener& listener : config.tls_listeners) {
        opened.value.emplace_back(config, listener, opened.errors);
    }
    return opened;
}

}  // namespace fairlead::gateway
