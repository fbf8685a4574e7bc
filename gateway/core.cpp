// What the parts of the order thread share; see core.hpp.
#include "gateway/core.hpp"

#include <cstring>

namespace fairlead::gateway {

namespace {

std::size_t session_slots(const config::GatewayConfig& config) {
    std::uint32_t highest = 0;
    for (const auto& session : config.sessions) {
        highest = std::max(highest, session.id);
    }
    return std::size_t{highest} + 1;
}

}  // namespace

Core::Core(const config::GatewayConfig& configuration, risk::Ledger& the_ledger, FrontJournal& the_journal,
           Errands& the_errands)
    : config(configuration),
      ledger(the_ledger),
      journal(the_journal),
      errands(the_errands),
      routes(configuration.sizes.orders),
      // A command is answered about twice (accepted, ended) and a fill once.
      outgoing(session_slots(configuration),
               2 * std::size_t{configuration.sizes.commands} + configuration.sizes.executions),
      desk(configuration),
      level_flag(static_cast<std::uint16_t>(configuration.journal.level)) {
    const std::size_t slots = configuration.gateway.connections_max + configuration.lines.size();
    const std::size_t in_capacity = 4 * std::size_t{configuration.gateway.message_bytes_max};
    connections.reserve(slots);
    for (std::size_t i = 0; i < slots; ++i) {
        connections.push_back(
            std::make_unique<Connection>(in_capacity, configuration.gateway.out_buffer_bytes));
    }
    dirty.reserve(slots);
}

bool Core::lacks_cancel(std::uint32_t order_slot) const noexcept {
    const risk::Order& order = ledger.order(order_slot);
    const OrderRoute& route = routes.at(order_slot);
    return route.cancel_wanted != risk::CancelOrigin::client && route.order_key == order.key &&
           order.open() && order.cancel.command == 0;
}

bool Core::follow_cancel(const risk::Record& record, const risk::Decision& decision) noexcept {
    if (decision.order_slot == 0) {
        return false;
    }
    risk::CancelOrigin& wanted = routes.at(decision.order_slot).cancel_wanted;
    if (record.kind == risk::RecordKind::cancel_order) {
        const risk::CancelOrigin origin = reinterpret_cast<const risk::CancelOrder&>(record).facts.origin;
        wanted = origin != risk::CancelOrigin::client ? origin : wanted;
        return false;
    }
    if (wanted == risk::CancelOrigin::client || decision.outcome != risk::Outcome::applied ||
        decision.exec_type != risk::OrderStatus::pending_cancel) {
        return false;
    }
    const bool by_venue =
        record.kind == risk::RecordKind::venue_report || record.kind == risk::RecordKind::venue_reject;
    if (by_venue && decision.answer == risk::Answer::none) {
        wanted = risk::CancelOrigin::client;
        return false;
    }
    return lacks_cancel(decision.order_slot);
}

void Core::want_again(const CancelAgain& again) noexcept {
    if (cancel_again.size() < cancel_again.capacity()) {
        cancel_again.push_back(again);
    } else {
        log(LogLevel::error, "too many cancels came to nothing at once: an order stays open", 0,
            static_cast<std::int64_t>(ledger.order(again.slot).key));
    }
}

void Core::log(LogLevel level, const char* text, std::uint32_t session, std::int64_t value,
               std::string_view detail) noexcept {
    LogLine line;
    line.level = level;
    line.sequence = sequencer != nullptr ? sequencer->last() : 0;
    line.session = session;
    line.value = value;
    line.text = text;
    if (!detail.empty()) {  // an empty view may have no address to copy from
        line.detail = risk::Text<96>(detail);
    }
    if (!errands.push(line)) {
        ++dropped_log_lines;
        return;
    }
    if (dropped_log_lines != told_dropped_) {
        line.level = LogLevel::warning;
        line.session = 0;
        line.value = static_cast<std::int64_t>(dropped_log_lines - told_dropped_);
        line.text = "so many log lines before this one were dropped: their writer did not keep up";
        line.detail = {};
        told_dropped_ = errands.push(line) ? dropped_log_lines : told_dropped_;
    }
}

void Core::stop(const char* why, std::uint32_t session) noexcept {
    log(LogLevel::error, why, session);
    must_stop = true;
}

std::span<const std::byte> masked(const fix::Message& message, std::span<char> scratch,
                                  bool& was_masked) noexcept {
    const std::string_view text = message.text();
    was_masked = false;
    if (!message.may_hold_secrets()) {
        return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
    }
    for (const fix::Field& field : message.fields()) {
        if (!fix::may_hold_secret(field.tag)) {
            continue;
        }
        if (!was_masked) {
            if (text.size() > scratch.size()) {
                return {};
            }
            std::memcpy(scratch.data(), text.data(), text.size());
            was_masked = true;
        }
        // Of the venue's RawData the first three digits are the append number, which is no secret and
        // must be known after a restart.
        const std::uint32_t keep = field.tag == 96 ? std::min(field.length, 3U) : 0U;
        std::memset(scratch.data() + field.offset + keep, '*', field.length - keep);
    }
    const char* from = was_masked ? scratch.data() : text.data();
    return {reinterpret_cast<const std::byte*>(from), text.size()};
}

}  // namespace fairlead::gateway
