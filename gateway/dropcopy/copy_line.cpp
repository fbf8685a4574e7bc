#include "gateway/dropcopy/copy_line.hpp"

#include <quickfix/Application.h>
#include <quickfix/FileStore.h>
#include <quickfix/Log.h>
#include <quickfix/Session.h>
#include <quickfix/SessionSettings.h>
#include <quickfix/ThreadedSocketAcceptor.h>

#include <atomic>
#include <ctime>
#include <map>

namespace fairlead {
namespace dropcopy {
namespace {

constexpr int sequence_tag = 10010;
constexpr int session_tag = 10011;

std::string text_of(const FIX::FieldMap& fields, int tag) {
    return fields.isSetField(tag) ? fields.getField(tag) : std::string();
}

// QuickFIX's events only: messages hold passwords, and the journal holds the rest.
class NoteLog : public FIX::Log {
  public:
    explicit NoteLog(CopyEvents& events) : events_(events) {}
    void clear() override {}
    void backup() override {}
    void onIncoming(const std::string&) override {}
    void onOutgoing(const std::string&) override {}
    // QuickFIX shows a Logon it cannot place whole, password and all.
    void onEvent(const std::string& text) override { events_.on_note(text.substr(0, text.find("8=FIX"))); }

  private:
    CopyEvents& events_;
};

class NoteLogFactory : public FIX::LogFactory {
  public:
    explicit NoteLogFactory(CopyEvents& events) : events_(events) {}
    FIX::Log* create() override { return new NoteLog(events_); }
    FIX::Log* create(const FIX::SessionID&) override { return new NoteLog(events_); }
    void destroy(FIX::Log* log) override { delete log; }

  private:
    CopyEvents& events_;
};

const char* const day_names[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};

FIX::Dictionary dictionary_of(const CopyLineOptions& options) {
    FIX::Dictionary dictionary;
    dictionary.setString(FIX::CONNECTION_TYPE, "acceptor");
    dictionary.setInt(FIX::SOCKET_ACCEPT_PORT, options.port);
    dictionary.setString(FIX::SOCKET_REUSE_ADDRESS, "Y");
    dictionary.setString(FIX::SOCKET_NODELAY, "Y");
    // Numbers begin anew with every logon; where the reader stands is told by tag 10010, not by numbers.
    dictionary.setString(FIX::RESET_ON_LOGON, "Y");
    dictionary.setString(FIX::USE_DATA_DICTIONARY, "N");
    dictionary.setString(FIX::FILE_STORE_PATH, options.store);
    // QuickFIX ends sessions when its session time ends: put three days away, no process lives so long.
    const std::time_t now = std::time(nullptr);
    std::tm utc{};
    ::gmtime_r(&now, &utc);
    dictionary.setString(FIX::START_DAY, day_names[(utc.tm_wday + 5) % 7]);
    dictionary.setString(FIX::START_TIME, "00:00:00");
    dictionary.setString(FIX::END_DAY, day_names[(utc.tm_wday + 3) % 7]);
    dictionary.setString(FIX::END_TIME, "23:59:59");
    return dictionary;
}

}  // namespace

struct CopyLine::Impl : FIX::Application {
    Impl(const CopyLineOptions& given, CopyEvents& sink) : options(given), events(sink), logs(sink) {
        for (const std::string& target : options.target_comp_ids) {
            settings.set(id_of(target), dictionary_of(options));
            connections[target] = 0;
        }
        FIX::Dictionary defaults;
        defaults.setString(FIX::SOCKET_NODELAY, "Y");
        settings.set(defaults);
        stores.reset(new FIX::FileStoreFactory(settings));
        acceptor.reset(new FIX::ThreadedSocketAcceptor(*this, *stores, settings, logs));
    }

    FIX::SessionID id_of(const std::string& target) const {
        return FIX::SessionID("FIX.4.4", options.sender_comp_id, target);
    }

    void onCreate(const FIX::SessionID&) override {}
    void onLogon(const FIX::SessionID& id) override {
        const std::string comp_id = id.getTargetCompID().getValue();
        events.on_logged_on(comp_id, connections.at(comp_id));
    }
    void onLogout(const FIX::SessionID& id) override {
        events.on_logged_out(id.getTargetCompID().getValue());
    }
    void toAdmin(FIX::Message&, const FIX::SessionID&) override {}
    // Under the session's lock, on the thread that sends: one that waited there while its connection ended
    // and another began must not speak on that one.
    void toApp(FIX::Message&, const FIX::SessionID& id) throw(FIX::DoNotSend) override {
        if (connections.at(id.getTargetCompID().getValue()) != sends_for) {
            throw FIX::DoNotSend();
        }
    }
    void fromAdmin(const FIX::Message& message,
                   const FIX::SessionID& id) throw(FIX::FieldNotFound, FIX::IncorrectDataFormat,
                                                   FIX::IncorrectTagValue, FIX::RejectLogon) override {
        if (message.getHeader().getField(FIX::FIELD::MsgType) != "A") {
            return;
        }
        CopyLogon logon;
        logon.comp_id = id.getTargetCompID().getValue();
        logon.user = text_of(message, FIX::FIELD::Username);
        logon.password = text_of(message, FIX::FIELD::Password);
        logon.after = text_of(message, sequence_tag);
        const std::string refusal = events.on_logon(logon);
        if (!refusal.empty()) {
            throw FIX::RejectLogon(refusal);
        }
        ++connections.at(logon.comp_id);
    }
    // Copies go one way.
    void fromApp(const FIX::Message&,
                 const FIX::SessionID&) throw(FIX::FieldNotFound, FIX::IncorrectDataFormat,
                                              FIX::IncorrectTagValue, FIX::UnsupportedMessageType) override {
        throw FIX::UnsupportedMessageType();
    }

    CopyLineOptions options;
    CopyEvents& events;
    std::map<std::string, std::atomic<std::uint64_t>> connections;  // keys never change
    static thread_local std::uint64_t sends_for;
    NoteLogFactory logs;
    FIX::SessionSettings settings;
    std::unique_ptr<FIX::FileStoreFactory> stores;
    std::unique_ptr<FIX::ThreadedSocketAcceptor> acceptor;
};

thread_local std::uint64_t CopyLine::Impl::sends_for = 0;

CopyLine::CopyLine(const CopyLineOptions& options, CopyEvents& events) : impl_(new Impl(options, events)) {}
CopyLine::~CopyLine() = default;

std::string CopyLine::start() {
    try {
        impl_->acceptor->start();
    } catch (const std::exception& problem) {
        return problem.what();
    }
    return {};
}

void CopyLine::stop() {
    impl_->acceptor->stop();
}

bool CopyLine::send(const std::string& comp_id, std::uint64_t connection, const CopyMessage& copy) {
    FIX::Message message;
    message.getHeader().setField(FIX::FIELD::MsgType, copy.type);
    if (copy.may_be_known) {
        message.getHeader().setField(FIX::FIELD::PossResend, "Y");
    }
    for (const auto& field : copy.fields) {
        message.setField(static_cast<int>(field.first), field.second);
    }
    if (copy.type == "8") {
        message.setField(FIX::FIELD::CopyMsgIndicator, "Y");
    }
    message.setField(sequence_tag, std::to_string(copy.sequence));
    if (copy.session != 0) {
        message.setField(session_tag, std::to_string(copy.session));
    }
    FIX::Session* session = FIX::Session::lookupSession(impl_->id_of(comp_id));
    Impl::sends_for = connection;
    return session != nullptr && session->isLoggedOn() && session->send(message) &&
           impl_->connections.at(comp_id) == connection;
}

void CopyLine::log_out(const std::string& comp_id, const std::string& text) {
    FIX::Session* session = FIX::Session::lookupSession(impl_->id_of(comp_id));
    if (session != nullptr) {
        session->logout(text);
    }
}

}  // namespace dropcopy
}  // namespace fairlead
