// The commands of `fairlead` that two persons settle things with: proposals, staff's accounts, second
// factors, reviews of rights, visits of vendors, lasting logons; and the making of a first users' database,
// which needs no gateway. They only fill a request; the gateway decides. Used by fairlead_main.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace fairlead::gateway {

// What the parser fills.
struct DeskVerbs {
    std::string scope;
    std::vector<std::string> rest;
    std::string target;
    std::string symbol;
    std::string from;
    std::string until;
    std::uint64_t number = 0;
    std::uint64_t batch = 0;
    std::uint64_t members = 0;
    bool all = false;
    std::string name;
    std::string role;
    std::string word;
    std::string ticket;
    std::string database;
    std::vector<std::string> first;  // NAME=ROLE of the first persons
    std::function<int()> run;        // set: needs no gateway
};

void add_desk_verbs(CLI::App& app, nlohmann::json& request, DeskVerbs& verbs);

}  // namespace fairlead::gateway
