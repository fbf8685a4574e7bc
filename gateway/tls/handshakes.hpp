// Handshakes: the TLS listeners and a thread of their own, on which every handshake runs, bounded in number,
// in time and for each source, so that neither the order thread nor the control thread ever waits for one.
// What has shaken hands goes to the order thread through the Inbox, as plain connections do; what has not,
// goes there to be recorded.
#pragma once

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "gateway/inbox.hpp"
#include "gateway/tls/tls_context.hpp"
#include "gateway/tls/tls_stream.hpp"

namespace fairlead::gateway {

class Handshakes {
  public:
    // Handshakes going on at once. While they are fewer than an eighth short of it, a source that has more
    // than an eighth of them loses, for each one more, its two oldest; at the bound connects wait in the
    // kernel.
    static constexpr std::size_t attempts_max = 64;
    // False: the order thread is behind, and the item is brought again.
    using Push = std::function<bool(const InboxItem&)>;

    Handshakes(std::vector<TlsContext>& contexts, Push push);
    ~Handshakes();
    Handshakes(const Handshakes&) = delete;
    Handshakes& operator=(const Handshakes&) = delete;

    // Binds every listener and starts the thread, if there is one. Empty: listening; else what is wrong.
    [[nodiscard]] std::string start();
    [[nodiscard]] const std::vector<std::string>& addresses() const noexcept { return addresses_; }
    // Ends every handshake; nothing is pushed after it.
    void stop();

  private:
    struct Attempt;
    struct Listener {
        TlsContext* context;
        boost::asio::ip::tcp::acceptor acceptor;
        bool accepting = false;
    };
    using AttemptList = std::list<std::shared_ptr<Attempt>>;

    void accept(Listener& listener);
    void accept_later(Listener& listener);
    void begin(Listener& listener, boost::asio::ip::tcp::socket socket);
    void make_room(const std::array<std::uint8_t, 16>& newcomer);
    void read(const std::shared_ptr<Attempt>& attempt);
    void shake(const std::shared_ptr<Attempt>& attempt);
    // What is sealed goes out; false: the connection is broken. More is waited for when the socket is full.
    [[nodiscard]] bool flush(const std::shared_ptr<Attempt>& attempt);
    void hand_over(const std::shared_ptr<Attempt>& attempt);
    void refuse(const std::shared_ptr<Attempt>& attempt, risk::LogonVerdict verdict,
                const std::string& reason);
    // Lets the peer read why it was refused before the connection is closed.
    void linger(const std::shared_ptr<Attempt>& attempt);
    void end(const std::shared_ptr<Attempt>& attempt);
    void record(const InboxItem& item);
    void bring();
    void refresh(TlsContext& context);

    std::vector<TlsContext>& contexts_;
    Push push_;
    boost::asio::io_context context_{1};
    boost::asio::steady_timer bring_timer_{context_};
    std::vector<Listener> listeners_;
    std::vector<std::string> addresses_;
    AttemptList attempts_;          // the oldest first
    std::list<InboxItem> waiting_;  // for room in the Inbox, in their order
    std::thread thread_;
};

}  // namespace fairlead::gateway
