// What the Ledger's look-up tables hash: for whoever finds, adds, or makes a table anew.
#pragma once

#include "risk/state.hpp"

namespace fairlead::risk {

struct PairKey {  // of a position
    std::uint32_t owner = 0;
    std::uint32_t security = 0;
};
struct ExecutionKey {
    ExecutionId id;
    std::uint32_t order = 0;
    std::uint32_t reserved = 0;
};
struct ClientKey {
    ClientOrderId id;
    std::uint32_t session = 0;
    std::uint32_t reserved = 0;
};
struct SymbolKey {
    std::uint32_t investor = 0;
    std::uint32_t security = 0;
    std::uint64_t dimension = 0;
};

}  // namespace fairlead::risk
