// Certificates: whether the program behind a SenderCompID has passed its certification (R17), by the signed
// record the broker has put into one directory. Each call reads one small file, so a record that is put
// there, or taken away, holds from the next logon on, without a restart. Asked by the workers of AuthWorker,
// never by the order thread; makes no Records.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "audit/certificate.hpp"
#include "config/gateway_config.hpp"

namespace fairlead::gateway {

class Certificates {
  public:
    // Empty: read; otherwise what is wrong with key or directory. Without gateway.require_certificates
    // nothing is read.
    [[nodiscard]] std::string open(const config::GatewayConfig& config);
    // Why a client may not log on now, as AuthOptions has it; no function when none is required. Good for as
    // long as this object.
    [[nodiscard]] std::function<std::string(std::string_view client)> rule() const;
    // The sessions that could not log on now, a sentence each: an operator should hear of it before the
    // client.
    [[nodiscard]] std::vector<std::string> uncertified(const config::GatewayConfig& config) const;

    // DIRECTORY/CLIENT.certificate, read and judged.
    [[nodiscard]] audit::CertificateFinding look(std::string_view client, risk::UtcNs now_ns) const;

  private:
    bool required_ = false;
    std::string directory_;
    audit::VerifierKey key_;
};

}  // namespace fairlead::gateway
