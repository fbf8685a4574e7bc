#include "tests/orders/quickfix_acceptor.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <quickfix/Application.h>
#include <quickfix/MessageStore.h>
#include <quickfix/Session.h>
#include <quickfix/SessionSettings.h>
#include <quickfix/SocketAcceptor.h>
#include <sys/socket.h>
#include <unistd.h>

#include <mutex>
#include <stdexcept>

namespace fairlead {
namespace tests {
namespace {

// A port free a moment ago: QuickFIX wants to be told one.
int free_port() {
    const int descriptor = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof(address);
    if (descriptor < 0 || ::bind(descriptor, reinterpret_cast<sockaddr*>(&address), length) != 0 ||
        ::getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &length) != 0) {
        throw std::runtime_error("no free port on 127.0.0.1");
    }
    ::close(descriptor);
    return ntohs(address.sin_port);
}

}  // namespace

struct QuickFixAcceptor::Impl : FIX::Application {
    Impl(const std::string& sender, const std::string& target, const std::string& dictionary_path,
         Answer given)
        : answer(std::move(given)), port(free_port()), id("FIX.4.4", sender, target) {
        FIX::Dictionary dictionary;
        dictionary.setString(FIX::CONNECTION_TYPE, "acceptor");
        dictionary.setInt(FIX::SOCKET_ACCEPT_PORT, port);
        dictionary.setString(FIX::SOCKET_REUSE_ADDRESS, "Y");
        dictionary.setString(FIX::START_TIME, "00:00:00");
        dictionary.setString(FIX::END_TIME, "00:00:00");
        dictionary.setString(FIX::USE_DATA_DICTIONARY, dictionary_path.empty() ? "N" : "Y");
        if (!dictionary_path.empty()) {
            dictionary.setString(FIX::DATA_DICTIONARY, dictionary_path);
        }
        settings.set(id, dictionary);
        acceptor.reset(new FIX::SocketAcceptor(*this, stores, settings));
        acceptor->start();
    }
    ~Impl() override { acceptor->stop(true); }

    void onCreate(const FIX::SessionID&) override {}
    void onLogon(const FIX::SessionID&) override {}
    void onLogout(const FIX::SessionID&) override {}
    void toAdmin(FIX::Message&, const FIX::SessionID&) override {}
    void toApp(FIX::Message&, const FIX::SessionID&) throw(FIX::DoNotSend) override {}
    void fromAdmin(const FIX::Message& message,
                   const FIX::SessionID&) throw(FIX::FieldNotFound, FIX::IncorrectDataFormat,
                                                FIX::IncorrectTagValue, FIX::RejectLogon) override {
        if (message.getHeader().getField(FIX::FIELD::MsgType) == "A") {
            keep(message);
        }
    }
    void fromApp(const FIX::Message& message,
                 const FIX::SessionID& session) throw(FIX::FieldNotFound, FIX::IncorrectDataFormat,
                                                      FIX::IncorrectTagValue,
                                                      FIX::UnsupportedMessageType) override {
        for (const auto& given : answer(keep(message))) {
            FIX::Message out;
            out.getHeader().setField(FIX::FIELD::MsgType, given.first);
            for (const auto& field : given.second) {
                out.setField(field.first, field.second);
            }
            FIX::Session::sendToTarget(out, session);
        }
    }

    ReceivedMessage keep(const FIX::Message& message) {
        const std::lock_guard<std::mutex> lock(mutex);
        messages.push_back({message.getHeader().getField(FIX::FIELD::MsgType), message.toString()});
        return messages.back();
    }

    Answer answer;
    int port;
    FIX::SessionID id;
    FIX::SessionSettings settings;
    FIX::MemoryStoreFactory stores;
    std::unique_ptr<FIX::SocketAcceptor> acceptor;
    mutable std::mutex mutex;
    std::vector<ReceivedMessage> messages;
};

QuickFixAcceptor::QuickFixAcceptor(const std::string& sender, const std::string& target,
                                   const std::string& dictionary, Answer answer) {
    try {
        impl_.reset(new Impl(sender, target, dictionary, std::move(answer)));
    } catch (const FIX::Exception& error) {
        throw std::runtime_error(error.what());
    }
}

QuickFixAcceptor::~QuickFixAcceptor() = default;

int QuickFixAcceptor::port() const {
    return impl_->port;
}

std::vector<ReceivedMessage> QuickFixAcceptor::received() const {
    const std::lock_guard<std::mutex> lock(impl_->mutex);
    return impl_->messages;
}

}  // namespace tests
}  // namespace fairlead
