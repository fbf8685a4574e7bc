// A journal has more segments than a process may hold open: a reader opens few, and goes on when others of
// them are compressed meanwhile.
#include "audit/retention/compress.hpp"
#include "small_journal.hpp"

using namespace fairlead;
using namespace fairlead::audit;
using namespace fairlead::test;

namespace {

// Of this process, the one that counts them not included.
std::size_t descriptors() {
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {})) -
           1;
}

void fill(SmallJournal& journal, int orders) {
    journal.start();
    for (int i = 0; i < orders; ++i) {
        journal.order();
        journal.frame();
    }
    journal.stop();
    journal.frame();
    journal.seal();
}

CompressResult compress_all(const SmallJournal& journal) {
    CompressOptions options;
    options.directory = journal.directory();
    options.now = 1'700'000'000'000'000'000 + 7 * 86'400'000'000'000;  // a week behind what it says
    return compress_segments(options);
}

}  // namespace

TEST_CASE("a_journal_of_many_segments_is_read_with_few_of_them_open_plain_or_compressed") {
    const TemporaryDirectory disk("/dev/shm");
    SmallJournal journal(disk.path() + "/journal");
    fill(journal, 120);
    const std::size_t segments = Copy(journal.directory()).segments().size();
    REQUIRE(segments > 20);
    for (const bool compressed : {false, true}) {
        INFO((compressed ? "compressed" : "plain"));
        if (compressed) {
            REQUIRE(compress_all(journal).done.size() == segments - 1);
        }
        const std::size_t before = descriptors();
        std::size_t most = before;
        for (const risk::Sequence first : {risk::Sequence{1}, risk::Sequence{60}, risk::Sequence{121}}) {
            JournalReader reader;
            REQUIRE(reader.open(journal.directory(), first));
            RecordView view;
            risk::Sequence next = first;
            while (reader.next(view) == ReadStatus::record) {
                CHECK(view.header.sequence == next++);
                most = std::max(most, descriptors());
            }
            CHECK(reader.error() == "");
            CHECK(next == 123);
        }
        CHECK(most > before);
        CHECK(most <= before + 4);
    }
}

TEST_CASE("a_reader_goes_on_when_what_lies_before_it_is_compressed_meanwhile") {
    const TemporaryDirectory disk("/dev/shm");
    SmallJournal journal(disk.path() + "/journal");
    fill(journal, 11);
    JournalReader reader;
    REQUIRE(reader.open(journal.directory()));
    RecordView view;
    REQUIRE(reader.next(view) == ReadStatus::record);
    REQUIRE(compress_all(journal).done.size() == 3);
    risk::Sequence last = view.header.sequence;
    while (reader.next(view) == ReadStatus::record) {
        CHECK(view.header.sequence == last + 1);
        last = view.header.sequence;
    }
    CHECK(reader.error() == "");
    CHECK(reader.sealed());
}
