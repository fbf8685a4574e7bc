// Every script of tests/sessions, read whole lines at a time and again one byte at a time.
#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <set>

#include "tests/fix/script_runner.hpp"

using namespace fairlead;

TEST_CASE("session_scripts_hold_however_their_bytes_are_split") {
    std::vector<std::string> files;
    for (const auto& entry : std::filesystem::directory_iterator(FAIRLEAD_SESSION_SCRIPTS)) {
        if (entry.path().extension() == ".script") {
            files.push_back(entry.path().string());
        }
    }
    std::sort(files.begin(), files.end());
    REQUIRE(files.size() >= 9);
    std::set<std::string> names;
    for (const std::string& file : files) {
        const auto scripts = test::load_scripts(file);
        CHECK_FALSE(scripts.empty());
        for (const test::Script& script : scripts) {
            INFO(script.name);
            CHECK(names.insert(script.name).second);
            CHECK(script.lines.size() > 1);
            for (const std::size_t bytes_at_once : {0U, 1U, 7U}) {
                test::ScriptRunner runner(bytes_at_once);
                CHECK(runner.run(script) == "");
            }
        }
    }
}

TEST_CASE("a_script_whose_expectation_is_wrong_fails") {
    const test::Script wrong{
        "none", "wrong", {{1, "connect"}, {2, "> A 1 98=0|108=30"}, {3, "attempt accepted"}}};
    test::ScriptRunner runner(0);
    CHECK(runner.run(wrong) == "none:3: attempt accepted\n  happened: attempt none");
    const test::Script silent{"none", "silent", {{1, "connect"}, {2, "> A 1 98=0|108=30"}}};
    test::ScriptRunner second(0);
    CHECK(second.run(silent) == "none: silent: not expected: attempt none");
}
