// The history thread: takes requests, hands over answers; what it answers is in history.cpp. See history.hpp.
#include "gateway/history.hpp"

namespace fairlead::gateway {

namespace {
constexpr auto poll_wait = std::chrono::milliseconds(50);
}

History::History(HistoryPlaces places, Inbox& inbox)
    : places_(std::move(places)),
      inbox_(inbox),
      requests_(64, 0, producers_max),
      free_(answers_max, 0, producers_max) {
    for (std::size_t i = 0; i < answers_max; ++i) {
        answers_.push_back(std::make_unique<HistoryAnswer>());
        free_.enqueue(answers_.back().get());
    }
    thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

History::~History() {
    thread_.request_stop();
    thread_.join();
}

bool History::ask(const HistoryRequest& request) noexcept {
    return requests_.try_enqueue(request);
}

void History::give_back(HistoryAnswer& answer) noexcept {
    free_.try_enqueue(&answer);
}

void History::run(const std::stop_token& stop) {
    HistoryRequest request;
    while (!stop.stop_requested()) {
        if (!requests_.wait_dequeue_timed(request, poll_wait)) {
            continue;
        }
        HistoryAnswer* into = nullptr;
        while (!stop.stop_requested() && !free_.wait_dequeue_timed(into, poll_wait)) {
        }
        if (into == nullptr) {
            return;
        }
        answer(request, *into);
        while (!stop.stop_requested() && !inbox_.push(HistoryReady{into})) {
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        }
    }
}

}  // namespace fairlead::gateway
