/// What calls for many accounts need: the names in C's form, and callbacks that C can call.
#ifndef SG_OPEN_TRACKING_FLEET_HPP
#define SG_OPEN_TRACKING_FLEET_HPP

#include <cstddef>
#include <exception>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "errors.hpp"

namespace sg_open_tracking::detail {

/// Names with the NUL that C needs. One that holds a NUL itself becomes NULL, which is that item's
/// own errc::argument, as it should be.
class c_texts {
  public:
    template <typename Names>
    explicit c_texts(const Names& names) {
        for (const auto& name : names) texts_.emplace_back(std::string_view(name));
        pointers_.reserve(texts_.size());
        for (const auto& text : texts_)
            pointers_.push_back(text.find('\0') == std::string::npos ? text.c_str() : nullptr);
    }
    [[nodiscard]] const char* const* data() const noexcept { return pointers_.data(); }
    [[nodiscard]] std::size_t size() const noexcept { return pointers_.size(); }

  private:
    std::vector<std::string> texts_;
    std::vector<const char*> pointers_;
};

/// What a call that reports by a callback ended in.
struct told {
    result outcome;
    bool stopped = false;               // the callback said so
    std::exception_ptr thrown = nullptr; // by the callback
};

/// Hands on what C tells. An exception must not pass through C, so it waits here.
template <typename Callback>
class listener {
  public:
    explicit listener(Callback& callback) noexcept : callback_(callback) {}

    static bool on_result(void* self, std::size_t index, const sg_result* raw) noexcept {
        return static_cast<listener*>(self)->tell(index, result(*raw));
    }
    static bool on_subuser(void* self, const char* name) noexcept {
        return static_cast<listener*>(self)->tell(std::string_view(name));
    }
    [[nodiscard]] told heard(const result& outcome) const noexcept { return {outcome, stopped_, thrown_}; }

  private:
    template <typename... Arguments>
    bool tell(Arguments&&... arguments) noexcept {
        try {
            if constexpr (std::is_void_v<std::invoke_result_t<Callback&, Arguments...>>) {
                callback_(std::forward<Arguments>(arguments)...);
            } else {
                stopped_ = !callback_(std::forward<Arguments>(arguments)...);
            }
        } catch (...) {
            thrown_ = std::current_exception();
            stopped_ = true;
        }
        return !stopped_;
    }

    Callback& callback_;
    bool stopped_ = false;
    std::exception_ptr thrown_;
};

} // namespace sg_open_tracking::detail

#endif
