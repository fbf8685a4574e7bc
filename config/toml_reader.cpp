// TomlReader: takes one TOML table key by key, checks type and range, and calls what is left over unknown.
#include "config/toml_reader.hpp"

#include <filesystem>
#include <sstream>

namespace fairlead::config {
namespace {

std::string in_quotes(const std::string& text) {
    return "\"" + text + "\"";
}

std::string written(const toml::node& node) {
    if (const auto* text = node.as_string()) {
        return in_quotes(text->get());
    }
    if (const auto* number = node.as_integer()) {
        return std::to_string(number->get());
    }
    if (const auto* flag = node.as_boolean()) {
        return flag->get() ? "true" : "false";
    }
    std::ostringstream out;
    out << toml::node_view<const toml::node>(node);
    std::string text = out.str();
    return text.size() > 60 ? text.substr(0, 57) + "..." : text;
}

}  // namespace

TomlReader::TomlReader(const toml::table* table, std::string prefix, std::string file, std::uint64_t line,
                       std::vector<ConfigError>& errors, std::vector<KeyNote>* notes)
    : table_(table),
      prefix_(std::move(prefix)),
      file_(std::move(file)),
      line_(line),
      errors_(errors),
      notes_(notes) {}

std::string TomlReader::path(std::string_view key) const {
    return prefix_.empty() ? std::string(key) : prefix_ + "." + std::string(key);
}

void TomlReader::note(std::string_view key, std::string_view unit, std::string range,
                      std::string default_value) {
    if (notes_ != nullptr) {
        notes_->push_back({path(key), std::string(unit), std::move(range), std::move(default_value)});
    }
}

void TomlReader::keep(std::string_view key, const toml::node* node, std::string value) {
    if (settings_ != nullptr) {
        settings_->push_back(
            {prefix_, row_, std::string(key), std::move(value), line_of(key), node != nullptr});
    }
}

const toml::node* TomlReader::take(std::string_view key, Need need, std::string_view rule) {
    known_.emplace(key);
    const toml::node* node = table_ == nullptr ? nullptr : table_->get(key);
    if (node == nullptr && need == Need::required && notes_ == nullptr) {
        error(key, line_, "", "must be given: " + std::string(rule));
    }
    return node;
}

std::uint64_t TomlReader::line_of(std::string_view key) const {
    const toml::node* node = table_ == nullptr ? nullptr : table_->get(key);
    return node == nullptr ? line_ : node->source().begin.line;
}

bool TomlReader::is_empty_list(std::string_view key) const {
    const toml::node* node = table_ == nullptr ? nullptr : table_->get(key);
    return node != nullptr && node->is_array() && node->as_array()->empty();
}

void TomlReader::error(std::string_view key, std::string_view value, std::string_view rule) {
    error(key, line_of(key), value, rule);
}

void TomlReader::error(std::string_view key, std::uint64_t line, std::string_view value,
                       std::string_view rule) {
    if (errors_.size() < errors_max) {
        errors_.push_back({file_, line, path(key), std::string(value), std::string(rule)});
    }
}

void TomlReader::read_integer(std::string_view key, std::int64_t& value, std::int64_t low, std::int64_t high,
                              std::string_view unit, Need need) {
    std::string range = std::to_string(low) + ".." + std::to_string(high);
    note(key, unit, range, need == Need::required ? "none" : std::to_string(value));
    const std::string rule = "must be a whole number in " + range + " (" + std::string(unit) + ")";
    const toml::node* node = take(key, need, rule);
    if (node != nullptr) {
        const auto* number = node->as_integer();
        if (number == nullptr || number->get() < low || number->get() > high) {
            error(key, written(*node), rule);
            return;
        }
        value = number->get();
    }
    keep(key, node, std::to_string(value));
}

void TomlReader::flag(std::string_view key, bool& into) {
    note(key, "none", "true or false", into ? "true" : "false");
    const toml::node* node = take(key, Need::optional, "");
    if (node != nullptr) {
        const auto* given = node->as_boolean();
        if (given == nullptr) {
            error(key, written(*node), "must be true or false");
            return;
        }
        into = given->get();
    }
    keep(key, node, into ? "true" : "false");
}

void TomlReader::text(std::string_view key, std::string& into, TextRule allowed, std::string_view rule,
                      Need need) {
    note(key, "none", std::string(rule), need == Need::required ? "none" : "\"" + into + "\"");
    const toml::node* node = take(key, need, rule);
    if (node != nullptr) {
        const auto* given = node->as_string();
        if (given == nullptr || (allowed != nullptr && !allowed(given->get()))) {
            error(key, written(*node), "must be " + std::string(rule));
            return;
        }
        into = given->get();
    }
    keep(key, node, in_quotes(into));
}

void TomlReader::secret(std::string_view key, Secret& into, TextRule allowed, std::string_view rule) {
    note(key, "none", std::string(rule), "\"\"");
    const toml::node* node = take(key, Need::optional, rule);
    if (node == nullptr) {
        return;
    }
    const auto* given = node->as_string();
    if (given == nullptr || !allowed(given->get())) {
        error(key, "", "must be " + std::string(rule) + " (not shown)");
        return;
    }
    into = Secret(given->get());
}

std::vector<TomlReader::Element> TomlReader::read_texts(std::string_view key, std::string_view rule,
                                                        std::string_view default_text, Need need) {
    note(key, "none", std::string(rule), std::string(default_text));
    std::vector<Element> elements;
    const toml::node* node = take(key, need, rule);
    if (node == nullptr) {
        keep(key, node, std::string(default_text));
        return elements;
    }
    if (const auto* single = node->as_string()) {
        elements.push_back({single->get(), node->source().begin.line});
        keep(key, node, "[" + in_quotes(single->get()) + "]");
        return elements;
    }
    const auto* array = node->as_array();
    if (array == nullptr) {
        error(key, written(*node), "must be a list: " + std::string(rule));
        return elements;
    }
    for (const toml::node& item : *array) {
        const auto* given = item.as_string();
        if (given == nullptr) {
            error(key, item.source().begin.line, written(item), rule);
            continue;
        }
        elements.push_back({given->get(), item.source().begin.line});
    }
    if (elements.empty() && need == Need::required) {
        error(key, written(*node), "must not be empty: " + std::string(rule));
    }
    std::string list;
    for (const Element& element : elements) {
        list += (list.empty() ? "" : ", ") + in_quotes(element.text);
    }
    keep(key, node, "[" + list + "]");
    return elements;
}

void TomlReader::finish() {
    if (table_ == nullptr) {
        return;
    }
    for (const auto& [key, node] : *table_) {
        if (known_.contains(key.str())) {
            continue;
        }
        // The value is not shown: an unknown key may be a misspelt password.
        error(key.str(), key.source().begin.line, "", "is not a key known here");
    }
}

const toml::table* TomlReader::table(std::string_view key) {
    const toml::node* node = take(key, Need::optional, "");
    if (node == nullptr) {
        return nullptr;
    }
    if (!node->is_table()) {
        error(key, written(*node), "must be a table: [" + path(key) + "]");
        return nullptr;
    }
    return node->as_table();
}

const toml::array* TomlReader::tables(std::string_view key) {
    const toml::node* node = take(key, Need::optional, "");
    if (node == nullptr) {
        return nullptr;
    }
    if (!node->is_array_of_tables()) {
        error(key, "", "must be a list of tables: [[" + path(key) + "]]");
        return nullptr;
    }
    return node->as_array();
}

toml::table parse_toml(std::string_view text, const std::string& file, std::vector<ConfigError>& errors) {
    try {
        return toml::parse(text, file);
    } catch (const toml::parse_error& problem) {
        errors.push_back({file, problem.source().begin.line, "", "",
                          "is not TOML: " + std::string(problem.description())});
        return {};
    }
}

std::string path_beside(const std::string& file, const std::string& path) {
    if (path.empty()) {
        return path;
    }
    return (std::filesystem::path(file).parent_path() / path).lexically_normal().string();
}

}  // namespace fairlead::config
