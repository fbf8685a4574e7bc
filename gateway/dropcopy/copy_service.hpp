// CopyService: who may log on, and one thread for each connection that carries the day's reports from the
// journal to it. The gateway says whether user and password are right, and makes each logon a Record; without
// a gateway nobody gets in, and those who are in stay.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "gateway/dropcopy/copy_feed.hpp"
#include "gateway/dropcopy/copy_line.hpp"
#include "gateway/dropcopy/options.hpp"

namespace fairlead::dropcopy {

class CopyService : private CopyEvents {
  public:
    using Say = std::function<void(const std::string&)>;
    CopyService(const Options& options, Say say);
    ~CopyService() override;
    CopyService(const CopyService&) = delete;
    CopyService& operator=(const CopyService&) = delete;

    // Empty = listening; else what is wrong.
    [[nodiscard]] std::string start();
    void stop();

  private:
    struct Reader {
        const CopySession* session = nullptr;
        risk::Sequence after = 0;  // it has all copies up to here, as it said
        // Copies up to here may have been sent before. At first unknown, and so everything there is.
        risk::Sequence known = 0;
        bool known_set = false;
        std::jthread thread;
    };

    std::string on_logon(const CopyLogon& logon) override;
    void on_logged_on(const std::string& comp_id, std::uint64_t connection) override;
    void on_logged_out(const std::string& comp_id) override;
    void on_note(const std::string& text) override;

    [[nodiscard]] std::string ask_gateway(const CopySession& session, const CopyLogon& logon) const;
    [[nodiscard]] bool find_day(risk::Sequence& day, risk::Sequence& newest);
    void carry(const std::stop_token& stop, const std::string& comp_id, std::uint64_t connection);
    [[nodiscard]] static bool wanted(const CopySession& session, const Copy& copy);

    Options options_;
    Say say_;
    std::mutex mutex_;
    std::map<std::string, Reader> readers_;  // keys never change
    std::mutex day_mutex_;
    DayStart day_;
    CopyLine line_;
};

}  // namespace fairlead::dropcopy
