#include "audit/replicate/nats_archive.hpp"

#include <nats/nats.h>

#include <algorithm>
#include <array>

namespace fairlead::audit {

namespace {

template <auto destroy>
struct Destroy {
    template <class T>
    void operator()(T* object) const noexcept {
        destroy(object);
    }
};
using OptionsHandle = std::unique_ptr<natsOptions, Destroy<natsOptions_Destroy>>;
using MessageHandle = std::unique_ptr<natsMsg, Destroy<natsMsg_Destroy>>;
using AckHandle = std::unique_ptr<jsPubAck, Destroy<jsPubAck_Destroy>>;
using InfoHandle = std::unique_ptr<jsStreamInfo, Destroy<jsStreamInfo_Destroy>>;

constexpr std::array<const char*, 3> subject_ends{".beginning", ".records", ".checkpoints"};
constexpr std::int64_t connect_wait_ms = 2000;
constexpr std::int64_t duplicates_ns = 120'000'000'000;

// The library's own words with what the server said.
std::string why(const char* what, natsStatus status, jsErrCode code) {
    std::string text = std::string(what) + ": " + natsStatus_GetText(status);
    // Kept by the library for this thread; it may be of an earlier call.
    natsStatus last = NATS_OK;
    const char* const said = nats_GetLastError(&last);
    if (said != nullptr && *said != '\0' && last == status) {
        text.append(", ").append(said);
    }
    return code == 0 ? text : text + " (" + std::to_string(static_cast<int>(code)) + ")";
}

ArchiveReply away(const char* what, natsStatus status, jsErrCode code = static_cast<jsErrCode>(0)) {
    return {ArchiveAnswer::away, why(what, status, code)};
}

// Which of a stream's settings would let it lose, reorder or admit what it must not.
std::string settings_fault(const jsStreamConfig& set, const std::vector<std::string>& subjects,
                           int replicas) {
    std::vector<std::string> its(set.Subjects, set.Subjects + set.SubjectsLen);
    std::sort(its.begin(), its.end());
    struct Rule {
        bool holds;
        const char* text;
    };
    const std::array rules{
        Rule{its == subjects, "subjects: must be SUBJECT.beginning, SUBJECT.checkpoints and SUBJECT.records"},
        Rule{set.Storage == js_FileStorage, "storage: must be file"},
        Rule{set.Retention == js_LimitsPolicy, "retention: must be limits"},
        Rule{set.Discard == js_DiscardNew, "discard: must be new, or the oldest records would go"},
        Rule{set.MaxAge == 0, "max_age: must be 0, or records would go"},
        Rule{set.MaxMsgsPerSubject <= 0, "max_msgs_per_subject: must be without limit, or records would go"},
        Rule{set.DenyDelete, "deny_delete: must be set"},
        Rule{set.DenyPurge, "deny_purge: must be set"},
        Rule{!set.AllowRollup, "allow_rollup_hdrs: must not be set"},
        Rule{!set.NoAck, "no_ack: must not be set"},
        Rule{!set.Sealed, "sealed: nothing can be added"},
        Rule{set.Mirror == nullptr && set.SourcesLen == 0, "mirror, sources: must be none"}};
    for (const Rule& rule : rules) {
        if (!rule.holds) {
            return std::string("its setting ") + rule.text;
        }
    }
    return replicas == 0 || set.Replicas == replicas
               ? ""
               : "its setting replicas is " + std::to_string(set.Replicas) + ", asked for is " +
                     std::to_string(replicas);
}

}  // namespace

struct NatsArchive::Connection {
    natsConnection* connection = nullptr;
    jsCtx* stream = nullptr;
    bool direct = false;  // any server of the stream's may be asked for a message, and gives it as it is
    Connection() = default;
    ~Connection() {
        jsCtx_Destroy(stream);
        natsConnection_Destroy(connection);
    }
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;
};

std::string stream_name_fault(const std::string& name) {
    const bool plain = std::all_of(name.begin(), name.end(), [](unsigned char character) {
        return std::isalnum(character) != 0 || character == '-' || character == '_';
    });
    return plain && !name.empty() && name.size() <= 64 ? "" : "must be 1 to 64 letters, digits, - or _";
}

std::string subject_fault(const std::string& name) {
    for (std::size_t at = 0; at <= name.size();) {
        const std::size_t end = std::min(name.find('.', at), name.size());
        if (!stream_name_fault(name.substr(at, end - at)).empty()) {
            return "must be parts of letters, digits, - or _ with dots between them";
        }
        at = end + 1;
    }
    return {};
}

bool plain_to_others(const std::string& url) {
    if (url.starts_with("tls://")) {
        return false;
    }
    std::size_t host = url.find("://");
    host = host == std::string::npos ? 0 : host + 3;
    const std::size_t user = url.find('@', host);
    const std::string_view rest = std::string_view(url).substr(user == std::string::npos ? host : user + 1);
    return !rest.starts_with("127.") && !rest.starts_with("localhost") && !rest.starts_with("[::1]");
}

NatsArchive::NatsArchive(NatsOptions options) : options_(std::move(options)) {}
NatsArchive::~NatsArchive() = default;

std::string NatsArchive::subject(MessageKind kind) const {
    return options_.subject + subject_ends[static_cast<std::size_t>(kind)];
}

ArchiveReply NatsArchive::connect() {
    natsOptions* made = nullptr;
    natsStatus status = natsOptions_Create(&made);
    const OptionsHandle set(made);
    std::vector<const char*> servers;
    for (const std::string& server : options_.servers) {
        servers.push_back(server.c_str());
    }
    if (options_.one_server_a_time) {
        servers = {servers[opened_++ % servers.size()]};
    }
    const auto then = [&status](natsStatus next) { status = status == NATS_OK ? next : status; };
    if (status == NATS_OK) {
        then(natsOptions_SetServers(made, servers.data(), static_cast<int>(servers.size())));
        then(natsOptions_SetName(made, "fairlead-replicate"));
        then(natsOptions_SetTimeout(made, connect_wait_ms));
        then(natsOptions_SetWriteDeadline(made, options_.wait_ms));
        // A lost connection is made anew by whoever steps the replicator, and the stream read first.
        then(natsOptions_SetAllowReconnect(made, false));
        then(natsOptions_SetIgnoreDiscoveredServers(made, true));
        if (!options_.tls_ca.empty()) {
            then(natsOptions_SetSecure(made, true));
            then(natsOptions_LoadCATrustedCertificates(made, options_.tls_ca.c_str()));
        }
        if (!options_.tls_certificate.empty()) {
            then(natsOptions_LoadCertificatesChain(made, options_.tls_certificate.c_str(),
                                                   options_.tls_key.c_str()));
        }
        if (!options_.credentials.empty()) {
            then(natsOptions_SetUserCredentialsFromFiles(made, options_.credentials.c_str(), nullptr));
        }
    }
    connection_ = std::make_unique<Connection>();
    then(status == NATS_OK ? natsConnection_Connect(&connection_->connection, made) : status);
    jsOptions js;
    jsOptions_Init(&js);
    js.Wait = options_.wait_ms;
    then(status == NATS_OK ? natsConnection_JetStream(&connection_->stream, connection_->connection, &js)
                           : status);
    if (status != NATS_OK) {
        ArchiveReply reply = away("connecting", status);
        close();
        return reply;
    }
    return {};
}

ArchiveReply NatsArchive::make() {
    jsStreamConfig set;
    jsStreamConfig_Init(&set);
    const std::array<std::string, 3> subjects{subject(MessageKind::beginning), subject(MessageKind::records),
                                              subject(MessageKind::checkpoint)};
    std::array<const char*, 3> names{subjects[0].c_str(), subjects[1].c_str(), subjects[2].c_str()};
    set.Name = options_.stream.c_str();
    set.Description = "Records of a Fairlead journal, byte for byte, with its signed checkpoints";
    set.Subjects = names.data();
    set.SubjectsLen = static_cast<int>(names.size());
    set.Storage = js_FileStorage;
    set.Retention = js_LimitsPolicy;
    set.Discard = js_DiscardNew;
    set.Replicas = std::max(1, options_.replicas);
    set.Duplicates = duplicates_ns;
    set.DenyDelete = true;
    set.DenyPurge = true;
    set.AllowDirect = true;
    jsErrCode code{};
    const natsStatus status = js_AddStream(nullptr, connection_->stream, &set, nullptr, &code);
    return status == NATS_OK ? ArchiveReply{} : away("making the stream", status, code);
}

ArchiveReply NatsArchive::open(bool make_it, ArchiveState& into) {
    if (ArchiveReply reply = connect(); !reply.ok()) {
        return reply;
    }
    ArchiveReply reply = state(into);
    if (reply.answer == ArchiveAnswer::absent && make_it) {
        reply = make();
        reply = reply.ok() ? state(into) : reply;
        into.made_now = reply.ok();
    }
    return reply;
}

void NatsArchive::close() {
    connection_.reset();
}

ArchiveReply NatsArchive::state(ArchiveState& into) {
    into = {};
    jsStreamInfo* found = nullptr;
    jsErrCode code{};
    const natsStatus status =
        js_GetStreamInfo(&found, connection_->stream, options_.stream.c_str(), nullptr, &code);
    const InfoHandle info(found);
    if (status == NATS_NOT_FOUND && code == JSStreamNotFoundErr) {
        return {ArchiveAnswer::absent, "there is no stream '" + options_.stream + "'"};
    }
    if (status != NATS_OK) {
        return away("asking for the stream", status, code);
    }
    if (found->Cluster != nullptr && (found->Cluster->Leader == nullptr || *found->Cluster->Leader == '\0')) {
        return {ArchiveAnswer::away, "the stream has no leader"};
    }
    into.first = found->State.FirstSeq;
    into.last = found->State.LastSeq;
    connection_->direct = found->Config->AllowDirect;
    into.messages = found->State.Msgs;
    std::vector<std::string> subjects{subject(MessageKind::beginning), subject(MessageKind::records),
                                      subject(MessageKind::checkpoint)};
    std::sort(subjects.begin(), subjects.end());
    into.wrong = settings_fault(*found->Config, subjects, options_.replicas);
    return {};
}

namespace {

ArchiveReply take(natsStatus status, jsErrCode code, const MessageHandle& message, ArchiveMessage& into) {
    if (code == JSNoMessageFoundErr) {
        return {ArchiveAnswer::absent, why("asking for a message", status, code)};
    }
    if (status != NATS_OK) {
        return away("asking for a message", status, code);
    }
    into.number = natsMsg_GetSequence(message.get());
    into.bytes.assign(natsMsg_GetData(message.get()),
                      static_cast<std::size_t>(natsMsg_GetDataLength(message.get())));
    return {};
}

}  // namespace

ArchiveReply NatsArchive::last(MessageKind kind, ArchiveMessage& into) {
    natsMsg* found = nullptr;
    jsErrCode code{};
    const natsStatus status = js_GetLastMsg(&found, connection_->stream, options_.stream.c_str(),
                                            subject(kind).c_str(), nullptr, &code);
    into.kind = kind;
    return take(status, code, MessageHandle(found), into);
}

// The leader's answer is JSON and base64, and takes ten times as long to read as the message itself from
// whichever server answers first. That one may lag: what it does not have the leader is asked for.
ArchiveReply NatsArchive::get(std::uint64_t number, ArchiveMessage& into) {
    natsMsg* found = nullptr;
    jsErrCode code{};
    natsStatus status = NATS_NOT_FOUND;
    if (connection_->direct) {
        jsDirectGetMsgOptions wanted;
        jsDirectGetMsgOptions_Init(&wanted);
        wanted.Sequence = number;
        status = js_DirectGetMsg(&found, connection_->stream, options_.stream.c_str(), nullptr, &wanted);
    }
    if (status != NATS_OK) {
        status = js_GetMsg(&found, connection_->stream, options_.stream.c_str(), number, nullptr, &code);
    }
    const MessageHandle message(found);
    ArchiveReply reply = take(status, code, message, into);
    if (!reply.ok()) {
        return reply;
    }
    const std::string its = natsMsg_GetSubject(found);
    for (const MessageKind kind : {MessageKind::beginning, MessageKind::records, MessageKind::checkpoint}) {
        if (its == subject(kind)) {
            into.kind = kind;
            return reply;
        }
    }
    return away("asking for a message: it came with another subject", NATS_ERR);
}

ArchiveReply NatsArchive::put(MessageKind kind, const std::string& bytes, const std::string& id,
                              std::uint64_t behind) {
    natsMsg* made = nullptr;
    natsStatus status =
        natsMsg_Create(&made, subject(kind).c_str(), nullptr, bytes.data(), static_cast<int>(bytes.size()));
    const MessageHandle message(made);
    // By hand: the library leaves an expected sequence of 0 out, and an empty stream is expected to be empty.
    const auto then = [&status](natsStatus next) { status = status == NATS_OK ? next : status; };
    if (status == NATS_OK) {
        then(natsMsgHeader_Set(made, "Nats-Msg-Id", id.c_str()));
        then(natsMsgHeader_Set(made, "Nats-Expected-Stream", options_.stream.c_str()));
        then(natsMsgHeader_Set(made, "Nats-Expected-Last-Sequence", std::to_string(behind).c_str()));
    }
    jsPubAck* answered = nullptr;
    jsErrCode code{};
    then(status == NATS_OK ? js_PublishMsg(&answered, connection_->stream, made, nullptr, &code) : status);
    const AckHandle ack(answered);
    if (code == JSStreamWrongLastSequenceErr) {
        return {ArchiveAnswer::moved, why("publishing", status, code)};
    }
    if (status != NATS_OK) {
        return away("publishing", status, code);
    }
    // A duplicate is there, but not because of us, and not where we think.
    if (answered->Duplicate || answered->Sequence != behind + 1) {
        return {ArchiveAnswer::moved,
                "publishing: it is already there as message " + std::to_string(answered->Sequence)};
    }
    return {};
}

}  // namespace fairlead::audit
