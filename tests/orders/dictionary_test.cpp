// The data dictionary shipped to clients against the one the session machine judges by: what the first
// lists, the second takes, and the values it does not list, the second refuses.
#include <catch2/catch.hpp>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "gateway/fix/dictionary.hpp"
#include "tests/orders/support.hpp"

namespace fairlead::gateway {
namespace {

struct FieldKind {
    std::string tag;
    std::string type;
    std::vector<std::string> values;
};
struct Listed {
    std::string name;
    bool required = false;
};
struct Shipped {
    std::map<std::string, FieldKind> fields;
    std::map<std::string, std::vector<Listed>> messages;  // by MsgType
};

std::string attribute(const std::string& line, const std::string& name) {
    const std::string key = " " + name + "='";
    const std::size_t at = line.find(key);
    if (at == std::string::npos) {
        return "";
    }
    return line.substr(at + key.size(), line.find('\'', at + key.size()) - at - key.size());
}

// The file has one element a line, which is all the reading it needs.
Shipped shipped() {
    Shipped read;
    std::ifstream file(FAIRLEAD_CLIENT_DICTIONARY);
    std::string line;
    std::string message;
    FieldKind* field = nullptr;
    while (std::getline(file, line)) {
        if (line.find("<message ") != std::string::npos) {
            message = attribute(line, "msgtype");
        } else if (line.find("</message>") != std::string::npos) {
            message.clear();
        } else if (line.find("<field number") != std::string::npos) {
            field = &read.fields[attribute(line, "name")];
            *field = {attribute(line, "number"), attribute(line, "type"), {}};
        } else if ((line.find("<field name") != std::string::npos ||
                    line.find("<group name") != std::string::npos) &&
                   !message.empty()) {
            read.messages[message].push_back({attribute(line, "name"), attribute(line, "required") == "Y"});
        } else if (line.find("<value ") != std::string::npos) {
            REQUIRE(field != nullptr);
            field->values.push_back(attribute(line, "enum"));
        }
    }
    return read;
}

std::string sample(const FieldKind& field) {
    if (!field.values.empty()) {
        return field.values.front();
    }
    static const std::map<std::string, std::string> samples{
        {"STRING", "abc"},   {"INT", "30"},     {"SEQNUM", "5"},
        {"NUMINGROUP", "1"}, {"CHAR", "1"},     {"LENGTH", "3"},
        {"QTY", "1000"},     {"PRICE", "10.5"}, {"UTCTIMESTAMP", "20261123-01:02:03.456"},
        {"BOOLEAN", "N"},    {"DATA", "abc"},   {"CURRENCY", "TWD"},
        {"EXCHANGE", "XTAI"}};
    const auto found = samples.find(field.type);
    REQUIRE(found != samples.end());
    return found->second;
}

// What clients may send of the dictionary's messages; the rest only comes from the gateway.
const std::vector<std::string> sent_by_clients{"0", "1", "2", "3", "4", "5", "A",
                                               "D", "F", "G", "H", "q", "j"};

TEST_CASE("every_field_the_shipped_dictionary_allows_is_taken_in_every_message") {
    const Shipped dictionary = shipped();
    REQUIRE(dictionary.messages.size() == 16);
    for (const std::string& type : sent_by_clients) {
        std::string all;
        for (const Listed& listed : dictionary.messages.at(type)) {
            const FieldKind& field = dictionary.fields.at(listed.name);
            // 10006 is ours to send, in a j as elsewhere.
            all += field.tag == "10006" ? "" : field.tag + "=" + sample(field) + "|";
        }
        const ReadMessage message(message_text(type, all));
        const fix::Fault fault = fix::check(message.get(), fix::Counterpart::client);
        INFO(type << " tag " << fault.tag << " reason " << static_cast<int>(fault.reason));
        CHECK_FALSE(fault);
    }
}

TEST_CASE("a_field_the_shipped_dictionary_requires_is_required") {
    const Shipped dictionary = shipped();
    for (const std::string& type : sent_by_clients) {
        const std::vector<Listed>& listed = dictionary.messages.at(type);
        for (const Listed& without : listed) {
            std::string body;
            for (const Listed& other : listed) {
                const FieldKind& field = dictionary.fields.at(other.name);
                if (other.required && other.name != without.name) {
                    body += field.tag + "=" + sample(field) + "|";
                }
            }
            const ReadMessage message(message_text(type, body));
            const fix::Fault fault = fix::check(message.get(), fix::Counterpart::client);
            INFO(type << " without " << without.name);
            CHECK((fault.reason == fix::RejectReason::required_tag_missing) == without.required);
        }
    }
}

TEST_CASE("values_are_taken_or_refused_as_the_shipped_dictionary_lists_them") {
    const Shipped dictionary = shipped();
    const std::string characters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    for (const char* type : {"D", "G", "q"}) {
        const std::vector<Listed>& listed = dictionary.messages.at(type);
        for (const Listed& varied : listed) {
            const FieldKind& kind = dictionary.fields.at(varied.name);
            if (kind.values.empty()) {
                continue;
            }
            for (const char character : characters) {
                const std::string value(1, character);
                std::string body;
                for (const Listed& other : listed) {
                    const FieldKind& field = dictionary.fields.at(other.name);
                    if (other.required || other.name == varied.name) {
                        body += field.tag + "=" + (other.name == varied.name ? value : sample(field)) + "|";
                    }
                }
                const bool in_list =
                    std::find(kind.values.begin(), kind.values.end(), value) != kind.values.end();
                const ReadMessage message(message_text(type, body));
                INFO(type << " " << varied.name << "=" << value);
                CHECK(bool(fix::check(message.get(), fix::Counterpart::client)) != in_list);
            }
        }
    }
}

}  // namespace
}  // namespace fairlead::gateway
