// Witness: the append-only file of everything the exchange stand-in saw and sent, one line a message,
// stamped as close to the socket as QuickFIX allows. It is the judge of kill tests, so it is written
// by one system call a line, before the message is acted upon. recount.py reads it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "risk/words.hpp"

namespace fairlead::exchange {

// Columns, tab-separated, in this order; absent fields are empty. `raw` has '|' for SOH.
inline constexpr std::string_view witness_columns =
    "utc_ns\tmono_ns\tline\tdirection\tnumber\ttype\tposs_dup\tbranch\tap_code\tcl_ord_id\torig_cl_ord_id\t"
    "order_number\taccount\tsymbol\tside\tquantity\tprice\tord_type\ttime_in_force\tcredit_type\texec_type\t"
    "ord_status\texec_id\tlast_quantity\tlast_price\tleaves\tcumulated\tcode\tref_number\traw";
inline constexpr std::string_view witness_first_line = "# fairlead-exchange witness 1";

struct Stamp {
    risk::UtcNs utc_ns = 0;
    risk::MonotonicNs mono_ns = 0;
};
[[nodiscard]] Stamp stamp_now();

// One line of the file, with its line end.
[[nodiscard]] std::string witness_line(const Stamp& stamp, std::string_view line_name, bool incoming,
                                       std::string_view raw);
// A thing that happened to a line (direction "event"): logged_on, logged_out, refused, injected faults.
[[nodiscard]] std::string witness_event(const Stamp& stamp, std::string_view line_name,
                                        std::string_view text);

class Witness {
  public:
    Witness() = default;
    ~Witness();
    Witness(const Witness&) = delete;
    Witness& operator=(const Witness&) = delete;

    // Goes on at the end of a file that is there. False: `problem` says why.
    [[nodiscard]] bool open(const std::string& path, std::string& problem);
    // From any thread; one write each, so lines of several threads do not mix. Without a file: nothing.
    void append(std::string_view text);
    [[nodiscard]] bool is_open() const { return descriptor_ >= 0; }

  private:
    int descriptor_ = -1;
};

}  // namespace fairlead::exchange
