// TomlReader: takes one TOML table key by key, checks type and range, and calls what is left over
// unknown. It knows no key of its own; gateway_config.cpp, users.cpp and the calendar name them.
#pragma once

#include <toml++/toml.h>

#include <concepts>
#include <limits>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "config/error.hpp"
#include "config/gateway_config.hpp"

namespace fairlead::config {

enum class Need : std::uint8_t { optional, required };

class TomlReader {
  public:
    // table may be null (section absent). notes may be null (nobody asks what is accepted).
    TomlReader(const toml::table* table, std::string prefix, std::string file, std::uint64_t line,
               std::vector<ConfigError>& errors, std::vector<KeyNote>* notes);
    // What is read from here on is also put down there.
    void keep_in(std::vector<Setting>& settings, std::uint32_t row) {
        settings_ = &settings;
        row_ = row;
    }

    template <std::integral T>
    void integer(std::string_view key, T& into, std::int64_t low, std::int64_t high, std::string_view unit,
                 Need need = Need::optional) {
        std::int64_t value = static_cast<std::int64_t>(into);
        read_integer(key, value, low, high, unit, need);
        into = static_cast<T>(value);
    }
    void flag(std::string_view key, bool& into);
    // `rule` says what is allowed, for the error and the sample. `allowed` may be null.
    using TextRule = bool (*)(std::string_view);
    void text(std::string_view key, std::string& into, TextRule allowed, std::string_view rule,
              Need need = Need::optional);
    void secret(std::string_view key, Secret& into, TextRule allowed, std::string_view rule);
    // A list of texts; one text alone counts as a list of one. Each is handed to `take`, which returns false
    // when it breaks `rule`.
    template <class Take>
    void texts(std::string_view key, std::string_view rule, std::string_view default_text, Need need,
               Take take) {
        for (const Element& element : read_texts(key, rule, default_text, need)) {
            if (!take(element.text)) {
                error(key, element.line, element.text, rule);
            }
        }
    }
    // Says that everything else in the table is unknown.
    void finish();

    // A rule found broken by the caller, at the key's own line.
    void error(std::string_view key, std::string_view value, std::string_view rule);
    void error(std::string_view key, std::uint64_t line, std::string_view value, std::string_view rule);
    // A table inside this one, for the caller to read; null when absent.
    [[nodiscard]] const toml::table* table(std::string_view key);
    [[nodiscard]] const toml::array* tables(std::string_view key);
    [[nodiscard]] std::uint64_t line_of(std::string_view key) const;
    // Given as a list with nothing in it, which is not the same as left out.
    [[nodiscard]] bool is_empty_list(std::string_view key) const;

  private:
    struct Element {
        std::string text;
        std::uint64_t line = 0;
    };
    const toml::node* take(std::string_view key, Need need, std::string_view rule);
    void read_integer(std::string_view key, std::int64_t& value, std::int64_t low, std::int64_t high,
                      std::string_view unit, Need need);
    std::vector<Element> read_texts(std::string_view key, std::string_view rule,
                                    std::string_view default_text, Need need);
    void note(std::string_view key, std::string_view unit, std::string range, std::string default_value);
    void keep(std::string_view key, const toml::node* node, std::string value);
    [[nodiscard]] std::string path(std::string_view key) const;

    const toml::table* table_;
    std::string prefix_;
    std::string file_;
    std::uint64_t line_;
    std::vector<ConfigError>& errors_;
    std::vector<KeyNote>* notes_;
    std::vector<Setting>* settings_ = nullptr;
    std::uint32_t row_ = 0;
    std::set<std::string, std::less<>> known_;
};

// The document, or an empty table and the parser's complaint among the errors.
[[nodiscard]] toml::table parse_toml(std::string_view text, const std::string& file,
                                     std::vector<ConfigError>& errors);
// A path as the file means it: relative paths count from the file's directory. Empty stays empty.
[[nodiscard]] std::string path_beside(const std::string& file, const std::string& path);

}  // namespace fairlead::config
