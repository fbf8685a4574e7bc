#include "audit/examine/login_command.hpp"

#include <cstdio>

#include "audit/examine/logins.hpp"

namespace fairlead::audit {

void add_login_options(CLI::App& logins, LoginArguments& given) {
    add_period(logins, given.period);
    logins.add_option("--user", given.user, "Only this user");
    logins.add_option("--format", given.format, "text, json or csv")
        ->check(CLI::IsMember({"text", "json", "csv"}));
}

int run_logins(const JournalPlace& place, const LoginArguments& given) {
    LoginOptions options;
    options.place = place;
    options.user = given.user;
    options.format = given.format == "json"  ? TableFormat::json
                     : given.format == "csv" ? TableFormat::csv
                                             : TableFormat::text;
    if (!read_period(given.period, options.from, options.to)) {
        return 2;
    }
    const LoginsResult result = write_logins(
        options, [](std::string_view text) { std::fwrite(text.data(), 1, text.size(), stdout); });
    if (!result.error.empty()) {
        std::fprintf(stderr, "%s\n", result.error.c_str());
    }
    return result.error.empty() && result.gaps == 0 ? 0 : 1;
}

}  // namespace fairlead::audit
