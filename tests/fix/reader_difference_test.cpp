// Our reader and dictionary against QuickFIX's, both with the data dictionary clients are given, on messages
// changed at random: each is taken, refused or no message at all to both alike, or the difference is one of
// those listed here with its reason.
#include <catch2/catch.hpp>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "gateway/fix/dictionary.hpp"
#include "gateway/fix/reader.hpp"
#include "tests/fix/framing.hpp"
#include "tests/fix/quickfix_parse.hpp"

using namespace fairlead;

namespace {

struct Field {
    std::string tag;
    std::string value;
};
using Fields = std::vector<Field>;

const std::vector<std::string> bodies = {
    "35=D|@|11=A|1=8610-0000017|55=2330|54=1|60=20260105-01:00:00|38=1000|40=2|44=500|59=0",
    "35=G|@|41=A|11=B|1=8610-0000017|55=2330|54=1|60=20260105-01:00:00|38=1000|40=2|44=500",
    "35=F|@|41=A|11=B|1=8610-0000017|55=2330|54=1|60=20260105-01:00:00|38=1000",
    "35=H|@|11=A|55=2330|54=1",
    "35=q|@|11=C|530=7|60=20260105-01:00:00",
    "35=A|@|98=0|108=30|553=client|554=secret",
    "35=A|@|95=5|96=a1b2c|98=0|108=30",
    "35=0|@",
    "35=1|@|112=X",
    "35=2|@|7=1|16=0",
    "35=3|@|45=2|373=5|371=44|58=no",
    "35=4|@|123=Y|36=9",
    "35=5|@|58=bye"};
const std::string header = "49=CLIENT|56=BROKER|34=2|52=20260105-01:00:00.000";

Fields fields_of(std::string text) {
    text.replace(text.find('@'), 1, header);
    Fields fields;
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find('|', at), text.size());
        const std::size_t equals = text.find('=', at);
        fields.push_back({text.substr(at, equals - at), text.substr(equals + 1, end - equals - 1)});
        at = end + 1;
    }
    return fields;
}

class Changer {
  public:
    explicit Changer(std::uint32_t seed) : random_(seed) {}

    std::string message() {
        Fields fields = fields_of(pick(bodies));
        if (random_() % 4 != 0) {
            change(fields);
        }
        std::string body;
        for (const Field& field : fields) {
            body += field.tag + "=" + field.value + "\x01";
        }
        std::string text = test::framed(body);
        if (random_() % 12 == 0) {
            text[random_() % text.size()] = "\x01=0123456789|A-"[random_() % 15];
        }
        return text;
    }

  private:
    template <class T>
    const T& pick(const std::vector<T>& from) {
        return from[random_() % from.size()];
    }

    void change(Fields& fields) {
        static const std::vector<std::string> values = {"",
                                                        "0",
                                                        "1",
                                                        "2",
                                                        "-1",
                                                        "+5",
                                                        "abc",
                                                        "1e3",
                                                        "01",
                                                        "1.",
                                                        ".5",
                                                        "1.5",
                                                        "99999999999999999999",
                                                        "20260105",
                                                        "20260105-01:00:00",
                                                        "20260105-25:00:00",
                                                        "Y",
                                                        "y",
                                                        "N",
                                                        " ",
                                                        "1 ",
                                                        "D",
                                                        "ZZ",
                                                        "a=b"};
        static const std::vector<std::string> tags = {"0",      "01", "-5", "a",         "5000", "10001",
                                                      "999999", "44", "35", "58",        "43",   "122",
                                                      "97",     "40", "9",  "4294967340"};
        const std::size_t at = random_() % fields.size();
        switch (random_() % 7) {
            case 0:
                fields.erase(fields.begin() + static_cast<std::ptrdiff_t>(at));
                break;
            case 1:
                fields.insert(fields.begin() + static_cast<std::ptrdiff_t>(random_() % (fields.size() + 1)),
                              fields[at]);
                break;
            case 2:
                std::swap(fields[at], fields[random_() % fields.size()]);
                break;
            case 3:
            case 4:
                // Seen with -1, -2, 2^31-1, 2^32-1 and 2^64-1: std::length_error ends QuickFIX's whole
                // process.
                if (fields[at].tag != "95") {
                    fields[at].value = pick(values);
                }
                break;
            case 5:
                fields[at].tag = pick(tags);
                break;
            default:
                fields.insert(fields.begin() + static_cast<std::ptrdiff_t>(1 + random_() % fields.size()),
                              {pick(tags), pick(values)});
        }
        if (fields.empty()) {
            fields.push_back({"35", "0"});
        }
    }

    std::mt19937 random_;
};

struct Ours {
    bool message = false;
    int reject = -1;
    std::int64_t tag = 0;
};

Ours judge(const std::string& text) {
    Ours ours;
    fix::Message message;
    const fix::ReadResult result = fix::Reader().read({text.data(), text.size()}, message);
    ours.message = result.status == fix::ReadStatus::complete && result.consumed == text.size();
    if (ours.message) {
        const fix::MessageClass of = fix::classify(message.value(35), fix::Counterpart::client);
        const fix::Fault fault = fix::check(message, fix::Counterpart::client);
        ours.reject = of == fix::MessageClass::unknown ? 11 : static_cast<int>(fault.reason);
        ours.tag = fault ? fault.tag : 0;
    }
    return ours;
}

// What becomes of a message.
enum class Fate { no_message, refused, taken };
Fate fate_of(bool message, int reject) {
    return !message ? Fate::no_message : reject < 0 ? Fate::taken : Fate::refused;
}

bool has(const std::string& text, const std::string& part) {
    return text.find('\x01' + part) != std::string::npos;
}
bool lacks_one_of(const std::string& text, std::initializer_list<const char*> parts) {
    for (const char* part : parts) {
        if (!has(text, part)) {
            return true;
        }
    }
    return false;
}
// A number of the header or a range that is no number from 0 to 2^64-1, though its characters pass QuickFIX.
bool number_out_of_range(const std::string& text) {
    return has(text, "34=-1") || text.find("=99999999999999999999\x01") != std::string::npos ||
           text.find("=-1\x01") != std::string::npos;
}

struct Difference {
    Fate ours;
    Fate theirs;
    const char* reason;
    bool (*applies)(const std::string& text, const Ours& ours);
    unsigned seen = 0;
};

std::vector<Difference> known_differences() {
    return {
        {Fate::refused, Fate::no_message,
         "A data field without its length before it, or that does not end where it says: QuickFIX drops the "
         "message unanswered, here it is rejected and its number used, so that nothing waits for it.",
         [](const std::string& text, const Ours&) { return has(text, "96=") || has(text, "95="); }},
        {Fate::refused, Fate::no_message,
         "BodyLength a second time: QuickFIX believes the last one, here the one in its place counts.",
         [](const std::string& text, const Ours&) {
             return text.find(
                        "\x01"
                        "9=",
                        12) != std::string::npos;
         }},
        {Fate::refused, Fate::taken,
         "A tag with leading zeros is no tag; QuickFIX reads it as the one without them.",
         [](const std::string& text, const Ours& ours) { return has(text, "01=") && ours.reject == 0; }},
        {Fate::refused, Fate::taken,
         "A required field of the header is missing: QuickFIX's dictionary leaves that to its session.",
         [](const std::string& text, const Ours& ours) {
             return lacks_one_of(text, {"49=", "56=", "34=", "52="}) && ours.reject == 1;
         }},
        {Fate::refused, Fate::taken,
         "A sequence number that is negative or beyond 64 bits; QuickFIX takes it and wraps.",
         [](const std::string& text, const Ours& ours) {
             return number_out_of_range(text) && (ours.reject == 5 || ours.reject == 6);
         }},
        {Fate::taken, Fate::refused,
         "A message type of FIX 4.4 that is not served: answered with a BusinessMessageReject, not a Reject.",
         [](const std::string& text, const Ours&) {
             fix::Message message;
             (void)fix::Reader().read({text.data(), text.size()}, message);
             return fix::classify(message.value(35), fix::Counterpart::client) ==
                    fix::MessageClass::unsupported;
         }},
        {Fate::refused, Fate::taken,
         "A tag beyond 32 bits is no tag; in QuickFIX it wraps and is another field (4294967340 is its "
         "Price).",
         [](const std::string& text, const Ours& ours) {
             return has(text, "4294967340=") && ours.reject == 0;
         }},
        {Fate::refused, Fate::taken, "A length without its data field.",
         [](const std::string& text, const Ours& ours) {
             return has(text, "95=") && ours.reject == 1 && ours.tag == 96;
         }},
        {Fate::taken, Fate::refused, "A Reject is not itself rejected, whatever reason it gives.",
         [](const std::string& text, const Ours&) { return has(text, "35=3") && has(text, "373="); }},
        {Fate::taken, Fate::refused,
         "Another EncryptMethod: the session refuses the Logon and closes, without a Reject before.",
         [](const std::string& text, const Ours&) { return has(text, "35=A") && has(text, "98="); }},
    };
}

// Both refuse, with another reason: a message with two faults, of which each names the one it meets first.
// QuickFIX looks at the order of header and body while parsing, then at what is required; here the fields are
// judged as they come, tag before value, and what is missing is told last. (Ours, theirs.)
const std::set<std::pair<int, int>> two_faults = {{0, 1}, {0, 2},  {0, 4},  {0, 5}, {0, 6},  {0, 13}, {0, 14},
                                                  {2, 1}, {2, 4},  {2, 5},  {2, 6}, {2, 14}, {4, 13}, {4, 14},
                                                  {5, 1}, {5, 13}, {5, 14}, {6, 1}, {6, 14}, {13, 1}};

}  // namespace

TEST_CASE("reader_and_dictionary_differ_from_a_stock_engine_only_as_listed") {
    const test::QuickfixParse quickfix(FAIRLEAD_DATA_DICTIONARY);
    std::vector<Difference> known = known_differences();
    std::map<Fate, unsigned> alike;
    for (const std::uint32_t seed : {1U, 2U, 3U}) {
        Changer changer(seed);
        for (int i = 0; i < 40'000; ++i) {
            const std::string text = changer.message();
            const Ours ours = judge(text);
            const test::QuickfixParse::Verdict theirs = quickfix.judge(text);
            const Fate our_fate = fate_of(ours.message, ours.reject);
            const Fate their_fate = fate_of(theirs.message, theirs.reject);
            bool listed = our_fate == their_fate && (ours.reject == theirs.reject ||
                                                     two_faults.count({ours.reject, theirs.reject}) != 0);
            alike[our_fate] += listed ? 1 : 0;
            for (Difference& difference : known) {
                if (!listed && difference.ours == our_fate && difference.theirs == their_fate &&
                    difference.applies(text, ours)) {
                    ++difference.seen;
                    listed = true;
                }
            }
            if (!listed) {
                INFO(text << " ours " << ours.message << ' ' << ours.reject << " of " << ours.tag
                          << ", theirs " << theirs.message << ' ' << theirs.reject << " of " << theirs.tag);
                CHECK(listed);
            }
        }
    }
    // The messages are worth having, and the list has nothing that is no difference any more.
    for (const Fate fate : {Fate::no_message, Fate::refused, Fate::taken}) {
        CHECK(alike[fate] > 5'000);
    }
    for (const Difference& difference : known) {
        INFO(difference.reason);
        CHECK(difference.seen > 0);
    }
}
