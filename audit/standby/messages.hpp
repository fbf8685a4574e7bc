// What leader and standby say to each other, as bytes: a header of 16, then so many more. The standby speaks
// first (Standing); then come files, records, checkpoints and beats from the leader, acknowledgements from
// the standby, or a refusal from either, after which nothing more is sent. Little-endian. Knows no socket.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "audit/format.hpp"

namespace fairlead::audit {

inline constexpr std::uint32_t message_magic = 0x31534C46;  // "FLS1"
// A day's reference data is the largest; what says that it is larger is not read.
inline constexpr std::uint32_t message_bytes_max = std::uint32_t{512} << 20;

enum class MessageKind : std::uint16_t {
    standing = 1,    // standby: a Standing
    records = 2,     // leader: whole records, in order
    file = 3,        // leader: u32 length of the name, name, content; for the journal's directory `reference`
    checkpoint = 4,  // leader: the newest note its keeper has signed
    beat = 5,        // leader: nothing to send; it asks for an acknowledgement
    acknowledgement = 6,  // standby: u64, it holds all records up to this one at its level
    refusal = 7,          // either: why it goes no further, as text
};

struct MessageHeader {
    std::uint32_t magic = message_magic;
    std::uint16_t version = 1;
    std::uint16_t kind = 0;
    std::uint32_t length = 0;  // behind the header
    std::uint32_t zero = 0;
};
static_assert(sizeof(MessageHeader) == 16);

// Where a standby's journal ends, and which files it has.
struct Standing {
    risk::Sequence last = 0;
    risk::Sequence acknowledged = 0;
    std::uint32_t crc = 0;
    std::uint32_t epoch = 0;
    Hash leaf{};  // of the last record; zero where there is none
    std::vector<std::string> files;
};
[[nodiscard]] std::vector<std::byte> encode(const Standing& standing);
[[nodiscard]] bool decode(Bytes bytes, Standing& into);

// The name of a file of reference data, which is the hash of its content; anything else is no name.
[[nodiscard]] bool is_reference_name(std::string_view name);

// One message, header and all. The text forms are for files and refusals.
[[nodiscard]] std::vector<std::byte> message(MessageKind kind, Bytes content = {});
[[nodiscard]] std::vector<std::byte> file_message(std::string_view name, std::string_view content);
struct FileMessage {
    std::string_view name;
    std::string_view content;
};
[[nodiscard]] std::optional<FileMessage> split_file(Bytes content);
[[nodiscard]] std::string_view as_text(Bytes bytes) noexcept;
[[nodiscard]] Bytes as_content(std::string_view text) noexcept;

}  // namespace fairlead::audit
