#include "audit/standby/messages.hpp"

#include <algorithm>
#include <cstring>

namespace fairlead::audit {
namespace {

constexpr std::size_t name_bytes = 64;  // SHA-256 in hexadecimal
constexpr std::string_view name_end = ".csv";

struct StandingHead {
    std::uint64_t last = 0;
    std::uint64_t acknowledged = 0;
    std::uint32_t crc = 0;
    std::uint32_t epoch = 0;
    Hash leaf{};
    std::uint64_t files = 0;
};
static_assert(sizeof(StandingHead) == 64);

void put(std::vector<std::byte>& into, Bytes bytes) {
    const std::size_t at = into.size();
    into.resize(at + bytes.size());
    if (!bytes.empty()) {
        std::memcpy(into.data() + at, bytes.data(), bytes.size());
    }
}
template <class T>
void put_value(std::vector<std::byte>& into, const T& value) {
    put(into, std::as_bytes(std::span(&value, 1)));
}

}  // namespace

bool is_reference_name(std::string_view name) {
    return name.size() == name_bytes + name_end.size() && name.ends_with(name_end) &&
           std::all_of(name.begin(), name.begin() + name_bytes,
                       [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

std::vector<std::byte> encode(const Standing& standing) {
    std::vector<std::byte> bytes;
    put_value(bytes, StandingHead{standing.last, standing.acknowledged, standing.crc, standing.epoch,
                                  standing.leaf, standing.files.size()});
    for (const std::string& name : standing.files) {
        put(bytes, as_content(name));
    }
    return bytes;
}

bool decode(Bytes bytes, Standing& into) {
    StandingHead head;
    constexpr std::size_t each = name_bytes + name_end.size();
    if (bytes.size() < sizeof head) {
        return false;
    }
    std::memcpy(&head, bytes.data(), sizeof head);
    bytes = bytes.subspan(sizeof head);
    if (bytes.size() / each != head.files || bytes.size() % each != 0) {
        return false;
    }
    into = {head.last, head.acknowledged, head.crc, head.epoch, head.leaf, {}};
    for (; !bytes.empty(); bytes = bytes.subspan(each)) {
        into.files.emplace_back(as_text(bytes.first(each)));
        if (!is_reference_name(into.files.back())) {
            return false;
        }
    }
    return true;
}

std::vector<std::byte> message(MessageKind kind, Bytes content) {
    MessageHeader header;
    header.kind = static_cast<std::uint16_t>(kind);
    header.length = static_cast<std::uint32_t>(content.size());
    std::vector<std::byte> bytes;
    bytes.reserve(sizeof header + content.size());
    put_value(bytes, header);
    put(bytes, content);
    return bytes;
}

std::vector<std::byte> file_message(std::string_view name, std::string_view content) {
    std::vector<std::byte> body;
    body.reserve(sizeof(std::uint32_t) + name.size() + content.size());
    put_value(body, static_cast<std::uint32_t>(name.size()));
    put(body, as_content(name));
    put(body, as_content(content));
    return message(MessageKind::file, body);
}

std::optional<FileMessage> split_file(Bytes content) {
    std::uint32_t length = 0;
    if (content.size() < sizeof length) {
        return std::nullopt;
    }
    std::memcpy(&length, content.data(), sizeof length);
    content = content.subspan(sizeof length);
    if (content.size() < length) {
        return std::nullopt;
    }
    return FileMessage{as_text(content.first(length)), as_text(content.subspan(length))};
}

std::string_view as_text(Bytes bytes) noexcept {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
Bytes as_content(std::string_view text) noexcept {
    return std::as_bytes(std::span(text));
}

}  // namespace fairlead::audit
