#include "audit/format.hpp"

#include <cstring>

#include "audit/crc32c.hpp"

namespace fairlead::audit {

const char* describe(RecordFault fault) noexcept {
    switch (fault) {
        case RecordFault::none:
            return "no fault";
        case RecordFault::too_short:
            return "fewer bytes than the record's length";
        case RecordFault::magic:
            return "record magic is not FLR1";
        case RecordFault::version:
            return "format version is not 1";
        case RecordFault::kind:
            return "record type is unknown";
        case RecordFault::length:
            return "record length is not a multiple of 16 from 64 to 32768";
        case RecordFault::crc:
            return "record CRC-32C does not match its bytes";
        case RecordFault::sections:
            return "sections do not fill the record as their lengths say";
        case RecordFault::sequence:
            return "sequence is not the previous plus one";
        case RecordFault::previous_crc:
            return "prev_crc is not the crc of the record before";
        case RecordFault::epoch:
            return "epoch is below the record before";
        case RecordFault::monotonic_time:
            return "monotonic time is below the record before without a start";
    }
    return "unknown fault";
}

bool is_known_kind(std::uint16_t kind) noexcept {
    using enum risk::RecordKind;
    switch (static_cast<risk::RecordKind>(kind)) {
        case none:
            return false;
        case genesis:
        case start:
        case stop:
        case clock:
        case level_change:
        case device_event:
        case key_change:
        case checkpoint_signed:
        case capacity:
        case tick:
        case logon_attempt:
        case logon_result:
        case logout:
        case sequence_reset:
        case session_received:
        case session_sent:
        case new_order:
        case replace_order:
        case cancel_order:
        case order_status:
        case mass_cancel:
        case released:
        case wait_expired:
        case halted_unsent:
        case handed_to_socket:
        case in_doubt:
        case resolved:
        case venue_report:
        case venue_reject:
        case venue_session:
        case orphan_report:
        case fill_adjusted:
        case proposal:
        case approval:
        case limit_set:
        case halt:
        case resume:
        case user_event:
        case denied_request:
        case limit_term:
        case usage_level:
        case day_start:
        case day_close:
        case incident:
        case maintenance_visit:
        case review:
            return true;
    }
    return false;
}

std::uint32_t record_crc(Bytes record) noexcept {
    const std::uint32_t running = crc_update(crc_begin, record.first(offsetof(RecordHeader, crc)));
    return crc_end(crc_update(running, record.subspan(offsetof(RecordHeader, sequence))));
}

RecordFault split_sections(RecordView& view) noexcept {
    if (view.header.sections > sections_max) {
        return RecordFault::sections;
    }
    std::size_t at = sizeof(RecordHeader);
    std::uint16_t previous_kind = 0;
    for (std::size_t i = 0; i < view.header.sections; ++i) {
        if (view.bytes.size() - at < sizeof(SectionHeader)) {
            return RecordFault::sections;
        }
        SectionHeader header;
        std::memcpy(&header, view.bytes.data() + at, sizeof header);
        const std::size_t whole = section_bytes(header.length);
        if (header.zero != 0 || header.kind <= previous_kind || header.kind > sections_max ||
            whole > view.bytes.size() - at) {
            return RecordFault::sections;
        }
        for (std::size_t pad = sizeof header + header.length; pad < whole; ++pad) {
            if (view.bytes[at + pad] != std::byte{0}) {
                return RecordFault::sections;
            }
        }
        view.sections[i] = {static_cast<SectionKind>(header.kind), header.salt,
                            view.bytes.subspan(at + sizeof header, header.length)};
        previous_kind = header.kind;
        at += whole;
    }
    return at == view.bytes.size() ? RecordFault::none : RecordFault::sections;
}

RecordFault parse_record(Bytes bytes, RecordView& into) noexcept {
    if (bytes.size() < sizeof(RecordHeader)) {
        return RecordFault::too_short;
    }
    std::memcpy(&into.header, bytes.data(), sizeof into.header);
    const RecordHeader& header = into.header;
    if (header.magic != record_magic) {
        return RecordFault::magic;
    }
    if (header.version != format_version) {
        return RecordFault::version;
    }
    if (header.length < sizeof(RecordHeader) || header.length > record_bytes_max ||
        header.length % record_alignment != 0) {
        return RecordFault::length;
    }
    if (header.length > bytes.size()) {
        return RecordFault::too_short;
    }
    into.bytes = bytes.first(header.length);
    if (record_crc(into.bytes) != header.crc) {
        return RecordFault::crc;
    }
    if (!is_known_kind(header.kind)) {
        return RecordFault::kind;
    }
    return split_sections(into);
}

RecordFault advance(ChainEnd& before, const RecordHeader& header) noexcept {
    if (header.sequence != before.sequence + 1) {
        return RecordFault::sequence;
    }
    if (header.prev_crc != before.crc) {
        return RecordFault::previous_crc;
    }
    if (header.epoch < before.epoch) {
        return RecordFault::epoch;
    }
    if (header.monotonic_ns < before.monotonic_ns &&
        static_cast<risk::RecordKind>(header.kind) != risk::RecordKind::start) {
        return RecordFault::monotonic_time;
    }
    before = {header.sequence, header.crc, header.epoch, header.utc_ns, header.monotonic_ns};
    return RecordFault::none;
}

}  // namespace fairlead::audit
