// The slots; see tls_memory.hpp.
#include "gateway/tls/tls_memory.hpp"

#include <openssl/crypto.h>

#include <array>
#include <atomic>
#include <cstdlib>
#include <cstring>

namespace fairlead::gateway {

namespace {

// The largest block of a record's has 48 bytes. What a key update takes and keeps may hold slots for as long
// as its connection lives; when none is free the heap is asked.
constexpr std::size_t slot_bytes = 112;
constexpr std::size_t slot_count = 64;

struct alignas(128) Slot {
    std::array<char, slot_bytes> bytes{};
    // Set by the order thread alone; cleared, with release, by whoever frees the block.
    std::atomic<bool> taken{false};
};

std::array<Slot, slot_count> slots;  // NOLINT: OpenSSL's memory is the program's
thread_local bool served = false;
thread_local std::uint64_t from_heap = 0;

Slot* slot_of(void* block) noexcept {
    const auto at = reinterpret_cast<std::uintptr_t>(block);
    const auto begin = reinterpret_cast<std::uintptr_t>(slots.data());
    return at >= begin && at < begin + sizeof slots ? &slots[(at - begin) / sizeof(Slot)] : nullptr;
}

void* take(std::size_t size, const char*, int) noexcept {
    if (served && size <= slot_bytes) {
        for (Slot& slot : slots) {
            if (!slot.taken.load(std::memory_order_acquire)) {  // pairs with the release in give
                slot.taken.store(true, std::memory_order_relaxed);
                return slot.bytes.data();
            }
        }
    }
    ++from_heap;
    return std::malloc(size);  // NOLINT: what OpenSSL takes by itself
}

void give(void* block, const char*, int) noexcept {
    if (Slot* slot = slot_of(block)) {
        slot->taken.store(false, std::memory_order_release);  // pairs with the acquire in take
    } else {
        std::free(block);  // NOLINT: as above
    }
}

void* take_again(void* block, std::size_t size, const char* file, int line) noexcept {
    if (size == 0) {
        give(block, file, line);
        return nullptr;
    }
    if (slot_of(block) == nullptr) {
        ++from_heap;
        return std::realloc(block, size);  // NOLINT: as above
    }
    if (size <= slot_bytes) {
        return block;
    }
    void* larger = take(size, file, line);
    if (larger != nullptr) {
        std::memcpy(larger, block, slot_bytes);
        give(block, file, line);
    }
    return larger;
}

}  // namespace

bool TlsMemory::install() noexcept {
    return CRYPTO_set_mem_functions(take, take_again, give) == 1;
}

void TlsMemory::serve_this_thread() noexcept {
    served = true;
}

std::uint64_t TlsMemory::heap_taken() noexcept {
    return from_heap;
}

}  // namespace fairlead::gateway
