// Statistics: the writing end of the StatisticsPage. Made at the start, before the process gives up opening
// files; then written by the order thread among its timers, ten times a second, by plain stores.
#pragma once

#include "gateway/statistics_page.hpp"

namespace fairlead::gateway {

class Statistics {
  public:
    // A fresh page at its place; readers of an old one find out that it moves no more. Empty text: made.
    // Without it the gateway works as well: `page` is then null.
    [[nodiscard]] std::string open(const std::string& front_directory, std::int64_t started_utc_ns);
    [[nodiscard]] StatisticsPage* page() const noexcept { return page_; }

  private:
    audit::MappedFile file_;
    StatisticsPage* page_ = nullptr;
};

}  // namespace fairlead::gateway
