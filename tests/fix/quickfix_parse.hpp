// QuickfixParse: what a stock QuickFIX makes of one message, with a data dictionary: its own parse and its
// own validation, without a session. Reads as C++14: QuickFIX's headers compile as nothing newer. Used by
// reader_difference_test.
#pragma once

#include <memory>
#include <string>

namespace fairlead {
namespace test {

class QuickfixParse {
  public:
    struct Verdict {
        bool message = false;  // its framing is right
        int reject = -1;       // SessionRejectReason (373) it would be refused with; -1: it is taken
        int tag = 0;           // to blame; 0: none named
    };

    explicit QuickfixParse(const std::string& data_dictionary);
    ~QuickfixParse();
    QuickfixParse(const QuickfixParse&) = delete;
    QuickfixParse& operator=(const QuickfixParse&) = delete;

    Verdict judge(const std::string& message) const;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace test
}  // namespace fairlead
