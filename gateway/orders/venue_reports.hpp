// Venue reports: a venue line's message (8, 9, 3, j) made into a VenueReport or VenueReject Record.
// Two steps, since only the caller knows which order a ClOrdID or a message number belongs to:
// `reference_of` says what to look up, `read_venue_message` does the rest. Decides nothing. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <new>

#include "risk/record.hpp"

namespace fairlead::fix {
class Message;
}

namespace fairlead::gateway {

// What a venue message points to.
struct VenueReference {
    std::uint64_t client_order_id = 0;  // the number of its ClOrdID (8 and 9), 0 = none of our form
    risk::OrderNumber order_number;     // 37, 8 only
    std::uint64_t message_number = 0;   // RefSeqNum (45) of our message on this line (3 and j)
    risk::Symbol symbol;                // 8 only
    risk::SessionKind session_kind = risk::SessionKind::regular;  // by AP-CODE, when the message has it
    bool has_session_kind = false;
};
[[nodiscard]] VenueReference reference_of(const fix::Message& message) noexcept;

// What the caller found. order_key 0: none of our orders; then command is the number of the ClOrdID, and
// session_kind and lot are those of VenueReference and of the security named, so that the orphan's
// quantities are shares too.
struct VenueOrder {
    risk::Sequence command = 0;
    risk::Sequence order_key = 0;
    risk::Quantity lot = 1000;
    risk::SessionKind session_kind = risk::SessionKind::regular;
};

class VenueEventStorage {
  public:
    template <class Event>
    [[nodiscard]] Event& make() noexcept {
        static_assert(risk::is_plain<Event> && sizeof(Event) <= sizeof(bytes_));
        return *::new (static_cast<void*>(bytes_)) Event{};
    }

  private:
    alignas(8) std::byte bytes_[sizeof(risk::VenueReport)]{};
};

// Why a message could not be read. The line answers it with a Reject (3) and journals it; an order it
// may have been about keeps its state and its credit.
struct VenueMessageFault {
    std::uint32_t tag = 0;           // RefTagID (371)
    std::uint8_t reject_reason = 0;  // SessionRejectReason (373)
    risk::Text<160> text;            // field, value, rule
};

// `record` points into the storage: kind venue_report, orphan_report (order_key 0) or venue_reject, and
// facts; session is the line. Null: see the fault, which is written only then.
struct VenueEvent {
    risk::Record* record = nullptr;

    [[nodiscard]] explicit operator bool() const noexcept { return record != nullptr; }
    template <class Event>
    [[nodiscard]] Event& as() const noexcept {
        return *reinterpret_cast<Event*>(record);
    }
};
[[nodiscard]] VenueEvent read_venue_message(const fix::Message& message, std::uint32_t line,
                                            const risk::Arrival& arrival, const VenueOrder& order,
                                            VenueEventStorage& storage, VenueMessageFault& fault) noexcept;

}  // namespace fairlead::gateway
