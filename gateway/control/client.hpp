// ControlClient: the asking end of the control socket: sends one JSON line, reads the answer's lines.
// Blocking, with a time limit; knows nothing of verbs. Called by the `fairlead` program and by tests.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace fairlead::gateway {

class ControlClient {
  public:
    ControlClient() = default;
    ~ControlClient();
    ControlClient(const ControlClient&) = delete;
    ControlClient& operator=(const ControlClient&) = delete;

    // Empty = connected; else what is wrong.
    [[nodiscard]] std::string connect(const std::string& path, std::uint32_t timeout_ms);
    [[nodiscard]] std::string send(std::string_view line);
    // The next line without its newline. False: `error` says why there is none.
    [[nodiscard]] bool receive(std::string& line, std::string& error);

  private:
    int socket_ = -1;
    std::string buffer_;
};

}  // namespace fairlead::gateway
