// The logon rule of an order line, as the venue applies it: RawData (96) is APPEND-NO (three digits)
// and KEY-VALUE (thousands and hundreds digit of APPEND-NO x password). Its own reading of the rule,
// sharing nothing with the gateway that has to meet it. Called by Exchange at each logon.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace fairlead::exchange {

// The five digits that answer for `append_number`: 123 with 9999 gives "12398".
[[nodiscard]] std::string raw_data_for(std::uint32_t append_number, std::uint32_t password);

class LogonRule {
  public:
    explicit LogonRule(std::uint32_t password) : password_(password) {}

    // Empty: accepted, and the APPEND-NO counts as used. Otherwise the refusal's text, code first.
    [[nodiscard]] std::string check(std::string_view raw_data_length, std::string_view raw_data);

  private:
    static constexpr std::size_t remembered = 5;
    std::uint32_t password_;
    std::array<std::uint32_t, remembered> used_{};
    std::size_t next_ = 0;
};

}  // namespace fairlead::exchange
