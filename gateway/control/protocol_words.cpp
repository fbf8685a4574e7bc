// The words of the control socket, and what the verbs they stand for need. See protocol.hpp.
#include "gateway/control/protocol_words.hpp"

#include "gateway/control/protocol.hpp"

namespace fairlead::gateway {
namespace {

using risk::ControlVerb;
using risk::Dimension;
using risk::Scope;

template <class T>
struct Name {
    T value;
    std::string_view name;
};

constexpr Name<ControlVerb> verbs[] = {
    {ControlVerb::status, "status"},
    {ControlVerb::limit_show, "limit_show"},
    {ControlVerb::limit_set, "limit_set"},
    {ControlVerb::halt, "halt"},
    {ControlVerb::resume, "resume"},
    {ControlVerb::session_list, "session_list"},
    {ControlVerb::session_disconnect, "session_disconnect"},
    {ControlVerb::order_show, "order_show"},
    {ControlVerb::stop, "stop"},
    {ControlVerb::day_close, "day_close"},
    {ControlVerb::resolve, "resolve"},
    {ControlVerb::journal_resume, "journal_resume"},
    {ControlVerb::password_change, "password_change"},
    {ControlVerb::user_list, "user_list"},
    {ControlVerb::user_disable, "user_disable"},
    {ControlVerb::user_enable, "user_enable"},
    {ControlVerb::user_unlock, "user_unlock"},
    {ControlVerb::user_reset, "user_reset"},
    {ControlVerb::fill_adjust, "fill_adjust"},
    {ControlVerb::login, "login"},
    {ControlVerb::logout, "logout"},
    {ControlVerb::propose, "propose"},
    {ControlVerb::approve, "approve"},
    {ControlVerb::reject, "reject"},
    {ControlVerb::withdraw, "withdraw"},
    {ControlVerb::proposal_list, "proposal_list"},
    {ControlVerb::user_add, "user_add"},
    {ControlVerb::user_set_role, "user_set_role"},
    {ControlVerb::totp_enrol, "totp_enrol"},
    {ControlVerb::totp_confirm, "totp_confirm"},
    {ControlVerb::totp_remove, "totp_remove"},
    {ControlVerb::review_list, "review_list"},
    {ControlVerb::review_decide, "review_decide"},
    {ControlVerb::visit_list, "visit_list"},
    {ControlVerb::visit_open, "visit_open"},
    {ControlVerb::visit_close, "visit_close"},
    {ControlVerb::visit_sign, "visit_sign"},
    {ControlVerb::reload, "reload"},
};
constexpr Name<Scope> scopes[] = {
    {Scope::firm, "firm"},       {Scope::branch, "branch"}, {Scope::investor, "investor"},
    {Scope::account, "account"}, {Scope::venue, "venue"},   {Scope::symbol, "symbol"},
    {Scope::session, "session"},
};
constexpr Name<Dimension> dimensions[] = {
    {Dimension::buy, "buy"},
    {Dimension::sell, "sell"},
    {Dimension::gross_day, "gross_day"},
    {Dimension::net, "net"},
    {Dimension::offset, "offset"},
    {Dimension::symbol_long, "symbol_long"},
    {Dimension::symbol_short, "symbol_short"},
    {Dimension::order_value, "order_value"},
    {Dimension::reported, "reported"},
    {Dimension::sellable, "sellable"},
    {Dimension::message_rate, "message_rate"},
};
constexpr Name<risk::Resolution> resolutions[] = {
    {risk::Resolution::never_sent, "never_sent"},
    {risk::Resolution::venue_does_not_know, "venue_does_not_know"},
    {risk::Resolution::venue_knows, "venue_knows"},
    {risk::Resolution::by_operator, "by_operator"},
};

template <class T, std::size_t N>
std::string_view name_of(const Name<T> (&names)[N], T value) {
    for (const Name<T>& name : names) {
        if (name.value == value) {
            return name.name;
        }
    }
    return "none";
}
template <class T, std::size_t N>
T value_of(const Name<T> (&names)[N], std::string_view text) {
    for (const Name<T>& name : names) {
        if (name.name == text) {
            return name.value;
        }
    }
    return T{};
}

}  // namespace

std::string_view verb_name(ControlVerb verb) noexcept {
    return name_of(verbs, verb);
}
ControlVerb parse_verb(std::string_view text) noexcept {
    return value_of(verbs, text);
}
std::string_view scope_name(Scope scope) noexcept {
    return name_of(scopes, scope);
}
Scope parse_scope(std::string_view text) noexcept {
    return value_of(scopes, text);
}
std::string_view dimension_name(Dimension dimension) noexcept {
    return name_of(dimensions, dimension);
}
Dimension parse_dimension(std::string_view text) noexcept {
    return value_of(dimensions, text);
}

bool in_ntd(Dimension dimension) noexcept {
    return dimension != Dimension::symbol_long && dimension != Dimension::symbol_short &&
           dimension != Dimension::sellable && dimension != Dimension::message_rate;
}

bool is_act(ControlVerb verb) noexcept {
    switch (verb) {
        case ControlVerb::limit_set:
        case ControlVerb::halt:
        case ControlVerb::resume:
        case ControlVerb::session_disconnect:
        case ControlVerb::stop:
        case ControlVerb::day_close:
        case ControlVerb::resolve:
        case ControlVerb::journal_resume:
        case ControlVerb::user_disable:
        case ControlVerb::user_enable:
        case ControlVerb::user_unlock:
        case ControlVerb::user_reset:
        case ControlVerb::fill_adjust:
        case ControlVerb::propose:
        case ControlVerb::approve:
        case ControlVerb::reject:
        case ControlVerb::withdraw:
        case ControlVerb::user_add:
        case ControlVerb::user_set_role:
        case ControlVerb::totp_remove:
        case ControlVerb::review_decide:
        case ControlVerb::visit_open:
        case ControlVerb::visit_close:
        case ControlVerb::visit_sign:
        case ControlVerb::reload:
            return true;
        default:
            return false;
    }
}

risk::Resolution parse_resolution(std::string_view text) noexcept {
    return value_of(resolutions, text);
}

}  // namespace fairlead::gateway
