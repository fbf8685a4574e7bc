// Certificate: what `fairlead-exchange --certify` found out about one client's program, as a signed note
// (R17). Here are its text, its reading, and the rule by which the gateway takes it. It plays no case and
// opens no file: bench/exchange/certify/ plays and signs, gateway/certificates.cpp finds the file of a client
// that logs on.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "audit/note.hpp"
#include "risk/words.hpp"

namespace fairlead::audit {

// What a case was judged by: the messages at the venue's end of a line, or the gateway's journal.
enum class SeenAt : std::uint8_t { venue, journal };

struct CertifiedCase {
    std::string name;  // letters, digits and '-'
    bool passed = false;
    SeenAt seen_at = SeenAt::venue;
    std::string reason;  // one line: what was seen, or what was seen instead
    bool operator==(const CertifiedCase&) const = default;
};

struct Certificate {
    std::string client;      // SenderCompID (49)
    std::string program;     // name and version as the client has stated them: FIX 4.4 has no field for them
    std::string version;     //
    std::string account;     // "8610-0000017", whose orders were looked at
    std::string dictionary;  // SHA-256 of the data dictionary, 64 hexadecimal digits
    std::string rules;       // the same of the rules of engagement, to be read; judged by nobody
    risk::UtcNs made_ns = 0;
    risk::UtcNs ends_ns = 0;           // holds before then
    std::vector<CertifiedCase> cases;  // as they are numbered, from 1

    // The verdict: there are cases and all are passed.
    [[nodiscard]] bool passed() const;
    // What is signed. Its lines are split again by parse_certificate: no value may hold a line end.
    [[nodiscard]] std::string text() const;
    bool operator==(const Certificate&) const = default;
};

// Of the text without its signatures. Empty: read; otherwise which rule it breaks. The times are whole
// seconds.
[[nodiscard]] std::string parse_certificate(std::string_view text, Certificate& into);

// Why a certificate is none for this client now, in the order in which it is looked for.
enum class CertificateFault : std::uint8_t {
    none = 0,
    missing = 1,       // there is no such file
    malformed = 2,     // no signed note, or not with this text
    not_signed = 3,    // not by the broker's certification key
    other_client = 4,  // of another SenderCompID
    not_passed = 5,
    other_dictionary = 6,  // made under another data dictionary than this gateway's
    ended = 7,
};

struct CertificateDemand {
    std::string_view client;
    std::string_view dictionary;
    risk::UtcNs now_ns = 0;
};

struct CertificateFinding {
    CertificateFault fault = CertificateFault::none;
    Certificate certificate;  // once its signature has been found good
    std::string detail;       // for the operator: which rule of the note is broken
};
[[nodiscard]] CertificateFinding judge_certificate(std::string_view note, const VerifierKey& key,
                                                   const CertificateDemand& demand);

// For the client's Logout and the operator's log: "the certificate ended at 2027-11-24T08:00:00Z".
[[nodiscard]] std::string text_of(const CertificateFinding& finding);

}  // namespace fairlead::audit
