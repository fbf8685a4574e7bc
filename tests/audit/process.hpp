// Child processes for the kill tests: started, killed by their own id, waited for.
#pragma once

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>
#include <vector>

namespace fairlead::test {

class Child {
  public:
    Child() = default;
    explicit Child(pid_t id) : id_(id) {}
    ~Child() { kill(SIGKILL); }
    Child(Child&& other) noexcept : id_(other.id_) { other.id_ = -1; }
    Child& operator=(Child&& other) noexcept {
        if (this != &other) {
            kill(SIGKILL);
            id_ = other.id_;
            other.id_ = -1;
        }
        return *this;
    }
    // Runs a program; its output goes to `log`.
    static Child run(const std::vector<std::string>& command, const std::string& log) {
        const pid_t id = ::fork();
        if (id == 0) {
            const int out = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0640);
            ::dup2(out, 1);
            ::dup2(out, 2);
            std::vector<char*> arguments;
            for (const std::string& part : command) {
                arguments.push_back(const_cast<char*>(part.c_str()));
            }
            arguments.push_back(nullptr);
            ::execv(arguments[0], arguments.data());
            ::_exit(127);
        }
        return Child(id);
    }
    // Sends the signal and waits. The wait status; -1 when there is no child.
    int kill(int signal) {
        if (id_ <= 0) {
            return -1;
        }
        ::kill(id_, signal);
        return wait();
    }
    int wait() {
        int status = -1;
        if (id_ > 0) {
            ::waitpid(id_, &status, 0);
            id_ = -1;
        }
        return status;
    }

  private:
    pid_t id_ = -1;
};

}  // namespace fairlead::test
