// fairlead-micro: what each step of an order's road costs by itself, on Google Benchmark: reading and
// judging a client's order, the Ledger's answer to each kind of Record at a thousand and a million
// accounts, encoding both answers. Not the road as a whole, which bench/wire measures on sockets.
#include <benchmark/benchmark.h>

#include <string>

#include "bench/micro/flow.hpp"
#include "gateway/fix/dictionary.hpp"
#include "gateway/fix/encoder.hpp"
#include "gateway/fix/reader.hpp"
#include "gateway/orders/client_reports.hpp"
#include "gateway/orders/venue_orders.hpp"

namespace {

using namespace fairlead;
using namespace micro;  // NOLINT(google-build-using-namespace): the flow's vocabulary
using tests::ntd;

const fix::HeaderTemplate to_client("FIX.4.4", "FAIRLEAD", "CLIENT01");
const fix::HeaderTemplate to_venue("FIX.4.4", "T8610H3", "XTAI");
void read_order(benchmark::State& state) {
    const std::string text = new_order_text();
    const fix::Reader reader;
    fix::Message message;
    while (state.KeepRunning()) {
        benchmark::DoNotOptimize(reader.read({text.data(), text.size()}, message));
    }
}
BENCHMARK(read_order);

void judge_order(benchmark::State& state) {
    const std::string text = new_order_text();
    fix::Message message;
    benchmark::DoNotOptimize(fix::Reader().read({text.data(), text.size()}, message));
    while (state.KeepRunning()) {
        benchmark::DoNotOptimize(fix::check(message, fix::Counterpart::client));
    }
}
BENCHMARK(judge_order);

// The time of `apply` alone: what it needs is made outside the clock, a batch at a time.
template <class Make>
void apply_records(benchmark::State& state, const Make& make) {
    Flow flow(static_cast<std::uint32_t>(state.range(0)));
    using RecordStruct = decltype(make(flow));
    constexpr std::size_t batch = 64;
    while (state.KeepRunningBatch(batch)) {
        state.PauseTiming();
        static_cast<void>(flow.renew_if_full());
        std::vector<RecordStruct> records;
        for (std::size_t i = 0; i < batch; ++i) {
            records.push_back(make(flow));
        }
        risk::Sequence sequence = flow.ledger().last_sequence();
        state.ResumeTiming();
        for (RecordStruct& record : records) {
            record.record.sequence = ++sequence;
            record.record.monotonic_ns = static_cast<risk::MonotonicNs>(sequence);
            benchmark::DoNotOptimize(flow.ledger().apply(record.record));
        }
    }
}

void apply_new(benchmark::State& state) {
    apply_records(state, [](Flow& flow) { return flow.next(); });
}
void apply_refused(benchmark::State& state) {
    apply_records(state, [](Flow& flow) {
        risk::NewOrder order = flow.next();
        order.facts.quantity = 1'500;
        return order;
    });
}
risk::Decision working_order(Flow& flow) {
    risk::NewOrder order = flow.next();
    const risk::Decision decision = flow.ledger().apply(order.record);
    flow.world().acknowledge(decision);
    return decision;
}
void apply_cancel(benchmark::State& state) {
    apply_records(state, [](Flow& flow) {
        const risk::Decision order = working_order(flow);
        risk::CancelOrder cancel;
        flow.header(cancel.record, risk::RecordKind::cancel_order);
        cancel.facts.original_client_order_id = order.client_order_id;
        cancel.facts.client_order_id = risk::ClientOrderId("c" + std::to_string(order.sequence));
        return cancel;
    });
}
void apply_replace(benchmark::State& state) {
    apply_records(state, [](Flow& flow) {
        const risk::Decision order = working_order(flow);
        risk::ReplaceOrder replace;
        flow.header(replace.record, risk::RecordKind::replace_order);
        replace.facts.original_client_order_id = order.client_order_id;
        replace.facts.client_order_id = risk::ClientOrderId("r" + std::to_string(order.sequence));
        replace.facts.quantity = order.ordered;
        replace.facts.price = 99 * ntd;
        return replace;
    });
}
void apply_fill(benchmark::State& state) {
    apply_records(state, [](Flow& flow) {
        const risk::Decision order = working_order(flow);
        risk::VenueReport report = flow.world().report(order, risk::OrderStatus::trade);
        flow.header(report.record, risk::RecordKind::venue_report);
        report.facts.last_quantity = order.ordered;
        report.facts.last_price = 100 * ntd;
        report.facts.execution_id = risk::ExecutionId("B" + std::to_string(order.sequence));
        return report;
    });
}
BENCHMARK(apply_new)->Arg(1'000)->Arg(1'000'000);
BENCHMARK(apply_refused)->Arg(1'000)->Arg(1'000'000);
BENCHMARK(apply_cancel)->Arg(1'000)->Arg(1'000'000);
BENCHMARK(apply_replace)->Arg(1'000)->Arg(1'000'000);
BENCHMARK(apply_fill)->Arg(1'000)->Arg(1'000'000);

void encode_acknowledgement(benchmark::State& state) {
    risk::VenueReport report;
    report.record.kind = risk::RecordKind::venue_report;
    report.record.sequence = 4'711;
    report.facts.transact_time_ns = now_ns;
    risk::Decision decision;
    decision.answer = risk::Answer::execution_report;
    decision.order_key = 4'700;
    decision.exec_type = decision.order_status = risk::OrderStatus::created;
    decision.ordered = decision.leaves = 3'000;
    decision.price = 605 * ntd;
    decision.order_type = risk::OrderType::limit;
    decision.side = risk::Side::buy;
    decision.venue = risk::Venue::twse;
    decision.symbol = risk::Symbol("2330");
    decision.client_order_id = risk::ClientOrderId("order-000004711");
    decision.account = {risk::BranchId("8610"), 17};
    risk::Routing routing;
    routing.order_number = risk::OrderNumber("A0001");
    fix::Encoder encoder;
    std::array<char, 2048> out{};
    while (state.KeepRunning()) {
        const gateway::ClientMessage message{out, &to_client, 42, now_ns, 0};
        benchmark::DoNotOptimize(gateway::encode_answer(encoder, message, report.record, decision, routing));
    }
}
BENCHMARK(encode_acknowledgement);

void encode_to_venue(benchmark::State& state) {
    risk::NewOrder order;
    order.record.kind = risk::RecordKind::new_order;
    order.record.sequence = 4'711;
    order.facts.quantity = 3'000;
    order.facts.price = 605 * ntd;
    gateway::OrderTerms terms;
    terms.order_key = 4'711;
    terms.account = {risk::BranchId("8610"), 17};
    terms.symbol = risk::Symbol("2330");
    terms.order_number = risk::OrderNumber("A0001");
    terms.price = 605 * ntd;
    terms.ordered = 3'000;
    terms.lot = 1'000;
    terms.side = risk::Side::buy;
    terms.order_type = risk::OrderType::limit;
    terms.channel = risk::Channel::dma;
    fix::Encoder encoder;
    std::array<char, 2048> out{};
    while (state.KeepRunning()) {
        const gateway::LineMessage message{out, &to_venue, 42, now_ns};
        benchmark::DoNotOptimize(gateway::encode_command(encoder, message, order.record, terms));
    }
}
BENCHMARK(encode_to_venue);

}  // namespace

BENCHMARK_MAIN();
