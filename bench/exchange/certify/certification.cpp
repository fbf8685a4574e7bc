#include "bench/exchange/certify/certification.hpp"

#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "bench/exchange/certify/cases.hpp"
#include "config/files.hpp"
#include "config/rules_in_force.hpp"

namespace fairlead::exchange::certify {

namespace {

constexpr risk::UtcNs ns_per_second = 1'000'000'000;
constexpr risk::UtcNs ns_per_day = 86'400 * ns_per_second;
constexpr std::size_t statement_bytes_max = 64;

// Of what the client states about itself: it stands in a signed line.
bool is_statement(std::string_view text) {
    return !text.empty() && text.size() <= statement_bytes_max && text.front() != ' ' &&
           std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c < '\x7f'; });
}

std::uint32_t row_of(const risk::Reference& reference, const std::string& symbol) {
    for (std::uint32_t row = 1; row < reference.securities.size(); ++row) {
        if (reference.securities[row].symbol.view() == symbol) {
            return row;
        }
    }
    return 0;
}

void say(const std::string& text) {
    std::printf("%s\n", text.c_str());
    std::fflush(stdout);
}

}  // namespace

Certification::Certification(const CertificationOptions& options, Exchange& exchange,
                             const risk::Reference& reference)
    : options_(options), exchange_(exchange) {
    StageOptions stage;
    check(reference, stage);
    std::uint32_t session = 0;
    for (const config::SessionConfig& one : gateway_.sessions) {
        session = one.sender_comp_id == options_.client ? one.id : session;
    }
    if (session == 0) {
        errors_.push_back("--client " + options_.client + ": is no session of " + options_.gateway_config);
    }
    stage_ = std::make_unique<Stage>(exchange, reference, stage, SessionWatch(gateway_, session));
}

Certification::~Certification() {
    end();
    exchange_.set_watch(nullptr);
}

void Certification::check(const risk::Reference& reference, StageOptions& stage) {
    config::Loaded<config::GatewayConfig> loaded = config::load_gateway_config(options_.gateway_config);
    for (const config::ConfigError& error : loaded.errors) {
        errors_.push_back(config::describe(error));
    }
    gateway_ = std::move(loaded.value);
    if (!is_statement(options_.program) || !is_statement(options_.version)) {
        errors_.emplace_back("--program and --program-version: must be 1 to 64 printable ASCII characters");
    }
    if (!config::parse_account(options_.account, stage.account)) {
        errors_.push_back("--account " + options_.account + ": must be such as 8610-0000017");
    }
    stage.security = row_of(reference, options_.symbol);
    const risk::SecurityRow& security = reference.securities[stage.security];
    if (stage.security == 0 || security.reference == 0 || (security.flags & risk::security_suspended) != 0 ||
        (security.flags & risk::security_periodic_call) != 0) {
        errors_.push_back("--symbol " + options_.symbol +
                          ": must be a security with a reference price that is matched continuously");
    }
    if (const std::string problem = audit::SigningKey::load(options_.key, key_); !problem.empty()) {
        errors_.push_back("--key " + options_.key + ": " + problem);
    }
    if (std::filesystem::exists(options_.record)) {
        errors_.push_back("--record " + options_.record + ": is there already, and is not written over");
    }
    stage.client = options_.client;
    stage.patience = std::chrono::seconds(options_.patience_s);
    stage.quiet = std::chrono::seconds(options_.quiet_s);
    certificate_.client = options_.client;
    certificate_.program = options_.program;
    certificate_.version = options_.version;
    certificate_.account = options_.account;
    certificate_.dictionary = config::dictionary_sha256();
    certificate_.rules = config::rules_sha256();
}

void Certification::start(std::function<void()> done) {
    exchange_.set_watch(stage_.get());
    thread_ = std::thread([this, done = std::move(done)] {
        run();
        done();
    });
}

void Certification::end() {
    if (thread_.joinable()) {
        stage_->end();
        thread_.join();
    }
}

void Certification::run() {
    try {
        stage_->begin_case("certification of " + options_.client);
        stage_->wait_until_open();
        stage_->note_start();
        stage_->tell("for account " + options_.account + "; orders still open are cancelled after each case");
        for (std::size_t number = 1; number <= all_cases().size(); ++number) {
            certificate_.cases.push_back(play(number));
        }
        const std::string problem = write();
        const bool passed = certificate_.passed();
        verdict_ = !problem.empty() ? Verdict::no_record : passed ? Verdict::passed : Verdict::not_passed;
        say(problem.empty()
                ? std::string(passed ? "PASSED" : "NOT PASSED") + ", written to " + options_.record
                : "no record: " + problem);
    } catch (const NotPassed& why) {
        verdict_ = Verdict::no_record;
        say("no record: " + why.reason);
    } catch (const Ended&) {
        verdict_ = Verdict::no_record;
        say("no record: ended before the last case");
    } catch (const std::exception& problem) {
        verdict_ = Verdict::no_record;
        say(std::string("no record: ") + problem.what());
    }
}

audit::CertifiedCase Certification::play(std::size_t number) {
    const Case& one = all_cases()[number - 1];
    const std::string title = "case " + std::to_string(number) + " " + std::string(one.name);
    audit::CertifiedCase played{std::string(one.name), true, one.seen_at, {}};
    stage_->begin_case(title);
    try {
        played.reason = one.play(*stage_);
    } catch (const NotPassed& why) {
        played.passed = false;
        played.reason = why.reason;
    }
    settle(played);
    say(title + (played.passed ? ": pass: " : ": FAIL: ") + played.reason);
    return played;
}

// What a client sends behind a case is that case's, and not the next one's.
void Certification::settle(audit::CertifiedCase& played) {
    stage_->clear_up();
    try {
        stage_->expect_quiet("the case");
    } catch (const NotPassed& why) {
        played.reason = played.passed ? why.reason : played.reason;
        played.passed = false;
        stage_->let_pass();
        stage_->clear_up();
    }
}

std::string Certification::write() {
    certificate_.made_ns = stamp_now().utc_ns / ns_per_second * ns_per_second;
    certificate_.ends_ns = certificate_.made_ns + options_.days * ns_per_day;
    return config::write_file_atomically(options_.record, key_.sign_text(certificate_.text()));
}

}  // namespace fairlead::exchange::certify
