#include "gateway/certificates.hpp"

#include <filesystem>

#include "config/files.hpp"
#include "config/rules_in_force.hpp"
#include "gateway/clock.hpp"

namespace fairlead::gateway {

std::string Certificates::open(const config::GatewayConfig& config) {
    required_ = config.gateway.require_certificates;
    directory_ = config.gateway.certificate_directory;
    if (!required_) {
        return {};
    }
    // It must be there now: a confined gateway may read what it was given at start, and nothing that came
    // later.
    std::error_code ignored;
    if (!std::filesystem::is_directory(directory_, ignored)) {
        return config.file + ": gateway.certificate_directory: " + directory_ + " is no directory";
    }
    const std::string problem = audit::VerifierKey::parse(config.gateway.certificate_key, key_);
    return problem.empty() ? problem : config.file + ": gateway.certificate_key: " + problem;
}

std::function<std::string(std::string_view)> Certificates::rule() const {
    if (!required_) {
        return {};
    }
    return [this](std::string_view client) {
        const audit::CertificateFinding finding = look(client, SystemClock::utc_ns());
        return finding.fault == audit::CertificateFault::none ? std::string() : audit::text_of(finding);
    };
}

std::vector<std::string> Certificates::uncertified(const config::GatewayConfig& config) const {
    std::vector<std::string> told;
    for (std::size_t i = 0; required_ && i < config.sessions.size(); ++i) {
        const std::string& client = config.sessions[i].sender_comp_id;
        const audit::CertificateFinding finding = look(client, SystemClock::utc_ns());
        if (finding.fault != audit::CertificateFault::none) {
            told.push_back(client + " cannot log on: " + audit::text_of(finding) + " (" + finding.detail +
                           ")");
        }
    }
    return told;
}

audit::CertificateFinding Certificates::look(std::string_view client, risk::UtcNs now_ns) const {
    const std::string path = (directory_ + "/").append(client).append(".certificate");
    std::error_code problem;
    const std::uintmax_t size = std::filesystem::file_size(path, problem);
    audit::CertificateFinding finding;
    std::string note;
    std::string error;
    if (problem == std::errc::no_such_file_or_directory) {
        finding.fault = audit::CertificateFault::missing;
        finding.detail = path + ": " + problem.message();
        return finding;
    }
    if (problem) {
        error = problem.message();
    } else if (size > audit::note_bytes_max) {
        error = "it has " + std::to_string(size) + " bytes, more than a note may have";
    }
    if (!error.empty() || !config::read_file(path, note, error)) {
        finding.fault = audit::CertificateFault::malformed;
        finding.detail = path + ": " + error;
        return finding;
    }
    finding = audit::judge_certificate(note, key_, {client, config::dictionary_sha256(), now_ns});
    finding.detail = finding.detail.empty() ? path : path + ": " + finding.detail;
    return finding;
}

}  // namespace fairlead::gateway
