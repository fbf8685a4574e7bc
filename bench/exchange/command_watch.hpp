// CommandWatch: somebody who looks at every command the stand-in reads and may bend what is done with it, one
// by one: the certifier (certify/). Faults bend whole lines; this is by order and account.
#pragma once

#include <string>

#include "bench/exchange/codes.hpp"
#include "bench/exchange/order_check.hpp"

namespace fairlead::exchange {

// One D, G or F, checked field by field; whether the order it names is there has not been looked at yet.
struct SeenCommand {
    std::string line;  // SenderCompID
    char type = '\0';
    CheckedMessage terms;
};

struct Steering {
    Code refuse = 0;          // answer it with this status
    bool fill_first = false;  // the order it names is filled before it is looked at
    bool cut_line = false;    // act on it, and cut the line before it is answered
};

class CommandWatch {
  public:
    virtual ~CommandWatch() = default;
    // Called under the exchange's lock, on a line's thread: must not call the exchange.
    virtual Steering on_command(const SeenCommand& command) = 0;
};

}  // namespace fairlead::exchange
