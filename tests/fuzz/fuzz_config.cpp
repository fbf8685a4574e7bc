// Configuration files, any bytes, by the first one: g the gateway's, u the users', s the users' state. What
// is not taken names file and rule.
#include "config/gateway_config.hpp"
#include "config/user_state.hpp"
#include "config/users.hpp"
#include "fuzz_target.hpp"

using namespace fairlead;

namespace {

template <class Value>
void look(const config::Loaded<Value>& loaded) {
    for (const config::ConfigError& error : loaded.errors) {
        test::demand(!error.rule.empty() && !config::describe(error).empty(), "an error says its rule");
    }
    test::demand(loaded.errors.size() <= config::errors_max + 1, "a reader stops after enough errors");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) {
        return 0;
    }
    const std::string_view text = test::text_of(data, size).substr(1);
    switch (data[0]) {
        case 'u':
            look(config::parse_users(text, "users.toml"));
            break;
        case 's':
            look(config::parse_user_states(text, "users.toml.state"));
            break;
        default:
            look(config::parse_gateway_config(text, "fairlead.toml"));
    }
    return 0;
}
