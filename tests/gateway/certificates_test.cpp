// Certificates as the gateway finds them: the file of a client, looked at anew each time, and only where the
// broker asks for it.
#include "gateway/certificates.hpp"

#include <catch2/catch.hpp>
#include <filesystem>

#include "config/rules_in_force.hpp"
#include "tests/config/temporary.hpp"

using namespace fairlead;
using audit::CertificateFault;
using gateway::Certificates;

namespace {

constexpr risk::UtcNs day_ns = 86'400'000'000'000;
constexpr risk::UtcNs made_ns = 20'000 * day_ns;

struct Shelf {
    Shelf() {
        REQUIRE(audit::SigningKey::make("broker.example/certification", key).empty());
        config.file = "fairlead.toml";
        config.gateway.require_certificates = true;
        config.gateway.certificate_directory = directory.path();
        config.gateway.certificate_key = key.verifier().text();
        config.sessions.resize(2);
        config.sessions[0].sender_comp_id = "CLIENT01";
        config.sessions[1].sender_comp_id = "CLIENT02";
    }
    std::string note(const std::string& client, risk::UtcNs ends_ns = made_ns + day_ns) const {
        audit::Certificate made;
        made.client = client;
        made.program = "program";
        made.version = "1";
        made.account = "8610-0000017";
        made.dictionary = config::dictionary_sha256();
        made.rules = config::rules_sha256();
        made.made_ns = made_ns;
        made.ends_ns = ends_ns;
        made.cases = {{"log-on", true, audit::SeenAt::journal, "the Logon was accepted"}};
        return key.sign_text(made.text());
    }
    Certificates open() const {
        Certificates certificates;
        REQUIRE(certificates.open(config).empty());
        return certificates;
    }

    tests::TemporaryDirectory directory;
    audit::SigningKey key;
    config::GatewayConfig config;
};

}  // namespace

TEST_CASE("a_certificate_put_there_or_taken_away_holds_from_the_next_look_on") {
    const Shelf shelf;
    const Certificates certificates = shelf.open();
    const auto fault = [&] { return certificates.look("CLIENT01", made_ns).fault; };
    CHECK(fault() == CertificateFault::missing);
    const std::string path = shelf.directory.file("CLIENT01.certificate", shelf.note("CLIENT01"));
    CHECK(fault() == CertificateFault::none);
    shelf.directory.file("CLIENT01.certificate", shelf.note("CLIENT02"));
    CHECK(fault() == CertificateFault::other_client);
    std::filesystem::remove(path);
    CHECK(fault() == CertificateFault::missing);
}

TEST_CASE("what_is_no_note_at_all_is_refused_with_its_path") {
    const Shelf shelf;
    const Certificates certificates = shelf.open();
    const std::string path = shelf.directory.path() + "/CLIENT01.certificate";
    std::filesystem::create_directory(path);
    CHECK(certificates.look("CLIENT01", made_ns).fault == CertificateFault::malformed);
    CHECK(certificates.look("CLIENT01", made_ns).detail.find(path) == 0);
    std::filesystem::remove(path);
    // A file of any size may lie there; it is not read to find that out.
    shelf.directory.file("CLIENT01.certificate", "x");
    std::filesystem::resize_file(path, std::uintmax_t{1} << 40);
    CHECK(certificates.look("CLIENT01", made_ns).detail.find("1099511627776 bytes") != std::string::npos);
}

TEST_CASE("certificates_are_asked_for_only_where_the_broker_requires_them") {
    Shelf shelf;
    const Certificates certificates = shelf.open();
    REQUIRE(certificates.rule());
    CHECK(certificates.rule()("CLIENT01").find("has no certificate") != std::string::npos);
    constexpr risk::UtcNs year_2199 = 7'200'000'000 * risk::UtcNs{1'000'000'000};
    shelf.directory.file("CLIENT01.certificate", shelf.note("CLIENT01", year_2199));
    CHECK(certificates.rule()("CLIENT01").empty());
    const std::vector<std::string> told = certificates.uncertified(shelf.config);
    REQUIRE(told.size() == 1);
    CHECK(told[0].find("CLIENT02 cannot log on: ") == 0);
    shelf.config.gateway.require_certificates = false;
    const Certificates none = shelf.open();
    CHECK(!none.rule());
    CHECK(none.uncertified(shelf.config).empty());
}

TEST_CASE("a_directory_that_is_none_stops_the_start_and_is_named") {
    Shelf shelf;
    Certificates certificates;
    shelf.config.gateway.certificate_directory = shelf.directory.path() + "/none";
    CHECK(certificates.open(shelf.config).find("gateway.certificate_directory: ") != std::string::npos);
    shelf.config.gateway.certificate_directory = shelf.directory.file("file", "");
    CHECK(certificates.open(shelf.config).find("is no directory") != std::string::npos);
    shelf.config.gateway.require_certificates = false;
    CHECK(certificates.open(shelf.config).empty());
}

TEST_CASE("a_key_that_is_none_stops_the_start_and_is_named") {
    Shelf shelf;
    Certificates certificates;
    shelf.config.gateway.certificate_key = "broker.example+00000000+AQ==";
    CHECK(certificates.open(shelf.config).find("fairlead.toml: gateway.certificate_key: ") == 0);
    shelf.config.gateway.require_certificates = false;
    CHECK(certificates.open(shelf.config).empty());
}
