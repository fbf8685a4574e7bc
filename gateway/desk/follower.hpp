// Follower: reads the journal as it grows, on a thread of its own, and keeps the DeskState and the Picture.
// It never slows the gateway: it maps what the gateway writes, and goes on from disk where the front has been
// overwritten. Others look at the state under its lock, which they get before the next chunk of records.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "audit/journal_reader.hpp"
#include "gateway/desk/options.hpp"
#include "gateway/desk/views.hpp"
#include "gateway/statistics_page.hpp"

namespace fairlead::desk {

class Follower {
  public:
    using Log = std::function<void(const std::string& text)>;
    Follower(const Options& options, Log log);
    ~Follower();
    Follower(const Follower&) = delete;
    Follower& operator=(const Follower&) = delete;

    void start();
    void stop();

    [[nodiscard]] std::shared_ptr<const Picture> picture() const;
    // Runs `look` while nothing moves. Short: the follower waits for it.
    template <class Look>
    [[nodiscard]] auto look(Look&& look) const {
        waiting_.fetch_add(1, std::memory_order_relaxed);  // pairs with the load in run(): a hint only
        const std::lock_guard hold(state_lock_);
        waiting_.fetch_sub(1, std::memory_order_relaxed);
        return look(static_cast<const DeskState&>(state_));
    }
    // Staff whose tokens have become useless by a Record written since the journal was first read to its end:
    // what came before is history, and says nothing of who logs on now.
    [[nodiscard]] std::vector<risk::UserName> take_ended_users();
    // A copy of what is known beside the Records, as of the last Picture.
    [[nodiscard]] Surroundings surroundings() const;

    struct Gauges {  // of the gateway's statistics page
        bool known = false;
        std::uint64_t passes = 0;
        std::uint64_t epoll_questions = 0;
        std::uint64_t messages_in = 0;
        std::uint64_t messages_out = 0;
        std::uint64_t inbox_depth = 0;
        std::uint64_t out_buffer_bytes = 0;
        std::uint64_t connections = 0;
        std::uint64_t log_lines_dropped = 0;
        std::uint64_t front_permille = 0;
    };
    [[nodiscard]] Gauges gauges() const;

  private:
    enum class Step : std::uint8_t { some, none, failed };
    void run();
    void find_place();
    [[nodiscard]] Step read_some();
    void tick();
    void look_around();
    void open_front();
    void open_statistics();
    void tell_gateway(const std::string& was);

    Options options_;
    Log log_;
    audit::HistoryReader reader_;
    audit::FrontReader front_;  // for its watermarks alone
    audit::MappedFile mark_;
    audit::MappedFile statistics_;
    mutable std::mutex statistics_lock_;  // the mapping: the thread swaps it, /metrics reads it
    bool found_ = false;

    mutable std::mutex state_lock_;  // state_ and news_
    mutable std::atomic<int> waiting_{0};
    DeskState state_;
    bool news_ = false;  // what is read now has happened since the desk was ready

    mutable std::mutex picture_lock_;
    std::shared_ptr<const Picture> picture_;
    Surroundings around_;         // the follower's own
    Surroundings around_shared_;  // under picture_lock_

    std::int64_t next_tick_ns_ = 0;
    std::int64_t next_look_ns_ = 0;
    std::int64_t rate_from_ns_ = 0;
    risk::Sequence rate_from_ = 0;
    std::string failed_;
    std::atomic<bool> stop_{false};
    std::thread thread_;
};

}  // namespace fairlead::desk
