#include "gateway/statistics.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <new>

namespace fairlead::gateway {

std::string Statistics::open(const std::string& front_directory, std::int64_t started_utc_ns) {
    const std::string path = statistics_path(front_directory);
    ::unlink(path.c_str());
    const audit::Descriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0640));
    if (!file.open() || ::ftruncate(file.get(), sizeof(StatisticsPage)) != 0) {
        return "statistics page '" + path + "': " + std::strerror(errno);
    }
    if (std::string error = file_.map(file.get(), sizeof(StatisticsPage), true, path); !error.empty()) {
        return error;
    }
    page_ = new (file_.data()) StatisticsPage();
    page_->started_utc_ns.store(started_utc_ns, std::memory_order_relaxed);  // pairs with the readers' own
    // Pairs with the readers' acquire: they take nothing from a page that is not whole.
    page_->magic.store(statistics_magic, std::memory_order_release);
    return {};
}

}  // namespace fairlead::gateway
