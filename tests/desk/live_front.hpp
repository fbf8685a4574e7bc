// A front as the gateway writes it, for a Follower to follow: no keeper, so nothing comes to the disk.
#pragma once

#include <catch2/catch.hpp>
#include <functional>
#include <thread>

#include "config/reference_archive.hpp"
#include "gateway/desk/options.hpp"
#include "tests/audit/sample.hpp"
#include "tests/risk/world.hpp"

namespace fairlead::test {

inline desk::Options small_options(const std::string& directory, const std::string& socket) {
    desk::Options options;
    options.sizes = tests::small_sizes();
    options.journal.directory = directory + "/journal";
    options.front = directory + "/front";
    options.control_socket = socket;
    options.logins_per_minute = 3;
    return options;
}

class LiveFront {
  public:
    explicit LiveFront(const desk::Options& options) : options_(options) {
        auto opened = audit::Front::open(small_front(options.front, options.journal.directory));
        REQUIRE(opened.error == "");
        front_ = std::move(opened.front);
    }
    template <class T>
    void add(T record, risk::RecordKind kind, const std::string& received = {}) {
        record.record.kind = kind;
        record.record.sequence = front_->published() + 1;
        record.record.utc_ns = tests::origin_ns + static_cast<std::int64_t>(record.record.sequence);
        record.record.monotonic_ns = static_cast<std::int64_t>(record.record.sequence);
        front_->append(record, std::as_bytes(std::span(received)), nullptr);
    }
    void day() {
        std::filesystem::create_directories(options_.journal.directory);
        const auto archived =
            config::archive_reference(tests::make_reference(), options_.journal.directory + "/reference");
        REQUIRE(archived.error == "");
        risk::DayStart start;
        start.facts = archived.day;
        start.facts.origin_utc_ns = tests::origin_ns;
        add(start, risk::RecordKind::day_start);
    }
    void user_disabled(const std::string& name) {
        risk::ControlEvent event;
        event.facts.verb = risk::ControlVerb::user_disable;
        add(event, risk::RecordKind::user_event, name);
    }

  private:
    const desk::Options& options_;
    std::unique_ptr<audit::Front> front_;
};

// False: not within twenty seconds.
inline bool within_time(const std::function<bool()>& holds) {
    for (int i = 0; i < 4'000 && !holds(); ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return holds();
}

}  // namespace fairlead::test
