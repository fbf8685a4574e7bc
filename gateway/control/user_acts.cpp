// What staff does about users: accounts, roles, second factors, visits, reviews. Each act is stored before it
// counts. See user_store.hpp.
#include <sodium.h>

#include "gateway/control/totp.hpp"
#include "gateway/control/user_entry.hpp"

namespace fairlead::gateway {
namespace {

constexpr std::int64_t hour_ns = 3'600'000'000'000;

}  // namespace

std::string UserStore::disable(const risk::UserName& name) {
    return edit(name, [](Entry& entry) -> std::string {
        if (entry.state.disabled) {
            return "the user is disabled already";
        }
        entry.state.disabled = true;
        return {};
    });
}

std::string UserStore::enable(const risk::UserName& name) {
    return edit(name, [this](Entry& entry) -> std::string {
        const risk::UtcNs now = options_.utc_ns();
        if (entry.user.disabled) {
            return "the user is disabled in the users file, which only the broker changes";
        }
        if (entry.user.expires_ns != 0 && now >= entry.user.expires_ns) {
            return "the account has ended; a new end stands in the users file";
        }
        entry.state.disabled = false;
        entry.state.used_ns = now;
        return {};
    });
}

std::string UserStore::unlock(const risk::UserName& name) {
    Entry entry;
    if (!find(name, entry)) {
        return "the user is not known";
    }
    return locks_.unlock(name, options_.monotonic_ns()) ? "" : "the user is not locked";
}

std::string UserStore::reset(const risk::UserName& name, std::string_view initial_password) {
    return edit(name, [&](Entry& entry) -> std::string {
        entry.state.history.insert(entry.state.history.begin(), entry.hash());
        entry.remember(options_.policy.history);
        return set_initial(entry, initial_password);
    });
}

std::string UserStore::add(const risk::UserName& name, config::Role role, std::string_view initial_password) {
    const std::lock_guard one_change(change_mutex_);
    Entry entry;
    if (find(name, entry)) {
        return "target: there is, or was, a user of this name";
    }
    if (role == config::Role::client || role == config::Role::none) {
        return "role: a client's user stands in the users file, as its session does in the configuration";
    }
    entry.user.name = entry.state.name = name;
    entry.user.role = role;
    entry.created_ns = entry.state.used_ns = options_.utc_ns();
    entry.role_set = true;
    std::string problem = set_initial(entry, initial_password);
    return problem.empty() ? commit(name, entry) : problem;
}

std::string UserStore::set_role(const risk::UserName& name, config::Role role) {
    return edit(name, [role](Entry& entry) -> std::string {
        const bool client = role == config::Role::client || entry.user.role == config::Role::client;
        if (client || role == config::Role::none) {
            return "role: a client's user is none of the staff, and staff is none of the clients";
        }
        if (entry.user.role == role) {
            return "role: the user has it already";
        }
        entry.user.role = role;
        entry.role_set = true;
        ++entry.version;  // lasting logons of the role before end here
        return {};
    });
}

std::string UserStore::totp_enrol(const risk::UserName& name, std::string& secret_base32) {
    return edit(name, [&](Entry& entry) -> std::string {
        if (entry.totp_confirmed) {
            return "there is a second factor already: two persons may remove it";
        }
        entry.totp_secret.resize(totp_secret_bytes);
        randombytes_buf(entry.totp_secret.data(), entry.totp_secret.size());
        entry.totp_step = 0;
        secret_base32 = base32(entry.totp_secret);
        return {};
    });
}

std::string UserStore::totp_confirm(const risk::UserName& name, std::string_view code) {
    return edit(name, [&](Entry& entry) -> std::string {
        if (entry.totp_secret.empty() || entry.totp_confirmed) {
            return "there is no second factor that waits to be confirmed";
        }
        const std::int64_t step = totp_step_of(entry.totp_secret, code, options_.utc_ns(), entry.totp_step);
        if (step < 0) {
            return "totp: is not the code that the second factor shows now";
        }
        entry.totp_step = step;
        entry.totp_confirmed = true;
        return {};
    });
}

std::string UserStore::totp_remove(const risk::UserName& name) {
    return edit(name, [](Entry& entry) -> std::string {
        if (entry.totp_secret.empty()) {
            return "the user has no second factor";
        }
        entry.totp_secret.clear();
        entry.totp_confirmed = false;
        ++entry.version;
        return {};
    });
}

// --- visits and reviews

std::string UserStore::visit(const risk::UserName& vendor, const StaffAct& act) {
    const std::lock_guard one_change(change_mutex_);
    const risk::UtcNs now = options_.utc_ns();
    Entry entry;
    if (!find(vendor, entry) || entry.user.role != config::Role::vendor) {
        return "target: must be a user whose role is vendor";
    }
    std::vector<VisitView> visits;
    {
        const std::lock_guard lock(mutex_);
        visits = visits_;
    }
    VisitView changed;
    const auto of_vendor = [&](auto&& wanted) {
        const auto found = std::find_if(visits.begin(), visits.end(), [&](const VisitView& visit) {
            return visit.vendor == vendor && wanted(visit);
        });
        changed = found == visits.end() ? VisitView{} : *found;
        return found != visits.end();
    };
    const bool open = of_vendor([now](const VisitView& visit) { return !is_over(visit, now); });
    switch (act.visit) {
        case risk::VisitAct::opened:
            if (open) {
                return "target: a visit of this vendor is open already";
            }
            if (act.until_ns > now + std::int64_t{options_.visit_hours} * hour_ns) {
                return "until: must be at most " + std::to_string(options_.visit_hours) +
                       " hours from now (control.visit_hours)";
            }
            changed = {};
            changed.vendor = vendor;
            changed.opened_by = act.by;
            changed.approved_by = act.approver;
            changed.ticket = act.ticket;
            changed.purpose = act.reason;
            changed.opened_ns = now;
            changed.until_ns = act.until_ns;
            break;
        case risk::VisitAct::closed:
            if (!open) {
                return "target: no visit of this vendor is open";
            }
            changed.closed_by = act.by;
            changed.closed_ns = now;
            break;
        case risk::VisitAct::signed_off:
        case risk::VisitAct::none:
            if (!of_vendor(
                    [now](const VisitView& visit) { return is_over(visit, now) && visit.signed_ns == 0; })) {
                return "target: no visit of this vendor is over and not signed off";
            }
            if (changed.opened_by == act.by) {
                return "user: must be another person than who has opened the visit";
            }
            changed.signed_by = act.by;
            changed.signed_ns = now;
            changed.finding = act.reason;
            break;
    }
    if (options_.database.empty()) {
        return "this gateway keeps no users' state";
    }
    const bool is_new = changed.number == 0;
    if (const std::string problem = database_->store(changed); !problem.empty()) {
        return "the change could not be stored: " + problem;
    }
    const std::lock_guard lock(mutex_);
    if (is_new) {
        visits_.push_back(changed);
    } else {
        std::replace_if(
            visits_.begin(), visits_.end(),
            [&](const VisitView& visit) { return visit.number == changed.number; }, changed);
    }
    return {};
}

std::string UserStore::review(const risk::UserName& name, const StaffAct& act) {
    return edit(name, [&](Entry& entry) -> std::string {
        entry.reviewed_half_year = act.half_year;
        entry.review = act.decision;
        entry.reviewed_by = act.by;
        entry.reviewed_ns = options_.utc_ns();
        entry.state.disabled = entry.state.disabled || act.decision == risk::ReviewDecision::removed;
        return {};
    });
}

}  // namespace fairlead::gateway
