// ConversationCheck: completeness where no hash can prove it. Follows the message numbers of every client
// session and venue line through the journal: whoever leaves a record out leaves a hole in a sequence that
// somebody outside has kept as well. Resets and gap fills are records and move the numbers; restarts do
// not. Used by verify only; says what it finds, prints nothing.
#pragma once

#include <string>
#include <unordered_map>
#include <vector>

#include "risk/record_operation.hpp"
#include "risk/routing.hpp"

namespace fairlead::audit {

class ConversationCheck {
  public:
    // answered: null where the record holds no decision. What is broken by this record, mostly nothing.
    [[nodiscard]] std::vector<std::string> take(const risk::Record& record, const risk::Answered* answered);
    [[nodiscard]] std::uint64_t numbers_followed() const noexcept { return followed_; }

  private:
    struct Numbers {
        std::uint64_t in = 1;  // expected next
        std::uint64_t out = 1;
    };
    void received(std::uint32_t session, std::uint64_t number);
    void sent(std::uint32_t session, std::uint64_t number);
    void session_sent(const risk::SessionMessage& message);
    void session_received(const risk::SessionMessage& message);
    void logon_result(const risk::LogonResult& result);
    void sequence_reset(const risk::SequenceReset& reset);
    void fault(std::uint32_t session, const char* direction, std::uint64_t number, std::uint64_t expected);

    std::unordered_map<std::uint32_t, Numbers> numbers_;  // sessions and lines have numbers of their own
    std::vector<std::string> faults_;
    bool end_lost_ = false;  // an Incident has said so
    std::uint64_t followed_ = 0;
};

}  // namespace fairlead::audit
