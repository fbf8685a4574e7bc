// Random conversations: whatever a peer sends, in whatever order, the session sends only well-formed
// messages with contiguous numbers, delivers each number once and in order, and always ends or goes on.
#include <catch2/catch.hpp>
#include <random>
#include <string>

#include "framing.hpp"
#include "judged_session.hpp"

using namespace fairlead;

namespace {

class Conversation {
  public:
    Conversation(std::uint32_t seed, fix::Role role) : random_(seed), judged_(role) {}

    void play(int events) {
        for (int i = 0; i < events; ++i) {
            step();
        }
    }
    [[nodiscard]] const test::JudgedSession& judged() const { return judged_; }

  private:
    bool chance(unsigned one_in) { return random_() % one_in == 0; }

    void step() {
        fix::Session& session = judged_.session();
        if (session.state() == fix::Session::State::disconnected) {
            judged_.connect();
            return;
        }
        if (session.reading_paused()) {
            judged_.answer_logon(!chance(8));
        }
        switch (random_() % 20) {
            case 0:
                judged_.pass_time(static_cast<std::int64_t>(random_() % 40'000) * 1'000'000);
                break;
            case 1:
                judged_.send_one();
                break;
            case 2:
                if (chance(10)) {
                    judged_.start_logout();
                }
                break;
            case 3:
                if (chance(10)) {
                    judged_.disconnect();
                }
                break;
            default:
                judged_.feed(message());
        }
    }

    std::string message() {
        const fix::Session& session = judged_.session();
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
        const bool fresh = session.state() == fix::Session::State::awaiting_logon ||
                           session.state() == fix::Session::State::logon_sent;
        std::string body =
            fresh && !chance(5) ? bodies[11 + random_() % 3] : bodies[random_() % std::size(bodies)];
        std::uint64_t number = session.next_in();
        if (chance(4)) {
            number = number + random_() % 6 - std::min<std::uint64_t>(number, random_() % 4);
        }
        if (body.back() == '=' && body[0] == '4') {
            body += std::to_string(session.next_in() + random_() % 5);
        }
        if (body.find("141=Y") != std::string::npos) {
            number = 1;
        }
        std::string fields = "35=" + body.substr(0, body.find('|')) +
                             "|49=CLIENT|56=BROKER|34=" + std::to_string(number) +
                             "|52=" + judged_.time_text();
        if (chance(6)) {
            fields += "|43=Y";
            if (!chance(4)) {
                fields += "|122=" + judged_.time_text();
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
        return test::framed(fields);
    }

    std::mt19937 random_;
    test::JudgedSession judged_;
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
            delivered += conversation.judged().delivered;
            sent += conversation.judged().sent;
            logons += conversation.judged().logons;
        }
    }
    // The conversations are worth having: they log on, deliver and answer.
    CHECK(delivered > 2'000);
    CHECK(sent > 20'000);
    CHECK(logons > 2'000);
}
