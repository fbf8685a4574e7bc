// The translations around the real Ledger: a client's bytes to a Record, a Decision to the bytes of its
// answer, a venue's bytes to a Record, all without sockets. Every answer is checked by a stock client.
#include <catch2/catch.hpp>
#include <string>

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
        order.command = reference.command != 0 ? reference.command : last_command_;
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
             Row{"38=1500|", "13", "51", "The quantity must be whole board lots: quantity 1,500 shares."},
             Row{"44=100.03|", "99", "55", "The price is not on a tick of this security: price 100.03."},
             Row{"44=110.5|", "99", "56", "The price is above the day's upper limit: price 110.5."},
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
TEST_CASE("a_replace_refused_by_the_venue_is_told_as_a_replace", "[!mayfail]") {
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

TEST_CASE("commands_taken_by_the_ledger_are_messages_the_venue_can_take") {
    Conversation talk;
    talk.client("D", order("w1"));
    const std::uint32_t slot = talk.world.ledger->find_order(talk.decision.order_key);
    const risk::Order& kept = talk.world.ledger->order(slot);
    const risk::SecurityState& security = talk.world.ledger->security(kept.security);
    OrderTerms terms;
    terms.order_key = kept.key;
    terms.account = talk.world.ledger->account_key(kept.account);
    terms.symbol = security.symbol;
    terms.order_number = risk::OrderNumber("A0001");
    terms.price = kept.price;
    terms.ordered = kept.quantity;
    terms.filled = kept.filled;
    terms.lot = security.lot;
    terms.side = kept.side;
    terms.order_type = kept.order_type;
    risk::ReplaceOrder replace{};
    replace.record.kind = risk::RecordKind::replace_order;
    replace.record.sequence = 900;
    replace.facts.quantity = 4000;
    Room room;
    fix::Encoder encoder;
    const VenueMessage cut =
        encode_command(encoder, {room.bytes, &to_venue, 1, test_time_ns}, replace.record, terms);
    REQUIRE(cut.length > 0);
    CHECK(value(room.text(cut.length), 38) == "1");
    const ReadMessage read(room.raw(cut.length));
    CHECK(read.get().type() == "G");
}

}  // namespace
}  // namespace fairlead::gateway
