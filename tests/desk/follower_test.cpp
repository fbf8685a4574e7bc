// Following a journal: where reading goes on, and what of it is news.
#include "gateway/desk/follower.hpp"

#include <catch2/catch.hpp>
#include <fstream>

#include "tests/desk/live_front.hpp"

namespace fairlead::desk {
namespace {

struct Place {
    test::TemporaryDirectory directory;
    Options options = test::small_options(directory.path(), "/nowhere");
    Follower follower{options, [](const std::string&) {}};
    [[nodiscard]] bool reads_up_to(risk::Sequence sequence) const {
        return test::within_time([&] {
            const auto picture = follower.picture();
            return picture->sequence == sequence && picture->ready;
        });
    }
};

TEST_CASE("whose_rights_ended_before_the_desk_was_ready_is_history") {
    Place place;
    test::LiveFront front(place.options);
    front.user_disabled("ann");
    CHECK(place.follower.take_ended_users().empty());
    place.follower.start();
    REQUIRE(place.reads_up_to(1));
    CHECK(place.follower.take_ended_users().empty());
    front.user_disabled("bob");
    REQUIRE(place.reads_up_to(2));
    const auto ended = place.follower.take_ended_users();
    REQUIRE(ended.size() == 1);
    CHECK(ended[0].view() == "bob");
    CHECK(place.follower.take_ended_users().empty());
}

TEST_CASE("a_journal_lost_from_sight_is_gone_on_with_behind_what_was_applied") {
    Place place;
    {
        test::LiveFront front(place.options);
        for (int i = 0; i < 10; ++i) {
            front.user_disabled("ann");
        }
        place.follower.start();
        REQUIRE(place.reads_up_to(10));
    }
    // Another front at the same place that begins anew, and no disk: nothing behind record 10 is there yet.
    Options other = place.options;
    other.front += "-new";
    test::LiveFront front(other);
    for (int i = 0; i < 5; ++i) {
        front.user_disabled("ann");
    }
    std::filesystem::remove_all(place.options.journal.directory);
    std::ofstream(place.options.journal.directory) << "no directory: what it holds cannot be told";
    std::filesystem::remove_all(place.options.front);
    std::filesystem::rename(other.front, place.options.front);
    REQUIRE(test::within_time([&] { return !place.follower.picture()->ready; }));
    for (int i = 0; i < 7; ++i) {
        front.user_disabled("ann");
    }
    CHECK(place.reads_up_to(12));
    CHECK(place.follower.picture()->error.empty());
}

}  // namespace
}  // namespace fairlead::desk
