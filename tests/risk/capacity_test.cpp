// The stated size: 1,000,000 accounts, 50,000 securities and a Limit in every dimension for each investor
// fit in less than 2 GB together with a day's orders, and the Ledger answers there as it does in small.
// And what is full refuses what would need more, and nothing else.
#include <catch2/catch.hpp>
#include <fstream>
#include <iostream>
#include <string>

#include "tests/risk/world.hpp"

namespace fairlead::tests {
namespace {

long resident_kib() {
    std::ifstream status("/proc/self/status");
    std::string line;
    while (std::getline(status, line)) {
        if (line.rfind("VmRSS:", 0) == 0) {
            return std::stol(line.substr(6));
        }
    }
    return 0;
}

}  // namespace

TEST_CASE("a_million_accounts_and_fifty_thousand_securities_fit_in_two_gigabytes") {
    constexpr std::uint32_t account_count = 1'000'000;
    constexpr std::uint32_t security_count = 50'000;
    const long before = resident_kib();
    Reference reference = make_reference();
    reference.accounts.resize(1);
    reference.investors.resize(1);
    reference.securities.resize(1);
    reference.inventory.clear();
    reference.opening_limits.clear();
    reference.accounts.reserve(account_count + 1);
    reference.investors.reserve(account_count + 1);
    reference.opening_limits.reserve(7ULL * account_count);
    for (std::uint32_t n = 1; n <= account_count; ++n) {
        reference.investors.push_back({InvestorId{"P" + std::to_string(n)}, 0});
        reference.accounts.push_back(
            {{BranchId{n % 2 == 0 ? "8610" : "8611"}, n}, n, static_cast<std::uint16_t>(2 - n % 2), 0, 1});
        give_all(reference, n, 1'000'000 * ntd, 1'000'000);
    }
    for (std::uint32_t n = 1; n <= security_count; ++n) {
        reference.securities.push_back(make_security(("S" + std::to_string(n)).c_str(), 100));
    }
    for (std::uint32_t n = 1; n <= 100'000; ++n) {
        reference.inventory.push_back({n, 1 + n % security_count, 5'000, 0});
    }
    reference.sessions[0].accounts.clear();
    World world(std::move(reference), Sizes{});
    const long after = resident_kib();
    const long mebibytes = (after - before) / 1024;
    std::cout << "1,000,000 accounts, 50,000 securities, 7,000,000 limits: " << mebibytes << " MiB\n";
    CHECK(mebibytes < 2'000);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    CHECK(mebibytes > 100);
#endif
    for (const std::uint32_t account : {1U, 2U, 777'777U, account_count}) {
        const std::string id = std::to_string(account);
        const Decision bought =
            world.send(world.order(id.c_str(), Side::buy, 2'000, 100 * ntd, account, "S50000"));
        CHECK(bought.outcome == Outcome::accepted);
        CHECK(world.ledger->find_account(world.reference.accounts[account].key).account == account);
        CHECK(world.ledger->investor_id(account).view() == "P" + id);
        CHECK(world.investor(account).open_buy == 200'000 * ntd);
        CHECK(
            world.send(world.order((id + "x").c_str(), Side::buy, 9'000, 100 * ntd, account, "S2")).reason ==
            Reason::credit_buy);
    }
    CHECK(world.send(world.order("sell", Side::sell, 5'000, 100 * ntd, 100'000, "S1")).outcome ==
          Outcome::accepted);
    CHECK(world.ledger->digest() == world.ledger->digest());
}

TEST_CASE("capacity_is_refused_before_anything_is_written") {
    Sizes sizes = small_sizes();
    SECTION("orders") {
        sizes.orders_max = 2;
        World world(make_reference(), sizes);
        CHECK(world.send(world.order("N1")).outcome == Outcome::accepted);
        CHECK(world.send(world.order("N2")).outcome == Outcome::accepted);
        CHECK(world.send(world.order("N3")).reason == Reason::capacity_orders);
        CHECK(world.cancel("N2", "C2").outcome == Outcome::accepted);
    }
    SECTION("commands: cancels and reductions still pass") {
        sizes.commands_max = 2;
        World world(make_reference(), sizes);
        const Decision first = world.send(world.order("N1"));
        CHECK(world.send(world.order("N2")).outcome == Outcome::accepted);
        CHECK(world.send(world.order("N3")).reason == Reason::capacity_orders);
        world.acknowledge(first);
        CHECK(world.replace("N1", "R1", 2'000, 101 * ntd).reason == Reason::capacity_orders);
        CHECK(world.replace("N1", "R1", 1'000, 100 * ntd).outcome == Outcome::accepted);
        CHECK(world.cancel("N1", "C1").outcome == Outcome::accepted);
        CHECK(world.cancel("N2", "C2").outcome == Outcome::accepted);
    }
    SECTION("executions") {
        sizes.executions_max = 2;
        World world(make_reference(), sizes);
        const Decision order = world.send(world.order("N1", Side::buy, 3'000));
        world.acknowledge(order);
        CHECK(world.fill(order, 1'000, 100 * ntd, "B1").outcome == Outcome::applied);
        CHECK(world.send(world.order("N2")).outcome == Outcome::accepted);
        CHECK(world.fill(order, 1'000, 100 * ntd, "B2").outcome == Outcome::applied);
        CHECK(world.send(world.order("N3")).reason == Reason::capacity_orders);
        CHECK(world.fill(order, 1'000, 100 * ntd, "B2").outcome == Outcome::duplicate);
    }
    SECTION("limits that control has set") {
        sizes.limits_max = 2;
        World world(make_reference(), sizes);
        CHECK(world.set_limit(Scope::investor, Dimension::buy, 1'000 * ntd).outcome == Outcome::accepted);
        CHECK(world.set_limit(Scope::investor, Dimension::sell, 1'000 * ntd).outcome == Outcome::accepted);
        CHECK(world.set_limit(Scope::investor, Dimension::buy, 900 * ntd).outcome == Outcome::accepted);
        CHECK(world.set_limit(Scope::investor, Dimension::net, 1'000 * ntd).reason ==
              Reason::capacity_positions);
    }
    SECTION("positions") {
        sizes.positions_max = 2;
        World world(make_reference(), sizes);
        CHECK(world.send(world.order("N1")).outcome == Outcome::accepted);
        CHECK(world.send(world.order("N2", Side::buy, 1'000, 100 * ntd, 1, "2317")).reason ==
              Reason::capacity_positions);
    }
}

TEST_CASE("keys_whose_hashes_collide_are_told_apart") {
    FlatIndex index(8);
    const std::uint64_t hash = 0x1234567800000003;
    index.insert(hash, 1);
    index.insert(hash, 2);
    for (const std::uint32_t row : {1U, 2U}) {
        CHECK(index.find(hash, [row](std::uint32_t candidate) { return candidate == row; }) == row);
    }
    CHECK(index.find(hash, [](std::uint32_t) { return false; }) == 0);
}

}  // namespace fairlead::tests
