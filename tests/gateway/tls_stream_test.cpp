// TlsStream: what a hostile or merely unlucky wire can do to it. The two ends are joined by hand, byte by
// byte where that matters; certificates are made by openssl when the test starts.
#include "gateway/tls/tls_stream.hpp"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <cstring>

#include "gateway/tls/tls_context.hpp"
#include "gateway/tls/tls_memory.hpp"
#include "tests/config/temporary.hpp"

using namespace fairlead;
using gateway::SealedStream;
using gateway::TlsStream;
using Opened = SealedStream::Opened;

namespace {

// Before OpenSSL takes any memory.
const bool watched = gateway::TlsMemory::install();

struct Free {
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};

// One authority, one listener, and a client's side, for all cases.
class Place {
  public:
    Place() {
        const std::string made =
            "python3 " FAIRLEAD_SOURCE_DIR "/tests/gateway/make_certificates.py " + in("");
        REQUIRE(std::system(made.c_str()) == 0);  // NOLINT: no thread of ours runs yet
        config::TlsListener listener;
        listener.certificate.path = in("server.pem");
        listener.key.path = in("server.key");
        listener.client_ca.path = in("ca.pem");
        listener.revocation_list.path = in("revoked.crl");
        config_.tls_listeners = {listener};
        auto opened = gateway::open_tls(config_);
        for (const auto& error : opened.errors) {
            FAIL(config::describe(error));
        }
        contexts_ = std::move(opened.value);
        client_.reset(SSL_CTX_new(TLS_client_method()));
        REQUIRE(SSL_CTX_use_certificate_chain_file(client_.get(), in("client.pem").c_str()) == 1);
        REQUIRE(SSL_CTX_use_PrivateKey_file(client_.get(), in("client.key").c_str(), SSL_FILETYPE_PEM) == 1);
    }
    [[nodiscard]] std::string in(const std::string& file) const {
        return directory_.path() + "/made/" + file;
    }
    [[nodiscard]] SSL_CTX* server() { return contexts_[0].get(); }
    [[nodiscard]] SSL_CTX* client() { return client_.get(); }

  private:
    tests::TemporaryDirectory directory_;
    config::GatewayConfig config_;
    std::vector<gateway::TlsContext> contexts_;
    std::unique_ptr<SSL_CTX, Free> client_;
};

Place& place() {
    static Place made;
    return made;
}

// Everything one end has sealed, `piece` bytes at a time, to the other.
void carry(TlsStream& from, TlsStream& to, std::size_t piece = SIZE_MAX) {
    while (!from.sealed().empty()) {
        const std::size_t part = std::min({piece, from.sealed().size(), to.room().size()});
        std::memcpy(to.room().data(), from.sealed().data(), part);
        to.received(part);
        from.sent(part);
    }
}

struct Pair {
    explicit Pair(SSL_CTX* client_context = place().client())
        : server(place().server()), client(client_context, TlsStream::Role::client) {}
    TlsStream server;
    TlsStream client;

    void shake() {
        for (int turn = 0; turn < 10; ++turn) {
            client_step = client.shake();
            carry(client, server);
            server_step = server.shake();
            carry(server, client);
            if (server_step != TlsStream::Step::again) {
                return;
            }
        }
    }
    TlsStream::Step client_step = TlsStream::Step::again;
    TlsStream::Step server_step = TlsStream::Step::again;
};

struct Joined : Pair {
    Joined() {
        shake();
        REQUIRE(client_step == TlsStream::Step::done);
        REQUIRE(server_step == TlsStream::Step::done);
    }
    // All the text at this end now, and how it ended.
    static std::string read(TlsStream& end, Opened& how) {
        std::string text;
        std::array<char, 1000> into{};
        while (true) {
            const auto result = end.open(into);
            how = result.what;
            if (result.what != Opened::text && !(result.what == Opened::nothing && end.holds_record())) {
                return text;
            }
            text.append(into.data(), result.length);
        }
    }
    std::string say(TlsStream& from, TlsStream& to, const std::string& text, std::size_t piece = SIZE_MAX) {
        std::string heard;
        std::size_t at = 0;
        while (at < text.size()) {
            at += from.seal(std::span(text).subspan(at));
            carry(from, to, piece);
            heard += read(to, how);
        }
        return heard;
    }
    Opened how = Opened::nothing;
};

std::string long_text(std::size_t length) {
    std::string text(length, ' ');
    for (std::size_t i = 0; i < length; ++i) {
        text[i] = static_cast<char>('a' + i % 23);
    }
    return text;
}

}  // namespace

TEST_CASE("text_goes_both_ways_whatever_its_length_and_however_small_the_reader_s_room") {
    Joined joined;
    for (const std::size_t length : {1UL, 999UL, 1000UL, 1001UL, 16384UL, 16385UL, 50000UL}) {
        const std::string text = long_text(length);
        CHECK(joined.say(joined.client, joined.server, text) == text);
        CHECK(joined.say(joined.server, joined.client, text) == text);
    }
    CHECK(joined.server.peer_name() == "client.test");
}

TEST_CASE("a_record_split_at_every_byte_is_opened_once_whole_and_never_before") {
    Joined joined;
    const std::string text = "8=FIX.4.4|9=5|35=0|10=163|";
    const std::size_t record = 5 + text.size() + 17;
    for (std::size_t cut = 1; cut < record; ++cut) {
        REQUIRE(joined.client.seal(text) == text.size());
        const std::string bytes(joined.client.sealed().data(), joined.client.sealed().size());
        REQUIRE(bytes.size() == record);
        joined.client.sent(record);
        std::memcpy(joined.server.room().data(), bytes.data(), cut);
        joined.server.received(cut);
        CHECK(Joined::read(joined.server, joined.how).empty());
        CHECK(joined.how == Opened::nothing);
        std::memcpy(joined.server.room().data(), bytes.data() + cut, record - cut);
        joined.server.received(record - cut);
        CHECK(Joined::read(joined.server, joined.how) == text);
    }
    const std::string much = long_text(20000);
    CHECK(joined.say(joined.client, joined.server, much, 1) == much);
}

TEST_CASE("one_look_opens_one_record_however_many_are_here") {
    Joined joined;
    for (int i = 0; i < 50; ++i) {
        REQUIRE(joined.client.seal(std::string_view("x")) == 1);
        carry(joined.client, joined.server);
    }
    std::array<char, 1000> into{};
    for (int i = 0; i < 50; ++i) {
        REQUIRE(joined.server.holds_record());
        CHECK(joined.server.open(into).length == 1);
    }
    CHECK_FALSE(joined.server.holds_record());
}

TEST_CASE("a_changed_byte_anywhere_in_a_record_breaks_the_connection_and_gives_no_text") {
    const std::string text = "8=FIX.4.4|";
    for (std::size_t at = 0; at < 5 + text.size() + 17; ++at) {
        Joined joined;
        REQUIRE(joined.client.seal(text) == text.size());
        std::string bytes(joined.client.sealed().data(), joined.client.sealed().size());
        bytes[at] = static_cast<char>(bytes[at] ^ 0x11);
        bytes += std::string(600, '\0');  // a length made longer finds bytes as well
        std::memcpy(joined.server.room().data(), bytes.data(), bytes.size());
        joined.server.received(bytes.size());
        CHECK(Joined::read(joined.server, joined.how).empty());
        // A length made much longer waits for the rest of its record, up to the largest there may be.
        const bool waits = at == 3 && joined.how == Opened::nothing;
        CHECK((waits || joined.how == Opened::broken));
        if (!waits) {
            CHECK(joined.server.seal(text) == 0);
            CHECK(Joined::read(joined.server, joined.how).empty());
            CHECK(joined.how == Opened::broken);
        }
    }
}

TEST_CASE("a_length_past_the_largest_record_is_broken_at_its_header_and_not_waited_for") {
    Joined joined;
    const std::array<unsigned char, 5> header{23, 3, 3, 0x41, 0x01};  // 16384 + 257
    std::memcpy(joined.server.room().data(), header.data(), header.size());
    joined.server.received(header.size());
    CHECK(Joined::read(joined.server, joined.how).empty());
    CHECK(joined.how == Opened::broken);
    Joined largest;
    const std::array<unsigned char, 5> allowed{23, 3, 3, 0x41, 0x00};
    std::memcpy(largest.server.room().data(), allowed.data(), allowed.size());
    largest.server.received(allowed.size());
    CHECK(Joined::read(largest.server, largest.how).empty());
    CHECK(largest.how == Opened::nothing);
    CHECK(largest.server.room().size() >= 16384 + 256);
}

TEST_CASE("a_flight_longer_than_the_room_goes_on_once_it_has_been_sent") {
    constexpr int authorities = 500;
    Pair pair;
    STACK_OF(X509_NAME)* names = sk_X509_NAME_new_null();
    for (int i = 0; i < authorities; ++i) {
        const std::string text = "Authority of a very long name, number " + std::to_string(i);
        X509_NAME* name = X509_NAME_new();
        REQUIRE(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                                           reinterpret_cast<const unsigned char*>(text.data()),
                                           static_cast<int>(text.size()), -1, 0) == 1);
        REQUIRE(sk_X509_NAME_push(names, name) > 0);
    }
    SSL_set_client_CA_list(pair.server.ssl(), names);  // in place of the listener's own
    int unsaid = 0;
    for (int turn = 0; turn < 20 && pair.server_step != TlsStream::Step::done; ++turn) {
        pair.client_step = pair.client.shake();
        carry(pair.client, pair.server);
        pair.server_step = pair.server.shake();
        unsaid += pair.server_step == TlsStream::Step::unsaid ? 1 : 0;
        carry(pair.server, pair.client);
    }
    CHECK(unsaid > 0);
    CHECK(pair.client_step == TlsStream::Step::done);
    CHECK(pair.server_step == TlsStream::Step::done);
}

TEST_CASE("text_that_is_no_tls_is_broken_at_its_first_five_bytes") {
    Joined joined;
    std::memcpy(joined.server.room().data(), "8=FIX", 5);
    joined.server.received(5);
    CHECK(Joined::read(joined.server, joined.how).empty());
    CHECK(joined.how == Opened::broken);
}

TEST_CASE("a_peer_that_says_it_ends_is_told_from_one_that_is_cut_off_in_a_record") {
    Joined said;
    said.client.say_goodbye();
    carry(said.client, said.server);
    CHECK(Joined::read(said.server, said.how).empty());
    CHECK(said.how == Opened::ended);
    Joined cut;
    const std::string beginning = "8=FIX.4.4|";
    REQUIRE(cut.client.seal(beginning) == beginning.size());
    // The record's first three bytes come, and nothing after them.
    std::memcpy(cut.server.room().data(), cut.client.sealed().data(), 3);
    cut.server.received(3);
    CHECK(Joined::read(cut.server, cut.how).empty());
    CHECK(cut.how == Opened::nothing);
    CHECK_FALSE(cut.server.holds_record());
}

TEST_CASE("what_was_said_before_the_goodbye_is_read_before_it") {
    Joined joined;
    REQUIRE(joined.server.seal(std::string_view("last")) == 4);
    carry(joined.server, joined.client);
    joined.server.say_goodbye();
    carry(joined.server, joined.client);
    CHECK(Joined::read(joined.client, joined.how) == "last");
    CHECK(joined.how == Opened::ended);
}

TEST_CASE("key_updates_work_and_the_one_past_their_number_ends_the_connection") {
    Joined joined;
    for (int i = 0; i < TlsStream::key_updates_max; ++i) {
        REQUIRE(SSL_key_update(joined.client.ssl(), SSL_KEY_UPDATE_REQUESTED) == 1);
        CHECK(joined.say(joined.client, joined.server, "with new keys") == "with new keys");
        CHECK(joined.say(joined.server, joined.client, "answered") == "answered");
    }
    REQUIRE(SSL_key_update(joined.client.ssl(), SSL_KEY_UPDATE_NOT_REQUESTED) == 1);
    CHECK(joined.say(joined.client, joined.server, "one too many").empty());
    CHECK(joined.how == Opened::broken);
}

TEST_CASE("no_memory_is_taken_once_hands_are_shaken") {
    REQUIRE(watched);
    Joined joined;
    TlsStream::prepare_thread();
    const std::string text = long_text(16384);
    std::array<char, 20000> into{};
    const std::uint64_t before = gateway::TlsMemory::heap_taken();
    REQUIRE(before > 0);
    std::size_t opened = 0;
    for (std::size_t i = 1; i <= 2000; ++i) {
        const std::size_t length = i * 37 % 16384 + 1;
        CHECK(joined.client.seal(std::span(text).first(length)) == length);
        carry(joined.client, joined.server, 1 + i % 5000);
        opened += joined.server.open(into).length;
        CHECK(joined.server.seal(std::span(text).first(length)) == length);
        carry(joined.server, joined.client);
        opened += joined.client.open(into).length;
        CHECK(joined.server.open(into).what == Opened::nothing);
    }
    CHECK(gateway::TlsMemory::heap_taken() == before);
    CHECK(opened > 1'000'000);
    joined.server.say_goodbye();
    CHECK(gateway::TlsMemory::heap_taken() == before);
}

TEST_CASE("who_shows_no_certificate_or_speaks_an_older_tls_is_refused_with_that_verdict") {
    const std::unique_ptr<SSL_CTX, Free> bare(SSL_CTX_new(TLS_client_method()));
    Pair nameless(bare.get());
    nameless.shake();
    CHECK(nameless.server_step == TlsStream::Step::failed);
    CHECK(nameless.server.verdict() == risk::LogonVerdict::no_certificate);
    const std::unique_ptr<SSL_CTX, Free> old(SSL_CTX_new(TLS_client_method()));
    REQUIRE(SSL_CTX_set_max_proto_version(old.get(), TLS1_2_VERSION) == 1);
    Pair older(old.get());
    older.shake();
    CHECK(older.server_step == TlsStream::Step::failed);
    CHECK(older.server.verdict() == risk::LogonVerdict::old_tls_version);
    CHECK(older.server.reason() == "unsupported protocol");
}

TEST_CASE("a_plain_message_in_place_of_a_handshake_is_refused") {
    TlsStream server(place().server());
    const std::string_view plain = "8=FIX.4.4\0019=5\00135=A\00110=000\001";
    std::memcpy(server.room().data(), plain.data(), plain.size());
    server.received(plain.size());
    CHECK(server.shake() == TlsStream::Step::failed);
    CHECK(server.verdict() == risk::LogonVerdict::handshake_failed);
}

TEST_CASE("each_file_of_a_listener_that_is_wrong_is_an_error_with_its_line_and_key") {
    config::TlsListener good;
    good.certificate = {place().in("server.pem"), 11};
    good.key = {place().in("server.key"), 12};
    good.client_ca = {place().in("ca.pem"), 13};
    good.revocation_list = {place().in("revoked.crl"), 14};
    struct Row {
        config::NamedFile config::TlsListener::*file;
        std::string path;
        const char* said;
    };
    const Row rows[] = {
        {&config::TlsListener::certificate, "nothing.pem", ":11: tls_listener.certificate = "},
        {&config::TlsListener::certificate, "server.key", ":11: tls_listener.certificate = "},
        {&config::TlsListener::key, "client.key", ":12: tls_listener.key = "},
        {&config::TlsListener::key, "nothing.key", ":12: tls_listener.key = "},
        {&config::TlsListener::client_ca, "server.key", ":13: tls_listener.client_ca = "},
        {&config::TlsListener::client_ca, "nothing.pem", "cannot be read"},
        {&config::TlsListener::revocation_list, "nothing.crl", ":14: tls_listener.revocation_list = "},
        {&config::TlsListener::revocation_list, "ca.pem", "X509 CRL"},
    };
    for (const Row& row : rows) {
        config::GatewayConfig config;
        config.file = "fairlead.toml";
        config.tls_listeners = {good};
        (config.tls_listeners[0].*row.file).path = place().in(row.path);
        const auto opened = gateway::open_tls(config);
        INFO(row.path << " as " << row.said);
        REQUIRE(opened.errors.size() == 1);
        CHECK(config::describe(opened.errors[0]).find(row.said) != std::string::npos);
    }
}
