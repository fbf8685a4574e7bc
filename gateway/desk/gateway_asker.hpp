// GatewayAsker: the desk's end of the control socket. Each worker keeps one connection and asks one question
// at a time; a gateway that is away is asked anew with the next one. Knows no rights: the gateway says.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "gateway/control/client.hpp"
#include "gateway/desk/http_parts.hpp"

namespace fairlead::desk {

struct GatewayReply {
    bool reached = false;
    bool ok = false;
    std::string error;  // of the server, or the reason of the order thread's refusal
    std::string text;
    std::uint64_t sequence = 0;
    std::vector<Json> rows;
};

class GatewayAsker {
  public:
    static constexpr std::size_t workers = 4;  // and one for urgent work alone
    static constexpr std::size_t queue_max = 256;
    static constexpr std::size_t urgent_max = 256;
    static constexpr std::size_t rows_max = 10'000;  // of one answer; one with more is no answer
    explicit GatewayAsker(std::string socket) : socket_(std::move(socket)) {}
    ~GatewayAsker() { stop(); }
    GatewayAsker(const GatewayAsker&) = delete;
    GatewayAsker& operator=(const GatewayAsker&) = delete;

    void start();
    void stop();
    // Runs `work` on a worker. Urgent work goes before all that is not, and has a worker and room of its own:
    // a stop never waits behind what fills the queue or what others' passwords take. False: too much waits.
    [[nodiscard]] bool submit(std::function<void()> work, bool urgent = false);
    // On a worker only. `request` has no version and id yet. The lines sent and received are wiped here; what
    // stands in `request`, in the reply and in the socket's own buffers is let go as it is.
    [[nodiscard]] GatewayReply ask(Json request) const;
    // The same, asked again while the gateway says that this connection asks too often: at most `tries`
    // times, and no more once the desk stops.
    [[nodiscard]] GatewayReply ask_patiently(const Json& request, unsigned tries);
    [[nodiscard]] bool stopping();

  private:
    void run(bool urgent_only);
    // False: the desk stops.
    [[nodiscard]] bool rest();
    std::string socket_;
    std::mutex lock_;  // all below but the threads
    std::condition_variable wake_;
    std::condition_variable wake_urgent_;
    std::condition_variable stopped_;
    std::deque<std::function<void()>> urgent_;
    std::deque<std::function<void()>> queue_;
    bool stop_ = false;
    std::vector<std::thread> threads_;
};

}  // namespace fairlead::desk
