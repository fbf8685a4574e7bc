// What the damage tests share: a small journal and where everything lies in it, ways to change it, and to
// verify what is left in a process of its own.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <functional>

#include "audit/frame.hpp"
#include "process.hpp"
#include "small_journal.hpp"

namespace fairlead::test {

using namespace fairlead::audit;  // NOLINT(google-build-using-namespace): a test's own vocabulary

// Under a sanitizer, which takes ten times as long, a thirteenth of the bytes that the plain suite looks at.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr std::size_t thinned = 13;
#else
inline constexpr std::size_t thinned = 1;
#endif

// Two segments: the first closed with three frames, the second with two and a seal.
inline void fill(SmallJournal& journal) {
    journal.start();
    journal.frame();
    journal.order();
    journal.order();
    journal.order();
    journal.frame();
    journal.order();
    journal.frame();
    journal.checkpoint();
    journal.order();
    journal.frame();
    journal.stop();
    journal.frame();
    journal.checkpoint();
    journal.seal();
}

struct Extent {
    std::size_t begin = 0;
    std::size_t end = 0;
    [[nodiscard]] bool holds(std::size_t byte) const { return byte >= begin && byte < end; }
};

// Where everything lies in the journal that is whole.
struct Placed {
    std::string segment;
    FrameHeader header;
    Extent all;
    Extent payload;
    std::vector<Extent> records;  // of header.first_sequence and on
};

inline std::vector<Placed> places_of(const Copy& whole) {
    std::vector<Placed> result;
    for (const std::string& name : whole.segments()) {
        SegmentName segment;
        REQUIRE(SegmentName::parse(name, segment));
        const Bytes bytes = std::as_bytes(std::span(whole.files.at(name)));
        std::size_t at = 0;
        Placed frame;
        while (at < bytes.size() &&
               check_frame_header(bytes.subspan(at), segment.id, frame.header) == FrameFault::none) {
            frame.segment = name;
            frame.all = {at, at + frame_disk_bytes(frame.header, block_bytes)};
            frame.payload = {at + sizeof(FrameHeader), at + sizeof(FrameHeader) + frame.header.payload_bytes};
            frame.records.clear();
            RecordView view;
            for (std::size_t byte = frame.payload.begin; byte < frame.payload.end;
                 byte += view.header.length) {
                REQUIRE(parse_record(bytes.subspan(byte), view) == RecordFault::none);
                frame.records.push_back({byte, byte + view.header.length});
            }
            result.push_back(frame);
            at = frame.all.end;
        }
    }
    return result;
}

inline VerifyReport verify_at(const std::string& directory, const VerifierKey* key = nullptr,
                              const SignedCheckpoint* since = nullptr) {
    VerifyOptions options;
    options.journal_directory = directory;
    if (key != nullptr) {
        options.keys = {*key};
    }
    options.since = since;
    return verify(options);
}

inline bool any_holds(const std::vector<std::string>& texts, const std::string& part) {
    return std::any_of(texts.begin(), texts.end(),
                       [&part](const std::string& text) { return text.find(part) != std::string::npos; });
}

inline std::string all_of(const VerifyReport& report) {
    std::string text;
    for (const auto* list : {&report.findings, &report.provable, &report.remarks}) {
        for (const std::string& line : *list) {
            text += line + "\n";
        }
    }
    return text;
}

// Runs job(0) and job(1), each in a process of its own, so that one that crashes is seen as such. A job's
// text says what it found wrong; empty: nothing.
inline std::string on_both_cores(const std::function<std::string(unsigned)>& job) {
    const TemporaryDirectory results("/dev/shm");
    std::vector<Child> children;
    for (unsigned part = 0; part < 2; ++part) {
        const pid_t id = ::fork();
        if (id == 0) {
            const std::string wrong = job(part);
            put_bytes(results.path() + "/" + std::to_string(part), wrong + "done");
            ::_exit(0);
        }
        children.emplace_back(id);
    }
    std::string wrong;
    for (unsigned part = 0; part < 2; ++part) {
        const int status = children[part].wait();
        const std::string text = bytes_of(results.path() + "/" + std::to_string(part));
        if (status != 0 || !text.ends_with("done")) {
            wrong +=
                "process " + std::to_string(part) + " ended with status " + std::to_string(status) + "\n";
        }
        wrong += text.substr(0, text.size() - std::min<std::size_t>(text.size(), 4));
    }
    return wrong;
}

inline bool long_form() {
    const char* value = std::getenv("FAIRLEAD_LONG");
    return value != nullptr && std::string(value) == "1";
}

// One byte of one file of a journal's copy, changed and set back.
class Damaged {
  public:
    Damaged(const std::string& path, std::size_t byte, unsigned char mask)
        : path_(path), byte_(byte), mask_(mask) {
        toggle();
    }
    ~Damaged() { toggle(); }
    Damaged(const Damaged&) = delete;
    Damaged& operator=(const Damaged&) = delete;

  private:
    void toggle() {
        std::fstream file(path_, std::ios::binary | std::ios::in | std::ios::out);
        file.seekg(static_cast<std::streamoff>(byte_));
        const char value = static_cast<char>(file.get() ^ mask_);
        file.seekp(static_cast<std::streamoff>(byte_));
        file.put(value);
    }
    const std::string& path_;
    std::size_t byte_;
    unsigned char mask_;
};

// The frames of both segments, each as its bytes, put together anew.
using Frames = std::vector<std::pair<std::string, std::string>>;  // segment, bytes

inline Frames frames_of(const Copy& whole, const std::vector<Placed>& places) {
    Frames frames;
    for (const Placed& place : places) {
        frames.emplace_back(
            place.segment,
            whole.files.at(place.segment).substr(place.all.begin, place.all.end - place.all.begin));
    }
    return frames;
}

inline void write_frames(const std::string& directory, const Copy& whole, const Frames& frames) {
    whole.restore(directory);
    for (const std::string& segment : whole.segments()) {
        std::string bytes;
        for (const auto& [name, frame] : frames) {
            bytes += name == segment ? frame : "";
        }
        bytes.resize(std::max(bytes.size(), whole.files.at(segment).size()), '\0');
        put_bytes(directory + "/" + segment, bytes);
    }
}

}  // namespace fairlead::test
