// NatsArchive: an Archive that is a stream of NATS JetStream. A connection that fails is given up and made
// anew: what is on its way then is stored or not, and the stream itself says which. Every call returns within
// a few seconds.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "audit/replicate/archive.hpp"

namespace fairlead::audit {

struct NatsOptions {
    std::vector<std::string> servers;  // nats://HOST:PORT or tls://HOST:PORT
    std::string stream;
    std::string subject;      // its messages are SUBJECT.beginning, .records and .checkpoints
    std::string credentials;  // file of a user's JWT and seed; empty: none
    std::string tls_ca;       // files; empty: none
    std::string tls_certificate;
    std::string tls_key;
    int replicas = 1;
    std::int64_t wait_ms = 3000;  // for one answer
    // Each time it opens, another server alone: so that who has a watch to keep waits for no more than one.
    bool one_server_a_time = false;
};

// Name of a stream: letters, digits, - and _. Empty text: it is one. Otherwise the rule it breaks.
[[nodiscard]] std::string stream_name_fault(const std::string& name);
// The same of what subjects begin with: parts like a stream's name, with dots between them.
[[nodiscard]] std::string subject_fault(const std::string& name);
// Whether the server with this URL is on another host, and not asked for by tls://.
[[nodiscard]] bool plain_to_others(const std::string& url);

class NatsArchive final : public Archive {
  public:
    explicit NatsArchive(NatsOptions options);
    ~NatsArchive() override;
    ArchiveReply open(bool make, ArchiveState& state) override;
    void close() override;
    ArchiveReply state(ArchiveState& state) override;
    ArchiveReply last(MessageKind kind, ArchiveMessage& into) override;
    ArchiveReply get(std::uint64_t number, ArchiveMessage& into) override;
    ArchiveReply put(MessageKind kind, const std::string& bytes, const std::string& id,
                     std::uint64_t behind) override;

  private:
    struct Connection;
    [[nodiscard]] std::string subject(MessageKind kind) const;
    [[nodiscard]] ArchiveReply connect();
    [[nodiscard]] ArchiveReply make();

    NatsOptions options_;
    std::size_t opened_ = 0;  // how often
    std::unique_ptr<Connection> connection_;
};

}  // namespace fairlead::audit
