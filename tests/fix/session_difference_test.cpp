// Our session machine beside a stock QuickFIX acceptor: both get the same bytes of generated conversations
// (gaps, duplicates, resets, resend requests, fields that are wrong), and every step must have the same
// answer, deliver the same and leave the same number expected, or be one of the differences listed here,
// which config/rules-of-engagement.md gives with their reasons. Behind a difference the two are apart, so a
// conversation ends there.
#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <ctime>
#include <fstream>
#include <iterator>
#include <random>
#include <regex>
#include <set>

#include "tests/fix/framing.hpp"
#include "tests/fix/quickfix_peer.hpp"
#include "tests/fix/wired_session.hpp"

using namespace fairlead;

namespace {

std::string field(const std::string& message, int tag) {
    const std::string key = "\x01" + std::to_string(tag) + "=";
    const std::size_t at = message.find(key);
    return at == std::string::npos
               ? ""
               : message.substr(at + key.size(), message.find('\x01', at + 1) - at - key.size());
}

// What of an answer must be the same; texts and times are each engine's own.
std::string essence(const std::string& message) {
    const std::string type = field(message, 35);
    std::string text = type + " " + field(message, 34);
    for (const int tag : {7, 16, 36, 43, 45, 112, 123, 141, 371, 372, 373, 380}) {
        if (const std::string value = field(message, tag); !value.empty()) {
            text += " " + std::to_string(tag) + "=" + value;
        }
    }
    return type == "8" ? text + " " + field(message, 58) : text;
}

std::string utc_text(std::time_t at) {
    std::array<char, 32> text{};
    std::tm parts{};
    ::gmtime_r(&at, &parts);
    const std::size_t length = std::strftime(text.data(), text.size(), "%Y%m%d-%H:%M:%S", &parts);
    return std::string(text.data(), length) + ".000";
}

// One message of the client, and what it is called in the list of differences.
struct Step {
    std::string kind;
    std::string bytes;
};

// The client's side of a conversation, as good or bad as the seed has it.
class Client {
  public:
    explicit Client(std::uint32_t seed) : random_(seed) {}

    Step logon(std::uint64_t number, const std::string& more = "") {
        return {"logon", message("A", number, "98=0|108=30|" + more)};
    }
    // `expected`: what both sides expect next; `sent`: the last number they have sent.
    Step next(std::uint64_t expected, std::uint64_t sent) {
        const std::uint64_t low = expected > 1 ? 1 + random_() % (expected - 1) : 1;
        // A number that has come early already is not used again for another message.
        early_.erase(early_.begin(), early_.lower_bound(expected));
        std::uint64_t high = expected + 1 + random_() % 4;
        while (early_.contains(high)) {
            ++high;
        }
        Step step = draw(expected, sent, low, high);
        if (step.kind.find("too high") != std::string::npos) {
            early_[high] = field(step.bytes, 11);
        }
        return step;
    }
    std::uint32_t random() { return static_cast<std::uint32_t>(random_()); }
    // Messages that have come early and wait, if none was dropped: their numbers, and ClOrdIDs of orders.
    [[nodiscard]] const std::map<std::uint64_t, std::string>& early() const { return early_; }

  private:
    Step draw(std::uint64_t expected, std::uint64_t sent, std::uint64_t low, std::uint64_t high) {
        const std::string dup = "43=Y|122=" + utc_text(std::time(nullptr) - 10) + "|";
        switch (random_() % 30) {
            case 0:
            case 1:
            case 2:
            case 3:
                return {"order", order(expected)};
            case 4:
                return {"order too high", order(high)};
            case 5:
                return {"order too high, PossDup", order(high, dup)};
            case 6:
                return {"order again, PossDup", order(low, dup)};
            case 7:
                return {"order in turn, PossDup", order(expected, dup)};
            case 8:
                return {"order in turn, PossDup without OrigSendingTime", order(expected, "43=Y|")};
            case 9:
                return {"order again, PossDup without OrigSendingTime", order(low, "43=Y|")};
            case 10:
                return {"order in turn, OrigSendingTime behind SendingTime",
                        order(expected, "43=Y|122=" + utc_text(std::time(nullptr) + 60) + "|")};
            case 11:
                return {"order too low", order(low)};
            case 12:
                return {"heartbeat", message("0", expected, "")};
            case 13:
                return {"test request", message("1", expected, "112=T" + std::to_string(expected) + "|")};
            case 14:
                return {"test request too high", message("1", high, "112=early|")};
            case 15:
                return {"test request without id", message("1", expected, "")};
            case 16:
                return {"gap fill in turn", gap_fill(expected, expected + 1 + random_() % 3)};
            case 17:
                return {"gap fill too high", gap_fill(high, high + 2)};
            case 18:
                return {"gap fill again, PossDup", gap_fill(low, low + 1, dup)};
            case 19:
                return {"gap fill that goes back", gap_fill(expected, low)};
            case 20:
                return {"reset forward", message("4", expected, "36=" + std::to_string(high) + "|")};
            case 21:
                return {"reset forward, any number",
                        message("4", high, "36=" + std::to_string(high + 3) + "|")};
            case 22:
                return {"reset backward", message("4", expected, "36=" + std::to_string(low) + "|")};
            case 23:
                return resend(expected, sent);
            case 24:
                return wrong_field(expected);
            case 25:
                return wrong_header(expected);
            case 26:
                return {"reject", message("3", expected, "45=1|373=99|")};
            case 27:
                return random_() % 3 == 0 ? Step{"logout", message("5", expected, "")}
                                          : Step{"logout too high", message("5", high, "")};
            case 28:
                return random_() % 2 == 0
                           ? Step{"second logon", message("A", expected, "98=0|108=30|")}
                           : Step{"second logon, reset", message("A", 1, "98=0|108=30|141=Y|")};
            default:
                return {"order", order(expected)};
        }
    }
    Step resend(std::uint64_t expected, std::uint64_t sent) {
        const std::uint64_t begin = 1 + random_() % (sent + 2);
        const std::uint64_t end = random_() % 3 == 0 ? 0 : random_() % (sent + 3);
        const std::string kind = begin > sent  ? "resend from beyond the last"
                                 : end == 0    ? "resend open"
                                 : end < begin ? "resend that ends before it begins"
                                               : "resend range";
        return {kind,
                message("2", expected, "7=" + std::to_string(begin) + "|16=" + std::to_string(end) + "|")};
    }
    Step wrong_field(std::uint64_t expected) {
        struct Change {
            const char* kind;
            const char* body;
        };
        static constexpr std::array changes{
            Change{"required tag missing", "11=A|1=8610-0000017|54=1|60=@|38=1000|40=2|44=500|"},
            Change{"tag not of FIX", "11=A|1=8610-0000017|55=2330|54=1|60=@|38=1000|40=2|44=500|4999=1|"},
            Change{"tag without a value", "11=A|1=8610-0000017|55=|54=1|60=@|38=1000|40=2|44=500|"},
            Change{"value outside its enumeration",
                   "11=A|1=8610-0000017|55=2330|54=x|60=@|38=1000|40=2|44=500|"},
            Change{"wrong format", "11=A|1=8610-0000017|55=2330|54=1|60=@|38=+1e3|40=2|44=500|"},
            Change{"tag repeated", "11=A|1=8610-0000017|55=2330|54=1|54=1|60=@|38=1000|40=2|44=500|"},
            Change{"tag of another message",
                   "11=A|1=8610-0000017|55=2330|54=1|60=@|38=1000|40=2|44=500|41=A|"}};
        const Change& change = changes[random_() % changes.size()];
        return {change.kind, message("D", expected, with_time(change.body))};
    }
    Step wrong_header(std::uint64_t expected) {
        switch (random_() % 5) {
            case 0:
                return {"wrong sender", message("0", expected, "", "49=OTHER|56=BROKER|")};
            case 1:
                return {"wrong target", message("0", expected, "", "49=CLIENT|56=OTHER|")};
            case 2:
                return {"sending time off", message("0", expected, "", "49=CLIENT|56=BROKER|", -600)};
            case 3:
                return {"unknown message type", message("ZZ", expected, "")};
            default:
                return {"served by nobody", message("B", expected, "148=x|33=1|58=x|")};
        }
    }

    static std::string with_time(std::string body) {
        const std::size_t at = body.find('@');
        return at == std::string::npos ? body : body.replace(at, 1, utc_text(std::time(nullptr)));
    }
    std::string order(std::uint64_t number, const std::string& header = "") {
        return message("D", number,
                       with_time("11=C" + std::to_string(++orders_) +
                                 "|1=8610-0000017|55=2330|54=1|60=@|38=1000|40=2|44=500|59=0|"),
                       "49=CLIENT|56=BROKER|" + header);
    }
    std::string gap_fill(std::uint64_t number, std::uint64_t next, const std::string& header = "") {
        return message("4", number, "123=Y|36=" + std::to_string(next) + "|",
                       "49=CLIENT|56=BROKER|" + header);
    }
    std::string message(const std::string& type, std::uint64_t number, const std::string& body,
                        const std::string& ids = "49=CLIENT|56=BROKER|", std::time_t off_s = 0) {
        std::string text = "35=" + type + "|" + ids + "34=" + std::to_string(number) +
                           "|52=" + utc_text(std::time(nullptr) + off_s) + "|" + body;
        for (char& character : text) {
            character = character == '|' ? '\x01' : character;
        }
        return test::framed(text);
    }

    std::mt19937 random_;
    std::map<std::uint64_t, std::string> early_;
    std::uint64_t orders_ = 0;
};

// Both acceptors in one conversation.
class Beside {
  public:
    explicit Beside(std::uint32_t seed)
        : client_(seed), ours_(config()), theirs_(FAIRLEAD_DATA_DICTIONARY, true) {
        ours_.connect();
        theirs_.connect();
    }
    [[nodiscard]] bool over() const { return !ours_.connected() || !theirs_.connected(); }
    Client& client() { return client_; }
    [[nodiscard]] std::uint64_t expected() const { return ours_.session().next_in(); }
    [[nodiscard]] std::uint64_t sent() const { return ours_.session().next_out() - 1; }

    // Both told the same; what each did.
    std::pair<std::string, std::string> tell(const Step& step) {
        ours_.delivered.clear();
        const std::size_t had = theirs_.reports().size();
        ours_.receive(step.bytes);
        theirs_.receive(step.bytes);
        std::string ours;
        for (const std::string& message : ours_.take_sent()) {
            ours += essence(message) + "; ";
        }
        std::string theirs;
        for (const std::string& message : theirs_.take_sent()) {
            theirs += essence(message) + "; ";
        }
        for (const std::string& id : ours_.delivered) {
            ours += "delivered " + id + "; ";
        }
        for (std::size_t i = had; i < theirs_.reports().size(); ++i) {
            theirs += "delivered " + theirs_.reports()[i] + "; ";
        }
        ours += ours_.connected() ? "expects " + std::to_string(ours_.session().next_in()) : "closed";
        theirs += theirs_.connected() ? "expects " + std::to_string(theirs_.next_in()) : "closed";
        return {ours, theirs};
    }
    void both_report() {
        ours_.report();
        theirs_.send_report(ours_.reported.back());
        static_cast<void>(ours_.take_sent());
        static_cast<void>(theirs_.take_sent());
    }

  private:
    static fix::SessionConfig config() {
        fix::SessionConfig config;
        config.our_comp_id = "BROKER";
        config.peer_comp_id = "CLIENT";
        config.reset_permitted = true;
        return config;
    }
    Client client_;
    test::WiredSession ours_;
    test::QuickfixPeer theirs_;
};

// The differences, each with what config/rules-of-engagement.md calls it.
constexpr std::array listed{"PossDup in turn without OrigSendingTime",
                            "OrigSendingTime behind SendingTime",
                            "a gap fill that goes back",
                            "a second Logon on the same connection",
                            "a ResendRequest for numbers never sent",
                            "a wrong CompID or SendingTime in mid session",
                            "a message type of FIX 4.4 that is not served",
                            "a Reject",
                            "a hole that is left when early messages have had their turn",
                            "a reset while early messages wait"};

void erase_once(std::string& text, const std::string& begin, char end) {
    if (const std::size_t at = text.find(begin); at != std::string::npos) {
        text.erase(at, text.find(end, at + begin.size()) - at);
    }
}

// Our answer where a kind of step has always another one: N is the step's number, # any, and TURN what early
// messages bring that have their turn behind it.
struct Told {
    const char* kind;
    const char* name;
    const char* ours;
};
constexpr std::array by_kind{
    Told{"order in turn, PossDup without OrigSendingTime", listed[0],
         "3 # 45=N 371=122 372=D 373=1; expects N"},
    Told{"order in turn, OrigSendingTime behind SendingTime", listed[1],
         "3 # 45=N 371=122 372=D 373=10; 5 #; closed"},
    Told{"gap fill that goes back", listed[2], "3 # 45=N 371=36 372=4 373=5; TURN"},
    Told{"second logon", listed[3], "3 # 45=N 372=A 373=99; TURN"},
    Told{"resend from beyond the last", listed[4], "3 # 45=N 371=7 372=2 373=5; TURN"},
    Told{"resend that ends before it begins", listed[4], "3 # 45=N 371=16 372=2 373=5; TURN"},
    Told{"wrong sender", listed[5], "3 # 45=N 371=49 372=0 373=9; 5 #; closed"},
    Told{"wrong target", listed[5], "3 # 45=N 371=56 372=0 373=9; 5 #; closed"},
    Told{"sending time off", listed[5], "3 # 45=N 371=52 372=0 373=10; 5 #; closed"},
    Told{"served by nobody", listed[6], "j # 45=N 372=B 380=3; TURN"}};

bool is_told(std::string pattern, const std::string& number, const std::string& ours) {
    const auto put = [&pattern](const std::string& sign, const std::string& meaning) {
        for (std::size_t at = pattern.find(sign); at != std::string::npos;
             at = pattern.find(sign, at + meaning.size())) {
            pattern.replace(at, sign.size(), meaning);
        }
    };
    // Behind it the step's number is used.
    put("TURN", "((0 # 112=early|2 # 7=# 16=0|delivered C#); )*(5 #; closed|expects (?!=$)#)");
    put("N", number);
    put("(?!=$)", "(?!" + number + "$)");
    put("#", "[0-9]+");
    return std::regex_match(ours, std::regex(pattern));
}

// Our ResendRequest for what is expected next, with no end.
bool erase_request_for_hole(std::string& ours) {
    static const std::regex hole("(^|; )(2 [0-9]+ 7=([0-9]+) 16=0; )(.*; |)expects \\3$");
    std::smatch found;
    if (!std::regex_search(ours, found, hole)) {
        return false;
    }
    ours.erase(static_cast<std::size_t>(found.position(2)), static_cast<std::size_t>(found.length(2)));
    return true;
}

// What a reset has dropped at ours while QuickFIX keeps it.
struct Dropped {
    std::set<std::string> orders;
    std::uint64_t until = 0;  // its highest number; 0: nothing was dropped, or its numbers are passed

    void reset(const std::map<std::uint64_t, std::string>& early) {
        for (const auto& [number, order] : early) {
            orders.insert("delivered " + order);
            until = std::max(until, number);
        }
    }
    // Ours does what QuickFIX does and no more: no answer that QuickFIX has not given but to ask for a hole,
    // none of the dropped orders, and no number passed that QuickFIX has not.
    [[nodiscard]] bool explains(const std::string& ours, const std::string& theirs) const {
        std::vector<std::string> mine = parts_of(ours);
        std::vector<std::string> other = parts_of(theirs);
        const bool no_further =
            other.back() == "closed" || (mine.back() != "closed" && expects(mine) <= expects(other));
        mine.pop_back();
        for (const std::string& part : mine) {
            const auto found = std::find(other.begin(), other.end(), part);
            if (orders.contains(part) || (found == other.end() && part.rfind("2 ", 0) != 0)) {
                return false;
            }
            if (found != other.end()) {
                other.erase(found);
            }
        }
        return until != 0 && no_further;
    }

  private:
    static std::vector<std::string> parts_of(const std::string& text) {
        std::vector<std::string> parts;
        std::size_t at = 0;
        for (std::size_t end = 0; (end = text.find("; ", at)) != std::string::npos; at = end + 2) {
            parts.push_back(text.substr(at, end - at));
        }
        parts.push_back(text.substr(at));
        return parts;
    }
    static std::uint64_t expects(const std::vector<std::string>& parts) {
        return std::stoull(parts.back().substr(std::string("expects ").size()));
    }
};

// Which of the listed ones it is; empty: none of them, or our answer is not the one it is listed with.
std::string name_of_difference(const Step& step, const std::string& ours, const std::string& theirs,
                               const Dropped& dropped) {
    for (const Told& told : by_kind) {
        if (step.kind == told.kind) {
            return is_told(told.ours, field(step.bytes, 34), ours) ? told.name : "";
        }
    }
    if (theirs.find(" 371=") == std::string::npos) {  // the Reject names the tag
        std::string without = ours;
        erase_once(without, " 371=", ' ');
        if (without == theirs) {
            return listed[7];
        }
    }
    if (std::string without = ours; erase_request_for_hole(without) && without == theirs) {
        return listed[8];
    }
    return dropped.explains(ours, theirs) ? listed[9] : "";
}

}  // namespace

TEST_CASE("ours_and_a_stock_acceptor_answer_generated_conversations_alike_or_as_listed") {
    std::map<std::string, unsigned> met;
    std::map<std::string, unsigned> same;
    for (std::uint32_t seed = 1; seed <= 4'000; ++seed) {
        Beside both(seed);
        auto [ours, theirs] = both.tell(both.client().logon(1));
        REQUIRE(ours == theirs);
        std::string history = "seed " + std::to_string(seed) + "\n";
        Dropped dropped;
        for (int i = 0; i < 25 && !both.over(); ++i) {
            if (both.client().random() % 4 == 0) {
                both.both_report();
            }
            const Step step = both.client().next(both.expected(), both.sent());
            const bool resets =
                step.kind.rfind("reset forward", 0) == 0 || step.kind == "second logon, reset";
            if (resets) {
                dropped.reset(both.client().early());
            }
            const std::uint64_t expected = both.expected();
            std::tie(ours, theirs) = both.tell(step);
            history += step.kind + ": " + essence(step.bytes) + " -> " + ours + "\n";
            if (ours == theirs) {
                ++same[step.kind];
                // Both have passed what was dropped, by a message in turn: it explains nothing any more.
                if (!resets && !both.over() && both.expected() > std::max(expected, dropped.until)) {
                    dropped = {};
                }
                continue;
            }
            const std::string name = name_of_difference(step, ours, theirs, dropped);
            INFO(history << "QuickFIX: " << theirs);
            CHECK(name != "");
            ++met[name];
            break;
        }
    }
    // What is listed happens, and nearly all kinds of steps have the same answer, often.
    std::ifstream rules(FAIRLEAD_RULES_OF_ENGAGEMENT);
    const std::string text{std::istreambuf_iterator<char>(rules), std::istreambuf_iterator<char>()};
    for (const char* name : listed) {
        INFO(name);
        CHECK(met[name] > 0);
        CHECK(text.find(std::string("| ") + name + " |") != std::string::npos);
    }
    unsigned alike = 0;
    for (const auto& [kind, count] : same) {
        INFO(kind);
        CHECK(count > 20);
        alike += count;
    }
    CHECK(same.size() >= 29);
    CHECK(alike > 10'000);
}
