// The thread that signs; see checkpointer.hpp. In a file of its own, so that the simulator can put its clock
// here.
#include "audit/keeper/checkpointer.hpp"

namespace fairlead::audit {

void Checkpointer::start() {
    due_ = stand_.tree.size() > last_.checkpoint.size;
    asked_size_ = stand_.tree.size();
    signer_ = std::thread([this] { run(); });
}

void Checkpointer::finish() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_one();
    if (signer_.joinable()) {
        signer_.join();
    }
}

void Checkpointer::run() {
    std::unique_lock lock(mutex_);
    while (!stopping_) {
        wake_.wait_for(lock, options_.every, [this] { return due_ || stopping_; });
        due_ = false;
        issue(lock);
    }
    issue(lock);  // the end may have been asked for while one was being written
}

}  // namespace fairlead::audit
