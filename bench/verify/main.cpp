// What reading a journal as evidence costs beside the least that could be done with the same bytes, in one
// run: checksums and chain beside reading and CRC-32C alone; leaves and Merkle tree beside SHA-256 of the
// same leaf inputs; replay in records a second. Each the best of some turns, taken by turns. Reads a journal,
// changes nothing.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <thread>

#include "audit/crc32c.hpp"
#include "audit/examine/replayer.hpp"
#include "audit/examine/verify.hpp"
#include "audit/journal_reader.hpp"
#include "audit/merkle.hpp"
#include "audit/recovery.hpp"

namespace {

using namespace fairlead;
using audit::Bytes;

constexpr int turns = 5;
// Nobody may throw away what is measured.
volatile std::uint32_t sink = 0;

double seconds(const std::function<void()>& act) {
    const auto begin = std::chrono::steady_clock::now();
    act();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

struct Journal {
    std::vector<std::vector<std::byte>> records;
    std::vector<std::vector<std::uint8_t>> leaf_inputs;
    std::uint64_t bytes = 0;
};

bool load(const audit::JournalPlace& place, Journal& into) {
    audit::JournalReader reader;
    audit::RecordView view;
    audit::Sha256Hasher hasher;
    if (!reader.open(place)) {
        std::fprintf(stderr, "%s\n", reader.error().c_str());
        return false;
    }
    while (reader.next(view) == audit::ReadStatus::record) {
        into.records.emplace_back(view.bytes.begin(), view.bytes.end());
        into.leaf_inputs.push_back(audit::leaf_input(hasher, view));
    }
    audit::SegmentDirectory segments;
    const bool open = segments.open(place).empty();
    // Up to where reading goes; the segments behind were not used yet.
    for (std::size_t i = 0; open && i < std::min<std::size_t>(reader.segments(), segments.segment_count());
         ++i) {
        into.bytes += segments.segment_bytes(i);
    }
    return open && !into.records.empty();
}

void crc_files(const audit::JournalPlace& place, std::uint64_t bytes) {
    audit::SegmentDirectory segments;
    std::vector<std::byte> buffer(1 << 20);
    if (!segments.open(place).empty()) {
        return;
    }
    for (std::size_t i = 0; i < segments.segment_count() && bytes > 0; ++i) {
        for (std::uint64_t at = 0; at < segments.segment_bytes(i); at += buffer.size()) {
            const std::size_t size = std::min<std::uint64_t>(buffer.size(), segments.segment_bytes(i) - at);
            if (!segments.read(i, at, std::span(buffer).first(size))) {
                return;
            }
            sink = sink + audit::crc32c(std::span(buffer).first(size));
        }
        bytes -= segments.segment_bytes(i);
    }
}

// The frames that lie whole in these bytes; how many bytes they are.
std::size_t check_window(Bytes bytes, const audit::SegmentId& segment, audit::ChainEnd& chain) {
    std::size_t at = 0;
    while (at < bytes.size()) {
        audit::FrameHeader header;
        if (check_frame_header(bytes.subspan(at), segment, header) != audit::FrameFault::none) {
            break;
        }
        const std::size_t whole = audit::frame_disk_bytes(header, audit::block_bytes);
        if (whole > bytes.size() - at) {
            break;
        }
        const Bytes payload = bytes.subspan(at + sizeof header, header.payload_bytes);
        if (audit::crc32c(payload) != header.payload_crc) {
            std::abort();
        }
        for (std::size_t record = 0; record < payload.size();) {
            audit::RecordView view;
            if (audit::parse_record(payload.subspan(record), view) != audit::RecordFault::none ||
                audit::advance(chain, view.header) != audit::RecordFault::none) {
                std::abort();
            }
            record += view.header.length;
        }
        at += whole;
    }
    return at;
}

// Every sum there is against accidents, without a hash: CRC-32C of each frame's header and payload and of
// each record, the chain of the records' sums, sequences, epochs and times.
void check_sums(const audit::JournalPlace& place, std::uint64_t bytes) {
    audit::SegmentDirectory segments;
    std::vector<std::byte> buffer(1 << 20);
    audit::ChainEnd chain;
    if (!segments.open(place).empty()) {
        return;
    }
    for (std::size_t i = 0; i < segments.segment_count() && bytes > 0; ++i) {
        const std::uint64_t end = segments.segment_bytes(i);
        for (std::uint64_t at = 0; at < end;) {
            const std::size_t size = std::min<std::uint64_t>(buffer.size(), end - at);
            if (!segments.read(i, at, std::span(buffer).first(size))) {
                return;
            }
            const std::size_t used =
                check_window(std::span(buffer).first(size), segments.segment_id(i), chain);
            if (used == 0) {
                break;  // no further frame in this segment
            }
            at += used;
        }
        bytes -= end;
    }
    sink = sink + static_cast<std::uint32_t>(chain.sequence);
}

void read_journal(const audit::JournalPlace& at, std::size_t hashers = 1) {
    audit::JournalPlace place = at;
    place.hashers = hashers;
    audit::JournalReader reader;
    audit::RecordView view;
    if (!reader.open(place)) {
        return;
    }
    while (reader.next(view) == audit::ReadStatus::record) {
        sink = sink + view.header.crc;
    }
}

void hash_inputs(const Journal& journal) {
    audit::Sha256Hasher hasher;
    for (const auto& input : journal.leaf_inputs) {
        sink = sink + hasher.of(std::as_bytes(std::span(input)))[0];
    }
}

void grow_tree(const Journal& journal) {
    audit::Sha256Hasher hasher;
    audit::MerkleTree tree;
    constexpr std::array<std::byte, 1> leaf_mark{};
    for (const auto& input : journal.leaf_inputs) {
        hasher.begin();
        hasher.add(leaf_mark);
        hasher.add(std::as_bytes(std::span(input)));
        tree.add(hasher, hasher.end());
    }
    sink = sink + tree.root(hasher)[0];
}

// From the records' own bytes: commitments of their sections and leaves, with the tree over them or without.
void hash_records(const Journal& journal, bool with_tree) {
    audit::Sha256Hasher hasher;
    audit::MerkleTree tree;
    for (const auto& bytes : journal.records) {
        audit::RecordView view;
        if (audit::parse_record(bytes, view) != audit::RecordFault::none) {
            std::abort();
        }
        const audit::Hash leaf = audit::leaf_hash(hasher, view);
        sink = sink + leaf[0];
        if (with_tree) {
            tree.add(hasher, leaf);
        }
    }
    sink = sink + tree.root(hasher)[0];
}

// Each record given to a Ledger and its Decision compared, reading and the making of the tables left out; the
// two looks at the clock around each are in it. Negative: it cannot be replayed.
double replay_seconds(const audit::JournalPlace& place) {
    audit::Replayer replayer;
    if (!replayer.open(place).empty()) {
        return -1;
    }
    double spent = 0;
    while (replayer.next()) {
        const auto begin = std::chrono::steady_clock::now();
        const risk::Decision decision = replayer.apply();
        const bool same = !replayer.answered() ||
                          std::memcmp(&decision, &replayer.answered()->decision, sizeof decision) == 0;
        spent += std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
        if (!same) {
            return -1;
        }
    }
    return spent;
}

}  // namespace

int main(int count, char** arguments) {
    if (count != 2) {
        std::fprintf(stderr, "fairlead-verify-bench JOURNAL\n");
        return 2;
    }
    const audit::JournalPlace place(arguments[1]);
    Journal journal;
    if (!load(place, journal)) {
        return 1;
    }
    const std::size_t cores = std::max<std::size_t>(1, std::thread::hardware_concurrency());
    enum Row {
        crc,
        sums,
        reading,
        reading_shared,
        plain,
        tree,
        leaves,
        leaves_and_tree,
        replay,
        whole,
        rows
    };
    std::array<double, rows> best{};
    best.fill(1e9);
    for (int turn = 0; turn < turns; ++turn) {
        best[crc] = std::min(best[crc], seconds([&] { crc_files(place, journal.bytes); }));
        best[sums] = std::min(best[sums], seconds([&] { check_sums(place, journal.bytes); }));
        best[reading] = std::min(best[reading], seconds([&] { read_journal(place); }));
        best[reading_shared] = std::min(best[reading_shared], seconds([&] { read_journal(place, cores); }));
        best[plain] = std::min(best[plain], seconds([&] { hash_inputs(journal); }));
        best[tree] = std::min(best[tree], seconds([&] { grow_tree(journal); }));
        best[leaves] = std::min(best[leaves], seconds([&] { hash_records(journal, false); }));
        best[leaves_and_tree] =
            std::min(best[leaves_and_tree], seconds([&] { hash_records(journal, true); }));
        best[replay] = std::min(best[replay], replay_seconds(place));
        best[whole] = std::min(best[whole], seconds([&] {
                                   audit::VerifyOptions options;
                                   options.journal_directory = place.directory;
                                   sink = sink + static_cast<std::uint32_t>(audit::verify(options).records);
                               }));
    }
    const auto records = static_cast<double>(journal.records.size());
    const auto megabytes = static_cast<double>(journal.bytes) / 1e6;
    std::printf("%zu records, %.0f MB of segments, best of %d turns\n", journal.records.size(), megabytes,
                turns);
    std::printf("reading and CRC-32C alone      %7.0f MB/s\n", megabytes / best[crc]);
    std::printf("checksums and sequences        %7.0f MB/s, ratio %.2f\n", megabytes / best[sums],
                best[crc] / best[sums]);
    std::printf("the same, leaves and links     %7.0f MB/s, ratio %.2f\n", megabytes / best[reading],
                best[crc] / best[reading]);
    std::printf("the same, hashed on %2zu threads %7.0f MB/s, ratio %.2f\n", cores,
                megabytes / best[reading_shared], best[crc] / best[reading_shared]);
    std::printf("SHA-256 of the leaf inputs     %7.2f M/s\n", records / best[plain] / 1e6);
    std::printf("leaf hashes and Merkle tree    %7.2f M/s, ratio %.2f\n", records / best[tree] / 1e6,
                best[plain] / best[tree]);
    std::printf("commitments and leaves         %7.2f M/s\n", records / best[leaves] / 1e6);
    std::printf("the same and Merkle tree       %7.2f M/s, ratio %.2f\n",
                records / best[leaves_and_tree] / 1e6, best[leaves] / best[leaves_and_tree]);
    std::printf("replay alone                   %7.2f M records/s\n", records / best[replay] / 1e6);
    std::printf("verify, all of it              %7.2f M records/s\n", records / best[whole] / 1e6);
    return 0;
}
