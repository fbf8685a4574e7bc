// The tables of tests/lifecycle: each is played through the production road in memory, every row is compared,
// every message to a client is read by a stock client, and the journal's bytes replay to the same Decisions.
// With FAIRLEAD_WRITE_TABLES set the tables are written as they came out, for a person to read.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>

#include "tests/lifecycle/table.hpp"
#include "tests/orders/quickfix_client.hpp"

using namespace fairlead;
using namespace fairlead::lifecycle;

namespace {

std::vector<std::string> table_files() {
    std::vector<std::string> files;
    for (const auto& entry : std::filesystem::directory_iterator(FAIRLEAD_LIFECYCLE_TABLES)) {
        if (entry.path().extension() == ".table") {
            files.push_back(entry.path().string());
        }
    }
    std::sort(files.begin(), files.end());
    return files;
}

std::string own_directory() {
    return "/dev/shm/fairlead-lifecycle-" + std::to_string(::getpid());
}

}  // namespace

TEST_CASE("every_row_of_an_order_state_matrix_comes_out_as_the_table_says_and_replays") {
    const tests::QuickFixValidator stock_client(FAIRLEAD_CLIENT_DICTIONARY);
    const bool write = std::getenv("FAIRLEAD_WRITE_TABLES") != nullptr;
    std::set<std::string> names;
    std::size_t rows = 0;
    for (const std::string& file : table_files()) {
        std::string written;
        for (const Table& table : load_tables(file)) {
            INFO(file << ": " << table.name);
            CHECK(names.insert(table.name).second);
            Player player(own_directory(), table);
            Table came;
            REQUIRE_NOTHROW(came = player.play(table));
            rows += came.rows.size();
            written += text_of(came) + "\n";
            if (!write) {
                CHECK(text_of(came) == text_of(table));
            }
            for (const std::string& message : player.told()) {
                INFO(message);
                CHECK(stock_client.check(message) == "");
            }
            CHECK(player.stage().stop_and_replay() == "");
        }
        if (write) {
            std::ofstream(file) << written;
        }
    }
    CHECK(names.size() >= 94);
    CHECK(rows >= 300);
}

TEST_CASE("a_table_that_says_otherwise_is_found") {
    const Table first = load_tables(table_files().front()).front();
    for (const auto column : {&Row::out, &Row::order_status, &Row::leaves, &Row::buy, &Row::sellable}) {
        Table wrong = first;
        wrong.rows.back().*column += "1";
        Player player(own_directory(), wrong);
        CHECK(text_of(player.play(wrong)) != text_of(wrong));
    }
}

// README.md has one row a matrix: its number, and the tables that show it or why this venue cannot.
TEST_CASE("every_matrix_of_appendix_d_is_a_table_or_has_a_reason") {
    std::set<std::string> tables;
    for (const std::string& file : table_files()) {
        for (const Table& table : load_tables(file)) {
            tables.insert(table.name);
        }
    }
    std::ifstream file(std::string(FAIRLEAD_LIFECYCLE_TABLES) + "/README.md");
    std::set<std::string> matrices;
    std::set<std::string> shown;
    const std::regex row_form(R"(^\| (D\d+|[A-L]\.[^|]*) \|([^|]*)\|([^|]*)\|(.*)\|$)");
    const std::regex name_form("`([^`]+)`");
    for (std::string line; std::getline(file, line);) {
        std::smatch row;
        if (!std::regex_match(line, row, row_form)) {
            continue;
        }
        matrices.insert(row[1]);
        const std::string by = row[4];
        INFO(line);
        std::size_t named = 0;
        for (std::sregex_iterator name(by.begin(), by.end(), name_form); name != std::sregex_iterator();
             ++name, ++named) {
            CHECK(tables.count((*name)[1]) == 1);
            shown.insert((*name)[1]);
        }
        CHECK((named > 0 || by.find("not here:") != std::string::npos));
    }
    for (int number = 1; number <= 37; ++number) {
        CHECK(matrices.count("D" + std::to_string(number)) == 1);
    }
    for (const std::string& table : tables) {
        INFO(table << " is in no row of README.md");
        CHECK(shown.count(table) == 1);
    }
}
