// ScriptRunner: plays a readable session script against Session, Reader and Encoder with a clock of its
// own and no socket. Not the gateway: it journals nothing, but performs the actions in the gateway's
// order. Used by session_scripts_test; the language stands in tests/sessions/README.md.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "gateway/fix/resend_plan.hpp"
#include "gateway/fix/session.hpp"

namespace fairlead::test {

struct Script {
    std::string file;
    std::string name;
    std::vector<std::pair<int, std::string>> lines;  // line number and text
};

[[nodiscard]] std::vector<Script> load_scripts(const std::string& file);

class ScriptRunner {
  public:
    // bytes_at_once: how many bytes one read brings; 0 = a whole line.
    explicit ScriptRunner(std::size_t bytes_at_once) : bytes_at_once_(bytes_at_once) {}

    // Empty when every line held, else what did not and where.
    [[nodiscard]] std::string run(const Script& script);

  private:
    struct Sent {
        std::string type;
        std::string body;
        std::string time;
    };

    [[nodiscard]] bool play(const std::string& line, std::string& failure);
    [[nodiscard]] bool play_logon(std::string& failure);
    [[nodiscard]] bool expect(const std::string& line, std::string& failure);
    void set_option(const std::string& key, const std::string& value);
    void start();
    void feed(const std::string& bytes);
    void drain();
    void perform();
    void wait(double seconds);
    void serve_resend();
    void send_application(const std::string& type, const std::string& body);
    void note_sent(std::size_t length, std::uint64_t number_or_zero);
    [[nodiscard]] std::string expand(std::string text) const;
    [[nodiscard]] std::string time_text(std::int64_t offset_ns) const;
    [[nodiscard]] std::string wire(const std::string& arguments) const;

    std::size_t bytes_at_once_;
    fix::SessionConfig config_;
    std::uint64_t next_in_ = 1;
    std::uint64_t next_out_ = 1;
    std::unique_ptr<fix::Session> session_;
    fix::Reader reader_;
    fix::Encoder encoder_;
    fix::Message message_;
    fix::Message early_;
    fix::Actions actions_;
    fix::ResendPlan plan_;
    std::map<std::uint64_t, Sent> journal_;
    std::string buffer_;
    std::vector<char> out_ = std::vector<char>(16 * 1024);
    std::deque<std::string> events_;
    std::string broken_;                                          // a message of ours that is none
    fix::Now now_{1'767'574'800'000'000'000, 1'000'000'000'000};  // 20260105-01:00:00
};

}  // namespace fairlead::test
