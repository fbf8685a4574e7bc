// Certification: `fairlead-exchange --certify`: plays all cases against one client's program and writes what
// it found as a signed certificate, passed or not (R17). Runs on a thread of its own beside the exchange.
// What a certificate says, and when the gateway takes it, is audit/certificate.hpp.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "audit/certificate.hpp"
#include "bench/exchange/certify/stage.hpp"

namespace fairlead::exchange::certify {

// As the command line has it.
struct CertificationOptions {
    std::string client;
    std::string program;
    std::string version;
    std::string account;
    std::string symbol;
    std::string gateway_config;
    std::string key;     // file of the private key
    std::string record;  // file to be written
    int days = 365;      // it holds for
    int patience_s = 120;
    int quiet_s = 3;
};

enum class Verdict : std::uint8_t { none, passed, not_passed, no_record };

class Certification {
  public:
    // Everything is read and checked before the first case. Errors: a sentence each; then there is no record.
    Certification(const CertificationOptions& options, Exchange& exchange, const risk::Reference& reference);
    ~Certification();  // ends it, and looks at the exchange no more
    [[nodiscard]] const std::vector<std::string>& errors() const { return errors_; }
    // `done` is called once, on the certification's thread, unless it was ended before.
    void start(std::function<void()> done);
    void end();
    [[nodiscard]] Verdict verdict() const { return verdict_.load(); }

  private:
    void check(const risk::Reference& reference, StageOptions& stage);
    void run();
    [[nodiscard]] audit::CertifiedCase play(std::size_t number);
    void settle(audit::CertifiedCase& played);
    [[nodiscard]] std::string write();

    CertificationOptions options_;
    Exchange& exchange_;
    std::vector<std::string> errors_;
    config::GatewayConfig gateway_;
    audit::SigningKey key_;
    audit::Certificate certificate_;
    std::unique_ptr<Stage> stage_;
    std::atomic<Verdict> verdict_{Verdict::none};
    std::thread thread_;
};

}  // namespace fairlead::exchange::certify
