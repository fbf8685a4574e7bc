// ClientSession: a client's side of one FIX 4.4 session, enough to trade and to be strict about what
// comes back: logon, numbers, heartbeats, gaps both ways, logout. No socket and no clock: bytes and times
// are handed in, bytes to send are fetched. Not the gateway's session class, so that each checks the
// other. Called by the player and by tests.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gateway/fix/encoder.hpp"
#include "gateway/fix/message.hpp"
#include "gateway/fix/reader.hpp"

namespace fairlead::load {

struct Stamp {
    risk::UtcNs utc_ns = 0;
    risk::MonotonicNs monotonic_ns = 0;
};

struct ClientIdentity {
    std::string sender;  // ours, 49
    std::string target;  // the gateway's, 56
    std::string user;
    std::string password;
    std::uint32_t heartbeat_s = 30;
    bool reset = false;  // ask for both sides to start at 1 (141=Y)
    // Take the gateway's numbers where ours are not known: the first Logon's number as it comes, and a
    // Logon refused as too low once more with the number the gateway says it expects.
    bool adopt_numbers = false;
};

struct SessionNumbers {
    std::uint64_t next_out = 1;
    std::uint64_t next_in = 1;
};

class ApplicationSink {
  public:
    ApplicationSink() = default;
    ApplicationSink(const ApplicationSink&) = delete;
    ApplicationSink& operator=(const ApplicationSink&) = delete;
    virtual ~ApplicationSink() = default;
    // In order of number, each number once: application messages and Rejects (3).
    virtual void on_message(std::uint32_t session, const fix::Message& message, Stamp received) = 0;
    // The gateway asked again for our messages [first, last]; they were gap-filled and will never be sent.
    virtual void on_withdrawn(std::uint32_t session, std::uint64_t first, std::uint64_t last) = 0;
};

class ClientSession {
  public:
    enum class State : std::uint8_t { down, logon_sent, active, logout_sent, ended, failed };

    ClientSession(std::uint32_t index, ClientIdentity identity, SessionNumbers numbers);

    // The connection is up: forget what was buffered, send the Logon.
    void connected(Stamp now);
    // The connection is gone. A Logout exchanged before makes it the ordinary end.
    void disconnected();
    // Room to read into; then how much was read.
    [[nodiscard]] std::span<char> read_room();
    void received(std::size_t size, Stamp now, ApplicationSink& sink);
    // Heartbeats, test requests, a peer that is silent, a logon without answer.
    void on_timer(Stamp now);
    void logout(Stamp now);

    // An application message: begin_message, add fields, finish_message. The number it took, 0 = no room.
    [[nodiscard]] fix::Encoder& begin_message(std::string_view type, Stamp now);
    [[nodiscard]] std::uint64_t finish_message();
    [[nodiscard]] bool has_room() const noexcept { return out_.size() - out_end_ >= message_room; }

    [[nodiscard]] std::span<const char> pending() const noexcept {
        return {out_.data() + out_begin_, out_end_ - out_begin_};
    }
    void written(std::size_t size, Stamp now);

    [[nodiscard]] State state() const noexcept { return state_; }
    [[nodiscard]] bool wants_close() const noexcept { return close_; }
    [[nodiscard]] const ClientIdentity& identity() const noexcept { return identity_; }
    [[nodiscard]] SessionNumbers numbers() const noexcept { return numbers_; }
    // Why it failed, or the last Logout's text.
    [[nodiscard]] const std::string& failure() const noexcept { return failure_; }
    // A refused Logon may be tried again at once with adopted numbers.
    [[nodiscard]] bool may_retry_logon() const noexcept { return retry_; }
    [[nodiscard]] std::uint64_t malformed() const noexcept { return malformed_; }
    [[nodiscard]] std::uint64_t gaps() const noexcept { return gaps_; }
    [[nodiscard]] std::uint64_t numbers_adopted() const noexcept { return adopted_; }
    [[nodiscard]] std::uint64_t messages_in() const noexcept { return messages_in_; }

  private:
    static constexpr std::size_t in_bytes = 1 << 18;
    static constexpr std::size_t out_bytes = 1 << 20;
    static constexpr std::size_t message_room = 1024;

    void process(const fix::Message& message, Stamp now, ApplicationSink& sink);
    void on_logon_answer(const fix::Message& message, Stamp now, ApplicationSink& sink);
    bool check_peer(const fix::Message& message, Stamp now);
    void keep_early(const fix::Message& message, Stamp now, ApplicationSink& sink);
    void release_early(Stamp now, ApplicationSink& sink);
    void apply(const fix::Message& message, Stamp now, ApplicationSink& sink);
    void on_resend_request(const fix::Message& message, Stamp now, ApplicationSink& sink);
    void on_sequence_reset(const fix::Message& message, Stamp now);
    void on_logout(const fix::Message& message, Stamp now);
    void ask_resend(Stamp now);
    void fail(std::string why);
    void compact_out();
    fix::Encoder& begin(std::string_view type, std::uint64_t number, Stamp now,
                        fix::Duplicate duplicate = {});
    bool finish();
    void send_logon(Stamp now);
    void send_logout(std::string_view text, Stamp now);

    std::uint32_t index_;
    ClientIdentity identity_;
    SessionNumbers numbers_;
    fix::HeaderTemplate header_;
    fix::Reader reader_;
    fix::Encoder encoder_;
    fix::Message message_;
    std::vector<char> in_;
    std::size_t in_begin_ = 0;
    std::size_t in_end_ = 0;
    std::vector<char> out_;
    std::size_t out_begin_ = 0;
    std::size_t out_end_ = 0;
    std::map<std::uint64_t, std::string> early_;  // beyond a gap, by number
    std::string failure_;
    State state_ = State::down;
    bool close_ = false;
    bool retry_ = false;
    bool first_logon_ = true;
    bool been_active_ = false;  // this run
    bool gap_open_ = false;
    bool test_request_open_ = false;
    risk::MonotonicNs state_since_ns_ = 0;
    risk::MonotonicNs sent_ns_ = 0;
    risk::MonotonicNs received_ns_ = 0;
    risk::MonotonicNs asked_ns_ = 0;
    std::uint64_t malformed_ = 0;
    std::uint64_t gaps_ = 0;
    std::uint64_t adopted_ = 0;
    std::uint64_t messages_in_ = 0;
};

// The number a Logout's text says is expected ("MsgSeqNum too low, expecting 57 but received 1"); 0: none.
[[nodiscard]] std::uint64_t expected_number_in(std::string_view logout_text);

}  // namespace fairlead::load
