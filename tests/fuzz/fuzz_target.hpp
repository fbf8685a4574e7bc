// What the fuzz targets share. Each target is one function that libFuzzer calls with bytes of its making; a
// broken rule throws, which ends the run with the input kept.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace fairlead::test {

inline void demand(bool holds, const char* rule) {
    if (!holds) {
        throw std::logic_error(rule);
    }
}
inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
    return {reinterpret_cast<const char*>(data), size};
}

}  // namespace fairlead::test
