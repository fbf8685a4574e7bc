// CopyFeed: the reports clients were told, read from the journal as it grows, with whose they are. Each is
// encoded again from its Record, Decision and Routing by the code that encoded it for the client. Reads only;
// a feed that is slow is overtaken by the front and goes on from disk, and the gateway never waits for it.
#pragma once

#include <array>
#include <string>
#include <utility>
#include <vector>

#include "audit/examine/teller.hpp"
#include "audit/journal_reader.hpp"
#include "gateway/fix/encoder.hpp"
#include "gateway/fix/message.hpp"
#include "gateway/fix/reader.hpp"

namespace fairlead::dropcopy {

struct Copy {
    risk::Sequence sequence = 0;  // of the Record
    std::uint32_t session = 0;    // of the client that was told
    risk::InvestorId investor;
    risk::AccountKey account;
    std::string type;                                           // MsgType (35): 8, 9 or r
    std::vector<std::pair<std::uint32_t, std::string>> fields;  // of the body, in the client's order
};

enum class FeedStatus : std::uint8_t { copy, nothing_yet, failed };

class CopyFeed {
  public:
    // `first`: the day's first record; what an order is of, is learned from there on.
    CopyFeed(const audit::JournalPlace& journal, const std::string& front, risk::Sequence first);
    // The next report told to a client, of any investor. nothing_yet: read all there is; ask again later.
    [[nodiscard]] FeedStatus next(Copy& copy);
    [[nodiscard]] const std::string& error() const noexcept { return error_; }

  private:
    [[nodiscard]] bool encode(const risk::Record& record, const risk::Answered& answered, Copy& copy);

    audit::HistoryReader reader_;
    audit::Teller teller_{audit::Language::english};
    fix::Encoder encoder_;
    fix::HeaderTemplate header_{"FIX.4.4", "COPY", "COPY"};
    fix::Reader fix_reader_;
    fix::Message message_;
    std::vector<char> room_;
    std::string error_;
    risk::Sequence first_;
    bool found_ = false;
};

// DayStart: where the running day begins in the journal. Reads on from where it stood.
class DayStart {
  public:
    DayStart(const audit::JournalPlace& journal, const std::string& front);
    // Sequence of the last day's first Record, and of the newest Record. 0: none yet. Not empty: damage.
    [[nodiscard]] std::string find(risk::Sequence& day, risk::Sequence& newest);

  private:
    audit::HistoryReader reader_;
    risk::Sequence day_ = 0;
    risk::Sequence newest_ = 0;
    bool found_ = false;
};

}  // namespace fairlead::dropcopy
