// Archive: the second archive of a journal as its replicator and its examiner see it: numbered messages, only
// ever added to, each only behind the one its writer believes to be the last. Knows no NATS; nats_archive.hpp
// has the real one, tests have one of their own.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace fairlead::audit {

// What a message holds. Each kind has a subject of its own in the stream.
enum class MessageKind : std::uint8_t {
    beginning,   // the first message: which record is the first, and the edge of the tree before it
    records,     // records of the journal, byte for byte, one behind the other
    checkpoint,  // a signed note
};

struct ArchiveMessage {
    std::uint64_t number = 0;  // in the archive, from 1
    MessageKind kind = MessageKind::records;
    std::string bytes;
};

struct ArchiveState {
    std::uint64_t first = 0;     // number of the first message; 0: it never had one
    std::uint64_t last = 0;      // of the last
    std::uint64_t messages = 0;  // how many there are
    bool made_now = false;       // it was not there and has been made
    std::string wrong;           // what of its settings an archive may not have; empty: nothing
};

enum class ArchiveAnswer : std::uint8_t {
    done,
    away,    // no answer, or one that may be another tomorrow: whether it was done is unknown
    moved,   // its last message is another than the writer believes: nothing was added
    absent,  // there is no such message
};

struct ArchiveReply {
    ArchiveAnswer answer = ArchiveAnswer::done;
    std::string text;  // why, for an operator
    [[nodiscard]] bool ok() const noexcept { return answer == ArchiveAnswer::done; }
};

class Archive {
  public:
    virtual ~Archive() = default;
    // Connects, and makes the archive if it is not there and `make` says so.
    virtual ArchiveReply open(bool make, ArchiveState& state) = 0;
    virtual void close() = 0;
    virtual ArchiveReply state(ArchiveState& state) = 0;
    // The last message of this kind; absent: there is none.
    virtual ArchiveReply last(MessageKind kind, ArchiveMessage& into) = 0;
    virtual ArchiveReply get(std::uint64_t number, ArchiveMessage& into) = 0;
    // Adds a message behind number `behind`, and only there. `id` names its content: the same message is not
    // taken twice.
    virtual ArchiveReply put(MessageKind kind, const std::string& bytes, const std::string& id,
                             std::uint64_t behind) = 0;
};

}  // namespace fairlead::audit
