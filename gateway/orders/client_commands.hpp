// Client commands: a client's FIX message (D, G, F, H, q), already accepted by the session rules, made
// into a Record; or refused by a BusinessMessageReject when it has no meaning here at all. Pure: the
// same message gives the same answer, so a refusal is encoded again from the bytes kept in the Journal.
// Not the check list: what can be said as a Record is said as one, and the Ledger refuses it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <new>
#include <type_traits>

#include "risk/record.hpp"

namespace fairlead::fix {
class Message;
}

namespace fairlead::gateway {

// FIX BusinessRejectReason (380) as used here.
enum class BusinessReason : std::uint8_t {
    other = 0,
    unknown_id = 1,
    unknown_security = 2,
    unsupported_message_type = 3,
    application_not_available = 4,
    required_field_missing = 5,  // conditionally required
    not_authorised = 6,
    throttle = 8,
};

// A BusinessMessageReject (j) in full.
struct BusinessReject {
    std::uint64_t reference_number = 0;  // RefSeqNum (45)
    std::uint32_t tag = 0;               // the field to blame, 0 = none; named in the text
    BusinessReason reason = BusinessReason::other;
    risk::Text<4> reference_type;      // RefMsgType (372)
    risk::ClientOrderId reference_id;  // BusinessRejectRefID (379), empty = absent
    risk::Text<192> text;              // Text (58): field, value, rule
};

// Who sent the message, and when it arrived.
struct ClientContext {
    std::uint32_t session = 0;
    risk::UserName user;
    std::array<std::uint8_t, 16> address{};  // as in risk::Person
    risk::Arrival arrival;
};

// Room for one command of any kind, reused from message to message.
class CommandStorage {
  public:
    template <class Command>
    [[nodiscard]] Command& make() noexcept {
        static_assert(risk::is_plain<Command> && sizeof(Command) <= sizeof(bytes_));
        return *::new (static_cast<void*>(bytes_)) Command{};
    }

  private:
    static constexpr std::size_t room = sizeof(risk::ReplaceOrder);
    static_assert(room >= sizeof(risk::NewOrder) && room >= sizeof(risk::CancelOrder) &&
                  room >= sizeof(risk::OrderStatusRequest) && room >= sizeof(risk::MassCancel));
    alignas(8) std::byte bytes_[room]{};
};

// What a message became. `record` points into the storage: kind, session, facts and person are filled,
// but not sequence and times (the Sequencer's) nor person.investor (the Ledger knows it by account).
// A Replace, Cancel, Status or MassCancel may come without account: person.account is then empty, and
// the caller takes it from the order.
struct ClientCommand {
    risk::Record* record = nullptr;         // null: refused, see the BusinessReject
    risk::Venue venue = risk::Venue::none;  // SecurityExchange (207) as given; none = not given

    [[nodiscard]] explicit operator bool() const noexcept { return record != nullptr; }
    template <class Command>
    [[nodiscard]] Command& as() const noexcept {
        return *reinterpret_cast<Command*>(record);
    }
};

// The message's type must be one of D, G, F, H, q; another is refused as unsupported. `refusal` is
// written only when the answer is a refusal.
[[nodiscard]] ClientCommand translate(const fix::Message& message, const ClientContext& context,
                                      CommandStorage& storage, BusinessReject& refusal) noexcept;

// SecurityExchange against the venue the security is listed at (the caller asks the Ledger; none = it
// does not know the security, which the Ledger refuses itself). True: they disagree, and `refusal`
// says so (unknown security).
[[nodiscard]] bool refuse_other_venue(const fix::Message& message, const ClientCommand& command,
                                      risk::Venue listed_at, BusinessReject& refusal) noexcept;

}  // namespace fairlead::gateway
