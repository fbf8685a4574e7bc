// Sentence: puts together a short text (tag 58) from words and numbers in fixed room. What does not fit is
// cut at the end. Used by the session's own messages.
#pragma once

#include <cstdint>
#include <string_view>

#include "gateway/fix/values.hpp"
#include "risk/words.hpp"

namespace fairlead::fix {

class Sentence {
  public:
    Sentence& add(std::string_view words) noexcept {
        for (const char character : words) {
            if (length_ < text_.bytes.size()) {
                text_.bytes[length_++] = character;
            }
        }
        return *this;
    }
    Sentence& add(std::int64_t number) noexcept {
        char digits[number_text_max + 1];
        return add({digits, static_cast<std::size_t>(format_signed(digits, number) - digits)});
    }
    Sentence& add(std::uint64_t number) noexcept {
        char digits[number_text_max];
        return add({digits, static_cast<std::size_t>(format_unsigned(digits, number) - digits)});
    }
    [[nodiscard]] const risk::Text<160>& text() const noexcept { return text_; }

  private:
    risk::Text<160> text_;
    std::size_t length_ = 0;
};

}  // namespace fairlead::fix
