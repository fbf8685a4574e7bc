// The configuration read again: cut anywhere, written meanwhile, wrong, not approved, it is refused, by name.
#include "gateway/reload_reader.hpp"

#include <catch2/catch.hpp>
#include <filesystem>

#include "audit/note.hpp"
#include "config/changes.hpp"
#include "config/files.hpp"
#include "gateway/approved_programs.hpp"
#include "tests/config/reload_sample.hpp"
#include "tests/config/temporary.hpp"

using namespace fairlead;
using gateway::Reload;
using tests::reload_sample;
using tests::replaced;

namespace {

void nothing() {}

struct Place {
    tests::TemporaryDirectory directory;
    std::string file;
    config::GatewayConfig in_force;

    explicit Place(const std::string& text = reload_sample) {
        file = directory.file("fairlead.toml", text);
        auto loaded = config::load_gateway_config(file);
        REQUIRE(loaded.ok());
        in_force = std::move(loaded.value);
    }
    [[nodiscard]] std::unique_ptr<Reload> after(const std::string& text) const {
        directory.file("fairlead.toml", text);
        return gateway::read_again(in_force, nothing);
    }
};

bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("a_good_file_is_read_again_with_its_hash_and_what_changed") {
    const Place place;
    const std::string text = replaced(reload_sample, "wait_age_limit_ms = 1000", "wait_age_limit_ms = 500");
    const auto reload = place.after(text);
    INFO(reload->text);
    REQUIRE(reload->good);
    CHECK(reload->text ==
          "configuration " + config::hex_of(config::sha256_of(text)) +
              " in force, revision 7: 1 setting changed: line[O8610H3].wait_age_limit_ms 1000 -> 500");
    CHECK(reload->config.lines[1].wait_age_limit_ms == 500);
    CHECK(reload->next->lines[1].wait_age_limit_ms == 500);
    REQUIRE(reload->rates.size() == 2);
    CHECK(reload->rates[1].capacity() == 160);
    CHECK(has(place.after(reload_sample)->text, "no setting differs"));
}

TEST_CASE("a_configuration_cut_at_any_byte_is_refused") {
    const Place place;
    // What it changes comes early, so that only what is cut off can refuse it.
    const std::string text = replaced(reload_sample, "keeper_lag_ms = 100", "keeper_lag_ms = 90");
    for (std::size_t bytes = 0; bytes < text.size(); ++bytes) {
        const auto reload = place.after(text.substr(0, bytes));
        INFO(bytes << " bytes: " << reload->text);
        REQUIRE_FALSE(reload->good);
        REQUIRE(has(reload->text, place.file));
    }
    CHECK(place.after(text)->good);
}

TEST_CASE("a_configuration_written_while_it_is_read_is_refused") {
    const Place place;
    const std::string other = replaced(reload_sample, "keeper_lag_ms = 100", "keeper_lag_ms = 90");
    const auto refused_after = [&](const std::function<void()>& meanwhile) {
        const auto reload = gateway::read_again(place.in_force, meanwhile);
        return !reload->good && has(reload->text, "is being written");
    };
    CHECK(refused_after([&] { place.directory.file("fairlead.toml", other); }));
    CHECK(refused_after([&] { place.directory.file("fairlead.toml", other + "# more\n"); }));
    // The same bytes under another file: whose are they?
    CHECK(refused_after(
        [&] { std::filesystem::rename(place.directory.file("new.toml", other + "# more\n"), place.file); }));
    std::filesystem::resize_file(place.file,
                                 std::uintmax_t{1} << 30U);  // takes no room, and must not be read
    CHECK(has(gateway::read_again(place.in_force, nothing)->text, "has more than"));
    std::filesystem::remove(place.file);
    CHECK(has(gateway::read_again(place.in_force, nothing)->text, place.file + ": cannot be read"));
}

TEST_CASE("a_wrong_configuration_is_refused_with_file_line_field_and_value_of_every_fault") {
    const Place place;
    const auto reload =
        place.after(replaced(replaced(reload_sample, "keeper_lag_ms = 100", "keeper_lag_ms = 0"),
                             "front_refuse_percent = 80", "front_refuse_percent = 96"));
    CHECK_FALSE(reload->good);
    CHECK(
        has(reload->text, place.file + ":9: journal.keeper_lag_ms = 0: must be a whole number in 1..60000"));
    CHECK(has(reload->text,
              "journal.front_refuse_percent = 96: must be less than front_disconnect_percent = 95"));
    const auto differs = place.after(replaced(replaced(reload_sample, "port = 9881", "port = 9883"),
                                              "user = \"client1\"", "user = \"client9\""));
    CHECK_FALSE(differs->good);
    CHECK(has(differs->text, "line[T8610H3].port = 9883: in force is 9881"));
    CHECK(has(differs->text, "session[CLIENT01].user = \"client9\": in force is \"client1\""));
    const auto secret = place.after(replaced(reload_sample, "password = \"9999\"", "password = \"8888\""));
    CHECK_FALSE(secret->good);
    CHECK(has(secret->text, "line[T8610H3].password"));
    CHECK_FALSE(has(secret->text, "8888"));
    CHECK_FALSE(has(secret->text, "9999"));
}

TEST_CASE("a_refusal_is_one_line_of_whole_characters_whatever_stands_in_the_file") {
    const Place place;
    const auto forged = place.after(
        replaced(reload_sample, "user = \"client1\"", "user = \"client1\\n2026-01-01 record 7 halt\""));
    CHECK(has(forged->text, "session.user = \"client1?2026-01-01 record 7 halt\""));
    CHECK_FALSE(has(forged->text, "\n"));
    std::string name;
    for (int i = 0; i < 2000; ++i) {
        name += "\xE5\xAD\x97";
    }
    const auto wide = place.after(replaced(reload_sample, "user = \"client1\"", "user = \"" + name + "\""));
    CHECK(wide->text.size() < 1'001);
    CHECK(has(wide->text, "\xE5\xAD\x97..."));
    CHECK(config::cut_short("abcdefgh", 8) == "abcdefgh");
    CHECK(config::cut_short("abcdefghi", 8) == "abcde...");
}

TEST_CASE("a_refusal_s_text_is_bounded_and_says_how_much_is_left_out") {
    std::string text = reload_sample.substr(0, reload_sample.find("[[session]]"));
    for (int i = 1; i <= 400; ++i) {
        text += "[[session]]\nid = " + std::to_string(1000 + i) + "\nsender_comp_id = \"C" +
                std::to_string(i) +
                "\"\ntarget_comp_id = \"F\"\nuser = \"client\"\nallowed_addresses = "
                "[\"127.0.0.1\"]\naccounts = \"all\"\n";
    }
    text += reload_sample.substr(reload_sample.find("[[line]]"));
    const Place place(text);
    std::string other = text;
    for (std::size_t at = 0; (at = other.find("\"client\"", at)) != std::string::npos;) {
        other.replace(at, 8, "\"others\"");
    }
    const auto reload = place.after(other);
    CHECK_FALSE(reload->good);
    CHECK(reload->text.size() < 16'100);
    CHECK(has(reload->text, "session[C1].user"));
    CHECK(has(reload->text, " more"));
}

TEST_CASE("a_configuration_that_is_not_on_the_signed_list_in_force_is_refused") {
    audit::SigningKey key;
    REQUIRE(audit::SigningKey::make("fairlead.example/approvals", key) == "");
    const tests::TemporaryDirectory lists;
    risk::Sha256 program{};
    REQUIRE(gateway::hash_program(program) == "");
    const auto line_of = [&](const std::string& text) {
        return config::hex_of(program) + " " + config::hex_of(config::sha256_of(text)) + "\n";
    };
    const std::string text = replaced(reload_sample, "revision = 7",
                                      "revision = 7\napprovals = \"" + lists.path() +
                                          "/approved\"\napprovals_key = \"" + key.verifier().text() + "\"");
    const Place place(text);
    const std::string asked = replaced(text, "keeper_lag_ms = 100", "keeper_lag_ms = 90");
    lists.file("approved", key.sign_text(line_of(text)));
    const auto unlisted = place.after(asked);
    CHECK_FALSE(unlisted->good);
    CHECK(has(unlisted->text,
              "with configuration " + config::hex_of(config::sha256_of(asked)) + " is not approved"));
    lists.file("approved", line_of(asked));
    CHECK(has(place.after(asked)->text, "not a signed note"));
    std::string forged = key.sign_text(line_of(text));
    lists.file("approved", replaced(forged, line_of(text), line_of(asked)));
    CHECK_FALSE(place.after(asked)->good);
    lists.file("approved", key.sign_text(line_of(text) + line_of(asked)));
    CHECK(place.after(asked)->good);
    // A file that names no list, or another one, is judged by the list in force all the same.
    const std::string free = replaced(
        asked,
        "approvals = \"" + lists.path() + "/approved\"\napprovals_key = \"" + key.verifier().text() + "\"\n",
        "");
    const auto without = place.after(free);
    CHECK_FALSE(without->good);
    CHECK(has(without->text, "is not approved"));
    CHECK(has(without->text, "gateway.approvals: is missing"));
}
