// What the confined process can do no more, and what it still can. Each part runs in a child of its own,
// because nothing given up comes back.
#include "gateway/confine.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cerrno>
#include <filesystem>
#include <functional>
#include <string>

using namespace fairlead;

namespace {

// Runs it in a child; the child's answer is the number of the first expectation that failed, 0 = none did.
int in_child(const std::function<int()>& what) {
    const pid_t child = ::fork();
    if (child == 0) {
        ::_exit(what());
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

bool refused(long result, int error) {
    return result < 0 && errno == error;
}

sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    return address;
}

// A listener on a port the system chooses.
int listener(std::uint16_t& port) {
    const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address = loopback(0);
    socklen_t size = sizeof address;
    REQUIRE(::bind(fd, reinterpret_cast<sockaddr*>(&address), size) == 0);
    REQUIRE(::listen(fd, 4) == 0);
    REQUIRE(::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0);
    port = ntohs(address.sin_port);
    return fd;
}

long connect_to(std::uint16_t port) {
    const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
    const sockaddr_in address = loopback(port);
    const long result = ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address);
    const int error = errno;
    ::close(fd);
    errno = error;
    return result;
}

struct Place {
    std::filesystem::path path;
    Place() {
        std::string name = (std::filesystem::temp_directory_path() / "fairlead-confine-XXXXXX").string();
        REQUIRE(::mkdtemp(name.data()) != nullptr);
        path = name;
    }
    ~Place() { std::filesystem::remove_all(path); }
};

}  // namespace

TEST_CASE("after_the_start_no_program_process_listener_or_tracer_can_be_had_and_threads_still_can") {
    CHECK(in_child([] {
              if (!gateway::confine_calls().empty()) {
                  return 1;
              }
              char* const none[] = {nullptr};
              if (!refused(::execve("/bin/true", none, none), EPERM)) {
                  return 2;
              }
              if (!refused(::syscall(SYS_fork), EPERM) || !refused(::syscall(SYS_vfork), EPERM) ||
                  !refused(::syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0), EPERM)) {
                  return 3;
              }
              const int tcp = ::socket(AF_INET, SOCK_STREAM, 0);
              const sockaddr_in address = loopback(0);
              if (tcp < 0 ||
                  !refused(::bind(tcp, reinterpret_cast<const sockaddr*>(&address), sizeof address), EPERM) ||
                  !refused(::listen(tcp, 1), EPERM)) {
                  return 4;
              }
              if (!refused(::socket(AF_UNIX, SOCK_STREAM, 0), EPERM) ||
                  !refused(::socket(AF_NETLINK, SOCK_RAW, 0), EPERM)) {
                  return 5;
              }
              if (!refused(::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr), EPERM)) {
                  return 6;
              }
              if (!refused(::syscall(SYS_io_uring_setup, 1, nullptr), EPERM)) {
                  return 7;
              }
              if (!refused(::kill(::getpid(), 0), EPERM)) {
                  return 8;
              }
              int answered = 0;
              // Not std::thread: UBSan looks at its vtable by way of pipe(), which is refused by now.
              pthread_t thread{};
              const auto answer = [](void* at) -> void* {
                  *static_cast<int*>(at) = 1;
                  return nullptr;
              };
              if (::pthread_create(&thread, nullptr, answer, &answered) != 0 ||
                  ::pthread_join(thread, nullptr) != 0) {
                  return 9;
              }
              return answered == 1 ? 0 : 10;
          }) == 0);
}

TEST_CASE("files_open_beneath_the_directories_named_and_ports_connect_only_if_named") {
    if (::syscall(SYS_landlock_create_ruleset, nullptr, 0, 1) < 4) {
        WARN("the kernel has no Landlock with ports: not tested");
        return;
    }
    const Place place;
    std::uint16_t named = 0;
    std::uint16_t other = 0;
    const int first = listener(named);
    const int second = listener(other);
    CHECK(
        in_child([&] {
            gateway::Rights rights;
            rights.write = {(place.path / "state").string()};
            rights.read = {place.path.string()};
            rights.connect_ports = {named};
            static_cast<void>(gateway::confine_process(rights));
            const std::string inside = (place.path / "state" / "file").string();
            const std::string beside = (place.path / "file").string();
            const int fd = ::open(inside.c_str(), O_RDWR | O_CREAT, 0600);
            if (fd < 0 || ::write(fd, "x", 1) != 1 || ::unlink(inside.c_str()) != 0) {
                return 1;
            }
            if (!refused(::open(beside.c_str(), O_RDWR | O_CREAT, 0600), EACCES)) {
                return 2;
            }
            if (!refused(::open("/etc/passwd", O_RDONLY), EACCES)) {
                return 3;
            }
            if (connect_to(named) != 0) {
                return 4;
            }
            if (!refused(connect_to(other), EACCES)) {
                return 5;
            }
            const int tcp = ::socket(AF_INET, SOCK_STREAM, 0);
            const sockaddr_in address = loopback(0);
            if (!refused(::bind(tcp, reinterpret_cast<const sockaddr*>(&address), sizeof address), EACCES)) {
                return 6;
            }
            return 0;
        }) == 0);
    ::close(first);
    ::close(second);
}
