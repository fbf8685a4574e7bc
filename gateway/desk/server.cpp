#include "gateway/desk/server.hpp"

// Boost.Asio 1.74 uses std::exchange without naming its header.
#include <utility>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/beast/websocket/ssl.hpp>
#include <chrono>

#include "gateway/control/allowance.hpp"
#include "gateway/desk/guests.hpp"

namespace fairlead::desk {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
namespace websocket = boost::beast::websocket;
using Tcp = asio::ip::tcp;
using Problem = boost::system::error_code;
using Stream = beast::ssl_stream<beast::tcp_stream>;
using WebSocket = websocket::stream<Stream>;

constexpr auto handshake_time = std::chrono::seconds(5);
constexpr auto request_time = std::chrono::seconds(10);  // from the first byte of a request to its last
constexpr auto wait_time = std::chrono::seconds(60);     // for a further request of a connection
constexpr auto guest_time = std::chrono::seconds(10);    // the same, where nobody has shown a session yet
constexpr auto answer_time = std::chrono::seconds(20);   // until the peer has taken an answer
constexpr auto stream_step = std::chrono::milliseconds(250);
constexpr std::int64_t stream_idle_ns = second_ns;  // a topic is sent at least so often
constexpr std::uint32_t stream_requests_per_second = 20;
constexpr auto tidy_step = std::chrono::seconds(1);
constexpr std::uint32_t header_bytes_max = 8 << 10;
constexpr std::uint64_t body_bytes_max = 64 << 10;
constexpr std::uint64_t batch_body_bytes_max = 1'200'000;
constexpr std::size_t drained_bytes_max = 4 << 20;
constexpr std::size_t requests_of_one_connection = 10'000;

std::int64_t monotonic_ns() {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(
               std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

template <class Fields>
void add_security_headers(Fields& fields, bool page) {
    fields.set(http::field::server, "fairlead-desk");
    fields.set("X-Content-Type-Options", "nosniff");
    fields.set("Referrer-Policy", "no-referrer");
    fields.set("Strict-Transport-Security", "max-age=31536000");
    fields.set("Cross-Origin-Opener-Policy", "same-origin");
    fields.set("Cross-Origin-Resource-Policy", "same-origin");
    fields.set("X-Frame-Options", "DENY");
    fields.set("Permissions-Policy", "camera=(), geolocation=(), microphone=()");
    fields.set("Content-Security-Policy",
               page ? "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
                      "img-src 'self' data:; font-src 'self'; frame-ancestors 'none'; base-uri 'none'; "
                      "form-action 'self'"
                    : "default-src 'none'; frame-ancestors 'none'");
}

http::response<http::string_body> response_of(Answer answer, unsigned version, bool keep_alive,
                                              bool head_only) {
    http::response<http::string_body> response;
    response.version(version);
    response.result(answer.status);
    add_security_headers(response, !answer.content_type.starts_with("application/json"));
    if (answer.status != 204) {
        response.set(http::field::content_type, answer.content_type);
    }
    response.set(http::field::cache_control,
                 answer.cache_control.empty() ? "no-store" : answer.cache_control);
    if (!answer.set_cookie.empty()) {
        response.set(http::field::set_cookie, answer.set_cookie);
    }
    if (!answer.allow.empty()) {
        response.set(http::field::allow, answer.allow);
    }
    if (answer.retry_after_s != 0) {
        response.set(http::field::retry_after, std::to_string(answer.retry_after_s));
    }
    response.keep_alive(keep_alive);
    const std::size_t length = answer.body.size();
    if (!head_only) {
        response.body() = std::move(answer.body);
    }
    if (answer.status != 204) {
        response.content_length(length);
    }
    return response;
}

template <class Message>
Request request_of(const Message& message, const std::string& source) {
    const auto header = [&](auto name) {
        const auto value = message[name];
        return std::string(value.data(), value.size());
    };
    Request request;
    request.method = std::string(message.method_string());
    request.content_type = header(http::field::content_type);
    request.host = header(http::field::host);
    request.origin = header(http::field::origin);
    request.cookie = header(http::field::cookie);
    request.authorization = header(http::field::authorization);
    request.csrf = header("X-Fairlead-Csrf");
    request.source = source;
    return request;
}

bool peer_gone(const Problem& problem) {
    return problem == http::error::end_of_stream || problem == beast::error::timeout ||
           problem == asio::error::eof || problem == asio::ssl::error::stream_truncated ||
           problem == asio::error::connection_reset;
}

Answer unreadable(const Problem& problem) {
    if (problem == http::error::body_limit) {
        return error_answer(413, "too_large",
                            "the body must have at most " + std::to_string(body_bytes_max) + " bytes");
    }
    if (problem == http::error::header_limit) {
        return error_answer(431, "too_large",
                            "the header must have at most " + std::to_string(header_bytes_max) + " bytes");
    }
    return error_answer(400, "bad_request", "the request cannot be read: " + problem.message());
}

// What becomes of a connection behind a request; taken: the stream has had it.
// refused: what it still sends is to be let go by first, or the answer may be lost with it.
enum class Next : std::uint8_t { more, end, refused, taken };

// One open stream: a reader that takes what the client wants, a writer that sends it. No queue stands
// between: the next message is made when the last has been taken, so a slow client misses those in between.
struct StreamSession {
    explicit StreamSession(Stream&& stream) : socket(std::move(stream)), tick(socket.get_executor()) {}
    WebSocket socket;
    asio::steady_timer tick;
    StreamView view;
    std::string secret;
    std::string wrong;  // what the client sent that cannot be
    bool closed = false;
    struct Sent {
        risk::Sequence sequence = 0;
        std::int64_t at_ns = 0;
    };
    std::map<std::string, Sent> sent;  // by topic
};

}  // namespace

struct Server::State {
    State(const Options& given, Router& the_router, GatewayAsker& the_gateway, const StaticFiles& the_files,
          Log the_log)
        : options(given),
          router(the_router),
          gateway(the_gateway),
          files(the_files),
          log(std::move(the_log)),
          guests(given.connections_max),
          acceptor(context),
          signals(context),
          tidy_timer(context) {}

    asio::awaitable<void> accept();
    asio::awaitable<void> serve(Tcp::socket socket, std::string source);
    asio::awaitable<void> serve_requests(Stream& stream, Guests::Visit& visit);
    asio::awaitable<Next> answer_one(Stream& stream, beast::flat_buffer& buffer, Guests::Visit& visit);
    asio::awaitable<Answer> answer_of(Request request);
    asio::awaitable<void> serve_stream(Stream& stream, const http::request<http::string_body>& upgrade,
                                       std::string secret);
    asio::awaitable<void> read_stream(std::shared_ptr<StreamSession> session);
    asio::awaitable<void> write_stream(std::shared_ptr<StreamSession> session);
    asio::awaitable<void> keep_tidy();
    [[nodiscard]] std::string load_certificate();

    const Options& options;
    Router& router;
    GatewayAsker& gateway;
    const StaticFiles& files;
    Log log;
    // Before the context: connections that are still open end with it, and are counted out here.
    std::size_t connections = 0;
    Guests guests;
    asio::io_context context{1};
    asio::ssl::context tls{asio::ssl::context::tls_server};
    Tcp::acceptor acceptor;
    asio::signal_set signals;
    asio::steady_timer tidy_timer;
};

std::string Server::State::load_certificate() {
    Problem problem;
    // TLS 1.3 has no weak cipher and no renegotiation left to forbid.
    if (::SSL_CTX_set_min_proto_version(tls.native_handle(), TLS1_3_VERSION) != 1) {
        return "this OpenSSL has no TLS 1.3";
    }
    // OpenSSL would ask the terminal for the passphrase of an encrypted key.
    ::SSL_CTX_set_default_passwd_cb(tls.native_handle(), [](char*, int, int, void*) { return -1; });
    tls.use_certificate_chain_file(options.certificate, problem);
    if (problem) {
        return "certificate '" + options.certificate + "': " + problem.message();
    }
    tls.use_private_key_file(options.certificate_key, asio::ssl::context::pem, problem);
    return problem ? "certificate key '" + options.certificate_key +
                         "' (PEM, without a passphrase): " + problem.message()
                   : "";
}

asio::awaitable<void> Server::State::accept() {
    while (acceptor.is_open()) {
        Problem problem;
        Tcp::socket socket =
            co_await acceptor.async_accept(asio::redirect_error(asio::use_awaitable, problem));
        if (problem) {
            if (!acceptor.is_open()) {
                co_return;
            }
            // No descriptor left, or the peer is gone already: the next one after a moment.
            asio::steady_timer pause(context, std::chrono::milliseconds(50));
            co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, problem));
            continue;
        }
        std::string source = socket.remote_endpoint(problem).address().to_string(problem);
        if (connections < options.connections_max && guests.room_for(source)) {
            asio::co_spawn(context, serve(std::move(socket), std::move(source)), asio::detached);
        }
    }
}

asio::awaitable<void> Server::State::serve(Tcp::socket socket, std::string source) {
    struct Counted {
        explicit Counted(std::size_t& of) : count(of) { ++count; }
        ~Counted() { --count; }
        Counted(const Counted&) = delete;
        Counted& operator=(const Counted&) = delete;
        std::size_t& count;
    };
    const Counted counted(connections);
    Guests::Visit visit(guests, std::move(source));
    try {
        Problem problem;
        socket.set_option(Tcp::no_delay(true), problem);
        Stream stream(std::move(socket), tls);
        beast::get_lowest_layer(stream).expires_after(handshake_time);
        co_await stream.async_handshake(asio::ssl::stream_base::server,
                                        asio::redirect_error(asio::use_awaitable, problem));
        if (!problem) {
            co_await serve_requests(stream, visit);
        }
    } catch (const std::exception& problem) {
        log(std::string("a connection ended: ") + problem.what());
    }
}

asio::awaitable<void> Server::State::serve_requests(Stream& stream, Guests::Visit& visit) {
    beast::flat_buffer buffer;
    Next next = Next::more;
    for (std::size_t i = 0; next == Next::more && i < requests_of_one_connection; ++i) {
        next = co_await answer_one(stream, buffer, visit);
    }
    if (next == Next::taken) {
        co_return;
    }
    Problem ignored;
    beast::get_lowest_layer(stream).expires_after(std::chrono::seconds(2));
    for (std::size_t bytes = 0; next == Next::refused && !ignored && bytes < drained_bytes_max;) {
        bytes += co_await stream.async_read_some(asio::buffer(buffer.prepare(64 << 10)),
                                                 asio::redirect_error(asio::use_awaitable, ignored));
    }
    co_await stream.async_shutdown(asio::redirect_error(asio::use_awaitable, ignored));
}

asio::awaitable<Next> Server::State::answer_one(Stream& stream, beast::flat_buffer& buffer,
                                                Guests::Visit& visit) {
    Problem problem;
    http::request_parser<http::string_body> parser;
    parser.header_limit(header_bytes_max);
    parser.body_limit(batch_body_bytes_max);
    if (buffer.size() == 0) {
        // A connection may rest; from its first byte on a request may not.
        beast::get_lowest_layer(stream).expires_after(visit.guest() ? guest_time : wait_time);
        const auto bytes = co_await stream.async_read_some(
            buffer.prepare(4096), asio::redirect_error(asio::use_awaitable, problem));
        if (problem) {
            co_return Next::end;
        }
        buffer.commit(bytes);
    }
    beast::get_lowest_layer(stream).expires_after(request_time);
    co_await http::async_read_header(stream, buffer, parser,
                                     asio::redirect_error(asio::use_awaitable, problem));
    Answer answer;
    Request request;
    bool good = !problem;
    if (good) {
        const auto target = parser.get().target();
        request = request_of(parser.get(), visit.address());
        if (visit.guest() && router.who(request, monotonic_ns(), false) != nullptr) {
            visit.known();
        }
        const bool readable = parse_target({target.data(), target.size()}, request);
        const std::uint64_t limit =
            request.path == "/api/v1/limits/batch" ? batch_body_bytes_max : body_bytes_max;
        if (!readable) {
            answer = error_answer(400, "bad_request", "the target cannot be read");
            good = false;
        } else if (parser.content_length() && *parser.content_length() > limit) {
            problem = http::error::body_limit;
        } else {
            parser.body_limit(limit);
            co_await http::async_read(stream, buffer, parser,
                                      asio::redirect_error(asio::use_awaitable, problem));
        }
    }
    if (problem) {
        if (peer_gone(problem)) {
            co_return Next::end;
        }
        good = false;
        answer = unreadable(problem);
    }
    ++router.requests;
    if (good && request.path == "/api/v1/stream" && websocket::is_upgrade(parser.get())) {
        const std::string wrong = router.wrong_origin(request);
        const Person* person = wrong.empty() ? router.who(request, monotonic_ns(), true) : nullptr;
        if (person != nullptr) {
            const http::request<http::string_body> upgrade = parser.release();
            co_await serve_stream(stream, upgrade, router.secret_of(request));
            co_return Next::taken;
        }
        answer = wrong.empty() ? error_answer(401, "not_logged_on", "log on first")
                               : error_answer(403, "bad_origin", wrong);
    } else if (good && request.path == "/api/v1/stream") {
        answer = error_answer(400, "bad_request", "this path is a WebSocket");
    } else if (good) {
        request.body = std::move(parser.get().body());
        answer = co_await answer_of(std::move(request));
    }
    const bool keep = good && parser.keep_alive();
    const bool head_only = good && parser.get().method() == http::verb::head;
    auto response = response_of(std::move(answer), 11, keep, head_only);
    beast::get_lowest_layer(stream).expires_after(answer_time);
    http::response_serializer<http::string_body> serializer(response);
    co_await http::async_write(stream, serializer, asio::redirect_error(asio::use_awaitable, problem));
    co_return problem ? Next::end : keep ? Next::more : good ? Next::end : Next::refused;
}

asio::awaitable<Answer> Server::State::answer_of(Request request) {
    const bool api = request.path.starts_with("/api/") || request.path == "/metrics";
    if (!api || request.path == "/api/v1/openapi.json") {
        if (const std::string wrong = router.wrong_origin(request); !wrong.empty()) {
            co_return error_answer(403, "bad_host", wrong);
        }
        Answer answer;
        if (request.method != "GET" && request.method != "HEAD") {
            answer = error_answer(405, "method", "GET only");
            answer.allow = "GET, HEAD";
        } else if (api) {
            answer.body = openapi_text();
        } else if (!files.find(request.path, answer)) {
            answer = error_answer(404, "not_found", "there is nothing at this path");
        }
        co_return answer;
    }
    Routed routed = router.route(request, monotonic_ns());
    if (auto* known = std::get_if<Answer>(&routed)) {
        co_return std::move(*known);
    }
    Pending pending = std::get<Pending>(std::move(routed));
    const auto asked = std::make_shared<asio::steady_timer>(context, asio::steady_timer::time_point::max());
    const bool taken = gateway.submit(
        [this, ask = pending.ask, asked] {
            ask();
            asio::post(context, [asked] { asked->cancel(); });
        },
        pending.urgent);
    if (!taken) {
        co_return error_answer(503, "busy", "too many requests wait for the gateway");
    }
    Problem done;
    co_await asked->async_wait(asio::redirect_error(asio::use_awaitable, done));
    co_return pending.finish();
}

// --- the stream

asio::awaitable<void> Server::State::serve_stream(Stream& stream,
                                                  const http::request<http::string_body>& upgrade,
                                                  std::string secret) {
    beast::get_lowest_layer(stream).expires_never();
    const auto session = std::make_shared<StreamSession>(std::move(stream));
    session->secret = std::move(secret);
    websocket::stream_base::timeout times{};
    times.handshake_timeout = handshake_time;
    times.idle_timeout = std::chrono::seconds(30);
    times.keep_alive_pings = true;
    session->socket.set_option(times);
    session->socket.read_message_max(4096);
    session->socket.set_option(websocket::stream_base::decorator(
        [](websocket::response_type& response) { add_security_headers(response, false); }));
    Problem problem;
    co_await session->socket.async_accept(upgrade, asio::redirect_error(asio::use_awaitable, problem));
    if (problem) {
        co_return;
    }
    ++router.streams;
    asio::co_spawn(context, read_stream(session), asio::detached);
    co_await write_stream(session);
    --router.streams;
}

asio::awaitable<void> Server::State::read_stream(std::shared_ptr<StreamSession> session) {
    beast::flat_buffer buffer;
    gateway::Allowance allowance(stream_requests_per_second);
    while (!session->closed && session->wrong.empty()) {
        Problem problem;
        buffer.clear();
        co_await session->socket.async_read(buffer, asio::redirect_error(asio::use_awaitable, problem));
        if (problem) {
            session->closed = true;
            break;
        }
        const auto bytes = buffer.data();
        session->wrong = allowance.take()
                             ? router.read_stream_request(
                                   {static_cast<const char*>(bytes.data()), bytes.size()}, session->view)
                             : "at most 20 requests a second on one stream";
        session->sent.clear();
    }
    session->tick.cancel();
}

asio::awaitable<void> Server::State::write_stream(std::shared_ptr<StreamSession> session) {
    Problem problem;
    bool known = true;
    while (!session->closed && session->wrong.empty() && known) {
        const std::int64_t now = monotonic_ns();
        const std::vector<std::string> wanted = session->view.topics;
        for (const std::string& topic : wanted) {
            StreamSession::Sent& last = session->sent[topic];
            const risk::Sequence sequence = router.sequence();
            if (last.at_ns != 0 && last.sequence == sequence && now - last.at_ns < stream_idle_ns) {
                continue;
            }
            const std::string message = router.stream_message(session->secret, topic, session->view, now);
            known = !message.empty();
            if (!known || session->closed) {
                break;
            }
            last = {sequence, now};
            session->socket.text(true);
            co_await session->socket.async_write(asio::buffer(message),
                                                 asio::redirect_error(asio::use_awaitable, problem));
            if (problem) {
                session->closed = true;
                break;
            }
        }
        if (!session->closed && known) {
            session->tick.expires_after(stream_step);
            co_await session->tick.async_wait(asio::redirect_error(asio::use_awaitable, problem));
        }
    }
    if (!session->closed) {
        const websocket::close_reason reason(
            websocket::close_code::policy_error,
            session->wrong.empty() ? "the session has ended: log on again" : session->wrong.substr(0, 120));
        co_await session->socket.async_close(reason, asio::redirect_error(asio::use_awaitable, problem));
        session->closed = true;
    }
}

asio::awaitable<void> Server::State::keep_tidy() {
    while (acceptor.is_open()) {
        Problem problem;
        tidy_timer.expires_after(tidy_step);
        co_await tidy_timer.async_wait(asio::redirect_error(asio::use_awaitable, problem));
        router.tidy(monotonic_ns());
    }
}

Server::Server(const Options& options, Router& router, GatewayAsker& gateway, const StaticFiles& files,
               Log log)
    : state_(std::make_unique<State>(options, router, gateway, files, std::move(log))) {}
Server::~Server() = default;

std::string Server::start() {
    State& state = *state_;
    if (std::string error = state.load_certificate(); !error.empty()) {
        return error;
    }
    Problem problem;
    const auto address = asio::ip::make_address(state.options.address, problem);
    const Tcp::endpoint endpoint(address, state.options.port);
    const auto step = [&](auto act) {
        if (!problem) {
            act();
        }
    };
    step([&] { state.acceptor.open(endpoint.protocol(), problem); });
    step([&] { state.acceptor.set_option(Tcp::acceptor::reuse_address(true), problem); });
    step([&] { state.acceptor.bind(endpoint, problem); });
    step([&] { state.acceptor.listen(64, problem); });
    if (problem) {
        return "cannot listen on " + state.options.address + ":" + std::to_string(state.options.port) + ": " +
               problem.message();
    }
    state.signals.add(SIGTERM);
    state.signals.add(SIGINT);
    state.signals.async_wait([&state](Problem failed, int signal) {
        if (!failed) {
            state.log("signal " + std::to_string(signal) + ": ending");
            Problem ignored;
            state.acceptor.close(ignored);
            state.context.stop();
        }
    });
    asio::co_spawn(state.context, state.accept(), asio::detached);
    asio::co_spawn(state.context, state.keep_tidy(), asio::detached);
    return {};
}

void Server::run() {
    state_->context.run();
}

}  // namespace fairlead::desk
