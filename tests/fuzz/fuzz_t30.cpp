// The reader of T30 files on any bytes: a record is a sound security or names the field, value and rule.
#include "config/reference_parts.hpp"
#include "fuzz_target.hpp"

using namespace fairlead;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    std::string_view rest = test::text_of(data, size);
    for (std::size_t i = 0; rest.size() >= config::t30_bytes; ++i) {
        const config::T30Record record = config::parse_t30(
            rest.substr(0, config::t30_bytes), i % 2 == 0 ? risk::Venue::twse : risk::Venue::tpex);
        if (record.bad_field.empty()) {
            test::demand(!record.row.symbol.view().empty(), "a security has a code");
            test::demand(record.row.limit_up >= record.row.limit_down && record.row.limit_down >= 0,
                         "its price limits are a range");
        } else {
            test::demand(!record.bad_rule.empty(), "a bad field comes with its rule");
        }
        rest.remove_prefix(config::t30_bytes);
    }
    return 0;
}
