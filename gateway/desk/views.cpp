// Overview, investors, sessions, halts and proposals; orders and limits stand in views_orders.cpp.
#include "gateway/desk/views.hpp"

#include <algorithm>

#include "audit/examine/teller.hpp"
#include "config/gateway_config.hpp"
#include "gateway/control/protocol.hpp"
#include "gateway/desk/http_parts.hpp"
#include "gateway/desk/view_parts.hpp"

namespace fairlead::desk {
namespace {

using audit::Language;
using risk::Scope;

constexpr std::size_t series_seconds = 300;
constexpr std::size_t incidents_shown = 50;
constexpr std::size_t logins_shown = 200;

InvestorState state_of(const InvestorFigures& figures) noexcept {
    return figures.halted ? InvestorState::halted : figures.slowed ? InvestorState::slow : figures.level;
}

Json roads(const risk::Ledger& ledger) {
    Json list = Json::array();
    for (const risk::Venue venue : {risk::Venue::twse, risk::Venue::tpex}) {
        const risk::ReasonText& why = risk::reason_text(ledger.road(venue));
        const bool open = why.reason == risk::Reason::none;
        list.push_back({{"venue", venue_name(venue)},
                        {"open", open},
                        {"reason", why.code},
                        {"text", open ? "" : why.english},
                        {"text_zh", open ? "" : why.chinese}});
    }
    return list;
}

Json rate(const DeskState& state, risk::UtcNs now) {
    const auto& counts = state.orders_per_second();
    Json series = Json::array();
    const std::int64_t last = now / second_ns;
    for (std::int64_t second = last - static_cast<std::int64_t>(series_seconds); second < last; ++second) {
        series.push_back({{"epoch_s", second},
                          {"orders", counts.in(second, 0) + counts.in(second, 1)},
                          {"refused", counts.in(second, 1)}});
    }
    return {{"orders_per_second", static_cast<double>(counts.in(last - 1, 0) + counts.in(last - 1, 1))},
            {"peak_per_second", static_cast<double>(state.day().peak_per_second)},
            {"series", std::move(series)}};
}

Json latency(const DeskState& state, risk::UtcNs now) {
    const WaitCounts waits = state.waits(now);
    return {{"window_s", 60},
            {"count", waits.count()},
            {"p50_ns", waits.at_permille(500)},
            {"p90_ns", waits.at_permille(900)},
            {"p99_ns", waits.at_permille(990)},
            {"p999_ns", waits.at_permille(999)},
            {"max_ns", waits.max_ns()}};
}

Json refusals(const DeskState& state, risk::UtcNs now) {
    Json list = Json::array();
    const auto& today = state.day().refused_by_reason;
    for (std::size_t i = 1; i < today.size(); ++i) {
        if (today[i] == 0) {
            continue;
        }
        const risk::ReasonText& why = risk::reason_text(static_cast<risk::Reason>(i));
        list.push_back({{"reason", why.code},
                        {"text", why.english},
                        {"text_zh", why.chinese},
                        {"today", today[i]},
                        {"last_minute", state.refusals().before(now, 60, i)}});
    }
    std::sort(list.begin(), list.end(), [](const Json& a, const Json& b) {
        return a["today"].get<std::uint64_t>() > b["today"].get<std::uint64_t>();
    });
    return list;
}

Json lines(const DeskState& state, const Surroundings& around) {
    Json list = Json::array();
    for (const auto& [id, session] : state.sessions()) {
        if (!session.venue_side) {
            continue;
        }
        const auto waiting = around.waiting.find(id);
        list.push_back(
            {{"line", id},
             {"venue", venue_name(session.venue)},
             {"up", session.up},
             {"since", time_or_null(session.since)},
             {"sent", session.sent},
             {"waiting", waiting == around.waiting.end() ? Json(nullptr) : Json(waiting->second)}});
    }
    return list;
}

Json fairness(const DeskState& state, risk::UtcNs now) {
    const RaceWatch::Found found = state.races(now);
    return {{"window_s", 60},
            {"commands", found.commands},
            {"races", found.races},
            {"inversions", found.inversions},
            {"worst_ns", found.worst_ns},
            {"worst_record", found.worst_record == 0 ? Json(nullptr) : Json(found.worst_record)},
            {"out_of_turn", found.out_of_turn}};
}

Json incidents(const DeskState& state) {
    constexpr std::string_view severities[] = {"info", "warning", "alarm"};
    Json list = Json::array();
    const LastOf<IncidentNote>& notes = state.incidents();
    for (std::uint64_t row = notes.end(); row-- > notes.begin() && list.size() < incidents_shown;) {
        const IncidentNote& note = notes.at(row);
        list.push_back({{"sequence", note.sequence},
                        {"at", audit::taipei_text(note.at)},
                        {"kind", note.kind},
                        {"severity", severities[static_cast<std::size_t>(note.severity)]},
                        {"text", note.text},
                        {"text_zh", note.text_zh}});
    }
    return list;
}

Json gateway_part(const DeskState& state, const Surroundings& around) {
    constexpr std::string_view levels[] = {"process", "disk", "replica", "replica"};
    const std::uint32_t date = state.ledger().day().date;
    const std::string digits = std::to_string(date);
    return {{"state", around.gateway},
            {"since", time_or_null(around.since)},
            {"trading_date", digits.size() == 8 ? Json(digits.substr(0, 4) + "-" + digits.substr(4, 2) + "-" +
                                                       digits.substr(6))
                                                : Json(nullptr)},
            {"day_open", state.ledger().road(risk::Venue::twse) != risk::Reason::day_not_started},
            {"level", levels[state.level()]},
            {"firm_halted", state.ledger().halted(Scope::firm, 0)},
            {"roads", roads(state.ledger())}};
}

// Sorting key of a page; equal keys keep the order of numbers.
std::int64_t key_of(const InvestorSummary& row, std::string_view by) {
    if (by == "permille") {
        return row.permille == permille_none ? -1 : row.permille;
    }
    if (by == "used") {
        return row.used[2];  // gross of the day
    }
    if (by == "open_orders") {
        return row.open;
    }
    if (by == "orders") {
        return row.orders;
    }
    if (by == "refused") {
        return row.refused;
    }
    return static_cast<std::int64_t>(row.state);
}

Json summary_row(const InvestorSummary& row) {
    Json usage = Json::array();
    for (std::size_t i = 0; i < shown_dimensions.size(); ++i) {
        usage.push_back(usage_row(shown_dimensions[i], row.used[i], row.limits[i]));
    }
    return {{"id", row.id.view()},
            {"state", state_name(row.state)},
            {"permille", permille_json(row.permille)},
            {"usage", std::move(usage)},
            {"open_orders", row.open},
            {"orders", row.orders},
            {"refused", row.refused},
            {"in_doubt", row.in_doubt}};
}

}  // namespace

std::string_view state_name(InvestorState state) noexcept {
    constexpr std::string_view names[] = {"ok", "warn50", "warn80", "warn95", "slow", "halted"};
    return names[static_cast<std::size_t>(state)];
}

Json overview(const DeskState& state, const Surroundings& around,
              const std::vector<InvestorSummary>& investors) {
    const risk::Counts counts = state.ledger().counts();
    Json by_state = {{"total", investors.size()},
                     {"ok", 0},
                     {"warn50", 0},
                     {"warn80", 0},
                     {"warn95", 0},
                     {"slow", 0},
                     {"halted", 0}};
    std::array<std::size_t, 6> states{};
    for (const InvestorSummary& row : investors) {
        ++states[static_cast<std::size_t>(row.state)];
    }
    for (std::size_t i = 0; i < states.size(); ++i) {
        by_state[std::string(state_name(static_cast<InvestorState>(i)))] = states[i];
    }
    std::size_t up = 0;
    std::size_t known = 0;
    for (const auto& [id, session] : state.sessions()) {
        known += session.venue_side ? 0 : 1;
        up += !session.venue_side && session.up ? 1 : 0;
    }
    const auto open_proposals =
        std::count_if(state.proposals().begin(), state.proposals().end(),
                      [](const auto& one) { return one.second.state == ProposalState::open; });
    const risk::Sequence followed = state.ledger().last_sequence();
    const std::uint64_t behind = around.published > followed ? around.published - followed : 0;
    Json checkpoint = nullptr;
    if (around.has_checkpoint) {
        checkpoint = {{"sequence", around.checkpoint_size},
                      {"at", audit::taipei_text(around.checkpoint_at)},
                      {"age_s", std::max<std::int64_t>(0, (around.now - around.checkpoint_at) / second_ns)},
                      {"tree_size", around.checkpoint_size},
                      {"root", around.checkpoint_root}};
    }
    return {{"at", audit::taipei_text(around.now)},
            {"sequence", followed},
            {"gateway", gateway_part(state, around)},
            {"orders",
             {{"accepted", state.day().accepted},
              {"refused", state.day().refused},
              {"commands", state.day().commands},
              {"open", counts.open},
              {"in_doubt", counts.in_doubt},
              {"executions", counts.executions}}},
            {"rate", rate(state, around.now)},
            {"latency", latency(state, around.now)},
            {"refusals", refusals(state, around.now)},
            {"lines", lines(state, around)},
            {"sessions", {{"up", up}, {"known", known}}},
            {"fairness", fairness(state, around.now)},
            {"journal",
             {{"published", around.published},
              {"synced", around.synced},
              {"behind", around.published > around.synced ? around.published - around.synced : 0},
              {"followed", followed},
              {"records_per_second", around.records_per_second}}},
            {"checkpoint", std::move(checkpoint)},
            {"incidents", incidents(state)},
            {"investors", std::move(by_state)},
            {"proposals_open", open_proposals},
            {"halts", state.halts().size()},
            {"desk",
             {{"ready", around.ready},
              {"behind", behind},
              {"error", around.error.empty() ? Json(nullptr) : Json(around.error)}}}};
}

std::shared_ptr<const Picture> make_picture(const DeskState& state, const Surroundings& around) {
    auto picture = std::make_shared<Picture>();
    picture->at = around.now;
    picture->sequence = state.ledger().last_sequence();
    picture->ready = around.ready;
    picture->error = around.error;
    const risk::Reference* reference = state.reference();
    const std::size_t rows =
        reference == nullptr ? 0 : std::min(reference->investors.size(), state.investors().size());
    picture->investors.reserve(rows);
    for (std::uint32_t row = 1; row < rows; ++row) {
        const InvestorFigures& figures = state.investors()[row];
        const risk::Exposure& exposure = state.ledger().exposure(Scope::investor, row);
        InvestorSummary& summary = picture->investors.emplace_back();
        summary.id = reference->investors[row].id;
        summary.state = state_of(figures);
        summary.permille = figures.permille;
        for (std::size_t i = 0; i < shown_dimensions.size(); ++i) {
            summary.used[i] = risk::usage(exposure, shown_dimensions[i]);
            summary.limits[i] = state.ledger().limit(Scope::investor, row, shown_dimensions[i]);
        }
        summary.open = figures.open;
        summary.orders = figures.orders;
        summary.refused = figures.refused;
        summary.in_doubt = figures.in_doubt;
    }
    picture->overview = json_text(overview(state, around, picture->investors));
    return picture;
}

Json investor_page(const Picture& picture, const InvestorQuery& query) {
    std::vector<const InvestorSummary*> found;
    for (const InvestorSummary& row : picture.investors) {
        const bool of_state = query.state.empty() || state_name(row.state) == query.state ||
                              (query.state == "warn" && row.state != InvestorState::ok);
        if (of_state &&
            (query.search.empty() || row.id.view().find(query.search) != std::string_view::npos)) {
            found.push_back(&row);
        }
    }
    const bool down = query.sort.starts_with('-');
    const std::string_view by = std::string_view(query.sort).substr(down ? 1 : 0);
    const auto before = [&](const InvestorSummary* a, const InvestorSummary* b) {
        if (by != "id") {
            const std::int64_t one = key_of(*a, by);
            const std::int64_t other = key_of(*b, by);
            if (one != other) {
                return down ? one > other : one < other;
            }
            return a->id < b->id;
        }
        return down ? b->id < a->id : a->id < b->id;
    };
    const std::size_t from = std::min(query.offset, found.size());
    const std::size_t to = std::min(from + query.limit, found.size());
    std::partial_sort(found.begin(), found.begin() + static_cast<std::ptrdiff_t>(to), found.end(), before);
    Json items = Json::array();
    for (std::size_t i = from; i < to; ++i) {
        items.push_back(summary_row(*found[i]));
    }
    return {{"at", audit::taipei_text(picture.at)},
            {"sequence", picture.sequence},
            {"total", found.size()},
            {"offset", query.offset},
            {"items", std::move(items)}};
}

Json session_page(const DeskState& state, const Asked& asked) {
    Json items = Json::array();
    for (const auto& [id, state_of] : state.sessions()) {
        const auto& session = state_of;  // a lambda cannot capture a structured binding
        const bool ended = session.cause != risk::LogoutCause::none;
        const auto words = [&](Language language) {
            return ended ? audit::name_of(session.cause, language)
                         : audit::name_of(session.verdict, language);
        };
        items.push_back({{"id", id},
                         {"side", session.venue_side ? "venue" : "client"},
                         {"venue", venue_name(session.venue)},
                         {"sender", session.sender},
                         {"target", session.target},
                         {"user", session.user.view()},
                         {"up", session.up},
                         {"since", time_or_null(session.since)},
                         {"address", address_text(session.address)},
                         {"next_in", session.next_in},
                         {"next_out", session.next_out},
                         {"logons", session.logons},
                         {"refused_logons", session.refused_logons},
                         {"last_event", words(Language::english)},
                         {"last_event_zh", words(Language::chinese)},
                         {"halted", !session.venue_side && state.reference() != nullptr &&
                                        state.ledger().halted(Scope::session, id)}});
    }
    Json logins = Json::array();
    for (std::uint64_t row = state.logins().end();
         row-- > state.logins().begin() && logins.size() < logins_shown;) {
        const LoginEvent& event = state.logins().at(row);
        const bool ended = event.cause != risk::LogoutCause::none;
        const auto words = [&](Language language) {
            return ended ? audit::name_of(event.cause, language) : audit::name_of(event.verdict, language);
        };
        logins.push_back({{"sequence", event.sequence},
                          {"at", audit::taipei_text(event.at)},
                          {"session", event.session},
                          {"user", event.user.view()},
                          {"address", address_text(event.address)},
                          {"event", words(Language::english)},
                          {"event_zh", words(Language::chinese)},
                          {"accepted", event.verdict == risk::LogonVerdict::accepted}});
    }
    return {{"at", audit::taipei_text(asked.now)},
            {"sequence", state.ledger().last_sequence()},
            {"items", std::move(items)},
            {"logins", std::move(logins)}};
}

Json proposal_page(const DeskState& state, bool all, std::size_t offset, std::size_t limit,
                   const Asked& asked) {
    std::map<risk::Sequence, std::size_t> batches;
    const auto batch_of = [](const auto& one) {
        const risk::Sequence given = one.second.proposal.facts.batch;
        return given != 0 ? given : one.first;
    };
    for (const auto& one : state.proposals()) {
        ++batches[batch_of(one)];
    }
    Json items = Json::array();
    std::size_t total = 0;
    for (auto at = state.proposals().rbegin(); at != state.proposals().rend(); ++at) {
        if ((!all && at->second.state != ProposalState::open) || total++ < offset || items.size() >= limit) {
            continue;
        }
        items.push_back(proposal_row(state, at->first, at->second, batches[batch_of(*at)], asked));
    }
    return {{"at", audit::taipei_text(asked.now)},
            {"sequence", state.ledger().last_sequence()},
            {"total", total},
            {"offset", offset},
            {"items", std::move(items)}};
}

Json halt_page(const DeskState& state, const Asked& asked) {
    Json items = Json::array();
    for (const HaltFigures& halt : state.halts()) {
        Json resume = nullptr;
        for (const auto& [sequence, proposal] : state.proposals()) {
            const risk::Proposal& asks = proposal.proposal;
            if (proposal.state == ProposalState::open && asks.facts.act == risk::ProposalAct::resume &&
                asks.facts.halt.scope == halt.facts.scope && asks.facts.halt.venue == halt.facts.venue &&
                asks.facts.halt.symbol == halt.facts.symbol &&
                asks.facts.halt.session == halt.facts.session && asks.subject.investor == halt.investor &&
                asks.subject.account == halt.account) {
                resume = sequence;
            }
        }
        const bool quiet =
            halt.unsent == 0 && halt.in_doubt == 0 && (halt.facts.cancel_open == 0 || halt.open == 0);
        const risk::UtcNs last_out = std::max({halt.last_new_out, halt.last_cancel_out, halt.at});
        items.push_back({{"sequence", halt.sequence},
                         {"at", audit::taipei_text(halt.at)},
                         {"scope", gateway::scope_name(halt.facts.scope)},
                         {"key", halt_target(halt.facts, halt.investor, halt.account, asked.masking)},
                         {"user", halt.user.view()},
                         {"reason", halt.reason.view()},
                         {"cancel_open", halt.facts.cancel_open != 0},
                         {"open_then", halt.open_then},
                         {"open_now", halt.open},
                         {"in_doubt_now", halt.in_doubt},
                         {"last_new_out", time_or_null(halt.last_new_out)},
                         {"last_cancel_out", time_or_null(halt.last_cancel_out)},
                         {"refused_since", halt.refused},
                         {"quiet", quiet},
                         {"quiet_after_ns", quiet ? Json(last_out - halt.at) : Json(nullptr)},
                         {"resume_proposal", std::move(resume)}});
    }
    return {{"at", audit::taipei_text(asked.now)},
            {"sequence", state.ledger().last_sequence()},
            {"items", std::move(items)}};
}

}  // namespace fairlead::desk
