// QuickFIX 1.15 binds its acceptors to every address of the host and has no setting for it. This definition
// of bind(2) comes before the C library's in this program, and puts the configured address in place of "any".
#include "gateway/dropcopy/bind_address.hpp"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstring>

namespace {
in_addr listen_address{};
}  // namespace

namespace fairlead::dropcopy {
void set_bind_address(in_addr address) noexcept {
    listen_address = address;
}
}  // namespace fairlead::dropcopy

extern "C" int bind(int descriptor, const sockaddr* address, socklen_t length) noexcept {
    sockaddr_in named{};
    if (address->sa_family == AF_INET && length == sizeof named) {
        std::memcpy(&named, address, sizeof named);
        if (named.sin_addr.s_addr == htonl(INADDR_ANY)) {
            named.sin_addr = listen_address;
        }
        address = reinterpret_cast<const sockaddr*>(&named);
    }
    return static_cast<int>(::syscall(SYS_bind, descriptor, address, length));
}
