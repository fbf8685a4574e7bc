// The translations around the real Ledger: a client's bytes to a Record, a Decision to the bytes of its
// answer, a venue's bytes to a Record, all without sockets. Every answer is checked by a stock client.
#include <catch2/catch.hpp>
#include <map>
#include <string>
#include <vector>

#include "gateway/fix/dictionary.hpp"
#include "gateway/orders/client_reports.hpp"
#include "gateway/orders/venue_orders.hpp"
#include "gateway/orders/venue_reports.hpp"
#include "tests/orders/quickfix_client.hpp"
#include "tests/orders/support.hpp"
#include "tests/risk/world.hpp"

namespace fairlead::gateway {
namespace {

const fix::HeaderTemplate to_client("FIX.4.4", "GATEWAY", "CLIENT");
const fix::HeaderTemplate to_venue("FIX.4.4", "T8610H3", "XTAI");
constexpr std::uint32_t session = 8;

class Conversation {
  public:
    // A client's message: dictionary, translation, Ledger, answer. Empty = nobody is answered.
    std::string client(const std::string& type, const std::string& body, const std::string& header = "") {
        const ReadMessage message(
            message_text(type, body, ++client_number_, "49=CLIENT|56=GATEWAY|" + header));
        const fix::Fault fault = fix::check(message.get(), fix::Counterpart::client);
        INFO(body);
        REQUIRE_FALSE(fault);
        ClientContext context;
        context.session = session;
        context.arrival.message_number = client_number_;
        CommandStorage storage;
        BusinessReject refusal;
        const ClientCommand command = translate(message.get(), context, storage, refusal);
        Room room;
        if (!command) {
            return checked(room, encode_business_reject(encoder_, answer_in(room), refusal));
        }
        switch (command.record->kind) {
            case risk::RecordKind::new_order:
                return decided(command.as<risk::NewOrder>());
            case risk::RecordKind::replace_order:
                return decided(command.as<risk::ReplaceOrder>());
            case risk::RecordKind::cancel_order:
                return decided(command.as<risk::CancelOrder>());
            case risk::RecordKind::order_status:
                return decided(command.as<risk::OrderStatusRequest>());
            default:
                return decided(command.as<risk::MassCancel>());
        }
    }

    // A venue's message about the order.
    std::string venue(const std::string& type, const std::string& body, const std::string& header = "") {
        const ReadMessage message(message_text(type, body, ++venue_number_, "49=XTAI|56=T8610H3|" + header));
        REQUIRE_FALSE(fix::check(message.get(), fix::Counterpart::venue));
        const VenueReference reference = reference_of(message.get());
        VenueOrder order;
        order.command = reference.client_order_id != 0 ? reference.client_order_id : last_command_;
        order.order_key = key_;
        VenueEventStorage storage;
        VenueMessageFault fault;
        const VenueEvent event = read_venue_message(message.get(), 1, {}, order, storage, fault);
        INFO(fault.text.view());
        REQUIRE(event);
        return event.record->kind == risk::RecordKind::venue_reject ? decided(event.as<risk::VenueReject>())
                                                                    : decided(event.as<risk::VenueReport>());
    }

    template <class Kind>
    std::string decided(Kind& record) {
        decision = world.feed(record, record.record.kind, record.record.session);
        if (record.record.kind == risk::RecordKind::new_order) {
            key_ = decision.order_key;
        }
        last_command_ = record.record.sequence;
        if (decision.answer == risk::Answer::none) {
            return "";
        }
        Room room;
        risk::Routing routing;
        if (decision.order_key != 0) {
            routing.order_number = risk::OrderNumber("A0001");
        }
        return checked(room, encode_answer(encoder_, answer_in(room), record.record, decision, routing));
    }

    tests::World world;
    risk::Decision decision;
    [[nodiscard]] std::string key() const { return padded(key_); }
    [[nodiscard]] std::string last_command() const { return padded(last_command_); }

  private:
    static std::string padded(risk::Sequence sequence) {
        const std::string digits = std::to_string(sequence);
        return std::string(12 - digits.size(), '0') + digits;
    }
    ClientMessage answer_in(Room& room) {
        return {room.bytes, &to_client, ++answer_number_, test_time_ns, 0};
    }
    static std::string checked(const Room& room, std::size_t length) {
        static const tests::QuickFixValidator validator(FAIRLEAD_CLIENT_DICTIONARY);
        REQUIRE(length > 0);
        INFO(room.text(length));
        CHECK(validator.check(room.raw(length)) == "");
        return room.text(length);
    }

    fix::Encoder encoder_;
    risk::Sequence key_ = 0;
    risk::Sequence last_command_ = 0;
    std::uint64_t client_number_ = 0;
    std::uint64_t venue_number_ = 0;
    std::uint64_t answer_number_ = 0;
};

std::string value(const std::string& bars, int tag) {
    const std::string key = "|" + std::to_string(tag) + "=";
    const std::size_t at = bars.find(key);
    return at == std::string::npos
               ? "absent"
               : bars.substr(at + key.size(), bars.find('|', at + key.size()) - at - key.size());
}

std::string order(const std::string& id, const std::string& rest = "") {
    std::string body =
        "11=" + id + "|1=8610-0000017|55=2330|54=1|60=20261123-01:02:03.456|38=5000|40=2|44=100|";
    for (std::size_t at = 0; at < rest.size();) {
        const std::size_t end = rest.find('|', at) + 1;
        const std::string tag = "|" + rest.substr(at, rest.find('=', at) + 1 - at);
        const std::size_t old = ("|" + body).find(tag);
        if (old != std::string::npos) {
            body.erase(old, body.find('|', old) + 1 - old);
        }
        if (rest[end - 2] != '=') {
            body += rest.substr(at, end - at);
        }
        at = end;
    }
    return body;
}

struct Expected {
    int tag;
    const char* value;
};
void check_fields(const std::string& answer, std::initializer_list<Expected> expected) {
    INFO(answer);
    for (const Expected& field : expected) {
        INFO("tag " << field.tag);
        CHECK(value(answer, field.tag) == field.value);
    }
}

TEST_CASE("an_order_is_taken_works_fills_is_cut_and_cancelled") {
    Conversation talk;
    const std::string taken = talk.client("D", order("a1"));
    check_fields(taken, {{35, "8"},
                         {150, "A"},
                         {39, "A"},
                         {11, "a1"},
                         {38, "5000"},
                         {151, "5000"},
                         {14, "0"},
                         {58, "absent"}});
    CHECK(value(taken, 37) == talk.key());
    CHECK(value(taken, 17) == talk.key());

    const std::string about = "11=" + talk.key() + "|37=A0001|1=0000017|55=2330  |54=1|";
    const std::string working = talk.venue("8", about + "17=1|150=0|39=0|38=5|44=100|151=5|14=0|");
    check_fields(working, {{150, "0"}, {39, "0"}, {151, "5000"}, {198, "A0001"}});
    CHECK(value(working, 37) == talk.key());

    const std::string fill =
        talk.venue("8", about + "17=B1|150=F|39=1|32=2|31=99.5|151=3|14=2|60=20261123-01:02:05.001|");
    check_fields(fill, {{150, "F"},
                        {39, "1"},
                        {32, "2000"},
                        {31, "99.5"},
                        {151, "3000"},
                        {14, "2000"},
                        {6, "99.5"},
                        {60, "20261123-01:02:05.001"}});
    CHECK(talk.venue("8", about + "17=B1|150=F|39=1|32=2|31=99.5|151=3|14=2|",
                     "43=Y|122=20261123-01:02:03.456|") == "");

    const std::string asked = talk.client("G", order("a2", "41=a1|38=4000|"));
    check_fields(asked, {{150, "E"}, {39, "E"}, {11, "a2"}, {41, "a1"}, {151, "3000"}});
    const std::string cut = talk.venue(
        "8", "11=" + talk.last_command() + "|37=A0001|55=2330|54=1|17=2|150=5|39=1|38=1|44=0|151=2|14=2|");
    check_fields(cut, {{150, "5"}, {39, "1"}, {11, "a2"}, {41, "a1"}, {38, "4000"}, {151, "2000"}});

    check_fields(talk.client("F", "11=a3|41=a2|55=2330|54=1|60=20261123-01:02:03.456|"),
                 {{150, "6"}, {39, "6"}, {11, "a3"}, {41, "a2"}});
    const std::string gone = talk.venue(
        "8", "11=" + talk.last_command() + "|37=A0001|55=2330|54=1|17=3|150=4|39=4|38=2|151=0|14=2|");
    check_fields(gone,
                 {{150, "4"}, {39, "4"}, {11, "a3"}, {41, "a2"}, {151, "0"}, {14, "2000"}, {58, "absent"}});

    check_fields(talk.client("H", "11=a3|55=2330|54=1|790=q|"),
                 {{150, "I"}, {39, "4"}, {17, "0"}, {790, "q"}});
    check_fields(talk.client("F", "11=a4|41=a3|55=2330|54=1|60=20261123-01:02:03.456|"),
                 {{35, "9"}, {434, "1"}, {102, "0"}, {39, "4"}, {10006, "101"}});
}

TEST_CASE("what_is_refused_says_why_with_the_right_codes") {
    struct Row {
        const char* change;
        const char* order_reject;
        const char* reason;
        const char* text;
    };
    for (const Row& row : {
             Row{"55=nope|", "1", "30", "The security is not known: security nope."},
             Row{"55=1101|", "0", "31", "The security is suspended from trading: security 1101."},
             Row{"1=8610-0000018|", "15", "20", "The account is not known: account 8610-0000018."},
             Row{"40=3|44=|", "11", "33",
                 "This order type or time in force is not allowed for this security."},
             Row{"59=1|", "11", "33", "This order type or time in force is not allowed for this security."},
             Row{"38=0|", "13", "50", "The quantity must be above zero: quantity 0 shares."},
             Row{"38=-1000|", "13", "50", "The quantity must be above zero: quantity -1,000 shares."},
             Row{"38=1500|", "13", "51",
                 "The quantity must be whole board lots: quantity 1,500, lot 1,000 shares."},
             Row{"44=100.03|", "99", "55",
                 "The price is not on a tick of this security: price 100.03, tick 0.5."},
             Row{"44=110.5|", "99", "56",
                 "The price is above the day's upper limit: price 110.5, limit 110."},
             Row{"1=8610-0000041|", "3", "81",
                 "The buy limit would be exceeded: investor limit 0, used 0, this order 500,000 NTD."},
         }) {
        Conversation talk;
        const std::string answer = talk.client("D", order("r1", row.change));
        INFO(row.change);
        check_fields(answer, {{35, "8"},
                              {150, "8"},
                              {39, "8"},
                              {103, row.order_reject},
                              {10006, row.reason},
                              {58, row.text},
                              {151, "0"},
                              {14, "0"}});
        CHECK(value(answer, 37) == value(answer, 17));
        CHECK(value(answer, 198) == "absent");
    }
    Conversation talk;
    talk.client("D", order("d1"));
    const std::string first = talk.key();
    check_fields(talk.client("D", order("d1")), {{150, "8"}, {103, "6"}, {10006, "72"}});
    check_fields(talk.client("D", order("d1"), "97=Y|"), {{150, "I"}, {39, "A"}, {17, "0"}});
    check_fields(talk.client("G", order("d2", "41=none|")),
                 {{35, "9"}, {434, "2"}, {102, "1"}, {39, "8"}, {37, "NONE"}, {41, "none"}});
    check_fields(talk.client("H", "11=none|55=2330|54=1|"), {{150, "I"}, {39, "8"}, {10006, "100"}});
    check_fields(talk.client("q", "11=m1|530=3|60=20261123-01:02:03.456|"),
                 {{35, "r"}, {531, "0"}, {532, "0"}});
    check_fields(talk.client("q", "11=m2|530=7|60=20261123-01:02:03.456|"),
                 {{35, "r"}, {531, "7"}, {532, "absent"}});
    check_fields(talk.client("D", order("d3", "54=5|")), {{35, "j"}, {380, "0"}, {372, "D"}, {379, "d3"}});
    check_fields(talk.client("D", order("d4", "44=|")), {{35, "j"}, {380, "5"}});
}

TEST_CASE("what_the_venue_refuses_is_told_as_the_command_it_refused") {
    Conversation talk;
    talk.client("D", order("v1"));
    const std::string about = "37=A0001|55=2330|54=1|";
    talk.venue("8", "11=" + talk.key() + "|" + about + "17=1|150=0|39=0|38=5|151=5|14=0|");
    talk.client("F", "11=v3|41=v1|55=2330|54=1|60=20261123-01:02:03.456|");
    check_fields(talk.venue("9", "11=" + talk.last_command() + "|1=0000017|58=0050-NO LEAVES|"),
                 {{35, "9"}, {434, "1"}, {102, "0"}, {11, "v3"}, {41, "v1"}, {10007, "0050"}});
    talk.client("F", "11=v4|41=v1|55=2330|54=1|60=20261123-01:02:03.456|");
    check_fields(
        talk.venue("8", "11=" + talk.last_command() + "|" + about + "17=4|150=8|39=0|58=0003-WAIT|151=5|"),
        {{35, "9"}, {434, "1"}, {102, "2"}, {11, "v4"}});

    talk.client("D", order("v5", "44=90|"));
    check_fields(talk.venue("8", "11=" + talk.key() + "|" + about + "17=9|150=8|39=8|58=0043-SUSPENDED|"),
                 {{35, "8"},
                  {150, "8"},
                  {39, "8"},
                  {103, "0"},
                  {10007, "0043"},
                  {58, "The venue has refused it: TWSE 0043, Trading in this security is suspended."}});
    talk.client("D", order("v6", "44=91|"));
    check_fields(talk.venue("3", "45=9|371=38|373=5|58=0221-LENGTH|"),
                 {{35, "8"}, {150, "8"}, {10007, "0221"}});
    talk.client("D", order("v7", "44=92|"));
    check_fields(
        talk.venue("8", "11=" + talk.key() + "|" + about + "17=1|150=0|39=0|38=3|151=3|14=0|58=0031-CUT|"),
        {{150, "0"}, {38, "3000"}, {151, "3000"}, {10006, "134"}, {10007, "0031"}});
    check_fields(
        talk.venue("8", "11=" + talk.key() + "|" + about + "17=2|150=D|39=4|151=0|14=0|58=0052-VOLATILITY|"),
        {{150, "4"}, {39, "4"}, {151, "0"}, {10006, "133"}, {10007, "0052"}});
}

// Fails until the Ledger says in exec_type which request was refused, as decision.hpp has it.
TEST_CASE("a_replace_refused_by_the_venue_is_told_as_a_replace", "") {
    Conversation talk;
    talk.client("D", order("v1"));
    talk.venue("8", "11=" + talk.key() + "|37=A0001|55=2330|54=1|17=1|150=0|39=0|38=5|151=5|14=0|");
    talk.client("G", order("v2", "41=v1|44=99|"));
    check_fields(talk.venue("9", "11=" + talk.last_command() + "|1=0000017|58=0053-REPRICE|"),
                 {{35, "9"},
                  {434, "2"},
                  {102, "2"},
                  {11, "v2"},
                  {41, "v1"},
                  {39, "0"},
                  {10006, "130"},
                  {10007, "0053"}});
}

// What the order thread gives the encoder: the order as the Ledger has it.
OrderTerms terms_of(const risk::Ledger& ledger, std::uint32_t slot) {
    const risk::Order& kept = ledger.order(slot);
    const risk::SecurityState& security = ledger.security(kept.security);
    OrderTerms terms;
    terms.order_key = kept.key;
    terms.account = ledger.account_key(kept.account);
    terms.symbol = security.symbol;
    terms.order_number = risk::OrderNumber("A0001");
    terms.price = kept.price;
    terms.ordered = kept.quantity;
    terms.filled = kept.filled;
    terms.lot = security.lot;
    terms.side = kept.side;
    terms.order_type = kept.order_type;
    terms.time_in_force = kept.time_in_force;
    terms.session_kind = kept.session_kind;
    terms.credit_type = kept.credit_type;
    return terms;
}

class Random {
  public:
    explicit Random(std::uint64_t seed) : state_(seed * 0x9E3779B97F4A7C15U + 1) {}
    std::size_t below(std::size_t bound) {
        state_ = state_ * 6364136223846793005U + 1442695040888963407U;
        return static_cast<std::size_t>(state_ >> 33) % bound;
    }
    template <class T>
    T of(std::initializer_list<T> values) {
        return *(values.begin() + below(values.size()));
    }

  private:
    std::uint64_t state_;
};

// The order thread stops the program when an accepted command cannot be encoded, so none may exist:
// random commands, good and odd, against random answers of the venue.
TEST_CASE("every_command_the_ledger_accepts_can_be_said_to_the_venue") {
    std::map<std::string, std::size_t> encoded;
    std::size_t refused = 0;
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
        Random random(seed);
        risk::Reference reference = tests::make_reference();
        reference.rules.refuse_self_match = false;
        for (std::uint32_t security = 1; security < reference.securities.size(); ++security) {
            reference.inventory.push_back({1, security, 50'000'000, 0});
            reference.inventory.push_back({2, security, 50'000'000, 0});
        }
        reference.inventory.erase(reference.inventory.begin(), reference.inventory.begin() + 2);
        tests::World world(reference);
        world.at_s(random.of<std::int64_t>({250, 250, 250, 2'500'000}));
        std::vector<risk::Decision> orders;
        std::vector<std::string> ids;
        fix::Encoder encoder;
        for (int step = 0; step < 400; ++step) {
            INFO("seed " << seed << " step " << step);
            const std::string id = "c" + std::to_string(step);
            // Mostly an order that lives, by its latest id; sometimes any id, or none.
            std::string original = ids.empty() ? "none" : ids[random.below(ids.size())];
            for (std::size_t i = 0; i < orders.size() && random.below(8) != 0; ++i) {
                const risk::Decision& live = orders[orders.size() - 1 - i];
                const risk::Order& kept = world.ledger->order(world.ledger->find_order(live.order_key));
                if (kept.open() && kept.acknowledged()) {
                    original = kept.client_order_id.view();
                    break;
                }
            }
            const bool good = random.below(4) != 0;
            std::string side = random.of<std::string>({"1", "2"});
            std::string symbol = random.of<std::string>({"2330", "2330", "6488", "0050"});
            const std::string type = random.of<std::string>({"D", "D", "G", "G", "F", "H"});
            const std::uint32_t named = world.ledger->find_order(session, risk::ClientOrderId(original));
            if (type != "D" && named != 0 && random.below(8) != 0) {
                const risk::Order& kept = world.ledger->order(named);
                side = kept.side == risk::Side::buy ? "1" : "2";
                symbol = world.ledger->security(kept.security).symbol.view();
            }
            std::string body = "11=" + id + "|55=" + symbol + "|54=" + side + "|";
            if (type == "D" || random.below(16) == 0) {
                body += "1=" + random.of<std::string>({"8610-0000017", "8611-0000025"}) + "|";
            }
            if (type == "G" || type == "F") {
                body += "41=" + original + "|";
            }
            if (type != "H") {
                body += "60=20261123-01:02:03.456|";
            }
            if (type == "D" || type == "G") {
                const std::string quantity =
                    good ? random.of<std::string>({"1000", "2000", "3000", "5000", "100"})
                         : random.of<std::string>({"1500", "999", "0", "-1000", "499000", "500000", "7"});
                const std::string price = good ? random.of<std::string>({"100", "100", "99.5", "0"})
                                               : random.of<std::string>({"99999", "100.03", "95", "100"});
                body += "38=" + quantity + "|40=" + (random.below(6) == 0 ? "1" : "2") + "|";
                body += price == "0" ? "" : "44=" + price + "|";
                body += quantity == "100" ? "10005=C|" : "";
                body += good ? "" : random.of<std::string>({"10005=2|", "10005=7|", "59=3|", "10001=5|"});
            }
            const ReadMessage message(message_text(type, body));
            if (fix::check(message.get(), fix::Counterpart::client)) {
                continue;
            }
            CommandStorage storage;
            BusinessReject refusal;
            const ClientCommand command = translate(message.get(), {}, storage, refusal);
            if (command) {
                risk::Decision decision;
                if (type == "D") {
                    decision = world.feed(command.as<risk::NewOrder>(), command.record->kind, session);
                } else if (type == "G") {
                    decision = world.feed(command.as<risk::ReplaceOrder>(), command.record->kind, session);
                } else if (type == "F") {
                    decision = world.feed(command.as<risk::CancelOrder>(), command.record->kind, session);
                } else {
                    decision =
                        world.feed(command.as<risk::OrderStatusRequest>(), command.record->kind, session);
                }
                if (decision.outcome == risk::Outcome::accepted) {
                    Room room;
                    const std::uint32_t slot = world.ledger->find_order(decision.order_key);
                    REQUIRE(slot != 0);
                    const VenueMessage said =
                        encode_command(encoder, {room.bytes, &to_venue, 1, test_time_ns}, *command.record,
                                       terms_of(*world.ledger, slot));
                    INFO(body << (said.problem != nullptr ? said.problem : ""));
                    REQUIRE(said.length > 0);
                    ++encoded[std::string(1, said.type)];
                    ids.push_back(id);
                    if (type == "D") {
                        orders.push_back(decision);
                    }
                } else {
                    ++refused;
                }
            }
            if (orders.empty()) {
                continue;
            }
            // The venue answers something about some order.
            const risk::Decision about = orders[random.below(orders.size())];
            const risk::Order& kept = world.ledger->order(world.ledger->find_order(about.order_key));
            const risk::Quantity unit =
                terms_of(*world.ledger, world.ledger->find_order(about.order_key)).lot;
            const risk::Quantity some = kept.session_kind == risk::SessionKind::regular ? unit : 1;
            switch (random.below(5)) {
                case 0:
                    world.acknowledge(about, random.below(4) == 0 && kept.quantity > some
                                                 ? kept.quantity - some
                                                 : kept.quantity);
                    break;
                case 1:
                    if (kept.leaves() >= some) {
                        world.fill(about, some, kept.price, ("e" + std::to_string(step)).c_str());
                    }
                    break;
                case 2:
                    if (kept.replace.command != 0) {
                        risk::VenueReport done =
                            world.report(about, risk::OrderStatus::replaced, kept.replace.command);
                        done.facts.order_quantity = kept.quantity - kept.replace.quantity;
                        world.tell(done);
                    }
                    break;
                case 3:
                    if (kept.cancel.command != 0 || kept.replace.command != 0) {
                        world.refuse(about,
                                     kept.cancel.command != 0 ? kept.cancel.command : kept.replace.command);
                    }
                    break;
                default:
                    break;
            }
        }
    }
    CHECK(encoded["D"] > 1'000);
    CHECK(encoded["G"] > 200);
    CHECK(encoded["F"] > 500);
    CHECK(refused > 2'000);
}

}  // namespace
}  // namespace fairlead::gateway
