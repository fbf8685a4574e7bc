// TlsContext: what one TLS listener goes by: its certificate and key, the authority its clients' certificates
// come from, and the list of those revoked, read again when its file has changed. TLS 1.3 with a client
// certificate or nothing; nothing is resumed. Opened by main before the gateway confines itself, afterwards
// used by the thread of Handshakes alone.
#pragma once

#include <openssl/ssl.h>
#include <sys/stat.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/gateway_config.hpp"
#include "gateway/inbox.hpp"

namespace fairlead::gateway {

class TlsContext {
  public:
    // Reads every file the listener names; what is wrong is added to `errors`, with the key's own line.
    TlsContext(const config::GatewayConfig& config, const config::TlsListener& listener,
               std::vector<config::ConfigError>& errors);

    [[nodiscard]] SSL_CTX* get() const noexcept { return context_.get(); }
    [[nodiscard]] const config::TlsListener& listener() const noexcept { return *listener_; }
    // The list in force, as it was read last.
    [[nodiscard]] const RevocationListRead& revocation_list() const noexcept { return list_; }
    // Reads the list again if its file is another or a changed one: from then on it holds for every handshake
    // that has not judged its certificate yet. Empty: nothing has changed.
    [[nodiscard]] std::optional<RevocationListRead> refresh();

  private:
    struct Free {
        void operator()(SSL_CTX* context) const noexcept { SSL_CTX_free(context); }
    };
    // Empty: read; else why not.
    [[nodiscard]] std::string read_list();
    [[nodiscard]] bool list_changed() noexcept;
    [[nodiscard]] std::string where() const;

    const config::TlsListener* listener_;
    std::unique_ptr<SSL_CTX, Free> context_;
    std::string authority_;  // client_ca's text: confined, the gateway reads the list's directory only
    struct stat seen_ {};
    RevocationListRead list_;
};

// One for each TLS listener, or what is wrong.
[[nodiscard]] config::Loaded<std::vector<TlsContext>> open_tls(const config::GatewayConfig& config);

}  // namespace fairlead::gateway
