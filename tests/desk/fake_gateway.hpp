// A control socket that answers what a test tells it to: one thread for each connection of the desk.
#pragma once

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <functional>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "tests/audit/sample.hpp"

namespace fairlead::test {

class FakeGateway {
  public:
    using Json = nlohmann::json;
    struct Said {
        std::string bytes;
        bool closes = false;  // the connection ends behind them
    };
    // Called on the connection's thread.
    using Answer = std::function<Said(const Json& request)>;

    explicit FakeGateway(Answer answer) : answer_(std::move(answer)) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::memcpy(address.sun_path, path().c_str(), path().size() + 1);
        listener_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
            ::listen(listener_, 16) == 0) {
            threads_.emplace_back([this] { accept(); });
        }
    }
    ~FakeGateway() {
        {
            const std::lock_guard hold(lock_);
            stopped_ = true;
            ::shutdown(listener_, SHUT_RDWR);
            for (const int peer : peers_) {
                ::shutdown(peer, SHUT_RDWR);
            }
        }
        threads_.front().join();
        for (std::size_t i = 1; i < threads_.size(); ++i) {
            threads_[i].join();
        }
        for (const int peer : peers_) {
            ::close(peer);
        }
        ::close(listener_);
    }
    FakeGateway(const FakeGateway&) = delete;
    FakeGateway& operator=(const FakeGateway&) = delete;
    [[nodiscard]] std::string path() const { return directory_.path() + "/control"; }

    static Said good(Json fields) {
        fields["ok"] = true;
        fields["more"] = false;
        return {fields.dump() + "\n"};
    }
    static Said bad(const std::string& error, const std::string& text = "no") {
        return {Json{{"ok", false}, {"error", error}, {"text", text}, {"more", false}}.dump() + "\n"};
    }

  private:
    void accept() {
        for (int peer = ::accept(listener_, nullptr, nullptr); peer >= 0;
             peer = ::accept(listener_, nullptr, nullptr)) {
            const std::lock_guard hold(lock_);
            peers_.push_back(peer);
            if (stopped_) {
                return;
            }
            threads_.emplace_back([this, peer] { serve(peer); });
        }
    }
    void serve(int peer) {
        std::string read;
        std::array<char, 4096> piece{};
        for (ssize_t count = 1; count > 0;) {
            const std::size_t end = read.find('\n');
            if (end == std::string::npos) {
                count = ::recv(peer, piece.data(), piece.size(), 0);
                read.append(piece.data(), static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
                continue;
            }
            const Said said = answer_(Json::parse(read.substr(0, end)));
            read.erase(0, end + 1);
            for (std::size_t sent = 0; sent < said.bytes.size() && count > 0;) {
                count = ::send(peer, said.bytes.data() + sent, said.bytes.size() - sent, MSG_NOSIGNAL);
                sent += static_cast<std::size_t>(std::max<ssize_t>(count, 0));
            }
            if (said.closes) {
                ::shutdown(peer, SHUT_RDWR);
                return;
            }
        }
    }
    TemporaryDirectory directory_;
    Answer answer_;
    int listener_ = -1;
    std::mutex lock_;  // threads_, peers_ and stopped_
    bool stopped_ = false;
    std::vector<int> peers_;
    std::vector<std::thread> threads_;
};

}  // namespace fairlead::test
