// BodyFields: takes the fields of one JSON body by name and rule; the first thing wrong is kept, and what is
// left over is unknown. Used by the router's acts.
#pragma once

#include <algorithm>

#include "gateway/desk/http_parts.hpp"

namespace fairlead::desk {

class BodyFields {
  public:
    explicit BodyFields(const Request& request) : body_(Json::parse(request.body, nullptr, false)) {
        if (!body_.is_object()) {
            wrong_ = error_answer(400, "bad_request", "the body must be one JSON object");
        }
    }
    std::string text(const char* name, bool required, std::size_t bytes_max) {
        const Json* value = find(name, required);
        if (value == nullptr) {
            return {};
        }
        if (!value->is_string() || value->get_ref<const std::string&>().size() > bytes_max ||
            (required && value->get_ref<const std::string&>().empty())) {
            fail(name, "must be text of " + std::string(required ? "1" : "0") + " to " +
                           std::to_string(bytes_max) + " bytes");
            return {};
        }
        return value->get<std::string>();
    }
    bool flag(const char* name) {
        const Json* value = find(name, false);
        if (value != nullptr && !value->is_boolean()) {
            fail(name, "must be true or false");
        }
        return value != nullptr && value->is_boolean() && value->get<bool>();
    }
    // 0: not given.
    std::uint32_t count(const char* name) {
        const Json* value = find(name, false);
        if (value == nullptr) {
            return 0;
        }
        if (!value->is_number_unsigned() || *value < 1U || *value > UINT32_MAX) {
            fail(name, "must be a whole number from 1 on");
            return 0;
        }
        return value->get<std::uint32_t>();
    }
    void fail(const std::string& name, const std::string& rule) {
        if (!wrong_) {
            wrong_ = error_answer(422, "bad_field", name + " " + rule);
        }
    }
    // Nothing: all of it was good.
    [[nodiscard]] const std::optional<Answer>& finish() {
        if (!body_.is_object()) {
            return wrong_;
        }
        for (const auto& item : body_.items()) {
            if (std::find(asked_.begin(), asked_.end(), item.key()) == asked_.end()) {
                fail(item.key().substr(0, 40), "is not a field of this request");
            }
        }
        return wrong_;
    }

  private:
    const Json* find(const char* name, bool required) {
        asked_.emplace_back(name);
        const auto found = body_.is_object() ? body_.find(name) : body_.end();
        if (found == body_.end()) {
            if (required) {
                fail(name, "must be given");
            }
            return nullptr;
        }
        return &*found;
    }
    Json body_;
    std::vector<std::string> asked_;
    std::optional<Answer> wrong_;
};

}  // namespace fairlead::desk
