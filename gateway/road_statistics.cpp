// What the order thread shows of itself in the StatisticsPage; see road.hpp.
#include "gateway/road.hpp"

namespace fairlead::gateway {

namespace {

constexpr std::uint32_t timers_a_showing = 20;  // ten times a second

}  // namespace

// Among the timers: an order's way has nothing of it but two counters. Each store is relaxed and pairs with a
// relaxed load of whoever looks: every figure stands for itself.
void Road::show_statistics() noexcept {
    if (statistics_ == nullptr || ++timers_ % timers_a_showing != 0) {
        return;
    }
    const auto put = [](std::atomic<std::uint64_t>& figure, std::uint64_t value) {
        figure.store(value, std::memory_order_relaxed);
    };
    std::uint64_t in = 0;
    std::uint64_t out = 0;
    for (const ClientSession& session : clients_.sessions()) {
        in += session.machine.next_in() - 1;
        out += session.machine.next_out() - 1;
    }
    std::size_t place = 0;
    for (const VenueLine& line : venues_.lines()) {
        in += line.machine.next_in() - 1;
        out += line.machine.next_out() - 1;
        if (place < statistics_->lines.size()) {
            StatisticsPage::Line& shown = statistics_->lines[place++];
            shown.waiting.store(static_cast<std::uint32_t>(line.waiting.size()), std::memory_order_relaxed);
            shown.id.store(line.config->id, std::memory_order_relaxed);
        }
    }
    std::uint64_t unsent = 0;
    for (const auto& connection : core_.connections) {
        unsent += connection->is_open() ? connection->out().size() : 0;
    }
    put(statistics_->passes, passes_);
    put(statistics_->epoll_questions, passes_ + epoll_questions_);
    put(statistics_->messages_in, in);
    put(statistics_->messages_out, out);
    put(statistics_->inbox_depth, inbox_.depth());
    put(statistics_->out_buffer_bytes, unsent);
    put(statistics_->connections, open_);
    put(statistics_->log_lines_dropped, core_.dropped_log_lines);
    put(statistics_->front_permille, core_.journal.front().fill_permille());
    statistics_->beat_monotonic_ns.store(core_.clock.monotonic_ns(), std::memory_order_relaxed);
}

}  // namespace fairlead::gateway
