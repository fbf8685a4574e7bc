// Standbys as the configuration has them; see replica.hpp.
#include "config/replica.hpp"

#include <algorithm>

namespace fairlead::config {
namespace {

constexpr std::size_t standbys_max = 4;
constexpr std::string_view optional_path_rule =
    "a path, or empty for none; a relative one counts from this file's directory";

bool any_text(std::string_view) {
    return true;
}
bool is_listen_or_empty(std::string_view text) {
    ListenAddress address;
    return text.empty() || parse_listen(text, address);
}
bool is_name_or_empty(std::string_view text) {
    return text.empty() || is_tls_name(text);
}
bool parse_standby(const std::string& text, StandbyConfig& into) {
    const std::size_t at = text.rfind('@');
    into.name = text.substr(0, at);
    return at != std::string::npos && is_tls_name(into.name) &&
           parse_listen(std::string_view(text).substr(at + 1), into.at) && into.at.port != 0;
}

}  // namespace

void read_replica(TomlReader reader, const std::string& file, JournalLevel level, ReplicaSection& into) {
    reader.texts("standbys", "\"NAME@address:port\" with a numeric address, at most 4", "[]", Need::optional,
                 [&](const std::string& text) {
                     StandbyConfig standby;
                     const bool good = parse_standby(text, standby) && into.standbys.size() < standbys_max;
                     into.standbys.push_back(std::move(standby));
                     return good;
                 });
    reader.integer("quorum", into.quorum, 1, standbys_max, "standbys");
    reader.integer("lost_ms", into.lost_ms, 10, 60'000, "milliseconds");
    reader.text("authority", into.authority, any_text, optional_path_rule);
    reader.text("certificate", into.certificate, any_text, optional_path_rule);
    reader.text("key", into.key, any_text, optional_path_rule);
    std::string listen;
    reader.text("listen", listen, is_listen_or_empty,
                "an \"address:port\" with a numeric address, or empty: this host is nobody's standby");
    reader.text("leader", into.leader, is_name_or_empty,
                "1 to 64 printable ASCII characters, or empty for none");
    reader.text("leader_key", into.leader_key, any_text, "a public key NAME+HASH+BASE64, or empty for none");
    std::string acknowledge = "disk";
    reader.text(
        "acknowledge", acknowledge, [](std::string_view text) { return text == "disk" || text == "memory"; },
        "\"disk\" or \"memory\"");
    into.memory_acks = acknowledge == "memory";
    reader.finish();
    if (!listen.empty()) {
        static_cast<void>(parse_listen(listen, into.listen));
    }
    for (std::string* path : {&into.authority, &into.certificate, &into.key}) {
        *path = path_beside(file, *path);
    }
    const std::size_t standbys = into.standbys.size();
    if (level == JournalLevel::replica && standbys == 0) {
        reader.error("standbys", "[]", "must be given, since journal.level is \"replica\"");
    } else if (level != JournalLevel::replica && standbys != 0) {
        reader.error(
            "standbys", std::to_string(standbys) + " given",
            "must not be given unless journal.level is \"replica\": the records that a lost host had not "
            "sent would be missing unseen");
    } else if (standbys != 0 && into.quorum > standbys) {
        reader.error("quorum", std::to_string(into.quorum),
                     "must be at most the number of standbys = " + std::to_string(standbys));
    }
    for (std::size_t i = 1; i < standbys; ++i) {
        const auto same = [&](const StandbyConfig& other) { return other.name == into.standbys[i].name; };
        if (std::any_of(into.standbys.begin(), into.standbys.begin() + static_cast<std::ptrdiff_t>(i),
                        same)) {
            reader.error("standbys", into.standbys[i].name, "must be named once");
        }
    }
    if (standbys == 0 && listen.empty()) {
        return;
    }
    for (const auto& [key, path] :
         {std::pair{"authority", &into.authority}, {"certificate", &into.certificate}, {"key", &into.key}}) {
        if (path->empty()) {
            reader.error(key, "", "must be given, since standbys or listen are");
        }
    }
    if (!listen.empty() && into.leader.empty()) {
        reader.error("leader", "", "must be given, since listen is: whose journal is taken");
    }
}

}  // namespace fairlead::config
