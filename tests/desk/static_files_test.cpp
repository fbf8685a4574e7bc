// The console's files: what is served, and that nothing else can be.
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "gateway/desk/static_files.hpp"

namespace fairlead::desk {
namespace {

struct Place {
    Place() {
        std::filesystem::remove_all(directory);
        std::filesystem::create_directories(directory / "site/assets");
        std::ofstream(directory / "secret.txt") << "secret";
        std::ofstream(directory / "site/index.html") << "<html>";
        std::ofstream(directory / "site/assets/app-1.js") << "run()";
        std::ofstream(directory / "site/notes.unknown") << "?";
        std::filesystem::create_symlink(directory / "secret.txt", directory / "site/link.txt");
    }
    ~Place() { std::filesystem::remove_all(directory); }
    const std::filesystem::path directory =
        std::filesystem::temp_directory_path() / "fairlead-desk-static-files-test";
};

TEST_CASE("a_file_of_the_console_is_served_with_its_type") {
    const Place place;
    StaticFiles files;
    REQUIRE(files.load((place.directory / "site").string()).empty());
    Answer answer;
    REQUIRE(files.find("/assets/app-1.js", answer));
    CHECK(answer.content_type == "text/javascript; charset=utf-8");
    CHECK(answer.cache_control.find("immutable") != std::string::npos);
    for (const char* page : {"/", "/index.html", "/investors/A1"}) {
        REQUIRE(files.find(page, answer));
        CHECK(answer.body == "<html>");
        CHECK(answer.cache_control == "no-cache");
    }
}

TEST_CASE("no_path_leads_out_of_the_console_s_directory") {
    const Place place;
    StaticFiles files;
    REQUIRE(files.load((place.directory / "site").string()).empty());
    for (const char* path : {"/../secret.txt", "/assets/../../secret.txt", "//etc/passwd.txt", "/link.txt",
                             "/notes.unknown", "/assets/.hidden", "/api/v1/nothing"}) {
        Answer answer;
        INFO(path);
        CHECK_FALSE(files.find(path, answer));
    }
}

TEST_CASE("a_directory_without_a_page_is_told") {
    const Place place;
    StaticFiles files;
    CHECK(files.load((place.directory / "site/assets").string()).find("index.html") != std::string::npos);
    StaticFiles none;
    CHECK(none.load("").empty());
}

}  // namespace
}  // namespace fairlead::desk
