#include "tests/simulation/decay.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "audit/examine/verify.hpp"
#include "audit/journal_reader.hpp"
#include "audit/keeper/keeper.hpp"

namespace fairlead::simulation {

namespace {

constexpr std::uint64_t stream = 30;
constexpr unsigned seeds_between = 4;  // it takes about as long as the run itself
constexpr int tries = 3;

struct FramePlace {
    std::string path;
    std::uint64_t offset = 0;
};

// Where each frame with records lies; the last sequence in `last`.
std::vector<FramePlace> frames_of(const audit::JournalPlace& place, risk::Sequence& last) {
    std::vector<FramePlace> frames;
    audit::JournalReader reader;
    if (!reader.open(place)) {
        return frames;
    }
    audit::RecordView view;
    while (reader.next(view) == audit::ReadStatus::record) {
        const audit::ReadPlace at = reader.place();
        std::string path = place.directory + "/" + at.segment;
        if (!std::filesystem::exists(path)) {
            path = place.spare + "/" + at.segment;
        }
        if (frames.empty() || frames.back().path != path || frames.back().offset != at.offset) {
            frames.push_back({std::move(path), at.offset});
        }
        last = view.header.sequence;
    }
    return frames;
}

std::string read_block(const FramePlace& place) {
    std::ifstream file(place.path, std::ios::binary);
    file.seekg(static_cast<std::streamoff>(place.offset));
    std::string bytes(audit::block_bytes, '\0');
    file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    return bytes;
}

void write_block(const FramePlace& place, const std::string& bytes) {
    std::fstream file(place.path, std::ios::binary | std::ios::in | std::ios::out);
    file.seekp(static_cast<std::streamoff>(place.offset));
    file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

// The block as it comes back from a device like that.
std::string damaged(const std::string& whole, const std::vector<FramePlace>& frames, Random& random,
                    std::string& what) {
    std::string block = whole;
    switch (random.pick(3)) {
        case 0:
            what = "rot";
            block[random.pick(block.size())] ^= static_cast<char>(1U << random.pick(8));
            break;
        case 1:
            what = "misdirected write";
            block = read_block(frames[random.pick(frames.size())]);
            break;
        default:
            what = "lost write";
            block.assign(block.size(), '\0');
            break;
    }
    return block;
}

// Whether a keeper's start, which knows how far the journal went, sees that something is gone; it need not
// look at what lies before its own beginning.
bool start_is_right(const audit::JournalPlace& place, std::uint64_t segment_bytes, risk::Sequence last,
                    bool& refused) {
    audit::KeeperOptions options;
    options.journal_directory = place.directory;
    options.spare_directory = place.spare;
    options.segment_bytes = segment_bytes;
    audit::SegmentStore store({place.directory, segment_bytes, 0, [](const std::string&) {}, false});
    audit::SegmentStore spare({place.spare, segment_bytes, 0, [](const std::string&) {}, true});
    const audit::Recovered found =
        audit::recover_disk(options, last, store, place.spare.empty() ? nullptr : &spare);
    refused = !found.error.empty();
    return refused || found.start.chain.records.sequence == last;
}

}  // namespace

void try_decay(Kernel& kernel, const audit::JournalPlace& place, std::uint64_t segment_bytes) {
    if (kernel.plan.seed % seeds_between != 0) {
        return;
    }
    Random random(kernel.plan.seed, stream);
    risk::Sequence last = 0;
    const std::vector<FramePlace> frames = frames_of(place, last);
    for (int tried = 0; tried < tries && frames.size() > 1; ++tried) {
        const FramePlace& at = frames[random.pick(frames.size())];
        const std::string whole = read_block(at);
        std::string what;
        const std::string block = damaged(whole, frames, random, what);
        if (block == whole) {
            continue;
        }
        write_block(at, block);
        audit::VerifyOptions options;
        options.journal_directory = place.directory;
        options.spare_directory = place.spare;
        const bool seen = !audit::verify(options).ok();
        bool refused = false;
        const bool right = start_is_right(place, segment_bytes, last, refused);
        write_block(at, whole);
        if (!seen || !right) {
            kernel.fail(18, what + " in " + at.path + " at " + std::to_string(at.offset) +
                                (seen ? " is taken for an end by a keeper's start" : " passes verify"));
            return;
        }
        kernel.marks.hit(what + " found");
        kernel.marks.hit(refused ? "damage stops a start" : "damage lies before what a start reads");
    }
}

}  // namespace fairlead::simulation
