// Matching: the market itself: orders in, fills out, by phase. Call auctions at one price, continuous
// matching by price and time, odd lots at intervals, fixed price at the close. It takes orders that are
// already checked; who sent them and how they are answered is Exchange's business. One thread at a time.
#pragma once

#include <array>
#include <memory>
#include <vector>

#include "bench/exchange/book.hpp"
#include "risk/reference.hpp"

namespace fairlead::exchange {

// What happened to an order without its owner asking at that moment.
struct MarketEvent {
    enum class Kind : std::uint8_t {
        trade,       // quantity at price
        rest_ended,  // IOC rest or FOK: code 0048
        restated,    // market order left at the closing call's start
    };
    Kind kind = Kind::trade;
    Slot slot = 0;
    risk::Quantity quantity = 0;  // traded, or removed
    risk::Price price = 0;
    std::uint64_t match_number = 0;
    risk::Quantity leaves_after = 0;
    risk::Quantity filled_after = 0;
    risk::Amount amount_after = 0;
};

struct MatchingOptions {
    std::int64_t odd_lot_interval_ns = 5'000'000'000;  // between odd-lot auctions of the day
    std::int64_t odd_lot_first_ns = 0;                 // the first one, after its phase's start
    std::int64_t periodic_interval_ns = 0;  // between auctions of periodic-call securities; 0 = 5 minutes
    // Match numbers go up from here: a stand-in that is started again in a day must not repeat them.
    std::uint64_t first_match_number = 0;
};

class Matching {
  public:
    explicit Matching(const risk::Reference& reference, MatchingOptions options = {});

    // Phases count from here. May be moved; auctions already held are not held again.
    void set_origin(risk::UtcNs origin) noexcept { origin_ = origin; }
    [[nodiscard]] risk::UtcNs origin() const noexcept { return origin_; }

    // Phase of one security's sub-system now: like the calendar's, but open_call for a security matched
    // at intervals, where the rules of a call auction hold all day.
    [[nodiscard]] risk::Phase phase(risk::UtcNs now, const risk::SecurityRow& security,
                                    risk::SessionKind kind) const noexcept;
    // closed: not yet (true) or no more (false).
    [[nodiscard]] bool still_to_come(risk::UtcNs now, risk::Venue venue,
                                     risk::SessionKind kind) const noexcept;

    void make_room(std::size_t orders) { orders_.reserve(orders + 1); }

    // Takes a checked order. Its `leaves` are its `ordered`. Fills and ends go to `events`.
    Slot add(const BookOrder& order, risk::UtcNs now, std::vector<MarketEvent>& events);
    // Keeps its place in time. `by` is at most its leaves; all of them cancels it.
    void cut(Slot slot, risk::Quantity by);
    // Goes behind all others at the new price, after taking what it now can.
    void reprice(Slot slot, risk::Price price, risk::UtcNs now, std::vector<MarketEvent>& events);
    void cancel(Slot slot) { cut(slot, orders_[slot].leaves); }
    // Taken from the book; the order answers as if it had never been.
    void forget(Slot slot);

    // Holds the auctions and ends the phases that are due.
    void advance(risk::UtcNs now, std::vector<MarketEvent>& events);

    [[nodiscard]] const BookOrder& order(Slot slot) const { return orders_[slot]; }
    [[nodiscard]] Slot order_count() const { return static_cast<Slot>(orders_.size() - 1); }
    [[nodiscard]] risk::Price last_price(std::uint32_t security) const { return last_[security]; }
    // Null: nothing was ever in it.
    [[nodiscard]] const Book* book(std::uint32_t security, risk::SessionKind kind) const {
        return books_[index_of(security, kind)].get();
    }
    [[nodiscard]] std::uint64_t match_count() const { return match_number_ - options_.first_match_number; }

  private:
    struct Held {  // what of a phase has been done, by its row in the calendar
        bool opened = false;
        bool closed = false;
        std::int64_t last_interval_ns = 0;
    };
    static std::size_t index_of(std::uint32_t security, risk::SessionKind kind) {
        return security * risk::session_kind_count + static_cast<std::size_t>(kind);
    }
    Book& book_for(std::uint32_t security, risk::SessionKind kind);
    // Last trade, else reference: what market orders meet at, and ties go to.
    [[nodiscard]] risk::Price anchor(std::uint32_t security) const;
    void match(Slot taker, Book& book, std::vector<MarketEvent>& events);
    void place(Slot slot, Book& book, std::vector<MarketEvent>& events);
    void trade(Slot buyer, Slot seller, risk::Quantity quantity, risk::Price price,
               std::vector<MarketEvent>& events);
    void fill(Slot slot, risk::Quantity quantity, risk::Price price, std::vector<MarketEvent>& events);
    void auction(std::uint32_t security, Book& book, risk::Price price, std::vector<MarketEvent>& events);
    void open_phase(const risk::PhaseRow& row, std::vector<MarketEvent>& events);
    void hold_auctions(const risk::PhaseRow& row, bool periodic_only, std::vector<MarketEvent>& events);
    void restate_market_orders(Book& book, std::vector<MarketEvent>& events);
    void expire(const risk::PhaseRow& row);
    [[nodiscard]] bool is_last(const risk::PhaseRow& row) const;

    const risk::Reference& reference_;
    MatchingOptions options_;
    risk::UtcNs origin_ = 0;
    std::vector<BookOrder> orders_{1};
    std::vector<std::unique_ptr<Book>> books_;  // by index_of; made when first used
    struct Used {
        std::uint32_t security;
        risk::SessionKind kind;
    };
    std::vector<Used> used_;  // the books there are, in the order they were made
    std::vector<risk::Price> last_;
    std::vector<Held> held_;  // by row of reference_.phases
    std::uint64_t match_number_;
};

}  // namespace fairlead::exchange
