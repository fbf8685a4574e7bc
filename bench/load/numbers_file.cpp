#include "bench/load/numbers_file.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>

namespace fairlead::load {

LoadedNumbers load_numbers(const std::string& path) {
    LoadedNumbers loaded;
    std::ifstream file(path);
    if (!file) {
        loaded.error = errno == ENOENT ? "" : path + ": cannot be read: " + std::strerror(errno);
        return loaded;
    }
    loaded.exists = true;
    const nlohmann::json json = nlohmann::json::parse(file, nullptr, false);
    if (!json.is_object() || !json.contains("sessions") || !json["sessions"].is_object()) {
        loaded.error = path + ": not a state file of fairlead-load: an object with \"sessions\" is expected";
        return loaded;
    }
    for (const auto& [sender, row] : json["sessions"].items()) {
        const bool whole = row.is_object() && row.contains("next_out") && row.contains("next_in") &&
                           row["next_out"].is_number_unsigned() && row["next_in"].is_number_unsigned();
        const SessionNumbers numbers =
            whole ? SessionNumbers{row["next_out"], row["next_in"]} : SessionNumbers{0, 0};
        if (numbers.next_out == 0 || numbers.next_in == 0) {
            loaded.error = path;
            loaded.error += ": session " + sender + ": next_out and next_in must be numbers from 1";
            return loaded;
        }
        loaded.numbers[sender] = numbers;
    }
    return loaded;
}

std::string save_numbers(const std::string& path, const NumbersBySender& numbers) {
    nlohmann::json json;
    json["sessions"] = nlohmann::json::object();
    for (const auto& [sender, row] : numbers) {
        json["sessions"][sender] = {{"next_out", row.next_out}, {"next_in", row.next_in}};
    }
    const std::string draft = path + ".new";
    {
        std::ofstream file(draft, std::ios::trunc);
        file << json.dump(2) << '\n';
        file.flush();
        if (!file) {
            return draft + ": cannot be written: " + std::strerror(errno);
        }
    }
    return std::rename(draft.c_str(), path.c_str()) == 0
               ? ""
               : path + ": cannot be replaced: " + std::strerror(errno);
}

}  // namespace fairlead::load
