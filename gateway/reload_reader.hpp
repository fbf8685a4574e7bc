// Reads the configuration again for `fairlead reload`: whole and at rest, checked as at a start, on the list
// of approvals where there is one, and compared with what is in force. Changes nothing. Never on the order
// thread.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "gateway/control/reload.hpp"

namespace fairlead::gateway {

// Empty: `text` is the file, which was the same over a pause and was not written meanwhile.
[[nodiscard]] std::string read_at_rest(const std::string& path, const std::function<void()>& pause,
                                       std::string& text);

// The file that `in_force` was read from, read again: to be taken, or refused with every reason.
[[nodiscard]] std::unique_ptr<Reload> read_again(const config::GatewayConfig& in_force,
                                                 const std::function<void()>& pause);

}  // namespace fairlead::gateway
