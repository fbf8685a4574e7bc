#include "gateway/desk/options.hpp"

#include <unistd.h>

#include "config/files.hpp"
#include "config/gateway_config.hpp"
#include "config/toml_reader.hpp"

namespace fairlead::desk {
namespace {

using config::Need;
using config::TomlReader;

bool is_address(std::string_view text) {
    config::Address address{};
    return config::parse_address(text, address);
}
bool is_given(std::string_view text) {
    return !text.empty();
}

void read_desk(TomlReader reader, Options& options) {
    reader.text("address", options.address, is_address, "an IPv4 or IPv6 address");
    reader.integer("port", options.port, 1, 65'535, "TCP port");
    reader.texts("hosts", "a host name", "", Need::optional, [&](const std::string& text) {
        options.hosts.push_back(text);
        return !text.empty() && text.size() <= 253 && text.find_first_of("/: ") == std::string::npos;
    });
    reader.text("certificate", options.certificate, is_given, "a PEM file", Need::required);
    reader.text("certificate_key", options.certificate_key, is_given, "a PEM file", Need::required);
    reader.text("console_directory", options.console_directory, nullptr, "the built console");
    reader.text("log_file", options.log_file, nullptr, "a file; empty: standard error");
    reader.text("journal", options.journal.directory, is_given, "the journal's directory", Need::required);
    reader.text("spare", options.journal.spare, nullptr, "the spare journal's directory");
    reader.text("front", options.front, is_given, "the front's directory", Need::required);
    reader.text("control_socket", options.control_socket, is_given, "the gateway's control socket",
                Need::required);
    reader.integer("idle_s", options.idle_s, 10, 3'600, "s");
    reader.integer("connections_max", options.connections_max, 1, 1'024, "connections");
    reader.integer("logins_per_minute", options.logins_per_minute, 1, 1'000, "logins");
    reader.integer("requests_per_second", options.requests_per_second, 1, 10'000, "requests");
    reader.finish();
}

void read_sizes(TomlReader reader, risk::Sizes& sizes) {
    reader.integer("orders", sizes.orders_max, 1, 100'000'000, "orders a day");
    reader.integer("commands", sizes.commands_max, 1, 200'000'000, "commands a day");
    reader.integer("executions", sizes.executions_max, 1, 100'000'000, "fills a day");
    reader.integer("positions", sizes.positions_max, 1, 100'000'000, "pairs of account and security");
    reader.integer("accounts", sizes.accounts_max, 1, 10'000'000, "accounts");
    reader.integer("securities", sizes.securities_max, 1, 1'000'000, "securities");
    reader.integer("limits", sizes.limits_max, 1, 10'000'000, "Limits");
    sizes.investors_max = sizes.accounts_max;
    reader.finish();
}

void read_room(TomlReader reader, Room& room) {
    reader.integer("orders", room.orders, 1'000, 10'000'000, "orders");
    reader.integer("trail_rows", room.trail_rows, 1'000, 50'000'000, "rows");
    reader.integer("exposure_points", room.exposure_points, 1'000, 100'000'000, "points");
    reader.integer("limit_changes", room.limit_changes, 100, 1'000'000, "changes");
    std::int64_t step_s = room.exposure_step_ns / second_ns;
    reader.integer("exposure_step_s", step_s, 1, 3'600, "s");
    room.exposure_step_ns = step_s * second_ns;
    reader.finish();
}

}  // namespace

config::Loaded<Options> load_options(const std::string& path) {
    config::Loaded<Options> loaded;
    std::string text;
    std::string problem;
    if (!config::read_file(path, text, problem)) {
        loaded.errors.push_back({path, 0, "", "", "cannot be read: " + problem});
        return loaded;
    }
    Options& options = loaded.value;
    const toml::table root = config::parse_toml(text, path, loaded.errors);
    if (!loaded.ok()) {
        return loaded;
    }
    TomlReader top(&root, "", path, 1, loaded.errors, nullptr);
    const auto section = [&](const char* name) {
        return TomlReader(top.table(name), name, path, top.line_of(name), loaded.errors, nullptr);
    };
    read_desk(section("desk"), options);
    read_sizes(section("sizes"), options.sizes);
    read_room(section("keep"), options.room);
    top.finish();
    for (std::string* place :
         {&options.certificate, &options.certificate_key, &options.console_directory, &options.log_file,
          &options.journal.directory, &options.journal.spare, &options.front, &options.control_socket}) {
        *place = config::path_beside(path, *place);
    }
    return loaded;
}

std::vector<std::string> missing_files(const Options& options) {
    std::vector<std::string> missing;
    const auto look = [&](const char* key, const std::string& path) {
        if (::access(path.c_str(), R_OK) != 0) {
            missing.push_back(std::string("desk.") + key + " = \"" + path + "\": cannot be read");
        }
    };
    look("certificate", options.certificate);
    look("certificate_key", options.certificate_key);
    if (!options.console_directory.empty()) {
        look("console_directory", options.console_directory + "/index.html");
    }
    return missing;
}

}  // namespace fairlead::desk
