// An archive in memory that keeps the rule of the real one, a message goes only behind the last, and fails as
// asked: answers lost after or before the message was stored, messages lost, another writer at work.
#pragma once

#include <functional>
#include <map>
#include <set>

#include "audit/replicate/archive.hpp"

namespace fairlead::test {

class FakeArchive final : public audit::Archive {
  public:
    enum class Fault : std::uint8_t { none, lost_before, lost_after };
    audit::ArchiveReply open(bool make, audit::ArchiveState& into) override {
        if (down) {
            return away();
        }
        const bool made = !exists && make;
        exists = exists || make;
        audit::ArchiveReply reply = state(into);
        into.made_now = made;
        return reply;
    }
    void close() override { ++closes; }
    audit::ArchiveReply state(audit::ArchiveState& into) override {
        into = {};
        if (down) {
            return away();
        }
        if (!exists) {
            return {audit::ArchiveAnswer::absent, "there is no stream"};
        }
        into.first = messages.empty() ? (last_number == 0 ? 0 : last_number + 1) : messages.begin()->first;
        into.last = last_number;
        into.messages = messages.size();
        into.wrong = wrong;
        return {};
    }
    audit::ArchiveReply last(audit::MessageKind kind, audit::ArchiveMessage& into) override {
        if (down) {
            return away();
        }
        for (auto at = messages.rbegin(); at != messages.rend(); ++at) {
            if (at->second.kind == kind) {
                into = at->second;
                return {};
            }
        }
        return {audit::ArchiveAnswer::absent, "no message found"};
    }
    audit::ArchiveReply get(std::uint64_t number, audit::ArchiveMessage& into) override {
        if (down) {
            return away();
        }
        const auto at = messages.find(number);
        if (at == messages.end()) {
            return {audit::ArchiveAnswer::absent, "no message found"};
        }
        into = at->second;
        return {};
    }
    audit::ArchiveReply put(audit::MessageKind kind, const std::string& bytes, const std::string& id,
                            std::uint64_t behind) override {
        if (before_put) {
            before_put();
        }
        const Fault fault = next_fault ? next_fault() : Fault::none;
        if (down || fault == Fault::lost_before) {
            return away();
        }
        if (ids.contains(id)) {
            return {audit::ArchiveAnswer::moved, "it is already there"};
        }
        if (behind != last_number) {
            return {audit::ArchiveAnswer::moved, "wrong last sequence"};
        }
        add(kind, bytes);
        ids.insert(id);
        return fault == Fault::lost_after ? away() : audit::ArchiveReply{};
    }
    void add(audit::MessageKind kind, const std::string& bytes) {
        exists = true;
        ++last_number;
        messages[last_number] = {last_number, kind, bytes};
    }
    // As if the files of a stream had gone: another of the same name.
    void lose_all() {
        messages.clear();
        ids.clear();
        last_number = 0;
        exists = false;
    }
    void lose_from(std::uint64_t number) {
        messages.erase(messages.lower_bound(number), messages.end());
        ids.clear();
        last_number = number - 1;
    }

    std::map<std::uint64_t, audit::ArchiveMessage> messages;
    std::set<std::string> ids;
    std::uint64_t last_number = 0;
    bool exists = false;
    bool down = false;
    int closes = 0;
    std::string wrong;
    std::function<Fault()> next_fault;
    std::function<void()> before_put;

  private:
    static audit::ArchiveReply away() { return {audit::ArchiveAnswer::away, "no answer"}; }
};

}  // namespace fairlead::test
