// Random conversations: whatever a peer sends, in whatever order, the session sends only well-formed
// messages with contiguous numbers, delivers each number once and in order, and always ends or goes on.
#include <catch2/catch.hpp>
#include <random>
#include <string>
#include <vector>

#include "gateway/fix/resend_plan.hpp"
#include "gateway/fix/session.hpp"

using namespace fairlead;

namespace {

class Conversation {
  public:
    Conversation(std::uint32_t seed, fix::Role role) : random_(seed), role_(role), session_(config(role)) {}

    void play(int events) {
        for (int i = 0; i < events; ++i) {
            step();
        }
    }

    std::uint64_t delivered = 0;
    std::uint64_t sent = 0;
    std::uint64_t logons = 0;

  private:
    static fix::SessionConfig config(fix::Role role) {
        fix::SessionConfig config;
        config.role = role;
        config.our_comp_id = "BROKER";
        config.peer_comp_id = "CLIENT";
        config.reset_permitted = true;
        config.early_messages_max = 8;
        config.early_bytes_max = 2048;
        return config;
    }

    bool chance(unsigned one_in) { return random_() % one_in == 0; }

    void step() {
        actions_.clear();
        if (session_.state() == fix::Session::State::disconnected) {
            buffer_.clear();
            session_.on_connect(now_, {"12398", {}, {}}, actions_);
            perform();
            return;
        }
        if (session_.reading_paused()) {
            if (chance(8)) {
                session_.refuse_logon(risk::LogonVerdict::bad_credentials, "Logon refused", now_, actions_);
            } else {
                session_.accept_logon(now_, actions_);
            }
            perform();
        }
        switch (random_() % 20) {
            case 0: {
                const auto passed = static_cast<std::int64_t>(random_() % 40'000) * 1'000'000;
                now_.utc_ns += passed;
                now_.monotonic_ns += passed;
                session_.on_timer(now_, actions_);
                perform();
                break;
            }
            case 1:
                if (session_.logged_on()) {
                    (void)session_.take_number(now_);
                }
                break;
            case 2:
                if (chance(10)) {
                    session_.start_logout(risk::LogoutCause::by_operator, "End", now_, actions_);
                    perform();
                }
                break;
            case 3:
                if (chance(10)) {
                    session_.on_disconnect(risk::LogoutCause::disconnected, actions_);
                    perform();
                }
                break;
            default:
                feed(message());
        }
    }

    std::string message() {
        static const char* const bodies[] = {
            "D|11=A|1=8610-0000017|55=2330|54=1|60=20260105-01:00:00|38=1000|40=2|44=500",
            "8|37=A0001|17=1|150=0|39=0|11=000000000007",
            "0|",
            "1|112=X",
            "2|7=1|16=0",
            "2|7=3|16=2",
            "4|123=Y|36=",
            "4|36=",
            "5|58=bye",
            "3|45=1",
            "V|58=x",
            "A|98=0|108=30",
            "A|98=0|108=30|141=Y",
            "A|98=0|108=30|789=1",
            "j|372=8|380=0",
            "ZZ|58=x"};
        const bool fresh = session_.state() == fix::Session::State::awaiting_logon ||
                           session_.state() == fix::Session::State::logon_sent;
        std::string body =
            fresh && !chance(5) ? bodies[11 + random_() % 3] : bodies[random_() % std::size(bodies)];
        std::uint64_t number = session_.next_in();
        if (chance(4)) {
            number = number + random_() % 6 - std::min<std::uint64_t>(number, random_() % 4);
        }
        if (body.back() == '=' && body[0] == '4') {
            body += std::to_string(session_.next_in() + random_() % 5);
        }
        if (body.find("141=Y") != std::string::npos) {
            number = 1;
        }
        std::string fields = "35=" + body.substr(0, body.find('|')) +
                             "|49=CLIENT|56=BROKER|34=" + std::to_string(number) + "|52=" + time_text();
        if (chance(6)) {
            fields += "|43=Y";
            if (!chance(4)) {
                fields += "|122=" + time_text();
            }
        }
        fields += body.substr(body.find('|')) + "|";
        for (char& character : fields) {
            character = character == '|' ? fix::soh : character;
        }
        if (chance(6)) {
            const std::string_view alphabet("\x01=0123456789-|A");
            fields[random_() % fields.size()] = alphabet[random_() % alphabet.size()];
        }
        std::string whole =
            "8=FIX.4.4\x01"
            "9=" +
            std::to_string(fields.size()) + "\x01" + fields + "10=";
        char digits[4];
        (void)fix::format_padded(digits, fix::checksum(whole.data(), whole.size() - 3), 3);
        whole.append(digits, 3);
        return whole + fix::soh;
    }

    std::string time_text() {
        char text[fix::time_text_max];
        fix::TimeWriter writer;
        const char* end = writer.write(text, now_.utc_ns, fix::TimeResolution::millis);
        return std::string(static_cast<const char*>(text), end);
    }

    void feed(const std::string& bytes) {
        buffer_ += bytes;
        for (int guard = 0; guard < 1000; ++guard) {
            if (session_.reading_paused()) {
                return;
            }
            if (session_.early_ready()) {
                session_.on_early(early_, now_, actions_);
                perform();
                continue;
            }
            const auto result = reader_.read({buffer_.data(), buffer_.size()}, message_);
            if (result.status == fix::ReadStatus::incomplete) {
                return;
            }
            if (result.status == fix::ReadStatus::complete) {
                session_.on_message(message_, {}, now_, actions_);
            } else {
                session_.on_garbled(result.status == fix::ReadStatus::oversize, now_, actions_);
            }
            const bool ended = perform();
            if (ended || result.status == fix::ReadStatus::oversize) {
                buffer_.clear();
                return;
            }
            buffer_.erase(0, result.consumed);
        }
        FAIL("the same bytes are read for ever");
    }

    bool perform() {
        bool closed = false;
        const fix::Actions actions = actions_;
        actions_.clear();
        for (const fix::Action& action : actions) {
            REQUIRE_FALSE(closed);  // close is the last action
            switch (action.kind) {
                case fix::ActionKind::deliver:
                    REQUIRE(action.arrival.message_number == expected_);
                    [[fallthrough]];
                case fix::ActionKind::received:
                case fix::ActionKind::business_reject:
                    REQUIRE(action.arrival.message_number == expected_);
                    ++expected_;
                    REQUIRE(action.next_in == expected_);
                    delivered += action.kind == fix::ActionKind::deliver ? 1 : 0;
                    break;
                case fix::ActionKind::sequence_moved:
                    REQUIRE((action.next_in >= expected_ ||
                             action.reset_cause == risk::ResetCause::reset_at_logon));
                    expected_ = action.next_in;
                    break;
                case fix::ActionKind::logon_result:
                    expected_ = action.next_in;
                    logons += action.verdict == risk::LogonVerdict::accepted ? 1 : 0;
                    break;
                case fix::ActionKind::send:
                    check_sent(action);
                    break;
                case fix::ActionKind::resend:
                    REQUIRE(action.begin >= 1);
                    REQUIRE(action.begin <= action.end);
                    REQUIRE(action.end < session_.next_out());
                    break;
                case fix::ActionKind::close:
                    closed = true;
                    break;
                default:
                    break;
            }
        }
        REQUIRE(session_.next_in() == expected_);
        if (closed) {
            session_.on_disconnect(risk::LogoutCause::disconnected, actions_);
            actions_.clear();
        }
        return closed;
    }

    void check_sent(const fix::Action& action) {
        const std::uint64_t number = session_.take_number(now_);
        REQUIRE(number + 1 == session_.next_out());
        std::vector<char> out(fix::admin_message_max);
        const std::size_t length = fix::encode_admin(encoder_, out, session_, action, number, now_);
        fix::Message message;
        REQUIRE(fix::Reader().read({out.data(), length}, message).status == fix::ReadStatus::complete);
        REQUIRE(message.number() == number);
        // What we send passes the rules we hold others to.
        const fix::Fault fault = fix::check(message, fix::Counterpart::client);
        INFO(std::string(out.data(), length));
        REQUIRE_FALSE(fault);
        ++sent;
    }

    std::mt19937 random_;
    fix::Role role_;
    fix::Session session_;
    fix::Reader reader_;
    fix::Encoder encoder_;
    fix::Message message_;
    fix::Message early_;
    fix::Actions actions_;
    std::string buffer_;
    std::uint64_t expected_ = 1;
    fix::Now now_{1'767'574'800'000'000'000, 1'000'000'000'000};
};

}  // namespace

TEST_CASE("random_conversations_keep_every_number_in_order_and_every_answer_well_formed") {
    std::uint64_t delivered = 0;
    std::uint64_t sent = 0;
    std::uint64_t logons = 0;
    for (std::uint32_t seed = 1; seed <= 150; ++seed) {
        for (const fix::Role role : {fix::Role::acceptor, fix::Role::initiator}) {
            INFO("seed " << seed << " role " << static_cast<int>(role));
            Conversation conversation(seed, role);
            conversation.play(400);
            delivered += conversation.delivered;
            sent += conversation.sent;
            logons += conversation.logons;
        }
    }
    // The conversations are worth having: they log on, deliver and answer.
    CHECK(delivered > 2'000);
    CHECK(sent > 20'000);
    CHECK(logons > 2'000);
}
