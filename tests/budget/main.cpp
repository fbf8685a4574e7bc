// order_budget: drives orders through the whole road, bytes to bytes, one command and one pass at a time,
// so that callgrind, strace and the hooks can count what each costs. It judges nothing but that every
// message comes out of the pass that read it; order_budget.py holds the counts against the budget.
#include <unistd.h>
#include <valgrind/callgrind.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <map>
#include <stdexcept>

#include "gateway/tls/tls_memory.hpp"
#include "tests/budget/hooks.hpp"
#include "tests/budget/rig.hpp"

namespace {

using namespace fairlead;
using budget::Rig;

constexpr std::int64_t between_orders_ns = 10'000'000;  // far below every message rate
constexpr std::int64_t on_the_wire_ns = 1'000;
constexpr int patience_ms = 2'000;

struct Options {
    budget::RigOptions rig;
    std::size_t orders = 200;  // of each kind counted
    std::size_t sessions = 8;  // logged on; orders come from each in turn
    std::size_t before = 0;    // orders of the day before the counting begins
    bool marks = false;        // tell strace where each counted pass begins and ends
};

[[noreturn]] void fail(const std::string& what) {
    throw std::runtime_error(what);
}

// What the passes of one label took, beside the instructions that callgrind counts.
struct Taken {
    std::uint64_t passes = 0;
    std::uint64_t clock_looks = 0;
    std::uint64_t memory = 0;
    std::vector<std::int64_t> ns;
};

class Counter {
  public:
    Counter(Rig& rig, bool marks) : rig_(rig), marks_(marks) {}

    void pass(const std::string& label) {
        Taken& taken = taken_[label];
        budget::advance_ns(on_the_wire_ns);
        const std::int64_t began = budget::true_monotonic_ns();
        mark("begin " + label);
        const budget::Counts before = budget::counts();
        CALLGRIND_TOGGLE_COLLECT;
        rig_.pass();
        CALLGRIND_TOGGLE_COLLECT;
        const budget::Counts after = budget::counts();
        mark("end");
        const std::int64_t ended = budget::true_monotonic_ns();
        ++taken.passes;
        taken.clock_looks += after.clock_looks - before.clock_looks;
        taken.memory += after.memory_taken - before.memory_taken;
        taken.ns.push_back(ended - began);
    }
    // What callgrind has counted since the last dump belongs to this label.
    void dump(const std::string& label) { CALLGRIND_DUMP_STATS_AT(label.c_str()); }

    void print() {
        std::cout << "label passes clock_looks memory_taken median_ns\n";
        for (auto& [label, taken] : taken_) {
            std::sort(taken.ns.begin(), taken.ns.end());
            std::cout << label << ' ' << taken.passes << ' ' << taken.clock_looks << ' ' << taken.memory
                      << ' ' << taken.ns[taken.ns.size() / 2] << '\n';
        }
    }

  private:
    // A system call that strace shows and nobody else makes.
    void mark(const std::string& text) const {
        if (marks_ && ::access(("/order-budget/" + text).c_str(), F_OK) == 0) {
            fail("a file named /order-budget/... stands where marks go");
        }
    }

    Rig& rig_;
    bool marks_;
    std::map<std::string, Taken> taken_;
};

std::string price_text(risk::Price price) {
    const std::string fraction = std::to_string(risk::price_unit + price % risk::price_unit).substr(1);
    return std::to_string(price / risk::price_unit) + "." + fraction.substr(0, 2);
}

class Play {
  public:
    Play(Rig& rig, const Options& options)
        : rig_(rig), options_(options), counter_(rig, options.marks), securities_(rig.securities(64)) {
        for (std::size_t i = 0; i < options.sessions; ++i) {
            accounts_.push_back(rig.accounts_of(i, 8'192));
            if (accounts_.back().empty()) {
                fail("a session's branch has no account");
            }
        }
        if (securities_.size() < 16) {
            fail("too few securities to order");
        }
    }

    // Every kind of command and report, `count` times each, in the pass that reads it.
    void every_kind(const std::string& prefix, std::size_t count) {
        std::vector<Live> live(count);
        each(
            prefix + "order", live, [this](Live& order) { say_new(order); }, &Play::take_at_venue);
        each(prefix + "acknowledgement", live, '0');
        each(
            prefix + "replace", live, [this](Live& order) { say_replace(order); }, &Play::take_at_venue);
        each(prefix + "replaced", live, '5');
        each(prefix + "fill", live, 'F');
        each(
            prefix + "cancel", live, [this](Live& order) { say_cancel(order); }, &Play::take_at_venue);
        each(prefix + "cancelled", live, '4');
        std::vector<Live> refused(count);
        each(
            prefix + "refused", refused, [this](Live& order) { say_too_high(order); }, &Play::take_refusal);
    }

    // One order each of many sessions at once, then every answer at once; then all answers to one session.
    void bursts() {
        constexpr std::size_t burst = 32;  // a pass takes more of one line, but not everything
        std::vector<Live> live(std::min(options_.sessions, burst));
        rig_.idle(between_orders_ns);
        for (Live& order : live) {
            say_new(order);
            rig_.client(order.client).send();
        }
        for (const Live& order : live) {
            rig_.await(order.client);
        }
        counter_.pass("burst_of_orders");
        acknowledge(live, "burst_of_acknowledgements");

        std::vector<Live> of_one(16);
        rig_.idle(between_orders_ns);
        for (Live& order : of_one) {
            next_client_ = 0;
            say_new(order);
            rig_.client(0).send();
            rig_.await(0);
            rig_.pass();
        }
        acknowledge(of_one, "burst_to_one_session");
    }

    // Orders sent and acknowledged in long bursts, to make the day long.
    void lengthen_day(std::size_t count) {
        constexpr std::size_t of_each = 32;
        constexpr int passes = 2 * of_each;  // more than a burst needs
        for (std::size_t done = 0; done < count; done += of_each * options_.sessions) {
            rig_.idle(of_each * between_orders_ns);
            std::vector<Live> live(of_each * options_.sessions);
            for (Live& order : live) {
                say_new(order);
            }
            for (std::size_t i = 0; i < options_.sessions; ++i) {
                rig_.client(i).send();
                rig_.await(i);
            }
            repeat(passes);
            for (Live& order : live) {
                take_at_venue(order);
                budget::say_report(rig_.venue(), order.at_venue, '0', ++executions_);
            }
            rig_.venue().send();
            rig_.await_venue();
            repeat(passes);
            for (const Live& order : live) {
                take_answer(order, '0');
            }
        }
    }

    Counter& counter() { return counter_; }

  private:
    struct Live {
        std::size_t client = 0;
        budget::Terms terms;
        budget::VenueOrder at_venue;  // with quantity and price as they are there
    };

    template <class Say>
    void each(const std::string& label, std::vector<Live>& live, Say say, void (Play::*take)(Live&)) {
        for (Live& order : live) {
            rig_.idle(between_orders_ns);
            say(order);
            rig_.client(order.client).send();
            rig_.await(order.client);
            counter_.pass(label);
            (this->*take)(order);
        }
        counter_.dump(label);
    }
    void each(const std::string& label, std::vector<Live>& live, char exec_type) {
        for (Live& order : live) {
            rig_.idle(between_orders_ns);
            budget::say_report(rig_.venue(), order.at_venue, exec_type, ++executions_);
            rig_.venue().send();
            rig_.await_venue();
            counter_.pass(label);
            take_report(order, exec_type);
        }
        counter_.dump(label);
    }

    void repeat(int passes) {
        budget::advance_ns(on_the_wire_ns);
        for (int i = 0; i < passes; ++i) {
            rig_.pass();
        }
    }
    void acknowledge(std::vector<Live>& live, const std::string& label) {
        for (Live& order : live) {
            take_at_venue(order);
            budget::say_report(rig_.venue(), order.at_venue, '0', ++executions_);
        }
        rig_.venue().send();
        rig_.await_venue();
        counter_.pass(label);
        for (Live& order : live) {
            take_report(order, '0');
        }
    }

    void say_new(Live& order) {
        order.client = next_client_++ % options_.sessions;
        const std::vector<std::string>& accounts = accounts_[order.client];
        const budget::Security& security = securities_[identifiers_ % securities_.size()];
        order.terms = {next_id(),
                       "",
                       accounts[(identifiers_ * 7) % accounts.size()],
                       security.symbol,
                       "1",
                       "3000",
                       price_text(security.price)};
        budget::say_new(rig_.client(order.client), order.terms);
    }
    void say_replace(Live& order) {
        const auto security =
            std::find_if(securities_.begin(), securities_.end(),
                         [&order](const budget::Security& one) { return one.symbol == order.terms.symbol; });
        order.terms.original = order.terms.id;
        order.terms.id = next_id();
        order.terms.price = price_text(security->other_price);
        budget::say_replace(rig_.client(order.client), order.terms);
    }
    void say_cancel(Live& order) {
        order.terms.original = order.terms.id;
        order.terms.id = next_id();
        budget::say_cancel(rig_.client(order.client), order.terms);
    }
    void say_too_high(Live& order) {
        const budget::Security& security = securities_[identifiers_ % securities_.size()];
        order.client = next_client_++ % options_.sessions;
        order.terms = {next_id(), "",     accounts_[order.client].front(), security.symbol,
                       "1",       "3000", price_text(security.too_high)};
        budget::say_new(rig_.client(order.client), order.terms);
    }
    std::string next_id() {
        const std::string digits = std::to_string(1'000'000'000'000 + ++identifiers_);
        return "order-" + digits.substr(1);
    }

    void take_at_venue(Live& order) {
        const fix::Message* message = rig_.venue().next(patience_ms);
        if (message == nullptr) {
            for (std::size_t i = 0; i < options_.sessions; ++i) {
                if (const fix::Message* answer = rig_.client(i).next(0); answer != nullptr) {
                    fail("not sent to the venue: " + std::string(answer->text()));
                }
            }
            fail(order.terms.id + ": a command did not leave in the pass that read it");
        }
        const budget::VenueOrder before = order.at_venue;
        order.at_venue = budget::venue_order(*message);
        if (message->type() != "D") {
            order.at_venue.quantity = before.quantity;
            order.at_venue.price = message->type() == "G" ? order.at_venue.price : before.price;
        }
    }
    void take_report(const Live& order, char exec_type) { take_answer(order, exec_type); }
    void take_refusal(Live& order) { take_answer(order, '8'); }
    void take_answer(const Live& order, char exec_type) {
        const fix::Message* message = rig_.client(order.client).next(patience_ms);
        if (message == nullptr) {
            fail("an answer did not leave in the pass that made it");
        }
        if (message->type() != "8" || message->value(150) != std::string_view(&exec_type, 1)) {
            fail("not the answer expected: " + std::string(message->text()));
        }
    }

    Rig& rig_;
    const Options& options_;
    Counter counter_;
    std::vector<budget::Security> securities_;
    std::vector<std::vector<std::string>> accounts_;  // of each session
    std::size_t next_client_ = 0;
    std::size_t identifiers_ = 0;
    std::uint64_t executions_ = 0;
};

void run(const Options& options) {
    Rig rig(options.rig);
    rig.log_on(options.sessions);
    Play play(rig, options);
    play.lengthen_day(options.before);
    CALLGRIND_START_INSTRUMENTATION;
    // Once uncounted: callgrind needs the calls around it, and first uses are no steady state.
    play.every_kind("first_", 16);
    play.every_kind("", options.orders);
    play.bursts();
    play.counter().print();
}

}  // namespace

int main(int argc, char** argv) {
    // As the gateway's main does: records of TLS then take nothing of the heap on this thread.
    if (!fairlead::gateway::TlsMemory::install()) {
        return 1;
    }
    CLI::App app{"Drives orders through the road, one pass at a time, for callgrind and strace to count"};
    Options options;
    app.add_option("--config", options.rig.config_file, "configuration of the gateway")->required();
    app.add_option("--front", options.rig.front_directory, "a new directory for the front, on tmpfs")
        ->required();
    app.add_option("--orders-max", options.rig.orders_max, "orders of a day to make room for");
    app.add_option("--orders", options.orders, "commands of each kind to count");
    app.add_option("--sessions", options.sessions, "sessions to log on");
    app.add_option("--before", options.before, "orders of the day before the counting begins");
    app.add_option("--tls", options.rig.tls,
                   "clients come by TLS, with what make_certificates.py left there");
    app.add_flag("--marks", options.marks, "mark each counted pass by a system call, for strace");
    CLI11_PARSE(app, argc, argv);
    try {
        run(options);
    } catch (const std::exception& problem) {
        std::cerr << "order_budget: " << problem.what() << '\n';
        return 1;
    }
    return 0;
}
