// Flow: the orders the micro benchmarks are fed with: one as bytes, and endless ones of random accounts and
// securities with the Ledger that judges them. Not a load generator.
#pragma once

#include <memory>
#include <random>
#include <string>
#include <vector>

#include "gateway/fix/encoder.hpp"
#include "tests/risk/world.hpp"

namespace fairlead::micro {

using tests::ntd;
using tests::World;

constexpr risk::UtcNs now_ns = 1'795'430'715'494'000'000;

// A new order as clients send it.
inline std::string new_order_text() {
    const fix::HeaderTemplate to_gateway("FIX.4.4", "CLIENT01", "FAIRLEAD");
    std::array<char, 1024> out{};
    fix::Encoder encoder;
    encoder.begin(out, to_gateway, "D", 4711, now_ns);
    encoder.add(11, "order-000004711");
    encoder.add(1, "8610-0000017");
    encoder.add(55, "2330");
    encoder.add_char(54, '1');
    encoder.add_time(60, now_ns);
    encoder.add_quantity(38, 3'000);
    encoder.add_char(40, '2');
    encoder.add_price(44, 605 * ntd);
    encoder.add_char(59, '0');
    return {out.data(), encoder.finish()};
}

// A broker of so many accounts, one investor each, every Limit set; 2,000 securities.
inline risk::Reference reference_of(std::uint32_t account_count) {
    constexpr std::uint32_t security_count = 2'000;
    risk::Reference reference = tests::make_reference();
    reference.accounts.resize(1);
    reference.investors.resize(1);
    reference.securities.resize(1);
    reference.inventory.clear();
    reference.opening_limits.clear();
    for (std::uint32_t n = 1; n <= account_count; ++n) {
        reference.investors.push_back({risk::InvestorId{"P" + std::to_string(n)}, 0});
        reference.accounts.push_back({{risk::BranchId{n % 2 == 0 ? "8610" : "8611"}, n},
                                      n,
                                      static_cast<std::uint16_t>(2 - n % 2),
                                      risk::account_no_inventory_check,
                                      1});
        tests::give_all(reference, n, 900'000'000'000 * ntd, 1'000'000'000'000);
    }
    for (std::uint32_t n = 1; n <= security_count; ++n) {
        reference.securities.push_back(tests::make_security(("S" + std::to_string(n)).c_str(), 100));
    }
    reference.sessions[0].accounts.clear();
    reference.rules.refuse_self_match = false;
    reference.rules.repeat_count_max = 0;
    return reference;
}

// New orders of random accounts and securities; beyond the Ledger's orders the world is made anew.
class Flow {
  public:
    explicit Flow(std::uint32_t accounts) : accounts_(accounts), reference_(reference_of(accounts)) {
        renew();
    }

    risk::NewOrder next() {
        const auto account = static_cast<std::uint32_t>(1 + random_() % accounts_);
        const std::string id = "o" + std::to_string(++number_);
        risk::NewOrder order = world_->order(id.c_str(), risk::Side::buy, 1'000, 100 * ntd, account,
                                             symbols_[random_() % symbols_.size()].c_str());
        header(order.record, risk::RecordKind::new_order);
        return order;
    }
    void header(risk::Record& record, risk::RecordKind kind) {
        record.sequence = world_->ledger->last_sequence() + 1;
        record.kind = kind;
        record.session = 8;
        record.utc_ns = world_->now_ns;
        record.monotonic_ns = static_cast<risk::MonotonicNs>(record.sequence);
    }
    risk::Ledger& ledger() { return *world_->ledger; }
    World& world() { return *world_; }
    // Every so often between measurements: nothing of a day may fill up.
    bool renew_if_full() {
        if (ledger().counts().orders + 2 < orders_max) {
            return false;
        }
        renew();
        return true;
    }

  private:
    static constexpr std::uint32_t orders_max = 200'000;
    void renew() {
        risk::Sizes sizes;
        sizes.orders_max = orders_max;
        sizes.commands_max = sizes.executions_max = 3 * orders_max;
        world_.reset();
        world_ = std::make_unique<World>(reference_, sizes);
        world_->at_s(tests::continuous_s + 1);
    }
    std::uint32_t accounts_;
    risk::Reference reference_;
    std::unique_ptr<World> world_;
    std::vector<std::string> symbols_ = [] {
        std::vector<std::string> names;
        for (int n = 1; n <= 2'000; ++n) {
            names.push_back("S" + std::to_string(n));
        }
        return names;
    }();
    std::mt19937_64 random_{1};
    std::uint64_t number_ = 0;
};

}  // namespace fairlead::micro
