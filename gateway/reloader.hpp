// Reloader: has the configuration read again on a thread of its own, one reading at a time, and knows which
// one is in force. On the control thread but for the reading: a disk that does not answer keeps nobody from a
// halt.
#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <thread>

#include "gateway/control/reload.hpp"

namespace fairlead::gateway {

class Reloader {
  public:
    // Called on the io_context's thread with what was read.
    using Done = std::function<void(std::uint64_t request, std::unique_ptr<Reload> reload)>;
    Reloader(boost::asio::io_context& context, const config::GatewayConfig& at_start, Done done);
    ~Reloader();
    Reloader(const Reloader&) = delete;
    Reloader& operator=(const Reloader&) = delete;

    // Empty: begun; else why not, as when one is being read or on its way to the order thread.
    [[nodiscard]] std::string begin(std::uint64_t request);
    // It comes back: from the order thread, or since it could not go there.
    void over(std::unique_ptr<Reload> reload);

  private:
    void read(std::uint64_t request, const config::GatewayConfig& in_force);

    boost::asio::io_context& context_;
    std::shared_ptr<const config::GatewayConfig> in_force_;
    Done done_;
    std::thread reading_;
    bool busy_ = false;
};

}  // namespace fairlead::gateway
