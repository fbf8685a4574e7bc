// The digest of the whole state: two lanes over the plain bytes of every row in use, in row order. Look-up
// tables and anything derived stay out, so neither capacity nor seed shows. Called off the order path.
#include "risk/ledger.hpp"

namespace fairlead::risk {

namespace {

class Digester {
  public:
    template <class T>
    void add(const T& value) noexcept {
        static_assert(is_plain<T>);
        const auto* bytes = reinterpret_cast<const unsigned char*>(&value);
        for (std::size_t at = 0; at < sizeof(T); at += 8) {
            std::uint64_t word = 0;
            std::memcpy(&word, bytes + at, std::min<std::size_t>(8, sizeof(T) - at));
            state_[0] = fold(state_[0] ^ word, 0xD6E8FEB86659FD93ULL);
            state_[1] = (state_[1] + word) * 0x9E3779B97F4A7C15ULL;
            state_[1] ^= state_[1] >> 29;
        }
    }
    // Rows 1 .. rows.
    template <class T>
    void add_rows(const std::vector<T>& table, std::uint32_t rows) noexcept {
        add(std::uint64_t{rows});
        for (std::uint32_t row = 1; row <= rows; ++row) {
            add(table[row]);
        }
    }
    [[nodiscard]] const StateDigest& state() const noexcept { return state_; }

  private:
    StateDigest state_{0x243F6A8885A308D3ULL, 0x13198A2E03707344ULL};
};

}  // namespace

StateDigest Ledger::digest() const noexcept {
    Digester digester;
    digester.add(last_sequence_);
    digester.add(last_monotonic_ns_);
    digester.add(day_version_);
    digester.add(day_);
    digester.add(day_open_);
    digester.add(devices_closed_);
    digester.add(journal_switch_);
    digester.add(firm_halted_);
    digester.add(venue_halted_);
    digester.add(counts_);
    if (capacity_.orders != UINT32_MAX) {  // older journals tell none
        digester.add(capacity_);
    }
    digester.add(firm_);
    for (std::uint32_t i = 0; i < line_rows_; ++i) {
        digester.add(lines_[i]);
    }
    digester.add_rows(branches_, branch_rows_);
    digester.add_rows(investors_, investor_rows_);
    digester.add_rows(accounts_, account_rows_);
    digester.add_rows(securities_, security_rows_);
    digester.add_rows(sessions_, session_rows_);
    digester.add_rows(investor_windows_, investor_rows_);
    digester.add_rows(account_positions_, counts_.account_positions);
    digester.add_rows(investor_positions_, counts_.investor_positions);
    digester.add_rows(orders_, counts_.orders);
    digester.add_rows(commands_, counts_.commands);
    digester.add_rows(executions_, counts_.executions);
    digester.add_rows(control_limits_, control_limit_rows_);
    digester.add_rows(symbol_limits_, symbol_limit_rows_);
    digester.add_rows(halts_, halt_rows_);
    return digester.state();
}

}  // namespace fairlead::risk
