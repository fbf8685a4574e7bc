// The certificate's text is lines of "word value", in one order only; a case is "case NUMBER NAME VERDICT
// SEEN-AT REASON". The verdict line repeats what the cases say, for people, and is held against them.
#include "audit/certificate.hpp"

#include <algorithm>
#include <charconv>

#include "config/user_state.hpp"

namespace fairlead::audit {

namespace {

constexpr std::string_view first_line = "fairlead client certification 1";
constexpr std::size_t hash_digits = 64;
constexpr std::size_t cases_max = 100;

constexpr std::string_view verdict_word(bool passed) {
    return passed ? "pass" : "fail";
}
constexpr std::string_view seen_word(SeenAt seen_at) {
    return seen_at == SeenAt::venue ? "venue" : "journal";
}

bool is_hash(std::string_view text) {
    return text.size() == hash_digits && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// Takes lines and words from the front; the first thing that is wrong stays.
class LineReader {
  public:
    explicit LineReader(std::string_view text) : rest_(text) {}

    // The value of the next line, which must begin with the word.
    std::string_view value(std::string_view word) {
        const std::string_view line = next_line();
        if (line.substr(0, word.size()) != word || line.substr(word.size(), 1) != " " ||
            line.size() == word.size() + 1) {
            fail("line " + std::to_string(line_) + ": must be '" + std::string(word) + "' and a value");
            return {};
        }
        return line.substr(word.size() + 1);
    }
    std::string_view next_line() {
        ++line_;
        const std::size_t end = rest_.find('\n');
        if (end == std::string_view::npos) {
            fail("line " + std::to_string(line_) + ": is missing");
            return {};
        }
        const std::string_view line = rest_.substr(0, end);
        rest_.remove_prefix(end + 1);
        return line;
    }
    [[nodiscard]] bool at_case() const { return rest_.starts_with("case "); }
    [[nodiscard]] bool at_end() const { return rest_.empty(); }
    void fail(std::string problem) { error_ = error_.empty() ? std::move(problem) : error_; }
    [[nodiscard]] bool good() const { return error_.empty(); }
    [[nodiscard]] const std::string& error() const { return error_; }

  private:
    std::string_view rest_;
    std::size_t line_ = 0;
    std::string error_;
};

std::string_view take_word(std::string_view& rest) {
    const std::string_view word = rest.substr(0, rest.find(' '));
    rest.remove_prefix(std::min(rest.size(), word.size() + 1));
    return word;
}

std::string hash_value(LineReader& lines, std::string_view word) {
    const std::string_view value = lines.value(word);
    if (!is_hash(value)) {
        lines.fail(std::string(word) + ": must be 64 hexadecimal digits");
    }
    return std::string(value);
}

risk::UtcNs time_value(LineReader& lines, std::string_view word) {
    risk::UtcNs time = 0;
    if (!config::parse_utc(lines.value(word), time)) {
        lines.fail(std::string(word) + ": must be a time such as 2026-11-23T01:02:03Z");
    }
    return time;
}

CertifiedCase read_case(std::string_view value, std::size_t number, LineReader& lines) {
    CertifiedCase found;
    const std::string name = "case " + std::to_string(number);
    if (take_word(value) != std::to_string(number)) {
        lines.fail(name + ": cases must be numbered from 1 without a gap");
    }
    found.name = take_word(value);
    const std::string_view verdict = take_word(value);
    const std::string_view seen_at = take_word(value);
    found.passed = verdict == verdict_word(true);
    found.seen_at = seen_at == seen_word(SeenAt::venue) ? SeenAt::venue : SeenAt::journal;
    found.reason = value;
    if (verdict != verdict_word(found.passed) || seen_at != seen_word(found.seen_at) || value.empty()) {
        lines.fail(name + ": must have a name, pass or fail, venue or journal, and a reason");
    }
    return found;
}

}  // namespace

bool Certificate::passed() const {
    return !cases.empty() &&
           std::all_of(cases.begin(), cases.end(), [](const CertifiedCase& one) { return one.passed; });
}

std::string Certificate::text() const {
    std::string text(first_line);
    const auto line = [&text](std::string_view word, std::string_view value) {
        text.append("\n").append(word).append(" ").append(value);
    };
    line("client", client);
    line("program", program);
    line("version", version);
    line("account", account);
    line("dictionary", dictionary);
    line("rules", rules);
    line("made", config::utc_text(made_ns));
    line("ends", config::utc_text(ends_ns));
    for (std::size_t i = 0; i < cases.size(); ++i) {
        const CertifiedCase& one = cases[i];
        line("case", std::to_string(i + 1)
                         .append(" ")
                         .append(one.name)
                         .append(" ")
                         .append(verdict_word(one.passed))
                         .append(" ")
                         .append(seen_word(one.seen_at))
                         .append(" ")
                         .append(one.reason));
    }
    line("verdict", verdict_word(passed()));
    return text + "\n";
}

std::string parse_certificate(std::string_view text, Certificate& into) {
    LineReader lines(text);
    if (lines.next_line() != first_line) {
        lines.fail("line 1: must be '" + std::string(first_line) + "'");
    }
    into = {};
    into.client = lines.value("client");
    into.program = lines.value("program");
    into.version = lines.value("version");
    into.account = lines.value("account");
    into.dictionary = hash_value(lines, "dictionary");
    into.rules = hash_value(lines, "rules");
    into.made_ns = time_value(lines, "made");
    into.ends_ns = time_value(lines, "ends");
    while (lines.good() && lines.at_case()) {
        into.cases.push_back(read_case(lines.value("case"), into.cases.size() + 1, lines));
        if (into.cases.size() > cases_max) {
            lines.fail("it has more than " + std::to_string(cases_max) + " cases");
        }
    }
    if (lines.value("verdict") != verdict_word(into.passed())) {
        lines.fail("verdict: must be what the cases say: " + std::string(verdict_word(into.passed())));
    }
    if (!lines.at_end()) {
        lines.fail("nothing may stand behind the verdict");
    }
    if (into.ends_ns <= into.made_ns) {
        lines.fail("ends: must be later than made");
    }
    return lines.error();
}

CertificateFinding judge_certificate(std::string_view note, const VerifierKey& key,
                                     const CertificateDemand& demand) {
    CertificateFinding finding;
    std::string text;
    std::vector<NoteSignature> signatures;
    Certificate& certificate = finding.certificate;
    const auto found = [&finding](CertificateFault fault, std::string detail = {}) {
        finding.fault = fault;
        finding.detail = std::move(detail);
        return finding;
    };
    if (std::string problem = parse_note(note, text, signatures); !problem.empty()) {
        return found(CertificateFault::malformed, std::move(problem));
    }
    // Nothing of a text is believed, nor told to a client, before its signature is.
    if (std::string problem = verify_note(text, signatures, std::span(&key, 1)); !problem.empty()) {
        return found(CertificateFault::not_signed, std::move(problem));
    }
    if (std::string problem = parse_certificate(text, certificate); !problem.empty()) {
        return found(CertificateFault::malformed, std::move(problem));
    }
    if (certificate.client != demand.client) {
        return found(CertificateFault::other_client);
    }
    if (!certificate.passed()) {
        return found(CertificateFault::not_passed);
    }
    if (certificate.dictionary != demand.dictionary) {
        return found(CertificateFault::other_dictionary);
    }
    return found(demand.now_ns < certificate.ends_ns ? CertificateFault::none : CertificateFault::ended);
}

std::string text_of(const CertificateFinding& finding) {
    switch (finding.fault) {
        case CertificateFault::none:
            return "a certificate is in force until " + config::utc_text(finding.certificate.ends_ns);
        case CertificateFault::missing:
            return "this client's program has no certificate";
        case CertificateFault::malformed:
            return "the certificate of this client's program cannot be read";
        case CertificateFault::not_signed:
            return "the certificate of this client's program is not signed by the broker's key";
        case CertificateFault::other_client:
            return "the certificate is that of another SenderCompID (49)";
        case CertificateFault::not_passed:
            return "the certification of this client's program was not passed";
        case CertificateFault::other_dictionary:
            return "the certificate was made under another data dictionary than the one in force";
        case CertificateFault::ended:
            return "the certificate of this client's program ended at " +
                   config::utc_text(finding.certificate.ends_ns);
    }
    return {};
}

}  // namespace fairlead::audit
