// The rights table.
#include "gateway/control/rights.hpp"

#include <array>

namespace fairlead::gateway {
namespace {

using config::Role;
using risk::ControlVerb;

struct Row {
    ControlVerb verb;
    // In the order of config::Role: none, client, trader_support, operator, risk_officer,
    // risk_approver, examiner, vendor.
    std::array<Right, config::role_count> by_role;
};

constexpr Right no = Right::none;
constexpr Right one = Right::alone;
constexpr Right two = Right::with_approver;

// Stopping needs one person; what gives back (a resume, a resolution of the in-doubt, an account) needs two.
// The approver approves and may stop, but sets nothing alone. A vendor
// looks, and that only while a visit is open which two persons have opened (UserStore).
constexpr Row table[] = {
    //                                  none client support operator officer approver examiner vendor
    {ControlVerb::status, /*         */ {no, no, one, one, one, one, one, one}},
    {ControlVerb::limit_show, /*     */ {no, no, one, no, one, one, one, no}},
    {ControlVerb::limit_set, /*      */ {no, no, no, no, one, no, no, no}},
    {ControlVerb::halt, /*           */ {no, no, no, one, one, one, no, no}},
    {ControlVerb::resume, /*         */ {no, no, no, no, two, no, no, no}},
    {ControlVerb::session_list, /*   */ {no, no, one, one, one, one, one, one}},
    {ControlVerb::session_disconnect, {no, no, no, one, no, no, no, no}},
    {ControlVerb::order_show, /*     */ {no, no, one, one, one, one, one, no}},
    {ControlVerb::stop, /*           */ {no, no, no, one, no, no, no, no}},
    {ControlVerb::day_close, /*      */ {no, no, no, one, no, no, no, no}},
    {ControlVerb::resolve, /*        */ {no, no, no, two, no, no, no, no}},
    {ControlVerb::fill_adjust, /*    */ {no, no, no, no, two, no, no, no}},
    {ControlVerb::journal_resume, /* */ {no, no, no, two, no, no, no, no}},
    {ControlVerb::login, /*          */ {no, no, one, one, one, one, one, one}},
    {ControlVerb::password_change, /**/ {no, no, one, one, one, one, one, one}},
    {ControlVerb::user_list, /*      */ {no, no, no, one, one, one, one, no}},
    {ControlVerb::user_disable, /*   */ {no, no, no, one, one, one, no, no}},
    {ControlVerb::user_enable, /*    */ {no, no, no, two, no, no, no, no}},
    {ControlVerb::user_unlock, /*    */ {no, no, no, one, no, no, no, no}},
    {ControlVerb::user_reset, /*     */ {no, no, no, two, no, no, no, no}},
    {ControlVerb::logout, /*         */ {no, no, one, one, one, one, one, one}},
    {ControlVerb::propose, /*        */ {no, no, no, no, one, no, no, no}},
    {ControlVerb::approve, /*        */ {no, no, no, no, no, one, no, no}},
    {ControlVerb::reject, /*         */ {no, no, no, no, no, one, no, no}},
    {ControlVerb::withdraw, /*       */ {no, no, no, no, one, no, no, no}},
    {ControlVerb::proposal_list, /*  */ {no, no, one, no, one, one, one, no}},
    {ControlVerb::user_add, /*       */ {no, no, no, two, no, no, no, no}},
    {ControlVerb::user_set_role, /*  */ {no, no, no, two, no, no, no, no}},
    {ControlVerb::totp_enrol, /*     */ {no, no, one, one, one, one, one, one}},
    {ControlVerb::totp_confirm, /*   */ {no, no, one, one, one, one, one, one}},
    {ControlVerb::totp_remove, /*    */ {no, no, no, two, no, no, no, no}},
    {ControlVerb::review_list, /*    */ {no, no, no, one, no, one, one, no}},
    {ControlVerb::review_decide, /*  */ {no, no, no, no, no, one, no, no}},
    {ControlVerb::visit_list, /*     */ {no, no, no, one, one, one, one, no}},
    {ControlVerb::visit_open, /*     */ {no, no, no, two, no, no, no, no}},
    {ControlVerb::visit_close, /*    */ {no, no, no, one, no, one, no, no}},
    {ControlVerb::visit_sign, /*     */ {no, no, no, no, no, one, no, no}},
    {ControlVerb::reload, /*         */ {no, no, no, one, no, no, no, no}},
};

}  // namespace

Right right_of(config::Role role, risk::ControlVerb verb) noexcept {
    for (const Row& row : table) {
        if (row.verb == verb) {
            return row.by_role[static_cast<std::size_t>(role)];
        }
    }
    return Right::none;
}

bool may_approve(config::Role role) noexcept {
    return role == Role::risk_approver;
}

}  // namespace fairlead::gateway
