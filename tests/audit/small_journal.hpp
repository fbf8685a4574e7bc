// A journal as gateway and keeper make it, small enough that each of its bits can be damaged in turn: real
// front, real frames, real checkpoints, segments of three frames. A closed segment ends with its last frame,
// an open one has room behind it for one write, which is as much as a reader asks for.
#pragma once

#include <catch2/catch.hpp>
#include <fstream>
#include <iterator>
#include <map>
#include <new>

#include "audit/checkpoint_files.hpp"
#include "audit/examine/verify.hpp"
#include "audit/keeper/checkpointer.hpp"
#include "audit/keeper/keeper_steps.hpp"
#include "config/reference_archive.hpp"
#include "risk/ledger.hpp"
#include "sample.hpp"

namespace fairlead::test {

// Segments in plain files: of three frames of one block each the first, of four the others.
class SmallStore {
  public:
    explicit SmallStore(std::string directory) : directory_(std::move(directory)) {}
    [[nodiscard]] bool is_open() const { return open_; }
    bool open_next() {
        name_.number += 1;
        audit::fill_random(name_.id);
        put_bytes(path(), std::string(segment_bytes(), '\0'));
        return open_ = true;
    }
    [[nodiscard]] const audit::SegmentName& segment() const { return name_; }
    [[nodiscard]] std::uint64_t segment_bytes() const {
        return audit::frame_bytes_max + (name_.number == 1 ? 2 : 3) * audit::block_bytes;
    }
    int write(std::uint64_t offset, audit::Bytes frame) {
        std::fstream file(path(), std::ios::binary | std::ios::in | std::ios::out);
        file.seekp(static_cast<std::streamoff>(offset));
        file.write(reinterpret_cast<const char*>(frame.data()), static_cast<std::streamsize>(frame.size()));
        end_ = offset + frame.size();
        return file.good() ? 0 : EIO;
    }
    int read_back(std::uint64_t, std::span<std::byte>) { return EIO; }
    void close_segment() { open_ = false; }
    void seal_segment() {
        std::filesystem::resize_file(path(), end_);
        open_ = false;
    }
    [[nodiscard]] std::uint32_t ready() const { return 1; }
    [[nodiscard]] int prepare_error() const { return 0; }
    [[nodiscard]] bool direct() const { return false; }
    std::string note(const audit::SegmentName&, const std::string&) { return {}; }
    std::string note_cut(const audit::SegmentCut&, const std::string&) { return {}; }
    void give_up(const audit::SegmentCut&, const std::string&) {}
    void number_from(std::uint64_t) {}

  private:
    [[nodiscard]] std::string path() const { return directory_ + "/" + name_.text(); }
    std::string directory_;
    audit::SegmentName name_;
    std::uint64_t end_ = 0;
    bool open_ = false;
};

class SmallJournal {
  public:
    explicit SmallJournal(std::string directory) : directory_(std::move(directory)), store_(directory_) {
        REQUIRE(audit::make_directory(directory_).empty());
        REQUIRE(audit::SigningKey::parse(key_text, key_) == "");
        opened_ = audit::Front::open(small_front(memory_.path(), directory_));
        REQUIRE(opened_.error == "");
        mark_ = audit::open_mark(memory_.path(), true);
        options_.journal_directory = directory_;
        options_.front_directory = memory_.path();
        options_.written = [this](const audit::WrittenFrame& frame) { behind_ = frame.behind; };
        keeper_.emplace(options_, store_,
                        *std::launder(reinterpret_cast<audit::KeeperMarkPage*>(mark_.map.data())),
                        audit::KeeperStart{});
    }
    template <class T>
    void add(T record, risk::RecordKind kind) {
        record.record.kind = kind;
        record.record.sequence = opened_.front->published() + 1;
        record.record.utc_ns = 1'700'000'000'000'000'000 + static_cast<std::int64_t>(record.record.sequence);
        record.record.monotonic_ns = static_cast<std::int64_t>(record.record.sequence);
        risk::Answered answered;
        answered.decision = ledger_.apply(record.record);
        const bool answer = kind == risk::RecordKind::new_order || kind == risk::RecordKind::halt ||
                            kind == risk::RecordKind::limit_set || kind == risk::RecordKind::venue_report;
        opened_.front->append(record, {}, answer ? &answered : nullptr);
    }
    void start() {
        risk::Start start;
        start.facts.state_digest = ledger_.digest();
        add(start, risk::RecordKind::start);
    }
    void stop() {
        risk::Stop stop;
        stop.facts.state_digest = ledger_.digest();
        add(stop, risk::RecordKind::stop);
    }
    void order() { add(risk::NewOrder(), risk::RecordKind::new_order); }
    void day(const risk::Reference& reference) {
        days_.push_back(reference);
        const auto archived = config::archive_reference(days_.back(), directory_ + "/reference");
        REQUIRE(archived.error == "");
        days_.back().day = archived.day;
        REQUIRE(ledger_.stage(days_.back()) == "");
        risk::DayStart start;
        start.facts = archived.day;
        add(start, risk::RecordKind::day_start);
    }
    // What was added becomes one frame.
    void frame() {
        while (keeper_->synced() < opened_.front->published()) {
            static_cast<void>(keeper_->step(audit::monotonic_now()));
        }
    }
    // An orderly end of a keeper: the seal.
    void seal() { keeper_->finish(); }
    void checkpoint() {
        audit::SigningKey key;
        REQUIRE(audit::SigningKey::parse(key_text, key) == "");
        audit::CheckpointerOptions options;
        options.place = directory_;
        options.every = std::chrono::hours(1);
        audit::Checkpointer checkpointer(options, std::move(key));
        REQUIRE(checkpointer.open() == "");
        REQUIRE(checkpointer.build(behind_) == "");
        checkpointer.start();
        checkpointer.finish();
    }
    [[nodiscard]] const std::string& directory() const { return directory_; }
    // Where its front and the keeper's mark lie.
    [[nodiscard]] const std::string& memory() const { return memory_.path(); }
    // What the next frame would be.
    [[nodiscard]] const audit::FrameChain& behind() const { return behind_; }
    [[nodiscard]] const audit::SigningKey& key() const { return key_; }
    static constexpr const char* key_text =
        "PRIVATE+KEY+fairlead.example/8610/gw1+79931f11+AQABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f";

  private:
    static risk::Sizes sizes() {
        risk::Sizes sizes;
        sizes.orders_max = sizes.commands_max = sizes.executions_max = sizes.positions_max = 100;
        sizes.accounts_max = sizes.investors_max = sizes.securities_max = 100;
        return sizes;
    }
    std::string directory_;
    TemporaryDirectory memory_{"/dev/shm"};
    audit::SigningKey key_;
    audit::Front::OpenResult opened_;
    audit::MarkResult mark_;
    risk::Ledger ledger_{sizes()};
    std::deque<risk::Reference> days_;
    SmallStore store_;
    audit::KeeperOptions options_;
    std::optional<audit::Keeper<SmallStore>> keeper_;
    audit::FrameChain behind_;
};

// Every file of a directory, by name: to damage one and to have it back.
class Copy {
  public:
    explicit Copy(const std::string& directory) {
        for (const auto& entry : std::filesystem::recursive_directory_iterator(directory)) {
            if (entry.is_regular_file()) {
                files[std::filesystem::relative(entry.path(), directory).string()] =
                    bytes_of(entry.path().string());
            }
        }
    }
    void restore(const std::string& directory) const {
        std::filesystem::remove_all(directory);
        for (const auto& [name, bytes] : files) {
            std::filesystem::create_directories(std::filesystem::path(directory + "/" + name).parent_path());
            put_bytes(directory + "/" + name, bytes);
        }
    }
    [[nodiscard]] std::vector<std::string> segments() const {
        std::vector<std::string> names;
        for (const auto& [name, bytes] : files) {
            if (name.ends_with(".flj")) {
                names.push_back(name);
            }
        }
        return names;
    }
    std::map<std::string, std::string> files;
};

}  // namespace fairlead::test
