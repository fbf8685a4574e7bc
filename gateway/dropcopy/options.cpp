#include "gateway/dropcopy/options.hpp"

#include <arpa/inet.h>

#include <algorithm>

#include "config/files.hpp"
#include "config/gateway_config.hpp"
#include "config/reference_parts.hpp"
#include "config/toml_reader.hpp"
#include "config/users.hpp"

namespace fairlead::dropcopy {
namespace {

using config::Need;
using config::TomlReader;

constexpr std::size_t sessions_max = 64;

bool is_ipv4(std::string_view text) {
    in_addr address{};
    return ::inet_pton(AF_INET, std::string(text).c_str(), &address) == 1;
}
bool is_given(std::string_view text) {
    return !text.empty();
}

void read_session(TomlReader reader, Options& options) {
    CopySession session;
    reader.text("comp_id", session.comp_id, config::is_user_name, config::user_name_rule, Need::required);
    reader.text("user", session.user, config::is_user_name, config::user_name_rule, Need::required);
    reader.texts("investors", "1 to 12 characters", "", Need::optional, [&](const std::string& text) {
        session.investors.push_back(text);
        return !text.empty() && text.size() <= 12;
    });
    reader.texts("branches", "four characters", "", Need::optional, [&](const std::string& text) {
        session.branches.push_back(text);
        return text.size() == 4;
    });
    reader.finish();
    const bool twice =
        std::any_of(options.sessions.begin(), options.sessions.end(),
                    [&](const CopySession& other) { return other.comp_id == session.comp_id; });
    if (twice) {
        reader.error("comp_id", session.comp_id, "must not stand for two sessions");
    }
    options.sessions.push_back(std::move(session));
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
    TomlReader reader(top.table("dropcopy"), "dropcopy", path, top.line_of("dropcopy"), loaded.errors,
                      nullptr);
    reader.text("address", options.address, is_ipv4, "an IPv4 address");
    reader.integer("port", options.port, 1, 65'535, "TCP port");
    reader.text("comp_id", options.comp_id, config::is_user_name, config::user_name_rule);
    reader.text("journal", options.journal.directory, is_given, "the journal's directory", Need::required);
    reader.text("spare", options.journal.spare, nullptr, "the spare journal's directory");
    reader.text("front", options.front, is_given, "the front's directory", Need::required);
    reader.text("control_socket", options.control_socket, is_given, "the gateway's control socket",
                Need::required);
    reader.text("store", options.store, is_given, "a directory for messages sent", Need::required);
    reader.finish();
    const toml::array* sessions = top.tables("session");
    for (std::size_t i = 0; sessions != nullptr && i < sessions->size(); ++i) {
        const toml::node& node = *sessions->get(i);
        read_session(
            TomlReader(node.as_table(), "session", path, node.source().begin.line, loaded.errors, nullptr),
            options);
    }
    if (options.sessions.empty() || options.sessions.size() > sessions_max) {
        top.error("session", std::to_string(options.sessions.size()), "must be 1 to 64 of [[session]]");
    }
    top.finish();
    for (std::string* place : {&options.journal.directory, &options.journal.spare, &options.front,
                               &options.control_socket, &options.store}) {
        *place = config::path_beside(path, *place);
    }
    return loaded;
}

}  // namespace fairlead::dropcopy
