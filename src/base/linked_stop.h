// A stop of one's own that is also requested when somebody else's is.
#pragma once

#include <stop_token>
#include <utility>

namespace tapster {

// Thread-safe, as std::stop_source is.
class LinkedStop {
 public:
  explicit LinkedStop(std::stop_token parent) : relay_(std::move(parent), Request{&own_}) {}
  LinkedStop(const LinkedStop&) = delete;
  LinkedStop& operator=(const LinkedStop&) = delete;

  std::stop_token token() const noexcept { return own_.get_token(); }
  bool stop_requested() const noexcept { return own_.stop_requested(); }
  void request_stop() noexcept { own_.request_stop(); }

 private:
  struct Request {
    std::stop_source* source;
    void operator()() const noexcept { source->request_stop(); }
  };
  std::stop_source own_;
  std::stop_callback<Request> relay_;
};

}  // namespace tapster
