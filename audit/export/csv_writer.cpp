// The export as CSV files, RFC 4180; see tables.hpp.
#include "audit/examine/csv.hpp"
#include "audit/export/table_files.hpp"
#include "risk/assert.hpp"

namespace fairlead::audit {

namespace {

class CsvWriter : public TableWriter {
  public:
    explicit CsvWriter(std::string folder) : files_(std::move(folder), ".csv") {}

    std::string open(bool replace) {
        std::string error = files_.open(replace);
        for (std::size_t i = 0; i < table_count && error.empty(); ++i) {
            const auto table = static_cast<TableId>(i);
            line_.clear();
            for (const Column& column : table_of(table).columns) {
                line_ += (line_.empty() ? "" : ",") + std::string(column.name);
            }
            error = files_.put(table, line_ + "\r\n");
        }
        return error;
    }

    std::string row(TableId table, const std::vector<Cell>& cells) override {
        risk::require(cells.size() == table_of(table).columns.size(), "a cell for each column");
        line_.clear();
        for (std::size_t i = 0; i < cells.size(); ++i) {
            line_ += i == 0 ? "" : ",";
            if (const auto* number = std::get_if<std::int64_t>(&cells[i])) {
                line_ += std::to_string(*number);
            } else if (const auto* text = std::get_if<std::string>(&cells[i])) {
                line_ += csv_cell(*text);
            }
        }
        line_ += "\r\n";
        return files_.put(table, line_);
    }

    std::string finish() override { return files_.finish(); }
    [[nodiscard]] std::vector<std::string> files() const override { return files_.names(); }

  private:
    TableFiles files_;
    std::string line_;
};

}  // namespace

std::unique_ptr<TableWriter> write_csv(const std::string& folder, bool replace, std::string& error) {
    auto writer = std::make_unique<CsvWriter>(folder);
    error = writer->open(replace);
    if (!error.empty()) {
        writer.reset();
    }
    return writer;
}

}  // namespace fairlead::audit
