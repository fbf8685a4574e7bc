// The reader on bytes however they come: split at every byte, among garbage, mutated at random.
#include "gateway/fix/reader.hpp"

#include <catch2/catch.hpp>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "gateway/fix/dictionary.hpp"
#include "gateway/fix/encoder.hpp"

using namespace fairlead;
using fix::ReadStatus;
using namespace std::string_literals;

namespace {

const fix::HeaderTemplate from_client("FIX.4.4", "CLIENT", "BROKER");

std::string order(std::uint64_t number, std::string_view text = "plain") {
    std::vector<char> out(1024);
    fix::Encoder encoder;
    encoder.begin(out, from_client, "D", number, 1'767'574'800'000'000'000);
    encoder.add(11, "ORDER-1");
    encoder.add(1, "8610-0000017");
    encoder.add(55, "2330");
    encoder.add_char(54, '1');
    encoder.add_time(60, 1'767'574'800'000'000'000);
    encoder.add_quantity(38, 1000);
    encoder.add_char(40, '2');
    encoder.add_price(44, 5'000'000);
    encoder.add(58, text);
    return {out.data(), encoder.finish()};
}

std::string logon_with_data(std::string_view data) {
    std::vector<char> out(1024);
    fix::Encoder encoder;
    encoder.begin(out, from_client, "A", 1, 1'767'574'800'000'000'000);
    encoder.add_unsigned(98, 0);
    encoder.add_unsigned(108, 30);
    encoder.add_data(95, 96, data);
    return {out.data(), encoder.finish()};
}

// The bytes in a heap block of their exact size, so that a sanitizer sees a read beyond them.
fix::ReadResult read(const std::string& bytes, fix::Message& message, std::unique_ptr<char[]>& keep) {
    keep = std::make_unique<char[]>(bytes.size());
    std::memcpy(keep.get(), bytes.data(), bytes.size());
    return fix::Reader().read({keep.get(), bytes.size()}, message);
}

// Everything a connection would get out of these bytes: the types and numbers of the messages.
std::string all_read(const std::string& bytes, std::size_t step) {
    const fix::Reader reader;
    std::string found;
    std::string buffer;
    fix::Message message;
    for (std::size_t at = 0; at < bytes.size(); at += step) {
        buffer += bytes.substr(at, step);
        for (;;) {
            const auto result = reader.read({buffer.data(), buffer.size()}, message);
            if (result.status == ReadStatus::incomplete) {
                break;
            }
            if (result.status == ReadStatus::oversize) {
                return found + "oversize";
            }
            if (result.status == ReadStatus::complete) {
                found += std::string(message.type()) + std::to_string(message.number()) + " ";
            }
            REQUIRE(result.consumed > 0);
            REQUIRE(result.consumed <= buffer.size());
            buffer.erase(0, result.consumed);
        }
        REQUIRE(buffer.size() < reader.message_max());
    }
    return found;
}

}  // namespace

TEST_CASE("a_message_cut_at_any_byte_is_incomplete_and_then_complete") {
    const std::string whole = order(7);
    fix::Message message;
    std::unique_ptr<char[]> keep;
    for (std::size_t length = 0; length < whole.size(); ++length) {
        INFO(length);
        CHECK(read(whole.substr(0, length), message, keep).status == ReadStatus::incomplete);
    }
    const auto result = read(whole, message, keep);
    REQUIRE(result.status == ReadStatus::complete);
    CHECK(result.consumed == whole.size());
    CHECK(message.text() == whole);
    CHECK(message.type() == "D");
    CHECK(message.number() == 7);
    CHECK(message.value(44) == "500");
    CHECK(message.value(38) == "1000");
    CHECK(message.begin_string() == "FIX.4.4");
    CHECK(message.value(10).size() == 3);
    CHECK_FALSE(message.has(99));
    CHECK_FALSE(message.has(925));
    CHECK_FALSE(fix::check(message, fix::Counterpart::client));
}

TEST_CASE("two_messages_are_read_in_whatever_pieces_they_come") {
    const std::string both = order(7) + order(8) + order(9, "8=FIX.4.4");
    for (std::size_t step = 1; step <= both.size(); ++step) {
        INFO(step);
        REQUIRE(all_read(both, step) == "D7 D8 D9 ");
    }
}

TEST_CASE("the_next_good_message_is_found_behind_anything") {
    const std::string good = order(2);
    std::string length_too_long = order(1);
    length_too_long.replace(length_too_long.find("\x01"
                                                 "9=") +
                                3,
                            3, "999");
    std::string length_too_short = order(1);
    length_too_short.replace(length_too_short.find("\x01"
                                                   "9=") +
                                 3,
                             3, "010");
    std::string checksum_wrong = order(1);
    checksum_wrong[checksum_wrong.size() - 2] = checksum_wrong[checksum_wrong.size() - 2] == '0' ? '1' : '0';
    const std::string garbage[] = {
        "x",
        "8=",
        "8",
        "8=8=8=8=",
        "8=FIX",
        "8=FIX.4.4",
        "8=FIX.4.4\x01",
        "8=FIX.4.4\x01"
        "9=",
        "8=FIX.4.4\x01"
        "9=\x01",
        "8=FIX.4.4\x01"
        "9=-5\x01"
        "35=0\x01",
        "8=FIX.4.4\x01"
        "9=5\x01"
        "34=0\x01",
        std::string(5000, '8'),
        std::string(3000, '\x01'),
        std::string("\0\0\0", 3),
        length_too_long,
        length_too_short,
        checksum_wrong,
        order(1).substr(0, 60),
        order(1).substr(20),
        checksum_wrong + length_too_short + length_too_long,
    };
    for (const std::string& before : garbage) {
        for (const std::size_t step :
             {std::size_t{1}, std::size_t{3}, std::size_t{64}, std::size_t{100'000}}) {
            INFO(before << " in steps of " << step);
            CHECK(all_read(before + good, step) == "D2 ");
        }
    }
}

TEST_CASE("lengths_beyond_the_largest_message_are_told_at_once") {
    fix::Message message;
    std::unique_ptr<char[]> keep;
    for (const char* digits : {"8193", "99999", "4294967296", "18446744073709551616", "99999999999"}) {
        INFO(digits);
        const std::string bytes = std::string(
                                      "8=FIX.4.4\x01"
                                      "9=") +
                                  digits +
                                  "\x01"
                                  "35=D\x01";
        CHECK(read(bytes, message, keep).status == ReadStatus::oversize);
    }
    CHECK(read("8=FIX.4.4\x01"
               "9=8000\x01"
               "35=D\x01",
               message, keep)
              .status == ReadStatus::incomplete);
    CHECK(read("8=FIX.4.4\x01"
               "9=111111111111111111",
               message, keep)
              .status == ReadStatus::oversize);
}

TEST_CASE("data_is_taken_by_its_length_whatever_it_holds") {
    const std::string data =
        "a\x01"
        "10=123\x01"
        "8=FIX.4.4\x01"
        "9=5\x01"
        "=\0"s +
        "z";
    const std::string whole = logon_with_data(data);
    for (std::size_t step = 1; step <= whole.size(); ++step) {
        INFO(step);
        REQUIRE(all_read(whole + order(2), step) == "A1 D2 ");
    }
    fix::Message message;
    std::unique_ptr<char[]> keep;
    REQUIRE(read(whole, message, keep).status == ReadStatus::complete);
    CHECK(message.value(96) == data);
    CHECK(message.data_fault() == fix::DataFault::none);
}

TEST_CASE("every_data_field_has_its_length_field") {
    for (const auto& [length_tag, data_tag] : {std::pair{90, 91},
                                               {93, 89},
                                               {95, 96},
                                               {212, 213},
                                               {348, 349},
                                               {350, 351},
                                               {352, 353},
                                               {354, 355},
                                               {356, 357},
                                               {358, 359},
                                               {360, 361},
                                               {362, 363},
                                               {364, 365},
                                               {445, 446},
                                               {618, 619},
                                               {621, 622}}) {
        CHECK(fix::data_tag_of(static_cast<std::uint32_t>(length_tag)) ==
              static_cast<std::uint32_t>(data_tag));
        CHECK(fix::length_tag_of(static_cast<std::uint32_t>(data_tag)) ==
              static_cast<std::uint32_t>(length_tag));
    }
    CHECK(fix::data_tag_of(96) == 0);
    CHECK(fix::length_tag_of(95) == 0);
}

TEST_CASE("checksum_is_the_sum_of_all_bytes") {
    std::mt19937 random(7);
    for (std::size_t size = 0; size < 300; ++size) {
        std::string bytes(size, '\0');
        unsigned sum = 0;
        for (char& byte : bytes) {
            byte = static_cast<char>(random());
            sum += static_cast<unsigned char>(byte);
        }
        REQUIRE(fix::checksum(bytes.data(), bytes.size()) == sum % 256);
    }
}

// Mutations of good messages with their checksum made right again, so that they get past the framing.
TEST_CASE("mutated_messages_never_break_the_reader_or_the_dictionary") {
    std::mt19937 random(20'260'105);
    const std::string seeds[] = {order(1) + order(2), logon_with_data("12398") + order(2),
                                 order(1, "x\x02y") + logon_with_data(std::string(100, '='))};
    const std::string alphabet = "\x01=0123456789-+.8FIXDYN\0\xff"s;
    fix::Message message;
    std::size_t complete = 0;
    for (int round = 0; round < 60'000; ++round) {
        std::string bytes = seeds[random() % std::size(seeds)];
        for (std::size_t changes = random() % 4; changes > 0 && !bytes.empty(); --changes) {
            const std::size_t at = random() % bytes.size();
            switch (random() % 4) {
                case 0:
                    bytes[at] = alphabet[random() % alphabet.size()];
                    break;
                case 1:
                    bytes.erase(at, random() % 5);
                    break;
                case 2:
                    bytes.insert(at, 1, alphabet[random() % alphabet.size()]);
                    break;
                default:
                    bytes.resize(at + 1);
            }
        }
        const std::size_t trailer = bytes.rfind(
            "\x01"
            "10=");
        if (random() % 2 == 0 && trailer != std::string::npos && bytes.size() >= trailer + 8) {
            // Only right for a message alone; enough to get many past the framing.
            const std::size_t begin = bytes.rfind("8=FIX", trailer);
            if (begin != std::string::npos) {
                const unsigned sum = fix::checksum(bytes.data() + begin, trailer + 1 - begin);
                (void)fix::format_padded(bytes.data() + trailer + 4, sum, 3);
            }
        }
        std::size_t at = 0;
        while (at < bytes.size()) {
            std::unique_ptr<char[]> keep;
            const auto result = read(bytes.substr(at), message, keep);
            if (result.status == ReadStatus::incomplete || result.status == ReadStatus::oversize) {
                break;
            }
            REQUIRE(result.consumed > 0);
            if (result.status == ReadStatus::complete) {
                ++complete;
                for (const fix::Field& field : message.fields()) {
                    REQUIRE(field.offset + field.length < message.text().size());
                    REQUIRE(message.text()[field.offset + field.length] == fix::soh);
                }
                (void)fix::check(message, fix::Counterpart::client);
                (void)fix::check(message, fix::Counterpart::venue);
            }
            at += result.consumed;
        }
    }
    CHECK(complete > 20'000);
}
