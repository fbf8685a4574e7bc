// A FIX message around given fields, for tests that change what stands in it. Shares no code with the
// encoder.
#pragma once

#include <string>
#include <string_view>

namespace fairlead::test {

// `body` (fields with their SOH, from 35 on) with the right 8, 9 and 10 around it. FIX 4.4 volume 2,
// "Standard Message Header" and "Trailer": 9 counts from 35 to the SOH before 10, 10 sums all before it.
inline std::string framed(std::string_view body) {
    std::string text =
        "8=FIX.4.4\x01"
        "9=" +
        std::to_string(body.size()) + "\x01" + std::string(body);
    unsigned sum = 0;
    for (const char byte : text) {
        sum += static_cast<unsigned char>(byte);
    }
    return text + "10=" + std::to_string(1000 + sum % 256).substr(1) + "\x01";
}

// The same, with `|` for SOH.
inline std::string framed_bars(std::string fields) {
    for (char& character : fields) {
        character = character == '|' ? '\x01' : character;
    }
    return framed(fields);
}

}  // namespace fairlead::test
