// Writes an export's tables as Parquet into a folder, through the writer the examiner uses, and beside them
// what a reader must find: a line of JSON a row. parquet_test.py compares.
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "audit/export/tables.hpp"

using namespace fairlead::audit;

namespace {

// More rows than a row group takes in one table, more bytes than a column takes in another, one row, none.
constexpr std::size_t rows_of(TableId table) {
    switch (table) {
        case TableId::events:
            return 140'003;
        case TableId::orders:
            return 6'001;
        case TableId::fills:
            return 1;
        case TableId::limits:
            return 0;
    }
    return 0;
}

Cell number_cell(std::size_t row, std::size_t column) {
    constexpr std::int64_t extremes[] = {0, -1, INT64_MAX, INT64_MIN, 1'760'000'000'123'456'789};
    const std::size_t pick = (row + column) % 7;
    return pick < 5 ? extremes[pick] : static_cast<std::int64_t>(row * column);
}

Cell text_cell(TableId table, std::size_t row, std::size_t column) {
    switch ((row * 31 + column) % 5) {
        case 0:
            return std::string();
        case 1:
            return std::string("委託超過買進額度 \"quoted\", 1\n2");
        case 2:
            return std::string("with a \0 in it", 14);
        default:
            return std::string(table == TableId::orders && column == 5 ? row * 7 % 20'000 : row % 40,
                               static_cast<char>('a' + row % 26));
    }
}

// Columns that are always there, always empty, and sometimes.
bool there(std::size_t row, std::size_t column) {
    return column == 0 || column % 4 == 1 || (column % 4 != 2 && (row * 2'654'435'761U >> 7U) % 3 != 0);
}

}  // namespace

int main(int count, char** words) {
    if (count != 2) {
        std::fputs("usage: parquet_sample FOLDER\n", stderr);
        return 2;
    }
    const std::string folder = words[1];
    std::string error;
    const auto writer = write_parquet(folder, false, error);
    for (std::size_t t = 0; t < table_count && error.empty(); ++t) {
        const auto id = static_cast<TableId>(t);
        const Table& table = table_of(id);
        std::ofstream expected(folder + "/" + std::string(table.name) + ".jsonl");
        std::vector<Cell> cells(table.columns.size());
        for (std::size_t row = 0; row < rows_of(id) && error.empty(); ++row) {
            nlohmann::ordered_json line = nlohmann::ordered_json::array();
            for (std::size_t column = 0; column < cells.size(); ++column) {
                const bool number = table.columns[column].type == "INTEGER";
                cells[column] = !there(row, column) ? Cell()
                                : number            ? number_cell(row, column)
                                                    : text_cell(id, row, column);
                if (const auto* value = std::get_if<std::int64_t>(&cells[column])) {
                    line.push_back(std::to_string(*value));  // JSON's own numbers are not exact
                } else if (const auto* text = std::get_if<std::string>(&cells[column])) {
                    line.push_back("\"" + *text);
                } else {
                    line.push_back(nullptr);
                }
            }
            expected << line.dump() << '\n';
            error = writer->row(id, cells);
        }
    }
    error = error.empty() ? writer->finish() : error;
    std::fputs(error.c_str(), stderr);
    return error.empty() ? 0 : 1;
}
