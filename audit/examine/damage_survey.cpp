#include "audit/examine/damage_survey.hpp"

#include <algorithm>
#include <optional>

#include "audit/frame.hpp"

namespace fairlead::audit {

namespace {

constexpr std::size_t told_max = 50;

std::string range(risk::Sequence first, risk::Sequence last) {
    return first == last ? "record " + std::to_string(first)
                         : "records " + std::to_string(first) + " to " + std::to_string(last);
}

class Survey {
  public:
    Survey(SegmentDirectory& source, const ReadPlace& stopped) : source_(source), stopped_(stopped) {}

    DamageSurvey run() {
        std::size_t segment = 0;
        while (segment < source_.segment_count() && source_.segment_name(segment) != stopped_.segment) {
            ++segment;
        }
        std::uint64_t offset = stopped_.offset;
        for (; segment < source_.segment_count(); ++segment, offset = 0) {
            look_through(segment, offset);
        }
        close_stretch();
        return std::move(result_);
    }

  private:
    // Frames that follow each other by number, link and record.
    struct Stretch {
        std::string place;
        std::uint64_t first_frame = 0;
        std::uint64_t last_frame = 0;
        risk::Sequence first = 0;
        risk::Sequence last = 0;
    };

    void tell(std::vector<std::string>& list, std::string text) {
        if (list.size() < told_max) {
            list.push_back(std::move(text));
        } else if (list.size() == told_max) {
            list.push_back("and more");
        }
    }
    [[nodiscard]] std::string place_text(std::size_t segment, std::uint64_t offset) const {
        return "segment " + source_.segment_name(segment) + ", offset " + std::to_string(offset);
    }

    // Bytes of the segment from `offset`, at most so many. False: the device failed.
    bool read(std::size_t segment, std::uint64_t offset, std::uint64_t size) {
        bytes_.resize(std::min(size, source_.segment_bytes(segment) - offset));
        if (source_.read(segment, offset, bytes_)) {
            return true;
        }
        tell(result_.damaged, source_.error());
        return false;
    }

    void look_through(std::size_t segment, std::uint64_t offset) {
        while (offset < source_.segment_bytes(segment)) {
            std::uint64_t step = block_bytes;
            const bool first_place = segment_of_stop(segment) && offset == stopped_.offset;
            if (!read(segment, offset, block_bytes) ||
                ((first_place || !all_zero(bytes_)) && !take_block(segment, offset, first_place, step))) {
                // A part of a compressed segment, or of a device, that cannot be read: on behind it.
                step = compressed_part_bytes - offset % compressed_part_bytes;
            }
            offset += step;
        }
    }
    [[nodiscard]] bool segment_of_stop(std::size_t segment) const {
        return source_.segment_name(segment) == stopped_.segment;
    }

    // step: how far to go on. False: the device failed.
    bool take_block(std::size_t segment, std::uint64_t offset, bool first_place, std::uint64_t& step) {
        const SegmentId id = source_.segment_id(segment);
        FrameHeader header;
        const FrameFault head_fault = check_frame_header(bytes_, id, header);
        if (head_fault != FrameFault::none) {
            if (first_place) {
                if (!read(segment, offset, frame_bytes_max)) {
                    return false;
                }
                headless(segment, offset, head_fault);
            }
            return true;
        }
        if (!read(segment, offset, std::min(frame_disk_bytes(header, block_bytes), frame_bytes_max))) {
            return false;
        }
        FrameCheck check;
        if (stretch_) {
            check = checker_.check(bytes_, id, chain_);
            if (check.fault != FrameFault::none) {
                close_stretch();
            }
        }
        if (!stretch_) {
            chain_ = {};
            chain_.anchor = true;
            check = checker_.check(bytes_, id, chain_);
            if (check.fault == FrameFault::none) {
                stretch_ =
                    Stretch{place_text(segment, offset), header.frame_number, 0, header.first_sequence, 0};
            }
        }
        if (check.fault == FrameFault::none) {
            extend(header);
            step = check.disk_bytes;
        } else {
            broken_frame(segment, offset, check);
        }
        return true;
    }

    void extend(const FrameHeader& header) {
        stretch_->last_frame = header.frame_number;
        if (header.record_count > 0) {
            stretch_->last = header.first_sequence + header.record_count - 1;
        }
    }

    void close_stretch() {
        if (!stretch_) {
            return;
        }
        const Stretch& at = *stretch_;
        const std::string frames =
            at.first_frame == at.last_frame
                ? "frame " + std::to_string(at.first_frame)
                : "frames " + std::to_string(at.first_frame) + " to " + std::to_string(at.last_frame);
        tell(result_.whole, at.last == 0
                                ? frames + " from " + at.place + ": a seal, without records"
                                : range(at.first, at.last) + ", " + frames + " from " + at.place +
                                      ": whole and chained to each other; not joined to what stands before");
        stretch_.reset();
    }

    // The frame's header is sound and its content is not: which records are.
    void broken_frame(std::size_t segment, std::uint64_t offset, const FrameCheck& check) {
        const FrameHeader& header = check.header;
        const std::size_t end = std::min(bytes_.size(), sizeof header + header.payload_bytes);
        const std::string frame =
            place_text(segment, offset) + ", frame " + std::to_string(header.frame_number);
        const bool any = walk(sizeof header, end, header.first_sequence, frame, true);
        if (!any) {
            std::string rule = describe(check.fault);
            if (check.fault == FrameFault::record) {
                rule += std::string(" (") + describe(check.record_fault) + ")";
            }
            tell(result_.damaged, frame + ": " + rule);
        }
    }

    // Without a sound header only the records' own checksums tell where they are.
    void headless(std::size_t segment, std::uint64_t offset, FrameFault fault) {
        const std::string frame = place_text(segment, offset) + ", frame " + std::to_string(stopped_.frame);
        tell(result_.damaged, frame + ", from record " + std::to_string(stopped_.sequence + 1) +
                                  " on: " + (all_zero(bytes_) ? "no frame, all is zero" : describe(fault)));
        if (bytes_.size() > sizeof(FrameHeader)) {
            static_cast<void>(walk(sizeof(FrameHeader), bytes_.size(), stopped_.sequence + 1, frame, false));
        }
    }

    // Records of one frame from byte `at` on. True: one of them was told to be damaged.
    bool walk(std::size_t at, std::size_t end, risk::Sequence expected, const std::string& frame,
              bool bounded) {
        const Bytes all(bytes_);
        bool damaged = false;
        risk::Sequence whole_from = 0;
        const auto close_whole = [&] {
            if (whole_from != 0 && whole_from < expected) {
                tell(result_.whole, range(whole_from, expected - 1) + ", in " + frame +
                                        ": whole by their own checksums, in a frame that is not");
            }
            whole_from = 0;
        };
        while (at < end) {
            RecordView view;
            const RecordFault fault = parse_record(all.first(end).subspan(at), view);
            if (fault == RecordFault::none) {
                if (view.header.sequence != expected) {
                    close_whole();
                    expected = view.header.sequence;
                }
                whole_from = whole_from == 0 ? expected : whole_from;
                ++expected;
                at += view.header.length;
                continue;
            }
            close_whole();
            if (!bounded) {
                break;
            }
            tell(result_.damaged, frame + ", record " + std::to_string(expected) + " at byte " +
                                      std::to_string(at) + ": " + describe(fault));
            damaged = true;
            ++expected;
            at += record_alignment;
            while (at < end && parse_record(all.first(end).subspan(at), view) != RecordFault::none) {
                at += record_alignment;
            }
        }
        close_whole();
        return damaged;
    }

    SegmentDirectory& source_;
    const ReadPlace& stopped_;
    DamageSurvey result_;
    std::vector<std::byte> bytes_;
    FrameChecker checker_;
    FrameChain chain_;
    std::optional<Stretch> stretch_;
};

}  // namespace

DamageSurvey survey_damage(const JournalPlace& place, const ReadPlace& stopped) {
    SegmentDirectory source;
    if (std::string error = source.open(place); !error.empty()) {
        return {{std::move(error)}, {}};
    }
    return Survey(source, stopped).run();
}

}  // namespace fairlead::audit
