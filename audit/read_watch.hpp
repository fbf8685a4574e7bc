// ReadWatch: who wants to know how far the reading of a journal has come. Told by JournalReader.
#pragma once

#include <cstdint>

namespace fairlead::audit {

class ReadWatch {
  public:
    virtual ~ReadWatch() = default;
    // part: 0 to 1 of the journal's bytes; 1 when the pass has ended, well or not. records: of this pass.
    // Often: must be cheap.
    virtual void at(double part, std::uint64_t records) = 0;
};

}  // namespace fairlead::audit
