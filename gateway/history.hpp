// History: reads messages back from the journal for resends, on a thread of its own, and hands the order
// thread bytes ready to be sent. The journal is the message store: an application message is encoded
// again from its Record, Decision and Routing, with its own number, PossDupFlag and OrigSendingTime.
#pragma once

#include <concurrentqueue/blockingconcurrentqueue.h>

#include <array>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "audit/segment_directory.hpp"
#include "gateway/fix/encoder.hpp"
#include "gateway/inbox.hpp"

namespace fairlead::gateway {

// One message to be sent again: from its Record, or, with sequence 0, a gap fill to new_number.
struct HistoryItem {
    std::uint64_t number = 0;
    std::uint64_t new_number = 0;
    risk::Sequence sequence = 0;
};

struct HistoryRequest {
    static constexpr std::size_t items_max = 32;
    std::uint32_t session = 0;
    std::uint32_t generation = 0;  // of the connection: an answer for an earlier one is dropped
    const fix::HeaderTemplate* header = nullptr;
    std::size_t count = 0;
    std::array<HistoryItem, items_max> items;
};

struct HistoryAnswer {
    std::uint32_t session = 0;
    std::uint32_t generation = 0;
    bool complete = true;  // false: a Record could not be read; the rest was left out
    struct Piece {
        std::size_t length = 0;
        risk::Sequence gate = 0;
    };
    std::vector<Piece> pieces;
    std::vector<char> bytes;
};

struct HistoryPlaces {
    audit::JournalPlace journal;
    std::string front_directory;
};

class History {
  public:
    History(HistoryPlaces places, Inbox& inbox);
    ~History();
    History(const History&) = delete;
    History& operator=(const History&) = delete;

    // False: busy, ask again later. The header must outlive the answer.
    [[nodiscard]] bool ask(const HistoryRequest& request) noexcept;
    // The order thread is done with an answer.
    void give_back(HistoryAnswer& answer) noexcept;

  private:
    static constexpr std::size_t answers_max = 16;
    static constexpr std::size_t producers_max = 4;  // threads that fill either queue
    void run(const std::stop_token& stop);
    void answer(const HistoryRequest& request, HistoryAnswer& into);

    HistoryPlaces places_;
    Inbox& inbox_;
    moodycamel::BlockingConcurrentQueue<HistoryRequest> requests_;
    moodycamel::BlockingConcurrentQueue<HistoryAnswer*> free_;
    std::vector<std::unique_ptr<HistoryAnswer>> answers_;
    std::jthread thread_;
};

}  // namespace fairlead::gateway
