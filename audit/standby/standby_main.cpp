// fairlead-standby: takes the leader's journal into this host's front, from where this host's keeper writes
// it. Ends, and is not to be started again unseen, when what comes does not fit what it holds.
#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <thread>

#include "audit/keeper/keeper.hpp"
#include "audit/program.hpp"
#include "audit/standby/channel.hpp"
#include "audit/standby/receiver.hpp"
#include "config/gateway_config.hpp"

namespace {

using namespace fairlead;
using std::chrono::microseconds;
using std::chrono::milliseconds;

constexpr milliseconds handshake_wait{2'000};
constexpr milliseconds send_wait{5'000};
constexpr std::int64_t silence_ns_max = 5'000'000'000;
// While something is not acknowledged yet the keeper's mark is looked at so often.
constexpr microseconds short_wait{50};
constexpr microseconds long_wait{10'000};

volatile std::sig_atomic_t asked_to_end = 0;
void ask_to_end(int) {
    asked_to_end = 1;
}

std::vector<std::byte> acknowledgement(risk::Sequence sequence) {
    return audit::message(audit::MessageKind::acknowledgement, std::as_bytes(std::span(&sequence, 1)));
}

// One connection of the leader's, to its end. Text: why nothing of that leader is taken any more.
std::string converse(audit::Channel& channel, audit::Receiver& receiver) {
    const audit::Standing standing = receiver.standing();
    if (!channel.send(audit::message(audit::MessageKind::standing, audit::encode(standing)), send_wait)) {
        return {};
    }
    spdlog::info("the leader has connected; this host holds its journal up to record {}", standing.last);
    risk::Sequence told = standing.acknowledged;
    std::int64_t heard_ns = audit::monotonic_now();
    while (asked_to_end == 0) {
        bool asked = false;
        while (const auto received = channel.receive()) {
            heard_ns = audit::monotonic_now();
            asked = asked || received->kind == audit::MessageKind::beat;
            if (std::string problem = receiver.take(received->kind, received->content); !problem.empty()) {
                if (receiver.ending()) {
                    return {};
                }
                if (received->kind != audit::MessageKind::refusal) {
                    static_cast<void>(channel.send(
                        audit::message(audit::MessageKind::refusal, audit::as_content(problem)), send_wait));
                }
                return problem;
            }
        }
        const risk::Sequence now = receiver.acknowledged();
        if ((asked || now != told) && !channel.send(acknowledgement(now), send_wait)) {
            break;
        }
        told = now;
        if (!channel.error().empty() || audit::monotonic_now() - heard_ns > silence_ns_max) {
            break;
        }
        channel.wait(told < receiver.last() ? short_wait : long_wait);
    }
    spdlog::warn(
        "the leader is gone: {}; this host holds its journal up to record {}, up to {} compared with what it "
        "signed",
        channel.error().empty() ? "nothing came for 5 seconds" : channel.error(), receiver.last(),
        receiver.compared());
    return {};
}

int serve(const config::GatewayConfig& config, audit::Front& front, audit::ReceiverOptions options) {
    audit::Receiver receiver(std::move(options), front);
    if (const std::string error = receiver.prepare(); !error.empty()) {
        spdlog::error(error);
        return 2;
    }
    audit::ChannelContext context;
    audit::Descriptor listener;
    std::string error =
        context.load({config.replica.authority, config.replica.certificate, config.replica.key});
    if (error.empty()) {
        error = audit::listen_on(config.replica.listen.address, config.replica.listen.port, listener);
    }
    if (!error.empty()) {
        spdlog::error(error);
        return 2;
    }
    spdlog::info("waits for {} on {}:{}, with its journal up to record {}", config.replica.leader,
                 config.replica.listen.address, config.replica.listen.port, receiver.last());
    while (asked_to_end == 0) {
        audit::Descriptor socket(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
        if (!socket.open()) {
            std::this_thread::sleep_for(long_wait);
            continue;
        }
        audit::Channel channel;
        if (const std::string problem =
                channel.accept(context, std::move(socket), config.replica.leader, handshake_wait);
            !problem.empty()) {
            spdlog::warn("somebody connected and is not the leader: {}", problem);
            continue;
        }
        if (const std::string problem = converse(channel, receiver); !problem.empty()) {
            spdlog::critical("INCIDENT: {}", problem);
            return 1;
        }
    }
    spdlog::info("ended at record {}", receiver.last());
    return 0;
}

int stand_by(const config::GatewayConfig& config) {
    if (config.replica.listen.port == 0) {
        std::fprintf(stderr,
                     "%s: replica.listen: must be given, with a port: where the leader finds this host\n",
                     config.file.c_str());
        return 2;
    }
    audit::ReceiverOptions options;
    options.journal_directory = config.journal.directory;
    options.spare_directory = config.journal.spare_directory;
    options.memory_acks = config.replica.memory_acks;
    if (!config.replica.leader_key.empty()) {
        options.leader_key.emplace();
        if (const std::string error =
                audit::VerifierKey::parse(config.replica.leader_key, *options.leader_key);
            !error.empty()) {
            spdlog::error("replica.leader_key: {}", error);
            return 2;
        }
    } else {
        spdlog::warn(
            "replica.leader_key is not given: this standby does not compare what it holds with what the "
            "leader signs");
    }
    options.wait_for_room = [] {
        std::this_thread::sleep_for(milliseconds(1));
        return asked_to_end == 0;
    };
    audit::FrontOptions front_options;
    front_options.directory = config.journal.front_directory;
    front_options.segment_count = config.journal.front_segments;
    front_options.segment_bytes = std::uint64_t{config.journal.front_segment_mib} << 20;
    front_options.journal_directory = config.journal.directory;
    front_options.spare_directory = config.journal.spare_directory;
    // Its lock says that no gateway is at work here; the mark comes before anything of the leader's.
    audit::Front::OpenResult front = audit::Front::open(front_options);
    if (!front.ok()) {
        spdlog::error(front.error);
        return 2;
    }
    for (const std::string& warning : front.warnings) {
        spdlog::warn(warning);
    }
    if (const std::string error = audit::mark_as_standby(config.journal.directory, config.replica.leader);
        !error.empty()) {
        spdlog::error(error);
        return 2;
    }
    return serve(config, *front.front, std::move(options));
}

}  // namespace

int main(int count, char** arguments) {
    CLI::App app{"Holds the journal of a gateway on another host, record by record, ready to take over."};
    app.footer("Example:\n  fairlead-standby --config /etc/fairlead/fairlead.toml");
    std::string config_file;
    std::string log_file;
    app.add_option("--config", config_file, "The TOML file of the gateway that would take over here")
        ->required();
    app.add_option("--log", log_file, "Log file; standard error without it");
    CLI11_PARSE(app, count, arguments);
    config::GatewayConfig config;
    if (!audit::load_config(config_file, config) || !audit::open_log("standby", log_file)) {
        return 2;
    }
    audit::on_end(ask_to_end);
    ::prctl(PR_SET_TIMERSLACK, 1'000UL);
    return stand_by(config);
}
