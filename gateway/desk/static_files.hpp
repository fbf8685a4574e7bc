// StaticFiles: the built console, read whole into memory at the start. A path is answered from that table or
// not at all, so none can lead out of the directory.
#pragma once

#include <map>
#include <string>

#include "gateway/desk/http_parts.hpp"

namespace fairlead::desk {

class StaticFiles {
  public:
    static constexpr std::size_t files_max = 1'000;
    static constexpr std::size_t bytes_max = 32U << 20;
    // Empty text: read. An empty directory name: there is no console.
    [[nodiscard]] std::string load(const std::string& directory);
    // False: no such file. A path that names no file type is one of the console's own pages.
    [[nodiscard]] bool find(const std::string& path, Answer& answer) const;
    [[nodiscard]] std::size_t size() const noexcept { return files_.size(); }

  private:
    struct File {
        std::string content_type;
        std::string bytes;
    };
    std::map<std::string, File, std::less<>> files_;
};

}  // namespace fairlead::desk
