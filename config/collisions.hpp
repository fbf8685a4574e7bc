// Collisions: names each row of sessions and lines whose id, names or term collide with an earlier one. Used
// by the reading of gateway_config.cpp alone.
#pragma once

#include <algorithm>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/gateway_config.hpp"
#include "config/toml_reader.hpp"

namespace fairlead::config {

inline bool one_begins_the_other(std::string_view a, std::string_view b) {
    const std::size_t length = std::min(a.size(), b.size());
    return a.substr(0, length) == b.substr(0, length);
}

class Collisions {
  public:
    void id(TomlReader& reader, std::uint32_t id) {
        if (id != 0 && !ids_.insert(id).second) {
            reader.error("id", std::to_string(id), "must be unique over all sessions and lines");
        }
    }
    void comp_ids(TomlReader& reader, const std::string& sender, const std::string& target) {
        if (!sender.empty() && !comp_ids_.insert({sender, target}).second) {
            reader.error("sender_comp_id", sender,
                         "must differ from every other with the same target_comp_id = " + target);
        }
    }
    void term(TomlReader& reader, const LineConfig& line) {
        for (const auto& [venue, term] : terms_) {
            if (venue == line.venue && !line.term_id.empty() && one_begins_the_other(term, line.term_id)) {
                reader.error("term_id", line.term_id,
                             "must not begin with, or be the beginning of, another of its venue: " + term);
            }
        }
        terms_.emplace_back(line.venue, line.term_id);
    }

  private:
    std::set<std::uint32_t> ids_;
    std::set<std::pair<std::string, std::string>> comp_ids_;
    std::vector<std::pair<risk::Venue, std::string>> terms_;
};

}  // namespace fairlead::config
