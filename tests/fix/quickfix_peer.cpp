// See quickfix_peer.hpp.
#include "tests/fix/quickfix_peer.hpp"

#include <quickfix/Application.h>
#include <quickfix/MessageStore.h>
#include <quickfix/Responder.h>
#include <quickfix/Session.h>
#include <quickfix/TimeRange.h>
#include <quickfix/fix44/ExecutionReport.h>
#include <quickfix/fix44/NewOrderSingle.h>

namespace fairlead {
namespace test {

namespace {

class Wire : public FIX::Responder {
  public:
    bool send(const std::string& message) override {
        sent.push_back(message);
        return connected;
    }
    void disconnect() override { connected = false; }
    std::vector<std::string> sent;
    bool connected = false;
};

class Desk : public FIX::NullApplication {
  public:
    void toAdmin(FIX::Message& message, const FIX::SessionID&) override { note(message, "sent "); }
    void fromAdmin(const FIX::Message& message, const FIX::SessionID&) noexcept override {
        note(message, "got ");
    }
    void fromApp(const FIX::Message& message, const FIX::SessionID&) noexcept override {
        reports.push_back(message.isSetField(58)   ? message.getField(58)
                          : message.isSetField(11) ? message.getField(11)
                                                   : "no text");
    }
    void note(const FIX::Message& message, const std::string& how) {
        const std::string type = message.getHeader().getField(35);
        if (type == "3" || (type == "5" && message.isSetField(58))) {
            rejects.push_back(how + message.toString());
        }
    }
    std::vector<std::string> reports;
    std::vector<std::string> rejects;
};

FIX::DataDictionaryProvider provider_of(const std::string& path) {
    FIX::DataDictionaryProvider provider;
    auto dictionary = std::make_shared<FIX::DataDictionary>(path);
    provider.addTransportDataDictionary(FIX::BeginString("FIX.4.4"), dictionary);
    provider.addApplicationDataDictionary(FIX::ApplVerID("6"), dictionary);
    return provider;
}

}  // namespace

struct QuickfixPeer::State {
    State(const std::string& dictionary, bool acceptor)
        : session(desk, stores,
                  FIX::SessionID("FIX.4.4", acceptor ? "BROKER" : "CLIENT", acceptor ? "CLIENT" : "BROKER"),
                  provider_of(dictionary),
                  FIX::TimeRange(FIX::UtcTimeOnly(0, 0, 0), FIX::UtcTimeOnly(0, 0, 0)), acceptor ? 0 : 30,
                  nullptr) {}
    Wire wire;
    Desk desk;
    FIX::MemoryStoreFactory stores;
    FIX::Session session;
};

QuickfixPeer::QuickfixPeer(const std::string& data_dictionary, bool acceptor)
    : state_(new State(data_dictionary, acceptor)) {}
QuickfixPeer::~QuickfixPeer() = default;

void QuickfixPeer::connect() {
    state_->wire.connected = true;
    state_->session.setResponder(&state_->wire);
    state_->session.next();
}
void QuickfixPeer::disconnect() {
    state_->session.disconnect();
    state_->wire.connected = false;
    state_->wire.sent.clear();
}
void QuickfixPeer::tick() {
    state_->session.next();
}
void QuickfixPeer::receive(const std::string& message) {
    state_->session.next(message, FIX::UtcTimeStamp());
}

void QuickfixPeer::log_out() {
    state_->session.logout();
    state_->session.next();
    state_->session.logon();  // it may come again
}
void QuickfixPeer::reset_on_logon() {
    state_->session.setResetOnLogon(true);
}

void QuickfixPeer::send_order(const std::string& client_order_id) {
    FIX44::NewOrderSingle order;
    order.setField(FIX::ClOrdID(client_order_id));
    order.setField(FIX::Account("8610-0000017"));
    order.setField(FIX::Symbol("2330"));
    order.setField(FIX::Side('1'));
    order.setField(FIX::TransactTime(FIX::UtcTimeStamp(), 3));
    order.setField(FIX::OrderQty(1000));
    order.setField(FIX::OrdType('2'));
    order.setField(FIX::Price(605.5));
    state_->session.send(order);
}

void QuickfixPeer::send_report(const std::string& text) {
    FIX44::ExecutionReport report;
    report.setField(FIX::OrderID("000000000001"));
    report.setField(FIX::ExecID(text));
    report.setField(FIX::ExecType('0'));
    report.setField(FIX::OrdStatus('0'));
    report.setField(FIX::Symbol("2330"));
    report.setField(FIX::Side('1'));
    report.setField(FIX::LeavesQty(1000));
    report.setField(FIX::CumQty(0));
    report.setField(FIX::AvgPx(0));
    report.setField(FIX::Text(text));
    state_->session.send(report);
}

bool QuickfixPeer::connected() const {
    return state_->wire.connected;
}
int QuickfixPeer::next_in() const {
    return state_->session.getExpectedTargetNum();
}
bool QuickfixPeer::logged_on() const {
    return state_->session.isLoggedOn();
}
std::vector<std::string> QuickfixPeer::take_sent() {
    std::vector<std::string> sent;
    sent.swap(state_->wire.sent);
    return sent;
}
const std::vector<std::string>& QuickfixPeer::reports() const {
    return state_->desk.reports;
}
const std::vector<std::string>& QuickfixPeer::rejects() const {
    return state_->desk.rejects;
}

}  // namespace test
}  // namespace fairlead
