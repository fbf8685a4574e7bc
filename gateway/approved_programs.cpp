#include "gateway/approved_programs.hpp"

#include <sstream>
#include <vector>

#include "audit/note.hpp"
#include "config/files.hpp"

namespace fairlead::gateway {

namespace {

constexpr std::size_t hash_digits = 2 * sizeof(risk::Sha256);

bool is_hash(const std::string& word) {
    return word.size() == hash_digits && word.find_first_not_of("0123456789abcdef") == std::string::npos;
}

// Empty: signed by this key, and `text` is what was signed.
std::string open_signed(const std::string& note, const std::string& key_text, std::string& text) {
    audit::VerifierKey key;
    if (std::string problem = audit::VerifierKey::parse(key_text, key); !problem.empty()) {
        return "gateway.approvals_key: " + problem;
    }
    std::vector<audit::NoteSignature> signatures;
    if (std::string problem = audit::parse_note(note, text, signatures); !problem.empty()) {
        return "not a signed note: " + problem;
    }
    return audit::verify_note(text, signatures, {&key, 1});
}

}  // namespace

std::string hash_program(risk::Sha256& into) {
    std::string program;
    std::string error;
    if (config::read_file("/proc/self/exe", program, error)) {
        into = config::sha256_of(program);
    }
    return error;
}

std::string why_not_approved(const config::GatewayConfig& config) {
    const std::string& path = config.gateway.approvals;
    if (path.empty()) {
        return {};
    }
    std::string list;
    std::string error;
    risk::Sha256 program{};
    if (!config::read_file(path, list, error)) {
        return "gateway.approvals: " + error;
    }
    if (error = hash_program(program); !error.empty()) {
        return "gateway.approvals: the program that runs cannot be read: " + error;
    }
    return why_not_approved(list, config.gateway.approvals_key, path, program, config.file_sha256);
}

std::string why_not_approved(const std::string& list, const std::string& key, const std::string& from,
                             const risk::Sha256& program, const risk::Sha256& configuration) {
    std::string text = list;
    if (!key.empty()) {
        if (const std::string problem = open_signed(list, key, text); !problem.empty()) {
            return from + ": " + problem;
        }
    }
    const std::string wanted_program = config::hex_of(program);
    const std::string wanted_configuration = config::hex_of(configuration);
    std::istringstream lines(text);
    std::string line;
    bool found = false;
    for (std::size_t number = 1; std::getline(lines, line); ++number) {
        std::istringstream words(line);
        std::string of_program;
        std::string of_configuration;
        words >> of_program >> of_configuration;
        if (of_program.empty() || of_program.starts_with('#')) {
            continue;
        }
        if (!is_hash(of_program) || !is_hash(of_configuration)) {
            return from + ": line " + std::to_string(number) + " = \"" + line +
                   "\": must be the SHA-256 of a program and of a configuration, 64 small hexadecimal digits "
                   "each";
        }
        found = found || (of_program == wanted_program && of_configuration == wanted_configuration);
    }
    return found ? std::string()
                 : from + ": program " + wanted_program + " with configuration " + wanted_configuration +
                       " is not approved: the list must have a line with both";
}

}  // namespace fairlead::gateway
