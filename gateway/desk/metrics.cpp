// The gateway's and the desk's figures in Prometheus text format.
#include <cinttypes>
#include <cstdio>

#include "gateway/desk/router.hpp"

namespace fairlead::desk {
namespace {

class MetricsText {
  public:
    void add(const char* name, const char* type, const char* help, double value) {
        head(name, type, help);
        row(name, "", value);
    }
    void head(const char* name, const char* type, const char* help) {
        text += std::string("# HELP ") + name + " " + help + "\n# TYPE " + name + " " + type + "\n";
    }
    void row(const char* name, const std::string& labels, double value) {
        char number[40];
        std::snprintf(number, sizeof number, "%.17g", value);
        text += name + labels + " " + number + "\n";
    }
    std::string text;
};

double number(std::uint64_t value) {
    return static_cast<double>(value);
}

void add_gateway(const Follower& follower, const Surroundings& around, MetricsText& out) {
    const Follower::Gauges gauges = follower.gauges();
    out.add("fairlead_gateway_up", "gauge", "Whether the gateway's statistics page moves.",
            around.gateway == "running" ? 1 : 0);
    if (!gauges.known) {
        return;
    }
    out.add("fairlead_gateway_passes_total", "counter", "Passes of the order thread.", number(gauges.passes));
    out.add("fairlead_gateway_epoll_questions_total", "counter", "Times it asked which sockets are ready.",
            number(gauges.epoll_questions));
    out.add("fairlead_gateway_messages_in_total", "counter", "FIX messages read.",
            number(gauges.messages_in));
    out.add("fairlead_gateway_messages_out_total", "counter", "FIX messages written.",
            number(gauges.messages_out));
    out.add("fairlead_gateway_inbox_depth", "gauge", "What waits for the order thread from other threads.",
            number(gauges.inbox_depth));
    out.add("fairlead_gateway_out_buffer_bytes", "gauge", "Bytes that peers have not taken yet.",
            number(gauges.out_buffer_bytes));
    out.add("fairlead_gateway_connections", "gauge", "Open connections.", number(gauges.connections));
    out.add("fairlead_gateway_log_lines_dropped_total", "counter", "Lines its log had no room for.",
            number(gauges.log_lines_dropped));
    out.add("fairlead_gateway_front_fill_ratio", "gauge", "Part of the front that is not on disk yet.",
            number(gauges.front_permille) / 1000);
    out.head("fairlead_line_waiting", "gauge", "Commands that wait for their venue line's rate.");
    for (const auto& [line, waiting] : around.waiting) {
        out.row("fairlead_line_waiting", "{line=\"" + std::to_string(line) + "\"}", waiting);
    }
}

void add_day(const DeskState& state, risk::UtcNs now, MetricsText& out) {
    const risk::Counts counts = state.ledger().counts();
    out.add("fairlead_orders_accepted_today", "gauge", "Orders accepted today.",
            number(state.day().accepted));
    out.add("fairlead_orders_open", "gauge", "Open orders.", counts.open);
    out.add("fairlead_orders_in_doubt", "gauge", "Orders in doubt.", counts.in_doubt);
    out.add("fairlead_executions_today", "gauge", "Fills today.", counts.executions);
    out.add("fairlead_commands_today", "gauge", "Commands of clients today.", number(state.day().commands));
    out.head("fairlead_refused_today", "gauge", "Commands refused today, by reason.");
    for (std::size_t i = 1; i < state.day().refused_by_reason.size(); ++i) {
        if (state.day().refused_by_reason[i] != 0) {
            out.row("fairlead_refused_today",
                    "{reason=\"" + std::string(risk::reason_text(static_cast<risk::Reason>(i)).code) + "\"}",
                    number(state.day().refused_by_reason[i]));
        }
    }
    const auto& seconds = state.orders_per_second();
    out.add("fairlead_orders_per_second", "gauge", "Orders of the last whole second.",
            number(seconds.before(now, 1, 0) + seconds.before(now, 1, 1)));
    const WaitCounts waits = state.waits(now);
    out.head("fairlead_wait_seconds", "gauge", "From effective arrival to the venue's socket, last minute.");
    for (const auto& [label, permille] :
         {std::pair{"0.5", 500U}, {"0.9", 900U}, {"0.99", 990U}, {"0.999", 999U}}) {
        out.row("fairlead_wait_seconds", std::string("{quantile=\"") + label + "\"}",
                number(waits.at_permille(permille)) / 1e9);
    }
    const RaceWatch::Found races = state.races(now);
    out.add("fairlead_races_last_minute", "gauge",
            "Pairs of investors within 50 us on one line and security.", number(races.races));
    out.add("fairlead_race_inversions_last_minute", "gauge", "Of these, sent in the other order.",
            number(races.inversions));
    out.add("fairlead_halts", "gauge", "Halts in force.", number(state.halts().size()));
    out.head("fairlead_session_up", "gauge", "Sessions and venue lines by number.");
    for (const auto& [id, session] : state.sessions()) {
        out.row("fairlead_session_up",
                "{session=\"" + std::to_string(id) + "\",side=\"" +
                    (session.venue_side ? "venue" : "client") + "\"}",
                session.up ? 1 : 0);
    }
}

}  // namespace

std::string metrics_text(const Follower& follower, std::size_t people, std::uint64_t requests,
                         std::uint64_t streams) {
    MetricsText out;
    const Surroundings around = follower.surroundings();
    add_gateway(follower, around, out);
    out.add("fairlead_journal_published_sequence", "gauge", "Last Record in the front.",
            number(around.published));
    out.add("fairlead_journal_synced_sequence", "gauge", "Last Record on stable storage.",
            number(around.synced));
    out.add("fairlead_checkpoint_sequence", "gauge", "Last Record under a signed checkpoint.",
            number(around.checkpoint_size));
    out.text += follower.look([&](const DeskState& state) {
        MetricsText day;
        day.add("fairlead_desk_followed_sequence", "gauge", "Last Record the desk has read.",
                number(state.ledger().last_sequence()));
        if (around.ready) {  // no figure is better than one that a part of the day gives
            add_day(state, around.now, day);
        }
        return day.text;
    });
    out.add("fairlead_desk_ready", "gauge", "Whether the journal has been read to its end.",
            around.ready ? 1 : 0);
    out.add("fairlead_desk_people", "gauge", "Sessions of people and programs.", number(people));
    out.add("fairlead_desk_requests_total", "counter", "Requests answered.", number(requests));
    out.add("fairlead_desk_streams", "gauge", "Open streams.", number(streams));
    return out.text;
}

}  // namespace fairlead::desk
