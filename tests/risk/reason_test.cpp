// Every Reason has its text: the enumeration is read from the header itself, so a new enumerator without
// a row in the table fails here.
#include <catch2/catch.hpp>
#include <fstream>
#include <regex>
#include <set>
#include <string>

#include "risk/reason.hpp"

namespace fairlead::tests {
namespace {

using namespace fairlead::risk;

struct Enumerator {
    std::string name;
    Reason reason;
};

std::vector<Enumerator> enumerators() {
    std::ifstream file(FAIRLEAD_SOURCE_DIR "/risk/reason.hpp");
    std::string line;
    std::vector<Enumerator> found;
    bool inside = false;
    const std::regex row(R"(^\s+(\w+) = (\d+),.*)");
    std::smatch match;
    while (std::getline(file, line)) {
        inside = inside ? line.find("};") == std::string::npos : line.find("enum class Reason") == 0;
        if (inside && std::regex_match(line, match, row)) {
            found.push_back({match[1], static_cast<Reason>(std::stoi(match[2]))});
        }
    }
    return found;
}

}  // namespace

TEST_CASE("every_reason_has_a_code_two_sentences_and_a_rule") {
    const auto all = enumerators();
    REQUIRE(all.size() > 60);
    std::set<std::string> english;
    for (const Enumerator& at : all) {
        const ReasonText& text = reason_text(at.reason);
        INFO(at.name);
        CHECK(text.reason == at.reason);
        CHECK(text.code == at.name);
        CHECK(english.insert(std::string(text.english)).second);
        CHECK(text.english.back() == '.');
        CHECK(text.chinese.size() > 3);
        CHECK_FALSE(text.rule.empty());
    }
}

TEST_CASE("a_code_that_is_no_reason_has_the_text_of_none") {
    CHECK(reason_text(static_cast<Reason>(250)).reason == Reason::none);
    CHECK(reason_text(static_cast<Reason>(60'000)).reason == Reason::none);
}

}  // namespace fairlead::tests
