// The dictionary against the data dictionary that clients are given: what that one lists is accepted
// here, what it does not list is rejected with the right reason.
#include "gateway/fix/dictionary.hpp"

#include <catch2/catch.hpp>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include "gateway/fix/encoder.hpp"
#include "gateway/fix/reader.hpp"

using namespace fairlead;
using fix::RejectReason;

namespace {

struct Field {
    std::uint32_t tag = 0;
    std::string type;
    std::vector<std::string> values;
};
struct MessageFields {
    std::vector<std::string> required;
    std::vector<std::string> optional;
    std::vector<std::string> grouped;  // groups, which come with their count, and the fields in them
};
struct Published {
    std::map<std::string, Field> fields;            // by name
    std::map<std::string, MessageFields> messages;  // by MsgType
    MessageFields header;
};

// The published dictionary has one element a line; that is all this reads.
Published read_published() {
    Published published;
    std::ifstream in(FAIRLEAD_DATA_DICTIONARY);
    const std::regex message("<message name='[^']*' msgtype='([^']*)'");
    const std::regex use("<field name='([^']*)' required='([YN])'");
    const std::regex group("<group name='([^']*)'");
    const std::regex definition("<field number='([0-9]+)' name='([^']*)' type='([^']*)'");
    const std::regex value("<value enum='([^']*)'");
    MessageFields* current = nullptr;
    Field* field = nullptr;
    bool in_group = false;
    MessageFields trailer;
    std::string line;
    while (std::getline(in, line)) {
        std::smatch found;
        if (line.find("<header>") != std::string::npos) {
            current = &published.header;
        } else if (line.find("<trailer>") != std::string::npos) {
            current = &trailer;
        } else if (std::regex_search(line, found, group)) {
            in_group = true;
            current->grouped.push_back(found[1]);
        } else if (line.find("</group>") != std::string::npos) {
            in_group = false;
        } else if (in_group && std::regex_search(line, found, use)) {
            current->grouped.push_back(found[1]);
        } else if (std::regex_search(line, found, message)) {
            current = &published.messages[found[1]];
        } else if (std::regex_search(line, found, use) && current != nullptr) {
            (found[2] == "Y" ? current->required : current->optional).push_back(found[1]);
        } else if (std::regex_search(line, found, definition)) {
            field = &published.fields[found[2]];
            field->tag = static_cast<std::uint32_t>(std::stoul(found[1]));
            field->type = found[3];
        } else if (std::regex_search(line, found, value) && field != nullptr) {
            field->values.push_back(found[1]);
        }
    }
    return published;
}

std::string sample(const Field& field) {
    static const std::map<std::string, std::string> by_type = {
        {"STRING", "text"},  {"CHAR", "1"},        {"INT", "30"},    {"SEQNUM", "2"},
        {"QTY", "1000"},     {"PRICE", "12.5"},    {"BOOLEAN", "Y"}, {"UTCTIMESTAMP", "20260105-01:00:00"},
        {"CURRENCY", "TWD"}, {"EXCHANGE", "XTAI"}, {"LENGTH", "3"},  {"DATA", "abc"}};
    const auto found = by_type.find(field.type);
    REQUIRE(found != by_type.end());
    return field.values.empty() ? found->second : field.values.front();
}

const fix::HeaderTemplate from_client("FIX.4.4", "CLIENT", "BROKER");

// A message with these fields, and one of them replaced or added.
fix::Fault fault_of(const std::string& type, const std::map<std::uint32_t, std::string>& values) {
    std::vector<char> out(4096);
    fix::Encoder encoder;
    encoder.begin(out, from_client, type, 2, 1'767'574'800'000'000'000);
    for (const auto& [tag, value] : values) {
        const bool of_header = tag == 43 || tag == 97 || tag == 122 || tag == 50 || tag == 57 || tag == 115;
        if (of_header) {
            encoder.add(tag, value);
        }
    }
    for (const auto& [tag, value] : values) {
        encoder.add(tag, value);
    }
    const std::size_t length = encoder.finish();
    fix::Message message;
    REQUIRE(fix::Reader().read({out.data(), length}, message).status == fix::ReadStatus::complete);
    return fix::check(message, fix::Counterpart::client);
}

const char* const client_types[] = {"A", "0", "1", "2", "3", "4", "5", "D", "G", "F", "H", "q", "j"};

std::map<std::uint32_t, std::string> required_values(const Published& published, const std::string& type) {
    std::map<std::uint32_t, std::string> values;
    for (const std::string& name : published.messages.at(type).required) {
        const Field& field = published.fields.at(name);
        values[field.tag] = sample(field);
    }
    return values;
}

}  // namespace

TEST_CASE("what_the_published_dictionary_requires_suffices_and_nothing_less_does") {
    const Published published = read_published();
    for (const std::string type : client_types) {
        INFO("MsgType " << type);
        REQUIRE(published.messages.count(type) == 1);
        const auto values = required_values(published, type);
        CHECK_FALSE(fault_of(type, values));
        for (const auto& [tag, value] : values) {
            INFO("without tag " << tag);
            auto fewer = values;
            fewer.erase(tag);
            const fix::Fault fault = fault_of(type, fewer);
            CHECK(fault.reason == RejectReason::required_tag_missing);
            CHECK(fault.tag == tag);
        }
    }
}

TEST_CASE("every_published_field_and_value_is_accepted_and_other_values_are_not") {
    const Published published = read_published();
    for (const std::string type : client_types) {
        const auto base = required_values(published, type);
        MessageFields all = published.messages.at(type);
        all.optional.insert(all.optional.end(), all.required.begin(), all.required.end());
        for (const std::string& name : all.optional) {
            const Field& field = published.fields.at(name);
            INFO("MsgType " << type << " " << name << " (" << field.tag << ")");
            auto values = base;
            values[field.tag] = sample(field);
            if (field.type == "LENGTH" && fix::data_tag_of(field.tag) != 0) {
                values[fix::data_tag_of(field.tag)] = "abc";
            } else if (field.type == "DATA") {
                values[fix::length_tag_of(field.tag)] = "3";
            }
            CHECK_FALSE(fault_of(type, values));
            for (const std::string& listed : field.values) {
                values[field.tag] = listed;
                INFO("value " << listed);
                CHECK_FALSE(fault_of(type, values));
            }
            if (field.type != "CHAR" || field.values.empty()) {
                continue;
            }
            const std::set<std::string> known(field.values.begin(), field.values.end());
            for (char other = '!'; other <= '~'; ++other) {
                if (known.count(std::string(1, other)) == 0) {
                    values[field.tag] = std::string(1, other);
                    INFO("value " << other);
                    CHECK(fault_of(type, values).reason == RejectReason::value_incorrect);
                }
            }
        }
    }
}

TEST_CASE("fields_not_published_for_a_message_are_rejected") {
    const Published published = read_published();
    const std::set<std::uint32_t> read_over = {354, 355, 383, 464};
    const std::set<std::uint32_t> trailer = {10, 89, 93};
    for (const std::string type : client_types) {
        std::set<std::uint32_t> known = read_over;
        known.insert(trailer.begin(), trailer.end());
        const MessageFields& own = published.messages.at(type);
        for (const auto* names : {&own.required, &own.optional, &own.grouped, &published.header.required,
                                  &published.header.optional}) {
            for (const std::string& name : *names) {
                known.insert(published.fields.at(name).tag);
            }
        }
        for (std::uint32_t tag = 1; tag <= 1'100; ++tag) {
            if (known.count(tag) != 0) {
                continue;
            }
            auto values = required_values(published, type);
            values[tag] = "1";
            const fix::Fault fault = fault_of(type, values);
            INFO("MsgType " << type << " tag " << tag);
            CHECK(fault.tag == tag);
            CHECK(fault.reason == (tag == 101 || tag > 956 ? RejectReason::invalid_tag_number
                                                           : RejectReason::tag_not_for_message));
        }
    }
}

TEST_CASE("message_types_are_known_by_fix_served_or_neither") {
    using fix::MessageClass;
    CHECK(fix::classify("D", fix::Counterpart::client) == MessageClass::application);
    CHECK(fix::classify("8", fix::Counterpart::client) == MessageClass::unsupported);
    CHECK(fix::classify("8", fix::Counterpart::venue) == MessageClass::application);
    CHECK(fix::classify("D", fix::Counterpart::venue) == MessageClass::unsupported);
    CHECK(fix::classify("j", fix::Counterpart::client) == MessageClass::session);
    CHECK(fix::classify("j", fix::Counterpart::venue) == MessageClass::application);
    CHECK(fix::classify("BH", fix::Counterpart::client) == MessageClass::unsupported);
    for (const char* unknown : {"BI", "ZZ", "U", "O", "I", "", "DD1", "aa", "\x02"}) {
        CHECK(fix::classify(unknown, fix::Counterpart::client) == MessageClass::unknown);
    }
}

TEST_CASE("a_string_of_any_length_holds_printable_characters_and_a_text_any_but_control_ones") {
    for (std::size_t length = 1; length <= 20; ++length) {
        for (std::size_t place = 0; place < length; ++place) {
            for (unsigned byte = 2; byte < 256; ++byte) {  // an SOH the encoder does not let through
                std::string value(length, 'a');
                value[place] = static_cast<char>(byte);
                const bool control = byte < ' ' || byte == 0x7f;
                const bool string_good = fault_of("1", {{112, value}}).reason == RejectReason::none;
                const bool text_good = fault_of("5", {{58, value}}).reason == RejectReason::none;
                if (string_good != (!control && byte < 0x80) || text_good == control) {
                    CAPTURE(length, place, byte);
                    FAIL("judged otherwise");
                }
            }
        }
    }
    SUCCEED();
}
