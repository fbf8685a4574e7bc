#include "gateway/desk/static_files.hpp"

#include <filesystem>

#include "config/files.hpp"

namespace fairlead::desk {
namespace {

struct Type {
    std::string_view extension;
    std::string_view content_type;
};
constexpr Type types[] = {
    {".html", "text/html; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".svg", "image/svg+xml"},
    {".png", "image/png"},
    {".ico", "image/x-icon"},
    {".json", "application/json"},
    {".woff2", "font/woff2"},
    {".txt", "text/plain; charset=utf-8"},
    {".webmanifest", "application/manifest+json"},
};

}  // namespace

std::string StaticFiles::load(const std::string& directory) {
    namespace fs = std::filesystem;
    if (directory.empty()) {
        return {};
    }
    std::error_code problem;
    std::size_t bytes = 0;
    for (fs::recursive_directory_iterator at(directory, problem), end; !problem && at != end;
         at.increment(problem)) {
        const std::string extension = at->path().extension().string();
        const Type* type = nullptr;
        for (const Type& one : types) {
            type = one.extension == extension ? &one : type;
        }
        // A link may lead anywhere, and what has no type of ours is no part of the page.
        if (at->is_symlink(problem) || !at->is_regular_file(problem) || type == nullptr) {
            continue;
        }
        File file;
        std::string error;
        file.content_type = type->content_type;
        if (!config::read_file(at->path().string(), file.bytes, error)) {
            return "'" + at->path().string() + "' cannot be read: " + error;
        }
        bytes += file.bytes.size();
        if (files_.size() >= files_max || bytes > bytes_max) {
            return "'" + directory + "' must hold at most 1,000 files and 32 MiB";
        }
        files_["/" + at->path().lexically_relative(directory).generic_string()] = std::move(file);
    }
    if (problem) {
        return "'" + directory + "' cannot be read: " + problem.message();
    }
    return files_.contains("/index.html") ? ""
                                          : "'" + directory + "' has no index.html: is the console built?";
}

bool StaticFiles::find(const std::string& path, Answer& answer) const {
    auto found = files_.find(path);
    const bool page = path.find('.') == std::string::npos && !path.starts_with("/api/");
    if (found == files_.end() && page) {
        found = files_.find("/index.html");
    }
    if (found == files_.end()) {
        return false;
    }
    answer.content_type = found->second.content_type;
    answer.body = found->second.bytes;
    // Vite names assets by their content.
    answer.cache_control = path.starts_with("/assets/") ? "public, max-age=31536000, immutable" : "no-cache";
    return true;
}

}  // namespace fairlead::desk
