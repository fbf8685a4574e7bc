// ControlServer::State: connections, and requests on their way. Of server.cpp, which moves lines and replies,
// and server_people.cpp, which finds out who asks and whether they may.
#pragma once

#include <sodium.h>
#include <sys/socket.h>

#include "gateway/control/server.hpp"

#include <boost/asio.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <deque>
#include <map>

#include "gateway/control/allowance.hpp"
#include "gateway/control/rights.hpp"
#include "gateway/control/token_table.hpp"

namespace fairlead::gateway {

namespace asio = boost::asio;
using Local = asio::local::stream_protocol;

inline void wipe(std::string& secret) {
    secret.resize(secret.capacity());
    sodium_memzero(secret.data(), secret.size());
    secret.clear();
}

// The act on the users a verb stands for; verify: none.
[[nodiscard]] AuthTask task_of(risk::ControlVerb verb);

class ControlServer::State : public std::enable_shared_from_this<ControlServer::State> {
  public:
    State(asio::io_context& context, ControlOptions options, UserStore& users, Submit submit)
        : context_(context),
          options_(std::move(options)),
          submit_(std::move(submit)),
          acceptor_(context),
          users_(users),
          tokens_(options_.tokens_max, std::int64_t{options_.token_idle_s} * 1'000'000'000),
          token_timer_(context) {}

    std::string start();
    void stop();
    void reply(const ControlReply& reply);
    void on_read_again(std::uint64_t number, std::unique_ptr<Reload> reload);

  private:
    struct Connection {
        Connection(Local::socket given, const ControlOptions& options)
            : socket(std::move(given)),
              idle(socket.get_executor()),
              buffer(control_line_bytes_max),
              allowance(options.requests_per_second) {}
        std::uint64_t id = 0;
        Local::socket socket;
        asio::steady_timer idle;
        asio::streambuf buffer;
        std::deque<std::string> out;
        Allowance allowance;
        ::ucred peer{};
        bool closing = false;  // close once everything is written
    };
    using ConnectionHandle = std::shared_ptr<Connection>;

    // A request on its way: first its persons are verified, then the order thread has it.
    struct Pending {
        Pending(ControlMessage given, ConnectionHandle from)
            : message(std::move(given)),
              connection(std::move(from)),
              timer(connection->socket.get_executor()) {}
        ControlMessage message;
        ConnectionHandle connection;
        asio::steady_timer timer;
        std::string denied_text;
        config::Role role = config::Role::none;
        std::uint32_t rows = 0;
        bool approver_asked = false;
        bool must_change = false;  // of a lasting logon: it is told so and gets no token
        bool second_factor = false;
        bool acting = false;           // recorded; the act on the users is being done
        std::uint64_t version = 0;     // of the asker's password
        risk::Sequence recorded = 0;   // the Record of the request
        std::string initial_password;  // of user_reset: told to the asker once it is stored
        std::string reload_text;       // of reload, once it was read
    };

    void accept();
    void welcome(Local::socket socket);
    void read(const ConnectionHandle& connection);
    void on_line(const ConnectionHandle& connection, std::string line);
    void verify(std::uint64_t number, const std::string& user, const std::string& password,
                const std::string& totp);
    void verify_asker(std::uint64_t number);
    void verify_token(std::uint64_t number);
    [[nodiscard]] bool answered_from_users(const ControlReply& reply);
    void watch_tokens();
    void end_idle_tokens();
    void give_token(std::uint64_t number, risk::Sequence recorded);
    void act(std::uint64_t number);
    void begin_reload(std::uint64_t number);
    void on_acted(Pending& pending, const AuthResult& result);
    [[nodiscard]] std::string overdue() const;
    void on_verified(const AuthResult& result);
    void check_rights(std::uint64_t number);
    [[nodiscard]] bool lacks_second_factor(config::Role role, bool has_one) const {
        return options_.totp_for_approvers && may_approve(role) && !has_one;
    }
    template <class Row, class Line>
    void list(std::uint64_t number, const std::vector<Row>& rows, Line line);
    void deny(std::uint64_t number, Denied denied, std::string text);
    bool hand_over(std::uint64_t number);  // false: not taken, and the asker told
    void arm(std::uint64_t number);
    void finish(std::uint64_t number, std::string line);
    void write(const ConnectionHandle& connection, std::string line);
    void write_next(const ConnectionHandle& connection);
    void close(const ConnectionHandle& connection);

    asio::io_context& context_;
    ControlOptions options_;
    Submit submit_;
    Local::acceptor acceptor_;
    UserStore& users_;
    TokenTable tokens_;
    asio::steady_timer token_timer_;
    // Logons that ended otherwise than by a logout, with why, until each is a Record.
    std::deque<std::pair<risk::UserName, risk::Text<64>>> ended_;
    std::unique_ptr<AuthWorker> worker_;
    std::map<std::uint64_t, ConnectionHandle> connections_;
    std::map<std::uint64_t, Pending> pending_;
    std::uint64_t next_connection_ = 1;
    std::uint64_t next_request_ = 1;
    bool listening_ = false;
};

}  // namespace fairlead::gateway
