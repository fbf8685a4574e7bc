// The steps of the road that end in the journal: a message made a Record, the append alone with a keeper
// writing as fast as it can, the whole Sequencer::step of a new order, and `apply` with nothing in the
// processor's caches. What has a p99 keeps its own times: Google Benchmark only knows means.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <new>
#include <numeric>
#include <stop_token>
#include <thread>

#include "audit/keeper/keeper.hpp"
#include "audit/keeper/segment_store.hpp"
#include "bench/micro/flow.hpp"
#include "gateway/clock.hpp"
#include "gateway/fix/reader.hpp"
#include "gateway/front_journal.hpp"
#include "gateway/orders/client_commands.hpp"
#include "gateway/sequencer.hpp"

namespace {

using namespace fairlead;
using namespace micro;  // NOLINT(google-build-using-namespace): the flow's vocabulary

// A directory that goes with the benchmark.
class Place {
  public:
    explicit Place(const std::string& parent) {
        path_ = parent + "/fairlead-micro-XXXXXX";
        risk::require(::mkdtemp(path_.data()) != nullptr, "a directory can be made");
    }
    ~Place() { std::filesystem::remove_all(path_); }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    [[nodiscard]] const std::string& path() const { return path_; }

  private:
    std::string path_;
};

// A front, and a keeper on a thread of its own that never rests; or, without one, a mark that says that all
// is on disk.
class Journal {
  public:
    explicit Journal(bool with_keeper) {
        audit::FrontOptions options;
        options.directory = memory_.path();
        options.journal_directory = with_keeper ? disk_.path() : "";
        auto opened = audit::Front::open(options);
        risk::require(opened.ok(), "the front opens");
        front_ = std::move(opened.front);
        mark_ = audit::open_mark(memory_.path(), true);
        page_ = std::launder(reinterpret_cast<audit::KeeperMarkPage*>(mark_.map.data()));
        if (with_keeper) {
            keeper_ = std::jthread([this](const std::stop_token& stop) { keep(stop); });
        }
    }
    audit::Front& front() { return *front_; }
    // Room for one record; the time until there is some is nobody's who measures appends.
    void await_room() {
        if (!keeper_.joinable()) {
            page_->synced.store(front_->published());
        }
        while (!front_->has_room()) {
            std::this_thread::yield();
        }
    }

  private:
    void keep(const std::stop_token& stop) {
        audit::KeeperOptions options;
        options.journal_directory = disk_.path();
        options.front_directory = memory_.path();
        audit::SegmentStore store({disk_.path(), options.segment_bytes, 2, [](const std::string&) {}});
        const audit::Recovered recovered = audit::recover_disk(options, 0, store);
        audit::Keeper<audit::SegmentStore> keeper(options, store, *page_, recovered.start);
        while (!stop.stop_requested()) {
            static_cast<void>(keeper.step(gateway::SystemClock::monotonic_ns()));
        }
    }

    Place memory_{"/dev/shm"};
    Place disk_{std::filesystem::temp_directory_path()};
    std::unique_ptr<audit::Front> front_;
    audit::MarkResult mark_;
    audit::KeeperMarkPage* page_ = nullptr;
    std::jthread keeper_;
};

std::span<const std::byte> bytes_of(const std::string& text) {
    return std::as_bytes(std::span(text.data(), text.size()));
}

void translate_order(benchmark::State& state) {
    const std::string text = new_order_text();
    fix::Message message;
    benchmark::DoNotOptimize(fix::Reader().read({text.data(), text.size()}, message));
    gateway::CommandStorage storage;
    gateway::BusinessReject refusal;
    while (state.KeepRunning()) {
        benchmark::DoNotOptimize(gateway::translate(message, {}, storage, refusal));
    }
}
BENCHMARK(translate_order);

// Times of single operations, told as median and p99 in nanoseconds.
class Times {
  public:
    Times() { times_.reserve(1 << 22); }
    template <class Operation>
    void take(Operation operation) {
        const auto began = std::chrono::steady_clock::now();
        operation();
        const auto ended = std::chrono::steady_clock::now();
        if (times_.size() < times_.capacity()) {
            times_.push_back(static_cast<double>((ended - began).count()));
        }
    }
    void tell(benchmark::State& state) {
        if (times_.empty()) {
            return;
        }
        std::sort(times_.begin(), times_.end());
        state.counters["p50_ns"] = times_[times_.size() / 2];
        state.counters["p99_ns"] = times_[times_.size() * 99 / 100];
        state.SetItemsProcessed(static_cast<std::int64_t>(times_.size()));
    }

  private:
    std::vector<double> times_;
};

// Two looks at the clock and nothing between: what every time of Times has on top.
void nothing_timed(benchmark::State& state) {
    Times times;
    while (state.KeepRunning()) {
        times.take([] {});
    }
    times.tell(state);
}
BENCHMARK(nothing_timed);

// An order as it is journaled: the Record, its bytes as received, the Decision and its Routing.
void append_order(benchmark::State& state) {
    Journal journal(state.range(0) != 0);
    Flow flow(1'000);
    risk::NewOrder order = flow.next();
    const risk::Answered answered{flow.ledger().apply(order.record), {}};
    const std::string text = new_order_text();
    Times times;
    while (state.KeepRunning()) {
        journal.await_room();
        order.record.sequence = journal.front().published() + 1;
        order.record.monotonic_ns = static_cast<risk::MonotonicNs>(order.record.sequence);
        times.take([&] { journal.front().append(order, bytes_of(text), &answered); });
    }
    times.tell(state);
}
BENCHMARK(append_order)->ArgName("keeper")->Arg(0)->Arg(1)->UseRealTime();

struct NoOutbox {
    risk::Routing route(const risk::Record&, const risk::Decision&) { return {}; }
    void deliver(const risk::Record&, const risk::Answered&) {}
};

// A Sequencer over a new journal that is as far as the Flow's Ledger.
struct Road {
    // The Records' UTC is a day of the reference data's; only what it costs to read is the real clock's.
    struct Clock {
        gateway::SystemClock real;
        risk::UtcNs utc_ns = 0;
        gateway::Reading refresh() { return {utc_ns, real.refresh().monotonic_ns}; }
    };
    explicit Road(Flow& flow)
        : front(journal.front(), config::JournalLevel::process),
          sequencer(clock, front, flow.ledger(), outbox) {
        clock.utc_ns = flow.world().now_ns;
        risk::NewOrder filler = flow.next();
        while (journal.front().published() < flow.ledger().last_sequence()) {
            filler.record.sequence = journal.front().published() + 1;
            journal.front().append(filler, {}, nullptr);
        }
        sequencer.restore(flow.ledger().last_sequence());
    }
    Journal journal{false};
    Clock clock;
    gateway::FrontJournal front;
    NoOutbox outbox;
    gateway::Sequencer<Clock, gateway::FrontJournal, NoOutbox> sequencer;
};

// Number and time, every check, the append. The message to the venue is encode_to_venue's.
void step_new(benchmark::State& state) {
    Flow flow(static_cast<std::uint32_t>(state.range(0)));
    const std::string text = new_order_text();
    auto road = std::make_unique<Road>(flow);
    Times times;
    while (state.KeepRunning()) {
        if (flow.renew_if_full()) {
            road = std::make_unique<Road>(flow);
        }
        road->journal.await_room();
        risk::NewOrder order = flow.next();
        times.take([&] { benchmark::DoNotOptimize(road->sequencer.step(order, bytes_of(text))); });
    }
    times.tell(state);
}
BENCHMARK(step_new)->ArgName("accounts")->Arg(1'000)->Arg(1'000'000)->UseRealTime();

// Everything the processor may hold of the Ledger is driven out before each order.
void apply_new_cold(benchmark::State& state) {
    Flow flow(static_cast<std::uint32_t>(state.range(0)));
    std::vector<std::uint64_t> other(std::size_t{1} << 23, 1);  // 64 MiB
    Times times;
    while (state.KeepRunning()) {
        static_cast<void>(flow.renew_if_full());
        risk::NewOrder order = flow.next();
        benchmark::DoNotOptimize(std::accumulate(other.begin(), other.end(), std::uint64_t{0}));
        times.take([&] { benchmark::DoNotOptimize(flow.ledger().apply(order.record)); });
    }
    times.tell(state);
}
BENCHMARK(apply_new_cold)->ArgName("accounts")->Arg(1'000)->Arg(1'000'000)->Iterations(500);

}  // namespace
