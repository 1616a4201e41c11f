/// What calls for many accounts need: the names in C's form, and callbacks that C can call.
#ifndef SG_OPEN_TRACKING_FLEET_HPP
#define SG_OPEN_TRACKING_FLEET_HPP

#include <cstddef>
#include <deque>
#include <exception>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "errors.hpp"

namespace sg_open_tracking::detail {

/// Consecutive names of a call for many: an endless sequence is never held whole.
class lot {
  public:
    /// Enough for the ends of lots, where connections wait for the last, to weigh nothing.
    static constexpr std::size_t most = 1000;

    /// A name that holds a NUL becomes NULL, which is that item's own errc::argument, as it should be.
    void add(std::string_view name) {
        const auto& text = texts_.emplace_back(name);
        pointers_.push_back(text.find('\0') == std::string::npos ? text.c_str() : nullptr);
    }
    void next() noexcept {
        first_ += size();
        texts_.clear();
        pointers_.clear();
    }
    /// The number of its first name among all.
    [[nodiscard]] std::size_t first() const noexcept { return first_; }
    [[nodiscard]] std::size_t size() const noexcept { return pointers_.size(); }
    [[nodiscard]] const char* const* data() const noexcept { return pointers_.data(); }

  private:
    std::size_t first_ = 0;
    std::deque<std::string> texts_; // where they are, they stay
    std::vector<const char*> pointers_;
};

/// What a call that reports by a callback ended in.
struct told {
    result outcome;
    bool stopped = false;                // the callback said so
    std::exception_ptr thrown = nullptr; // by the callback, or by the sequence of names
};

/// Hands on what C tells. An exception must not pass through C, so it waits here.
template <typename Callback>
class listener {
  public:
    explicit listener(Callback& callback, const lot* names = nullptr) noexcept : callback_(callback), names_(names) {}

    static bool on_result(void* self, std::size_t index, const sg_result* raw) noexcept {
        auto* const own = static_cast<listener*>(self);
        return own->tell(own->names_->first() + index, result(*raw));
    }
    static bool on_subuser(void* self, const char* name) noexcept {
        return static_cast<listener*>(self)->tell(std::string_view(name));
    }
    [[nodiscard]] bool stopped() const noexcept { return stopped_; }
    [[nodiscard]] told heard(const result& outcome) const noexcept { return {outcome, stopped_, thrown_}; }

  private:
    template <typename... Arguments>
    bool tell(Arguments&&... arguments) noexcept {
        thrown_ = thrown_by([&] {
            if constexpr (std::is_void_v<std::invoke_result_t<Callback&, Arguments...>>) {
                callback_(std::forward<Arguments>(arguments)...);
            } else {
                stopped_ = !callback_(std::forward<Arguments>(arguments)...);
            }
        });
        stopped_ = stopped_ || thrown_;
        return !stopped_;
    }

    Callback& callback_;
    const lot* names_;
    bool stopped_ = false;
    std::exception_ptr thrown_;
};

} // namespace sg_open_tracking::detail

#endif
