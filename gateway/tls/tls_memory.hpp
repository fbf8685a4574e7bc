// TlsMemory: OpenSSL takes one or three small blocks of memory for every record and gives them back at once.
// On the order thread these come from a few fixed slots here, so that a record takes none of the heap and
// waits for no lock of it; everything else, on every thread, is the heap's as always.
#pragma once

#include <cstdint>

namespace fairlead::gateway {

class TlsMemory {
  public:
    // First thing in a program, before OpenSSL has taken any memory. False: it is too late.
    [[nodiscard]] static bool install() noexcept;
    // The calling thread is the one the slots are for. One thread only.
    static void serve_this_thread() noexcept;
    // How often OpenSSL has taken memory of the heap on this thread.
    [[nodiscard]] static std::uint64_t heap_taken() noexcept;
};

}  // namespace fairlead::gateway
