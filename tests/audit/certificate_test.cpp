// Certificates of client programs: text and back, what is no certificate, and each reason why one does not
// hold for a client now, beside the neighbour that does.
#include "audit/certificate.hpp"

#include <catch2/catch.hpp>

#include "config/user_state.hpp"

using namespace fairlead;
using namespace fairlead::audit;

namespace {

constexpr std::int64_t second_ns = 1'000'000'000;
const std::string dictionary(64, 'd');
const std::string rules(64, '0');

risk::UtcNs at(const std::string& text) {
    risk::UtcNs time = 0;
    REQUIRE(config::parse_utc(text, time));
    return time;
}

Certificate sample() {
    Certificate made;
    made.client = "CLIENT01";
    made.program = "tick trader";
    made.version = "1.4.2";
    made.account = "8610-0000017";
    made.dictionary = dictionary;
    made.rules = rules;
    made.made_ns = at("2026-11-24T08:00:00Z");
    made.ends_ns = at("2027-11-24T08:00:00Z");
    made.cases = {
        {"log-on", true, SeenAt::journal, "the Logon was accepted"},
        {"order-rejected", true, SeenAt::venue, "the client did not send the rejected order again"}};
    return made;
}

SigningKey make_key(const std::string& name = "broker.example/certification") {
    SigningKey key;
    REQUIRE(SigningKey::make(name, key).empty());
    return key;
}

std::string with(std::string text, const std::string& from, const std::string& to) {
    const std::size_t place = text.find(from);
    REQUIRE(place != std::string::npos);
    return text.replace(place, from.size(), to);
}

CertificateDemand demand() {
    return {"CLIENT01", dictionary, at("2027-01-01T00:00:00Z")};
}

}  // namespace

TEST_CASE("a_certificate_is_read_as_it_was_written") {
    const Certificate written = sample();
    Certificate read;
    CHECK(parse_certificate(written.text(), read) == "");
    CHECK(read == written);
    CHECK(read.passed());
    // The text is what people read, so it is held to the letter.
    CHECK(written.text() ==
          "fairlead client certification 1\nclient CLIENT01\nprogram tick trader\nversion 1.4.2\n"
          "account 8610-0000017\ndictionary " +
              dictionary + "\nrules " + rules +
              "\nmade 2026-11-24T08:00:00Z\nends 2027-11-24T08:00:00Z\n"
              "case 1 log-on pass journal the Logon was accepted\n"
              "case 2 order-rejected pass venue the client did not send the rejected order again\n"
              "verdict pass\n");
}

TEST_CASE("one_case_not_passed_fails_the_certification") {
    Certificate failed = sample();
    failed.cases[1].passed = false;
    CHECK(!failed.passed());
    Certificate read;
    CHECK(parse_certificate(failed.text(), read) == "");
    CHECK(!read.passed());
    CHECK(!Certificate{}.passed());
}

TEST_CASE("each_rule_of_a_certificates_text_is_named") {
    struct Row {
        const char* from;
        std::string to;
        const char* rule;
    };
    const Row rows[] = {
        {"certification 1", "certification 2", "line 1: must be"},
        {"client CLIENT01\n", "client \n", "line 2: must be 'client'"},
        {"client CLIENT01\n", "", "line 2: must be 'client'"},
        {"program tick trader\nversion 1.4.2\n", "version 1.4.2\nprogram tick trader\n", "line 3: must be"},
        {"dictionary d", "dictionary D", "dictionary: must be 64"},
        {"dictionary d", "dictionary ", "dictionary: must be 64"},
        {"rules 0", "rules 00", "rules: must be 64"},
        {"made 2026-11-24T08:00:00Z", "made yesterday", "made: must be a time"},
        {"ends 2027-11-24T08:00:00Z", "ends 2026-11-24T08:00:00Z", "ends: must be later than made"},
        {"case 1", "case 2", "case 1: cases must be numbered"},
        {"case 2", "case 3", "case 2: cases must be numbered"},
        {"log-on pass journal", "log-on passed journal", "case 1: must have"},
        {"log-on pass journal", "log-on pass client", "case 1: must have"},
        {" the Logon was accepted", "", "case 1: must have"},
        {"verdict pass", "verdict fail", "verdict: must be what the cases say: pass"},
        {"order-rejected pass", "order-rejected fail", "verdict: must be what the cases say: fail"},
        {"verdict pass\n", "", "line 12: is missing"},
        {"verdict pass\n", "verdict pass", "is missing"},
        {"verdict pass\n", "verdict pass\nverdict pass\n", "nothing may stand behind"},
    };
    for (const Row& row : rows) {
        Certificate read;
        const std::string problem = parse_certificate(with(sample().text(), row.from, row.to), read);
        INFO(row.from << " -> " << row.to << ": " << problem);
        CHECK(problem.find(row.rule) != std::string::npos);
    }
    Certificate read;
    CHECK(parse_certificate(with(sample().text(), "ends 2027-11-24T08:00:00Z", "ends 2026-11-24T08:00:01Z"),
                            read) == "");
    CHECK(parse_certificate("", read).find("line 1") != std::string::npos);
}

TEST_CASE("a_certificate_has_at_most_a_hundred_cases") {
    Certificate many = sample();
    many.cases.resize(100, many.cases[0]);
    Certificate read;
    CHECK(parse_certificate(many.text(), read) == "");
    many.cases.resize(101, many.cases[0]);
    CHECK(parse_certificate(many.text(), read).find("more than 100 cases") != std::string::npos);
}

TEST_CASE("each_reason_against_a_certificate_has_a_neighbour_that_holds") {
    const SigningKey key = make_key();
    const SigningKey other = make_key();  // of the same name
    Certificate failed = sample();
    failed.cases[0].passed = false;
    const std::string note = key.sign_text(sample().text());
    struct Row {
        std::string note;
        CertificateDemand demand;
        CertificateFault fault;
        const char* text;
    };
    const auto asks = [](auto change) {
        CertificateDemand made = demand();
        change(made);
        return made;
    };
    const risk::UtcNs ends = sample().ends_ns;
    const std::string other_dictionary(64, 'e');
    const Row rows[] = {
        {note, demand(), CertificateFault::none, "in force until 2027-11-24T08:00:00Z"},
        {"", demand(), CertificateFault::malformed, "cannot be read"},
        {sample().text(), demand(), CertificateFault::malformed, "cannot be read"},
        {key.sign_text("a\nb\n"), demand(), CertificateFault::malformed, "cannot be read"},
        {other.sign_text(sample().text()), demand(), CertificateFault::not_signed, "not signed"},
        {with(note, "CLIENT01", "CLIENT02"), demand(), CertificateFault::not_signed, "not signed"},
        {note, asks([](auto& made) { made.client = "CLIENT0"; }), CertificateFault::other_client, "another"},
        {key.sign_text(failed.text()), demand(), CertificateFault::not_passed, "was not passed"},
        {note, asks([&](auto& made) { made.dictionary = other_dictionary; }),
         CertificateFault::other_dictionary, "another data dictionary"},
        {note, asks([ends](auto& made) { made.now_ns = ends; }), CertificateFault::ended,
         "ended at 2027-11-24T08:00:00Z"},
        {note, asks([ends](auto& made) { made.now_ns = ends - 1; }), CertificateFault::none, "in force"},
        {note, asks([ends](auto& made) { made.now_ns = ends + second_ns; }), CertificateFault::ended,
         "ended"},
    };
    for (const Row& row : rows) {
        const CertificateFinding finding = judge_certificate(row.note, key.verifier(), row.demand);
        INFO(text_of(finding) << " " << finding.detail);
        CHECK(finding.fault == row.fault);
        CHECK(text_of(finding).find(row.text) != std::string::npos);
    }
}

TEST_CASE("a_checkpoint_of_the_journal_is_no_certificate_even_by_the_same_key") {
    const SigningKey key = make_key();
    const std::string note = key.sign(Checkpoint{key.verifier().name(), 5, {}});
    CHECK(judge_certificate(note, key.verifier(), demand()).fault == CertificateFault::malformed);
}

TEST_CASE("nothing_of_a_text_is_told_before_its_signature_is_good") {
    const SigningKey key = make_key();
    Certificate ended = sample();
    ended.ends_ns = ended.made_ns + second_ns;
    const CertificateFinding finding =
        judge_certificate(make_key().sign_text(ended.text()), key.verifier(), demand());
    CHECK(finding.fault == CertificateFault::not_signed);
    CHECK(finding.certificate == Certificate{});
}
