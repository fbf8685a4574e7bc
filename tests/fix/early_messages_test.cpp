// What is kept of early messages, in which order it is found, and that its bounds hold.
#include "gateway/fix/early_messages.hpp"

#include <catch2/catch.hpp>
#include <map>
#include <random>
#include <string>

using namespace fairlead;

TEST_CASE("early_messages_are_found_by_number_whatever_the_order_they_came_in") {
    std::mt19937 random(5);
    for (int round = 0; round < 200; ++round) {
        fix::EarlyMessages early(16, 400);
        std::map<std::uint64_t, std::string> model;
        std::size_t used = 0;
        std::uint64_t floor = 1;
        for (int step = 0; step < 60; ++step) {
            if (random() % 6 == 0) {
                floor += random() % 8;
                early.drop_below(floor);
                model.erase(model.begin(), model.lower_bound(floor));
                used = model.empty() ? 0 : used;
            } else {
                const std::uint64_t number = floor + random() % 30;
                const std::string text(random() % 40, static_cast<char>('a' + number % 26));
                const bool known = model.count(number) != 0;
                const bool room = model.size() < 16 && used + text.size() <= 400;
                CHECK(early.keep(number, text, {}, false) == (known || room));
                if (!known && room) {
                    model[number] = text;
                    used += text.size();
                }
            }
            CHECK(early.empty() == model.empty());
            for (std::uint64_t number = floor > 3 ? floor - 3 : 0; number < floor + 32; ++number) {
                const auto* entry = early.find(number);
                const auto found = model.find(number);
                REQUIRE((entry != nullptr) == (found != model.end()));
                if (entry != nullptr) {
                    const auto bytes = early.bytes(*entry);
                    REQUIRE(std::string(bytes.data(), bytes.size()) == found->second);
                }
            }
        }
    }
}
