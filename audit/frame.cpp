#include "audit/frame.hpp"

#include <cstdlib>
#include <cstring>
#include <new>

#include "audit/crc32c.hpp"
#include "audit/leaf_pool.hpp"
#include "risk/assert.hpp"

namespace fairlead::audit {

const char* describe(FrameFault fault) noexcept {
    switch (fault) {
        case FrameFault::none:
            return "no fault";
        case FrameFault::too_short:
            return "fewer bytes than a frame header";
        case FrameFault::magic:
            return "frame magic is not FLF1";
        case FrameFault::version:
            return "frame version is not 1";
        case FrameFault::segment_id:
            return "frame names another segment";
        case FrameFault::header_crc:
            return "frame header CRC-32C does not match its bytes";
        case FrameFault::number:
            return "frame number is not the previous plus one";
        case FrameFault::size:
            return "frame payload, record count or padding do not fit together";
        case FrameFault::payload_crc:
            return "frame payload CRC-32C does not match its bytes";
        case FrameFault::link:
            return "frame link does not follow from the frame before";
        case FrameFault::first_sequence:
            return "frame's first sequence is not the next one";
        case FrameFault::epoch:
            return "frame epoch is not its last record's";
        case FrameFault::record:
            return "a record in the frame is not valid";
    }
    return "unknown fault";
}

bool all_zero(Bytes bytes) noexcept {
    return bytes.empty() ||
           (bytes[0] == std::byte{0} && std::memcmp(bytes.data(), bytes.data() + 1, bytes.size() - 1) == 0);
}

FrameFault check_frame_header(Bytes bytes, const SegmentId& segment, FrameHeader& into) noexcept {
    if (bytes.size() < sizeof(FrameHeader)) {
        return FrameFault::too_short;
    }
    std::memcpy(&into, bytes.data(), sizeof into);
    if (into.magic != frame_magic) {
        return FrameFault::magic;
    }
    if (into.version != format_version) {
        return FrameFault::version;
    }
    if (into.segment_id != segment) {
        return FrameFault::segment_id;
    }
    if (crc32c(bytes.first(offsetof(FrameHeader, header_crc))) != into.header_crc) {
        return FrameFault::header_crc;
    }
    return FrameFault::none;
}

FrameCheck FrameChecker::check(Bytes bytes, const SegmentId& segment, FrameChain& chain,
                               std::vector<RecordView>* records) {
    FrameCheck result;
    const auto fail = [&result](FrameFault fault, RecordFault record = RecordFault::none) {
        result.fault = fault;
        result.record_fault = record;
        return result;
    };
    if (const FrameFault fault = check_frame_header(bytes, segment, result.header);
        fault != FrameFault::none) {
        return fail(fault);
    }
    const FrameHeader& header = result.header;
    if (!chain.anchor && header.frame_number != chain.number) {
        return fail(FrameFault::number);
    }
    const bool seal = (header.flags & seal_flag) != 0;
    const std::size_t whole = frame_disk_bytes(header, block_);
    if (header.payload_bytes > frame_payload_max || whole > bytes.size() ||
        seal != (header.record_count == 0) || seal != (header.payload_bytes == 0) ||
        (header.flags & ~(seal_flag | last_of_segment_flag)) != 0) {
        return fail(FrameFault::size);
    }
    const std::size_t used = sizeof(FrameHeader) + header.payload_bytes;
    const Bytes payload = bytes.subspan(sizeof(FrameHeader), header.payload_bytes);
    if (crc32c(payload) != header.payload_crc) {
        return fail(FrameFault::payload_crc);
    }
    if (!all_zero(bytes.subspan(used, whole - used))) {
        return fail(FrameFault::size);
    }
    if (!chain.anchor && header.link != chain.link) {
        return fail(FrameFault::link);
    }
    ChainEnd end = chain.records;
    bool anchored = !chain.anchor;
    if (!anchored) {
        end = {header.first_sequence - 1, 0, seal ? header.epoch : 0, 0, INT64_MIN};
    }
    if (header.first_sequence != end.sequence + 1) {
        return fail(FrameFault::first_sequence);
    }
    leaves_.clear();
    if (records != nullptr) {
        records->clear();
    }
    std::size_t at = 0;
    for (std::uint32_t i = 0; i < header.record_count; ++i) {
        RecordView view;
        RecordFault fault = parse_record(payload.subspan(at), view);
        if (fault == RecordFault::none && !anchored) {
            end.crc = view.header.prev_crc;
            anchored = true;
        }
        if (fault == RecordFault::none) {
            fault = advance(end, view.header);
        }
        if (fault != RecordFault::none) {
            return fail(FrameFault::record, fault);
        }
        const Hash* const known = pool_ != nullptr ? pool_->find(payload.data() + at) : nullptr;
        leaves_.push_back(known != nullptr ? *known : leaf_hash(hasher_, view));
        if (records != nullptr) {
            records->push_back(view);
        }
        at += view.header.length;
    }
    if (at != payload.size()) {
        return fail(FrameFault::size);
    }
    if (header.epoch != end.epoch) {
        return fail(FrameFault::epoch);
    }
    // A chain anchored on a seal knows no record's crc yet: the first data frame behind it gives it.
    chain.anchor = !anchored;
    chain.number = header.frame_number + 1;
    chain.link = next_link(hasher_, header.link, leaves_);
    chain.records = end;
    result.disk_bytes = whole;
    return result;
}

FrameBuilder::FrameBuilder(std::size_t block)
    : block_(block), buffer_(static_cast<std::byte*>(std::aligned_alloc(block_bytes, frame_bytes_max))) {
    risk::require(buffer_ != nullptr, "memory for one frame");
    std::memset(buffer_, 0, frame_bytes_max);
    leaves_.reserve(frame_payload_max / sizeof(RecordHeader));
    begin();
}
FrameBuilder::~FrameBuilder() {
    std::free(buffer_);
}

void FrameBuilder::begin() noexcept {
    used_ = 0;
    count_ = 0;
    leaves_.clear();
}

std::span<std::byte> FrameBuilder::room() noexcept {
    if (frame_payload_max - used_ < record_bytes_max) {
        return {};
    }
    return {buffer_ + sizeof(FrameHeader) + used_, record_bytes_max};
}

void FrameBuilder::take(const RecordView& record) noexcept {
    const RecordHeader& header = record.header;
    if (count_ == 0) {
        first_sequence_ = header.sequence;
    }
    leaves_.push_back(leaf_hash(hasher_, record));
    last_ = {header.sequence, header.crc, header.epoch, header.utc_ns, header.monotonic_ns};
    used_ += header.length;
    ++count_;
}

Bytes FrameBuilder::finish(const SegmentId& segment, FrameChain& chain, risk::Sequence synced,
                           std::uint16_t flags) noexcept {
    FrameHeader header;
    header.flags = static_cast<std::uint16_t>(flags | (count_ == 0 ? seal_flag : 0));
    header.segment_id = segment;
    header.frame_number = chain.number;
    header.first_sequence = count_ == 0 ? chain.records.sequence + 1 : first_sequence_;
    header.record_count = count_;
    header.payload_bytes = static_cast<std::uint32_t>(used_);
    header.synced_seq = synced;
    header.epoch = count_ == 0 ? chain.records.epoch : last_.epoch;
    header.payload_crc = crc32c({buffer_ + sizeof header, used_});
    header.link = chain.link;
    header.header_crc = crc32c(std::as_bytes(std::span(&header, 1)).first(offsetof(FrameHeader, header_crc)));
    std::memcpy(buffer_, &header, sizeof header);
    const std::size_t used = sizeof header + used_;
    const std::size_t whole = round_up(used, block_);
    std::memset(buffer_ + used, 0, whole - used);
    ++chain.number;
    chain.link = next_link(hasher_, header.link, leaves_);
    if (count_ != 0) {
        chain.records = last_;
    }
    return {buffer_, whole};
}

}  // namespace fairlead::audit
