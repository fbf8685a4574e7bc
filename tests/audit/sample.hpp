// What the audit tests share: a directory of their own, a front with small segments, and plain records
// to fill it with.
#pragma once

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "audit/front.hpp"
#include "risk/record_operation.hpp"

namespace fairlead::test {

class TemporaryDirectory {
  public:
    explicit TemporaryDirectory(const char* place = "/tmp") {
        std::string name = std::string(place) + "/fairlead-audit-XXXXXX";
        path_ = ::mkdtemp(name.data()) != nullptr ? name : std::string();
    }
    ~TemporaryDirectory() {
        std::error_code code;
        std::filesystem::remove_all(path_, code);
    }
    TemporaryDirectory(const TemporaryDirectory&) = delete;
    TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
    [[nodiscard]] const std::string& path() const { return path_; }

  private:
    std::string path_;
};

inline std::string bytes_of(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}
inline void put_bytes(const std::string& path, const std::string& bytes) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

inline audit::FrontOptions small_front(const std::string& front, const std::string& journal = {}) {
    audit::FrontOptions options;
    options.directory = front;
    options.segment_count = 4;
    options.segment_bytes = 256 * 1024;
    options.journal_directory = journal;
    return options;
}

// A record whose every byte follows from its sequence.
inline risk::HandedToSocket sample_record(risk::Sequence sequence) {
    risk::HandedToSocket handed;
    handed.record.sequence = sequence;
    handed.record.utc_ns = 1'700'000'000'000'000'000 + static_cast<std::int64_t>(sequence);
    handed.record.monotonic_ns = static_cast<std::int64_t>(sequence) * 1000;
    handed.record.session = 7;
    handed.record.kind = risk::RecordKind::handed_to_socket;
    handed.facts.first_number = sequence;
    handed.facts.last_number = sequence * 2;
    return handed;
}

// Bytes as a client might have sent them: as many as the sequence says, up to 700.
inline std::string sample_received(risk::Sequence sequence) {
    return std::string(sequence * 37 % 700, static_cast<char>('a' + sequence % 26));
}

inline void append_sample(audit::Front& front, risk::Sequence sequence) {
    const std::string received = sample_received(sequence);
    front.append(sample_record(sequence), std::as_bytes(std::span(received)), nullptr);
}

inline bool is_sample(const audit::RecordView& view) {
    audit::RecordStorage storage;
    const risk::Record* record = audit::materialize(view, storage);
    if (record == nullptr || record->kind != risk::RecordKind::handed_to_socket) {
        return false;
    }
    const risk::HandedToSocket wanted = sample_record(view.header.sequence);
    const std::string received = sample_received(view.header.sequence);
    const audit::Bytes found = view.section(audit::SectionKind::received);
    return std::memcmp(record, &wanted, sizeof wanted) == 0 && found.size() == received.size() &&
           (received.empty() || std::memcmp(found.data(), received.data(), received.size()) == 0);
}

}  // namespace fairlead::test
