// What the desk makes of records, fed to it as the journal would hold them.
#include <catch2/catch.hpp>

#include "config/reference_archive.hpp"
#include "gateway/desk/views.hpp"
#include "tests/audit/sample.hpp"
#include "tests/risk/world.hpp"

namespace fairlead::desk {
namespace {

using tests::ntd;
using tests::origin_ns;

// Numbers records, makes of each what a reader of the journal gives, and hands it to a DeskState.
class Feed {
  public:
    template <class T>
    void add(T record, risk::RecordKind kind, std::uint32_t session = 0,
             const risk::Routing* routing = nullptr) {
        record.record.kind = kind;
        record.record.sequence = ++sequence;
        record.record.session = session;
        record.record.utc_ns = origin_ns + (300 + static_cast<std::int64_t>(sequence)) * second_ns;
        audit::RecordView view;
        view.header.kind = static_cast<std::uint16_t>(kind);
        view.header.sequence = sequence;
        view.header.utc_ns = record.record.utc_ns;
        view.header.session = session;
        const auto section = [&](audit::SectionKind of, audit::Bytes bytes) {
            if (!bytes.empty()) {
                view.sections[view.header.sections++] = {of, {}, bytes};
            }
        };
        section(audit::SectionKind::facts, audit::facts_of(record));
        section(audit::SectionKind::person, audit::person_of(record));
        risk::Answered answered;
        if (routing != nullptr) {
            answered.routing = *routing;
            section(audit::SectionKind::decision, std::as_bytes(std::span(&answered, 1)));
        }
        REQUIRE(state.apply(view) == "");
    }
    void day() {
        const auto archived = config::archive_reference(tests::make_reference(), disk.path() + "/reference");
        REQUIRE(archived.error == "");
        risk::DayStart start;
        start.facts = archived.day;
        start.facts.origin_utc_ns = origin_ns;
        add(start, risk::RecordKind::day_start);
        for (const risk::Venue venue : {risk::Venue::twse, risk::Venue::tpex}) {
            risk::VenueSession line;
            line.facts.venue = venue;
            line.facts.open = 1;
            add(line, risk::RecordKind::venue_session, static_cast<std::uint32_t>(venue));
        }
    }
    void limit(risk::Dimension dimension, risk::Amount value, const char* approver = "") {
        risk::LimitSet set;
        set.facts.scope = risk::Scope::investor;
        set.facts.dimension = dimension;
        set.facts.value = value;
        set.subject.investor = risk::InvestorId{"A1"};
        set.subject.user = risk::UserName{"kuo"};
        set.subject.approver = risk::UserName{approver};
        add(set, risk::RecordKind::limit_set);
    }
    test::TemporaryDirectory disk;
    risk::Sequence sequence = 0;
    DeskState state{tests::small_sizes(), Room{}, disk.path() + "/reference"};
};

TEST_CASE("a_day_begins_with_nothing_on_the_lines_of_the_day_before") {
    Feed feed;
    feed.day();
    const tests::World world;
    risk::NewOrder order = world.order("a");
    order.person.investor = risk::InvestorId{"A1"};
    risk::Routing routing;
    routing.line = 1;
    routing.line_number = 5;
    feed.add(order, risk::RecordKind::new_order, 8, &routing);  // never handed to its socket
    risk::Halt halt;
    halt.facts.scope = risk::Scope::investor;
    halt.subject.investor = risk::InvestorId{"A1"};
    halt.subject.user = risk::UserName{"kuo"};
    feed.add(halt, risk::RecordKind::halt);
    feed.state.refresh(origin_ns);
    REQUIRE(feed.state.halts().size() == 1);
    CHECK(feed.state.halts()[0].unsent == 1);
    CHECK(feed.state.halts()[0].open == 1);
    feed.add(risk::DayClose{}, risk::RecordKind::day_close);
    feed.day();
    feed.state.refresh(origin_ns);
    REQUIRE(feed.state.halts().size() == 1);
    CHECK(feed.state.halts()[0].unsent == 0);
    CHECK(feed.state.halts()[0].open == 0);
}

TEST_CASE("exposure_over_the_day_has_one_point_a_step_though_the_clock_is_ahead_of_the_records") {
    Feed feed;
    feed.day();
    const tests::World world;
    const risk::UtcNs minute = origin_ns - origin_ns % (60 * second_ns) + 60 * 60 * second_ns;
    for (const std::int64_t second : {0, 61, 59, 62, 121}) {
        risk::NewOrder order = world.order(("a" + std::to_string(second)).c_str());
        order.person.investor = risk::InvestorId{"A1"};
        feed.add(order, risk::RecordKind::new_order, 8);
        feed.state.refresh(minute + second * second_ns);
    }
    const Json points = investor_detail(feed.state, "A1", {})["exposure"];
    REQUIRE(points.size() == 3);
    CHECK(points[1]["epoch_s"] == minute / second_ns + 62);
    CHECK(points[0]["epoch_s"] < points[1]["epoch_s"]);
    CHECK(points[1]["epoch_s"] < points[2]["epoch_s"]);
}

TEST_CASE("a_changed_limit_is_held_against_what_was_in_force_whoever_had_set_that") {
    Feed feed;
    feed.day();  // gives A1 a thousand million of each
    feed.limit(risk::Dimension::buy, 500 * ntd);
    feed.limit(risk::Dimension::sell, 2'000'000'000 * ntd, "lee");
    feed.limit(risk::Dimension::sell, 2'000'000'000 * ntd, "lee");
    feed.limit(risk::Dimension::order_value, 700 * ntd);  // of which no file says anything
    const Json history = investor_detail(feed.state, "A1", {})["limit_history"];
    REQUIRE(history.size() == 4);  // newest first
    CHECK(history[3]["kind"] == "lowered");
    CHECK(history[3]["before"] == "1000000000");
    CHECK(history[2]["kind"] == "raised");
    CHECK(history[2]["before"] == "1000000000");
    CHECK(history[1]["kind"] == "same");
    CHECK(history[1]["before"] == "2000000000");
    CHECK(history[0]["kind"] == "lowered");  // from no bound at all
    CHECK(history[0]["before"] == nullptr);
}

}  // namespace
}  // namespace fairlead::desk
