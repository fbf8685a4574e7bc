// Flood: one client session that behaves as badly as a client can, as fast as it can: for showing that it
// harms only itself. It makes sense of what comes back only to count it, and is no measure of speed: the
// sessions beside it, played by another process, are. Called by `fairlead-load flood`.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "bench/load/client_session.hpp"
#include "bench/load/market.hpp"
#include "bench/load/player.hpp"

namespace fairlead::load {

enum class FloodKind : std::uint8_t {
    orders = 0,   // good orders, each answer read
    invalid = 1,  // required fields missing, unknown types, wrong formats, wrong checksums, no FIX at all
    resends = 2,  // some orders, then ResendRequests for everything, again and again
    logons = 3,   // connect, Logon, gone; over and over
    bytes = 4,    // good orders, every byte in a write of its own
    unread = 5,   // good orders, no answer ever read
    connects = 6  // connections that never say anything
};
[[nodiscard]] std::string_view flood_name(FloodKind kind);

struct FloodOptions {
    FloodKind kind = FloodKind::orders;
    double seconds = 10;
    std::string tag = "F0000";
    std::string source;  // IPv4 address to come from; empty: the system's choice
};

struct FloodCounts {
    std::uint64_t connections = 0;
    std::uint64_t connects_refused = 0;
    std::uint64_t logons = 0;  // accepted
    std::uint64_t messages = 0;
    std::uint64_t bytes = 0;
    std::uint64_t socket_full = 0;  // times the gateway read slower than this wrote
    std::uint64_t lost = 0;         // connections ended without a Logout
    std::uint64_t closed_before_logon = 0;
    std::map<std::string, std::uint64_t> answers;  // by kind and code
    std::map<std::string, std::uint64_t> logouts;  // by text, numbers left out
};

class Flood final : public ApplicationSink {
  public:
    Flood(const Market& market, SessionPlan plan, FloodOptions options);
    ~Flood() override;

    // Until the time is over or `interrupted` says true.
    void run(const std::function<bool()>& interrupted);
    [[nodiscard]] const FloodCounts& counts() const noexcept { return counts_; }

    void on_message(std::uint32_t session, const fix::Message& message, Stamp received) override;
    void on_withdrawn(std::uint32_t, std::uint64_t, std::uint64_t) override {}

  private:
    [[nodiscard]] bool connect();
    void hang_up();
    void converse(const std::function<bool()>& over);
    void hold_silent_connections(const std::function<bool()>& over);
    // Encodes more to send; what stands in `unsent_` leaves first.
    void make_more();
    void make_order(Stamp time);
    void make_invalid(Stamp time);
    void fetch();
    // False: the connection is gone.
    [[nodiscard]] bool write_some();
    [[nodiscard]] bool read_some();

    const Market& market_;
    SessionPlan plan_;
    FloodOptions options_;
    FloodCounts counts_;
    std::optional<ClientSession> session_;
    int descriptor_ = -1;
    std::string unsent_;
    std::uint64_t made_ = 0;
    bool was_active_ = false;
};

[[nodiscard]] std::string text_of(const FloodCounts& counts, FloodKind kind);
[[nodiscard]] std::string json_of(const FloodCounts& counts, FloodKind kind);

}  // namespace fairlead::load
