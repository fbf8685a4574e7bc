// See quickfix_parse.hpp.
#include "tests/fix/quickfix_parse.hpp"

#include <quickfix/DataDictionary.h>
#include <quickfix/Message.h>

namespace fairlead {
namespace test {

struct QuickfixParse::State {
    explicit State(const std::string& path) : dictionary(path) {}
    FIX::DataDictionary dictionary;
};

QuickfixParse::QuickfixParse(const std::string& data_dictionary) : state_(new State(data_dictionary)) {}
QuickfixParse::~QuickfixParse() = default;

// The reasons are those of FIX::Session::next in QuickFIX 1.15.1.
QuickfixParse::Verdict QuickfixParse::judge(const std::string& text) const {
    Verdict verdict;
    FIX::Message message;
    try {
        message.setString(text, true, &state_->dictionary, &state_->dictionary);
    } catch (const FIX::Exception&) {
        return verdict;
    }
    verdict.message = true;
    const auto refuse = [&verdict](int reason, int tag) {
        verdict.reject = reason;
        verdict.tag = tag;
    };
    try {
        state_->dictionary.validate(message);
    } catch (const FIX::InvalidTagNumber& e) {
        refuse(0, e.field);
    } catch (const FIX::RequiredTagMissing& e) {
        refuse(1, e.field);
    } catch (const FIX::FieldNotFound& e) {
        refuse(1, e.field);
    } catch (const FIX::TagNotDefinedForMessage& e) {
        refuse(2, e.field);
    } catch (const FIX::NoTagValue& e) {
        refuse(4, e.field);
    } catch (const FIX::IncorrectTagValue& e) {
        refuse(5, e.field);
    } catch (const FIX::IncorrectDataFormat& e) {
        refuse(6, e.field);
    } catch (const FIX::InvalidMessageType&) {
        refuse(11, 0);
    } catch (const FIX::RepeatedTag& e) {
        refuse(13, e.field);
    } catch (const FIX::TagOutOfOrder& e) {
        refuse(14, e.field);
    } catch (const FIX::RepeatingGroupCountMismatch& e) {
        refuse(16, e.field);
    } catch (const FIX::Exception&) {
        refuse(99, 0);
    }
    return verdict;
}

}  // namespace test
}  // namespace fairlead
