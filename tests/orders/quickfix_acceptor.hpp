// QuickFixAcceptor: a small stock acceptor on loopback that answers application messages as told. Shows
// that QuickFixClient itself works, before it is pointed at the gateway. Reads as C++14.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tests/orders/quickfix_client.hpp"

namespace fairlead {
namespace tests {

class QuickFixAcceptor {
  public:
    using Answers = std::vector<std::pair<std::string, Fields>>;  // type and body
    using Answer = std::function<Answers(const ReceivedMessage&)>;

    // Accepts the session `sender` (ours) <- `target` (the client) on a free port of 127.0.0.1.
    QuickFixAcceptor(const std::string& sender, const std::string& target, const std::string& dictionary,
                     Answer answer);
    ~QuickFixAcceptor();
    QuickFixAcceptor(const QuickFixAcceptor&) = delete;
    QuickFixAcceptor& operator=(const QuickFixAcceptor&) = delete;

    int port() const;
    std::vector<ReceivedMessage> received() const;  // application messages and Logons

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace tests
}  // namespace fairlead
