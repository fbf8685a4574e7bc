// LineServer on QuickFIX: one SocketAcceptor a line, numbers in memory or files, no data dictionary
// (Exchange checks every field itself), no QuickFIX log but the one that feeds the witness.
#include "bench/exchange/line_server.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <quickfix/Application.h>
#include <quickfix/FileStore.h>
#include <quickfix/Log.h>
#include <quickfix/MessageStore.h>
#include <quickfix/Session.h>
#include <quickfix/SessionSettings.h>
#include <quickfix/SocketAcceptor.h>
#include <sys/socket.h>
#include <unistd.h>

#include <ctime>
#include <map>
#include <stdexcept>

namespace fairlead {
namespace exchange {
namespace {

std::string text_of(const FIX::FieldMap& fields, int tag) {
    return fields.isSetField(tag) ? fields.getField(tag) : std::string();
}

// A port free a moment ago: QuickFIX wants to be told one.
int free_port() {
    const int descriptor = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof(address);
    const bool found = descriptor >= 0 &&
                       ::bind(descriptor, reinterpret_cast<sockaddr*>(&address), length) == 0 &&
                       ::getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &length) == 0;
    if (descriptor >= 0) {
        ::close(descriptor);
    }
    if (!found) {
        throw std::runtime_error("no free port on 127.0.0.1");
    }
    return ntohs(address.sin_port);
}

// Accepted connections of this process on a local port, by looking at its own descriptors: QuickFIX
// gives no way to the one it holds.
template <class Act>
void each_connection(int port, Act act) {
    constexpr int descriptors_max = 1024;  // QuickFIX selects; it can hold no higher one
    for (int descriptor = 3; descriptor < descriptors_max; ++descriptor) {
        sockaddr_in here{};
        sockaddr_in there{};
        socklen_t length = sizeof(here);
        if (::getsockname(descriptor, reinterpret_cast<sockaddr*>(&here), &length) != 0 ||
            here.sin_family != AF_INET || ntohs(here.sin_port) != port) {
            continue;
        }
        length = sizeof(there);
        if (::getpeername(descriptor, reinterpret_cast<sockaddr*>(&there), &length) == 0) {
            act(descriptor);
        }
    }
}

class RawLog : public FIX::Log {
  public:
    explicit RawLog(LineEvents& events) : events_(events) {}
    void clear() override {}
    void backup() override {}
    void onIncoming(const std::string& text) override { events_.on_raw(true, text); }
    void onOutgoing(const std::string& text) override { events_.on_raw(false, text); }
    void onEvent(const std::string& text) override { events_.on_note(text); }

  private:
    LineEvents& events_;
};

class RawLogFactory : public FIX::LogFactory {
  public:
    explicit RawLogFactory(LineEvents& events) : events_(events) {}
    FIX::Log* create() override { return new RawLog(events_); }
    FIX::Log* create(const FIX::SessionID&) override { return new RawLog(events_); }
    void destroy(FIX::Log* log) override { delete log; }

  private:
    LineEvents& events_;
};

// The newest messages alone: a day's are tens of millions, and what keeps them all slows down with every one.
// What is asked for and no longer here, QuickFIX gap-fills.
class NewestStore : public FIX::MemoryStore {
  public:
    bool set(int number, const std::string& text) throw(FIX::IOException) override {
        messages_[number] = text;
        if (messages_.size() > messages_max) {
            messages_.erase(messages_.begin());
        }
        return true;
    }
    void get(int first, int last, std::vector<std::string>& into) const throw(FIX::IOException) override {
        into.clear();
        for (auto at = messages_.lower_bound(first); at != messages_.end() && at->first <= last; ++at) {
            into.push_back(at->second);
        }
    }
    void reset() throw(FIX::IOException) override {
        messages_.clear();
        FIX::MemoryStore::reset();
    }

  private:
    static constexpr std::size_t messages_max = 200000;
    std::map<int, std::string> messages_;
};

class NewestStoreFactory : public FIX::MessageStoreFactory {
  public:
    FIX::MessageStore* create(const FIX::SessionID&) override { return new NewestStore(); }
    void destroy(FIX::MessageStore* store) override { delete store; }
};

const char* const day_names[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};

FIX::Dictionary dictionary_of(const LineServerOptions& options, int port) {
    FIX::Dictionary dictionary;
    dictionary.setString(FIX::CONNECTION_TYPE, "acceptor");
    dictionary.setInt(FIX::SOCKET_ACCEPT_PORT, port);
    dictionary.setString(FIX::SOCKET_REUSE_ADDRESS, "Y");
    dictionary.setString(FIX::SOCKET_NODELAY, "Y");
    // QuickFIX starts numbers anew when its session time ends. A day of ours is a process or a store
    // directory, so that end is put three days away: no run at any hour meets it.
    const std::time_t now = std::time(nullptr);
    std::tm utc{};
    ::gmtime_r(&now, &utc);
    dictionary.setString(FIX::START_DAY, day_names[(utc.tm_wday + 5) % 7]);
    dictionary.setString(FIX::START_TIME, "00:00:00");
    dictionary.setString(FIX::END_DAY, day_names[(utc.tm_wday + 3) % 7]);
    dictionary.setString(FIX::END_TIME, "23:59:59");
    dictionary.setString(FIX::USE_DATA_DICTIONARY, "N");
    if (!options.store_directory.empty()) {
        dictionary.setString(FIX::FILE_STORE_PATH, options.store_directory);
    }
    return dictionary;
}

}  // namespace

struct LineServer::Impl : FIX::Application {
    Impl(const LineServerOptions& given, LineEvents& sink)
        : options(given),
          events(sink),
          port(given.port != 0 ? given.port : free_port()),
          id("FIX.4.4", given.target_comp_id, given.sender_comp_id),
          logs(sink) {
        settings.set(id, dictionary_of(options, port));
        FIX::Dictionary defaults;
        defaults.setString(FIX::SOCKET_NODELAY, "Y");
        settings.set(defaults);
        if (options.store_directory.empty()) {
            stores.reset(new NewestStoreFactory());
        } else {
            stores.reset(new FIX::FileStoreFactory(settings));
        }
        acceptor.reset(new FIX::SocketAcceptor(*this, *stores, settings, logs));
    }

    void onCreate(const FIX::SessionID&) override {}
    void onLogon(const FIX::SessionID&) override { events.on_logged_on(); }
    void onLogout(const FIX::SessionID&) override { events.on_logged_out(); }
    // A refusal's text begins with its code; QuickFIX puts words of its own before it.
    void toAdmin(FIX::Message& message, const FIX::SessionID&) override {
        static const std::string prefix = "Rejected Logon Attempt: ";
        if (message.getHeader().getField(FIX::FIELD::MsgType) != "5") {
            return;
        }
        const std::string text = text_of(message, FIX::FIELD::Text);
        if (text.compare(0, prefix.size(), prefix) == 0) {
            message.setField(FIX::FIELD::Text, text.substr(prefix.size()));
        }
    }
    void toApp(FIX::Message&, const FIX::SessionID&) throw(FIX::DoNotSend) override {}
    void fromAdmin(const FIX::Message& message,
                   const FIX::SessionID&) throw(FIX::FieldNotFound, FIX::IncorrectDataFormat,
                                                FIX::IncorrectTagValue, FIX::RejectLogon) override {
        events.before_message();
        if (message.getHeader().getField(FIX::FIELD::MsgType) != "A") {
            return;
        }
        const std::string refusal = events.on_logon(text_of(message, FIX::FIELD::RawDataLength),
                                                    text_of(message, FIX::FIELD::RawData));
        if (!refusal.empty()) {
            throw FIX::RejectLogon(refusal);
        }
    }
    void fromApp(const FIX::Message& message,
                 const FIX::SessionID&) throw(FIX::FieldNotFound, FIX::IncorrectDataFormat,
                                              FIX::IncorrectTagValue, FIX::UnsupportedMessageType) override {
        events.before_message();
        const FIX::Header& header = message.getHeader();
        const std::string& type = header.getField(FIX::FIELD::MsgType);
        const auto number = static_cast<std::uint64_t>(std::stoul(header.getField(FIX::FIELD::MsgSeqNum)));
        if (type != "D" && type != "G" && type != "F" && type != "H") {
            events.on_unserved(type, number);
            return;
        }
        OrderMessage order;
        order.type = type[0];
        order.message_number = number;
        order.poss_resend = text_of(header, FIX::FIELD::PossResend) == "Y";
        order.branch = text_of(header, FIX::FIELD::SenderSubID);
        order.ap_code = text_of(header, FIX::FIELD::TargetSubID);
        order.client_order_id = text_of(message, FIX::FIELD::ClOrdID);
        order.original_client_order_id = text_of(message, FIX::FIELD::OrigClOrdID);
        order.order_number = text_of(message, FIX::FIELD::OrderID);
        order.account = text_of(message, FIX::FIELD::Account);
        order.symbol = text_of(message, FIX::FIELD::Symbol);
        order.side = text_of(message, FIX::FIELD::Side);
        order.quantity = text_of(message, FIX::FIELD::OrderQty);
        order.order_type = text_of(message, FIX::FIELD::OrdType);
        order.price = text_of(message, FIX::FIELD::Price);
        order.time_in_force = text_of(message, FIX::FIELD::TimeInForce);
        order.transact_time = text_of(message, FIX::FIELD::TransactTime);
        order.channel = text_of(message, 10000);
        order.credit_type = text_of(message, 10001);
        order.exchange_code = text_of(message, 10002);
        order.check_age = text_of(message, 10004);
        events.on_order(order);
    }

    FIX::Session& session() const {
        FIX::Session* found = FIX::Session::lookupSession(id);
        if (found == nullptr) {
            throw std::runtime_error("QuickFIX has no session " + id.toString());
        }
        return *found;
    }

    LineServerOptions options;
    LineEvents& events;
    int port;
    FIX::SessionID id;
    RawLogFactory logs;
    FIX::SessionSettings settings;
    std::unique_ptr<FIX::MessageStoreFactory> stores;
    std::unique_ptr<FIX::SocketAcceptor> acceptor;
    bool started = false;
};

LineServer::LineServer(const LineServerOptions& options, LineEvents& events) {
    try {
        impl_.reset(new Impl(options, events));
    } catch (const FIX::Exception& error) {
        throw std::runtime_error("line " + options.sender_comp_id + ": " + error.what());
    }
}

LineServer::~LineServer() {
    stop();
}

void LineServer::start() {
    try {
        impl_->acceptor->start();
        impl_->started = true;
    } catch (const FIX::Exception& error) {
        throw std::runtime_error("line " + impl_->options.sender_comp_id + ": port " +
                                 std::to_string(impl_->port) + ": " + error.what());
    }
}

void LineServer::stop() {
    if (impl_->started) {
        impl_->acceptor->stop(true);
        impl_->started = false;
    }
}

int LineServer::port() const {
    return impl_->port;
}

bool LineServer::send(const OutMessage& message) {
    FIX::Message out;
    FIX::Header& header = out.getHeader();
    header.setField(FIX::FIELD::MsgType, std::string(1, message.type));
    if (!message.sender_sub_id.empty()) {
        header.setField(FIX::FIELD::SenderSubID, message.sender_sub_id);
    }
    if (!message.target_sub_id.empty()) {
        header.setField(FIX::FIELD::TargetSubID, message.target_sub_id);
    }
    for (const auto& field : message.fields) {
        out.setField(field.first, field.second);
    }
    return FIX::Session::sendToTarget(out, impl_->id);
}

void LineServer::log_out(const std::string& text) {
    impl_->session().logout(text);
}

void LineServer::cut(bool reset) {
    each_connection(impl_->port, [reset](int descriptor) {
        if (reset) {
            sockaddr nowhere{};
            nowhere.sa_family = AF_UNSPEC;  // dissolves the connection by RST
            static_cast<void>(::connect(descriptor, &nowhere, sizeof(nowhere)));
        } else {
            ::shutdown(descriptor, SHUT_RDWR);
        }
    });
}

void LineServer::skip_numbers(int count) {
    FIX::Session& session = impl_->session();
    session.setNextSenderMsgSeqNum(session.getExpectedSenderNum() + count);
}

void LineServer::ask_resend_all() {
    OutMessage message;
    message.type = '2';
    message.fields = {{FIX::FIELD::BeginSeqNo, "1"}, {FIX::FIELD::EndSeqNo, "0"}};
    send(message);
}

int LineServer::next_outgoing() const {
    return impl_->session().getExpectedSenderNum();
}

int LineServer::next_incoming() const {
    return impl_->session().getExpectedTargetNum();
}

void LineServer::set_next_incoming(int number) {
    impl_->session().setNextTargetMsgSeqNum(number);
}

}  // namespace exchange
}  // namespace fairlead
