//! Calls for many subusers: all are done, at the rate that the account's limit allows.

mod support;

use std::collections::HashSet;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;
use std::{fs, iter, thread};

use sg_open_tracking::{Client, Code, Error, Listing, Outcome, Region};
use sg_open_tracking_sandbox::{ListHabits, Offsets, Options, ResetForm, Rule, Sandbox, Side, Stats, Then, subuser};
use support::{client, client_with, grace, ms, sandbox, timed};

const GO_ON: ControlFlow<()> = ControlFlow::Continue(());

fn names(count: u32) -> Vec<String> {
    (1..=count).map(subuser).collect()
}

type Results = Vec<Option<Result<Outcome, Error>>>;

/// Updates them all to off; the results, by the number of the name, and what the call returned.
fn update_all<S: AsRef<str> + Sync>(client: &Client, names: &[S]) -> (Results, Result<(), Error>) {
    let mut results = vec![None; names.len()];
    let caller = thread::current().id();
    let verdict = client.update_many(false, names.iter().map(AsRef::as_ref), |index, result| {
        assert_eq!(thread::current().id(), caller);
        assert!(results[index].replace(result).is_none(), "{index} came twice");
        GO_ON
    });
    (results, verdict)
}

#[test]
fn all_are_done_and_each_has_its_result() {
    let sandbox = sandbox();
    let client = client(&sandbox);
    let mut names = names(25);
    let (results, verdict) = update_all(&client, &names);
    assert_eq!(verdict, Ok(()));
    for (name, result) in names.iter().zip(&results) {
        let outcome = result.as_ref().unwrap().as_ref().unwrap();
        assert!(!outcome.enabled && outcome.report.attempts == 1, "{name}: {outcome:?}");
        assert_eq!(sandbox.setting(Side::Global, Some(name)), Some(false), "{name}");
    }
    assert!(sandbox.stats().connections <= 8);

    let failing = [
        (3, "fault-status-404", Code::NotFound),
        (7, "a name\r\nwith a line in it", Code::Argument),
        (8, "", Code::Argument),
        (11, "fault-not-applied", Code::NotApplied),
        (24, "fault-close", Code::Io),
    ];
    for (index, name, _) in failing {
        name.clone_into(&mut names[index]);
    }
    client.update(true, Some("fault-not-applied")).unwrap_err();
    let (results, verdict) = update_all(&client, &names);
    let verdict = verdict.unwrap_err();
    assert_eq!((verdict.code(), verdict.message()), (Code::Partial, "5 of 25 failed: each one's own result says why"));
    for (index, result) in results.into_iter().enumerate() {
        let expected = failing.iter().find(|(failing, ..)| *failing == index).map(|(.., code)| *code);
        assert_eq!(result.unwrap().err().map(|error| error.code()), expected, "{}", names[index]);
    }
}

#[test]
fn none_at_all_is_no_error() {
    let sandbox = sandbox();
    let none: [&str; 0] = [];
    assert_eq!(client(&sandbox).get_many(none, |_, _| GO_ON), Ok(()));
    assert_eq!(sandbox.stats().connections, 0);
}

#[test]
fn connections_work_side_by_side() {
    let sandbox = sandbox();
    sandbox.fault(Rule::always(Then { delay_ms: 20, ..Then::default() }));
    let client = client(&sandbox);
    let names = |count| iter::repeat_n("subuser-00001", count);
    let (alone, one_by_one) = timed(|| names(40).all(|name| client.get(Some(name)).is_ok()));
    assert!(alone);
    // The best of three: others may use the machine as well.
    let mut times_as_fast = (0..3).map(|_| {
        let (verdict, time) = timed(|| client.get_many(names(400), |_, _| GO_ON));
        assert_eq!(verdict, Ok(()));
        10.0 * one_by_one.as_secs_f64() / time.as_secs_f64()
    });
    assert!(times_as_fast.any(|times| times >= 6.0), "one after another, 40 take {one_by_one:?}");
}

#[test]
fn a_slow_item_has_its_own_deadline_and_holds_up_no_other() {
    let sandbox = sandbox();
    let client = client_with(&sandbox, |config| {
        config.set_timeout(ms(1000)).unwrap();
    });
    let mut names = names(25);
    names[0] = "fault-silent".to_owned();
    names[12] = "fault-silent".to_owned();
    let mut order = Vec::new();
    let (verdict, time) = timed(|| {
        client.get_many(&names, |index, result| {
            order.push((index, result.map_err(|error| error.code())));
            GO_ON
        })
    });
    assert_eq!(verdict.unwrap_err().code(), Code::Partial);
    // Both at once, but for the patience with the first reply, before which nothing else is sent.
    assert!(time >= ms(1000) && time < ms(1900), "{time:?}");
    let last: Vec<_> = order.split_off(23);
    assert!(order.iter().all(|(_, result)| result.is_ok()));
    assert!(last.iter().all(|(_, result)| *result.as_ref().unwrap_err() == Code::Timeout), "{last:?}");
}

/// What the window's limit allowed while the run lasted.
fn share(stats: &Stats, limit: u32, window: Duration, items: u32, end: Duration) -> f64 {
    let first = Duration::from_micros(stats.windows[0].started_us);
    let allowed = f64::from(limit) * (end - first).as_secs_f64() / window.as_secs_f64();
    f64::from(items) / allowed
}

/// 400 in 4 s for 600 in a minute; headers that tell whole seconds are coarse for that. What whole
/// minutes come to, the tests of the pace show on a clock of their own.
#[test]
fn the_allowed_rate_is_kept() {
    const LIMIT: u32 = 400;
    const ITEMS: u32 = 1000;
    const WINDOW: Duration = Duration::from_secs(4);
    let base = Options { limit: Some(LIMIT), window: WINDOW, subusers: ITEMS, ..Options::default() };
    let cases = [
        ("delta", base.clone(), 0.95, 0),
        ("epoch", Options { reset_form: ResetForm::Epoch, ..base.clone() }, 0.8, 0),
        ("epoch, clock ahead", Options { reset_form: ResetForm::Epoch, clock_skew: 3600, ..base.clone() }, 0.8, 0),
        ("epoch, clock behind", Options { reset_form: ResetForm::Epoch, clock_skew: -3600, ..base.clone() }, 0.8, 0),
        ("no headers", Options { rate_headers: false, ..base }, 0.5, 60),
    ];
    thread::scope(|scope| {
        for (case, options, least, most_refused) in cases {
            scope.spawn(move || {
                let sandbox = Sandbox::start(options).unwrap();
                let (results, verdict) = update_all(&client(&sandbox), &names(ITEMS));
                let (end, stats) = (sandbox.now(), sandbox.stats());
                assert_eq!(verdict, Ok(()), "{case}");
                assert!(results.iter().all(|result| matches!(result, Some(Ok(_)))), "{case}");
                let share = share(&stats, LIMIT, WINDOW, ITEMS, end);
                let refused: u32 = stats.windows.iter().map(|window| window.refused).sum();
                println!("{case}: {share:.4} of the rate, {refused} refused");
                assert!(share >= least, "{case}: {share}, {:?}", stats.windows);
                assert!(refused <= most_refused, "{case}: {:?}", stats.windows);
            });
        }
    });
}

#[test]
fn another_client_may_use_half_of_the_limit() {
    const ITEMS: u32 = 600;
    let options = Options { limit: Some(200), window: Duration::from_secs(2), subusers: ITEMS, ..Options::default() };
    let sandbox = Sandbox::start(options).unwrap();
    let is_done = AtomicBool::new(false);
    let refused_to_other = AtomicU32::new(0);
    thread::scope(|scope| {
        scope.spawn(|| {
            let other = client_with(&sandbox, |config| {
                config.set_requests_per_minute(50 * 60).set_max_retries(0);
            });
            while !is_done.load(Ordering::Relaxed) {
                refused_to_other.fetch_add(u32::from(other.get(None).is_err()), Ordering::Relaxed);
            }
        });
        let (results, verdict) = update_all(&client(&sandbox), &names(ITEMS));
        is_done.store(true, Ordering::Relaxed);
        assert_eq!(verdict, Ok(()));
        let attempts: u32 = results.into_iter().map(|result| result.unwrap().unwrap().report.attempts).sum();
        println!("{} of {ITEMS} were refused at first", attempts - ITEMS);
        assert!(attempts - ITEMS <= ITEMS / 20, "{attempts}");
    });
}

#[test]
fn the_cap_holds_for_many() {
    let sandbox = sandbox();
    let client = client_with(&sandbox, |config| {
        config.set_requests_per_minute(3000);
    });
    let kin = client.derive(None).unwrap();
    let ((), time) = timed(|| {
        thread::scope(|scope| {
            for client in [&client, &kin] {
                scope.spawn(|| client.get_many(names(25), |_, _| GO_ON).unwrap());
            }
        });
    });
    assert!(time >= ms(20 * 49) && time < ms(20 * 55) + grace(), "{time:?}");
}

#[test]
fn a_refusal_holds_back_all_and_costs_no_retry() {
    let sandbox = sandbox();
    let client = client_with(&sandbox, |config| {
        config.set_max_retries(0).set_timeout(ms(500)).unwrap();
    });
    client.get_many(names(8), |_, _| GO_ON).unwrap();
    sandbox.clear_requests();
    let mut names = names(25);
    names[5] = "fault-once-429-retry-after-1".to_owned();
    let (results, verdict) = update_all(&client, &names);
    assert_eq!(verdict, Ok(()));
    let report = results[5].as_ref().unwrap().as_ref().unwrap().report.clone();
    assert!(report.attempts == 2 && report.elapsed >= ms(1000), "{report:?}");
    let requests = sandbox.requests();
    let refused = requests.iter().find(|request| request.status == Some(429)).unwrap().at_us;
    let held: Vec<_> = requests.iter().map(|request| request.at_us.saturating_sub(refused)).collect();
    // Those that were under way by then are answered; then there is silence.
    let under_way = grace().min(ms(900)).as_micros();
    assert!(held.iter().all(|after| u128::from(*after) < under_way || *after >= 1_000_000), "{held:?}");
}

#[test]
fn one_that_is_always_refused_gives_up() {
    let sandbox = sandbox();
    let mut names = names(25);
    names[2] = "fault-status-429".to_owned();
    let endless = names.iter().map(String::as_str).chain(iter::repeat_n("subuser-00001", 500));
    let verdict = client(&sandbox).get_many(endless, |index, result| {
        assert_eq!(result.err().map(|error| error.code()), (index == 2).then_some(Code::RateLimited));
        GO_ON
    });
    assert_eq!(verdict.unwrap_err().code(), Code::Partial);
}

#[test]
fn a_key_that_is_not_accepted_stops_early() {
    let sandbox = sandbox();
    let refused = Client::new("SG.a-wrong-key", Region::Global, &support::config(&sandbox)).unwrap();
    let mut ended = 0;
    let error = refused
        .get_many(names(25), |_, result| {
            assert_eq!(result.unwrap_err().code(), Code::Unauthorized);
            ended += 1;
            GO_ON
        })
        .unwrap_err();
    assert_eq!(error.code(), Code::Unauthorized, "{error}");
    // Seven more may have been under way when the third was answered.
    assert!((3..=10).contains(&ended) && sandbox.stats().requests == ended, "{ended}");

    // Later, it may be those subusers alone.
    let mut names = names(25);
    for name in &mut names[10..16] {
        "fault-status-401".clone_into(name);
    }
    let (results, verdict) = update_all(&client(&sandbox), &names);
    assert_eq!(verdict.unwrap_err().code(), Code::Partial);
    assert!(results.iter().all(Option::is_some));
}

/// Only replies say something of the key: names that were not sent don't.
#[test]
fn bad_names_among_them_do_not_hide_a_key_that_is_not_accepted() {
    for bad in ["", "a\nb"] {
        let sandbox = sandbox();
        let refused = Client::new("SG.a-wrong-key", Region::Global, &support::config(&sandbox)).unwrap();
        let names = (0..300).map(|index| if index % 3 == 2 { bad } else { "subuser-00001" });
        let error = refused.get_many(names, |_, _| GO_ON).unwrap_err();
        assert_eq!(error.code(), Code::Unauthorized, "{error}");
        assert!(sandbox.stats().requests <= 10, "{:?}: {}", bad, sandbox.stats().requests);
    }
}

/// Single calls from two threads, and a fleet, under one cap: each gets its part of the turns.
#[test]
fn single_calls_do_not_starve_a_fleet_nor_it_them() {
    let sandbox = sandbox();
    let client = client_with(&sandbox, |config| {
        config.set_requests_per_minute(1200);
    });
    let is_done = AtomicBool::new(false);
    let singles = [AtomicU32::new(0), AtomicU32::new(0)];
    let ((), time) = timed(|| {
        thread::scope(|scope| {
            for count in &singles {
                let (client, is_done) = (&client, &is_done);
                scope.spawn(move || {
                    while !is_done.load(Ordering::Relaxed) {
                        client.get(None).unwrap();
                        count.fetch_add(1, Ordering::Relaxed);
                    }
                });
            }
            client.get_many(names(20), |_, _| GO_ON).unwrap();
            is_done.store(true, Ordering::Relaxed);
        });
    });
    // A third of 20 turns a second is 3 s for 20.
    assert!(time < ms(4500) + grace(), "{time:?}");
    let singles = singles.map(|count| count.load(Ordering::Relaxed));
    assert!(singles.iter().all(|count| (10..=35).contains(count)), "{singles:?}");
}

/// 20 calls wait for their turns and are cancelled: the next need not wait for those.
#[test]
fn cancelled_calls_give_their_turns_back() {
    let sandbox = sandbox();
    let client = client_with(&sandbox, |config| {
        config.set_requests_per_minute(60);
    });
    client.get(None).unwrap();
    let waiting: Vec<_> = (0..20).map(|_| client.derive(None).unwrap()).collect();
    thread::scope(|scope| {
        for one in &waiting {
            scope.spawn(|| assert_eq!(one.get(None).unwrap_err().code(), Code::Cancelled));
        }
        scope.spawn(|| {
            let fleet = client.derive(None).unwrap();
            thread::scope(|scope| {
                scope.spawn(|| fleet.get_many(names(5), |_, _| GO_ON).unwrap_err());
                thread::sleep(ms(300));
                fleet.cancel();
            });
        });
        thread::sleep(ms(300));
        waiting.iter().for_each(Client::cancel);
    });
    let (outcome, time) = timed(|| client.get(None));
    outcome.unwrap();
    assert!(time < ms(1000) + grace(), "{time:?}");
}

/// One 429, to a fleet or to a single call: once the hold is over, all is as fast as before.
#[test]
fn a_refusal_slows_nothing_for_longer_than_it_says() {
    let sandbox = sandbox();
    let client = client_with(&sandbox, |config| {
        config.set_max_retries(0);
    });
    let fleet = || timed(|| client.get_many(names(25), |_, _| GO_ON).unwrap()).1;
    fleet();
    for refused_by_fleet in [false, true] {
        let name = "fault-status-429-retry-after-1";
        if refused_by_fleet {
            let once = format!("fault-once-429-retry-after-1-{refused_by_fleet}");
            client.get_many([once], |_, _| GO_ON).unwrap();
        } else {
            assert_eq!(client.get(Some(name)).unwrap_err().code(), Code::RateLimited);
        }
        // The hold itself.
        fleet();
        let after = fleet();
        assert!(after < ms(250) + grace(), "{after:?}");
    }
}

#[test]
fn stopping_draining_and_cancelling() {
    let slow = Rule::always(Then { delay_ms: 150, ..Then::default() });
    let endless = || iter::repeat_n("subuser-00001", 1000);

    // When the callback says stop, what is under way is finished, and nothing is lost of it.
    let sandbox = sandbox();
    let client = client(&sandbox);
    let mut called = 0;
    let (verdict, time) = timed(|| {
        client.get_many(endless(), |_, result| {
            result.unwrap();
            called += 1;
            if called == 50 { ControlFlow::Break(()) } else { GO_ON }
        })
    });
    assert_eq!(verdict.unwrap_err().code(), Code::Cancelled);
    assert!((50..=58).contains(&called) && time < ms(1000), "{called} in {time:?}");
    assert_eq!(sandbox.stats().requests, called);

    // Draining reports what is under way, and is for good.
    sandbox.fault(slow.clone());
    let drained = client.derive(None).unwrap();
    let mut ended = 0;
    let (verdict, time) = timed(|| {
        drained.get_many(endless(), |_, result| {
            result.unwrap();
            drained.drain();
            ended += 1;
            GO_ON
        })
    });
    assert_eq!(verdict.unwrap_err().code(), Code::Cancelled);
    assert!((1..=16).contains(&ended) && time < ms(1000), "{ended} in {time:?}");
    assert_eq!(drained.get_many(endless(), |_, _| GO_ON).unwrap_err().code(), Code::Cancelled);
    drained.get(None).unwrap();

    // Cancelling ends all at once: requests under way, and the wait for a turn.
    sandbox.clear_faults();
    sandbox.fault(Rule::always(Then { delay_ms: 10_000, ..Then::default() }));
    let waiting = client_with(&sandbox, |config| {
        config.set_requests_per_minute(1);
    });
    for client in [client, waiting] {
        thread::scope(|scope| {
            scope.spawn(|| {
                thread::sleep(ms(200));
                client.cancel();
            });
            let (verdict, time) = timed(|| client.get_many(endless(), |_, _| GO_ON));
            assert_eq!(verdict.unwrap_err().code(), Code::Cancelled);
            assert!(time < ms(200) + grace(), "{time:?}");
        });
    }
}

#[test]
fn a_panic_of_the_caller_s_ends_the_call() {
    let sandbox = sandbox();
    let client = client(&sandbox);
    let unwinds =
        |call: &dyn Fn() -> Result<(), Error>| std::panic::catch_unwind(std::panic::AssertUnwindSafe(call)).is_err();
    let names = || (0..100).map(|index| if index < 20 { "subuser-00001" } else { panic!("on purpose") });
    assert!(unwinds(&|| client.get_many(names(), |_, _| GO_ON)));
    assert!(unwinds(&|| client.get_many(iter::repeat_n("subuser-00001", 1000), |_, _| panic!("on purpose"))));
    client.get(None).unwrap();
    #[cfg(target_os = "linux")]
    {
        // Neither call has left a thread, which would hold the client and its connections.
        assert!(support::connections_to(&sandbox) > 0);
        drop(client);
        assert_eq!(support::connections_to(&sandbox), 0);
    }
}

/// An item that pauses before a retry has had its answer: whoever stops need not wait for more.
#[test]
fn a_stop_does_not_wait_for_retries() {
    let headers = [("Retry-After".to_owned(), "20".to_owned())].into();
    let busy = Then { status: Some(503), headers, ..Then::default() };
    for stop in [true, false] {
        let sandbox = sandbox();
        sandbox.fault(Rule::always(busy.clone()).on_behalf_of("subuser-00001"));
        let client = client(&sandbox);
        let mut ends = Vec::new();
        let (verdict, time) = timed(|| {
            client.get_many(["subuser-00001", "fault-delay-500"], |index, result| {
                ends.push((index, result.map_err(|error| error.report().http_status)));
                if stop {
                    return ControlFlow::Break(());
                }
                client.drain();
                GO_ON
            })
        });
        assert!(verdict.is_err() && time < ms(2000) + grace(), "{verdict:?} after {time:?}");
        assert!(matches!(ends[..], [(1, Ok(_)), (0, Err(Some(503)))]), "{ends:?}");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn memory_does_not_grow_with_the_count() {
    let sandbox = sandbox();
    let client = client(&sandbox);
    let resident = || -> usize {
        let pages = fs::read_to_string("/proc/self/statm").unwrap();
        pages.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4
    };
    let run = |count| {
        // Names that need no request take the same way.
        let verdict = client.get_many(iter::repeat_n(" no name ", count), |_, _| GO_ON);
        assert_eq!(verdict.unwrap_err().code(), Code::Partial);
    };
    run(1000);
    let before = resident();
    run(100_000);
    let grown = resident().saturating_sub(before);
    assert!(grown < 2048, "{grown} KiB");
}

fn listed(client: &Client) -> (Vec<String>, Result<Listing, Error>) {
    let mut listed = Vec::new();
    let verdict = client.list_subusers(|name| {
        listed.push(name.to_owned());
        GO_ON
    });
    (listed, verdict)
}

/// Whatever a page holds and however an offset is taken: all names, each once, in either region.
#[test]
fn a_list_is_whole_whatever_the_service_s_habits() {
    let sizes = [0, 1, 99, 100, 101, 499, 500, 501, 998, 999, 1000, 1200];
    let offsets = [Offsets::AsAsked, Offsets::RoundedDown, Offsets::RoundedUp, Offsets::UpToTheLastPage];
    thread::scope(|scope| {
        for offsets in offsets {
            scope.spawn(move || {
                for (subusers, page_max) in sizes.into_iter().flat_map(|size| [(size, 100), (size, 500), (size, 7)]) {
                    let list = ListHabits { page_max, offsets, ..ListHabits::default() };
                    let sandbox = Sandbox::start(Options { subusers, list, ..Options::default() }).unwrap();
                    let case = format!("{subusers} on pages of {page_max}, offsets {offsets:?}");
                    let (names_listed, verdict) = listed(&client(&sandbox));
                    let listing = verdict.unwrap_or_else(|error| panic!("{case}: {error}"));
                    assert_eq!(names_listed, names(subusers), "{case}");
                    assert_eq!(listing.names, subusers as usize, "{case}");
                    assert_eq!(u64::from(listing.pages), sandbox.stats().requests, "{case}");
                    // Two passes, each to the page behind the last; one, where there is nothing.
                    let pages = subusers.div_ceil(page_max as u32) + 1;
                    // Where that is the last once more, it is looked whether offsets are heeded.
                    let looks = u32::from(offsets == Offsets::UpToTheLastPage && pages == 2 && subusers > 1);
                    let expected = if subusers == 0 { 1 } else { 2 * (pages + looks) };
                    assert_eq!(listing.pages, expected, "{case}");
                }
            });
        }
    });
}

#[test]
fn a_list_of_a_hundred_thousand() {
    let list = ListHabits { page_max: 1000, ..ListHabits::default() };
    let sandbox = Sandbox::start(Options { subusers: 100_000, list, ..Options::default() }).unwrap();
    let (names_listed, verdict) = listed(&client(&sandbox));
    assert_eq!(verdict.unwrap().pages, 2 * 201);
    assert!(names_listed == names(100_000));
}

#[test]
fn each_region_has_its_own_list() {
    let sandbox = sandbox();
    let mut eu = support::config(&sandbox);
    eu.set_base_url(sandbox.eu_url()).unwrap();
    let eu = Client::new(sandbox.eu_key(), Region::Eu, &eu).unwrap();
    for client in [&client(&sandbox), &eu] {
        assert_eq!(listed(client).0.len(), 25);
    }
    let paths: Vec<_> = sandbox.requests().into_iter().map(|request| request.path).collect();
    assert!(paths.iter().any(|path| path.ends_with("&region=global")), "{paths:?}");
    assert!(paths.iter().any(|path| path.ends_with("&region=eu")), "{paths:?}");
}

/// Names that come and go between the pages: none that stays is passed over, none comes twice.
#[test]
fn a_list_that_moves_misses_none_and_repeats_none() {
    for (grows, shrinks) in [(0, 1), (0, 9), (1, 0), (9, 0), (5, 5), (30, 0), (0, 30)] {
        for (subusers, page_max) in [(1200, 100), (1200, 500), (60, 7)] {
            let list = ListHabits { page_max, grows, shrinks, ..ListHabits::default() };
            let sandbox = Sandbox::start(Options { subusers, list, ..Options::default() }).unwrap();
            let (names_listed, verdict) = listed(&client(&sandbox));
            let case = format!("{subusers} on pages of {page_max}, +{grows} -{shrinks}: {verdict:?}");
            let listing = verdict.unwrap_or_else(|error| panic!("{case}: {error}"));
            assert!(listing.passes >= 2, "{case}");
            let once: HashSet<_> = names_listed.iter().collect();
            assert_eq!(once.len(), names_listed.len(), "{case}");
            for stays in (1 + shrinks..=subusers).map(subuser).chain((1..=grows).map(|n| format!("added-{n:05}"))) {
                assert!(once.contains(&stays), "{case}: {stays}");
            }
        }
    }
}

/// A list that can't be shown to be complete is an error.
#[test]
fn a_list_without_an_end_is_an_error() {
    let always = ListHabits { grows: u32::MAX, ..ListHabits::default() };
    let cases = [
        (1200, ListHabits { offsets: Offsets::Ignored, page_max: 100, ..ListHabits::default() }, "again and again"),
        (500, ListHabits { offsets: Offsets::Ignored, ..ListHabits::default() }, "again and again"),
        (25, always, "not the same twice in 20 passes"),
    ];
    for (subusers, list, says) in cases {
        let sandbox = Sandbox::start(Options { subusers, list, ..Options::default() }).unwrap();
        let error = listed(&client(&sandbox)).1.unwrap_err();
        assert!(error.code() == Code::Protocol && error.message().contains(says), "{list:?}: {error}");
        assert_eq!(u64::from(error.report().attempts), sandbox.stats().requests, "{list:?}");
    }
}

#[test]
fn a_list_that_fails_says_why() {
    let sandbox = sandbox();
    let reader = Client::new(sandbox.read_key(), Region::Global, &support::config(&sandbox)).unwrap();
    let error = reader.list_subusers(|_| GO_ON).unwrap_err();
    assert_eq!(error.code(), Code::Forbidden);
    assert!(error.message().contains("subusers.read"), "{error}");
    let mut called = 0;
    let stopped = client(&sandbox).list_subusers(|_| {
        called += 1;
        ControlFlow::Break(())
    });
    assert_eq!((stopped.unwrap_err().code(), called), (Code::Cancelled, 1));
}
