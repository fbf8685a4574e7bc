// Values judged a word at a time against the rule character by character, and texts of every length.
#include "gateway/fix/field_format.hpp"

#include <catch2/catch.hpp>
#include <random>
#include <string>

using namespace fairlead::fix;

namespace {

constexpr Format formats[] = {Format::string,  Format::text,   Format::character, Format::boolean,
                              Format::integer, Format::number, Format::quantity,  Format::price,
                              Format::time,    Format::data,   Format::currency};
const std::string behind =
    "\x01"
    "10=000\x01";

bool same(Format format, const std::string& value) {
    const std::string in_message = value + behind;
    return judge(format, std::string_view(in_message).substr(0, value.size())) ==
           judge_closely(format, value);
}

}  // namespace

TEST_CASE("a_value_judged_by_words_is_judged_as_by_characters") {
    std::string characters = "0123456789.-+ aY~:/";
    characters += {'\x7f', '\x80', '\xff', '\x02', '\x1f', '\xb0', '\xae'};
    const auto count = characters.size();
    for (const Format format : formats) {
        std::size_t different = 0;
        for (std::size_t first = 0; first < count; ++first) {
            for (std::size_t second = 0; second <= count; ++second) {
                for (std::size_t third = 0; third <= count; ++third) {
                    std::string value(1, characters[first]);
                    value += second < count ? std::string(1, characters[second]) : "";
                    value += third < count ? std::string(1, characters[third]) : "";
                    different += same(format, value) ? 0 : 1;
                }
            }
        }
        CHECK(different == 0);
    }
    std::mt19937_64 random(7);
    std::size_t different = 0;
    for (int n = 0; n < 400'000; ++n) {
        std::string value;
        const std::size_t length = 1 + random() % 24;
        const std::size_t kinds = random() % 2 == 0 ? 11 : count;
        for (std::size_t i = 0; i < length; ++i) {
            value += characters[random() % kinds];
        }
        different += same(formats[random() % std::size(formats)], value) ? 0 : 1;
    }
    CHECK(different == 0);
}
