// The control socket's lines, any bytes: a request is whole or its error says why not, and whatever stands in
// it, an answer is one line of JSON.
#include <nlohmann/json.hpp>

#include "fuzz_target.hpp"
#include "gateway/control/protocol.hpp"

using namespace fairlead;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const gateway::ControlMessage message = gateway::parse_control_line(test::text_of(data, size));
    if (message.error.empty()) {
        test::demand(message.request.facts.verb != risk::ControlVerb::none, "a good request has a verb");
        test::demand(!message.user.empty(), "a good request names its user");
    }
    const std::string line = gateway::refusal_line(message.id, "malformed", message.error, 0);
    test::demand(line.find('\n') == std::string::npos, "an answer is one line");
    test::demand(nlohmann::json::accept(line), "an answer is JSON");
    return 0;
}
