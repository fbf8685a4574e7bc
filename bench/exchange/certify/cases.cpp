// Each case is a script of steps; a step that is not met leaves it by NotPassed. After every case
// Certification takes out what is left open and listens whether the client keeps quiet, so a case does so
// itself only where something comes behind it.
#include "bench/exchange/certify/cases.hpp"

namespace fairlead::exchange::certify {

namespace {

using audit::SeenAt;
using risk::Side;

constexpr int burst_orders = 6;
constexpr int burst_taken = 4;

std::string order_words(const Stage& stage, const Wanted& wanted) {
    return "Send a limit " + stage.words(wanted) + ", good for the day.";
}

SeenCommand ask_new(Stage& stage, const Wanted& wanted, const std::string& more = {}) {
    stage.tell(order_words(stage, wanted) + more);
    return stage.expect_new(wanted);
}

Wanted buy(const Stage& stage, risk::Quantity lots) {
    return {Side::buy, lots * stage.lot(), stage.price()};
}

std::string log_on(Stage& stage) {
    if (stage.session().logged_on) {
        return "the session was logged on when the certification began";
    }
    stage.tell("Log on as " + stage.options().client + ".");
    stage.wait_for("accepted logon", [](const SessionFacts& now) { return now.logged_on; });
    return "the Logon was accepted";
}

std::string acknowledged(Stage& stage) {
    ask_new(stage, buy(stage, 1), " It is acknowledged: do nothing more with it.");
    return "the order came as asked and the client kept quiet behind its acknowledgement";
}

std::string rejected(Stage& stage) {
    stage.bend({{suspended, false, false}});
    ask_new(stage, buy(stage, 1), " It is rejected: do not send it again.");
    return "the client did not send the rejected order again";
}

std::string filled(Stage& stage) {
    const SeenCommand order = ask_new(stage, buy(stage, 3), " It is filled in two parts: do nothing more.");
    stage.fill(order, stage.lot());
    stage.expect_quiet("a partial fill");
    stage.fill(order, 2 * stage.lot());
    stage.expect_quiet("the full fill");
    return "the client kept quiet behind a partial and the full fill";
}

std::string reduced(Stage& stage) {
    const SeenCommand order = ask_new(stage, buy(stage, 3));
    stage.tell("Replace it: " + std::to_string(2 * stage.lot()) + " shares in all, the same price.");
    const SeenCommand change = stage.expect_change('G', order);
    // The gateway tells the venue what is to be taken off, not what is to stay.
    if (change.terms.price != 0 || change.terms.quantity != stage.lot()) {
        throw NotPassed{"the replace takes off " + std::to_string(change.terms.quantity) + " shares, not " +
                        std::to_string(stage.lot())};
    }
    return "the replace of the quantity came as asked";
}

std::string repriced(Stage& stage) {
    const SeenCommand order = ask_new(stage, buy(stage, 2));
    const Wanted lower{Side::buy, 2 * stage.lot(), stage.tick_below(stage.price())};
    stage.tell("Replace its price: a " + stage.words(lower) + ".");
    const SeenCommand change = stage.expect_change('G', order);
    if (change.terms.price != lower.price) {
        throw NotPassed{"the replace does not ask for the " + stage.words(lower)};
    }
    return "the replace of the price came as asked";
}

std::string cancelled(Stage& stage) {
    const SeenCommand order = ask_new(stage, buy(stage, 1));
    stage.tell("Cancel it.");
    stage.expect_change('F', order);
    return "the cancel came as asked";
}

std::string cancel_crosses_fill(Stage& stage) {
    const SeenCommand order = ask_new(stage, buy(stage, 1));
    stage.bend({{0, true, false}});
    stage.tell(
        "Cancel it. The fill crosses your cancel and the cancel is rejected: it is filled, do nothing more.");
    stage.expect_change('F', order);
    stage.expect_quiet("the cancel was rejected because of the fill");
    return "the client did not cancel or order again";
}

std::string cancelled_unasked(Stage& stage) {
    const SeenCommand order =
        ask_new(stage, buy(stage, 2), " The exchange cancels it unasked: do not send it again.");
    stage.expect_quiet("its order was acknowledged");
    stage.cancel_unasked(order);
    stage.expect_quiet("the exchange cancelled its order");
    return "the client did not send the cancelled order again";
}

std::string report_late(Stage& stage) {
    const SeenCommand order =
        ask_new(stage, buy(stage, 1),
                " The line to the exchange drops and the fill comes late: do nothing meanwhile.");
    stage.expect_quiet("its order was acknowledged");
    stage.break_line(order);
    stage.fill(order, stage.lot());
    stage.expect_quiet("the line dropped");
    stage.mend_line(order.line);
    stage.expect_quiet("the late fill came");
    return "the client kept quiet through the interruption and behind the late fill";
}

std::string status_unknown(Stage& stage) {
    stage.refuse_lines();
    stage.bend({{0, false, true}});
    const SeenCommand order =
        ask_new(stage, buy(stage, 1),
                " It is not known for some seconds whether the exchange has it (150=I, reason 112): wait.");
    stage.expect_quiet("its order's state became unknown");
    stage.mend_line(order.line);
    stage.expect_quiet("its order was found to be working");
    return "the client kept quiet while the order's state was unknown and when it was found working";
}

std::string burst(Stage& stage) {
    std::vector<Steering> steering(burst_taken);
    steering.insert(steering.end(), burst_orders - burst_taken, Steering{errors_over_limit, false, false});
    stage.bend(steering);
    std::string instruction =
        "Send these " + std::to_string(burst_orders) + " orders as fast as you can, once each:";
    for (int lots = 1; lots <= burst_orders; ++lots) {
        instruction += (lots == 1 ? " limit " : ", ") + stage.words(buy(stage, lots));
    }
    stage.tell(instruction + ". The last ones are rejected for the line's limit: do not send them again.");
    for (int lots = 1; lots <= burst_orders; ++lots) {
        stage.expect_new(buy(stage, lots));
    }
    return "each order of the burst came once, and none of the rejected ones again";
}

std::string reports_missed(Stage& stage) {
    const SeenCommand order = ask_new(stage, buy(stage, 1));
    stage.expect_quiet("its order was acknowledged");
    const SessionFacts before = stage.session();
    stage.tell("Break your connection to the gateway, with or without Logout, and stay away until told.");
    stage.wait_for("end of the connection",
                   [&before](const SessionFacts& now) { return now.logouts > before.logouts; });
    stage.let_pass();  // the gateway cancels the orders of a session that is set up so
    // Either way there is now a report that the client has not had.
    static_cast<void>(stage.fill_if_open(order));
    const SessionFacts away = stage.session();
    stage.tell("Log on again with your numbers going on, and ask for the messages you have missed.");
    stage.wait_for("accepted logon", [&away](const SessionFacts& now) { return now.logons > away.logons; });
    stage.wait_for("ResendRequest (2), nor NextExpectedMsgSeqNum (789) in the Logon,",
                   [&away](const SessionFacts& now) {
                       return now.resets > away.resets || now.resend_requests > away.resend_requests ||
                              now.logons_with_next > away.logons_with_next;
                   });
    if (stage.session().resets > away.resets) {
        throw NotPassed{"the client set the message numbers back to 1: what it missed it never gets"};
    }
    return "the client came back with its numbers and asked for what it had missed";
}

std::string log_out(Stage& stage) {
    const SessionFacts before = stage.session();
    stage.tell("Log out with a Logout (5).");
    stage.wait_for("Logout (5)", [&before](const SessionFacts& now) { return now.logouts > before.logouts; });
    if (stage.session().logouts_by_peer == before.logouts_by_peer) {
        throw NotPassed{"the connection ended without a Logout (5) from the client"};
    }
    return "the client said Logout";
}

std::string nothing_refused(Stage& stage) {
    const SessionFacts& start = stage.at_start();
    const SessionFacts& now = stage.session();
    if (now.rejects > start.rejects) {
        throw NotPassed{"the gateway rejected " + std::to_string(now.rejects - start.rejects) +
                        " messages of the client, the last by a " + now.last_reject};
    }
    // Above all what a program does that tries again until it is let through.
    if (now.refused > start.refused) {
        throw NotPassed{"the gateway refused " + std::to_string(now.refused - start.refused) + " of " +
                        std::to_string(now.commands - start.commands) + " commands, the last " +
                        now.last_refusal};
    }
    if (now.logouts_for_fault > start.logouts_for_fault) {
        throw NotPassed{"the gateway ended the session " +
                        std::to_string(now.logouts_for_fault - start.logouts_for_fault) +
                        " times: heartbeats, protocol, rate, or messages left unread"};
    }
    return "of " + std::to_string(now.commands - start.commands) +
           " commands the gateway refused none, and the session was kept alive";
}

constexpr Case cases[] = {
    {"log-on", SeenAt::journal, log_on},
    {"order-acknowledged", SeenAt::venue, acknowledged},
    {"order-rejected", SeenAt::venue, rejected},
    {"fills", SeenAt::venue, filled},
    {"quantity-reduced", SeenAt::venue, reduced},
    {"price-changed", SeenAt::venue, repriced},
    {"order-cancelled", SeenAt::venue, cancelled},
    {"cancel-crosses-fill", SeenAt::venue, cancel_crosses_fill},
    {"cancelled-unasked", SeenAt::venue, cancelled_unasked},
    {"report-late", SeenAt::venue, report_late},
    {"status-unknown", SeenAt::venue, status_unknown},
    {"burst-limited", SeenAt::venue, burst},
    {"reports-missed", SeenAt::journal, reports_missed},
    {"log-out", SeenAt::journal, log_out},
    {"nothing-refused", SeenAt::journal, nothing_refused},
};

}  // namespace

std::span<const Case> all_cases() {
    return cases;
}

}  // namespace fairlead::exchange::certify
