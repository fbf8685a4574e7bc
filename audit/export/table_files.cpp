#include "audit/export/table_files.hpp"

#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

namespace fairlead::audit {

TableFiles::~TableFiles() {
    for (std::size_t i = 0; i < table_count; ++i) {
        if (parts_[i] != nullptr) {
            std::fclose(parts_[i]);
        }
        if (!finished_) {
            ::unlink(part(i).c_str());
        }
    }
}

std::string TableFiles::open(bool replace) {
    std::error_code code;
    std::filesystem::create_directories(folder_, code);
    if (code) {
        return "'" + folder_ + "' cannot be made: " + code.message();
    }
    for (std::size_t i = 0; i < table_count; ++i) {
        if (!replace && std::filesystem::exists(final_name(i), code)) {
            return "'" + final_name(i) + "' exists already: another folder, or --replace";
        }
    }
    for (std::size_t i = 0; i < table_count; ++i) {
        parts_[i] = std::fopen(part(i).c_str(), "we");
        if (parts_[i] == nullptr) {
            return fault(i);
        }
    }
    return {};
}

std::string TableFiles::put(TableId table, std::string_view bytes) {
    const auto at = static_cast<std::size_t>(table);
    return std::fwrite(bytes.data(), 1, bytes.size(), parts_[at]) == bytes.size() ? "" : fault(at);
}

std::string TableFiles::finish() {
    for (std::size_t i = 0; i < table_count; ++i) {
        const bool flushed = std::fflush(parts_[i]) == 0 && ::fsync(::fileno(parts_[i])) == 0;
        const bool closed = std::fclose(parts_[i]) == 0;
        parts_[i] = nullptr;
        if (!flushed || !closed) {
            return fault(i);
        }
    }
    for (std::size_t i = 0; i < table_count; ++i) {
        std::error_code code;
        std::filesystem::rename(part(i), final_name(i), code);
        if (code) {
            return "'" + final_name(i) + "' cannot be given its name: " + code.message();
        }
    }
    finished_ = true;
    return {};
}

std::vector<std::string> TableFiles::names() const {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < table_count; ++i) {
        names.push_back(final_name(i));
    }
    return names;
}

std::string TableFiles::final_name(std::size_t table) const {
    return folder_ + "/" + std::string(table_of(static_cast<TableId>(table)).name) + std::string(ending_);
}

std::string TableFiles::fault(std::size_t table) const {
    return "'" + part(table) +
           "' cannot be written: " + std::error_code(errno, std::generic_category()).message();
}

}  // namespace fairlead::audit
