// See reloader.hpp.
#include "gateway/reloader.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <spdlog/spdlog.h>
#include <boost/asio/post.hpp>
#include <chrono>
#include <system_error>

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

std::string Reloader::begin(std::uint64_t request) {
    if (busy_) {
        return "another reload is under way";
    }
    if (reading_.joinable()) {
        reading_.join();  // it has posted what it read, and ends
    }
    try {
        reading_ = std::thread([this, request, in_force = in_force_] { read(request, *in_force); });
    } catch (const std::system_error& problem) {
        return std::string("no thread can be had to read the configuration: ") + problem.what();
    }
    busy_ = true;
    return {};
}

// Whatever stands in a file, the gateway goes on.
void Reloader::read(std::uint64_t request, const config::GatewayConfig& in_force) {
    static_cast<void>(::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), politeness));
    std::shared_ptr<Reload> reload;
    try {
        reload = read_again(in_force, [] { std::this_thread::sleep_for(reading_pause); });
    } catch (const std::exception& problem) {
        reload = std::make_shared<Reload>();
        reload->text = in_force.file + ": cannot be read: " + problem.what();
    }
    boost::asio::post(
        context_, [this, request, reload] { done_(request, std::make_unique<Reload>(std::move(*reload))); });
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
