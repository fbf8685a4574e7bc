// A standby without its network: what it takes, what it refuses, and what an acknowledgement may open.
#include <catch2/catch.hpp>

#include <cstring>
#include <fstream>
#include <new>

#include "audit/checkpoint_files.hpp"
#include "audit/crc32c.hpp"
#include "audit/journal_reader.hpp"
#include "audit/standby/receiver.hpp"
#include "sample.hpp"

using namespace fairlead;
using namespace fairlead::audit;
using namespace fairlead::test;

namespace {

// A leader's front with samples in it, and what it would send.
class Leader {
  public:
    explicit Leader(risk::Sequence records) {
        auto opened = Front::open(small_front(directory_.path()));
        REQUIRE(opened.error == "");
        front_ = std::move(opened.front);
        for (risk::Sequence s = 1; s <= records; ++s) {
            append_sample(*front_, s);
        }
    }
    // Whole records from `first` to `last`.
    [[nodiscard]] std::vector<std::byte> records(risk::Sequence first, risk::Sequence last) {
        std::vector<std::byte> bytes;
        FrontReader reader;
        REQUIRE(reader.attach(directory_.path()) == "");
        REQUIRE(reader.seek(first));
        std::vector<std::byte> buffer(record_bytes_max);
        RecordView view;
        for (risk::Sequence s = first; s <= last; ++s) {
            REQUIRE(reader.next(buffer, view) == ReadStatus::record);
            bytes.insert(bytes.end(), view.bytes.begin(), view.bytes.end());
        }
        return bytes;
    }
    // The checkpoint of the first `size` records.
    [[nodiscard]] std::string checkpoint(const SigningKey& key, risk::Sequence size) {
        MerkleTree tree;
        Sha256Hasher hasher;
        const std::vector<std::byte> bytes = records(1, size);
        for (Bytes left = bytes; !left.empty();) {
            RecordView view;
            REQUIRE(parse_record(left, view) == RecordFault::none);
            tree.add(hasher, leaf_hash(hasher, view));
            left = left.subspan(view.bytes.size());
        }
        return key.sign({key.verifier().name(), size, tree.root(hasher)});
    }

  private:
    TemporaryDirectory directory_{"/dev/shm"};
    std::unique_ptr<Front> front_;
};

struct Standby {
    explicit Standby(std::optional<VerifierKey> key = {}) { open(std::move(key)); }
    void open(std::optional<VerifierKey> key = {}) {
        receiver.reset();
        front.reset();
        auto opened = Front::open(small_front(memory.path(), disk.path()));
        REQUIRE(opened.error == "");
        front = std::move(opened.front);
        ReceiverOptions options;
        options.journal_directory = disk.path();
        options.memory_acks = true;
        options.leader_key = std::move(key);
        receiver.emplace(std::move(options), *front);
        REQUIRE(receiver->prepare() == "");
    }
    std::string take(MessageKind kind, Bytes content) { return receiver->take(kind, content); }

    TemporaryDirectory memory{"/dev/shm"};
    TemporaryDirectory disk;
    std::unique_ptr<Front> front;
    std::optional<Receiver> receiver;
};

// The record at this place of `bytes`, changed, with a sum that is right again.
void forge(std::vector<std::byte>& bytes, std::size_t at) {
    RecordView view;
    REQUIRE(parse_record(Bytes(bytes).subspan(at), view) == RecordFault::none);
    bytes[at + sizeof(RecordHeader) + sizeof(SectionHeader)] ^= std::byte{1};
    const std::uint32_t crc = record_crc(Bytes(bytes).subspan(at, view.header.length));
    std::memcpy(bytes.data() + at + offsetof(RecordHeader, crc), &crc, sizeof crc);
}

SigningKey key_of(const std::string& name) {
    SigningKey key;
    REQUIRE(SigningKey::make(name, key) == "");
    return key;
}

}  // namespace

TEST_CASE("a_standby_holds_the_leaders_records_byte_for_byte_and_goes_on_where_it_ended") {
    Leader leader(300);
    Standby standby;
    CHECK(standby.receiver->standing().last == 0);
    CHECK(standby.take(MessageKind::records, leader.records(1, 120)) == "");
    CHECK(standby.receiver->acknowledged() == 120);
    standby.open();
    const Standing standing = standby.receiver->standing();
    CHECK(standing.last == 120);
    Sha256Hasher hasher;
    RecordView last;
    const std::vector<std::byte> bytes = leader.records(120, 120);
    REQUIRE(parse_record(bytes, last) == RecordFault::none);
    CHECK(standing.crc == last.header.crc);
    CHECK(standing.leaf == leaf_hash(hasher, last));
    CHECK(standby.take(MessageKind::records, leader.records(121, 300)) == "");
    FrontReader reader;
    REQUIRE(reader.attach(standby.memory.path()) == "");
    REQUIRE(reader.seek(1));
    std::vector<std::byte> buffer(record_bytes_max);
    std::vector<std::byte> held;
    RecordView view;
    for (risk::Sequence s = 1; s <= 300; ++s) {
        REQUIRE(reader.next(buffer, view) == ReadStatus::record);
        held.insert(held.end(), view.bytes.begin(), view.bytes.end());
    }
    CHECK(held == leader.records(1, 300));
}

TEST_CASE("a_standby_takes_no_record_that_does_not_stand_behind_its_last") {
    Leader leader(50);
    for (const auto& [first, told] :
         {std::pair{12, "behind 10 is not good"}, {10, "behind 10 is not good"}}) {
        Standby standby;
        REQUIRE(standby.take(MessageKind::records, leader.records(1, 10)) == "");
        CHECK(standby.take(MessageKind::records, leader.records(static_cast<risk::Sequence>(first), 20))
                  .find(told) != std::string::npos);
        CHECK(standby.receiver->last() == 10);
        CHECK(standby.take(MessageKind::records, leader.records(11, 20)) == "");  // the next in order
    }
}

TEST_CASE("a_flipped_bit_in_a_record_is_refused_wherever_it_is") {
    Leader leader(2);
    const std::vector<std::byte> good = leader.records(1, 1);
    for (std::size_t bit = 0; bit < good.size() * 8; bit += 7) {
        Standby standby;
        std::vector<std::byte> bytes = good;
        bytes[bit / 8] ^= std::byte{1} << (bit % 8);
        INFO("bit " << bit);
        CHECK(standby.take(MessageKind::records, bytes) != "");
        CHECK(standby.receiver->last() == 0);
    }
}

TEST_CASE("what_the_leader_has_not_signed_stops_a_standby_though_every_sum_is_right") {
    Leader leader(100);
    const SigningKey key = key_of("fairlead.example/leader");
    {
        Standby standby(key.verifier());
        REQUIRE(standby.take(MessageKind::records, leader.records(1, 100)) == "");
        // Not at the end of what has come, and twice.
        for (const risk::Sequence size : {40, 40, 100}) {
            CHECK(standby.take(MessageKind::checkpoint, as_content(leader.checkpoint(key, size))) == "");
            CHECK(standby.receiver->compared() == size);
        }
    }
    std::vector<std::byte> forged = leader.records(1, 100);
    RecordView last;
    REQUIRE(parse_record(leader.records(100, 100), last) == RecordFault::none);
    forge(forged, forged.size() - last.header.length);
    Standby standby(key.verifier());
    REQUIRE(standby.take(MessageKind::records, forged) == "");
    CHECK(standby.take(MessageKind::checkpoint, as_content(leader.checkpoint(key, 99))) == "");
    CHECK(standby.take(MessageKind::checkpoint, as_content(leader.checkpoint(key, 100)))
              .find("records 1 to 100 have another root") != std::string::npos);
}

TEST_CASE("a_checkpoint_by_another_key_or_of_more_than_was_sent_is_refused") {
    Leader leader(30);
    const SigningKey key = key_of("fairlead.example/leader");
    const SigningKey other = key_of("fairlead.example/leader");
    Standby standby(key.verifier());
    REQUIRE(standby.take(MessageKind::records, leader.records(1, 20)) == "");
    CHECK(standby.take(MessageKind::checkpoint, as_content(leader.checkpoint(other, 20))).find("not good") !=
          std::string::npos);
    CHECK(standby.take(MessageKind::checkpoint, as_content(leader.checkpoint(key, 21))) ==
          "the leader has signed 21 records and sent 20");
    CHECK(standby.take(MessageKind::checkpoint, as_content(leader.checkpoint(key, 20))) == "");
}

TEST_CASE("a_file_of_reference_data_is_kept_under_the_hash_of_its_content_and_no_other_name") {
    Standby standby;
    Sha256Hasher hasher;
    const std::string content = "symbol,price\n2330,1000\n";
    const std::string good = to_hex(hasher.of(as_content(content))) + ".csv";
    const auto take = [&](const std::string& name, const std::string& text) {
        const std::vector<std::byte> whole = file_message(name, text);
        return standby.take(MessageKind::file, Bytes(whole).subspan(sizeof(MessageHeader)));
    };
    CHECK(take("../" + good, content) == "a file of reference data has no good name");
    CHECK(take(good, content + "x").find("is not what its name says") != std::string::npos);
    CHECK(standby.receiver->standing().files.empty());
    CHECK(take(good, content) == "");
    CHECK(standby.receiver->standing().files == std::vector<std::string>{good});
    const std::uint32_t beyond = 1'000;
    CHECK(standby.take(MessageKind::file, std::as_bytes(std::span(&beyond, 1))) ==
          "a file of reference data has no good name");
}

TEST_CASE("a_standing_is_read_as_it_was_written_and_not_at_all_when_cut") {
    Standing standing{7, 5, 9, 2, {}, {std::string(64, 'a') + ".csv", std::string(64, '0') + ".csv"}};
    standing.leaf[3] = 4;
    const std::vector<std::byte> bytes = encode(standing);
    Standing read;
    REQUIRE(decode(bytes, read));
    CHECK(read.last == 7);
    CHECK(read.acknowledged == 5);
    CHECK(read.leaf == standing.leaf);
    CHECK(read.files == standing.files);
    for (std::size_t length = 0; length < bytes.size(); ++length) {
        CHECK_FALSE(decode(Bytes(bytes).first(length), read));
    }
}

TEST_CASE("a_standbys_word_opens_the_gate_of_the_front_it_was_given_for_and_of_no_other") {
    const TemporaryDirectory directory("/dev/shm");
    FrontOptions options = small_front(directory.path());
    options.standbys = true;
    auto opened = Front::open(options);
    REQUIRE(opened.error == "");
    FrontReader reader;
    REQUIRE(reader.attach(directory.path()) == "");
    MarkResult mark = open_standby_mark(directory.path(), true);
    REQUIRE(mark.error == "");
    auto& page = *std::launder(reinterpret_cast<StandbyMarkPage*>(mark.map.data()));
    page.standbys[2].acked.store(70);
    page.standbys[0].acked.store(40);
    CHECK(opened.front->acked(1) == 0);  // of no front yet
    page.front.store(front_tag(reader.head()->front_id) + 1);
    CHECK(opened.front->acked(1) == 0);
    page.front.store(front_tag(reader.head()->front_id));
    CHECK(opened.front->acked(1) == 70);
    CHECK(opened.front->acked(2) == 40);
    CHECK(opened.front->acked(3) == 0);
}

TEST_CASE("a_standbys_state_is_told_as_long_as_somebody_says_it_and_a_refusal_stays") {
    const TemporaryDirectory directory("/dev/shm");
    FrontOptions options = small_front(directory.path());
    CHECK(Front::open(options).front->standby_state(0, 0) == StandbyState::absent);
    options.standbys = true;
    auto opened = Front::open(options);
    REQUIRE(opened.error == "");
    MarkResult mark = open_standby_mark(directory.path(), true);
    REQUIRE(mark.error == "");
    auto& standby = std::launder(reinterpret_cast<StandbyMarkPage*>(mark.map.data()))->standbys[1];
    standby.state_at_ns.store(5);
    standby.state.store(static_cast<std::uint32_t>(StandbyState::in_step));
    CHECK(opened.front->standby_state(1, 10'000'000'004) == StandbyState::in_step);
    CHECK(opened.front->standby_state(1, 10'000'000'005) == StandbyState::absent);
    standby.state.store(static_cast<std::uint32_t>(StandbyState::refused));
    CHECK(opened.front->standby_state(1, 10'000'000'005) == StandbyState::refused);
}

TEST_CASE("a_host_is_marked_as_a_standby_until_it_has_taken_over") {
    const TemporaryDirectory directory;
    CHECK_FALSE(is_standby(directory.path()));
    CHECK(mark_as_standby(directory.path(), "host-a") == "");
    CHECK(is_standby(directory.path()));
    CHECK(unmark_standby(directory.path()) == "");
    CHECK_FALSE(is_standby(directory.path()));
    CHECK(unmark_standby(directory.path()) == "");
}
