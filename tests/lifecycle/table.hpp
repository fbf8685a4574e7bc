// Table: one order state matrix as people read it, and the same played on a Stage: what comes out of each row
// beside what the table says. The language stands in README.md. Used by lifecycle_test.
#pragma once

#include <string>
#include <vector>

#include "tests/lifecycle/stage.hpp"

namespace fairlead::lifecycle {

// In the order of the columns.
struct Row {
    std::string time, from, in;
    std::string out, exec_type, order_status, quantity, filled, leaves, last, more;
    std::string buy, sell, gross, net, offset, symbol_long, symbol_short, sellable;
};

struct Table {
    std::string file, name;
    std::vector<std::string> notes;  // lines before the rows
    std::uint32_t line_rate = 160;   // `line rate N` among them
    std::uint32_t own_cancels = 64;  // `own cancels N`
    std::vector<Row> rows;
};

[[nodiscard]] std::vector<Table> load_tables(const std::string& file);
// As a file holds it, columns in line.
[[nodiscard]] std::string text_of(const Table& table);

class Player {
  public:
    Player(const std::string& directory, const Table& table)
        : stage_(directory, table.line_rate, table.own_cancels) {}
    // The table as it came out: the same rows in, what has happened beside them. Throws what a row that
    // cannot be played says.
    [[nodiscard]] Table play(const Table& asked);
    // Every message a client has had, for a stock client to look at.
    [[nodiscard]] const std::vector<std::string>& told() const { return told_; }
    [[nodiscard]] Stage& stage() { return stage_; }

  private:
    // What the venue knows of an order; it counts as TWSE does: reports tell what is left.
    struct Booked {
        std::string name, number, branch, id, account, symbol, side, price, type, time_in_force;
        std::int64_t quantity = 0, leaves = 0, filled = 0;
        bool ended = false;
        std::vector<std::string> executions{};  // ExecIDs of its fills
    };
    struct Command {
        std::string name;  // as tables call it
        std::string order;
        std::string type;
        std::uint64_t number = 0;
    };
    struct Words;

    void act(const Row& row);
    void client_act(std::size_t client, Words words);
    void venue_act(Words words);
    void venue_report(const Words& words, Booked& order, const std::string& id, std::string word);
    void person_act(Words words);
    void clock_act(const Words& words);
    void collect(std::vector<Row>& into);
    void hear_of_client(std::size_t client, std::vector<Row>& into);
    void hear_of_venue(std::size_t venue, std::vector<Row>& into);
    [[nodiscard]] Booked& order_named(const std::string& name);
    [[nodiscard]] std::string name_arrival(const FixMessage& message, const std::string& order);

    Stage stage_;
    std::map<std::string, Booked> orders_;                       // by the client's ClOrdID of the New
    std::map<std::string, Command> arrived_;                     // by the table's name
    std::map<std::string, std::string> order_of_;                // the client's ClOrdIDs: of which order
    std::deque<std::pair<std::string, std::string>> under_way_;  // type and name of the client's commands
    Fields last_report_;
    std::vector<std::string> told_;
    std::string symbol_ = "2330";
    std::uint64_t executions_ = 0;
};

}  // namespace fairlead::lifecycle
