// The export as CSV files, RFC 4180; see tables.hpp.
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <filesystem>

#include "audit/examine/csv.hpp"
#include "audit/export/tables.hpp"
#include "risk/assert.hpp"

namespace fairlead::audit {

namespace {

class CsvWriter : public TableWriter {
  public:
    explicit CsvWriter(std::string folder) : folder_(std::move(folder)) {}
    ~CsvWriter() override {
        for (std::size_t i = 0; i < table_count; ++i) {
            if (parts_[i] != nullptr) {
                std::fclose(parts_[i]);
            }
            if (!finished_) {
                ::unlink(part(i).c_str());
            }
        }
    }
    CsvWriter(const CsvWriter&) = delete;
    CsvWriter& operator=(const CsvWriter&) = delete;

    std::string open(bool replace) {
        std::error_code code;
        std::filesystem::create_directories(folder_, code);
        if (code) {
            return "'" + folder_ + "' cannot be made: " + code.message();
        }
        for (std::size_t i = 0; i < table_count; ++i) {
            if (!replace && std::filesystem::exists(final_name(i), code)) {
                return "'" + final_name(i) + "' exists already: another folder, or --replace";
            }
        }
        for (std::size_t i = 0; i < table_count; ++i) {
            parts_[i] = std::fopen(part(i).c_str(), "we");
            if (parts_[i] == nullptr) {
                return fault(i);
            }
            std::string header;
            for (const Column& column : table_of(static_cast<TableId>(i)).columns) {
                header += (header.empty() ? "" : ",") + std::string(column.name);
            }
            if (std::string error = put(i, header + "\r\n"); !error.empty()) {
                return error;
            }
        }
        return {};
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
        return put(static_cast<std::size_t>(table), line_);
    }

    std::string finish() override {
        for (std::size_t i = 0; i < table_count; ++i) {
            const bool flushed = std::fflush(parts_[i]) == 0 && ::fsync(::fileno(parts_[i])) == 0;
            const bool closed = std::fclose(parts_[i]) == 0;
            parts_[i] = nullptr;
            if (!flushed || !closed) {
                return fault(i);
            }
        }
        for (std::size_t i = 0; i < table_count; ++i) {
            std::error_code code;
            std::filesystem::rename(part(i), final_name(i), code);
            if (code) {
                return "'" + final_name(i) + "' cannot be given its name: " + code.message();
            }
        }
        finished_ = true;
        return {};
    }
    [[nodiscard]] std::vector<std::string> files() const override {
        std::vector<std::string> names;
        for (std::size_t i = 0; i < table_count; ++i) {
            names.push_back(final_name(i));
        }
        return names;
    }

  private:
    [[nodiscard]] std::string final_name(std::size_t table) const {
        return folder_ + "/" + std::string(table_of(static_cast<TableId>(table)).name) + ".csv";
    }
    [[nodiscard]] std::string part(std::size_t table) const { return final_name(table) + ".part"; }
    [[nodiscard]] std::string fault(std::size_t table) const {
        return "'" + part(table) +
               "' cannot be written: " + std::error_code(errno, std::generic_category()).message();
    }
    std::string put(std::size_t table, const std::string& text) {
        return std::fwrite(text.data(), 1, text.size(), parts_[table]) == text.size() ? "" : fault(table);
    }

    std::string folder_;
    std::array<std::FILE*, table_count> parts_{};
    std::string line_;
    bool finished_ = false;
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
