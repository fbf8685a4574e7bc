// QuickfixMiddle: what a broker's programmer would write with stock QuickFIX to check money before an order
// leaves: an acceptor for the client, an initiator to the venue, a map from account to money left. Only what
// the wire benchmark sends: new orders, and reports about them; no replace, no cancel, no resend of state.
// This header reads as C++14, which is all that QuickFIX 1.15.1 compiles as.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

namespace fairlead {
namespace wire {

struct QuickfixMiddleOptions {
    int listen_port = 0;
    int venue_port = 0;
    std::string store_directory;  // empty: the memory store
    bool threaded = false;        // a thread a connection (ThreadedSocket...) instead of one a side
    std::string account;          // may spend `money`
    std::int64_t money = 0;       // 1/10,000 NTD
};

class QuickfixMiddle {
  public:
    explicit QuickfixMiddle(const QuickfixMiddleOptions& options);
    ~QuickfixMiddle();
    QuickfixMiddle(const QuickfixMiddle&) = delete;
    QuickfixMiddle& operator=(const QuickfixMiddle&) = delete;

    // Both throw std::runtime_error with QuickFIX's words.
    void start();
    void stop();

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace wire
}  // namespace fairlead
