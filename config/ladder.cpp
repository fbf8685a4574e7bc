// The [ladder] section; see ladder.hpp.
#include "config/ladder.hpp"

namespace fairlead::config {
namespace {

bool is_step(std::string_view text) {
    return text == "warn" || text == "slow" || text == "block" || text == "block_and_cancel";
}
risk::LadderStep step_of(std::string_view text) {
    return text == "slow"    ? risk::LadderStep::slow
           : text == "block" ? risk::LadderStep::block
           : text == "warn"  ? risk::LadderStep::warn
                             : risk::LadderStep::block_and_cancel;
}

}  // namespace

void read_ladder(TomlReader reader, LadderSection& into) {
    std::uint32_t below = 0;
    for (std::size_t i = 0; i < into.levels.size(); ++i) {
        LadderLevel& level = into.levels[i];
        const std::string name = "level_" + std::to_string(i + 1);
        reader.integer(name + "_set", level.set_percent, 1, 100, "percent of the limit");
        reader.integer(name + "_clear", level.clear_percent, 1, 100, "percent of the limit");
        std::string step = "warn";
        reader.text(name + "_step", step, is_step, "warn, slow, block or block_and_cancel");
        level.step = step_of(step);
        if (level.clear_percent > level.set_percent) {
            reader.error(name + "_clear", std::to_string(level.clear_percent),
                         "must be at most " + name + "_set = " + std::to_string(level.set_percent));
        }
        if (level.set_percent <= below) {
            reader.error(name + "_set", std::to_string(level.set_percent),
                         "must be greater than that of the level before, " + std::to_string(below));
        }
        below = level.set_percent;
    }
    reader.integer("slow_rate", into.slow_rate, 0, 1'000'000, "commands a second");
    reader.finish();
}

}  // namespace fairlead::config
