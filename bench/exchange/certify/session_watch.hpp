// SessionWatch: what the gateway's journal says of one client session: the part of a certification that no
// venue can see (logons, resend requests, refused messages, logouts). It reads front and journal as an
// examiner would, behind a running gateway, and judges nothing: cases.cpp does. The certifier's thread only.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "audit/journal_reader.hpp"
#include "config/gateway_config.hpp"
#include "risk/record_operation.hpp"
#include "risk/routing.hpp"

namespace fairlead::exchange::certify {

// Counts since the journal's beginning; a case compares two of them.
struct SessionFacts {
    bool logged_on = false;
    std::uint64_t logons = 0;            // accepted
    std::uint64_t logons_with_next = 0;  // accepted, with NextExpectedMsgSeqNum (789)
    std::uint64_t resets = 0;            // message numbers set back to 1
    std::uint64_t logouts = 0;           // of any cause
    std::uint64_t logouts_by_peer = 0;
    // By us for a protocol reason, heartbeat lost, too slow a reader, over its rate.
    std::uint64_t logouts_for_fault = 0;
    std::uint64_t resend_requests = 0;  // from the client
    std::uint64_t rejects = 0;          // Reject (3) and BusinessMessageReject (j) sent to it
    std::uint64_t commands = 0;         // D, G, F, whatever became of them
    std::uint64_t refused = 0;          // those the gateway refused: no venue has seen them
    std::string last_reject;            // which message, and its record
    std::string last_refusal;           // reason and record
};

class SessionWatch {
  public:
    SessionWatch(const config::GatewayConfig& config, std::uint32_t session)
        : journal_(config.journal.directory, config.journal.spare_directory),
          front_(config.journal.front_directory),
          session_(session) {}

    // Reads what has come since. Empty: done, also where there is no journal yet; else what is wrong with it.
    [[nodiscard]] std::string follow();
    [[nodiscard]] const SessionFacts& facts() const noexcept { return facts_; }
    // The gateway takes new orders for the venue: a line that has logged on is asked about what was on its
    // way first, and orders sent meanwhile are refused.
    [[nodiscard]] bool open(risk::Venue venue) const;

  private:
    void take(const risk::Record& record, const audit::RecordView& view);
    void take_result(const risk::LogonResult& result);
    void take_command(const risk::Record& record, const risk::Decision& decision);

    audit::JournalPlace journal_;
    std::string front_;
    std::uint32_t session_;
    std::unique_ptr<audit::HistoryReader> reader_;
    risk::Sequence next_ = 1;
    std::map<std::uint32_t, risk::Venue> open_lines_;
    bool next_expected_given_ = false;  // in the attempt that waits for its result
    SessionFacts facts_;
};

}  // namespace fairlead::exchange::certify
