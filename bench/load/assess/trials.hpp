// Trials: runs the search for the knee against a gateway, one paced run after the other over sessions that
// stay logged on. Reads no file and writes none. Called by the assessment.
#pragma once

#include <functional>
#include <string>

#include "bench/load/assess/knee.hpp"
#include "bench/load/player.hpp"
#include "bench/load/profile.hpp"

namespace fairlead::load {

struct TrialOptions {
    KneeOptions knee;
    double seconds = 3;  // of each trial
    std::string tag;     // of the first trial's ClOrdIDs, at most 8 characters; four more count the trials
};

class Trials {
  public:
    Trials(Player& player, Profile& profile, TrialOptions options);

    // Until the knee is found, a trial cannot be run, or `interrupted`; `told` hears of each trial. The text
    // says why there is no knee.
    [[nodiscard]] std::string run(const std::function<void(const Trial&)>& told,
                                  const std::function<bool()>& interrupted);
    [[nodiscard]] const KneeSearch& search() const noexcept { return search_; }

  private:
    [[nodiscard]] std::string run_rate(double rate, std::vector<Trial>& trials,
                                       const std::function<void(const Trial&)>& told,
                                       const std::function<bool()>& interrupted);
    [[nodiscard]] std::string run_one(double rate, double seconds, Trial& trial);
    [[nodiscard]] Trial outcome(double rate, double seconds) const;

    Player& player_;
    Profile& profile_;
    TrialOptions options_;
    KneeSearch search_;
    std::uint32_t runs_ = 0;
};

}  // namespace fairlead::load
