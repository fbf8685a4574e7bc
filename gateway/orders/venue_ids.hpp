// VenueIds: which ClOrdID a command of ours has at the venues, and which command a ClOrdID there is. It is
// the Record's sequence, until the journal loses its end: sequences then come again, ClOrdIDs must not, so
// from there on each is shifted further up. Rebuilt from the Incident Records at start. Order thread only.
#pragma once

#include <cstdint>
#include <vector>

#include "risk/assert.hpp"
#include "risk/record_operation.hpp"

namespace fairlead::gateway {

class VenueIds {
  public:
    // More than a front can hold that is lost, so that no ClOrdID comes twice. Twelve digits have room for
    // ten thousand losses.
    static constexpr std::uint64_t shift_step = 100'000'000;

    [[nodiscard]] std::uint64_t shift() const noexcept { return spans_.back().shift; }
    [[nodiscard]] std::uint64_t next_shift() const noexcept { return shift() + shift_step; }

    // An Incident journal_end_lost: commands behind it have ClOrdIDs shifted by what it says. May allocate:
    // only at start.
    void note(const risk::Incident& incident) {
        risk::require(incident.facts.identifier_shift >= shift(), "ClOrdIDs only go up");
        spans_.push_back({incident.record.sequence, incident.facts.identifier_shift});
    }

    [[nodiscard]] std::uint64_t id_of(risk::Sequence command) const noexcept {
        for (std::size_t i = spans_.size(); i-- > 1;) {
            if (command > spans_[i].after) {
                return command + spans_[i].shift;
            }
        }
        return command;
    }

    // 0: no command of this journal has had it.
    [[nodiscard]] risk::Sequence command_of(std::uint64_t id) const noexcept {
        risk::Sequence last = UINT64_MAX;
        for (std::size_t i = spans_.size(); i-- > 0;) {
            const Span& span = spans_[i];
            if (id > span.shift && id - span.shift > span.after && id - span.shift <= last) {
                return id - span.shift;
            }
            last = span.after;
        }
        return 0;
    }

  private:
    struct Span {
        risk::Sequence after = 0;  // commands with a higher sequence, up to the next span's
        std::uint64_t shift = 0;
    };
    std::vector<Span> spans_{1};
};

}  // namespace fairlead::gateway
