// CopyLine: the FIX side of the drop copy, a QuickFIX acceptor with one thread a connection, so that one who
// reads slowly holds up nobody else. It knows no journal and no filters. C++14: QuickFIX's headers need it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace fairlead {
namespace dropcopy {

struct CopyLineOptions {
    int port = 0;
    std::string sender_comp_id;
    std::vector<std::string> target_comp_ids;
    std::string store;  // directory
};

struct CopyLogon {
    std::string comp_id;
    std::string user;
    std::string password;
    std::string after;  // tag 10010 as sent; empty: not there
};

struct CopyMessage {
    std::string type;
    std::uint64_t sequence = 0;  // tag 10010
    std::uint32_t session = 0;   // tag 10011; 0 = left out
    bool may_be_known = false;   // PossResend (97)
    std::vector<std::pair<std::uint32_t, std::string>> fields;
};

// Called on the connection's thread.
class CopyEvents {
  public:
    virtual ~CopyEvents() = default;
    // Empty = let in; else the Text of the Logout.
    virtual std::string on_logon(const CopyLogon& logon) = 0;
    // `connection`: counts the connections of this CompID; what is sent for an earlier one is dropped.
    virtual void on_logged_on(const std::string& comp_id, std::uint64_t connection) = 0;
    virtual void on_logged_out(const std::string& comp_id) = 0;
    virtual void on_note(const std::string& text) = 0;
};

class CopyLine {
  public:
    CopyLine(const CopyLineOptions& options, CopyEvents& events);
    ~CopyLine();
    CopyLine(const CopyLine&) = delete;
    CopyLine& operator=(const CopyLine&) = delete;

    // Empty = listening; else what is wrong.
    std::string start();
    // Logs everybody out and ends.
    void stop();
    // Blocks while the reader's buffers are full. False: that connection has ended.
    bool send(const std::string& comp_id, std::uint64_t connection, const CopyMessage& message);
    void log_out(const std::string& comp_id, const std::string& text);

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace dropcopy
}  // namespace fairlead
