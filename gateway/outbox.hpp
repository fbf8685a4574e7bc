// Outbox: gives a Record's answer its numbers on both sides and hands it to them for encoding. The
// Sequencer calls it, before and after the journal; it joins ClientSide and VenueSide, no more.
#pragma once

#include "risk/routing.hpp"

namespace fairlead::gateway {

class ClientSide;
class VenueSide;

class Outbox {
  public:
    void join(ClientSide& clients, VenueSide& venues) noexcept {
        clients_ = &clients;
        venues_ = &venues;
    }

    [[nodiscard]] risk::Routing route(const risk::Record& record, const risk::Decision& decision) noexcept;
    void deliver(const risk::Record& record, const risk::Answered& answered) noexcept;

  private:
    ClientSide* clients_ = nullptr;
    VenueSide* venues_ = nullptr;
};

}  // namespace fairlead::gateway
