// The export as Parquet files; see tables.hpp. After parquet-format 2.10 (README.md, Encodings.md,
// parquet.thrift): row groups of one data page a column, plain values, zstd. No Debian package writes
// Parquet, and of the format an export needs two types and one encoding.
#include <zstd.h>

#include "audit/export/table_files.hpp"
#include "audit/export/thrift_compact.hpp"
#include "risk/assert.hpp"

namespace fairlead::audit {

namespace {

// Numbers of parquet.thrift.
constexpr int type_int64 = 2;
constexpr int type_byte_array = 6;
constexpr int repetition_required = 0;
constexpr int repetition_optional = 1;
constexpr int converted_utf8 = 0;
constexpr int encoding_plain = 0;
constexpr int encoding_rle = 3;
constexpr int codec_zstd = 6;
constexpr int page_data = 0;
constexpr std::string_view magic = "PAR1";

// A row group is written when it has as many rows, or as many bytes in one column.
constexpr std::size_t group_rows_max = 65'536;
constexpr std::size_t column_bytes_max = 16 << 20;
constexpr int zstd_level = 3;

// Little-endian, as every number outside the metadata.
template <class Number>
void put_number(std::string& into, Number value) {
    for (std::size_t i = 0; i < sizeof(value); ++i) {
        into += static_cast<char>(static_cast<std::uint64_t>(value) >> (8 * i));
    }
}

// The values of one column in the row group that is being gathered.
struct ColumnValues {
    std::string values;    // those that are there
    std::string presence;  // a bit a row, from the lowest
};

struct Chunk {
    std::uint64_t at = 0;
    std::uint64_t bytes = 0;  // with the page's header
    std::uint64_t plain_bytes = 0;
};
struct RowGroup {
    std::size_t rows = 0;
    std::vector<Chunk> chunks;
};

// The first column is the key, and always there.
bool optional(std::size_t column) {
    return column != 0;
}
int type_of(const Column& column) {
    return column.type == "INTEGER" ? type_int64 : type_byte_array;
}

// Definition levels of a page: a length, then one bit-packed run (Encodings.md, RLE = 3, bit width 1).
std::string levels(const ColumnValues& column) {
    std::string run;
    for (std::size_t head = (column.presence.size() << 1U) | 1U; head != 0; head >>= 7U) {
        run += static_cast<char>((head & 0x7FU) | (head > 0x7FU ? 0x80U : 0U));
    }
    run += column.presence;
    std::string text;
    put_number(text, static_cast<std::uint32_t>(run.size()));
    return text + run;
}

class ParquetTable {
  public:
    explicit ParquetTable(TableId id) : id_(id), columns_(table_of(id).columns.size()) {}

    // Answers whether the row group is large enough to be written.
    bool add(const std::vector<Cell>& cells) {
        bool large = ++rows_ >= group_rows_max;
        for (std::size_t i = 0; i < cells.size(); ++i) {
            ColumnValues& column = columns_[i];
            if (rows_ % 8 == 1) {
                column.presence += '\0';
            }
            const bool there = !std::holds_alternative<std::monostate>(cells[i]);
            risk::require(there || optional(i), "the key of a row is there");
            if (there) {
                column.presence.back() = static_cast<char>(column.presence.back() | (1 << ((rows_ - 1) % 8)));
                value(column.values, cells[i], type_of(table_of(id_).columns[i]));
            }
            large = large || column.values.size() >= column_bytes_max;
        }
        return large;
    }

    std::string write_group(TableFiles& files) {
        if (rows_ == 0) {
            return {};
        }
        RowGroup group{rows_, {}};
        for (std::size_t i = 0; i < columns_.size(); ++i) {
            if (std::string error = write_page(files, i, group); !error.empty()) {
                return error;
            }
        }
        groups_.push_back(std::move(group));
        rows_ = 0;
        return {};
    }

    std::string put(TableFiles& files, std::string_view bytes) {
        at_ += bytes.size();
        return files.put(id_, bytes);
    }

    // FileMetaData, its length, and the mark of the end.
    [[nodiscard]] std::string footer() const {
        const Table& table = table_of(id_);
        ThriftCompact meta;
        meta.i32(1, 2);
        meta.list_of_structs(2, table.columns.size() + 1);
        meta.begin_item();
        meta.text(4, table.name);
        meta.i32(5, static_cast<std::int32_t>(table.columns.size()));
        meta.end();
        for (std::size_t i = 0; i < table.columns.size(); ++i) {
            schema(meta, table.columns[i], optional(i));
        }
        std::size_t rows = 0;
        for (const RowGroup& group : groups_) {
            rows += group.rows;
        }
        meta.i64(3, static_cast<std::int64_t>(rows));
        meta.list_of_structs(4, groups_.size());
        for (const RowGroup& group : groups_) {
            row_group(meta, table, group);
        }
        meta.text(6, "fairlead-examine");
        meta.end();
        std::string text = meta.bytes();
        put_number(text, static_cast<std::uint32_t>(meta.bytes().size()));
        return text + std::string(magic);
    }

  private:
    static void value(std::string& into, const Cell& cell, int type) {
        const auto* number = std::get_if<std::int64_t>(&cell);
        risk::require((number != nullptr) == (type == type_int64), "a cell of its column's type");
        if (number != nullptr) {
            put_number(into, *number);
            return;
        }
        const std::string& text = std::get<std::string>(cell);
        put_number(into, static_cast<std::uint32_t>(text.size()));
        into += text;
    }

    std::string write_page(TableFiles& files, std::size_t index, RowGroup& group) {
        ColumnValues& column = columns_[index];
        const std::string plain = (optional(index) ? levels(column) : "") + column.values;
        std::string packed(ZSTD_compressBound(plain.size()), '\0');
        const std::size_t size =
            ZSTD_compress(packed.data(), packed.size(), plain.data(), plain.size(), zstd_level);
        if (ZSTD_isError(size) != 0) {
            return std::string("a column cannot be compressed: ") + ZSTD_getErrorName(size);
        }
        packed.resize(size);
        ThriftCompact head;
        head.i32(1, page_data);
        head.i32(2, static_cast<std::int32_t>(plain.size()));
        head.i32(3, static_cast<std::int32_t>(packed.size()));
        head.begin(5);
        head.i32(1, static_cast<std::int32_t>(rows_));
        head.i32(2, encoding_plain);
        head.i32(3, encoding_rle);  // of definition levels
        head.i32(4, encoding_rle);  // of repetition levels, of which a flat table has none
        head.end();
        head.end();
        group.chunks.push_back(
            {at_, head.bytes().size() + packed.size(), head.bytes().size() + plain.size()});
        column = {};
        return put(files, head.bytes() + packed);
    }

    static void schema(ThriftCompact& meta, const Column& column, bool optional) {
        const bool text = type_of(column) == type_byte_array;
        meta.begin_item();
        meta.i32(1, type_of(column));
        meta.i32(3, optional ? repetition_optional : repetition_required);
        meta.text(4, column.name);
        if (text) {
            meta.i32(6, converted_utf8);
            meta.begin(10);  // LogicalType, a union: its first is STRING, an empty struct
            meta.begin(1);
            meta.end();
            meta.end();
        }
        meta.end();
    }

    static void row_group(ThriftCompact& meta, const Table& table, const RowGroup& group) {
        const auto signed_of = [](std::uint64_t number) { return static_cast<std::int64_t>(number); };
        std::uint64_t plain_bytes = 0;
        meta.begin_item();
        meta.list_of_structs(1, group.chunks.size());
        for (std::size_t i = 0; i < group.chunks.size(); ++i) {
            const Chunk& chunk = group.chunks[i];
            plain_bytes += chunk.plain_bytes;
            meta.begin_item();
            meta.i64(2, signed_of(chunk.at));
            meta.begin(3);
            meta.i32(1, type_of(table.columns[i]));
            meta.list_of_i32(2, 2);
            meta.i32_item(encoding_plain);
            meta.i32_item(encoding_rle);
            meta.list_of_texts(3, 1);
            meta.text_item(table.columns[i].name);
            meta.i32(4, codec_zstd);
            meta.i64(5, signed_of(group.rows));
            meta.i64(6, signed_of(chunk.plain_bytes));
            meta.i64(7, signed_of(chunk.bytes));
            meta.i64(9, signed_of(chunk.at));
            meta.end();
            meta.end();
        }
        meta.i64(2, signed_of(plain_bytes));
        meta.i64(3, signed_of(group.rows));
        meta.end();
    }

    TableId id_;
    std::vector<ColumnValues> columns_;
    std::size_t rows_ = 0;  // gathered
    std::uint64_t at_ = 0;  // bytes of the file
    std::vector<RowGroup> groups_;
};

class ParquetWriter : public TableWriter {
  public:
    explicit ParquetWriter(std::string folder) : files_(std::move(folder), ".parquet") {
        for (std::size_t i = 0; i < table_count; ++i) {
            tables_.emplace_back(static_cast<TableId>(i));
        }
    }

    std::string open(bool replace) {
        std::string error = files_.open(replace);
        for (ParquetTable& table : tables_) {
            error = error.empty() ? table.put(files_, magic) : error;
        }
        return error;
    }

    std::string row(TableId table, const std::vector<Cell>& cells) override {
        risk::require(cells.size() == table_of(table).columns.size(), "a cell for each column");
        ParquetTable& of = tables_[static_cast<std::size_t>(table)];
        return of.add(cells) ? of.write_group(files_) : "";
    }

    std::string finish() override {
        for (ParquetTable& table : tables_) {
            std::string error = table.write_group(files_);
            error = error.empty() ? table.put(files_, table.footer()) : error;
            if (!error.empty()) {
                return error;
            }
        }
        return files_.finish();
    }
    [[nodiscard]] std::vector<std::string> files() const override { return files_.names(); }

  private:
    TableFiles files_;
    std::vector<ParquetTable> tables_;
};

}  // namespace

std::unique_ptr<TableWriter> write_parquet(const std::string& folder, bool replace, std::string& error) {
    auto writer = std::make_unique<ParquetWriter>(folder);
    error = writer->open(replace);
    if (!error.empty()) {
        writer.reset();
    }
    return writer;
}

}  // namespace fairlead::audit
