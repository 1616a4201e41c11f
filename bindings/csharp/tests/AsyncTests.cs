using System;
using System.Diagnostics;
using System.IO;
using System.Linq;
using System.Text.RegularExpressions;
using System.Threading;
using System.Threading.Tasks;
using SgOpenTracking;

/// <summary>Asynchronous calls that have to wait for a thread.</summary>
public static partial class Tests
{
    private static int ThreadCount()
    {
        return int.Parse(Regex.Match(File.ReadAllText("/proc/self/status"), @"Threads:\s*(\d+)").Groups[1].Value);
    }

    private static Client OpenWithThreads(int threads, TimeSpan? timeout = null)
    {
        var options = Sandbox(timeout);
        options.MaxThreads = threads;
        return new Client(Key, Region.Global, options);
    }

    public static void TheThreadsAreBounded()
    {
        using (var client = Open())
        using (var other = Open())
        {
            client.GetAsync().Wait();
            var before = ThreadCount();
            var calls = Enumerable.Range(0, 500).Select(n => (n % 2 == 0 ? client : other).GetAsync("fault-delay-20")).ToArray();
            var during = ThreadCount();
            Task.WaitAll(calls);
            True(during - before <= Threads.DefaultLimit + 4, (during - before) + " threads more"); // and what the runtime likes
            True(calls.All(call => call.Result.HttpStatus == 200), "one failed");
        }
    }

    public static void TheWaitForAThreadCountsAgainstTheTimeout()
    {
        using (var client = OpenWithThreads(1, TimeSpan.FromMilliseconds(400)))
        using (var patient = client.Derive(TimeSpan.FromSeconds(10)))
        using (var source = new CancellationTokenSource())
        {
            var silent = patient.GetAsync("fault-silent", source.Token);
            var clock = Stopwatch.StartNew();
            var error = EndOf(client.GetAsync());
            Equal(typeof(CallTimeoutException), error.GetType());
            True(error.Message.Contains("before a thread was free"), error.Message);
            True(clock.Elapsed >= TimeSpan.FromMilliseconds(390) && clock.Elapsed < TimeSpan.FromSeconds(4), clock.Elapsed.ToString());
            source.Cancel();
            Equal(typeof(TaskCanceledException), EndOf(silent).GetType());
        }
        using (var client = OpenWithThreads(1, TimeSpan.FromSeconds(2)))
        {
            var before = client.GetAsync("fault-delay-1000");
            var clock = Stopwatch.StartNew();
            Equal(typeof(CallTimeoutException), EndOf(client.GetAsync("fault-silent")).GetType());
            True(clock.Elapsed < TimeSpan.FromMilliseconds(2900), "it had its whole time again");
            Equal(200, before.Result.HttpStatus);
        }
    }

    public static void WhatWaitsForAThreadIsCutOffAtOnce()
    {
        using (var client = OpenWithThreads(1))
        using (var source = new CancellationTokenSource())
        {
            var silent = client.GetAsync("fault-silent");
            var waiting = client.GetAsync(null, source.Token);
            source.Cancel();
            Equal(typeof(TaskCanceledException), EndOf(waiting).GetType());
            Equal(false, silent.IsCompleted);
            var other = client.GetAsync();
            client.Cancel();
            Equal(typeof(CallCancelledException), EndOf(other).GetType());
            Equal(typeof(CallCancelledException), EndOf(silent).GetType());
            True(SpinWait.SpinUntil(() => client.InFlight == 0, TimeSpan.FromSeconds(5)), "something goes on");
        }
    }

    public static void AnImpossibleNumberOfThreadsIsRefused()
    {
        foreach (var number in new[] { -1, 0, 1025 })
        {
            Throws<OpenTrackingArgumentException>(() => new ClientOptions().MaxThreads = number);
        }
    }
}
