// GatewayConfig: everything a broker sets, from one TOML file, for gateway, keeper and tools alike.
// Only values checked one by one and against each other; no file named in it is opened here, but the
// password file of a line.
// Called by every program's main. The sample with every key explained is config/fairlead.toml.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "config/error.hpp"
#include "config/logon_hours.hpp"
#include "config/password_policy.hpp"
#include "risk/record_operation.hpp"
#include "risk/reference.hpp"

namespace fairlead::config {

// A secret that no printer takes by accident: it has no stream operator and wipes its bytes at the end.
class Secret {
  public:
    Secret() = default;
    explicit Secret(std::string text) : text_(std::move(text)) {}
    Secret(const Secret&) = default;
    Secret(Secret&&) = default;
    Secret& operator=(const Secret&) = default;
    Secret& operator=(Secret&&) = default;
    ~Secret();
    [[nodiscard]] std::string_view reveal() const { return text_; }
    [[nodiscard]] bool empty() const { return text_.empty(); }

  private:
    std::string text_;
};

// IPv6, or IPv4 mapped into it (::ffff:a.b.c.d), as Person::address has it.
using Address = std::array<std::uint8_t, 16>;
// False: not an IPv4 or IPv6 address.
[[nodiscard]] bool parse_address(std::string_view text, Address& into);
[[nodiscard]] std::string format_address(const Address& address);

struct ListenAddress {
    std::string address = "127.0.0.1";
    std::uint16_t port = 0;
};
// "address:port", an IPv6 address in brackets.
[[nodiscard]] bool parse_listen(std::string_view text, ListenAddress& into);

// A file named in the configuration, and the line that names it, for what is found when it is opened.
struct NamedFile {
    std::string path;
    std::uint64_t line = 0;
};

// A listener that speaks TLS 1.3 with clients that show a certificate.
struct TlsListener {
    ListenAddress listen;
    NamedFile certificate;      // PEM, the listener's own and those between it and its authority
    NamedFile key;              // PEM, closed to others
    NamedFile client_ca;        // PEM, the authorities clients' certificates must come from
    NamedFile revocation_list;  // PEM, of each such authority
    std::uint32_t handshake_timeout_ms = 3000;
};

// A CIDR range; an IPv4 range counts in its mapped form, so bits is 96 + n.
struct AddressRange {
    Address base{};
    std::uint8_t bits = 128;
    [[nodiscard]] bool contains(const Address& address) const noexcept;
};
[[nodiscard]] bool parse_address_range(std::string_view text, AddressRange& into);

// "8610-0000017": one account. "8610-*": every account of a branch. all: every account.
struct AccountPattern {
    risk::AccountKey key;
    bool whole_branch = false;
};
// What the common name of a client's certificate may be: 1 to 64 printable ASCII characters.
[[nodiscard]] bool is_tls_name(std::string_view text);
[[nodiscard]] bool parse_account(std::string_view text, risk::AccountKey& into);
[[nodiscard]] bool parse_account_pattern(std::string_view text, AccountPattern& into);

enum class JournalLevel : std::uint8_t { process = 0, disk = 1, replica = 2 };
[[nodiscard]] std::string_view level_name(JournalLevel level) noexcept;

struct GatewaySection {
    std::string name = "fairlead";
    std::string log_file;  // empty: standard error
    bool confine = true;   // give up what is not needed once started
    bool polling = true;   // false: the order thread sleeps in epoll when nothing is ready
    std::int32_t order_cpu = -1;
    std::vector<ListenAddress> listen{{"127.0.0.1", 9870}};
    std::uint32_t message_bytes_max = 4096;
    std::uint32_t logon_timeout_s = 5;
    std::uint32_t out_buffer_bytes = 1 << 20;
    std::uint32_t connections_max = 1024;
    std::uint32_t hold_ns = 0;  // messages wait so long after their stamp for older ones (the arrival rule)
    bool require_certificates = false;  // of client programs, at each logon (R17)
    std::string certificate_directory;  // CLIENT.certificate of each; empty: none
    std::string certificate_key;        // public, NAME+HASH+BASE64; parsed by the gateway
    std::string approvals;              // of programs and configurations (R31); empty: any may run
    std::string approvals_key;          // public; the list is signed by it. Empty: it is not signed
    std::uint32_t revision = 0;         // of this file: a reload takes none that is older
};

struct JournalSection {
    std::string directory;
    std::string front_directory;
    std::string spare_directory;        // empty: none
    std::string checkpoint_key;         // empty: no checkpoints
    std::string checkpoint_key_before;  // signed until now: hands over; empty: none
    bool checkpoint_key_lost = false;   // the one before has nothing to say any more
    JournalLevel level = JournalLevel::process;
    std::uint32_t segment_mib = 256;
    std::uint32_t front_segments = 4;
    std::uint32_t front_segment_mib = 64;
    std::uint32_t keeper_lag_ms = 100;
    std::uint32_t keeper_lag_mib = 16;
    std::uint32_t keeper_gather_us = 1'000;  // level process only
    std::uint32_t sync_alarm_ms = 10;
    std::uint32_t sync_refuse_ms = 250;
    std::uint32_t front_refuse_percent = 80;
    std::uint32_t front_disconnect_percent = 95;
};

// The other hosts that hold the journal, and this one as one of theirs. Authority, certificate and key are
// for both directions; none without a name of either.
struct StandbyConfig {
    std::string name;  // the common name of its certificate
    ListenAddress at;
};
struct ReplicaSection {
    std::uint32_t quorum = 1;  // standbys that must have acknowledged before a byte leaves (level replica)
    std::uint32_t lost_ms = 1'000;  // waited so long for them: new orders are refused
    std::string authority;
    std::string certificate;
    std::string key;
    std::string leader;        // whose journal this host takes (fairlead-standby): the common name
    std::string leader_key;    // public, of that journal's checkpoints; empty: roots are not compared
    ListenAddress listen;      // of fairlead-standby; port 0: this host is nobody's standby
    bool memory_acks = false;  // acknowledged once in memory, and not first on the disk
    std::vector<StandbyConfig> standbys;
};

// Room taken once at start; a day that needs more is refused order by order, by reason.
struct SizesSection {
    std::uint32_t orders = 1'000'000;
    std::uint32_t commands = 2'000'000;
    std::uint32_t executions = 1'000'000;
    std::uint32_t positions = 1'000'000;
    std::uint32_t accounts = 1'000'000;
    std::uint32_t securities = 50'000;
    std::uint32_t limits = 100'000;
};

struct ClockSection {
    std::uint32_t alarm_us = 100;
    std::uint32_t refuse_ms = 1000;
    std::uint32_t unsynchronised_refuse_s = 60;  // 0: never
};

struct T30File {
    risk::Venue venue = risk::Venue::none;
    std::string path;
};

// Files of the trading day. Relative paths count from the configuration file's directory.
struct ReferenceSection {
    std::string securities;    // CSV; may be empty when T30 files are given
    std::vector<T30File> t30;  // win over the CSV where both name a security
    std::string accounts;      // CSV
    std::string investors;     // CSV, optional
    std::string limits;        // CSV, optional
    std::string inventory;     // CSV, optional
    std::string calendar;      // TOML: tick tables and phases
};

struct ControlSection {
    std::string socket;
    std::string users;
    std::string user_state;             // beside `users` when not given; read once, into the database
    std::string user_database;          // beside `users` when not given
    std::uint32_t proposals = 16'384;   // open or remembered; and limits that go back at a time
    std::uint32_t proposal_hours = 24;  // one that nobody has answered lapses
    std::uint32_t token_idle_minutes = 15;
    std::uint32_t visit_hours = 12;   // the longest visit of a vendor
    bool totp_for_approvers = false;  // who approves must have a second factor
};

// What the gateway does of itself when the use of a limit reaches a level; the levels rise. The step is of an
// investor's limits: of an account's, a branch's or the firm's the crossing is told, and no more.
struct LadderLevel {
    std::uint32_t set_percent = 0;
    std::uint32_t clear_percent = 0;  // below that the level is left
    risk::LadderStep step = risk::LadderStep::warn;
};
struct LadderSection {
    std::array<LadderLevel, 3> levels{LadderLevel{50, 45}, LadderLevel{80, 75}, LadderLevel{95, 90}};
    std::uint32_t slow_rate = 10;  // commands a second of an investor that is slowed
};

// A client session, acceptor side. sender_comp_id is the client's, as it sends it in tag 49.
struct SessionConfig {
    std::uint32_t id = 0;
    std::string sender_comp_id;
    std::string target_comp_id;
    std::string user;
    std::string tls_name;  // of the certificate it must come with; empty: it comes by a plain listener
    std::vector<AddressRange> allowed_addresses;
    bool all_accounts = false;
    std::vector<AccountPattern> accounts;
    std::uint32_t message_rate = 0;     // commands a second; 0 = none of its own
    std::uint32_t inbound_rate = 0;     // messages a second of any kind; 0 = not checked
    std::uint32_t inbound_pause_s = 3;  // how long its next logon waits once it was over that rate
    bool cancel_on_disconnect = false;
    bool reset_permitted = false;  // ResetSeqNumFlag=Y in a Logon is obeyed
    bool reset_at_logon = false;   // both sides go to 1 at every logon
    std::uint32_t heartbeat_min_s = 5;
    std::uint32_t heartbeat_max_s = 120;
    std::vector<LogonWindow> hours;  // empty: any hour
};

// A venue line, initiator side. sender_comp_id is ours: T8610H3.
struct LineConfig {
    std::uint32_t id = 0;
    risk::Venue venue = risk::Venue::none;
    std::string host;
    std::uint16_t port = 0;
    std::uint16_t local_port = 0;  // 0: any
    std::string sender_comp_id;
    std::string target_comp_id;
    Secret password;  // four digits; given here or in password_file
    std::string password_file;
    std::string term_id;  // 櫃號: the first one or two characters of every order number of this line
    std::uint32_t rate_per_second = 160;
    std::uint32_t wait_age_limit_ms = 1000;
    std::uint32_t heartbeat_seconds = 10;
    std::uint32_t rejects_in_a_row_max = 100;  // 0: not counted
};

// One key as it was read, for who compares two readings (changes.hpp). Secrets are not among them.
struct Setting {
    std::string table;  // "journal"; "session", "line" and "tls_listener" have a row for each
    std::uint32_t row = 0;
    std::string key;
    std::string value;       // the default where the key was left out
    std::uint64_t line = 0;  // its table's where it was left out
    bool given = false;
};

struct GatewayConfig {
    std::string file;            // as given
    risk::Sha256 file_sha256{};  // of its bytes: stands in every Start
    GatewaySection gateway;
    std::vector<TlsListener> tls_listeners;
    JournalSection journal;
    ReplicaSection replica;
    SizesSection sizes;
    ClockSection clock;
    ReferenceSection reference;
    risk::RuleSet rules;
    ControlSection control;
    LadderSection ladder;
    PasswordPolicy passwords;
    std::vector<SessionConfig> sessions;  // by ascending id
    std::vector<LineConfig> lines;        // by ascending id
    std::vector<Setting> settings;        // all of the above, in the order of reading
};

// Every error at once, each with file, line, key, value and rule. A value with errors is not to be used.
[[nodiscard]] Loaded<GatewayConfig> load_gateway_config(const std::string& path);
// The same for text in hand; `path` names it in errors and is what relative paths count from.
[[nodiscard]] Loaded<GatewayConfig> parse_gateway_config(std::string_view text, const std::string& path);

// What the reader accepts, key by key, as the sample must explain it (a test compares the two).
struct KeyNote {
    std::string path;  // "journal.segment_mib", "session.id"
    std::string unit;
    std::string range;
    std::string default_value;  // "none" where the key must be given
};
[[nodiscard]] std::vector<KeyNote> documented_keys();

}  // namespace fairlead::config
