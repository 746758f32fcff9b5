#include "net/worker.h"

#include <pthread.h>
#include <sched.h>

#include <algorithm>
#include <cstring>
#include <semaphore>

#include "base/log.h"

namespace proa::net {
namespace {

void pin(int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  if (int error = ::pthread_setaffinity_np(::pthread_self(), sizeof set, &set)) {
    log::get("main").warn("cannot pin a worker to cpu {}: {}", cpu, std::strerror(error));
  }
}

// The cpus that the process may use, so that pinning respects a container's set.
std::vector<int> allowed_cpus() {
  std::vector<int> out;
  cpu_set_t set;
  CPU_ZERO(&set);
  if (::sched_getaffinity(0, sizeof set, &set) != 0) return out;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (CPU_ISSET(cpu, &set)) out.push_back(cpu);
  }
  return out;
}

}  // namespace

Worker::Worker(uint32_t index, std::string name, std::optional<int> cpu) : index_(index), name_(std::move(name)) {
  std::binary_semaphore ready(0);
  thread_ = std::thread([&, cpu] {
    ::pthread_setname_np(::pthread_self(), name_.substr(0, 15).c_str());
    if (cpu) pin(*cpu);
    loop_ = std::make_unique<Loop>();  // made on its thread: its memory is local to the cpu
    Loop& loop = *loop_;
    ready.release();
    loop.run();
  });
  ready.acquire();
}

void Worker::stop() {
  if (!thread_.joinable()) return;
  loop_->post([this] { loop_->stop(); });  // after what was posted before
  thread_.join();
}

Duration Worker::stuck_for(MonoTime now) const {
  MonoTime since = loop_->busy_since();
  return since == MonoTime() ? Duration(0) : std::max<Duration>(Duration(0), now - since);
}

Workers::Workers(size_t count, bool pin) {
  std::vector<int> cpus = pin ? allowed_cpus() : std::vector<int>();
  for (size_t i = 0; i < count; ++i) {
    std::optional<int> cpu;
    if (!cpus.empty()) cpu = cpus[i % cpus.size()];
    workers_.push_back(std::make_unique<Worker>(static_cast<uint32_t>(i), "worker_" + std::to_string(i), cpu));
  }
}

void Workers::for_each(std::function<void(Worker&)> f, std::move_only_function<void()> done) {
  // The last worker to let go of `shared` sends `done` home: the destructor runs once, whatever the order.
  struct Shared {
    std::function<void(Worker&)> f;
    std::move_only_function<void()> done;
    Loop* home;
    ~Shared() {
      if (done) home->post(std::move(done));
    }
  };
  Loop* home = done ? &Loop::current() : nullptr;
  auto shared = std::make_shared<Shared>(std::move(f), std::move(done), home);
  for (auto& worker : workers_) {
    worker->post([shared, target = worker.get()]() mutable {
      shared->f(*target);
      shared.reset();
    });
  }
}

void Workers::stop() {
  for (auto& worker : workers_) worker->stop();
}

}  // namespace proa::net
