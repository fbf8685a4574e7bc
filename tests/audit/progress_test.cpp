// The line for whoever waits: silent at first, then how far, how fast and how long still.
#include "audit/examine/progress.hpp"

#include <catch2/catch.hpp>
#include <memory>
#include <vector>

#include "audit/examine/verify.hpp"
#include "small_day.hpp"
#include "small_gateway.hpp"

using namespace fairlead;
using namespace fairlead::audit;

namespace {

constexpr std::int64_t ms = 1'000'000;

struct Watch : ReadWatch {
    std::vector<double> parts;
    void at(double part, std::uint64_t) override { parts.push_back(part); }
};

struct Terminal {
    std::int64_t now = 0;
    std::vector<std::string> written;
    Progress progress{[this](std::string_view text) { written.emplace_back(text); }, [this] { return now; }};
    void at(std::int64_t when_ms, double part, std::uint64_t records = 0) {
        now = when_ms * ms;
        progress.at(part, records);
    }
};

}  // namespace

TEST_CASE("progress_of_a_pass_shorter_than_two_seconds_is_not_shown") {
    Terminal terminal;
    terminal.at(1'000, 0.5);
    terminal.at(1'999, 0.99);
    terminal.at(1'999, 1);
    CHECK(terminal.written.empty());
}

TEST_CASE("progress_tells_part_rate_and_time_left") {
    Terminal terminal;
    terminal.at(2'000, 0.25, 71'000);
    REQUIRE(terminal.written.size() == 1);
    CHECK(terminal.written[0] == "\r\x1b[K25 % of the journal, 71,000 records, 35,500 a second, 6 s left");
    CHECK(progress_text(0, 0, 0) == "0 % of the journal, 0 records, 0 a second");
    CHECK(progress_text(2, 10, 1'000'000'000) == "100 % of the journal, 10 records, 10 a second, 0 s left");
}

TEST_CASE("progress_is_written_five_times_a_second_and_wiped_at_the_end") {
    Terminal terminal;
    for (std::int64_t at = 2'000; at < 3'000; at += 10) {
        terminal.at(at, 0.5);
    }
    CHECK(terminal.written.size() == 5);
    terminal.at(3'000, 1);
    CHECK(terminal.written.back() == "\r\x1b[K");
    CHECK(terminal.written.size() == 6);
}

TEST_CASE("progress_of_a_second_pass_begins_anew") {
    Terminal terminal;
    terminal.at(5'000, 1);
    terminal.at(5'100, 0.1);
    terminal.at(7'000, 0.2);
    CHECK(terminal.written.empty());
    terminal.at(7'200, 0.3);
    CHECK(terminal.written.size() == 1);
}

TEST_CASE("progress_is_told_by_every_reading_of_a_journal_up_to_its_end") {
    const test::Day day;
    const auto watch = std::make_shared<Watch>();
    VerifyOptions options;
    options.journal_directory = day.path();
    options.watch = watch;
    CHECK(verify(options).ok());
    REQUIRE_FALSE(watch->parts.empty());
    CHECK(watch->parts.back() == 1);
}

TEST_CASE("progress_is_a_frame's_place_in_what_holds_frames") {
    const TemporaryDirectory disk;
    test::SmallGateway gateway(disk.path());
    gateway.step(risk::Start(), risk::RecordKind::start);
    for (int i = 0; i < 100; ++i) {
        gateway.step(risk::LogonAttempt(), risk::RecordKind::logon_attempt);
        gateway.keep();
    }
    SegmentDirectory segments;
    REQUIRE(segments.open(disk.path()).empty());
    JournalPlace journal(disk.path());
    const auto watch = std::make_shared<Watch>();
    journal.watch = watch;
    JournalReader reader;
    REQUIRE(reader.open(journal));
    RecordView view;
    while (reader.next(view) == ReadStatus::record) {
    }
    REQUIRE(reader.segments() == 2);
    REQUIRE(segments.segment_count() == 3);  // the last holds nothing yet
    REQUIRE(watch->parts.size() > 1);
    // Each frame is one block here; it is told at the 64th.
    CHECK(watch->parts.front() ==
          63.0 * block_bytes / static_cast<double>(segments.segment_bytes(0) + segments.segment_bytes(1)));
    CHECK(watch->parts.back() == 1);
}
