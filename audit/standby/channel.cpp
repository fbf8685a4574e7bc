#include "audit/standby/channel.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace fairlead::audit {
namespace {

using Clock = std::chrono::steady_clock;

std::string complaint() {
    const char* text = ERR_reason_error_string(ERR_peek_last_error());
    std::string said = text != nullptr ? text : "no reason given";
    ERR_clear_error();
    return said;
}

struct SocketAddress {
    sockaddr_storage storage{};
    socklen_t length = 0;
};
bool parse(const std::string& address, std::uint16_t port, SocketAddress& into) {
    auto* four = reinterpret_cast<sockaddr_in*>(&into.storage);
    if (::inet_pton(AF_INET, address.c_str(), &four->sin_addr) == 1) {
        four->sin_family = AF_INET;
        four->sin_port = htons(port);
        into.length = sizeof *four;
        return true;
    }
    auto* six = reinterpret_cast<sockaddr_in6*>(&into.storage);
    if (::inet_pton(AF_INET6, address.c_str(), &six->sin6_addr) == 1) {
        six->sin6_family = AF_INET6;
        six->sin6_port = htons(port);
        into.length = sizeof *six;
        return true;
    }
    return false;
}

// False: not within the time.
bool ready(int socket, short events, Clock::time_point until) {
    for (;;) {
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now()).count();
        pollfd asked{socket, events, 0};
        const int found = ::poll(&asked, 1, static_cast<int>(std::max<std::int64_t>(left, 0)));
        if (found > 0) {
            return true;
        }
        if (found == 0 || errno != EINTR) {
            return false;
        }
    }
}

std::string common_name(const X509* certificate) {
    std::array<char, 256> text{};
    X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, text.data(), text.size());
    return text.data();
}

}  // namespace

void ChannelContext::Free::operator()(ssl_ctx_st* context) const noexcept {
    SSL_CTX_free(context);
}
void Channel::Free::operator()(ssl_st* stream) const noexcept {
    SSL_free(stream);
}
Channel::~Channel() = default;

std::string ChannelContext::load(const ChannelFiles& files) {
    context_.reset(SSL_CTX_new(TLS_method()));
    SSL_CTX* context = context_.get();
    SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
    // Each connection begins with both certificates: there is nothing to resume.
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_num_tickets(context, 0);
    ERR_clear_error();
    if (SSL_CTX_load_verify_locations(context, files.authority.c_str(), nullptr) != 1) {
        return "replica.authority '" + files.authority + "' is not usable: " + complaint();
    }
    if (SSL_CTX_use_certificate_chain_file(context, files.certificate.c_str()) != 1) {
        return "replica.certificate '" + files.certificate + "' is not usable: " + complaint();
    }
    if (SSL_CTX_use_PrivateKey_file(context, files.key.c_str(), SSL_FILETYPE_PEM) != 1 ||
        SSL_CTX_check_private_key(context) != 1) {
        return "replica.key '" + files.key + "' is not usable, or not the certificate's: " + complaint();
    }
    return {};
}

bool Channel::fail(std::string why) {
    error_ = std::move(why);
    return false;
}

bool Channel::wait_for(int result, Clock::time_point until) {
    const int wanted = SSL_get_error(stream_.get(), result);
    if (wanted == SSL_ERROR_WANT_READ || wanted == SSL_ERROR_WANT_WRITE) {
        return ready(socket_.get(), wanted == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT, until) ||
               fail("the peer did not go on in time");
    }
    const int number = errno;
    if (wanted == SSL_ERROR_ZERO_RETURN) {
        return fail("the peer has closed the connection");
    }
    if (wanted == SSL_ERROR_SYSCALL) {
        ERR_clear_error();
        return fail(number == 0 ? "the connection was cut" : std::strerror(number));
    }
    const long verified = SSL_get_verify_result(stream_.get());
    std::string why = complaint();
    if (verified != X509_V_OK) {
        why += std::string(": ") + X509_verify_cert_error_string(verified);
    }
    return fail("TLS: " + why);
}

std::string Channel::shake_hands(const ChannelContext& context, const std::string& peer, bool client,
                                 std::chrono::milliseconds wait) {
    const int on = 1;
    ::setsockopt(socket_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    stream_.reset(SSL_new(context.get()));
    if (!stream_ || SSL_set_fd(stream_.get(), socket_.get()) != 1) {
        return "TLS: no memory for a connection";
    }
    SSL_set_mode(stream_.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    const Clock::time_point until = Clock::now() + wait;
    for (;;) {
        ERR_clear_error();
        errno = 0;
        const int result = client ? SSL_connect(stream_.get()) : SSL_accept(stream_.get());
        if (result == 1) {
            break;
        }
        if (!wait_for(result, until)) {
            return error_;
        }
    }
    const std::unique_ptr<X509, decltype(&X509_free)> shown(SSL_get1_peer_certificate(stream_.get()),
                                                            &X509_free);
    const std::string name = shown ? common_name(shown.get()) : std::string();
    return name == peer ? std::string()
                        : "the peer's certificate is of '" + name + "', and should be of '" + peer + "'";
}

std::string Channel::connect(const ChannelContext& context, const std::string& address, std::uint16_t port,
                             const std::string& peer, std::chrono::milliseconds wait) {
    SocketAddress to;
    if (!parse(address, port, to)) {
        return "'" + address + "' is no numeric address";
    }
    socket_ = Descriptor(::socket(to.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!socket_.open()) {
        return std::strerror(errno);
    }
    int problem =
        ::connect(socket_.get(), reinterpret_cast<sockaddr*>(&to.storage), to.length) == 0 ? 0 : errno;
    if (problem == EINPROGRESS) {
        if (!ready(socket_.get(), POLLOUT, Clock::now() + wait)) {
            return "nobody answers";
        }
        socklen_t length = sizeof problem;
        ::getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &problem, &length);
    }
    return problem != 0 ? std::strerror(problem) : shake_hands(context, peer, true, wait);
}

std::string Channel::accept(const ChannelContext& context, Descriptor socket, const std::string& peer,
                            std::chrono::milliseconds wait) {
    socket_ = std::move(socket);
    return shake_hands(context, peer, false, wait);
}

bool Channel::send(Bytes bytes, std::chrono::milliseconds wait) {
    if (!error_.empty()) {
        return false;
    }
    const Clock::time_point until = Clock::now() + wait;
    while (!bytes.empty()) {
        ERR_clear_error();
        errno = 0;
        std::size_t written = 0;
        const int result = SSL_write_ex(stream_.get(), bytes.data(), bytes.size(), &written);
        if (result == 1) {
            bytes = bytes.subspan(written);
        } else if (!wait_for(result, until)) {
            return false;
        }
    }
    return true;
}

std::optional<ReceivedMessage> Channel::receive() {
    for (;;) {
        MessageHeader header;
        if (in_.size() >= sizeof header) {
            std::memcpy(&header, in_.data(), sizeof header);
            if (header.magic != message_magic || header.version != 1 || header.zero != 0 ||
                header.length > message_bytes_max) {
                fail("what came is not a message of this version");
                return std::nullopt;
            }
            if (in_.size() == sizeof header + header.length) {
                ReceivedMessage received{MessageKind{header.kind}, {}};
                received.content.assign(in_.begin() + sizeof header, in_.end());
                in_.clear();
                return received;
            }
        }
        if (!error_.empty()) {
            return std::nullopt;
        }
        // No more than this message, so that what is kept is always one.
        const std::size_t whole = in_.size() < sizeof header ? sizeof header : sizeof header + header.length;
        std::array<std::byte, 65'536> chunk{};
        std::size_t read = 0;
        ERR_clear_error();
        errno = 0;
        const int result =
            SSL_read_ex(stream_.get(), chunk.data(), std::min(chunk.size(), whole - in_.size()), &read);
        if (result == 1) {
            in_.insert(in_.end(), chunk.begin(), chunk.begin() + static_cast<std::ptrdiff_t>(read));
        } else if (SSL_get_error(stream_.get(), result) == SSL_ERROR_WANT_READ) {
            return std::nullopt;
        } else {
            static_cast<void>(wait_for(result, Clock::now()));
            return std::nullopt;
        }
    }
}

void Channel::wait(std::chrono::microseconds most) {
    if (!error_.empty() || SSL_pending(stream_.get()) > 0) {
        return;
    }
    pollfd asked{socket_.get(), POLLIN, 0};
    const timespec time{0, static_cast<long>(most.count()) * 1'000};
    ::ppoll(&asked, 1, &time, nullptr);
}

std::string listen_on(const std::string& address, std::uint16_t port, Descriptor& into) {
    SocketAddress at;
    if (!parse(address, port, at)) {
        return "'" + address + "' is no numeric address";
    }
    into = Descriptor(::socket(at.storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    const int on = 1;
    if (!into.open() || ::setsockopt(into.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
        ::bind(into.get(), reinterpret_cast<sockaddr*>(&at.storage), at.length) != 0 ||
        ::listen(into.get(), 4) != 0) {
        return "cannot listen on " + address + ":" + std::to_string(port) + ": " + std::strerror(errno);
    }
    return {};
}

}  // namespace fairlead::audit
