// dropcopy.toml: each rule with a value that breaks it and one that just does not.
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "gateway/dropcopy/options.hpp"

using namespace fairlead;

namespace {

config::Loaded<dropcopy::Options> load(const std::string& text) {
    const auto path = std::filesystem::temp_directory_path() /
                      ("fairlead-dropcopy-" + std::to_string(::getpid()) + ".toml");
    std::ofstream(path) << text;
    auto loaded = dropcopy::load_options(path.string());
    std::filesystem::remove(path);
    return loaded;
}

const std::string places =
    "journal = \"journal\"\nfront = \"/dev/shm/front\"\ncontrol_socket = \"control\"\nstore = \"copies\"\n";
const std::string one = "[[session]]\ncomp_id = \"RISK1\"\nuser = \"ann\"\n";

std::string with(const std::string& key_lines, const std::string& sessions = one) {
    return "[dropcopy]\n" + places + key_lines + sessions;
}

}  // namespace

TEST_CASE("every_rule_of_the_drop_copys_file_is_held_and_named") {
    struct Row {
        std::string text;
        std::string key;  // of the error; empty: taken
    };
    const Row rows[] = {
        {with(""), ""},
        {with("port = 1\n"), ""},
        {with("port = 0\n"), "dropcopy.port"},
        {with("port = 65535\n"), ""},
        {with("port = 65536\n"), "dropcopy.port"},
        {with("address = \"10.1.2.3\"\n"), ""},
        {with("address = \"10.1.2\"\n"), "dropcopy.address"},
        {with("comp_id = \"ABCDEFGHIJKLMNOP\"\n"), ""},
        {with("comp_id = \"ABCDEFGHIJKLMNOPQ\"\n"), "dropcopy.comp_id"},
        {with("password = \"x\"\n"), "dropcopy.password"},
        {"[dropcopy]\n" + places.substr(places.find("front")) + one, "dropcopy.journal"},
        {with("", ""), "session"},
        {with("", one + one), "session.comp_id"},
        {with("", one + "investors = [\"ABCDEFGHIJKL\"]\n"), ""},
        {with("", one + "investors = [\"ABCDEFGHIJKLM\"]\n"), "session.investors"},
        {with("", one + "branches = [\"8610\"]\n"), ""},
        {with("", one + "branches = [\"861\"]\n"), "session.branches"},
        {with("", "[[session]]\ncomp_id = \"RISK1\"\n"), "session.user"},
    };
    for (const Row& row : rows) {
        INFO(row.text);
        const auto loaded = load(row.text);
        if (row.key.empty()) {
            CHECK(loaded.ok());
        } else {
            REQUIRE(loaded.errors.size() == 1);
            CHECK(loaded.errors[0].key == row.key);
        }
    }
}

TEST_CASE("places_are_beside_the_file_and_sessions_keep_their_filters") {
    const auto loaded = load(with("", one + "investors = [\"I1\", \"I2\"]\nbranches = [\"8610\"]\n"));
    REQUIRE(loaded.ok());
    CHECK(loaded.value.journal.directory == (std::filesystem::temp_directory_path() / "journal").string());
    CHECK(loaded.value.front == "/dev/shm/front");
    REQUIRE(loaded.value.sessions.size() == 1);
    CHECK(loaded.value.sessions[0].investors == std::vector<std::string>{"I1", "I2"});
    CHECK(loaded.value.sessions[0].branches == std::vector<std::string>{"8610"});
}

TEST_CASE("the_sample_file_is_taken") {
    const auto loaded = dropcopy::load_options(FAIRLEAD_SOURCE_DIR "/config/dropcopy.toml");
    for (const config::ConfigError& error : loaded.errors) {
        UNSCOPED_INFO(config::describe(error));
    }
    CHECK(loaded.ok());
}
