// The one address this program listens on; see bind_address.cpp.
#pragma once

#include <netinet/in.h>

namespace fairlead::dropcopy {
// Before anything is bound.
void set_bind_address(in_addr address) noexcept;
}  // namespace fairlead::dropcopy
