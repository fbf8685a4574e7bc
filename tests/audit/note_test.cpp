// Signed notes and their keys: the golden vector of the journal's design, made by an independent program,
// and what is no note, no key, or not signed by it.
#include "audit/note.hpp"

#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <fstream>

#include "sample.hpp"

using namespace fairlead;
using namespace fairlead::audit;
using namespace fairlead::test;

namespace {

const std::string golden_name = "fairlead.example/8610/gw1";
const std::string golden_vkey = golden_name + "+79931f11+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4";
const std::string golden_note =
    golden_name + "\n5\n4Oxlb85PwWKS7QHOI8HtDcsJ/RjDF7vn+C96t2QDADc=\n\n\xE2\x80\x94 " + golden_name +
    " eZMfEYfmVn6lI9BxOgXpDpfD0PLRcnTYzn1y9gDzroYEsuTuDcIJA6gKc5CmeaLi8RX8up+fwp064clJ02ZceYCWYAI=\n";

SigningKey golden_key() {
    std::vector<std::uint8_t> bytes{0x01};
    for (std::uint8_t i = 0; i < 32; ++i) {
        bytes.push_back(i);
    }
    SigningKey key;
    REQUIRE(SigningKey::parse("PRIVATE+KEY+" + golden_name + "+79931f11+" + to_base64(bytes), key) == "");
    return key;
}

SignedCheckpoint read(const std::string& note) {
    SignedCheckpoint checkpoint;
    REQUIRE(parse_checkpoint(note, checkpoint) == "");
    return checkpoint;
}

std::string why_not(const std::string& note) {
    SignedCheckpoint checkpoint;
    return parse_checkpoint(note, checkpoint);
}

std::string with(std::string text, const std::string& what, const std::string& instead) {
    const std::size_t at = text.find(what);
    REQUIRE(at != std::string::npos);
    return text.replace(at, what.size(), instead);
}

}  // namespace

TEST_CASE("the_golden_note_and_key_come_out_to_the_byte") {
    const SigningKey key = golden_key();
    CHECK(key.verifier().text() == golden_vkey);
    const SignedCheckpoint golden = read(golden_note);
    CHECK(golden.checkpoint.origin == golden_name);
    CHECK(golden.checkpoint.size == 5);
    CHECK(key.sign(golden.checkpoint) == golden_note);
    VerifierKey verifier;
    REQUIRE(VerifierKey::parse(golden_vkey, verifier) == "");
    CHECK(verify_checkpoint(golden, {&verifier, 1}) == "");
}

TEST_CASE("a_note_that_was_changed_anywhere_does_not_verify") {
    const SigningKey key = golden_key();
    for (std::size_t i = 0; i < golden_note.size(); ++i) {
        std::string forged = golden_note;
        forged[i] = static_cast<char>(forged[i] ^ 1);
        SignedCheckpoint checkpoint;
        if (parse_checkpoint(forged, checkpoint).empty()) {
            INFO("byte " << i);
            CHECK(verify_checkpoint(checkpoint, {&key.verifier(), 1}) != "");
        }
    }
}

TEST_CASE("only_a_known_key_counts_and_all_of_its_signatures_must_verify") {
    const SigningKey key = golden_key();
    SigningKey other;
    REQUIRE(SigningKey::make(golden_name, other) == "");
    const SignedCheckpoint golden = read(golden_note);
    CHECK(verify_checkpoint(golden, {&other.verifier(), 1}).find("is not signed by") != std::string::npos);
    const std::array<VerifierKey, 2> both{other.verifier(), key.verifier()};
    CHECK(verify_checkpoint(golden, both) == "");
    // A witness may add a line of its own; who does not know it looks past it.
    const std::string foreign = other.sign(golden.checkpoint);
    const std::string witnessed = golden_note + foreign.substr(foreign.find("\xE2\x80\x94"));
    CHECK(verify_checkpoint(read(witnessed), {&key.verifier(), 1}) == "");
    CHECK(verify_checkpoint(read(witnessed), both) == "");
    const std::string spoilt =
        golden_note + with(golden_note, "eZMfEYfm", "eZMfEYfn").substr(golden_note.find("\xE2\x80\x94"));
    CHECK(verify_checkpoint(read(spoilt), {&key.verifier(), 1}).find("does not verify") != std::string::npos);
    // Signed by the key, but in the name of another log.
    Checkpoint elsewhere = golden.checkpoint;
    elsewhere.origin = "other.example";
    CHECK(verify_checkpoint(read(key.sign(elsewhere)), {&key.verifier(), 1})
              .find("is not the name of the key") != std::string::npos);
}

TEST_CASE("what_breaks_a_rule_of_notes_is_refused_by_the_rule") {
    const std::string& note = golden_note;
    CHECK(why_not("").find("no empty line") != std::string::npos);
    CHECK(why_not(with(note, "\n5\n", "\n05\n")).find("without leading zeros") != std::string::npos);
    CHECK(why_not(with(note, "\n5\n", "\n-5\n")).find("tree size '-5'") != std::string::npos);
    CHECK(why_not(with(note, "\n5\n", "\n\n")).find("text must have") != std::string::npos);
    CHECK(why_not(with(note, "ADc=", "ADd=")).find("root '") != std::string::npos);
    CHECK(why_not(with(note, "4Oxlb8", "4Oxlb")).find("root '") != std::string::npos);
    CHECK(why_not(with(note, "\n5\n", "\r\n5\n")).find("control characters") != std::string::npos);
    CHECK(why_not(with(note, "\xE2\x80\x94 ", "- ")).find("signature line") != std::string::npos);
    CHECK(why_not(note.substr(0, note.size() - 1)).find("each with a newline") != std::string::npos);
    CHECK(why_not(note.substr(0, note.find("\xE2\x80\x94"))).find("no signature") != std::string::npos);
    CHECK(why_not(note + std::string(note_bytes_max, 'x')).find("more than the 65536") != std::string::npos);
    // Extension lines are no business of ours, but they are signed.
    const SignedCheckpoint extended = read(with(note, "ADc=\n", "ADc=\nmore\n"));
    CHECK(extended.text.ends_with("ADc=\nmore\n"));
    CHECK(verify_checkpoint(extended, std::array{golden_key().verifier()}) != "");
}

TEST_CASE("a_key_text_that_is_not_one_is_refused_by_the_rule") {
    VerifierKey verifier;
    CHECK(VerifierKey::parse("nothing", verifier).find("NAME+HASH+BASE64") != std::string::npos);
    CHECK(VerifierKey::parse(with(golden_vkey, "79931f11", "79931f12"), verifier)
              .find("key hash is 79931f12") != std::string::npos);
    CHECK(VerifierKey::parse(with(golden_vkey, "+AQOh", "+BAOh"), verifier).find("Ed25519") !=
          std::string::npos);
    CHECK(VerifierKey::parse(with(golden_vkey, "TG4", "TG"), verifier).find("Ed25519") != std::string::npos);
    CHECK(VerifierKey::parse(with(golden_vkey, "gw1", "gw 1"), verifier).find("without space or plus") !=
          std::string::npos);
    SigningKey key;
    CHECK(SigningKey::parse(golden_vkey, key).find("PRIVATE+KEY+") != std::string::npos);
    for (const std::string name : {"", "a b", "a+b", "a\tb", "\xC2\xA0"}) {
        CHECK(SigningKey::make(name, key).find("printable ASCII") != std::string::npos);
    }
    CHECK(SigningKey::make(std::string(256, 'x'), key) != "");
}

TEST_CASE("a_private_key_is_its_owners_alone_and_never_written_over") {
    const TemporaryDirectory place;
    const std::string path = place.path() + "/key";
    SigningKey key;
    REQUIRE(SigningKey::make(golden_name, key) == "");
    REQUIRE(key.save(path) == "");
    struct stat info {};
    REQUIRE(::stat(path.c_str(), &info) == 0);
    CHECK((info.st_mode & 0777) == 0600);
    CHECK(key.save(path).find("File exists") != std::string::npos);
    SigningKey loaded;
    REQUIRE(SigningKey::load(path, loaded) == "");
    CHECK(loaded.verifier().text() == key.verifier().text());
    REQUIRE(::chmod(path.c_str(), 0640) == 0);
    CHECK(SigningKey::load(path, loaded).find("mode 0640, must be readable by its owner alone") !=
          std::string::npos);
    CHECK(SigningKey::load(place.path() + "/none", loaded).find("No such file") != std::string::npos);
    REQUIRE(::chmod(path.c_str(), 0600) == 0);
    std::ofstream(path) << "PRIVATE+KEY+x\n";
    CHECK(SigningKey::load(path, loaded).find("must be NAME+HASH+BASE64") != std::string::npos);
}
