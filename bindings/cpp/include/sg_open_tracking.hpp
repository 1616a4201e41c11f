/// Switch SendGrid's open tracking on or off. C++17 and later, header only, over sg_open_tracking.h.
///
///     sg_open_tracking::client client(key);
///     client.update(false, "news@example.com");
///
/// A client may be used by any number of threads at once; every call ends within its timeout. What
/// goes wrong is thrown as a sg_open_tracking::error; functions that begin with try_ are noexcept
/// and return it: with -fno-exceptions, there are no others. Link with -lsg_open_tracking.
#ifndef SG_OPEN_TRACKING_HPP
#define SG_OPEN_TRACKING_HPP

#include <chrono>
#include <exception>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sg_open_tracking/arguments.hpp"
#include "sg_open_tracking/errors.hpp"
#include "sg_open_tracking/fleet.hpp"

#ifdef __cpp_lib_jthread
#include <stop_token>
#endif

namespace sg_open_tracking {

/// One key, one region, one pool of connections, for any number of threads. Moved, not copied; what
/// was moved from is closed.
class client {
  public:
    client(client&&) noexcept = default;
    client& operator=(client&& other) noexcept {
        if (this == &other) return *this;
        close();
        state_ = std::move(other.state_);
        return *this;
    }
    ~client() { close(); }

#if SG_OPEN_TRACKING_EXCEPTIONS
    /// Opens no connection yet. Throws argument_error.
    explicit client(std::string_view key, region where = region::global, const options& with = {}) {
        detail::checked(make(key, where, with));
    }

    /// Switches open tracking on or off: the account's, or that of a subuser (its username) or of a
    /// customer account ("account-id ID").
    result update(exactly_bool enabled, std::optional<std::string_view> on_behalf_of = {}) const {
        return detail::checked(try_update(enabled, on_behalf_of));
    }
    /// Reads whether open tracking is on.
    [[nodiscard]] result get(std::optional<std::string_view> on_behalf_of = {}) const {
        return detail::checked(try_get(on_behalf_of));
    }

#ifdef __cpp_lib_jthread
    /// A request to stop cuts off this call and no other.
    result update(exactly_bool enabled, std::optional<std::string_view> on_behalf_of, std::stop_token stop) const {
        return detail::checked(try_update(enabled, on_behalf_of, std::move(stop)));
    }
    [[nodiscard]] result get(std::optional<std::string_view> on_behalf_of, std::stop_token stop) const {
        return detail::checked(try_get(on_behalf_of, std::move(stop)));
    }
#endif

    /// update() for many accounts, up to max_connections at once and as fast as the rate limit allows.
    ///
    /// names       a range of what turns into std::string_view. It is read once, a lot at a time, in this
    ///             thread; so it may be made as it is read, and need not end. What it throws comes out
    ///             here, once the names that it gave before are done.
    /// on_result   called as on_result(std::size_t index, const result&) with what became of each name
    ///             as it ends, in this thread. It may return false to stop. What it throws comes out
    ///             here, once the calls under way have ended.
    ///
    /// The timeout is each name's own, and one that fails does not stop the others. True if all went
    /// well; false if one failed, or on_result said stop. Throws cancelled_error, and api_error if the
    /// first three were all answered 401.
    template <typename Names, typename OnResult>
    bool update_many(exactly_bool enabled, Names&& names, OnResult&& on_result) const {
        return all_well(many(update_many_to(enabled), names, on_result));
    }
    /// get() for many accounts, as update_many().
    template <typename Names, typename OnResult>
    bool get_many(Names&& names, OnResult&& on_result) const {
        return all_well(many(sg_client_get_many, names, on_result));
    }

    /// Calls on_subuser(std::string_view) with the username of each of the account's subusers, once
    /// each, as the pages come; it may return false to stop. The key needs the scope subusers.read.
    template <typename OnSubuser>
    void list_subusers(OnSubuser&& on_subuser) const {
        all_well(list(on_subuser));
    }
    [[nodiscard]] std::vector<std::string> list_subusers() const {
        std::vector<std::string> names;
        list_subusers([&](std::string_view name) { names.emplace_back(name); });
        return names;
    }

    /// A client that shares this one's key and connections but has its own timeout (none: the same),
    /// its own cancel() and its own close(). It is cheap: make one for a single call.
    [[nodiscard]] client derive(std::optional<std::chrono::milliseconds> timeout = {}) const {
        client derived;
        detail::checked(derived.make_from(*this, timeout));
        return derived;
    }
#endif

    /// A client in `made`, if the result is a success.
    [[nodiscard]] static result try_make(std::optional<client>& made, std::string_view key,
                                         region where = region::global, const options& with = {}) noexcept {
        client fresh;
        return handed_over(fresh.make(key, where, with), fresh, made);
    }
    [[nodiscard]] result try_derive(std::optional<client>& made,
                                    std::optional<std::chrono::milliseconds> timeout = {}) const noexcept {
        client derived;
        return handed_over(derived.make_from(*this, timeout), derived, made);
    }

    [[nodiscard]] result try_update(exactly_bool enabled,
                                    std::optional<std::string_view> on_behalf_of = {}) const noexcept {
        return call(lend(), update_to(enabled), on_behalf_of);
    }
    [[nodiscard]] result try_get(std::optional<std::string_view> on_behalf_of = {}) const noexcept {
        return call(lend(), sg_client_get, on_behalf_of);
    }
#ifdef __cpp_lib_jthread
    [[nodiscard]] result try_update(exactly_bool enabled, std::optional<std::string_view> on_behalf_of,
                                    std::stop_token stop) const noexcept {
        return call_until(std::move(stop), update_to(enabled), on_behalf_of);
    }
    [[nodiscard]] result try_get(std::optional<std::string_view> on_behalf_of, std::stop_token stop) const noexcept {
        return call_until(std::move(stop), sg_client_get, on_behalf_of);
    }
#endif

    /// Neither names nor on_result may throw; errc::partial if a name failed, errc::cancelled if
    /// on_result said stop.
    template <typename Names, typename OnResult>
    [[nodiscard]] result try_update_many(exactly_bool enabled, Names&& names, OnResult&& on_result) const noexcept {
        return detail::in_memory([&] { return outcome_of(many(update_many_to(enabled), names, on_result)); });
    }
    template <typename Names, typename OnResult>
    [[nodiscard]] result try_get_many(Names&& names, OnResult&& on_result) const noexcept {
        return detail::in_memory([&] { return outcome_of(many(sg_client_get_many, names, on_result)); });
    }
    /// on_subuser may not throw.
    template <typename OnSubuser>
    [[nodiscard]] result try_list_subusers(OnSubuser&& on_subuser) const noexcept {
        return detail::in_memory([&] { return outcome_of(list(on_subuser)); });
    }

    /// Cuts off this client's calls, those in flight and any later one, with errc::cancelled. From
    /// any thread, without waiting. Derived clients go on.
    void cancel() const noexcept {
        if (!state_) return;
        const std::lock_guard lock(state_->mutex);
        state_->cancelled = true;
        sg_client_cancel(state_->handle.get());
        for (const handle& aside : state_->aside) sg_client_cancel(aside.get());
    }

    /// Cancels what is in flight and gives the client up. It does not wait: the last call to end
    /// frees what the client held. Closing twice does no harm.
    void close() noexcept {
        cancel();
        if (!state_) return;
        handle given_up; // freed after the lock is
        const std::lock_guard lock(state_->mutex);
        given_up.swap(state_->handle);
    }

  private:
    using handle = std::shared_ptr<sg_client>;
    using function = sg_code (*)(const sg_client*, const char*, sg_result*);

    /// Frees a client, and then what that told its log.
    struct freed {
        std::shared_ptr<detail::logger> logger;
        void operator()(sg_client* made) const noexcept { sg_client_free(made); }
    };

    struct shared {
        std::mutex mutex;
        std::shared_ptr<detail::logger> logger; // of the clients that are derived, too
        std::shared_ptr<sg_client> handle; // empty once closed
        std::list<std::shared_ptr<sg_client>> aside; // each derived for a call with a stop token
        bool cancelled = false;
    };

    client() noexcept = default;

    static function update_to(bool enabled) noexcept {
        if (enabled) return [](auto* self, auto* name, auto* raw) { return sg_client_update(self, true, name, raw); };
        return [](auto* self, auto* name, auto* raw) { return sg_client_update(self, false, name, raw); };
    }

    result own(sg_client* made, std::shared_ptr<detail::logger> logger) noexcept {
        return detail::in_memory([&] {
            handle owner(made, freed{logger});
            state_ = std::make_shared<shared>();
            state_->logger = std::move(logger);
            state_->handle = std::move(owner);
            return detail::success();
        });
    }

    static result handed_over(const result& outcome, client& fresh, std::optional<client>& made) noexcept {
        made.reset();
        if (outcome) made.emplace(std::move(fresh));
        return outcome;
    }

    result make(std::string_view key, region where, const options& with) noexcept {
        const detail::c_text<detail::key_max> text(key);
        if (text.holds_nul()) return detail::refused("key must not hold a NUL");
        if (result outcome = detail::check_version(); !outcome) return outcome;
        if (result outcome = detail::check_region(where); !outcome) return outcome;
        const std::unique_ptr<sg_config, void (*)(sg_config*)> config(sg_config_new(), sg_config_free);
        if (result outcome = detail::set_all(config.get(), with); !outcome) return outcome;
        return detail::in_memory([&] {
            std::shared_ptr<detail::logger> logger;
            if (with.logger) {
                logger = std::make_shared<detail::logger>(with.logger);
                if (result outcome = detail::set_logger(config.get(), with.log_level, *logger); !outcome) return outcome;
            }
            sg_client* made = nullptr;
            const auto code = sg_client_new(text.get(), static_cast<std::int32_t>(where), config.get(), &made);
            return code == SG_OK ? own(made, std::move(logger)) : detail::of_code(code, detail::key_rule);
        });
    }

    result make_from(const client& origin, std::optional<std::chrono::milliseconds> timeout) noexcept {
        const handle lent = origin.lend();
        if (!lent) return closed();
        if (timeout && !detail::fits_uint32(*timeout)) return detail::refused("timeout must be 1 to 4294967295 ms");
        sg_client* made = nullptr;
        const auto code = sg_client_derive(lent.get(), static_cast<std::uint32_t>(timeout ? timeout->count() : 0), &made);
        return code == SG_OK ? own(made, origin.state_->logger) : detail::of_code(code, "timeout was refused");
    }

    static result closed() noexcept { return {errc::argument, "the client is closed", true}; }

    /// The native client, which is not freed for as long as this is held; empty if it is closed.
    [[nodiscard]] handle lend() const noexcept {
        if (!state_) return nullptr;
        const std::lock_guard lock(state_->mutex);
        return state_->handle;
    }

    static result call(const handle& lent, function of, std::optional<std::string_view> on_behalf_of) noexcept {
        if (!lent) return closed();
        const detail::c_text<detail::on_behalf_of_max> name(on_behalf_of);
        if (name.holds_nul()) return detail::refused("on_behalf_of must not hold a NUL");
        sg_result raw;
        of(lent.get(), name.get(), &raw);
        return result(raw);
    }

    using many_function = sg_code (*)(const sg_client*, const char* const*, std::size_t, sg_on_result, void*, sg_result*);

    static many_function update_many_to(bool enabled) noexcept {
        if (enabled)
            return [](auto* self, auto* names, auto count, auto on_result, auto* context, auto* results) {
                return sg_client_update_many(self, true, names, count, on_result, context, results);
            };
        return [](auto* self, auto* names, auto count, auto on_result, auto* context, auto* results) {
            return sg_client_update_many(self, false, names, count, on_result, context, results);
        };
    }

    template <typename Names, typename OnResult>
    detail::told many(many_function of, Names& names, OnResult& on_result) const {
        const handle lent = lend();
        if (!lent) return {closed()};
        detail::lot lot;
        detail::listener<OnResult> listener(on_result, &lot);
        result outcome = detail::success();
        const auto send = [&]() noexcept { // whether to go on
            const auto code = of(lent.get(), lot.data(), lot.size(), listener.on_result, &listener, nullptr);
            lot.next();
            if (code != SG_OK) outcome = detail::of_code(code, "names was refused");
            return !listener.stopped() && (code == SG_OK || code == SG_ERR_PARTIAL);
        };
        bool goes_on = true;
        const auto thrown = detail::thrown_by([&] {
            for (auto&& name : names) {
                lot.add(name);
                if (lot.size() == lot.most && !(goes_on = send())) break;
            }
        });
        if (goes_on && (lot.size() > 0 || lot.first() == 0)) goes_on = send(); // no names at all are asked for, too
        return goes_on && thrown ? detail::told{outcome, false, thrown} : listener.heard(outcome);
    }

    template <typename OnSubuser>
    detail::told list(OnSubuser& on_subuser) const {
        const handle lent = lend();
        if (!lent) return {closed()};
        detail::listener<OnSubuser> listener(on_subuser);
        sg_result raw;
        sg_client_list_subusers(lent.get(), listener.on_subuser, &listener, &raw);
        return listener.heard(result(raw));
    }

    static result outcome_of(const detail::told& told) {
        if (told.thrown) std::rethrow_exception(told.thrown);
        return told.outcome;
    }

#if SG_OPEN_TRACKING_EXCEPTIONS
    static bool all_well(const detail::told& told) {
        const result outcome = outcome_of(told);
        if (told.stopped || outcome.code() == errc::partial) return false;
        detail::checked(outcome);
        return true;
    }
#endif

#ifdef __cpp_lib_jthread
    result call_until(std::stop_token stop, function of, std::optional<std::string_view> on_behalf_of) const noexcept {
        client one;
        if (result outcome = one.make_from(*this, {}); !outcome) return outcome;
        const handle lent = one.lend();
        return detail::in_memory([&] {
            const beside registered(*state_, lent);
            const std::stop_callback cut_off(std::move(stop), [&one] { one.cancel(); });
            return call(lent, of, on_behalf_of);
        });
    }

    /// Lets cancel() and close() reach a call that has a native client of its own.
    class beside {
      public:
        beside(shared& state, const handle& lent) : state_(state), place_{lent} {
            const std::lock_guard lock(state_.mutex);
            if (state_.cancelled) sg_client_cancel(lent.get());
            at_ = place_.begin();
            state_.aside.splice(state_.aside.end(), place_);
        }
        ~beside() {
            const std::lock_guard lock(state_.mutex);
            place_.splice(place_.end(), state_.aside, at_);
        }
        beside(const beside&) = delete;
        beside& operator=(const beside&) = delete;

      private:
        shared& state_;
        std::list<handle> place_;
        std::list<handle>::iterator at_;
    };
#endif

    std::shared_ptr<shared> state_;
};

/// One update with no set-up. All such calls share one pool of connections; their results have a code
/// and no details.
[[nodiscard]] inline result try_update_open_tracking(std::string_view key, exactly_bool enabled,
                                                     region where = region::global,
                                                     std::optional<std::string_view> on_behalf_of = {}) noexcept {
    return detail::one_call(key, where, on_behalf_of, [&](const char* text, const char* name, bool* reported) {
        return sg_open_tracking_update(text, enabled, static_cast<std::int32_t>(where), name, reported);
    });
}
/// With options, a call has a client and a connection of its own, details and all.
[[nodiscard]] inline result try_update_open_tracking(std::string_view key, exactly_bool enabled, region where,
                                                     std::optional<std::string_view> on_behalf_of,
                                                     const options& with) noexcept {
    std::optional<client> own;
    const result made = client::try_make(own, key, where, with);
    return made ? own->try_update(enabled, on_behalf_of) : made;
}

/// One read with no set-up, as try_update_open_tracking().
[[nodiscard]] inline result try_get_open_tracking(std::string_view key, region where = region::global,
                                                  std::optional<std::string_view> on_behalf_of = {}) noexcept {
    return detail::one_call(key, where, on_behalf_of, [&](const char* text, const char* name, bool* reported) {
        return sg_open_tracking_get(text, static_cast<std::int32_t>(where), name, reported);
    });
}
[[nodiscard]] inline result try_get_open_tracking(std::string_view key, region where,
                                                  std::optional<std::string_view> on_behalf_of,
                                                  const options& with) noexcept {
    std::optional<client> own;
    const result made = client::try_make(own, key, where, with);
    return made ? own->try_get(on_behalf_of) : made;
}

#if SG_OPEN_TRACKING_EXCEPTIONS
/// The same by exceptions; what the server reported.
inline bool update_open_tracking(std::string_view key, exactly_bool enabled, region where = region::global,
                                 std::optional<std::string_view> on_behalf_of = {}) {
    return *detail::checked(try_update_open_tracking(key, enabled, where, on_behalf_of)).enabled();
}
inline bool update_open_tracking(std::string_view key, exactly_bool enabled, region where,
                                 std::optional<std::string_view> on_behalf_of, const options& with) {
    return *detail::checked(try_update_open_tracking(key, enabled, where, on_behalf_of, with)).enabled();
}
[[nodiscard]] inline bool get_open_tracking(std::string_view key, region where = region::global,
                                            std::optional<std::string_view> on_behalf_of = {}) {
    return *detail::checked(try_get_open_tracking(key, where, on_behalf_of)).enabled();
}
[[nodiscard]] inline bool get_open_tracking(std::string_view key, region where,
                                            std::optional<std::string_view> on_behalf_of, const options& with) {
    return *detail::checked(try_get_open_tracking(key, where, on_behalf_of, with)).enabled();
}
#endif

/// The version of the native library.
[[nodiscard]] inline const char* library_version() noexcept { return sg_version(); }

} // namespace sg_open_tracking

#endif
