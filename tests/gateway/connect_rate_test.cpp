// How often an address may connect.
#include "gateway/connect_rate.hpp"

#include <catch2/catch.hpp>

using namespace fairlead;
using gateway::ConnectRate;

namespace {

constexpr risk::MonotonicNs second = 1'000'000'000;
constexpr ConnectRate::Address one{1};
constexpr ConnectRate::Address other{2};

unsigned admitted(ConnectRate& rate, const ConnectRate::Address& address, risk::MonotonicNs now,
                  unsigned tries) {
    unsigned count = 0;
    for (unsigned i = 0; i < tries; ++i) {
        count += rate.admit(address, now) ? 1 : 0;
    }
    return count;
}

}  // namespace

TEST_CASE("an_address_may_connect_so_many_times_at_once_and_then_at_its_rate") {
    ConnectRate rate;
    CHECK(admitted(rate, one, 0, ConnectRate::at_once) == ConnectRate::at_once);
    CHECK_FALSE(rate.admit(one, 0));
    CHECK_FALSE(rate.admit(one, second / ConnectRate::a_second - 1));
    CHECK(rate.admit(one, second / ConnectRate::a_second));
    CHECK(admitted(rate, one, 2 * second, 10'000) == 2 * ConnectRate::a_second - 1);
}

TEST_CASE("one_address_takes_nothing_of_anothers_rate") {
    ConnectRate rate;
    CHECK(admitted(rate, one, 0, 10'000) == ConnectRate::at_once);
    CHECK(admitted(rate, other, 0, 10'000) == ConnectRate::at_once);
}

TEST_CASE("an_address_that_was_quiet_has_its_whole_rate_again_and_no_more") {
    ConnectRate rate;
    CHECK(admitted(rate, one, 0, 10'000) == ConnectRate::at_once);
    CHECK(admitted(rate, one, 3'600 * second, 10'000) == ConnectRate::at_once);
}

TEST_CASE("addresses_without_end_are_not_remembered_without_end") {
    ConnectRate rate;
    for (std::uint32_t i = 0; i < ConnectRate::addresses_max + 100; ++i) {
        CHECK(rate.admit({static_cast<std::uint8_t>(i), static_cast<std::uint8_t>(i >> 8), 9}, 0));
    }
    CHECK(rate.addresses() == ConnectRate::addresses_max);
    CHECK(rate.admit(one, second));  // the others have had nothing more to say
    CHECK(rate.addresses() == 1);
}
