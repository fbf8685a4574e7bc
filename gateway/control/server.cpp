// ControlServer: one request at a time per connection, each verified, checked against the rights table,
// handed to the order thread as it is or as a denied one, and answered with what comes back.
#include "gateway/control/server.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstring>

#include "gateway/control/server_state.hpp"

namespace fairlead::gateway {
namespace {

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

}  // namespace

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
    watch_tokens();
    return {};
}

void ControlServer::State::stop() {
    if (!listening_) {
        return;
    }
    listening_ = false;
    boost::system::error_code ignored;
    acceptor_.close(ignored);
    token_timer_.cancel();
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
    request.half_year = request.facts.verb == risk::ControlVerb::review_decide ? users_.half_year_now() : 0;
    request.peer_process = static_cast<std::uint32_t>(connection->peer.pid);
    Pending& pending = pending_.try_emplace(number, std::move(message), connection).first->second;
    if (!pending.message.error.empty()) {
        deny(number, Denied::malformed, pending.message.error);
        return;
    }
    verify_asker(number);
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
    if (reply.ok && pending.message.session) {
        give_token(reply.request, reply.sequence);
        return;
    }
    if (pending.message.request.facts.verb == risk::ControlVerb::logout) {
        tokens_.end(pending.message.token);
    }
    if (reply.ok && task_of(pending.message.request.facts.verb) != AuthTask::verify) {
        pending.recorded = reply.sequence;
        act(reply.request);
        return;
    }
    if (reply.ok && pending.message.request.facts.verb == risk::ControlVerb::reload) {
        if (pending.recorded == 0) {
            pending.recorded = reply.sequence;
            begin_reload(reply.request);
        } else {
            finish(reply.request, reply_line(reply, pending.message.id, pending.reload_text));
        }
        return;
    }
    pending.recorded = reply.sequence;
    if (reply.ok && answered_from_users(reply)) {
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

// The request is a Record: the file is read elsewhere, however long that takes.
void ControlServer::State::begin_reload(std::uint64_t number) {
    Pending& pending = pending_.at(number);
    pending.timer.cancel();
    pending.message.request.cause = pending.recorded;
    std::string problem =
        options_.read_again ? options_.read_again(number) : "this gateway reads nothing again";
    if (!problem.empty()) {
        deny(number, Denied::failed, std::move(problem));
    }
}

void ControlServer::State::on_read_again(std::uint64_t number, std::unique_ptr<Reload> reload) {
    const auto found = pending_.find(number);
    if (found == pending_.end()) {
        options_.reload_over(std::move(reload));
        return;
    }
    Pending& pending = found->second;
    pending.message.request.reload = reload.get();
    pending.reload_text = reload->text;
    if (!reload->good) {
        pending.message.request.facts.denied = static_cast<std::uint8_t>(Denied::failed);
        pending.denied_text = reload->text;
    }
    // Whoever takes the request takes the reload with it, and may have given it back by then.
    Reload* const handed = reload.release();
    if (!hand_over(number)) {
        options_.reload_over(std::unique_ptr<Reload>(handed));
    }
}

void ControlServer::State::finish(std::uint64_t number, std::string line) {
    const auto found = pending_.find(number);
    const ConnectionHandle connection = found->second.connection;
    wipe(found->second.message.token);
    wipe(found->second.message.totp);
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
            wipe(connection->out.front());  // it may have held a token, or an initial password
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
void ControlServer::on_read_again(std::uint64_t request, std::unique_ptr<Reload> reload) {
    state_->on_read_again(request, std::move(reload));
}

}  // namespace fairlead::gateway
