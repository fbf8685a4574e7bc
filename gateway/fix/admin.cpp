// See session.hpp. This file: the bytes of the session's own messages.
#include "gateway/fix/session.hpp"
#include "gateway/fix/session_limits.hpp"

namespace fairlead::fix {

namespace {

// What a peer sent is given back only if it is plain and short.
bool plain(std::string_view value, std::size_t length_max) noexcept {
    for (const char character : value) {
        if (character < ' ' || character > '~') {
            return false;
        }
    }
    return !value.empty() && value.size() <= length_max;
}

void add_logon(Encoder& encoder, const Session& session, const Action& action) noexcept {
    encoder.add_unsigned(98, 0);
    encoder.add_unsigned(108, action.heartbeat_seconds);
    if (session.config().role == Role::initiator) {
        const LogonFields& fields = session.logon_fields();
        encoder.add_data(95, 96, fields.raw_data);
        encoder.add(553, fields.user);
        encoder.add(554, fields.password);
    }
    if (action.reset_flag) {
        encoder.add_boolean(141, true);
    }
    if (action.next_expected != 0) {
        encoder.add_unsigned(789, action.next_expected);
    }
}

void add_reject(Encoder& encoder, const Action& action) noexcept {
    encoder.add_unsigned(45, action.reference_number);
    if (action.reference_tag != no_tag) {
        encoder.add_signed(371, action.reference_tag);
    }
    if (action.message != nullptr && plain(action.message->type(), message_type_max)) {
        encoder.add(372, action.message->type());
    }
    encoder.add_signed(373, static_cast<std::int64_t>(action.reject_reason));
    encoder.add(58, action.text.view());
}

}  // namespace

void add_turned_routing(Encoder& encoder, const Message& message) noexcept {
    struct Turn {
        std::uint32_t from;
        std::uint32_t to;
    };
    constexpr Turn turns[] = {{115, 128}, {116, 129}, {144, 145}, {128, 115}, {129, 116}, {145, 144}};
    for (const Turn& turn : turns) {
        const std::string_view value = message.value(turn.from);
        if (plain(value, routing_value_max)) {
            encoder.add(turn.to, value);
        }
    }
}

std::size_t encode_admin(Encoder& encoder, std::span<char> out, const Session& session, const Action& action,
                         std::uint64_t number, Now now) noexcept {
    encoder.begin(out, session.header(), {&action.type, 1}, number, now.utc_ns);
    switch (action.type) {
        case 'A':
            add_logon(encoder, session, action);
            break;
        case '0':
        case '1':
            encoder.add(112, action.test_request_id);
            break;
        case '2':
            encoder.add_unsigned(7, action.begin);
            encoder.add_unsigned(16, action.end);
            break;
        case '3':
            if (action.message != nullptr) {
                add_turned_routing(encoder, *action.message);
            }
            add_reject(encoder, action);
            break;
        case '5':
            encoder.add(58, action.text.view());
            break;
        default:
            risk::require(false, "a session-level message of ours has a known type");
    }
    return encoder.finish();
}

std::size_t encode_gap_fill(Encoder& encoder, std::span<char> out, const HeaderTemplate& header,
                            std::uint64_t number, std::uint64_t new_number,
                            risk::UtcNs sending_time_ns) noexcept {
    encoder.begin(out, header, "4", number, sending_time_ns, {true, sending_time_ns});
    encoder.add_boolean(123, true);
    encoder.add_unsigned(36, new_number);
    return encoder.finish();
}

}  // namespace fairlead::fix
