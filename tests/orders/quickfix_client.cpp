#include "tests/orders/quickfix_client.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <quickfix/Application.h>
#include <quickfix/DataDictionary.h>
#include <quickfix/FileStore.h>
#include <quickfix/Session.h>
#include <quickfix/SessionSettings.h>
#include <quickfix/SocketInitiator.h>
#include <sys/socket.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stdexcept>

namespace fairlead {
namespace tests {
namespace {

constexpr char soh = '\x01';

std::string field_of(const std::string& text, Tag tag, bool& found) {
    const std::string key = std::string(1, soh) + std::to_string(tag) + "=";
    const std::string::size_type at = text.find(key);
    found = at != std::string::npos;
    if (!found) {
        return std::string();
    }
    const std::string::size_type begin = at + key.size();
    return text.substr(begin, text.find(soh, begin) - begin);
}

ReceivedMessage as_received(const FIX::Message& message) {
    ReceivedMessage received;
    received.text = message.toString();
    bool found = false;
    received.type = field_of(received.text, 35, found);
    return received;
}

void add(Fields& fields, Tag tag, const std::string& value) {
    if (!value.empty()) {
        fields.emplace_back(tag, value);
    }
}

Fields instrument_fields(const OrderFields& order) {
    Fields fields;
    add(fields, 11, order.client_order_id);
    add(fields, 41, order.original_client_order_id);
    add(fields, 1, order.account);
    add(fields, 55, order.symbol);
    add(fields, 54, order.side);
    return fields;
}

// PossResend (97), sub ids and their like go into the header.
void set_fields(FIX::Message& message, const Fields& fields) {
    for (const auto& field : fields) {
        FIX::FieldMap& part = FIX::Message::isHeaderField(field.first) ? message.getHeader()
                                                                       : static_cast<FIX::FieldMap&>(message);
        part.setField(field.first, field.second);
    }
}

// Whether this descriptor is a connection to the options' port, from their source host if one is set.
bool is_connection(int descriptor, const QuickFixOptions& options) {
    sockaddr_in peer{};
    sockaddr_in own{};
    socklen_t length = sizeof(peer);
    if (::getpeername(descriptor, reinterpret_cast<sockaddr*>(&peer), &length) != 0 ||
        peer.sin_family != AF_INET || ntohs(peer.sin_port) != options.port) {
        return false;
    }
    length = sizeof(own);
    return options.source_host.empty() ||
           (::getsockname(descriptor, reinterpret_cast<sockaddr*>(&own), &length) == 0 &&
            own.sin_addr.s_addr == ::inet_addr(options.source_host.c_str()));
}

std::string now_text() {
    return FIX::UtcTimeStampConvertor::convert(FIX::UtcTimeStamp(), 3);
}

}  // namespace

bool ReceivedMessage::has(Tag tag) const {
    bool found = false;
    field_of(text, tag, found);
    return found;
}

std::string ReceivedMessage::field(Tag tag) const {
    bool found = false;
    return field_of(text, tag, found);
}

struct QuickFixClient::Impl : FIX::Application {
    explicit Impl(const QuickFixOptions& given)
        : options(given), id("FIX.4.4", given.sender, given.target), settings(make_settings()) {
        if (options.store_directory.empty()) {
            stores.reset(new FIX::MemoryStoreFactory());
        } else {
            stores.reset(new FIX::FileStoreFactory(options.store_directory));
        }
        initiator.reset(new FIX::SocketInitiator(*this, *stores, settings));
    }

    FIX::SessionSettings make_settings() const {
        FIX::Dictionary dictionary;
        dictionary.setString(FIX::CONNECTION_TYPE, "initiator");
        dictionary.setString(FIX::SOCKET_CONNECT_HOST, options.host);
        dictionary.setInt(FIX::SOCKET_CONNECT_PORT, options.port);
        if (!options.source_host.empty()) {
            dictionary.setString(FIX::SOCKET_CONNECT_SOURCE_HOST, options.source_host);
        }
        dictionary.setInt(FIX::HEARTBTINT, options.heartbeat_seconds);
        dictionary.setString(FIX::START_TIME, "00:00:00");
        dictionary.setString(FIX::END_TIME, "00:00:00");
        dictionary.setString(FIX::RESET_ON_LOGON, options.reset_on_logon ? "Y" : "N");
        dictionary.setString(FIX::USE_DATA_DICTIONARY, options.dictionary.empty() ? "N" : "Y");
        if (!options.dictionary.empty()) {
            dictionary.setString(FIX::DATA_DICTIONARY, options.dictionary);
        }
        // QuickFIX reads the interval and the no-delay switch from the defaults, not from the session.
        FIX::Dictionary defaults;
        defaults.setInt(FIX::RECONNECT_INTERVAL, 1);
        defaults.setInt(FIX::LOGON_TIMEOUT, 60);  // a new password is hashed several times, on a busy machine
        defaults.setString(FIX::SOCKET_NODELAY, "Y");
        FIX::SessionSettings made;
        made.set(defaults);
        made.set(id, dictionary);
        return made;
    }

    void onCreate(const FIX::SessionID&) override {}
    void onLogon(const FIX::SessionID&) override { set_logged_on(true); }
    void onLogout(const FIX::SessionID&) override { set_logged_on(false); }
    void toAdmin(FIX::Message& message, const FIX::SessionID&) override {
        const std::string type = message.getHeader().getField(FIX::FIELD::MsgType);
        if (type == "A") {
            if (!options.user.empty()) {
                message.setField(553, options.user);
            }
            if (!options.password.empty()) {
                message.setField(554, options.password);
            }
            set_fields(message, options.logon_fields);
        } else if (type == "3") {
            keep(sent_rejects, message);
        }
    }
    void toApp(FIX::Message& message, const FIX::SessionID&) throw(FIX::DoNotSend) override {
        if (message.getHeader().getField(FIX::FIELD::MsgType) == "j") {
            keep(sent_rejects, message);
        }
    }
    void fromAdmin(const FIX::Message& message,
                   const FIX::SessionID&) throw(FIX::FieldNotFound, FIX::IncorrectDataFormat,
                                                FIX::IncorrectTagValue, FIX::RejectLogon) override {
        keep(messages, message);
    }
    void fromApp(const FIX::Message& message,
                 const FIX::SessionID&) throw(FIX::FieldNotFound, FIX::IncorrectDataFormat,
                                              FIX::IncorrectTagValue, FIX::UnsupportedMessageType) override {
        keep(messages, message);
    }

    void keep(std::vector<ReceivedMessage>& into, const FIX::Message& message) {
        const std::lock_guard<std::mutex> lock(mutex);
        into.push_back(as_received(message));
        changed.notify_all();
    }
    void set_logged_on(bool value) {
        const std::lock_guard<std::mutex> lock(mutex);
        is_logged_on = value;
        changed.notify_all();
    }
    bool wait_state(bool value, int timeout_ms) {
        std::unique_lock<std::mutex> lock(mutex);
        return changed.wait_for(lock, std::chrono::milliseconds(timeout_ms),
                                [&] { return is_logged_on == value; });
    }
    FIX::Session& session() const {
        FIX::Session* found = FIX::Session::lookupSession(id);
        if (found == nullptr) {
            throw std::runtime_error("QuickFIX has no session " + id.toString());
        }
        return *found;
    }

    QuickFixOptions options;
    FIX::SessionID id;
    FIX::SessionSettings settings;
    std::unique_ptr<FIX::MessageStoreFactory> stores;
    std::unique_ptr<FIX::SocketInitiator> initiator;
    bool started = false;

    mutable std::mutex mutex;
    mutable std::condition_variable changed;
    std::vector<ReceivedMessage> messages;
    std::vector<ReceivedMessage> sent_rejects;
    bool is_logged_on = false;
};

QuickFixClient::QuickFixClient(const QuickFixOptions& options) {
    try {
        impl_.reset(new Impl(options));
    } catch (const FIX::Exception& error) {
        throw std::runtime_error(error.what());
    }
}

QuickFixClient::~QuickFixClient() {
    log_out();
}

void QuickFixClient::connect() {
    if (impl_->started) {
        return;
    }
    impl_->session().logon();
    impl_->initiator->start();
    impl_->started = true;
}

bool QuickFixClient::wait_logged_on(int timeout_ms) const {
    return impl_->wait_state(true, timeout_ms);
}
bool QuickFixClient::wait_logged_out(int timeout_ms) const {
    return impl_->wait_state(false, timeout_ms);
}

bool QuickFixClient::logged_on() const {
    const std::lock_guard<std::mutex> lock(impl_->mutex);
    return impl_->is_logged_on;
}

void QuickFixClient::log_out() {
    if (!impl_->started) {
        return;
    }
    impl_->initiator->stop();
    impl_->started = false;
}

// QuickFIX's own Session::disconnect stalls when called from outside; a socket shut down under it is
// what a real loss looks like, and it recovers from that.
void QuickFixClient::drop_connection() {
    constexpr int descriptors_max = 1024;  // QuickFIX selects, so its sockets lie below
    for (int descriptor = 3; descriptor < descriptors_max; ++descriptor) {
        if (is_connection(descriptor, impl_->options)) {
            ::shutdown(descriptor, SHUT_RDWR);
        }
    }
}

bool QuickFixClient::send(const std::string& message_type, const Fields& body) {
    FIX::Message message;
    message.getHeader().setField(FIX::FIELD::MsgType, message_type);
    set_fields(message, body);
    try {
        return FIX::Session::sendToTarget(message, impl_->id);
    } catch (const FIX::SessionNotFound&) {
        return false;
    }
}

bool QuickFixClient::send_new(const OrderFields& order) {
    Fields fields = instrument_fields(order);
    add(fields, 60, now_text());
    add(fields, 38, order.quantity);
    add(fields, 40, order.order_type);
    add(fields, 44, order.price);
    add(fields, 59, order.time_in_force);
    fields.insert(fields.end(), order.more.begin(), order.more.end());
    return send("D", fields);
}

bool QuickFixClient::send_replace(const OrderFields& order) {
    Fields fields = instrument_fields(order);
    add(fields, 60, now_text());
    add(fields, 38, order.quantity);
    add(fields, 40, order.order_type);
    add(fields, 44, order.price);
    fields.insert(fields.end(), order.more.begin(), order.more.end());
    return send("G", fields);
}

bool QuickFixClient::send_cancel(const OrderFields& order) {
    Fields fields = instrument_fields(order);
    add(fields, 60, now_text());
    add(fields, 38, order.quantity);
    fields.insert(fields.end(), order.more.begin(), order.more.end());
    return send("F", fields);
}

bool QuickFixClient::send_status(const OrderFields& order) {
    Fields fields = instrument_fields(order);
    fields.insert(fields.end(), order.more.begin(), order.more.end());
    return send("H", fields);
}

bool QuickFixClient::send_mass_cancel(const std::string& client_order_id, const std::string& symbol) {
    Fields fields;
    add(fields, 11, client_order_id);
    add(fields, 530, symbol.empty() ? "7" : "1");
    add(fields, 55, symbol);
    add(fields, 60, now_text());
    return send("q", fields);
}

bool QuickFixClient::wait(const Predicate& predicate, ReceivedMessage* found, int timeout_ms,
                          std::size_t from, std::size_t* place) const {
    std::unique_lock<std::mutex> lock(impl_->mutex);
    std::size_t at = from;
    return impl_->changed.wait_for(lock, std::chrono::milliseconds(timeout_ms), [&] {
        for (; at < impl_->messages.size(); ++at) {
            if (predicate(impl_->messages[at])) {
                if (found != nullptr) {
                    *found = impl_->messages[at];
                }
                if (place != nullptr) {
                    *place = at;
                }
                return true;
            }
        }
        return false;
    });
}

bool QuickFixClient::wait_report(const std::string& client_order_id, const std::string& exec_type,
                                 ReceivedMessage* found, int timeout_ms, std::size_t from) const {
    return wait(
        [&](const ReceivedMessage& message) {
            return message.type == "8" && message.field(11) == client_order_id &&
                   message.field(150) == exec_type;
        },
        found, timeout_ms, from);
}

bool QuickFixClient::wait_answer(const std::string& client_order_id, ReceivedMessage* found, int timeout_ms,
                                 std::size_t from) const {
    return wait(
        [&](const ReceivedMessage& message) {
            return message.field(11) == client_order_id ||
                   (message.type == "j" && message.field(379) == client_order_id);
        },
        found, timeout_ms, from);
}

std::vector<ReceivedMessage> QuickFixClient::received() const {
    const std::lock_guard<std::mutex> lock(impl_->mutex);
    return impl_->messages;
}

std::size_t QuickFixClient::received_count() const {
    const std::lock_guard<std::mutex> lock(impl_->mutex);
    return impl_->messages.size();
}

std::vector<ReceivedMessage> QuickFixClient::rejects_sent() const {
    const std::lock_guard<std::mutex> lock(impl_->mutex);
    return impl_->sent_rejects;
}

int QuickFixClient::next_outgoing_number() const {
    return impl_->session().getExpectedSenderNum();
}
int QuickFixClient::next_incoming_number() const {
    return impl_->session().getExpectedTargetNum();
}
void QuickFixClient::set_next_outgoing_number(int number) {
    impl_->session().setNextSenderMsgSeqNum(number);
}
void QuickFixClient::set_next_incoming_number(int number) {
    impl_->session().setNextTargetMsgSeqNum(number);
}

struct QuickFixValidator::Impl {
    explicit Impl(const std::string& path) : dictionary(path) {}
    FIX::DataDictionary dictionary;
};

QuickFixValidator::QuickFixValidator(const std::string& dictionary) {
    try {
        impl_.reset(new Impl(dictionary));
    } catch (const FIX::Exception& error) {
        throw std::runtime_error(error.what());
    }
}

QuickFixValidator::~QuickFixValidator() = default;

std::string QuickFixValidator::check(const std::string& message) const {
    try {
        const FIX::Message parsed(message, impl_->dictionary, true);
        impl_->dictionary.validate(parsed);
        return std::string();
    } catch (const FIX::Exception& error) {
        return error.what();
    }
}

std::string build_with_quickfix(const std::string& message_type, const std::string& sender,
                                const std::string& target, int number, const Fields& body) {
    FIX::Message message;
    FIX::Header& header = message.getHeader();
    header.setField(FIX::FIELD::BeginString, "FIX.4.4");
    header.setField(FIX::FIELD::MsgType, message_type);
    header.setField(FIX::FIELD::SenderCompID, sender);
    header.setField(FIX::FIELD::TargetCompID, target);
    header.setField(FIX::FIELD::MsgSeqNum, std::to_string(number));
    header.setField(FIX::FIELD::SendingTime, now_text());
    set_fields(message, body);
    return message.toString();
}

}  // namespace tests
}  // namespace fairlead
