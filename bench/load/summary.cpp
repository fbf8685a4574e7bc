#include "bench/load/summary.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

namespace fairlead::load {
namespace {

constexpr std::array<std::pair<const char*, std::uint64_t>, 4> percentiles{
    {{"p50", 500'000}, {"p90", 900'000}, {"p99", 990'000}, {"p99.9", 999'000}}};

struct Sums {
    std::uint64_t orders = 0;
    std::uint64_t replaces = 0;
    std::uint64_t cancels = 0;
    Histogram taken;
    Histogram acknowledgement;
    Histogram refusal;
    Histogram change;
};

Sums sum(const Outcomes& outcomes) {
    Sums sums;
    for (const SentCommand& command : outcomes.commands()) {
        sums.orders += command.kind == CommandKind::new_order ? 1 : 0;
        sums.cancels += command.kind == CommandKind::cancel ? 1 : 0;
    }
    sums.replaces = outcomes.commands().size() - sums.orders - sums.cancels;
    for (const SessionOutcome& session : outcomes.sessions()) {
        sums.taken.merge(session.taken);
        sums.acknowledgement.merge(session.acknowledgement);
        sums.refusal.merge(session.refusal);
        sums.change.merge(session.change);
    }
    return sums;
}

std::string padded(std::string_view text, std::size_t width) {
    std::string made(text.size() < width ? width - text.size() : 0, ' ');
    made.append(text);
    return made;
}
// Two spaces, and the text filled up to the width.
std::string cell(std::string_view text, std::size_t width) {
    std::string made(2, ' ');
    made.append(text);
    made.append(text.size() < width ? width - text.size() : 0, ' ');
    return made;
}

std::string micros(std::uint64_t ns) {
    std::array<char, 32> room;
    const int size = std::snprintf(room.data(), room.size(), ns < 1'000'000 ? "%.1f" : "%.0f",
                                   static_cast<double>(ns) / 1000.0);
    return {room.data(), static_cast<std::size_t>(size)};
}

std::string told(const Histogram& histogram, std::uint64_t per_million) {
    return padded(histogram.count() == 0 ? "-" : micros(histogram.percentile_ns(per_million)), 11);
}

std::string latency_row(const std::string& name, const Histogram& histogram) {
    std::string row = cell(name, 34) + padded(grouped(histogram.count()), 10);
    for (const auto& [label, per_million] : percentiles) {
        row += told(histogram, per_million);
    }
    return row + told(histogram, 1'000'000) + "\n";
}

nlohmann::json latency_json(const Histogram& histogram) {
    nlohmann::json json{{"count", histogram.count()},
                        {"min", histogram.min_ns()},
                        {"mean", histogram.mean_ns()},
                        {"max", histogram.max_ns()}};
    for (const auto& [label, per_million] : percentiles) {
        json[label] = histogram.percentile_ns(per_million);
    }
    return json;
}

std::uint64_t of(const std::array<std::uint64_t, answer_count>& answers, Answer answer) {
    return answers[static_cast<std::size_t>(answer)];
}

std::uint64_t total(const std::array<std::uint64_t, answer_count>& answers) {
    std::uint64_t all = 0;
    for (const std::uint64_t count : answers) {
        all += count;
    }
    return all;
}

std::string answers_row(const std::string& name, std::uint64_t sent,
                        const std::array<std::uint64_t, answer_count>& answers) {
    std::string row = cell(name, 10) + padded(grouped(sent), 12) +
                      padded(grouped(of(answers, Answer::accepted)), 12) +
                      padded(grouped(of(answers, Answer::refused)), 12) +
                      padded(grouped(of(answers, Answer::refused_by_venue)), 12) +
                      padded(grouped(of(answers, Answer::withdrawn)), 12) +
                      padded(grouped(of(answers, Answer::session_reject)), 12);
    return row + padded(grouped(sent - total(answers)), 12) + "\n";
}

std::vector<std::pair<RefusalKey, Refusal>> by_count(const std::map<RefusalKey, Refusal>& refusals) {
    std::vector<std::pair<RefusalKey, Refusal>> rows(refusals.begin(), refusals.end());
    std::stable_sort(rows.begin(), rows.end(),
                     [](const auto& a, const auto& b) { return a.second.count > b.second.count; });
    return rows;
}

std::uint64_t wrong_on_purpose(const Refusal& refusal) {
    return refusal.count - refusal.by_fault[static_cast<std::size_t>(Fault::none)];
}

std::string refusals_text(const Outcomes& outcomes) {
    if (outcomes.refusals().empty()) {
        return "Refused by reason: nothing was refused.\n";
    }
    std::string text = "Refused by reason\n  by          code       count  on purpose  text of the first\n";
    for (const auto& [key, refusal] : by_count(outcomes.refusals())) {
        text += cell(key.venue ? "venue" : "gateway", 10) +
                padded(key.code == 0 ? "-" : std::to_string(key.code), 6) +
                padded(grouped(refusal.count), 12) + padded(grouped(wrong_on_purpose(refusal)), 12) + "  " +
                refusal.text + "\n";
    }
    return text;
}

std::string sessions_text(const Player& player, const ArrivalResult& arrival) {
    const bool joined = arrival.given && arrival.error.empty();
    std::string text = "Sessions (microseconds)      orders   answered    ack p50    ack p99    ack max";
    text += joined ? "  venue p50  venue p99\n" : "\n";
    const std::vector<SessionOutcome>& sessions = player.outcomes().sessions();
    std::vector<std::size_t> order(sessions.size());
    for (std::size_t i = 0; i < order.size(); ++i) {
        order[i] = i;
    }
    std::stable_sort(order.begin(), order.end(), [&sessions](std::size_t a, std::size_t b) {
        return sessions[a].acknowledgement.percentile_ns(990'000) >
               sessions[b].acknowledgement.percentile_ns(990'000);
    });
    constexpr std::size_t shown_max = 32;
    for (std::size_t i = 0; i < order.size() && i < shown_max; ++i) {
        const SessionOutcome& session = sessions[order[i]];
        const Histogram& ack = session.acknowledgement;
        text += cell(player.session(order[i]).identity().sender, 20) + padded(grouped(session.orders), 13) +
                padded(grouped(session.answered), 11) + told(ack, 500'000) + told(ack, 990'000) +
                told(ack, 1'000'000);
        if (joined) {
            text += told(arrival.by_session[order[i]], 500'000) + told(arrival.by_session[order[i]], 990'000);
        }
        text += "\n";
    }
    if (order.size() > shown_max) {
        text += "  ... and " + std::to_string(order.size() - shown_max) +
                " more with a lower p99; all of them are in the JSON.\n";
    }
    return text;
}

std::string fairness_line(const Outcomes& outcomes) {
    std::uint64_t least = UINT64_MAX;
    std::uint64_t most = 0;
    std::size_t counted = 0;
    for (const SessionOutcome& session : outcomes.sessions()) {
        if (session.acknowledgement.count() >= 20) {
            const std::uint64_t median = session.acknowledgement.percentile_ns(500'000);
            least = std::min(least, median);
            most = std::max(most, median);
            ++counted;
        }
    }
    std::array<char, 64> jain;
    const int size = std::snprintf(jain.data(), jain.size(), "%.4f", jain_index(outcomes.sessions()));
    std::string line = "Fairness: Jain index of answered over sent by session " +
                       std::string(jain.data(), static_cast<std::size_t>(size));
    if (counted > 1) {
        line += "; median acknowledgement from " + micros(least) + " to " + micros(most) + " us over " +
                std::to_string(counted) + " sessions";
    }
    return line + ".\n";
}

std::string verdict(const std::vector<std::string>& wrong) {
    std::string text;
    for (const std::string& failure : wrong) {
        text.append("WRONG: ").append(failure).append("\n");
    }
    return wrong.empty() ? "Every command was answered, every session logged on and out.\n" : text;
}

}  // namespace

std::string grouped(std::uint64_t value) {
    std::string text = std::to_string(value);
    for (std::size_t at = text.size(); at > 3; at -= 3) {
        text.insert(at - 3, ",");
    }
    return text;
}

double jain_index(const std::vector<SessionOutcome>& sessions) {
    double sum_of = 0;
    double sum_of_squares = 0;
    double count = 0;
    for (const SessionOutcome& session : sessions) {
        const std::uint64_t sent = session.orders + session.changes;
        if (sent != 0) {
            const double served = static_cast<double>(session.answered) / static_cast<double>(sent);
            sum_of += served;
            sum_of_squares += served * served;
            count += 1;
        }
    }
    return sum_of_squares == 0 ? 1 : sum_of * sum_of / (count * sum_of_squares);
}

std::vector<std::string> failures(const Player& player, const ArrivalResult& arrival, const RunFacts& facts) {
    std::vector<std::string> found;
    std::uint64_t malformed = 0;
    for (std::size_t i = 0; i < player.session_count(); ++i) {
        const ClientSession& session = player.session(i);
        malformed += session.malformed();
        if (session.state() != ClientSession::State::ended &&
            session.state() != ClientSession::State::active) {
            found.push_back("session " + session.identity().sender + ": " +
                            (session.failure().empty() ? "no connection" : session.failure()));
        }
    }
    const Outcomes& outcomes = player.outcomes();
    const Totals& totals = outcomes.totals();
    if (malformed != 0) {
        found.push_back(grouped(malformed) + " malformed messages were received");
    }
    if (outcomes.unanswered() != 0) {
        std::string text = grouped(outcomes.unanswered()) + " commands have no answer, the first:";
        for (const std::uint32_t command : outcomes.unanswered_commands(5)) {
            std::array<char, 24> room;
            text += " " + std::string(outcomes.identifier(command, room)) + " (" +
                    player.session(outcomes.commands()[command].session).identity().sender + ")";
        }
        found.push_back(text);
    }
    if (totals.wrong_reports != 0) {
        found.push_back(grouped(totals.wrong_reports) +
                        " reports contradict what was sent or reported before");
    }
    const std::uint64_t rejects = of(totals.new_answers, Answer::session_reject) +
                                  of(totals.replace_answers, Answer::session_reject) +
                                  of(totals.cancel_answers, Answer::session_reject);
    if (rejects != 0) {
        found.push_back(grouped(rejects) + " messages were rejected as malformed FIX");
    }
    if (arrival.given && !arrival.error.empty()) {
        found.push_back(arrival.error);
    }
    if (arrival.refused_seen != 0) {
        found.push_back(grouped(arrival.refused_seen) + " orders that the gateway refused reached the venue");
    }
    if (arrival.accepted_unseen != 0) {
        found.push_back(grouped(arrival.accepted_unseen) +
                        " orders were acknowledged to the client and are not in the exchange's witness");
    }
    if (facts.strict && totals.good_refused != 0) {
        found.push_back(grouped(totals.good_refused) + " orders that break no rule were refused");
    }
    if (facts.strict && totals.bad_accepted != 0) {
        found.push_back(grouped(totals.bad_accepted) +
                        " orders that were wrong on purpose passed the gateway");
    }
    return found;
}

std::string text_summary(const Player& player, const ArrivalResult& arrival, const RunFacts& facts) {
    const Outcomes& outcomes = player.outcomes();
    const Totals& totals = outcomes.totals();
    if (outcomes.commands().empty()) {
        return "Source: " + facts.source + "\nNothing was sent.\n" +
               verdict(failures(player, arrival, facts));
    }
    const Sums sums = sum(outcomes);
    const double seconds = static_cast<double>(player.sending_ns()) / 1e9;
    std::array<char, 160> room;
    std::string text = "Source: " + facts.source + "\n";
    int size = std::snprintf(
        room.data(), room.size(), "Sent: %s commands over %zu sessions in %.1f s, %s a second\n\n",
        grouped(outcomes.commands().size()).c_str(), player.session_count(), seconds,
        grouped(seconds > 0
                    ? static_cast<std::uint64_t>(static_cast<double>(outcomes.commands().size()) / seconds)
                    : 0)
            .c_str());
    text.append(room.data(), static_cast<std::size_t>(size));
    text +=
        "Answers            sent    accepted     refused    by venue   withdrawn  malformed   no answer\n";
    text += answers_row("orders", sums.orders, totals.new_answers);
    text += answers_row("replaces", sums.replaces, totals.replace_answers);
    text += answers_row("cancels", sums.cancels, totals.cancel_answers);
    text += "  Wrong on purpose and not refused: " + grouped(totals.bad_accepted) +
            ". Right and refused all the same: " + grouped(totals.good_refused) + ".\n";
    const NotSent& not_sent = player.not_sent();
    if (not_sent.total() != 0) {
        text += "  Not sent: " + grouped(not_sent.order_ended) + " changes of orders already ended, " +
                grouped(not_sent.change_pending) + " behind a change without answer, " +
                grouped(not_sent.session_down) + " while a session was down, " + grouped(not_sent.no_room) +
                " because the gateway did not read.\n";
    }
    text += "\nExecutions: " + grouped(totals.fills) + " fills, " +
            grouped(static_cast<std::uint64_t>(totals.filled_shares)) + " shares, NTD " +
            grouped(static_cast<std::uint64_t>(totals.filled_value / risk::price_unit)) + ".\n";
    text += "  Orders filled " + grouped(totals.orders_filled) + ", part filled " +
            grouped(totals.orders_part_filled) + ", cancelled as asked " + grouped(totals.orders_cancelled) +
            ", ended by the venue " + grouped(totals.orders_cancelled_unasked) + ", expired " +
            grouped(totals.orders_expired) + ".\n\n";
    text += refusals_text(outcomes) + "\n";
    text +=
        "Latency (microseconds)                   count        p50        p90        p99      p99.9        "
        "max\n";
    text += latency_row("order to the gateway's acceptance", sums.taken);
    text += latency_row("order to venue's acknowledgement", sums.acknowledgement);
    text += latency_row("order to refusal by the gateway", sums.refusal);
    text += latency_row("replace or cancel to its answer", sums.change);
    if (arrival.given && arrival.error.empty()) {
        text += latency_row("order to arrival at the venue", arrival.wire_to_wire);
    }
    text += latency_row("sent later than planned", player.lateness()) + "\n";
    text += sessions_text(player, arrival) + "\n" + fairness_line(outcomes);
    for (const std::string& note : facts.notes) {
        text += "Note: " + note + "\n";
    }
    for (const std::string& complaint : outcomes.complaints()) {
        text += "Complaint: " + complaint + "\n";
    }
    return text + verdict(failures(player, arrival, facts));
}

nlohmann::json json_summary(const Player& player, const ArrivalResult& arrival, const RunFacts& facts) {
    const Outcomes& outcomes = player.outcomes();
    const Totals& totals = outcomes.totals();
    const Sums sums = sum(outcomes);
    const auto answers = [](std::uint64_t sent, const std::array<std::uint64_t, answer_count>& counts) {
        return nlohmann::json{{"sent", sent},
                              {"accepted", of(counts, Answer::accepted)},
                              {"refused", of(counts, Answer::refused)},
                              {"refused_by_venue", of(counts, Answer::refused_by_venue)},
                              {"withdrawn", of(counts, Answer::withdrawn)},
                              {"malformed", of(counts, Answer::session_reject)},
                              {"unanswered", sent - total(counts)}};
    };
    nlohmann::json json;
    json["source"] = facts.source;
    json["tag"] = outcomes.tag();
    json["sending_seconds"] = static_cast<double>(player.sending_ns()) / 1e9;
    json["orders"] = answers(sums.orders, totals.new_answers);
    json["replaces"] = answers(sums.replaces, totals.replace_answers);
    json["cancels"] = answers(sums.cancels, totals.cancel_answers);
    json["bad_accepted"] = totals.bad_accepted;
    json["good_refused"] = totals.good_refused;
    json["not_sent"] = {{"order_ended", player.not_sent().order_ended},
                        {"change_pending", player.not_sent().change_pending},
                        {"session_down", player.not_sent().session_down},
                        {"no_room", player.not_sent().no_room}};
    json["executions"] = {{"fills", totals.fills},
                          {"shares", totals.filled_shares},
                          {"value_ntd", totals.filled_value / risk::price_unit},
                          {"orders_filled", totals.orders_filled},
                          {"orders_part_filled", totals.orders_part_filled},
                          {"orders_cancelled", totals.orders_cancelled},
                          {"orders_ended_by_venue", totals.orders_cancelled_unasked},
                          {"orders_expired", totals.orders_expired}};
    json["refusals"] = nlohmann::json::array();
    for (const auto& [key, refusal] : by_count(outcomes.refusals())) {
        nlohmann::json row{{"by", key.venue ? "venue" : "gateway"},
                           {"code", key.code},
                           {"count", refusal.count},
                           {"text", refusal.text}};
        for (std::size_t i = 0; i < fault_count; ++i) {
            if (refusal.by_fault[i] != 0) {
                row["planned"][std::string(fault_name(static_cast<Fault>(i)))] = refusal.by_fault[i];
            }
        }
        json["refusals"].push_back(row);
    }
    json["latency_ns"] = {{"accepted_by_gateway", latency_json(sums.taken)},
                          {"acknowledgement", latency_json(sums.acknowledgement)},
                          {"refusal", latency_json(sums.refusal)},
                          {"change", latency_json(sums.change)},
                          {"sent_late", latency_json(player.lateness())}};
    if (arrival.given && arrival.error.empty()) {
        json["latency_ns"]["venue_arrival"] = latency_json(arrival.wire_to_wire);
        json["witness"] = {{"orders_seen", arrival.orders_seen},
                           {"accepted_unseen", arrival.accepted_unseen},
                           {"refused_seen", arrival.refused_seen}};
    }
    json["jain_index"] = jain_index(outcomes.sessions());
    json["reconnects"] = player.reconnects();
    json["sessions"] = nlohmann::json::array();
    for (std::size_t i = 0; i < player.session_count(); ++i) {
        const ClientSession& session = player.session(i);
        const SessionOutcome& outcome = outcomes.sessions()[i];
        nlohmann::json row{{"sender", session.identity().sender},
                           {"orders", outcome.orders},
                           {"changes", outcome.changes},
                           {"answered", outcome.answered},
                           {"malformed", session.malformed()},
                           {"gaps", session.gaps()},
                           {"accepted_by_gateway_ns", latency_json(outcome.taken)},
                           {"acknowledgement_ns", latency_json(outcome.acknowledgement)},
                           {"refusal_ns", latency_json(outcome.refusal)},
                           {"change_ns", latency_json(outcome.change)}};
        if (arrival.given && arrival.error.empty()) {
            row["venue_arrival_ns"] = latency_json(arrival.by_session[i]);
        }
        json["sessions"].push_back(row);
    }
    json["notes"] = facts.notes;
    json["complaints"] = outcomes.complaints();
    json["wrong"] = failures(player, arrival, facts);
    return json;
}

}  // namespace fairlead::load
