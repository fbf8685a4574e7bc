// The gateway of QuickFIX on both sides. The acceptor's thread takes orders, the initiator's thread takes
// reports; both reach the maps under one mutex. No QuickFIX log, no data dictionary, TCP_NODELAY on.
#include "bench/wire/quickfix_middle.hpp"

#include <quickfix/Application.h>
#include <quickfix/FileStore.h>
#include <quickfix/MessageStore.h>
#include <quickfix/Session.h>
#include <quickfix/SessionSettings.h>
#include <quickfix/SocketAcceptor.h>
#include <quickfix/SocketInitiator.h>
#include <quickfix/ThreadedSocketAcceptor.h>
#include <quickfix/ThreadedSocketInitiator.h>
#include <quickfix/fix44/ExecutionReport.h>
#include <quickfix/fix44/NewOrderSingle.h>
#include <quickfix/fix44/TestRequest.h>

#include <cstdio>
#include <ctime>
#include <map>
#include <mutex>
#include <stdexcept>
#include <unordered_map>

namespace fairlead {
namespace wire {
namespace {

constexpr int lot_shares = 1000;
constexpr int price_decimals = 4;
constexpr int channel_tag = 10000;
constexpr int credit_type_tag = 10001;
constexpr int exchange_code_tag = 10002;

const char* const day_names[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};

// What both sides share. The session time ends three days away, so that no run meets it.
FIX::Dictionary common_settings(const QuickfixMiddleOptions& options) {
    FIX::Dictionary dictionary;
    const std::time_t now = std::time(nullptr);
    std::tm utc{};
    ::gmtime_r(&now, &utc);
    dictionary.setString(FIX::START_DAY, day_names[(utc.tm_wday + 5) % 7]);
    dictionary.setString(FIX::START_TIME, "00:00:00");
    dictionary.setString(FIX::END_DAY, day_names[(utc.tm_wday + 3) % 7]);
    dictionary.setString(FIX::END_TIME, "23:59:59");
    dictionary.setString(FIX::SOCKET_NODELAY, "Y");
    dictionary.setString(FIX::USE_DATA_DICTIONARY, "N");
    if (!options.store_directory.empty()) {
        dictionary.setString(FIX::FILE_STORE_PATH, options.store_directory);
    }
    return dictionary;
}

// 1/10,000 NTD of a decimal number; throws on what is none.
std::int64_t price_of(const std::string& text) {
    const std::string::size_type point = text.find('.');
    std::string digits = text.substr(0, point);
    std::string fraction = point == std::string::npos ? std::string() : text.substr(point + 1);
    fraction.resize(price_decimals, '0');
    return std::stoll(digits + fraction);
}

struct ClientOrder {
    std::string client_order_id;
    std::string account;
    std::int64_t reserved;
};

}  // namespace

struct QuickfixMiddle::Impl : FIX::Application {
    explicit Impl(const QuickfixMiddleOptions& given)
        : options(given), client("FIX.4.4", "FAIRLEAD", "CLIENT01"), venue("FIX.4.4", "T8610H3", "XTAI") {
        money_left[options.account] = options.money;
        FIX::Dictionary to_client = common_settings(options);
        to_client.setString(FIX::CONNECTION_TYPE, "acceptor");
        to_client.setInt(FIX::SOCKET_ACCEPT_PORT, options.listen_port);
        to_client.setString(FIX::SOCKET_REUSE_ADDRESS, "Y");
        accept_settings.set(common_settings(options));
        accept_settings.set(client, to_client);
        FIX::Dictionary to_venue = common_settings(options);
        to_venue.setString(FIX::CONNECTION_TYPE, "initiator");
        to_venue.setString(FIX::SOCKET_CONNECT_HOST, "127.0.0.1");
        to_venue.setInt(FIX::SOCKET_CONNECT_PORT, options.venue_port);
        to_venue.setInt(FIX::HEARTBTINT, 10);
        to_venue.setInt(FIX::RECONNECT_INTERVAL, 1);
        connect_settings.set(common_settings(options));
        connect_settings.set(venue, to_venue);
        accept_stores = stores(accept_settings);
        connect_stores = stores(connect_settings);
        if (options.threaded) {
            acceptor.reset(new FIX::ThreadedSocketAcceptor(*this, *accept_stores, accept_settings));
            initiator.reset(new FIX::ThreadedSocketInitiator(*this, *connect_stores, connect_settings));
        } else {
            acceptor.reset(new FIX::SocketAcceptor(*this, *accept_stores, accept_settings));
            initiator.reset(new FIX::SocketInitiator(*this, *connect_stores, connect_settings));
        }
    }

    std::unique_ptr<FIX::MessageStoreFactory> stores(const FIX::SessionSettings& settings) const {
        std::unique_ptr<FIX::MessageStoreFactory> factory;
        if (options.store_directory.empty()) {
            factory.reset(new FIX::MemoryStoreFactory());
        } else {
            factory.reset(new FIX::FileStoreFactory(settings));
        }
        return factory;
    }

    void onCreate(const FIX::SessionID&) override {}
    // The line is proven before orders go: the venue answers a TestRequest.
    void onLogon(const FIX::SessionID& session) override {
        if (session == venue) {
            FIX44::TestRequest proof{FIX::TestReqID("PROOF")};
            FIX::Session::sendToTarget(proof, venue);
        }
    }
    void onLogout(const FIX::SessionID&) override {}
    void toAdmin(FIX::Message&, const FIX::SessionID&) override {}
    void toApp(FIX::Message&, const FIX::SessionID&) throw(FIX::DoNotSend) override {}
    void fromAdmin(const FIX::Message&,
                   const FIX::SessionID&) throw(FIX::FieldNotFound, FIX::IncorrectDataFormat,
                                                FIX::IncorrectTagValue, FIX::RejectLogon) override {}
    void fromApp(const FIX::Message& message,
                 const FIX::SessionID& session) throw(FIX::FieldNotFound, FIX::IncorrectDataFormat,
                                                      FIX::IncorrectTagValue,
                                                      FIX::UnsupportedMessageType) override {
        const std::string& type = message.getHeader().getField(FIX::FIELD::MsgType);
        try {
            if (session == client && type == FIX::MsgType_NewOrderSingle) {
                take_order(message);
            } else if (session == venue && type == FIX::MsgType_ExecutionReport) {
                take_report(message);
            } else {
                throw FIX::UnsupportedMessageType();
            }
        } catch (const std::invalid_argument&) {  // a number that is none
            throw FIX::IncorrectDataFormat();
        }
    }

    // Reserves the money and sends the order on, or refuses it.
    void take_order(const FIX::Message& order) {
        const std::string& account = order.getField(FIX::FIELD::Account);
        const std::string& price = order.getField(FIX::FIELD::Price);
        const std::int64_t shares = std::stoll(order.getField(FIX::FIELD::OrderQty));
        const std::int64_t amount = price_of(price) * shares;
        std::uint64_t number = 0;
        std::string venue_order_id;
        {
            const std::lock_guard<std::mutex> lock(mutex);
            const auto money = money_left.find(account);
            if (money != money_left.end() && money->second >= amount && shares % lot_shares == 0) {
                money->second -= amount;
                number = ++last_number;
                char id[16];
                std::snprintf(id, sizeof id, "%012llu", static_cast<unsigned long long>(number));
                venue_order_id = id;
                orders[venue_order_id] = {order.getField(FIX::FIELD::ClOrdID), account, amount};
            }
        }
        if (number == 0) {
            refuse(order);
        } else {
            send_on(order, venue_order_id, number, shares / lot_shares);
        }
    }

    void send_on(const FIX::Message& order, const std::string& id, std::uint64_t number, std::int64_t lots) {
        const std::string& account = order.getField(FIX::FIELD::Account);
        const std::string::size_type dash = account.find('-');
        char order_number[16];
        std::snprintf(order_number, sizeof order_number, "A%04llu",
                      static_cast<unsigned long long>(number % 10'000));
        FIX44::NewOrderSingle out;
        out.getHeader().setField(FIX::FIELD::SenderSubID, account.substr(0, dash));
        out.getHeader().setField(FIX::FIELD::TargetSubID, "0");
        out.setField(FIX::FIELD::ClOrdID, id);
        out.setField(FIX::FIELD::OrderID, order_number);
        out.setField(FIX::FIELD::Account, account.substr(dash + 1));
        out.setField(FIX::FIELD::OrderQty, std::to_string(lots));
        for (const int tag : {FIX::FIELD::Symbol, FIX::FIELD::Side, FIX::FIELD::OrdType, FIX::FIELD::Price,
                              FIX::FIELD::TimeInForce}) {
            out.setField(tag, order.getField(tag));
        }
        out.setField(FIX::TransactTime(FIX::UtcTimeStamp(), 3));
        out.setField(channel_tag, "1");
        out.setField(credit_type_tag, "0");
        out.setField(exchange_code_tag, "0");
        FIX::Session::sendToTarget(out, venue);
    }

    void refuse(const FIX::Message& order) {
        FIX44::ExecutionReport out;
        out.setField(FIX::FIELD::OrderID, "NONE");
        out.setField(FIX::FIELD::ExecID, "R" + order.getField(FIX::FIELD::ClOrdID));
        out.setField(FIX::FIELD::ExecType, "8");
        out.setField(FIX::FIELD::OrdStatus, "8");
        out.setField(FIX::FIELD::LeavesQty, "0");
        out.setField(FIX::FIELD::CumQty, "0");
        out.setField(FIX::FIELD::AvgPx, "0");
        out.setField(FIX::FIELD::Text, "not enough money");
        for (const int tag :
             {FIX::FIELD::ClOrdID, FIX::FIELD::Account, FIX::FIELD::Symbol, FIX::FIELD::Side}) {
            out.setField(tag, order.getField(tag));
        }
        FIX::Session::sendToTarget(out, client);
    }

    // Finds whose order it was; what ends one unfilled gives its money back.
    void take_report(const FIX::Message& report) {
        ClientOrder order;
        const std::string& status = report.getField(FIX::FIELD::OrdStatus);
        {
            const std::lock_guard<std::mutex> lock(mutex);
            const auto found = orders.find(report.getField(FIX::FIELD::ClOrdID));
            if (found == orders.end()) {
                return;
            }
            if (status == "8") {
                money_left[found->second.account] += found->second.reserved;
                order = std::move(found->second);
                orders.erase(found);
            } else {
                order = found->second;
            }
        }
        FIX44::ExecutionReport out;
        out.setField(FIX::FIELD::ClOrdID, order.client_order_id);
        out.setField(FIX::FIELD::Account, order.account);
        for (const int tag :
             {FIX::FIELD::OrderID, FIX::FIELD::ExecID, FIX::FIELD::ExecType, FIX::FIELD::OrdStatus,
              FIX::FIELD::Symbol, FIX::FIELD::Side, FIX::FIELD::OrdType, FIX::FIELD::Price,
              FIX::FIELD::TimeInForce, FIX::FIELD::AvgPx}) {
            if (report.isSetField(tag)) {
                out.setField(tag, report.getField(tag));
            }
        }
        for (const int tag : {FIX::FIELD::OrderQty, FIX::FIELD::LeavesQty, FIX::FIELD::CumQty}) {
            out.setField(tag, std::to_string(std::stoll(report.getField(tag)) * lot_shares));
        }
        out.setField(FIX::TransactTime(FIX::UtcTimeStamp(), 3));
        FIX::Session::sendToTarget(out, client);
    }

    QuickfixMiddleOptions options;
    FIX::SessionID client;
    FIX::SessionID venue;
    FIX::SessionSettings accept_settings;
    FIX::SessionSettings connect_settings;
    std::unique_ptr<FIX::MessageStoreFactory> accept_stores;
    std::unique_ptr<FIX::MessageStoreFactory> connect_stores;
    std::unique_ptr<FIX::Acceptor> acceptor;
    std::unique_ptr<FIX::Initiator> initiator;

    std::mutex mutex;  // the three below: written and read by both sides' threads
    std::map<std::string, std::int64_t> money_left;
    std::unordered_map<std::string, ClientOrder> orders;  // by the id given to the venue
    std::uint64_t last_number = 0;
};

QuickfixMiddle::QuickfixMiddle(const QuickfixMiddleOptions& options) {
    try {
        impl_.reset(new Impl(options));
    } catch (const FIX::Exception& error) {
        throw std::runtime_error(error.what());
    }
}

QuickfixMiddle::~QuickfixMiddle() = default;

void QuickfixMiddle::start() {
    try {
        impl_->acceptor->start();
        impl_->initiator->start();
    } catch (const FIX::Exception& error) {
        throw std::runtime_error(error.what());
    }
}

void QuickfixMiddle::stop() {
    impl_->initiator->stop(true);
    impl_->acceptor->stop(true);
}

}  // namespace wire
}  // namespace fairlead
