// The archive of reference data: an exact round trip, and no silent change.
#include "config/reference_archive.hpp"

#include <catch2/catch.hpp>
#include <filesystem>

#include "config/files.hpp"
#include "config/gateway_config.hpp"
#include "config/reference_loader.hpp"
#include "tests/config/temporary.hpp"

using namespace fairlead;

namespace {

const std::string root = FAIRLEAD_SOURCE_DIR;

risk::Reference demo() {
    const auto config = config::load_gateway_config(root + "/config/demo/demo.toml");
    REQUIRE(config.ok());
    auto loaded = config::load_reference(config.value);
    REQUIRE(loaded.ok());
    config::set_day(loaded.reference.day, loaded.origin, 1'737'072'000'000'000'000);
    return std::move(loaded.reference);
}

template <class T, class Same>
bool same_rows(const std::vector<T>& a, const std::vector<T>& b, Same same) {
    return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(), same);
}

bool same_reference(const risk::Reference& a, const risk::Reference& b) {
    bool same = same_rows(a.securities, b.securities, [](const auto& x, const auto& y) {
        return x.symbol == y.symbol && x.limit_up == y.limit_up && x.reference == y.reference &&
               x.limit_down == y.limit_down && x.lot == y.lot && x.flags == y.flags &&
               x.match_interval_minutes == y.match_interval_minutes && x.venue == y.venue &&
               x.tick_class == y.tick_class && x.day_trade == y.day_trade;
    });
    same = same && same_rows(a.investors, b.investors,
                             [](const auto& x, const auto& y) { return x.id == y.id && x.flags == y.flags; });
    same =
        same && same_rows(a.branches, b.branches, [](const auto& x, const auto& y) { return x.id == y.id; });
    same = same && same_rows(a.accounts, b.accounts, [](const auto& x, const auto& y) {
               return x.key == y.key && x.investor == y.investor && x.branch == y.branch &&
                      x.flags == y.flags && x.credit_types == y.credit_types;
           });
    same = same && same_rows(a.opening_limits, b.opening_limits, [](const auto& x, const auto& y) {
               return x.target == y.target && x.limit.value == y.limit.value &&
                      x.limit.symbol == y.limit.symbol && x.limit.scope == y.limit.scope &&
                      x.limit.dimension == y.limit.dimension;
           });
    same = same && same_rows(a.inventory, b.inventory, [](const auto& x, const auto& y) {
               return x.account == y.account && x.security == y.security && x.held == y.held &&
                      x.borrow_quota == y.borrow_quota;
           });
    same = same && same_rows(a.phases, b.phases, [](const auto& x, const auto& y) {
               return x.from_ns == y.from_ns && x.to_ns == y.to_ns && x.venue == y.venue &&
                      x.session_kind == y.session_kind && x.phase == y.phase;
           });
    same = same && same_rows(a.sessions, b.sessions, [](const auto& x, const auto& y) {
               return x.id == y.id && x.message_rate == y.message_rate && x.all_accounts == y.all_accounts &&
                      x.accounts == y.accounts;
           });
    for (std::size_t i = 0; i < a.ticks.rows.size(); ++i) {
        same = same && same_rows(a.ticks.rows[i], b.ticks.rows[i], [](const auto& x, const auto& y) {
                   return x.below == y.below && x.tick == y.tick;
               });
    }
    const risk::RuleSet& x = a.rules;
    const risk::RuleSet& y = b.rules;
    return same && x.board_lots_max == y.board_lots_max && x.collar_reference_bp == y.collar_reference_bp &&
           x.collar_last_bp == y.collar_last_bp && x.order_value_max == y.order_value_max &&
           x.investor_message_rate == y.investor_message_rate && x.repeat_count_max == y.repeat_count_max &&
           x.repeat_window_ns == y.repeat_window_ns && x.firm_warning_1 == y.firm_warning_1 &&
           x.firm_warning_2 == y.firm_warning_2 && x.refuse_self_match == y.refuse_self_match;
}

}  // namespace

TEST_CASE("what_is_archived_comes_back_exactly_index_by_index") {
    const tests::TemporaryDirectory directory;
    risk::Reference reference = demo();
    // Values no demo has.
    reference.rules.refuse_self_match = false;
    reference.rules.order_value_max = INT64_MAX;
    reference.opening_limits[0].limit.value = risk::unlimited;
    reference.sessions[0].accounts = {1, 2, 3, 7, 9, 10, 200};
    reference.securities[5].day_trade = risk::DayTrade::buy_first;
    const auto archived = config::archive_reference(reference, directory.path() + "/deep/reference");
    INFO(archived.error);
    REQUIRE(archived.ok());
    CHECK(archived.day.date == 20250117);
    CHECK(archived.day.securities != risk::Sha256{});
    const auto restored = config::load_archived_reference(directory.path() + "/deep/reference", archived.day);
    INFO(restored.error);
    REQUIRE(restored.ok());
    CHECK(same_reference(reference, restored.reference));
    CHECK(restored.reference.day.accounts == archived.day.accounts);
    CHECK(restored.reference.day.origin_utc_ns == reference.day.origin_utc_ns);
}

TEST_CASE("each_part_of_the_reference_moves_its_own_hash_and_no_other") {
    const tests::TemporaryDirectory directory;
    const risk::Reference reference = demo();
    const risk::DayStartFacts before = config::archive_reference(reference, directory.path()).day;
    using Change = void (*)(risk::Reference&);
    struct Row {
        risk::Sha256 risk::DayStartFacts::*hash;
        Change change;
    };
    const Row rows[] = {
        {&risk::DayStartFacts::securities, [](risk::Reference& r) { ++r.securities[7].limit_up; }},
        {&risk::DayStartFacts::accounts, [](risk::Reference& r) { r.accounts[7].flags ^= 1; }},
        {&risk::DayStartFacts::accounts, [](risk::Reference& r) { r.investors[7].flags ^= 1; }},
        {&risk::DayStartFacts::limits, [](risk::Reference& r) { ++r.opening_limits[7].limit.value; }},
        {&risk::DayStartFacts::inventory, [](risk::Reference& r) { ++r.inventory[7].held; }},
        {&risk::DayStartFacts::calendar, [](risk::Reference& r) { ++r.phases[0].to_ns; }},
        {&risk::DayStartFacts::calendar, [](risk::Reference& r) { ++r.ticks.rows[1][0].tick; }},
        {&risk::DayStartFacts::rules, [](risk::Reference& r) { ++r.rules.board_lots_max; }},
        {&risk::DayStartFacts::sessions, [](risk::Reference& r) { r.sessions[0].accounts.pop_back(); }},
    };
    risk::Sha256 risk::DayStartFacts::*const hashes[] = {
        &risk::DayStartFacts::securities, &risk::DayStartFacts::accounts, &risk::DayStartFacts::limits,
        &risk::DayStartFacts::inventory,  &risk::DayStartFacts::calendar, &risk::DayStartFacts::rules,
        &risk::DayStartFacts::sessions};
    for (const Row& row : rows) {
        risk::Reference changed = reference;
        row.change(changed);
        const risk::DayStartFacts after = config::archive_reference(changed, directory.path()).day;
        for (const auto hash : hashes) {
            CHECK((after.*hash != before.*hash) == (hash == row.hash));
        }
    }
}

TEST_CASE("a_file_there_already_is_not_written_again") {
    const tests::TemporaryDirectory directory;
    const risk::Reference reference = demo();
    const auto first = config::archive_reference(reference, directory.path());
    REQUIRE(first.ok());
    const std::string path = directory.path() + "/" + config::hex_of(first.day.accounts) + ".csv";
    const auto written = std::filesystem::last_write_time(path) - std::chrono::hours(1);
    std::filesystem::last_write_time(path, written);
    REQUIRE(config::archive_reference(reference, directory.path()).ok());
    CHECK(std::filesystem::last_write_time(path) == written);
    // Seven parts, and nothing temporary left beside them.
    std::size_t files = 0;
    for (const auto& entry : std::filesystem::directory_iterator(directory.path())) {
        CHECK(entry.path().extension() == ".csv");
        ++files;
    }
    CHECK(files == 7);
}

TEST_CASE("a_missing_or_changed_file_is_named_and_not_used") {
    const tests::TemporaryDirectory directory;
    const risk::Reference reference = demo();
    const auto archived = config::archive_reference(reference, directory.path());
    const std::string name = config::hex_of(archived.day.limits) + ".csv";
    std::string content = tests::content_of(directory.path() + "/" + name);
    content.back() = ' ';
    directory.file(name, content);
    CHECK(config::load_archived_reference(directory.path(), archived.day).error.find("was changed") !=
          std::string::npos);
    std::filesystem::remove(directory.path() + "/" + name);
    const std::string missing = config::load_archived_reference(directory.path(), archived.day).error;
    CHECK(missing.find("limits") != std::string::npos);
    CHECK(missing.find(name) != std::string::npos);
}

TEST_CASE("a_file_of_another_part_or_version_is_refused") {
    const tests::TemporaryDirectory directory;
    const risk::Reference reference = demo();
    auto archived = config::archive_reference(reference, directory.path());
    std::swap(archived.day.limits, archived.day.inventory);
    CHECK_FALSE(config::load_archived_reference(directory.path(), archived.day).ok());
    std::swap(archived.day.limits, archived.day.inventory);
    const std::string next = "fairlead-reference,2,rules\nrules,1\n";
    archived.day.rules = config::sha256_of(next);
    directory.file(config::hex_of(archived.day.rules) + ".csv", next);
    CHECK_FALSE(config::load_archived_reference(directory.path(), archived.day).ok());
}

TEST_CASE("a_directory_that_cannot_be_written_is_an_error_text") {
    CHECK(config::archive_reference(demo(), "/proc/fairlead").error.find("/proc/fairlead") !=
          std::string::npos);
}
