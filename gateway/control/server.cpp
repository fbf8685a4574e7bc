// ControlServer: one request at a time per connection, each verified, checked against the rights table,
// handed to the order thread as it is or as a denied one, and answered with what comes back.
#include "gateway/control/server.hpp"

#include <sodium.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <chrono>
#include <cstring>
#include <deque>
#include <map>

#include "gateway/control/allowance.hpp"
#include "gateway/control/rights.hpp"

namespace fairlead::gateway {
namespace {

namespace asio = boost::asio;
using Local = asio::local::stream_protocol;

void wipe(std::string& secret) {
    secret.resize(secret.capacity());
    sodium_memzero(secret.data(), secret.size());
    secret.clear();
}

std::string_view error_name(Denied denied) {
    switch (denied) {
        case Denied::no_right:
            return "no_right";
        case Denied::bad_credentials:
            return "bad_credentials";
        case Denied::malformed:
            return "malformed";
        case Denied::failed:
            return "failed";
        case Denied::no:
            break;
    }
    return "";
}

// The act on the users a verb stands for; verify: none.
AuthTask task_of(risk::ControlVerb verb) {
    switch (verb) {
        case risk::ControlVerb::password_change:
            return AuthTask::change;
        case risk::ControlVerb::user_disable:
            return AuthTask::disable;
        case risk::ControlVerb::user_enable:
            return AuthTask::enable;
        case risk::ControlVerb::user_unlock:
            return AuthTask::unlock;
        case risk::ControlVerb::user_reset:
            return AuthTask::reset;
        default:
            return AuthTask::verify;
    }
}

// 20 characters that are not mistaken for each other: 114 bits.
std::string random_password() {
    static constexpr std::string_view letters = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
    std::string password;
    while (password.size() < 20) {
        password += letters[randombytes_uniform(static_cast<std::uint32_t>(letters.size()))];
    }
    return password;
}

}  // namespace

class ControlServer::State : public std::enable_shared_from_this<ControlServer::State> {
  public:
    State(asio::io_context& context, ControlOptions options, UserStore& users, Submit submit)
        : context_(context),
          options_(std::move(options)),
          submit_(std::move(submit)),
          acceptor_(context),
          users_(users) {}

    std::string start();
    void stop();
    void reply(const ControlReply& reply);

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
        bool acting = false;           // recorded; the act on the users is being done
        std::uint64_t version = 0;     // of the asker's password
        risk::Sequence recorded = 0;   // the Record of the request
        std::string initial_password;  // of user_reset: told to the asker once it is stored
    };

    void accept();
    void welcome(Local::socket socket);
    void read(const ConnectionHandle& connection);
    void on_line(const ConnectionHandle& connection, std::string line);
    void verify(std::uint64_t number, const std::string& user, const std::string& password);
    void act(std::uint64_t number);
    void on_acted(Pending& pending, const AuthResult& result);
    void list_users(std::uint64_t number);
    void on_verified(const AuthResult& result);
    void check_rights(std::uint64_t number);
    void deny(std::uint64_t number, Denied denied, std::string text);
    void hand_over(std::uint64_t number);
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
    std::unique_ptr<AuthWorker> worker_;
    std::map<std::uint64_t, ConnectionHandle> connections_;
    std::map<std::uint64_t, Pending> pending_;
    std::uint64_t next_connection_ = 1;
    std::uint64_t next_request_ = 1;
    bool listening_ = false;
};

std::string ControlServer::State::start() {
    const std::string& path = options_.socket_path;
    sockaddr_un address{};
    if (path.empty() || path.size() >= sizeof(address.sun_path)) {
        return "control socket " + path + ": the path must have 1 to 107 bytes";
    }
    struct stat info {};
    if (::lstat(path.c_str(), &info) == 0) {
        if (!S_ISSOCK(info.st_mode)) {
            return "control socket " + path + ": something else is there already";
        }
        boost::system::error_code problem;
        Local::socket probe(context_);
        probe.connect(Local::endpoint(path), problem);
        if (!problem) {
            return "control socket " + path + ": another program listens there";
        }
        ::unlink(path.c_str());
    }
    boost::system::error_code problem;
    acceptor_.open(Local(), problem);
    // The file must never be open to others, not even between bind and chmod.
    const mode_t before = ::umask(0177);
    if (!problem) {
        acceptor_.bind(Local::endpoint(path), problem);
    }
    ::umask(before);
    if (!problem) {
        acceptor_.listen(16, problem);
    }
    if (problem) {
        acceptor_.close();
        return "control socket " + path + ": " + problem.message();
    }
    listening_ = true;
    // Results come from a worker thread; they are handed to the io thread, if the server still lives.
    worker_ = std::make_unique<AuthWorker>(
        users_,
        [weak = weak_from_this(), &context = context_](const AuthResult& result) {
            asio::post(context, [weak, result] {
                if (const auto state = weak.lock()) {
                    state->on_verified(result);
                }
            });
        },
        options_.auth);
    accept();
    return {};
}

void ControlServer::State::stop() {
    if (!listening_) {
        return;
    }
    listening_ = false;
    boost::system::error_code ignored;
    acceptor_.close(ignored);
    ::unlink(options_.socket_path.c_str());
    pending_.clear();
    const auto open = std::move(connections_);
    connections_.clear();
    for (const auto& [id, connection] : open) {
        connection->idle.cancel();
        connection->socket.close(ignored);
    }
    worker_.reset();
}

void ControlServer::State::accept() {
    acceptor_.async_accept(
        [self = shared_from_this()](boost::system::error_code problem, Local::socket socket) {
            if (!self->listening_) {
                return;
            }
            if (!problem) {
                self->welcome(std::move(socket));
            }
            self->accept();
        });
}

void ControlServer::State::welcome(Local::socket socket) {
    if (connections_.size() >= options_.connections_max) {
        return;  // closed by its destructor
    }
    const auto connection = std::make_shared<Connection>(std::move(socket), options_);
    socklen_t length = sizeof(connection->peer);
    if (::getsockopt(connection->socket.native_handle(), SOL_SOCKET, SO_PEERCRED, &connection->peer,
                     &length) != 0) {
        return;
    }
    connection->id = next_connection_++;
    connections_.emplace(connection->id, connection);
    read(connection);
}

void ControlServer::State::close(const ConnectionHandle& connection) {
    connections_.erase(connection->id);
    connection->idle.cancel();
    boost::system::error_code ignored;
    connection->socket.close(ignored);
}

void ControlServer::State::read(const ConnectionHandle& connection) {
    connection->idle.expires_after(std::chrono::seconds(options_.idle_timeout_s));
    connection->idle.async_wait([self = shared_from_this(), connection](boost::system::error_code problem) {
        if (!problem) {
            self->close(connection);
        }
    });
    asio::async_read_until(
        connection->socket, connection->buffer, '\n',
        [self = shared_from_this(), connection](boost::system::error_code problem, std::size_t bytes) {
            connection->idle.cancel();
            if (problem == asio::error::not_found) {
                connection->closing = true;
                self->write(connection,
                            refusal_line(0, "malformed", "a line must have at most 4096 bytes", 0));
                return;
            }
            if (problem || !self->listening_) {
                self->close(connection);
                return;
            }
            const auto begin = asio::buffers_begin(connection->buffer.data());
            std::string line(begin, begin + static_cast<std::ptrdiff_t>(bytes - 1));
            // The line holds a password: nothing of it stays in the buffer.
            sodium_memzero(const_cast<void*>(connection->buffer.data().data()), bytes);
            connection->buffer.consume(bytes);
            self->on_line(connection, std::move(line));
        });
}

void ControlServer::State::on_line(const ConnectionHandle& connection, std::string line) {
    ControlMessage message = parse_control_line(line);
    wipe(line);
    if (!connection->allowance.take()) {
        write(connection, refusal_line(message.id, "too_many_requests",
                                       "at most " + std::to_string(options_.requests_per_second) +
                                           " requests a second on one connection",
                                       0));
        read(connection);
        return;
    }
    const std::uint64_t number = next_request_++;
    ControlRequest& request = message.request;
    request.request = number;
    request.peer_user = connection->peer.uid;
    request.peer_process = static_cast<std::uint32_t>(connection->peer.pid);
    Pending& pending = pending_.try_emplace(number, std::move(message), connection).first->second;
    if (!pending.message.error.empty()) {
        deny(number, Denied::malformed, pending.message.error);
        return;
    }
    verify(number, pending.message.user, pending.message.password);
}

void ControlServer::State::verify(std::uint64_t number, const std::string& user,
                                  const std::string& password) {
    AuthRequest request;
    request.ticket = number;
    request.set(user, password);
    const Pending& pending = pending_.at(number);
    // Failures are counted per user and asking system user.
    std::memcpy(request.source.data() + 12, &pending.message.request.peer_user, 4);
    if (!worker_->submit(request)) {
        finish(number,
               refusal_line(pending.message.id, "busy", "too many logons are being verified, try again", 0));
    }
}

void ControlServer::State::on_verified(const AuthResult& result) {
    const auto found = pending_.find(result.ticket);
    if (found == pending_.end()) {
        return;
    }
    Pending& pending = found->second;
    if (pending.acting) {
        on_acted(pending, result);
        return;
    }
    if (result.verdict == AuthVerdict::must_change) {
        if (pending.approver_asked ||
            pending.message.request.facts.verb != risk::ControlVerb::password_change) {
            deny(result.ticket, Denied::no_right,
                 (pending.approver_asked ? pending.message.approver : pending.message.user) + ": " +
                     std::string(result.text.view()) + "; `fairlead password change` does it");
            return;
        }
    } else if (result.verdict != AuthVerdict::accepted) {
        std::string text = pending.approver_asked ? "the approver is unknown or the approver's password wrong"
                                                  : "the user is unknown or the password wrong";
        if (result.locked_for_ns > 0) {
            text += "; locked for " + std::to_string(result.locked_for_ns / 1'000'000'000 + 1) + " s";
        }
        deny(result.ticket, Denied::bad_credentials, std::move(text));
        return;
    }
    if (pending.approver_asked) {
        if (!may_approve(result.role)) {
            deny(result.ticket, Denied::no_right, pending.message.approver + " has no right to approve");
            return;
        }
        pending.message.request.subject.approver = result.user;
        hand_over(result.ticket);
        return;
    }
    pending.role = result.role;
    pending.version = result.version;
    check_rights(result.ticket);
}

void ControlServer::State::check_rights(std::uint64_t number) {
    Pending& pending = pending_.at(number);
    const risk::ControlVerb verb = pending.message.request.facts.verb;
    const Right right = right_of(pending.role, verb);
    if (right == Right::none) {
        deny(number, Denied::no_right,
             std::string(config::role_name(pending.role)) + " has no right to " +
                 std::string(verb_name(verb)));
        return;
    }
    if (!pending.message.approver.empty()) {
        pending.approver_asked = true;
        verify(number, pending.message.approver, pending.message.approver_password);
        return;
    }
    if (right == Right::with_approver) {
        deny(number, Denied::no_right, std::string(verb_name(verb)) + " needs an approver beside the user");
        return;
    }
    hand_over(number);
}

void ControlServer::State::deny(std::uint64_t number, Denied denied, std::string text) {
    Pending& pending = pending_.at(number);
    pending.message.request.facts.denied = static_cast<std::uint8_t>(denied);
    pending.denied_text = std::move(text);
    hand_over(number);
}

void ControlServer::State::hand_over(std::uint64_t number) {
    Pending& pending = pending_.at(number);
    wipe(pending.message.approver_password);
    const Denied denied{pending.message.request.facts.denied};
    // A change needs it once more, when it has been recorded.
    if (denied != Denied::no || pending.message.request.facts.verb != risk::ControlVerb::password_change) {
        wipe(pending.message.password);
    }
    if (!submit_(pending.message.request)) {
        finish(number,
               refusal_line(pending.message.id, "busy", "the gateway takes no control requests now", 0));
        return;
    }
    // `submit` may have answered at once, and ended the request.
    if (pending_.contains(number)) {
        arm(number);
    }
}

void ControlServer::State::arm(std::uint64_t number) {
    Pending& pending = pending_.at(number);
    pending.timer.expires_after(std::chrono::milliseconds(options_.reply_timeout_ms));
    pending.timer.async_wait([self = shared_from_this(), number](boost::system::error_code problem) {
        const auto found = self->pending_.find(number);
        if (problem || found == self->pending_.end()) {
            return;
        }
        self->finish(number,
                     refusal_line(found->second.message.id, "timed_out",
                                  "the gateway did not answer in time; the request may still be done", 0));
    });
}

void ControlServer::State::reply(const ControlReply& reply) {
    const auto found = pending_.find(reply.request);
    if (found == pending_.end()) {
        return;  // timed out, or its asker has gone
    }
    Pending& pending = found->second;
    const Denied denied{pending.message.request.facts.denied};
    if (denied != Denied::no) {
        finish(reply.request,
               refusal_line(pending.message.id, error_name(denied), pending.denied_text, reply.sequence));
        return;
    }
    if (reply.ok && task_of(pending.message.request.facts.verb) != AuthTask::verify) {
        pending.recorded = reply.sequence;
        act(reply.request);
        return;
    }
    if (reply.ok && pending.message.request.facts.verb == risk::ControlVerb::user_list) {
        pending.recorded = reply.sequence;
        list_users(reply.request);
        return;
    }
    if (reply.more && ++pending.rows > options_.rows_max) {
        finish(reply.request,
               refusal_line(pending.message.id, "too_many_rows",
                            "more than " + std::to_string(options_.rows_max) + " rows", reply.sequence));
        return;
    }
    if (!reply.more) {
        finish(reply.request, reply_line(reply, pending.message.id));
        return;
    }
    write(pending.connection, reply_line(reply, pending.message.id));
    if (pending_.contains(reply.request)) {
        arm(reply.request);
    }
}

// The request is a Record: what it asks for is done by the worker, and answered when it is stored.
void ControlServer::State::act(std::uint64_t number) {
    Pending& pending = pending_.at(number);
    pending.acting = true;
    pending.timer.cancel();
    AuthRequest request;
    request.ticket = number;
    request.task = task_of(pending.message.request.facts.verb);
    request.user = pending.message.request.target;
    request.version = pending.version;
    request.password.set(pending.message.password);
    if (request.task == AuthTask::reset) {
        pending.initial_password = random_password();
        request.new_password.set(pending.initial_password);
    } else {
        request.new_password.set(pending.message.new_password);
    }
    wipe(pending.message.password);
    wipe(pending.message.new_password);
    if (!worker_->submit(request)) {
        deny(number, Denied::failed, "too many logons are being verified, try again");
    }
}

void ControlServer::State::on_acted(Pending& pending, const AuthResult& result) {
    pending.acting = false;
    if (result.verdict != AuthVerdict::accepted) {
        deny(result.ticket, Denied::failed, std::string(result.text.view()));
        return;
    }
    ControlReply reply;
    reply.request = result.ticket;
    reply.sequence = pending.recorded;
    reply.ok = true;
    if (!pending.initial_password.empty()) {
        reply.text =
            risk::Text<512>("initial password, to be changed at its first use: " + pending.initial_password);
        wipe(pending.initial_password);
    }
    finish(result.ticket, reply_line(reply, pending.message.id));
}

void ControlServer::State::list_users(std::uint64_t number) {
    Pending& pending = pending_.at(number);
    const std::vector<UserView> users = users_.list();
    if (users.size() > options_.rows_max) {
        finish(number,
               refusal_line(pending.message.id, "too_many_rows",
                            "more than " + std::to_string(options_.rows_max) + " rows", pending.recorded));
        return;
    }
    std::string lines;
    for (const UserView& user : users) {
        lines += lines.empty() ? "" : "\n";
        lines += user_line(user, pending.recorded, &user != &users.back(), pending.message.id);
    }
    finish(number, std::move(lines));
}

void ControlServer::State::finish(std::uint64_t number, std::string line) {
    const auto found = pending_.find(number);
    const ConnectionHandle connection = found->second.connection;
    pending_.erase(found);
    write(connection, std::move(line));
    read(connection);
}

void ControlServer::State::write(const ConnectionHandle& connection, std::string line) {
    if (!connection->socket.is_open()) {
        return;
    }
    line += '\n';
    connection->out.push_back(std::move(line));
    if (connection->out.size() == 1) {
        write_next(connection);
    }
}

void ControlServer::State::write_next(const ConnectionHandle& connection) {
    asio::async_write(
        connection->socket, asio::buffer(connection->out.front()),
        [self = shared_from_this(), connection](boost::system::error_code problem, std::size_t) {
            connection->out.pop_front();
            if (problem || (connection->closing && connection->out.empty())) {
                self->close(connection);
            } else if (!connection->out.empty()) {
                self->write_next(connection);
            }
        });
}

ControlServer::ControlServer(asio::io_context& context, ControlOptions options, UserStore& users,
                             Submit submit)
    : state_(std::make_shared<State>(context, std::move(options), users, std::move(submit))) {}

ControlServer::~ControlServer() {
    state_->stop();
}

std::string ControlServer::start() {
    return state_->start();
}
void ControlServer::stop() {
    state_->stop();
}
void ControlServer::reply(const ControlReply& reply) {
    state_->reply(reply);
}

}  // namespace fairlead::gateway
