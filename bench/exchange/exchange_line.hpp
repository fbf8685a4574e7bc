// Exchange::Line: one line's own state beside its LineServer. Only exchange*.cpp include this.
#pragma once

#include "bench/exchange/exchange.hpp"

namespace fairlead::exchange {

struct Exchange::Line : LineEvents {
    struct Delayed {
        risk::UtcNs due = 0;
        OutMessage message;
    };

    Line(Exchange& exchange, std::int32_t at, const LineOptions& given, std::string store_directory);

    void on_raw(bool incoming, const std::string& text) override {
        owner.witness_.append(witness_line(stamp_now(), name, incoming, text));
    }
    void before_message() override;
    std::string on_logon(const std::string& raw_data_length, const std::string& raw_data) override;
    void on_logged_on() override;
    void on_logged_out() override;
    void on_order(const OrderMessage& message) override { owner.on_order(*this, message); }
    void on_unserved(const std::string& message_type, std::uint64_t message_number) override;
    // QuickFIX tells here what the witness has already.
    void on_note(const std::string& text) override { static_cast<void>(text); }

    void note(std::string_view text) { owner.witness_.append(witness_event(stamp_now(), name, text)); }
    void set_reading(bool reads);

    Exchange& owner;
    std::int32_t index;
    std::string name;
    risk::Venue venue;
    LogonRule rule;     // the line's thread only
    LineFaults faults;  // under the Exchange's lock, as all below up to `up`
    LineCounts counts;
    std::uint64_t errors = 0;
    std::deque<Delayed> delayed_answers;
    std::deque<Delayed> delayed_fills;
    std::deque<risk::UtcNs> recent;  // commands of the last second, when the rate is limited
    Slot last_order = 0;
    std::atomic<bool> up{false};
    std::atomic<std::uint64_t> logons{0};
    std::mutex pause_mutex;  // guards `reading`; nothing else is taken under it
    std::condition_variable pause;
    bool reading = true;
    std::unique_ptr<LineServer> server;
};

}  // namespace fairlead::exchange
