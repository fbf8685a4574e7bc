// The session machine in a conversation whose lines are the input. A line is an act by its first byte:
//   > bytes   as they are          ~ n       n milliseconds pass     + - the logon is let in, refused
//   . we send a message            ! the connection ends             x  we log out
//   else a message: number relative to what is expected, then MsgType and fields, "0A|98=0|108=30"
// The first byte of all is the role: i for initiator, else acceptor.
#include "fuzz_target.hpp"
#include "tests/fix/framing.hpp"
#include "tests/fix/judged_session.hpp"

using namespace fairlead;

namespace {

std::string message(const test::JudgedSession& judged, const fix::Session& session, std::string_view line) {
    const int delta = line[0] >= '0' && line[0] <= '9' ? line[0] - '4' : 0;
    line.remove_prefix(line[0] >= '0' && line[0] <= '9' ? 1 : 0);
    const std::size_t type_end = std::min(line.find('|'), line.size());
    const std::uint64_t number = delta < 0 && session.next_in() < static_cast<std::uint64_t>(-delta)
                                     ? 0
                                     : session.next_in() + static_cast<std::uint64_t>(delta);
    return test::framed_bars("35=" + std::string(line.substr(0, type_end)) +
                             "|49=CLIENT|56=BROKER|34=" + std::to_string(number) +
                             "|52=" + judged.time_text() + std::string(line.substr(type_end)) + "|");
}

void act(test::JudgedSession& judged, std::string_view line) {
    fix::Session& session = judged.session();
    if (session.state() == fix::Session::State::disconnected) {
        judged.connect();
        return;
    }
    if (session.reading_paused()) {
        judged.answer_logon(line[0] != '-');
        return;
    }
    switch (line[0]) {
        case '>':
            judged.feed(std::string(line.substr(1)));
            break;
        case '~': {
            std::int64_t ms = 0;
            for (const char digit : line.substr(1, 6)) {
                ms = digit >= '0' && digit <= '9' ? ms * 10 + (digit - '0') : ms;
            }
            judged.pass_time(ms * 1'000'000);
            break;
        }
        case '.':
            judged.send_one();
            break;
        case '!':
            judged.disconnect();
            break;
        case 'x':
            judged.start_logout();
            break;
        case '+':
        case '-':
            break;
        default:
            judged.feed(message(judged, session, line));
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view rest = test::text_of(data, size);
    test::JudgedSession judged(!rest.empty() && rest[0] == 'i' ? fix::Role::initiator : fix::Role::acceptor);
    while (!rest.empty()) {
        const std::size_t end = rest.find('\n');
        const std::string_view line = rest.substr(0, end);
        if (!line.empty()) {
            act(judged, line);
        }
        rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    }
    return 0;
}
