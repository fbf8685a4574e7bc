// The Sequencer's way out; see outbox.hpp.
#include "gateway/outbox.hpp"

#include "gateway/client_side.hpp"
#include "gateway/venue_side.hpp"

namespace fairlead::gateway {

namespace {

constexpr bool goes_to_venue(risk::RecordKind kind) noexcept {
    return kind == risk::RecordKind::new_order || kind == risk::RecordKind::replace_order ||
           kind == risk::RecordKind::cancel_order;
}

}  // namespace

risk::Routing Outbox::route(const risk::Record& record, const risk::Decision& decision) noexcept {
    risk::Routing routing;
    if (record.kind == risk::RecordKind::released) {
        venues_->route_released(record, routing);
    } else if (decision.outcome == risk::Outcome::accepted && goes_to_venue(record.kind)) {
        venues_->route_command(record, decision, routing);
    }
    // A command on its way to the venue is answered by the venue's answer. "Pending" is said only of
    // one that has to wait here: said of each, it would be a third message an order.
    const bool on_its_way = goes_to_venue(record.kind) && routing.line != 0;
    if (decision.answer != risk::Answer::none && decision.client_session != 0 && !on_its_way) {
        routing.client_number = clients_->take_number(decision.client_session, record.sequence);
        routing.client_session = routing.client_number != 0 ? decision.client_session : 0;
    }
    if (routing.client_session != 0 && routing.order_number.empty()) {
        // Every report of an order names the venue's number; kept here so that a resend says the same.
        routing.order_number = venues_->order_number(decision);
    }
    return routing;
}

void Outbox::deliver(const risk::Record& record, const risk::Answered& answered) noexcept {
    if (answered.routing.line != 0 || answered.routing.choice == risk::LineChoice::waiting) {
        venues_->deliver(record, answered);
    }
    if (answered.routing.client_session != 0) {
        clients_->deliver(record, answered);
    }
}

}  // namespace fairlead::gateway
