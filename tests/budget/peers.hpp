// Peers: the two ends an order travels between, played from the same thread as the gateway: client
// sessions that send commands and a venue line that answers them. They keep no FIX session beyond their
// numbers and check only what the budget's programs rely on. Used by the Rig.
#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/fix/encoder.hpp"
#include "gateway/fix/reader.hpp"
#include "gateway/sealed_stream.hpp"

namespace fairlead::budget {

// One end of a connection: bytes in, messages out.
class Peer {
  public:
    Peer() = default;
    Peer(std::string_view sender, std::string_view target) : header_("FIX.4.4", sender, target) {}

    void connect(int fd) noexcept { fd_ = fd; }
    // From here on in TLS; hands are shaken already.
    void seal_with(std::unique_ptr<gateway::SealedStream> tls) noexcept { tls_ = std::move(tls); }
    // Begins a message; the caller adds fields to the encoder and calls `say`.
    fix::Encoder& begin(std::string_view type);
    void say();  // into the bytes that `send` writes
    void send();
    // The next message; null when none comes within `wait_ms`. Session messages are answered or passed
    // over here, but for a Logon or Logout.
    const fix::Message* next(int wait_ms);
    [[nodiscard]] std::size_t waiting_bytes() const noexcept { return out_.size(); }

  private:
    bool read(int wait_ms);

    fix::HeaderTemplate header_;
    fix::Encoder encoder_;
    fix::Reader reader_;
    fix::Message message_;
    int fd_ = -1;
    std::unique_ptr<gateway::SealedStream> tls_;  // null: plain text
    std::uint64_t number_ = 0;
    std::array<char, 2048> room_{};
    std::string out_;
    std::vector<char> in_;
    std::size_t taken_ = 0;
};

// What the venue must know of an order to report on it.
struct VenueOrder {
    std::string branch, number, id, original, account, symbol, side, quantity, price;
};

// A command of a client.
struct Terms {
    std::string id, original, account, symbol, side, quantity, price;
};
void say_new(Peer& client, const Terms& terms);
void say_replace(Peer& client, const Terms& terms);
void say_cancel(Peer& client, const Terms& terms);

[[nodiscard]] VenueOrder venue_order(const fix::Message& message);
// exec_type: 0 working, 5 replaced, 4 cancelled, F one lot filled.
void say_report(Peer& venue, const VenueOrder& order, char exec_type, std::uint64_t execution);

}  // namespace fairlead::budget
