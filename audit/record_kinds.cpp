#include "audit/record_kinds.hpp"

#include <new>

namespace fairlead::audit {

namespace {
template <class Part>
bool restore(Part& part, Bytes bytes) noexcept {
    if (bytes.size() != sizeof(Part)) {
        return false;
    }
    std::memcpy(&part, bytes.data(), sizeof(Part));
    return true;
}
}  // namespace

const risk::Record* materialize(const RecordView& view, RecordStorage& storage) noexcept {
    const RecordHeader& header = view.header;
    risk::Record record;
    record.sequence = header.sequence;
    record.utc_ns = header.utc_ns;
    record.monotonic_ns = header.monotonic_ns;
    record.cause = header.cause;
    record.session = header.session;
    record.kind = static_cast<risk::RecordKind>(header.kind);
    record.flags = header.flags;
    const risk::Record* result = nullptr;
    with_record_type(record.kind, [&]<class T>() {
        static_assert(sizeof(T) <= sizeof(RecordStorage::bytes));
        T* whole = new (storage.bytes.data()) T{};
        bool fits = true;
        if constexpr (requires { whole->record; }) {
            whole->record = record;
        } else {
            *whole = record;
        }
        if constexpr (requires { whole->facts; }) {
            fits = fits && restore(whole->facts, view.section(SectionKind::facts));
        }
        if constexpr (requires { whole->person; }) {
            fits = fits && restore(whole->person, view.section(SectionKind::person));
        }
        if constexpr (requires { whole->subject; }) {
            fits = fits && restore(whole->subject, view.section(SectionKind::person));
        }
        if (fits) {
            result = &header_of(*whole);
        }
    });
    return result;
}

}  // namespace fairlead::audit
