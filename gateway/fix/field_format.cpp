// See field_format.hpp.
#include "gateway/fix/field_format.hpp"

#include "gateway/fix/values.hpp"

namespace fairlead::fix {

namespace {

template <class T>
FormatFault fault_of(const Parsed<T>& parsed) noexcept {
    switch (parsed.error) {
        case ValueError::format:
            return FormatFault::format;
        case ValueError::range:
            return FormatFault::range;
        default:
            return FormatFault::none;
    }
}

FormatFault judge_text(std::string_view value, unsigned char highest) noexcept {
    for (const char character : value) {
        const auto byte = static_cast<unsigned char>(character);
        if (byte < ' ' || byte == 0x7f || byte > highest) {
            return FormatFault::format;
        }
    }
    return FormatFault::none;
}

}  // namespace

FormatFault judge_closely(Format format, std::string_view value) noexcept {
    switch (format) {
        case Format::string:
            return judge_text(value, '~');
        case Format::text:
            return judge_text(value, 0xff);
        case Format::data:
            return FormatFault::none;
        case Format::character:
            return fault_of(parse_char(value));
        case Format::boolean:
            return fault_of(parse_boolean(value));
        case Format::integer:
            return fault_of(parse_signed(value));
        case Format::number:
            return fault_of(parse_unsigned(value));
        case Format::quantity:
            return fault_of(parse_quantity(value));
        case Format::price:
            return fault_of(parse_price(value));
        case Format::time:
            return fault_of(parse_time(value));
        case Format::currency:
            return value.size() == 3 ? judge_text(value, '~') : FormatFault::format;
    }
    return FormatFault::format;
}

}  // namespace fairlead::fix
