// The examiner's export: every record in a table, nobody else's data in one investor's, a manifest that
// holds.
#include "audit/export/export.hpp"

#include <sqlite3.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "audit/hash.hpp"
#include "small_day.hpp"

using namespace fairlead;
using namespace fairlead::audit;
using namespace fairlead::test;

namespace {

// Rows as the sqlite3 shell prints them: cells with | between, a line a row.
std::string ask(const std::string& file, const char* question) {
    sqlite3* base = nullptr;
    REQUIRE(sqlite3_open_v2(file.c_str(), &base, SQLITE_OPEN_READONLY, nullptr) == SQLITE_OK);
    std::string text;
    const auto take = [](void* into, int count, char** cells, char**) {
        for (int i = 0; i < count; ++i) {
            *static_cast<std::string*>(into) +=
                std::string(i == 0 ? "" : "|") + (cells[i] == nullptr ? "" : cells[i]);
        }
        *static_cast<std::string*>(into) += "\n";
        return 0;
    };
    char* problem = nullptr;
    const int result = sqlite3_exec(base, question, take, &text, &problem);
    INFO((problem == nullptr ? "" : problem));
    CHECK(result == SQLITE_OK);
    sqlite3_free(problem);
    sqlite3_close(base);
    return text;
}

// Another investor's order, user and session, and a Limit that is raised and then refused a change.
void more(Day& day) {
    risk::NewOrder order = day.world().order("secret-of-b2");
    order.person.investor = risk::InvestorId{"B2"};
    order.person.account = {risk::BranchId{"8612"}, 7654321};
    order.person.user = risk::UserName{"zed"};
    day.add(order, risk::RecordKind::new_order, 77, true);
    risk::LimitSet limit;
    limit.facts.scope = risk::Scope::investor;
    limit.facts.dimension = risk::Dimension::buy;
    limit.subject.investor = risk::InvestorId{"A1"};
    limit.subject.user = risk::UserName{"kuo"};
    limit.subject.approver = risk::UserName{"lee"};
    limit.subject.reason = risk::Text<64>{"asked \"twice\", by letter"};
    limit.facts.value = 600'000 * ntd;
    day.add(limit, risk::RecordKind::limit_set, 0, true);
    limit.facts.value = 400'000 * ntd;
    day.add(limit, risk::RecordKind::limit_set, 0, true);
}

struct Exported {
    explicit Exported(const Day& day, std::string investor = {}, Masking masking = Masking::masked) {
        options.place = day.place();
        options.sqlite_file = folder.path() + "/day.sqlite";
        options.investor = std::move(investor);
        options.masking = masking;
    }
    ExportResult run() { return export_journal(options); }
    [[nodiscard]] std::size_t files() const {
        return static_cast<std::size_t>(
            std::distance(std::filesystem::directory_iterator(folder.path()), {}));
    }
    TemporaryDirectory folder;
    ExportOptions options;
};

}  // namespace

TEST_CASE("export_has_every_record_in_a_table_and_orders_as_they_stood_at_the_end") {
    const Day day(false, more);
    Exported exported(day);
    const ExportResult result = exported.run();
    REQUIRE(result.error == "");
    const std::string& file = exported.options.sqlite_file;
    CHECK(result.records == day.last());
    CHECK(ask(file, "SELECT count(*), max(record) FROM events") == "13|13\n");
    CHECK(ask(file, "SELECT order_key, status, quantity, price_ntd, leaves, reason_code FROM orders") ==
          "5|open|2000|100|2000|\n6|open|2000|100|2000|\n7|refused|2000|100|0|credit_buy\n"
          "11|refused|2000|100|0|account_unknown\n");
    CHECK(ask(file, "SELECT reason_code, refusals, investors FROM refusals_by_reason ORDER BY 1") ==
          "account_unknown|1|1\ncredit_buy|1|1\n");
    CHECK(ask(file, "SELECT count(*) FROM open_orders_at_end") == "2\n");
    CHECK(ask(file, "SELECT orders, refused FROM orders_by_hour") == "4|2\n");
    CHECK(ask(file, "SELECT event, user, approver FROM control_acts") ==
          "limit_set|kuo|lee\nlimit_set|kuo|lee\nlimit_set|kuo|lee\n");
}

TEST_CASE("export_tells_each_change_of_a_limit_with_the_one_before_and_whether_it_was_raised") {
    const Day day(false, more);
    Exported exported(day);
    REQUIRE(exported.run().error == "");
    CHECK(ask(exported.options.sqlite_file,
              "SELECT record, scope, target, dimension, value, previous, raised, outcome FROM limits") ==
          "4|investor|A1|buy|500000|||accepted\n12|investor|A1|buy|600000|500000|1|accepted\n"
          "13|investor|A1|buy|400000|600000|0|accepted\n");
}

TEST_CASE("export_tells_each_fill_with_its_exact_value") {
    const Day day(false, [](Day& more_of) {
        risk::VenueReport report;
        report.facts.order_key = report.facts.command = second_new;
        report.facts.exec_type = risk::OrderStatus::trade;
        report.facts.order_status = risk::OrderStatus::partially_filled;
        report.facts.execution_id = risk::ExecutionId{"X1"};
        report.facts.last_quantity = 1'000;
        report.facts.last_price = 99 * ntd + 5'000;
        report.facts.filled_quantity = 1'000;
        report.facts.leaves_quantity = 1'000;
        report.facts.side = risk::Side::buy;
        more_of.add(report, risk::RecordKind::venue_report, 1, true);
        more_of.add(report, risk::RecordKind::venue_report, 1, true);  // told twice: filled once
    });
    Exported exported(day);
    REQUIRE(exported.run().error == "");
    const std::string& file = exported.options.sqlite_file;
    CHECK(ask(file,
              "SELECT order_key, investor, quantity, price_ntd, value_ntd, value_ntd_ten_thousandths "
              "FROM fills") == "6|A1|1000|99.5|99500|995000000\n");
    CHECK(ask(file, "SELECT status, filled, filled_value_ntd, leaves FROM orders WHERE order_key = 6") ==
          "part_filled|1000|99500|1000\n");
}

TEST_CASE("export_for_one_investor_has_nothing_of_anybody_else") {
    const Day day(false, more);
    for (const char* investor : {"A1", "B2"}) {
        Exported exported(day, investor, Masking::revealed);
        REQUIRE(exported.run().error == "");
        std::string all = bytes_of(exported.options.sqlite_file);
        exported.options.csv_folder = exported.folder.path() + "/csv";
        exported.options.sqlite_file.clear();
        const ExportResult result = exported.run();
        REQUIRE(result.error == "");
        for (const char* table : {"orders", "events", "fills", "limits"}) {
            all += bytes_of(exported.options.csv_folder + "/" + table + ".csv");
        }
        all += result.manifest;
        const bool of_a1 = std::string_view(investor) == "A1";
        for (const char* of_b2 : {"B2", "secret-of-b2", "7654321", "zed", "8612"}) {
            INFO(investor << " " << of_b2);
            CHECK((all.find(of_b2) == std::string::npos) == of_a1);
        }
        for (const char* words : {"8610-0000017", "500000", "kuo"}) {
            INFO(investor << " " << words);
            CHECK((all.find(words) == std::string::npos) != of_a1);
        }
    }
}

TEST_CASE("export_masks_account_numbers_unless_told_to_reveal_them_and_says_which") {
    const Day day;
    Exported masked(day);
    CHECK(masked.run().manifest.find("\"account_numbers\": \"masked\"") != std::string::npos);
    CHECK(ask(masked.options.sqlite_file, "SELECT DISTINCT account FROM orders") == "8610-*****17\n");
    CHECK(bytes_of(masked.options.sqlite_file).find("0000017") == std::string::npos);
    Exported revealed(day, "", Masking::revealed);
    CHECK(revealed.run().manifest.find("\"account_numbers\": \"revealed\"") != std::string::npos);
    CHECK(ask(revealed.options.sqlite_file, "SELECT DISTINCT account FROM orders") == "8610-0000017\n");
}

TEST_CASE("export_manifest_names_the_hash_of_each_file_and_the_root_of_the_journal") {
    const Day day;
    Exported exported(day);
    const ExportResult result = exported.run();
    REQUIRE(result.error == "");
    const auto manifest = nlohmann::json::parse(bytes_of(result.manifest_file));
    Sha256Hasher hasher;
    const std::string file = bytes_of(exported.options.sqlite_file);
    CHECK(manifest["files"]["day.sqlite"]["sha256"] == to_hex(hasher.of(std::as_bytes(std::span(file)))));
    CHECK(manifest["files"]["day.sqlite"]["bytes"] == file.size());
    CHECK(manifest["tables"]["events"] == manifest["records"]);
    CHECK(manifest["checkpoint_verified"] == false);
    Exported other(Day(false, more));
    CHECK(nlohmann::json::parse(other.run().manifest)["merkle_root"] != manifest["merkle_root"]);
}

TEST_CASE("export_of_the_same_journal_gives_the_same_bytes") {
    const Day day(false, more);
    Exported one(day);
    Exported two(day);
    REQUIRE(one.run().error == "");
    REQUIRE(two.run().error == "");
    CHECK((bytes_of(one.options.sqlite_file) == bytes_of(two.options.sqlite_file)));
}

TEST_CASE("export_as_csv_quotes_what_people_wrote") {
    const Day day(false, more);
    Exported exported(day);
    exported.options.csv_folder = exported.folder.path() + "/new/folder";
    exported.options.sqlite_file.clear();
    REQUIRE(exported.run().error == "");
    const std::string limits = bytes_of(exported.options.csv_folder + "/limits.csv");
    CHECK(limits.find("kuo,lee,\"asked \"\"twice\"\", by letter\",accepted\r\n") != std::string::npos);
}

TEST_CASE("export_takes_no_place_that_is_taken_and_writes_nothing_into_the_journal") {
    const Day day;
    Exported exported(day);
    REQUIRE(exported.run().error == "");
    CHECK(exported.run().error.find("exists already") != std::string::npos);
    exported.options.replace = true;
    CHECK(exported.run().error == "");
    exported.options.sqlite_file = day.path() + "/inside.sqlite";
    CHECK(exported.run().error.find("lies within the journal") != std::string::npos);
    exported.options.sqlite_file.clear();
    exported.options.csv_folder = day.path() + "/../" + std::filesystem::path(day.path()).filename().string();
    CHECK(exported.run().error.find("lies within the journal") != std::string::npos);
}

TEST_CASE("export_that_fails_leaves_no_file") {
    const Day day;
    Exported exported(day);
    exported.options.keys.emplace_back();
    CHECK(exported.run().error.find("no checkpoint beside the journal") != std::string::npos);
    CHECK(exported.files() == 0);
    exported.options.keys.clear();
    exported.options.sqlite_file = exported.folder.path() + "/missing/day.sqlite";
    CHECK_FALSE(exported.run().error.empty());
}
