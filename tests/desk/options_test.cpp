// desk.toml: the sample is good, and each wrong value is named with its rule.
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "config/files.hpp"
#include "gateway/desk/options.hpp"

namespace fairlead::desk {
namespace {

std::string sample() {
    std::string text;
    std::string problem;
    REQUIRE(config::read_file(std::string(FAIRLEAD_SOURCE_DIR) + "/config/desk.toml", text, problem));
    return text;
}

std::string errors_of(const std::string& text) {
    const auto path = std::filesystem::temp_directory_path() / "fairlead-desk-options-test.toml";
    std::ofstream(path) << text;
    const auto loaded = load_options(path.string());
    std::filesystem::remove(path);
    std::string told;
    for (const config::ConfigError& error : loaded.errors) {
        told += config::describe(error) + "\n";
    }
    return told;
}

TEST_CASE("the_sample_is_good_and_says_the_defaults") {
    const auto loaded = load_options(std::string(FAIRLEAD_SOURCE_DIR) + "/config/desk.toml");
    REQUIRE(loaded.ok());
    const Options defaults;
    CHECK(loaded.value.address == defaults.address);
    CHECK(loaded.value.port == defaults.port);
    CHECK(loaded.value.idle_s == defaults.idle_s);
    CHECK(loaded.value.connections_max == defaults.connections_max);
    CHECK(loaded.value.logins_per_minute == defaults.logins_per_minute);
    CHECK(loaded.value.requests_per_second == defaults.requests_per_second);
    CHECK(loaded.value.sizes.orders_max == defaults.sizes.orders_max);
    CHECK(loaded.value.room.orders == defaults.room.orders);
    CHECK(loaded.value.room.trail_rows == defaults.room.trail_rows);
    CHECK(loaded.value.room.exposure_points == defaults.room.exposure_points);
    CHECK(loaded.value.room.limit_changes == defaults.room.limit_changes);
    CHECK(loaded.value.room.exposure_step_ns == defaults.room.exposure_step_ns);
}

TEST_CASE("a_wrong_value_is_named_with_its_rule") {
    struct Row {
        const char* from;
        const char* to;
        const char* told;
    };
    const Row rows[] = {
        {"port = 9443", "port = 0", "desk.port = 0"},
        {"address = \"127.0.0.1\"", "address = \"here\"", "an IPv4 or IPv6 address"},
        {"idle_s = 900", "idle_s = 5", "desk.idle_s = 5"},
        {"hosts = []", "hosts = [\"a/b\"]", "a host name"},
        {"exposure_step_s = 60", "exposure_step_s = 0", "keep.exposure_step_s = 0"},
        {"spare = \"\"", "colour = \"red\"", "desk.colour"},
    };
    for (const Row& row : rows) {
        std::string text = sample();
        text.replace(text.find(row.from), std::string_view(row.from).size(), row.to);
        INFO(row.to);
        CHECK(errors_of(text).find(row.told) != std::string::npos);
    }
    std::string text = sample();
    const std::size_t at = text.find("front = ");
    text.erase(at, text.find('\n', at) - at);
    CHECK(errors_of(text).find("desk.front") != std::string::npos);
}

}  // namespace
}  // namespace fairlead::desk
