// What the desk shows, as JSON by gateway/desk/openapi.json. Functions of a DeskState that is held under the
// follower's lock, but for the investors' page, which is made from a Picture that nobody moves. They decide
// nothing but what a role may not see: account numbers are masked for who asks for it.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "audit/examine/words.hpp"
#include "gateway/desk/desk_state.hpp"

namespace fairlead::desk {

using Json = nlohmann::json;

// What is known of the gateway beside its Records.
struct Surroundings {
    risk::UtcNs now = 0;
    std::string gateway = "unknown";  // running, silent, stopped, unknown
    risk::UtcNs since = 0;
    risk::Sequence published = 0;
    risk::Sequence synced = 0;
    double records_per_second = 0;
    bool ready = false;  // read up to the end
    std::string error;   // why following stopped
    bool has_checkpoint = false;
    risk::Sequence checkpoint_size = 0;
    risk::UtcNs checkpoint_at = 0;
    std::string checkpoint_root;
    std::map<std::uint32_t, std::uint32_t> waiting;  // by line, of the statistics page
};

struct InvestorSummary {
    risk::InvestorId id;
    InvestorState state = InvestorState::ok;
    std::uint16_t permille = permille_none;
    std::array<risk::Amount, shown_dimensions.size()> used{};
    std::array<risk::LimitInForce, shown_dimensions.size()> limits{};
    std::uint32_t open = 0;
    std::uint32_t orders = 0;
    std::uint32_t refused = 0;
    std::uint32_t in_doubt = 0;
};

// One moment, for any number of readers. Never changed once it is handed over.
struct Picture {
    risk::UtcNs at = 0;
    risk::Sequence sequence = 0;
    std::vector<InvestorSummary> investors;
    std::string overview;  // JSON
    bool ready = false;
    std::string error;
};

// Of one question. `own` is the name of who asks.
struct Asked {
    audit::Masking masking = audit::Masking::revealed;
    std::string own;
    risk::UtcNs now = 0;
};

struct InvestorQuery {
    std::string search;
    std::string sort = "id";
    std::string state;
    std::size_t offset = 0;
    std::size_t limit = 100;
};
struct OrderQuery {
    std::string search;
    std::string investor;
    std::string status;
    std::size_t offset = 0;
    std::size_t limit = 100;
};
struct LimitQuery {
    risk::Scope scope = risk::Scope::none;
    std::string key;
    risk::Dimension dimension = risk::Dimension::none;
    std::size_t offset = 0;
    std::size_t limit = 100;
};

[[nodiscard]] std::shared_ptr<const Picture> make_picture(const DeskState& state, const Surroundings& around);

[[nodiscard]] Json overview(const DeskState& state, const Surroundings& around,
                            const std::vector<InvestorSummary>& investors);
[[nodiscard]] Json investor_page(const Picture& picture, const InvestorQuery& query);
// Null: there is no such investor on this day.
[[nodiscard]] Json investor_detail(const DeskState& state, const std::string& id, const Asked& asked);
[[nodiscard]] Json order_page(const DeskState& state, const OrderQuery& query, const Asked& asked);
// Null: it is none of those that are kept.
[[nodiscard]] Json order_detail(const DeskState& state, risk::Sequence key, const Asked& asked);
[[nodiscard]] Json session_page(const DeskState& state, const Asked& asked);
[[nodiscard]] Json limit_page(const DeskState& state, const LimitQuery& query, const Asked& asked);
[[nodiscard]] Json proposal_page(const DeskState& state, bool all, std::size_t offset, std::size_t limit,
                                 const Asked& asked);
[[nodiscard]] Json halt_page(const DeskState& state, const Asked& asked);

// Branch, investor or account as the control socket's `target` has it; nothing for the firm.
[[nodiscard]] std::string target_text(risk::Scope scope, const risk::InvestorId& investor,
                                      const risk::AccountKey& account, audit::Masking masking);
[[nodiscard]] std::string_view state_name(InvestorState state) noexcept;
// The Ledger's row of a Limit's target; nothing when it is none of this day's.
struct Target {
    bool found = false;
    std::uint32_t row = 0;
};
[[nodiscard]] Target find_target(const risk::Ledger& ledger, risk::Scope scope, const std::string& key);
// What is used of this Limit now; false: no single figure belongs to it.
[[nodiscard]] bool usage_of(const risk::Ledger& ledger, risk::Scope scope, std::uint32_t row,
                            risk::Dimension dimension, std::uint32_t security, risk::Amount& used);

}  // namespace fairlead::desk
