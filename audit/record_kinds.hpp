// Which struct of risk/ each record kind is, and how its parts lie in the journal's sections: Facts in
// section 1, Person or Subject in section 2. Writers split with it, readers rebuild with it.
#pragma once

#include <cstddef>
#include <cstring>
#include <span>

#include "audit/format.hpp"
#include "risk/record_operation.hpp"

namespace fairlead::audit {

// Calls use.template operator()<T>() with the struct of the kind; kinds that have no facts of their
// own are risk::Record alone. False: no such kind.
template <class Use>
bool with_record_type(risk::RecordKind kind, Use&& use) {
    using enum risk::RecordKind;
    switch (kind) {
        case start:
            return use.template operator()<risk::Start>(), true;
        case capacity:
            return use.template operator()<risk::Capacity>(), true;
        case stop:
            return use.template operator()<risk::Stop>(), true;
        case clock:
            return use.template operator()<risk::Clock>(), true;
        case device_event:
            return use.template operator()<risk::DeviceEvent>(), true;
        case logon_attempt:
            return use.template operator()<risk::LogonAttempt>(), true;
        case logon_result:
            return use.template operator()<risk::LogonResult>(), true;
        case logout:
            return use.template operator()<risk::Logout>(), true;
        case sequence_reset:
            return use.template operator()<risk::SequenceReset>(), true;
        case session_received:
        case session_sent:
            return use.template operator()<risk::SessionMessage>(), true;
        case new_order:
            return use.template operator()<risk::NewOrder>(), true;
        case replace_order:
            return use.template operator()<risk::ReplaceOrder>(), true;
        case cancel_order:
            return use.template operator()<risk::CancelOrder>(), true;
        case order_status:
            return use.template operator()<risk::OrderStatusRequest>(), true;
        case mass_cancel:
            return use.template operator()<risk::MassCancel>(), true;
        case released:
            return use.template operator()<risk::Released>(), true;
        case wait_expired:
        case halted_unsent:
            return use.template operator()<risk::WaitExpired>(), true;
        case handed_to_socket:
            return use.template operator()<risk::HandedToSocket>(), true;
        case in_doubt:
            return use.template operator()<risk::InDoubt>(), true;
        case resolved:
            return use.template operator()<risk::Resolved>(), true;
        case venue_report:
        case orphan_report:
            return use.template operator()<risk::VenueReport>(), true;
        case fill_adjusted:
            return use.template operator()<risk::FillAdjusted>(), true;
        case venue_reject:
            return use.template operator()<risk::VenueReject>(), true;
        case venue_session:
            return use.template operator()<risk::VenueSession>(), true;
        case limit_set:
            return use.template operator()<risk::LimitSet>(), true;
        case halt:
            return use.template operator()<risk::Halt>(), true;
        case resume:
            return use.template operator()<risk::Resume>(), true;
        case user_event:
        case denied_request:
            return use.template operator()<risk::ControlEvent>(), true;
        case proposal:
            return use.template operator()<risk::Proposal>(), true;
        case approval:
            return use.template operator()<risk::Approval>(), true;
        case limit_term:
            return use.template operator()<risk::LimitTerm>(), true;
        case usage_level:
            return use.template operator()<risk::UsageLevel>(), true;
        case maintenance_visit:
            return use.template operator()<risk::Visit>(), true;
        case review:
            return use.template operator()<risk::Review>(), true;
        case incident:
            return use.template operator()<risk::Incident>(), true;
        case day_start:
            return use.template operator()<risk::DayStart>(), true;
        case genesis:
        case level_change:
        case key_change:
        case checkpoint_signed:
        case tick:
        case day_close:
            return use.template operator()<risk::Record>(), true;
        case none:
            return false;
    }
    return false;
}

// The header of a record struct, which is either its first member or the struct itself.
template <class T>
[[nodiscard]] const risk::Record& header_of(const T& record) noexcept {
    if constexpr (requires { record.record; }) {
        return record.record;
    } else {
        return record;
    }
}
template <class T>
[[nodiscard]] std::span<const std::byte> facts_of(const T& record) noexcept {
    if constexpr (requires { record.facts; }) {
        return std::as_bytes(std::span(&record.facts, 1));
    } else {
        return {};
    }
}
template <class T>
[[nodiscard]] std::span<const std::byte> person_of(const T& record) noexcept {
    if constexpr (requires { record.person; }) {
        return std::as_bytes(std::span(&record.person, 1));
    } else if constexpr (requires { record.subject; }) {
        return std::as_bytes(std::span(&record.subject, 1));
    } else {
        return {};
    }
}

// Room for any record struct.
struct RecordStorage {
    alignas(16) std::array<std::byte, 512> bytes{};
};

// Rebuilds the struct of a record read from the journal. Null: its facts or person have not the size
// this version of the structs has, which the format does not allow.
[[nodiscard]] const risk::Record* materialize(const RecordView& view, RecordStorage& storage) noexcept;

}  // namespace fairlead::audit
