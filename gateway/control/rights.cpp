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
    // risk_approver, examiner.
    std::array<Right, config::role_count> by_role;
};

constexpr Right no = Right::none;
constexpr Right one = Right::alone;
constexpr Right two = Right::with_approver;

// Stopping needs one person; what gives back (a resume, a resolution of the in-doubt) needs two. The
// approver approves and may stop, but sets nothing alone.
constexpr Row table[] = {
    //                                  none client support operator officer approver examiner
    {ControlVerb::status, /*         */ {no, no, one, one, one, one, one}},
    {ControlVerb::limit_show, /*     */ {no, no, one, no, one, one, one}},
    {ControlVerb::limit_set, /*      */ {no, no, no, no, one, no, no}},
    {ControlVerb::halt, /*           */ {no, no, no, one, one, one, no}},
    {ControlVerb::resume, /*         */ {no, no, no, no, two, no, no}},
    {ControlVerb::session_list, /*   */ {no, no, one, one, one, one, one}},
    {ControlVerb::session_disconnect, {no, no, no, one, no, no, no}},
    {ControlVerb::order_show, /*     */ {no, no, one, one, one, one, one}},
    {ControlVerb::stop, /*           */ {no, no, no, one, no, no, no}},
    {ControlVerb::day_close, /*      */ {no, no, no, one, no, no, no}},
    {ControlVerb::resolve, /*        */ {no, no, no, two, no, no, no}},
    {ControlVerb::journal_resume, /* */ {no, no, no, two, no, no, no}},
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
