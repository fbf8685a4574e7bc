#include "tests/simulation/threads.hpp"

#include <cstring>
#include <deque>

#include "gateway/control/auth.hpp"
#include "gateway/history.hpp"

namespace fairlead::gateway {

using simulation::Fault;
using simulation::Kernel;
using simulation::ms_ns;
using simulation::us_ns;

// --- logon checks

void PasswordBytes::set(std::string_view text) noexcept {
    too_long = text.size() > bytes.size();
    length = static_cast<std::uint8_t>(std::min(text.size(), bytes.size()));
    std::memcpy(bytes.data(), text.data(), length);
}
void PasswordBytes::wipe() noexcept {
    length = 0;
}
void AuthRequest::set(std::string_view user_name, std::string_view password_text) noexcept {
    user = risk::UserName(user_name);
    user_too_long = !risk::UserName::fits(user_name);
    password.set(password_text);
}
void AuthRequest::wipe() noexcept {
    password.wipe();
    new_password.wipe();
}

struct AuthWorker::State {
    Done done;
};

AuthWorker::AuthWorker(UserStore&, Done done, AuthOptions)
    : state_(std::make_unique<State>(State{std::move(done)})) {}
AuthWorker::~AuthWorker() = default;

bool AuthWorker::submit(const AuthRequest& request) noexcept {
    Kernel& kernel = *Kernel::current();
    AuthResult result;
    result.ticket = request.ticket;
    result.user = request.user;
    result.role = config::Role::client;
    const bool right =
        !request.user.empty() && request.password.view() == simulation::password_of(request.user.view());
    result.verdict = right ? AuthVerdict::accepted : AuthVerdict::bad_credentials;
    // The callback knows whether the process still lives; this object may be gone by then.
    kernel.after(kernel.chance.between(1 * ms_ns, 80 * ms_ns),
                 [done = state_->done, result] { done(result); });
    return true;
}

// --- history

History::History(HistoryPlaces places, Inbox& inbox)
    : places_(std::move(places)),
      inbox_(inbox),
      requests_(64, 0, producers_max),
      free_(answers_max, 0, producers_max) {
    for (std::size_t i = 0; i < answers_max; ++i) {
        answers_.push_back(std::make_unique<HistoryAnswer>());
        free_.enqueue(answers_.back().get());
    }
}
History::~History() = default;

bool History::ask(const HistoryRequest& request) noexcept {
    Kernel& kernel = *Kernel::current();
    if (!requests_.try_enqueue(request)) {
        return false;
    }
    kernel.after(kernel.chance.between(50 * us_ns, 5 * ms_ns), [this, &kernel, life = kernel.gateway_life] {
        if (life == kernel.gateway_life) {
            run({});
        }
    });
    return true;
}

void History::give_back(HistoryAnswer& answer) noexcept {
    free_.try_enqueue(&answer);
}

// One request, once there is an answer to fill.
void History::run(const std::stop_token&) {
    Kernel& kernel = *Kernel::current();
    HistoryRequest request;
    HistoryAnswer* into = nullptr;
    if (!free_.try_dequeue(into)) {
        kernel.after(1 * ms_ns, [this, &kernel, life = kernel.gateway_life] {
            if (life == kernel.gateway_life) {
                run({});
            }
        });
        return;
    }
    if (!requests_.try_dequeue(request)) {
        free_.try_enqueue(into);
        return;
    }
    answer(request, *into);
    if (kernel.faults_on && kernel.plan.has(Fault::history_unreadable) && kernel.chance.chance(300)) {
        kernel.hit(Fault::history_unreadable);
        into->complete = false;
        into->pieces.resize(kernel.chance.pick(into->pieces.size() + 1));
    }
    static_cast<void>(inbox_.push(HistoryReady{into}));
}

}  // namespace fairlead::gateway
