// The export as one SQLite file; see tables.hpp.
#include <fcntl.h>
#include <sqlite3.h>
#include <unistd.h>

#include <array>
#include <filesystem>

#include "audit/export/tables.hpp"
#include "risk/assert.hpp"

namespace fairlead::audit {

namespace {

// Questions that are asked often, ready.
constexpr const char* views = R"(
CREATE INDEX events_by_order ON events(order_key);
CREATE INDEX events_by_investor ON events(investor);
CREATE INDEX events_by_user ON events(user);
CREATE INDEX orders_by_investor ON orders(investor);
CREATE INDEX fills_by_order ON fills(order_key);
CREATE VIEW refusals AS SELECT record, at, event, session, user, investor, account, symbol, side, quantity,
  price_ntd, client_order_id, reason_code, reason FROM events WHERE outcome = 'refused';
CREATE VIEW refusals_by_reason AS SELECT reason_code, reason, count(*) AS refusals,
  count(DISTINCT investor) AS investors FROM refusals GROUP BY reason_code, reason ORDER BY refusals DESC;
CREATE VIEW orders_by_hour AS SELECT substr(received_at, 1, 13) AS hour, count(*) AS orders,
  sum(status = 'refused') AS refused FROM orders GROUP BY hour ORDER BY hour;
CREATE VIEW open_orders_at_end AS SELECT * FROM orders WHERE leaves > 0;
CREATE VIEW logins AS SELECT record, at, event, session, user, detail FROM events
  WHERE event IN ('logon_attempt', 'logon_result', 'logout');
CREATE VIEW control_acts AS SELECT record, at, event, outcome, user, approver, investor, account, symbol,
  detail FROM events WHERE event IN ('limit_set', 'halt', 'resume', 'fill_adjusted', 'user_event',
  'denied_request', 'proposal', 'approval', 'limit_term', 'usage_level', 'maintenance_visit', 'review');
)";

// A name is never one of a client's: all are ours.
std::string create_table(const Table& table) {
    std::string text = "CREATE TABLE " + std::string(table.name) + " ( -- " + std::string(table.what);
    for (std::size_t i = 0; i < table.columns.size(); ++i) {
        const Column& column = table.columns[i];
        text += "\n  " + std::string(column.name) + " " + std::string(column.type);
        text += i == 0 ? " PRIMARY KEY" : "";
        text += i + 1 < table.columns.size() ? "," : "";
        text += column.what.empty() ? "" : " -- " + std::string(column.what);
    }
    return text + "\n)";
}

std::string insert_into(const Table& table) {
    std::string text = "INSERT INTO " + std::string(table.name) + " VALUES (";
    for (std::size_t i = 0; i < table.columns.size(); ++i) {
        text += i == 0 ? "?" : ",?";
    }
    return text + ")";
}

class SqliteWriter : public TableWriter {
  public:
    explicit SqliteWriter(std::string file) : file_(std::move(file)), part_(file_ + ".part") {}
    ~SqliteWriter() override {
        close();
        if (!finished_) {
            ::unlink(part_.c_str());
        }
    }
    SqliteWriter(const SqliteWriter&) = delete;
    SqliteWriter& operator=(const SqliteWriter&) = delete;

    // Empty text: open, with its tables.
    std::string open() {
        ::unlink(part_.c_str());
        if (sqlite3_open_v2(part_.c_str(), &base_, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr) !=
            SQLITE_OK) {
            return problem();
        }
        // Until it has its final name the file is worth nothing: no journal of its own, one sync at the end.
        std::string error = run("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; BEGIN");
        for (std::size_t i = 0; i < table_count && error.empty(); ++i) {
            const Table& table = table_of(static_cast<TableId>(i));
            error = run(create_table(table).c_str());
            if (error.empty() && sqlite3_prepare_v2(base_, insert_into(table).c_str(), -1, &inserts_[i],
                                                    nullptr) != SQLITE_OK) {
                error = problem();
            }
        }
        return error;
    }

    std::string row(TableId table, const std::vector<Cell>& cells) override {
        risk::require(cells.size() == table_of(table).columns.size(), "a cell for each column");
        sqlite3_stmt* insert = inserts_[static_cast<std::size_t>(table)];
        for (std::size_t i = 0; i < cells.size(); ++i) {
            const int at = static_cast<int>(i) + 1;
            if (const auto* number = std::get_if<std::int64_t>(&cells[i])) {
                sqlite3_bind_int64(insert, at, *number);
            } else if (const auto* text = std::get_if<std::string>(&cells[i])) {
                sqlite3_bind_text(insert, at, text->data(), static_cast<int>(text->size()), SQLITE_STATIC);
            } else {
                sqlite3_bind_null(insert, at);
            }
        }
        const bool stepped = sqlite3_step(insert) == SQLITE_DONE;
        std::string error = stepped ? "" : problem();
        sqlite3_reset(insert);
        return error;
    }

    std::string finish() override {
        std::string error = run(views);
        error += error.empty() ? run("COMMIT") : "";
        if (!error.empty()) {
            return error;
        }
        close();
        const int descriptor = ::open(part_.c_str(), O_RDONLY | O_CLOEXEC);
        const bool synced = descriptor >= 0 && ::fsync(descriptor) == 0;
        if (descriptor >= 0) {
            ::close(descriptor);
        }
        std::error_code code;
        if (synced) {
            std::filesystem::rename(part_, file_, code);
        }
        if (!synced || code) {
            return "'" + file_ + "' cannot be finished: " +
                   (code ? code.message() : std::error_code(errno, std::generic_category()).message());
        }
        finished_ = true;
        return {};
    }
    [[nodiscard]] std::vector<std::string> files() const override { return {file_}; }

  private:
    std::string run(const char* text) {
        return sqlite3_exec(base_, text, nullptr, nullptr, nullptr) == SQLITE_OK ? "" : problem();
    }
    [[nodiscard]] std::string problem() const {
        return "'" + part_ + "': " + (base_ == nullptr ? "no memory" : sqlite3_errmsg(base_));
    }
    void close() {
        for (sqlite3_stmt*& insert : inserts_) {
            sqlite3_finalize(insert);
            insert = nullptr;
        }
        sqlite3_close(base_);
        base_ = nullptr;
    }

    std::string file_;
    std::string part_;
    sqlite3* base_ = nullptr;
    std::array<sqlite3_stmt*, table_count> inserts_{};
    bool finished_ = false;
};

}  // namespace

std::unique_ptr<TableWriter> write_sqlite(const std::string& file, bool replace, std::string& error) {
    std::error_code code;
    if (!replace && std::filesystem::exists(file, code)) {
        error = "'" + file + "' exists already: another name, or --replace";
        return nullptr;
    }
    auto writer = std::make_unique<SqliteWriter>(file);
    error = writer->open();
    if (!error.empty()) {
        writer.reset();
    }
    return writer;
}

}  // namespace fairlead::audit
