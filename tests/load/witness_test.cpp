// Orders joined with the exchange's witness: arrival times, and orders that are where they must not be.
#include "bench/load/witness.hpp"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "bench/load/numbers_file.hpp"

using namespace fairlead;
using namespace fairlead::load;

namespace {

struct TemporaryDirectory {
    std::filesystem::path path =
        std::filesystem::temp_directory_path() / ("fairlead-load-test-" + std::to_string(::getpid()));
    TemporaryDirectory() { std::filesystem::create_directories(path); }
    ~TemporaryDirectory() { std::filesystem::remove_all(path); }
    TemporaryDirectory(const TemporaryDirectory&) = delete;
    TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

    std::string write(const std::string& name, const std::string& text) const {
        const std::string file = (path / name).string();
        std::ofstream(file) << text;
        return file;
    }
};

// Order i was sent at 1000 x (i + 1) ns and reported with order key 100 + i.
void report(Outcomes& outcomes, std::uint32_t number, char execution, char status) {
    PlannedCommand plan;
    plan.order = number;
    const std::uint32_t command = outcomes.add(plan);
    outcomes.sent(command, {0, 1000 * (number + 1)});
    std::array<char, 24> room;
    std::array<char, 512> bytes;
    fix::Encoder encoder;
    encoder.begin(bytes, fix::HeaderTemplate("FIX.4.4", "G", "C"), "8", number + 1, 0);
    encoder.add_padded(37, 100 + number, 12);
    encoder.add(11, outcomes.identifier(command, room));
    encoder.add_unsigned(17, 1);
    encoder.add_char(150, execution);
    encoder.add_char(39, status);
    const std::size_t size = encoder.finish();
    fix::Message message;
    REQUIRE(fix::Reader().read({bytes.data(), size}, message).status == fix::ReadStatus::complete);
    (void)outcomes.on_message(0, message, {0, 1000 * (number + 1) + 500});
}

const std::string heading =
    "# fairlead-exchange witness 1\nutc_ns\tmono_ns\tline\tdirection\tnumber\ttype\tcl_ord_id\traw\n";

std::string row(std::int64_t mono_ns, const std::string& direction, const std::string& type,
                const std::string& identifier) {
    return "7\t" + std::to_string(mono_ns) + "\tT8610H3\t" + direction + "\t3\t" + type + "\t" + identifier +
           "\t8=FIX.4.4|\n";
}

}  // namespace

TEST_CASE("witness_gives_each_order_its_time_to_the_venue") {
    const TemporaryDirectory directory;
    Outcomes outcomes(1, "T");
    report(outcomes, 0, '0', '0');
    report(outcomes, 1, '0', '0');
    const std::string file = directory.write(
        "witness", heading + row(1040, "in", "D", "000000000100") + row(1090, "out", "8", "000000000100") +
                       row(2060, "in", "D", "000000000101") + row(2900, "in", "D", "000000000101") +
                       row(5000, "in", "F", "000000000999") + "cut sh");
    const ArrivalResult result = join_witness(file, outcomes);
    CHECK(result.error.empty());
    CHECK(result.orders_seen == 2);
    CHECK(result.wire_to_wire.min_ns() == 40);
    CHECK(result.wire_to_wire.max_ns() == 60);
    CHECK(result.by_session[0].count() == 2);
    CHECK(result.accepted_unseen == 0);
    CHECK(result.refused_seen == 0);
}

TEST_CASE("witness_shows_a_refused_order_that_went_out_and_an_accepted_one_that_did_not") {
    const TemporaryDirectory directory;
    Outcomes outcomes(1, "T");
    report(outcomes, 0, '8', '8');
    report(outcomes, 1, '0', '0');
    report(outcomes, 2, '8', '8');
    const std::string file = directory.write("witness", heading + row(1040, "in", "D", "000000000100"));
    const ArrivalResult result = join_witness(file, outcomes);
    CHECK(result.refused_seen == 1);
    CHECK(result.accepted_unseen == 1);
}

TEST_CASE("witness_of_an_earlier_run_joins_nothing") {
    const TemporaryDirectory directory;
    Outcomes outcomes(1, "T");
    report(outcomes, 0, '0', '0');
    const std::string file = directory.write("witness", heading + row(10, "in", "D", "000000000100"));
    CHECK(join_witness(file, outcomes).orders_seen == 0);
}

TEST_CASE("witness_that_is_no_witness_is_an_error_that_names_the_file") {
    const TemporaryDirectory directory;
    const Outcomes outcomes(1, "T");
    const std::string file = directory.write("junk", "hello\n");
    CHECK(join_witness(file, outcomes).error.find(file) == 0);
    CHECK_FALSE(join_witness(file + ".absent", outcomes).error.empty());
}

TEST_CASE("state_file_keeps_numbers_and_refuses_what_is_none") {
    const TemporaryDirectory directory;
    const std::string file = (directory.path / "state").string();
    CHECK(load_numbers(file).error.empty());
    CHECK_FALSE(load_numbers(file).exists);
    CHECK(save_numbers(file, {{"CLIENT01", {7, 9}}}).empty());
    const LoadedNumbers loaded = load_numbers(file);
    CHECK(loaded.error.empty());
    CHECK(loaded.numbers.at("CLIENT01").next_out == 7);
    CHECK(loaded.numbers.at("CLIENT01").next_in == 9);
    const std::pair<const char*, const char*> bad[] = {
        {"not json", "not a state file"},
        {"[]", "not a state file"},
        {R"({"sessions": {"A": {"next_out": 0, "next_in": 1}}})", "session A"},
        {R"({"sessions": {"A": {"next_out": -3, "next_in": 1}}})", "session A"},
        {R"({"sessions": {"A": {"next_out": 3}}})", "session A"},
    };
    for (const auto& [text, words] : bad) {
        CHECK(load_numbers(directory.write("bad", text)).error.find(words) != std::string::npos);
    }
    CHECK_FALSE(save_numbers((directory.path / "absent" / "state").string(), {}).empty());
}
