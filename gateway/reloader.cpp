// See reloader.hpp.
#include "gateway/reloader.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <spdlog/spdlog.h>
#include <boost/asio/post.hpp>
#include <chrono>

#include "gateway/reload_reader.hpp"

namespace fairlead::gateway {

namespace {

// Between the two readings of a file: who writes it in place does not stand still for so long.
constexpr auto reading_pause = std::chrono::milliseconds(100);

constexpr int politeness = 10;  // it takes what processors the order thread leaves

}  // namespace

Reloader::Reloader(boost::asio::io_context& context, const config::GatewayConfig& at_start, Done done)
    : context_(context),
      in_force_(std::make_shared<const config::GatewayConfig>(at_start)),
      done_(std::move(done)) {}

Reloader::~Reloader() {
    if (reading_.joinable()) {
        reading_.join();
    }
}

bool Reloader::begin(std::uint64_t request) {
    if (busy_) {
        return false;
    }
    busy_ = true;
    if (reading_.joinable()) {
        reading_.join();  // it has posted what it read, and ends
    }
    reading_ = std::thread([this, request, in_force = in_force_] {
        static_cast<void>(::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), politeness));
        std::shared_ptr<Reload> reload =
            read_again(*in_force, [] { std::this_thread::sleep_for(reading_pause); });
        boost::asio::post(context_, [this, request, reload] {
            done_(request, std::make_unique<Reload>(std::move(*reload)));
        });
    });
    return true;
}

void Reloader::over(std::unique_ptr<Reload> reload) {
    busy_ = false;
    if (reload->taken) {
        in_force_ = reload->next;
        spdlog::info("{}", reload->text);
    } else {
        spdlog::error("the configuration was read again and is not taken: {}", reload->text);
    }
}

}  // namespace fairlead::gateway
