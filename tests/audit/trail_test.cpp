// The examiner's trail: the life of an order, the acts of an investor, a session, a user.
#include "audit/examine/trail.hpp"

#include <nlohmann/json.hpp>

#include "small_day.hpp"

using namespace fairlead;
using namespace fairlead::audit;
using namespace fairlead::test;

namespace {

// Told by `write_trail`, as text; `result` keeps the rest.
class Asked {
  public:
    Asked(const Day& day, const char* what) {
        options.place = day.place();
        REQUIRE(parse_trail(what, options) == "");
    }
    std::string told() {
        std::string text;
        result = write_trail(options, [&text](std::string_view part) { text += part; });
        return text;
    }
    // Each row's record.
    std::vector<risk::Sequence> records() {
        options.format = TableFormat::json;
        std::vector<risk::Sequence> found;
        const std::string text = told();
        if (text.empty()) {
            return found;
        }
        for (const auto& row : nlohmann::json::parse(text)) {
            found.push_back(row.at("record"));
        }
        return found;
    }
    TrailOptions options;
    TrailResult result;
};

using Records = std::vector<risk::Sequence>;

risk::NewOrder order_of(Day& day, const char* id) {
    risk::NewOrder order = day.world().order(id);
    order.person.investor = risk::InvestorId{"A1"};
    return order;
}

// A halt that has the gateway cancel order `first_new`, acts of people, and ClOrdID "a" on another session.
void more(Day& day) {
    risk::Halt halt;
    halt.facts.scope = risk::Scope::firm;
    halt.facts.cancel_open = 1;
    halt.subject.user = risk::UserName{"kuo"};
    halt.subject.reason = risk::Text<64>{"drill"};
    day.add(halt, risk::RecordKind::halt, 0, true);
    risk::CancelOrder cancel;
    cancel.record.cause = day.last();
    cancel.facts.order_key = first_new;
    cancel.facts.origin = risk::CancelOrigin::halt;
    day.add(cancel, risk::RecordKind::cancel_order, 8, true);
    risk::ControlEvent denied;
    denied.facts.verb = risk::ControlVerb::resume;
    denied.facts.denied = 1;
    denied.subject.user = risk::UserName{"lin"};
    day.add(denied, risk::RecordKind::denied_request, 0);
    day.add(order_of(day, "a"), risk::RecordKind::new_order, 9, true);
}

}  // namespace

TEST_CASE("trail_of_an_order_is_its_whole_life_and_nothing_of_others") {
    const Day day;
    CHECK(Asked(day, "order:a").records() == Records{first_new, acknowledged, replaced});
    CHECK(Asked(day, "order:a2").records() == Records{first_new, acknowledged, replaced});
    CHECK(Asked(day, "order:5").records() == Records{first_new, acknowledged, replaced});
    CHECK(Asked(day, "order:8/a").records() == Records{first_new, acknowledged, replaced});
    CHECK(Asked(day, "order:b").records() == Records{second_new, cancelled});
    CHECK(Asked(day, "order:c").records() == Records{refused_new});
}

TEST_CASE("trail_of_an_order_names_what_made_the_gateway_act_upon_it") {
    const Day day(false, more);
    const Records life{first_new, acknowledged, replaced, 11, 12};
    CHECK(Asked(day, "order:8/a").records() == life);
    Asked asked(day, "order:8/a");
    const std::string text = asked.told();
    CHECK(text.find(" 11 halt: user kuo, reason \"drill\"; firm; open orders cancelled") !=
          std::string::npos);
    CHECK(text.find("of a halt") != std::string::npos);
}

TEST_CASE("trail_of_a_name_that_several_orders_have_tells_them_and_writes_nothing") {
    const Day day(false, more);
    Asked asked(day, "order:a");
    CHECK(asked.told().empty());
    CHECK(asked.result.asked_wrongly);
    REQUIRE(asked.result.candidates.size() == 2);
    CHECK(asked.result.candidates[0].find("session 8, ClOrdID a") != std::string::npos);
    CHECK(asked.result.candidates[1].find("session 9, ClOrdID a") != std::string::npos);
    // A time when only one of them was commanded is enough.
    asked.options.to = origin_ns + 311 * second_ns;
    CHECK(asked.records().front() == first_new);
}

TEST_CASE("trail_of_nobody_is_an_answer") {
    const Day day;
    for (const char* what :
         {"order:z", "order:4", "order:9/a", "order:8/", "investor:A2", "session:7", "user:nobody"}) {
        Asked asked(day, what);
        CHECK(asked.records().empty());
        CHECK(asked.result.asked_wrongly);
        CHECK_FALSE(asked.result.error.empty());
    }
    TrailOptions options;
    CHECK(parse_trail("a", options) == "'a': must be order:X, investor:X, session:X or user:X");
    CHECK_FALSE(parse_trail("order:", options).empty());
}

TEST_CASE("trail_of_an_investor_holds_the_venues_reports_and_the_limits_set_for_it") {
    const Day day;
    CHECK(Asked(day, "investor:A1").records() ==
          Records{limit_given, first_new, second_new, refused_new, acknowledged, replaced, cancelled});
}

TEST_CASE("trail_of_a_session_and_of_a_user_are_what_they_did") {
    const Day day(false, more);
    CHECK(Asked(day, "session:9").records() == Records{14});
    CHECK(Asked(day, "user:kuo").records() == Records{limit_given, 11});
    CHECK(Asked(day, "user:lee").records() == Records{limit_given});  // as the second person
    CHECK(Asked(day, "user:lin").records() == Records{13});
}

TEST_CASE("trail_from_and_to_hold_their_own_instants") {
    const Day day;
    Asked asked(day, "investor:A1");
    const auto at = [](risk::Sequence record) {
        return origin_ns + (299 + static_cast<std::int64_t>(record)) * second_ns;
    };
    asked.options.from = at(first_new);
    asked.options.to = at(refused_new);
    CHECK(asked.records() == Records{first_new, second_new, refused_new});
    asked.options.from += 1;
    asked.options.to -= 1;
    CHECK(asked.records() == Records{second_new});
}

TEST_CASE("trail_masks_account_numbers_unless_told_to_reveal_them") {
    const Day day;
    Asked asked(day, "order:a");
    CHECK(asked.told().find("8610-*****17") != std::string::npos);
    CHECK(asked.told().find("0000017") == std::string::npos);
    asked.options.masking = Masking::revealed;
    CHECK(asked.told().find("8610-0000017") != std::string::npos);
}

TEST_CASE("trail_says_the_reason_of_a_refusal_in_both_languages") {
    const Day day;
    const risk::ReasonText& reason = risk::reason_text(risk::Reason::credit_buy);
    Asked asked(day, "order:c");
    CHECK(asked.told().find(std::string(reason.english)) != std::string::npos);
    asked.options.language = Language::chinese;
    const std::string chinese = asked.told();
    CHECK(chinese.find("新委託 拒絕") != std::string::npos);
    CHECK(chinese.find(std::string(reason.chinese)) != std::string::npos);
}

TEST_CASE("trail_as_csv_has_as_many_cells_in_each_row_as_its_header_names") {
    const Day day(false, more);
    Asked asked(day, "investor:A1");
    asked.options.format = TableFormat::csv;
    const std::string text = asked.told();
    std::size_t cells = 1;
    std::vector<std::size_t> rows;
    bool quoted = false;
    for (const char character : text) {
        quoted = character == '"' ? !quoted : quoted;
        if (!quoted && character == ',') {
            ++cells;
        } else if (!quoted && character == '\n') {
            rows.push_back(cells);
            cells = 1;
        }
    }
    REQUIRE(rows.size() == asked.result.rows + 1);
    for (const std::size_t row : rows) {
        CHECK(row == rows.front());
    }
}

TEST_CASE("trail_of_an_investor_holds_the_reports_of_orders_without_a_record_on_its_accounts") {
    const Day day(false, [](Day& more_of) {
        risk::VenueReport told;
        told.facts.exec_type = told.facts.order_status = risk::OrderStatus::created;
        told.facts.command = 900'001;
        told.facts.order_number = risk::OrderNumber{"A0007"};
        told.facts.symbol = risk::Symbol{"2330"};
        told.facts.account = {risk::BranchId{"8610"}, 17};
        told.facts.side = risk::Side::buy;
        told.facts.filled_quantity = -1;
        told.facts.order_quantity = told.facts.leaves_quantity = 3'000;
        told.facts.price = 101 * ntd;
        more_of.add(told, risk::RecordKind::orphan_report, 1, true);
        told.facts.order_key = told.facts.command = more_of.last();
        told.facts.exec_type = told.facts.order_status = risk::OrderStatus::cancelled;
        told.facts.leaves_quantity = 0;
        more_of.add(told, risk::RecordKind::venue_report, 1, true);
        told.facts.account.number = 25;  // of nobody who has sent an order
        told.facts.order_key = 0;
        more_of.add(told, risk::RecordKind::orphan_report, 1, true);
    });
    const Records of_a1 = Asked(day, "investor:A1").records();
    CHECK(Records(of_a1.end() - 2, of_a1.end()) == Records{11, 12});
}
