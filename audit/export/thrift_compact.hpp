// ThriftCompact: writes the structs of a Parquet file's metadata in Thrift's compact protocol
// (thrift-compact-protocol.md of Apache Thrift). Fields of a struct come in rising number; nothing is read.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "risk/assert.hpp"

namespace fairlead::audit {

class ThriftCompact {
  public:
    // The first struct is begun already: end() closes it.
    ThriftCompact() : last_{0} {}

    void i32(int field, std::int32_t value) {
        head(field, 5);
        zigzag(value);
    }
    void i64(int field, std::int64_t value) {
        head(field, 6);
        zigzag(value);
    }
    void text(int field, std::string_view value) {
        head(field, 8);
        text_item(value);
    }
    void begin(int field) {
        head(field, 12);
        last_.push_back(0);
    }
    void end() {
        risk::require(!last_.empty(), "a Thrift struct to end");
        bytes_ += '\0';
        last_.pop_back();
    }

    void list_of_structs(int field, std::size_t size) { list(field, size, 12); }
    void list_of_i32(int field, std::size_t size) { list(field, size, 5); }
    void list_of_texts(int field, std::size_t size) { list(field, size, 8); }
    void begin_item() { last_.push_back(0); }
    void i32_item(std::int32_t value) { zigzag(value); }
    void text_item(std::string_view value) {
        varint(value.size());
        bytes_ += value;
    }

    [[nodiscard]] const std::string& bytes() const noexcept { return bytes_; }

  private:
    void head(int field, int type) {
        risk::require(!last_.empty() && field > last_.back() && field - last_.back() < 16,
                      "Thrift fields in rising order");
        bytes_ += static_cast<char>(((field - last_.back()) << 4) | type);
        last_.back() = field;
    }
    void list(int field, std::size_t size, int type) {
        head(field, 9);
        if (size < 15) {
            bytes_ += static_cast<char>((static_cast<int>(size) << 4) | type);
        } else {
            bytes_ += static_cast<char>(0xF0 | type);
            varint(size);
        }
    }
    void varint(std::uint64_t value) {
        for (; value >= 0x80; value >>= 7U) {
            bytes_ += static_cast<char>((value & 0x7FU) | 0x80U);
        }
        bytes_ += static_cast<char>(value);
    }
    void zigzag(std::int64_t value) {
        varint((static_cast<std::uint64_t>(value) << 1U) ^ static_cast<std::uint64_t>(value >> 63U));
    }

    std::string bytes_;
    std::vector<int> last_;  // the field before, of each struct that is open
};

}  // namespace fairlead::audit
