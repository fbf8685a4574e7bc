// Readers of journals on any bytes. Checksums are put right before each look, as whoever forges a journal
// would, so that what lies behind them is reached: records taken apart, rebuilt, told in words. Nothing may
// fail but by a named fault.
#include <cstring>
#include <vector>

#include "audit/crc32c.hpp"
#include "audit/examine/teller.hpp"
#include "audit/frame.hpp"
#include "audit/record_kinds.hpp"
#include "fuzz_target.hpp"

using namespace fairlead;

namespace {

void look_at_records(std::vector<std::byte> bytes) {
    audit::Teller english(audit::Language::english);
    audit::Teller chinese(audit::Language::chinese);
    std::size_t at = 0;
    while (bytes.size() - at >= sizeof(audit::RecordHeader)) {
        audit::RecordHeader header;
        std::memcpy(&header, bytes.data() + at, sizeof header);
        if (header.length < sizeof header || header.length > bytes.size() - at) {
            header.length = static_cast<std::uint32_t>((bytes.size() - at) / 16 * 16);
        }
        header.magic = audit::record_magic;
        header.version = audit::format_version;
        std::memcpy(bytes.data() + at, &header, sizeof header);
        const audit::Bytes record(bytes.data() + at, header.length);
        header.crc = audit::record_crc(record);
        std::memcpy(bytes.data() + at, &header, sizeof header);
        audit::RecordView view;
        const audit::RecordFault fault = audit::parse_record(record, view);
        test::demand(*audit::describe(fault) != '\0', "a fault has a name");
        test::demand(fault != audit::RecordFault::crc, "a sum put right is right");
        audit::RecordStorage storage;
        const risk::Record* rebuilt =
            fault == audit::RecordFault::none ? audit::materialize(view, storage) : nullptr;
        if (rebuilt != nullptr) {
            const audit::Bytes decided = view.section(audit::SectionKind::decision);
            risk::Answered answered;
            const bool has_answer = decided.size() == sizeof answered;
            if (has_answer) {
                std::memcpy(&answered, decided.data(), sizeof answered);
            }
            const audit::Bytes raw = view.section(audit::SectionKind::received);
            (void)english.tell(*rebuilt, has_answer ? &answered : nullptr, raw);
            (void)chinese.tell(*rebuilt, has_answer ? &answered : nullptr, raw);
        }
        at += header.length;
        if (header.length == 0) {
            break;
        }
    }
}

void look_at_frame(std::vector<std::byte> bytes) {
    audit::FrameHeader header;
    if (bytes.size() < sizeof header) {
        return;
    }
    std::memcpy(&header, bytes.data(), sizeof header);
    const audit::SegmentId segment = header.segment_id;
    audit::FrameChecker checker;
    audit::FrameChain chain;
    chain.anchor = true;
    std::vector<audit::RecordView> records;
    (void)checker.check(bytes, segment, chain, &records);
    const std::size_t payload = std::min<std::size_t>(header.payload_bytes, bytes.size() - sizeof header);
    header.payload_crc = audit::crc32c({bytes.data() + sizeof header, payload});
    std::memcpy(bytes.data(), &header, sizeof header);
    header.header_crc = audit::crc32c({bytes.data(), sizeof header - sizeof header.header_crc});
    std::memcpy(bytes.data(), &header, sizeof header);
    chain = {};
    chain.anchor = true;
    const audit::FrameCheck check = checker.check(bytes, segment, chain, &records);
    test::demand(*audit::describe(check.fault) != '\0', "a fault has a name");
    if (check.fault == audit::FrameFault::none) {
        test::demand(check.disk_bytes <= bytes.size(), "a sound frame lies within its bytes");
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto bytes = std::as_bytes(std::span(data, size));
    look_at_records({bytes.begin(), bytes.end()});
    look_at_frame({bytes.begin(), bytes.end()});
    return 0;
}
