// Patterns change no answer: a connection's Message that has learned from all messages before reads and
// judges each as one that sees it for the first time. And the scan below it against a plain loop.
#include "gateway/fix/pattern.hpp"

#include <catch2/catch.hpp>
#include <random>
#include <string>
#include <vector>

#include "gateway/fix/dictionary.hpp"
#include "gateway/fix/reader.hpp"
#include "gateway/fix/scan.hpp"

using namespace fairlead;

namespace {

using Random = std::mt19937;

const std::string& pick(const std::vector<std::string>& from, Random& random) {
    return from[random() % from.size()];
}

// Messages as clients and venues send them, '|' for SOH, without 8, 9 and 10.
const std::vector<std::string> bodies = {
    "35=D|49=CLIENT|56=BROKER|34=7|52=20260105-01:00:00.000|11=A-7|1=8610-0000017|55=2330|54=1|"
    "60=20260105-01:00:00.000|38=1000|40=2|44=500.5|59=0|",
    "35=F|49=CLIENT|56=BROKER|34=8|52=20260105-01:00:00.000|11=A-8|41=A-7|55=2330|54=1|"
    "60=20260105-01:00:00.000|",
    "35=8|49=XTAI|56=BROKER|34=9|52=20260105-01:00:00.000|37=A0001|17=E1|150=0|39=0|11=000000000007|55=2330|"
    "54=1|38=1|151=1|14=0|6=0|44=500.5|",
    "35=8|49=XTAI|56=BROKER|34=9|52=20260105-01:00:00.000|37=A0001|17=E2|150=F|39=2|11=000000000007|55=2330|"
    "54=1|32=1|31=500|151=0|14=1|6=500|",
    "35=0|49=CLIENT|56=BROKER|34=10|52=20260105-01:00:00.000|112=TEST|",
    "35=D|49=CLIENT|56=BROKER|34=7|52=20260105-01:00:00.000|11=A-7|1=8610-0000017|55=2330|54=1|"
    "60=20260105-01:00:00.000|38=1000|40=2|453=1|448=X|447=D|452=3|",
    "35=A|49=CLIENT|56=BROKER|34=1|52=20260105-01:00:00.000|98=0|108=30|95=5|96=a|b=c|554=secret|"};

// Changes that keep the tags, change one, or break the text.
void vary(std::string& body, Random& random) {
    static const std::vector<std::string> values = {"",
                                                    "1",
                                                    "22",
                                                    "12345678",
                                                    "123456789",
                                                    "-5",
                                                    "0.5",
                                                    "1.2.3",
                                                    "99.12345",
                                                    "Y",
                                                    "N",
                                                    "D",
                                                    "\x02",
                                                    "\x7f",
                                                    "\xe5\x8f\xb0",
                                                    "2026",
                                                    "20260105-01:00:00",
                                                    "20260105-25:00:00.000",
                                                    "a value of many characters"};
    static const std::vector<std::string> tags = {"1",  "11", "18", "38",   "44",    "58",   "111111", "9999",
                                                  "96", "10", "0",  "0038", "10001", "1024", "-3",     ""};
    std::vector<std::size_t> fields;  // where each begins
    for (std::size_t at = 0; at < body.size(); at = body.find('|', at) + 1) {
        fields.push_back(at);
    }
    const std::size_t begin = fields[random() % fields.size()];
    const std::size_t end = body.find('|', begin);
    const std::size_t equals = body.find('=', begin);
    switch (random() % 8) {
        case 0:
        case 1:
        case 2:
            if (equals < end) {
                body.replace(equals + 1, end - equals - 1, pick(values, random));
            }
            break;
        case 3:
            if (begin != 0 && equals < end) {
                body.replace(begin, equals - begin, pick(tags, random));
            }
            break;
        case 4:
            if (begin != 0) {
                body.erase(begin, end + 1 - begin);
            }
            break;
        case 5:
            body.insert(end + 1, body.substr(begin, end + 1 - begin));
            break;
        case 6:
            body[random() % body.size()] = static_cast<char>(random() % 256);
            break;
        default:
            break;
    }
    if (body.empty() || body.back() != '|') {
        body += '|';
    }
}

std::string whole(std::string body) {
    for (char& character : body) {
        character = character == '|' ? fix::soh : character;
    }
    std::string text =
        "8=FIX.4.4\x01"
        "9=" +
        std::to_string(body.size()) + fix::soh + body;
    const std::string sum = std::to_string(1000 + fix::checksum(text.data(), text.size()));
    return text + "10=" + sum.substr(1) + fix::soh;
}

bool same(const fix::Message& a, const fix::Message& b) {
    const auto fields_of_a = a.fields();
    const auto fields_of_b = b.fields();
    bool equal = fields_of_a.size() == fields_of_b.size() && a.too_many_fields() == b.too_many_fields() &&
                 a.data_fault() == b.data_fault() && a.data_fault_tag() == b.data_fault_tag() &&
                 a.text().size() == b.text().size();
    for (std::size_t i = 0; equal && i < fields_of_a.size(); ++i) {
        equal = fields_of_a[i].tag == fields_of_b[i].tag && fields_of_a[i].offset == fields_of_b[i].offset &&
                fields_of_a[i].length == fields_of_b[i].length;
    }
    for (std::uint32_t tag = 0; equal && tag < 1100; ++tag) {
        equal = a.value(tag) == b.value(tag);
    }
    return equal;
}

}  // namespace

TEST_CASE("a_message_of_a_known_pattern_is_read_and_judged_as_if_seen_for_the_first_time") {
    Random random(20260105);
    const fix::Reader reader;
    fix::Message taught;
    std::size_t alike = 0;
    std::size_t good = 0;
    std::size_t faulty = 0;
    for (int round = 0; round < 60'000; ++round) {
        std::string body = pick(bodies, random);
        for (std::size_t changes = random() % 3; changes > 0; --changes) {
            vary(body, random);
        }
        const std::string text = whole(body);
        fix::Message fresh;
        const fix::ReadResult expected = reader.read({text.data(), text.size()}, fresh);
        const fix::ReadResult result = reader.read({text.data(), text.size()}, taught);
        CAPTURE(round, body);
        REQUIRE(result.status == expected.status);
        REQUIRE(result.consumed == expected.consumed);
        if (result.status != fix::ReadStatus::complete) {
            continue;
        }
        alike += taught.pattern() != nullptr && taught.pattern()->good_for != 0 ? 1 : 0;
        if (!same(taught, fresh)) {
            FAIL("read otherwise");
        }
        for (const auto counterpart : {fix::Counterpart::client, fix::Counterpart::venue}) {
            const fix::Fault fault = fix::check(taught, counterpart);
            fix::Message again;
            static_cast<void>(reader.read({text.data(), text.size()}, again));
            const fix::Fault first = fix::check(again, counterpart);
            REQUIRE(fault.reason == first.reason);
            REQUIRE(fault.tag == first.tag);
            ++(fault ? faulty : good);
        }
        bool held = false;
        for (const fix::Field& field : taught.fields()) {
            held = held || fix::may_hold_secret(field.tag);
        }
        REQUIRE((!held || taught.may_hold_secrets()));
    }
    // Every way was taken often.
    CHECK(alike > 10'000);
    CHECK(good > 10'000);
    CHECK(faulty > 10'000);
}

TEST_CASE("the_scan_finds_every_field_end_and_the_sum_of_texts_of_any_length") {
    Random random(7);
    for (std::size_t size = 0; size < 700; ++size) {
        for (const unsigned one_in : {1U, 2U, 9U}) {
            std::vector<char> text(size);
            for (char& character : text) {
                character = random() % one_in == 0 ? fix::soh : static_cast<char>(' ' + random() % 95);
            }
            const bool odd = size != 0 && random() % 4 == 0;
            if (odd) {
                const char odd_ones[] = {'\x02', '\x7f', '\x80', '\xff', '\0'};
                text[random() % size] = odd_ones[random() % std::size(odd_ones)];
            }
            std::vector<std::uint16_t> ends;
            for (std::size_t at = 0; at < size; ++at) {
                if (text[at] == fix::soh) {
                    ends.push_back(static_cast<std::uint16_t>(at));
                }
            }
            const fix::Scan scan(text.data(), size);
            CAPTURE(size, one_in);
            REQUIRE(scan.whole == (ends.size() <= fix::Scan::ends_max));
            if (!scan.whole) {
                continue;
            }
            REQUIRE(std::vector<std::uint16_t>(scan.ends.begin(),
                                               scan.ends.begin() + static_cast<std::ptrdiff_t>(scan.count)) ==
                    ends);
            REQUIRE(scan.sum == fix::checksum(text.data(), size));
            REQUIRE(scan.printable == !odd);
        }
    }
}
