#include "audit/replicate/status_file.hpp"

#include <cerrno>
#include <cstdio>
#include <fstream>
#include <nlohmann/json.hpp>

#include "audit/mapped_file.hpp"

namespace fairlead::audit {

std::string ReplicatorStatus::text() const {
    nlohmann::ordered_json json;
    json["archive"] = archive;
    json["state"] = state;
    json["reason"] = reason;
    json["alarm"] = alarm;
    json["synced"] = synced;
    json["archived"] = archived;
    json["checkpoint"] = checkpoint;
    json["waited_ms"] = waited_ms;
    json["written_utc_s"] = written_utc_s;
    return json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

std::string ReplicatorStatus::parse(const std::string& text, ReplicatorStatus& into) {
    try {
        const auto json = nlohmann::json::parse(text);
        json.at("archive").get_to(into.archive);
        json.at("state").get_to(into.state);
        json.at("reason").get_to(into.reason);
        json.at("alarm").get_to(into.alarm);
        json.at("synced").get_to(into.synced);
        json.at("archived").get_to(into.archived);
        json.at("checkpoint").get_to(into.checkpoint);
        json.at("waited_ms").get_to(into.waited_ms);
        json.at("written_utc_s").get_to(into.written_utc_s);
    } catch (const nlohmann::json::exception& error) {
        return error.what();
    }
    return {};
}

std::string replace_status(const std::string& path, const ReplicatorStatus& status) {
    const std::string beside = path + ".part";
    std::ofstream file(beside, std::ios::binary | std::ios::trunc);
    file << status.text();
    file.close();
    if (!file) {
        return system_error("write", beside, errno);
    }
    return std::rename(beside.c_str(), path.c_str()) == 0 ? "" : system_error("replace", path, errno);
}

bool in_order(const ReplicatorStatus& status, std::int64_t now_utc_s, std::int64_t stale_s,
              std::string& line) {
    const std::int64_t age = now_utc_s - status.written_utc_s;
    const bool stale = age > stale_s;
    line = status.archive + ": " + (stale ? "no sign of life for " + std::to_string(age) + " s, last " : "") +
           status.state + ", record " + std::to_string(status.archived) + " of " +
           std::to_string(status.synced) + " archived, " + std::to_string(status.checkpoint) +
           " under its newest checkpoint";
    if (status.waited_ms > 0) {
        line += ", the oldest that waits since " + std::to_string(status.waited_ms / 1000) + " s";
    }
    if (!status.reason.empty()) {
        line += ": " + status.reason;
    }
    return !stale && !status.alarm;
}

}  // namespace fairlead::audit
