// What write_recorder notes and power_image_test reads: one head for each begin and each end of a call, then
// two paths and the bytes. Between two processes of one build, so the struct is the format.
#pragma once

#include <cstdint>

namespace fairlead::test {

enum class WriteCall : std::uint32_t { open, write, append, sync, truncate, allocate, rename, unlink };

struct WriteNote {
    WriteCall call = WriteCall::open;
    std::uint32_t ended = 0;
    std::uint32_t process = 0;
    std::uint32_t path_bytes = 0;
    std::uint32_t other_bytes = 0;
    std::uint32_t unused = 0;
    std::uint64_t number = 0;  // of the call, in its process
    std::uint64_t file = 0;    // of the open call that gave the descriptor, in its process
    std::uint64_t offset = 0;  // open: the flags; truncate: the new length
    std::uint64_t length = 0;
    std::uint64_t data_bytes = 0;  // 0 with a length: all zero
    std::int64_t result = 0;
};

}  // namespace fairlead::test
